//! An episode as columns: what Arrow and Parquet files of Minari hold.
//!
//! All columns of an episode of T steps have T + 1 rows; the last row of all but the observations is filled up.

use std::path::Path;

use mdp::End;

use super::metadata::Metadata;
use super::{
    ACTIONS, INFOS, INTENTS, OBSERVATIONS, REWARDS, STATES, TERMINATIONS, TRUNCATIONS, flags,
    leaf_bytes,
};
use crate::gymnasium::{Dtype, Part, Tree};
use crate::{Episode, Error, arrow};

/// The values of a space as a column of `n_rows` rows, those that lack filled up with zeros.
fn values(
    root: &Tree,
    tree: &Tree,
    parts: &mut std::vec::IntoIter<Part<'_>>,
    flat: &[f32],
    n_rows: usize,
    file: &Path,
) -> Result<arrow::Array, Error> {
    let named: Vec<(String, &Tree)> = match tree {
        Tree::Leaf(_) => {
            let part = parts.next().expect("as many parts as leaves");
            let mut bytes = leaf_bytes(flat, root, &part, file)?;
            let dtype = part.leaf.dtype.written();
            let n = part.leaf.n_values();
            bytes.resize(n_rows * n * dtype.size(), 0);
            let numbers = arrow::Array::Numbers(dtype, bytes);
            // A single choice stands alone, whatever else has extents is a list, also if it is one of one number.
            return Ok(match part.leaf.space {
                mdp::Space::Discrete { .. } => numbers,
                _ => arrow::Array::Fixed(n, Box::new(numbers)),
            });
        }
        Tree::Dict(parts) => parts
            .iter()
            .map(|(name, tree)| (name.clone(), tree))
            .collect(),
        Tree::Tuple(parts) => parts
            .iter()
            .enumerate()
            .map(|(index, tree)| (index.to_string(), tree))
            .collect(),
    };
    let mut columns = vec![];
    for (name, tree) in named {
        columns.push((name, values(root, tree, parts, flat, n_rows, file)?));
    }
    Ok(arrow::Array::Struct(n_rows, columns))
}

/// Numbers as a column of `n_rows` rows, those that lack filled up with zeros.
fn doubles(numbers: &[f64], width: usize, n_rows: usize) -> arrow::Array {
    let mut bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    bytes.resize(8 * n_rows * width, 0);
    arrow::Array::Numbers(Dtype::Float64, bytes)
}

/// All columns of an episode that is to be written to `file`.
pub(super) fn columns(
    metadata: &Metadata,
    episode: &Episode,
    file: &Path,
) -> Result<Vec<(String, arrow::Array)>, Error> {
    let rewards = episode.rewards.as_deref().unwrap_or_default();
    let n_rows = rewards.len() + 1;
    let of = |tree: &Tree, flat| {
        values(
            tree,
            tree,
            &mut tree.parts().into_iter(),
            flat,
            n_rows,
            file,
        )
    };
    let ended = |meaning| {
        let mut flags = flags(episode, meaning);
        flags.push(false);
        arrow::Array::Flags(flags)
    };
    let mut columns = vec![
        (
            OBSERVATIONS,
            of(&metadata.observation, &episode.observations)?,
        ),
        (ACTIONS, of(&metadata.action, &episode.actions)?),
        (REWARDS, doubles(rewards, 1, n_rows)),
        (TERMINATIONS, ended(End::Terminated)),
        (TRUNCATIONS, ended(End::Truncated)),
    ];
    let mut infos = vec![];
    if let Some(intents) = &episode.intents {
        infos.push((INTENTS.to_owned(), doubles(intents, 1, n_rows)));
    }
    if !episode.states.is_empty() {
        let width = episode.states.len() / n_rows;
        let states = doubles(&episode.states, width, n_rows);
        infos.push((
            STATES.to_owned(),
            arrow::Array::Fixed(width, Box::new(states)),
        ));
    }
    if !infos.is_empty() {
        columns.push((INFOS, arrow::Array::Struct(n_rows, infos)));
    }
    Ok(columns
        .into_iter()
        .map(|(name, array)| (name.to_owned(), array))
        .collect())
}
