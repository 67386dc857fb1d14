//! Episodes in one HDF5 file: a group `episode_0`, `episode_1`, ... each.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mdp::End;

use super::array::{Array, Row};
use super::metadata::Metadata;
use super::{
    ACTIONS, INFOS, INTENTS, Load, OBSERVATIONS, REWARDS, STATES, SUCCESS, Save, TERMINATIONS,
    TRUNCATIONS, flags, leaf_bytes,
};
use crate::fault::Fault;
use crate::gymnasium::{Dtype, Part, Step, Tree};
use crate::hdf5::{self, Attribute, Datatype, Element};
use crate::pieces::Number;
use crate::{Episode, Error, Place};

pub(super) const FILE: &str = "main_data.hdf5";

pub(super) struct Loader {
    path: PathBuf,
    reader: hdf5::Reader,
    root: BTreeMap<String, u64>,
    /// The group of the episode, and what it holds.
    name: String,
    address: u64,
    entries: BTreeMap<String, u64>,
}

impl Loader {
    pub(super) fn open(folder: &Path, n_episodes: u64) -> Result<Loader, Error> {
        let path = folder.join(FILE);
        let mut reader = hdf5::Reader::open(&path)?;
        let root = reader
            .root()
            .map_err(|fault| Fault::of(&path)(fault.within("the root group")))?;
        if root.len() as u64 != n_episodes {
            let problem = format!(
                "it holds {} episodes, `total_episodes` in metadata.json is {n_episodes}",
                root.len()
            );
            return Err(Error::malformed(&path, Place::Whole, problem, super::MEND));
        }
        Ok(Loader {
            path,
            reader,
            root,
            name: String::new(),
            address: 0,
            entries: BTreeMap::new(),
        })
    }

    fn fault(&self, part: &str) -> impl FnOnce(Fault) -> Error + use<> {
        let place = match part {
            "" => self.name.clone(),
            part => format!("{}/{part}", self.name),
        };
        let path = self.path.clone();
        move |fault| Fault::of(&path)(fault.in_part(&place))
    }

    /// The address of what is kept under a name and the names below it.
    fn find(&mut self, field: &str, below: &[Step<'_>]) -> Result<(String, u64), Error> {
        let missing = |loader: &Loader, part: &str| {
            let problem = format!("there is no `{part}`");
            Error::malformed(
                &loader.path,
                Place::Part(loader.name.clone()),
                problem,
                super::MEND,
            )
        };
        let mut part = field.to_owned();
        let mut address = *self
            .entries
            .get(field)
            .ok_or_else(|| missing(self, field))?;
        for step in below {
            let entries = self.reader.entries(address).map_err(self.fault(&part))?;
            let name = match step {
                Step::Name(name) => (*name).to_owned(),
                Step::Index(index) => format!("_index_{index}"),
            };
            part = format!("{part}/{name}");
            address = *entries.get(&name).ok_or_else(|| missing(self, &part))?;
        }
        Ok((part, address))
    }

    fn load(&mut self, part: &str, address: u64, n_rows: u64, most: u64) -> Result<Array, Error> {
        let array = read(&mut self.reader, address, n_rows, most);
        array.map_err(self.fault(part))
    }
}

fn read(reader: &mut hdf5::Reader, address: u64, n_rows: u64, most: u64) -> Result<Array, Fault> {
    let dataset = reader.dataset(address)?;
    let Some((n, row)) = dataset.shape.split_first() else {
        return Err(Fault::new("it holds a single element", super::MEND));
    };
    if *n != n_rows {
        return Err(Fault::new(
            format!("it has {n} rows, {n_rows} are expected"),
            super::MEND,
        ));
    }
    let number = match dataset.datatype {
        Datatype::Number(number) => number,
        Datatype::Flag => Number::Whole {
            bytes: 1,
            signed: false,
            big_endian: false,
        },
        Datatype::Bytes if row.is_empty() => {
            return Ok(Array::Frames(reader.sequences(&dataset, most)?));
        }
        Datatype::Bytes => {
            return Err(Fault::new("it holds tables of byte sequences", super::MEND));
        }
        Datatype::Other(name) => {
            return Err(Fault::new(
                format!("its elements are {name}, numbers are expected"),
                super::MEND,
            ));
        }
    };
    let bytes = reader.bytes(&dataset, most)?;
    Ok(Array::Numbers {
        number,
        bytes,
        row: Row::Extents(row.to_vec()),
    })
}

impl Load for Loader {
    fn episode(&mut self, index: u64) -> Result<u64, Error> {
        self.name = format!("episode_{index}");
        let Some(address) = self.root.get(&self.name).copied() else {
            let problem = format!("there is no group `{}`", self.name);
            return Err(Error::malformed(
                &self.path,
                Place::Whole,
                problem,
                super::MEND,
            ));
        };
        self.address = address;
        self.entries = self.reader.entries(address).map_err(self.fault(""))?;
        let (part, rewards) = self.find(REWARDS, &[])?;
        let dataset = self.reader.dataset(rewards).map_err(self.fault(&part))?;
        let n_steps = dataset.shape.first().copied().unwrap_or_default();
        match self.note("total_steps")? {
            Some(stated) if stated != n_steps as f64 => {
                let problem = format!("`total_steps` is {stated}, there are {n_steps} rewards");
                Err(Error::malformed(
                    &self.path,
                    Place::Part(self.name.clone()),
                    problem,
                    super::MEND,
                ))
            }
            _ => Ok(n_steps),
        }
    }

    fn array(
        &mut self,
        field: &str,
        below: &[Step<'_>],
        n_rows: u64,
        most: u64,
    ) -> Result<Array, Error> {
        let (part, address) = self.find(field, below)?;
        self.load(&part, address, n_rows, most)
    }

    fn info(&mut self, name: &str, n_rows: u64, most: u64) -> Result<Option<Array>, Error> {
        let Some(infos) = self.entries.get(INFOS).copied() else {
            return Ok(None);
        };
        let entries = self.reader.entries(infos).map_err(self.fault(INFOS))?;
        let address = entries.get(name).copied();
        let part = format!("{INFOS}/{name}");
        address
            .map(|address| self.load(&part, address, n_rows, most))
            .transpose()
    }

    fn note(&mut self, name: &str) -> Result<Option<f64>, Error> {
        let attributes = self
            .reader
            .attributes(self.address)
            .map_err(self.fault("attributes"))?;
        let found = attributes.into_iter().find(|(key, _)| key == name);
        Ok(found.and_then(|(_, attribute)| match attribute {
            Attribute::Number(number) => Some(number),
            Attribute::Other => None,
        }))
    }

    fn file(&self) -> &Path {
        &self.path
    }
}

pub(super) struct Saver {
    path: PathBuf,
    writer: hdf5::Writer,
    episodes: Vec<(String, u64)>,
}

impl Saver {
    pub(super) fn create(folder: &Path) -> Result<Saver, Error> {
        let path = folder.join(FILE);
        let writer = hdf5::Writer::create(&path).map_err(Error::writing(&path))?;
        Ok(Saver {
            path,
            writer,
            episodes: vec![],
        })
    }

    fn dataset(&mut self, element: Element, shape: &[u64], bytes: &[u8]) -> Result<u64, Error> {
        self.writer
            .dataset(element, shape, bytes)
            .map_err(Error::writing(&self.path))
    }

    fn group(
        &mut self,
        entries: Vec<(String, u64)>,
        attributes: &[(&str, i64)],
    ) -> Result<u64, Error> {
        self.writer
            .group(entries, attributes)
            .map_err(Error::writing(&self.path))
    }

    /// Writes the values of a space: a dataset, or a group of them.
    fn values(
        &mut self,
        root: &Tree,
        tree: &Tree,
        parts: &mut std::vec::IntoIter<Part<'_>>,
        flat: &[f32],
    ) -> Result<u64, Error> {
        let named: Vec<(String, &Tree)> = match tree {
            Tree::Leaf(_) => {
                let part = parts.next().expect("as many parts as leaves");
                let bytes = leaf_bytes(flat, root, &part, &self.path)?;
                let n_rows = flat.len() / root.space().n_values();
                let extents = part.leaf.shape.iter().map(|extent| *extent as u64);
                let shape: Vec<u64> = std::iter::once(n_rows as u64).chain(extents).collect();
                return self.dataset(element(part.leaf.dtype.written()), &shape, &bytes);
            }
            Tree::Dict(parts) => parts
                .iter()
                .map(|(name, tree)| (name.clone(), tree))
                .collect(),
            Tree::Tuple(parts) => {
                let name = |(index, tree)| (format!("_index_{index}"), tree);
                parts.iter().enumerate().map(name).collect()
            }
        };
        let mut entries = vec![];
        for (name, tree) in named {
            let address = self.values(root, tree, parts, flat)?;
            entries.push((name, address));
        }
        self.group(entries, &[])
    }

    fn infos(&mut self, episode: &Episode, n_steps: usize) -> Result<u64, Error> {
        let bytes = |numbers: &[f64]| -> Vec<u8> {
            numbers
                .iter()
                .flat_map(|number| number.to_le_bytes())
                .collect()
        };
        let mut entries = vec![];
        if let Some(intents) = &episode.intents {
            let address = self.dataset(Element::Double, &[n_steps as u64], &bytes(intents))?;
            entries.push((INTENTS.to_owned(), address));
        }
        if !episode.states.is_empty() {
            let shape = [
                n_steps as u64 + 1,
                (episode.states.len() / (n_steps + 1)) as u64,
            ];
            let address = self.dataset(Element::Double, &shape, &bytes(&episode.states))?;
            entries.push((STATES.to_owned(), address));
        }
        self.group(entries, &[])
    }
}

impl Save for Saver {
    fn push(&mut self, metadata: &Metadata, episode: &Episode) -> Result<(), Error> {
        let rewards = episode.rewards.as_deref().unwrap_or_default();
        let n_steps = rewards.len();
        let mut entries = vec![];
        for (name, tree, flat) in [
            (OBSERVATIONS, &metadata.observation, &episode.observations),
            (ACTIONS, &metadata.action, &episode.actions),
        ] {
            let address = self.values(tree, tree, &mut tree.parts().into_iter(), flat)?;
            entries.push((name.to_owned(), address));
        }
        let bytes: Vec<u8> = rewards
            .iter()
            .flat_map(|reward| reward.to_le_bytes())
            .collect();
        entries.push((
            REWARDS.to_owned(),
            self.dataset(Element::Double, &[n_steps as u64], &bytes)?,
        ));
        for (name, meaning) in [
            (TERMINATIONS, End::Terminated),
            (TRUNCATIONS, End::Truncated),
        ] {
            let bytes: Vec<u8> = flags(episode, meaning).into_iter().map(u8::from).collect();
            entries.push((
                name.to_owned(),
                self.dataset(Element::Flag, &[n_steps as u64], &bytes)?,
            ));
        }
        entries.push((INFOS.to_owned(), self.infos(episode, n_steps)?));
        let index = self.episodes.len();
        let mut attributes = vec![("id", index as i64), ("total_steps", n_steps as i64)];
        attributes.extend(episode.success.map(|success| (SUCCESS, i64::from(success))));
        let address = self.group(entries, &attributes)?;
        self.episodes.push((format!("episode_{index}"), address));
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<u64, Error> {
        let path = self.path;
        self.writer
            .finish(self.episodes)
            .map_err(Error::writing(&path))?;
        std::fs::metadata(&path)
            .map(|metadata| metadata.len())
            .map_err(Error::writing(&path))
    }

    fn file(&self) -> PathBuf {
        self.path.clone()
    }
}

fn element(dtype: Dtype) -> Element {
    match dtype {
        Dtype::Float32 | Dtype::Float16 => Element::Single,
        Dtype::Float64 => Element::Double,
        dtype if dtype.range().0 < 0.0 => Element::Signed(dtype.size() as u8),
        dtype => Element::Unsigned(dtype.size() as u8),
    }
}
