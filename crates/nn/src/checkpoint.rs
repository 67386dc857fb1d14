//! Networks as bytes, in the safetensors format.
//!
//! One tensor for each layer's weights `[inputs, outputs]` and biases, `network.0.layer.1.weights`, so that other tools
//! can read them; the shapes as JSON under the one metadata key `nn`. One key, because the format's library writes
//! several in an order that changes from run to run, and the same networks should be the same bytes.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};

use crate::adam::{Adam, AdamConfig};
use crate::error::Error;
use crate::model::Model;
use crate::running_norm::{Moments, RunningNorm};
use crate::shape::{Activation, MlpShape};

/// The metadata key of the description.
const KEY: &str = "nn";

/// The version of the format that is written, and the only one that is read.
const VERSION: u32 = 1;

/// The most networks, and the most layers in one, that a checkpoint may have.
const MOST_PARTS: usize = 64;

/// What is kept of a model: enough to act, and with an optimiser enough to go on training.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The networks and free parameters.
    pub model: Model,
    /// How observations are normalised before the networks see them.
    pub running_norm: Option<RunningNorm>,
    /// The optimiser's state.
    pub adam: Option<Adam>,
    /// Whatever else belongs to it, such as the step it was taken at.
    pub metadata: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    version: u32,
    networks: Vec<Network>,
    n_free: usize,
    normalised: bool,
    adam: Option<AdamDescription>,
    metadata: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Network {
    inputs: usize,
    hidden: Vec<usize>,
    outputs: usize,
    activation: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct AdamDescription {
    beta1: f32,
    beta2: f32,
    epsilon: f32,
    weight_decay: f32,
    n_steps: u64,
}

impl Checkpoint {
    /// The checkpoint as the bytes of a safetensors file; the same checkpoint gives the same bytes.
    ///
    /// # Panics
    ///
    /// If the optimiser does not have a moment for every parameter, or the metadata exceeds 100 MB.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut tensors = Tensors::default();
        for (name, shape, range) in layout(&self.model) {
            tensors.push_f32(name, shape, &self.model.parameters()[range]);
        }
        if let Some(norm) = &self.running_norm {
            let Moments {
                count,
                mean,
                variance,
            } = norm.moments();
            tensors.push_f64("normalisation.count", &[*count]);
            tensors.push_f64("normalisation.mean", mean);
            tensors.push_f64("normalisation.variance", variance);
        }
        if let Some(adam) = &self.adam {
            let n = self.model.parameters().len();
            assert_eq!(adam.first_moment.len(), n, "a moment for every parameter");
            assert_eq!(adam.second_moment.len(), n, "a moment for every parameter");
            tensors.push_f32("adam.first_moment".into(), vec![n], &adam.first_moment);
            tensors.push_f32("adam.second_moment".into(), vec![n], &adam.second_moment);
        }
        tensors.serialize(&self.description())
    }

    fn description(&self) -> String {
        let network = |shape: &MlpShape| Network {
            inputs: shape.inputs,
            hidden: shape.hidden.clone(),
            outputs: shape.outputs,
            activation: activation_name(shape.activation).into(),
        };
        let adam = |adam: &Adam| AdamDescription {
            beta1: adam.config.beta1,
            beta2: adam.config.beta2,
            epsilon: adam.config.epsilon,
            weight_decay: adam.config.weight_decay,
            n_steps: adam.n_steps,
        };
        let description = Description {
            version: VERSION,
            networks: self.model.shapes().map(network).collect(),
            n_free: self.model.free().len(),
            normalised: self.running_norm.is_some(),
            adam: self.adam.as_ref().map(adam),
            metadata: self.metadata.clone(),
        };
        serde_json::to_string(&description).expect("plain data has a JSON form")
    }

    /// Reads what [`Checkpoint::to_bytes`] wrote. Whatever the bytes are, it does not panic, and the memory it takes is
    /// bounded by a multiple of their number.
    ///
    /// # Errors
    ///
    /// If the bytes are not such a file, tensors do not fit the description, or a number is not finite.
    pub fn from_bytes(bytes: &[u8]) -> Result<Checkpoint, Error> {
        let (_, header) = SafeTensors::read_metadata(bytes).map_err(Error::Format)?;
        let tensors = SafeTensors::deserialize(bytes).map_err(Error::Format)?;
        let metadata = header.metadata().as_ref();
        let description = metadata.and_then(|metadata| metadata.get(KEY));
        let description =
            description.ok_or_else(|| Error::Description(format!("no key `{KEY}`")))?;
        let description: Description = serde_json::from_str(description)
            .map_err(|error| Error::Description(error.to_string()))?;
        let shapes = check(&description, bytes.len())?;
        let mut reader = Reader {
            tensors,
            read: BTreeSet::new(),
        };
        let mut model = Model::zeros(&shapes, description.n_free);
        for (name, shape, range) in layout(&model) {
            let values = reader.f32(&name, &shape)?;
            model.parameters_mut()[range].copy_from_slice(&values);
        }
        let n_inputs = model.n_inputs();
        let running_norm = description
            .normalised
            .then(|| reader.running_norm(n_inputs))
            .transpose()?;
        let n_parameters = model.parameters().len();
        let adam = description
            .adam
            .map(|adam| reader.adam(&adam, n_parameters))
            .transpose()?;
        reader.finish()?;
        let metadata = description.metadata;
        Ok(Checkpoint {
            model,
            running_norm,
            adam,
            metadata,
        })
    }
}

/// The tensors of a model: name, shape and place among the parameters.
fn layout(model: &Model) -> Vec<(String, Vec<usize>, std::ops::Range<usize>)> {
    let mut tensors = Vec::new();
    let mut first = 0;
    let mut push = |name: String, shape: Vec<usize>| {
        let n: usize = shape.iter().product();
        tensors.push((name, shape, first..first + n));
        first += n;
    };
    for (i, shape) in model.shapes().enumerate() {
        for (j, (inputs, outputs)) in shape.layers().into_iter().enumerate() {
            push(
                format!("network.{i}.layer.{j}.weights"),
                vec![inputs, outputs],
            );
            push(format!("network.{i}.layer.{j}.biases"), vec![outputs]);
        }
    }
    if !model.free().is_empty() {
        push("free".into(), vec![model.free().len()]);
    }
    tensors
}

/// The shapes of a description that may be built: what it promises fits into the file.
fn check(description: &Description, n_bytes: usize) -> Result<Vec<MlpShape>, Error> {
    let refuse = |problem: String| Err(Error::Description(problem));
    if description.version != VERSION {
        return refuse(format!(
            "its version is {}, not {VERSION}",
            description.version
        ));
    }
    let n_networks = description.networks.len();
    if n_networks == 0 || MOST_PARTS < n_networks {
        return refuse(format!(
            "it has {n_networks} networks, not 1 to {MOST_PARTS}"
        ));
    }
    let mut shapes = Vec::with_capacity(n_networks);
    let mut n_parameters = Some(description.n_free);
    for (i, network) in description.networks.iter().enumerate() {
        if MOST_PARTS <= network.hidden.len() {
            return refuse(format!(
                "network {i} has {} hidden layers",
                network.hidden.len()
            ));
        }
        if network.inputs != description.networks[0].inputs {
            return refuse(format!(
                "network {i} reads {} inputs, the first does not",
                network.inputs
            ));
        }
        let mut width_before = network.inputs;
        for width in network.hidden.iter().chain([&network.outputs]) {
            if *width == 0 || width_before == 0 {
                return refuse(format!("network {i} has a layer of width zero"));
            }
            let in_layer = width_before
                .checked_add(1)
                .and_then(|n| n.checked_mul(*width));
            n_parameters = n_parameters
                .zip(in_layer)
                .and_then(|(sum, n)| sum.checked_add(n));
            width_before = *width;
        }
        shapes.push(MlpShape {
            inputs: network.inputs,
            hidden: network.hidden.clone(),
            outputs: network.outputs,
            activation: activation_named(&network.activation)?,
        });
    }
    match n_parameters {
        Some(n) if n <= n_bytes / 4 => Ok(shapes),
        _ => refuse("its networks have more parameters than the file has numbers".into()),
    }
}

fn activation_name(activation: Activation) -> &'static str {
    match activation {
        Activation::Tanh => "tanh",
        Activation::Relu => "relu",
    }
}

fn activation_named(name: &str) -> Result<Activation, Error> {
    match name {
        "tanh" => Ok(Activation::Tanh),
        "relu" => Ok(Activation::Relu),
        _ => Err(Error::Description(format!(
            "activation `{name}` is neither `tanh` nor `relu`"
        ))),
    }
}

/// Tensors on their way into a file.
#[derive(Default)]
struct Tensors(Vec<(String, Dtype, Vec<usize>, Vec<u8>)>);

impl Tensors {
    fn push_f32(&mut self, name: String, shape: Vec<usize>, values: &[f32]) {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.0.push((name, Dtype::F32, shape, bytes));
    }

    fn push_f64(&mut self, name: &str, values: &[f64]) {
        let bytes = values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        self.0
            .push((name.into(), Dtype::F64, vec![values.len()], bytes));
    }

    fn serialize(&self, description: &str) -> Vec<u8> {
        let views = self.0.iter().map(|(name, dtype, shape, bytes)| {
            let view = TensorView::new(*dtype, shape.clone(), bytes)
                .expect("as many bytes as the shape says");
            (name.as_str(), view)
        });
        let metadata = HashMap::from([(KEY.to_owned(), description.to_owned())]);
        serialize(views, Some(metadata)).expect("a header below 100 MB")
    }
}

/// A file from which every tensor must be read once.
struct Reader<'a> {
    tensors: SafeTensors<'a>,
    read: BTreeSet<String>,
}

impl Reader<'_> {
    fn bytes(&mut self, name: &str, dtype: Dtype, shape: &[usize]) -> Result<&[u8], Error> {
        let problem = |problem: String| Error::Tensor {
            name: name.to_owned(),
            problem,
        };
        self.read.insert(name.to_owned());
        let tensor = self
            .tensors
            .tensor(name)
            .map_err(|_| problem("is missing".into()))?;
        if tensor.dtype() != dtype {
            return Err(problem(format!(
                "is of type {:?}, not {dtype:?}",
                tensor.dtype()
            )));
        }
        if tensor.shape() != shape {
            return Err(problem(format!(
                "has shape {:?}, not {shape:?}",
                tensor.shape()
            )));
        }
        Ok(tensor.data())
    }

    fn f32(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, Error> {
        let (bytes, _) = self.bytes(name, Dtype::F32, shape)?.as_chunks();
        let values: Vec<f32> = bytes
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect();
        finite(name, values.iter().map(|value| f64::from(*value)))?;
        Ok(values)
    }

    fn f64(&mut self, name: &str, n: usize) -> Result<Vec<f64>, Error> {
        let (bytes, _) = self.bytes(name, Dtype::F64, &[n])?.as_chunks();
        let values: Vec<f64> = bytes
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect();
        finite(name, values.iter().copied())?;
        Ok(values)
    }

    fn running_norm(&mut self, n_features: usize) -> Result<RunningNorm, Error> {
        RunningNorm::from_moments(Moments {
            count: self.f64("normalisation.count", 1)?[0],
            mean: self.f64("normalisation.mean", n_features)?,
            variance: self.f64("normalisation.variance", n_features)?,
        })
    }

    fn adam(&mut self, adam: &AdamDescription, n_parameters: usize) -> Result<Adam, Error> {
        let AdamDescription {
            beta1,
            beta2,
            epsilon,
            weight_decay,
            n_steps,
        } = *adam;
        let is_decay = |beta: f32| (0.0..1.0).contains(&beta);
        if !(is_decay(beta1) && is_decay(beta2) && epsilon >= 0.0 && weight_decay >= 0.0) {
            let problem = "Adam's settings are out of range".to_owned();
            return Err(Error::Description(problem));
        }
        Ok(Adam {
            config: AdamConfig {
                beta1,
                beta2,
                epsilon,
                weight_decay,
            },
            first_moment: self.f32("adam.first_moment", &[n_parameters])?,
            second_moment: self.f32("adam.second_moment", &[n_parameters])?,
            n_steps,
        })
    }

    fn finish(self) -> Result<(), Error> {
        let mut names = self.tensors.names();
        names.sort_unstable();
        match names.into_iter().find(|name| !self.read.contains(*name)) {
            None => Ok(()),
            Some(name) => Err(Error::Tensor {
                name: name.to_owned(),
                problem: "is not part of the networks described".into(),
            }),
        }
    }
}

fn finite(name: &str, mut values: impl Iterator<Item = f64>) -> Result<(), Error> {
    match values.position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(index) => Err(Error::Tensor {
            name: name.to_owned(),
            problem: format!("has a number that is not finite, at index {index}"),
        }),
    }
}
