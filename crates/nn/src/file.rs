//! Networks as bytes, in the safetensors format.
//!
//! One tensor for each layer's weights `[inputs, outputs]` and biases, `network.0.layer.1.weights`, so that other tools
//! can read them; the shapes as JSON under the one metadata key `nn`. One key, because the format's library writes
//! several in an order that changes from run to run, and the same networks should be the same bytes.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use safetensors::tensor::{Dtype, TensorView};
use safetensors::{SafeTensors, serialize};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::model::Model;
use crate::running_norm::RunningNorm;
use crate::shape::{Activation, MlpShape};

/// The metadata key of the description.
const KEY: &str = "nn";

/// The version of the format that is written, and the only one that is read.
const VERSION: u32 = 1;

/// The most networks, and the most layers in one, that a file may have.
const MOST_PARTS: usize = 64;

/// The tensor that holds the state of a running normalisation.
const NORMALIZATION: &str = "normalization";

/// What [`load`] reads: a model and what belongs to it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Saved {
    /// The networks and free parameters.
    pub model: Model,
    /// How observations are normalised before the networks see them.
    pub normalization: Option<RunningNorm>,
    /// Whatever else was said about it.
    pub metadata: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    version: u32,
    networks: Vec<Network>,
    n_free: usize,
    normalized: bool,
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

/// A model, how its observations are normalised, and metadata of the caller's, as the bytes of a safetensors file. The
/// same content gives the same bytes.
///
/// # Panics
///
/// If the metadata exceeds 100 MB.
#[must_use]
pub fn save(
    model: &Model,
    normalization: Option<&RunningNorm>,
    metadata: &[(String, String)],
) -> Vec<u8> {
    let mut tensors = Tensors::default();
    for (name, shape, range) in layout(model) {
        let bytes = model.parameters()[range]
            .iter()
            .flat_map(|value| value.to_le_bytes());
        tensors.push((name, Dtype::F32, shape, bytes.collect()));
    }
    if let Some(state) = normalization.map(RunningNorm::state) {
        let bytes = state.iter().flat_map(|value| value.to_le_bytes()).collect();
        tensors.push((NORMALIZATION.into(), Dtype::F64, vec![state.len()], bytes));
    }
    let views = tensors.iter().map(|(name, dtype, shape, bytes)| {
        let view = TensorView::new(*dtype, shape.clone(), bytes);
        (name, view.expect("as many bytes as the shape says"))
    });
    let description = description(model, normalization.is_some(), metadata);
    let header = HashMap::from([(KEY.to_owned(), description)]);
    serialize(views, Some(header)).expect("a header below 100 MB")
}

/// Name, type, shape and bytes.
type Tensors = Vec<(String, Dtype, Vec<usize>, Vec<u8>)>;

fn description(model: &Model, normalized: bool, metadata: &[(String, String)]) -> String {
    let network = |shape: &MlpShape| Network {
        inputs: shape.inputs,
        hidden: shape.hidden.clone(),
        outputs: shape.outputs,
        activation: activation_name(shape.activation).into(),
    };
    let description = Description {
        version: VERSION,
        networks: model.shapes().map(network).collect(),
        n_free: model.free().len(),
        normalized,
        metadata: metadata.iter().cloned().collect(),
    };
    serde_json::to_string(&description).expect("plain data has a JSON form")
}

/// Reads what [`save`] wrote. Whatever the bytes are, it does not panic, and the memory it takes is bounded by a
/// multiple of their number.
///
/// # Errors
///
/// If the bytes are not such a file, tensors do not fit the description, or a number is not finite.
pub fn load(bytes: &[u8]) -> Result<Saved, Error> {
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(Error::Format)?;
    let tensors = SafeTensors::deserialize(bytes).map_err(Error::Format)?;
    let description = header
        .metadata()
        .as_ref()
        .and_then(|metadata| metadata.get(KEY));
    let description = description.ok_or_else(|| Error::Description(format!("no key `{KEY}`")))?;
    let description: Description =
        serde_json::from_str(description).map_err(|error| Error::Description(error.to_string()))?;
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
    let normalization = description
        .normalized
        .then(|| reader.normalization(n_inputs));
    let normalization = normalization.transpose()?;
    reader.finish()?;
    let metadata = description.metadata;
    Ok(Saved {
        model,
        normalization,
        metadata,
    })
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
        match values.iter().position(|value| !value.is_finite()) {
            None => Ok(values),
            Some(index) => Err(Error::Tensor {
                name: name.to_owned(),
                problem: format!("has {} at index {index}", values[index]),
            }),
        }
    }

    fn normalization(&mut self, n_features: usize) -> Result<RunningNorm, Error> {
        let n = n_features.saturating_mul(2).saturating_add(1);
        let (bytes, _) = self.bytes(NORMALIZATION, Dtype::F64, &[n])?.as_chunks();
        let state: Vec<f64> = bytes
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .collect();
        RunningNorm::from_state(n_features, &state)
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
