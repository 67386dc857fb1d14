//! A reward that is a network.

use mdp::Space;
use nn::{Model, Pool, RunningNorm};

use super::{RewardScratch, Transitions};
use crate::Error;

/// The metadata key that says a file of a network is a reward.
const KIND: &str = "reward";

/// How an action stands among the inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActionInputs {
    /// One choice or several, each one-hot.
    Choices(Vec<usize>),
    /// So many numbers, as they are.
    Numbers(usize),
}

/// What a reward network reads of a transition, in this order: the features of the observation, the action, the
/// features of the next observation, and 1 where the environment terminated, else 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RewardInputs {
    /// Features an observation has.
    pub n_features: usize,
    /// The actions.
    pub actions: ActionInputs,
    /// Whether it reads the observation.
    pub observation: bool,
    /// Whether it reads the action.
    pub action: bool,
    /// Whether it reads the next observation.
    pub next_observation: bool,
    /// Whether it reads if the environment terminated.
    pub terminated: bool,
}

/// What is made of a network's output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewardOutput {
    /// The output itself.
    Identity,
    /// `log(1 + exp(x))`: of a discriminator's logit, -log(1 - D), never negative.
    Softplus,
    /// `-log(1 + exp(-x))`: of a discriminator's logit, log D, never positive.
    LogSigmoid,
}

/// A reward that is a network, or the mean of several, less so many of their deviations.
#[derive(Clone, Debug)]
pub struct RewardNetwork {
    model: Model,
    normalization: Option<RunningNorm>,
    inputs: RewardInputs,
    output: RewardOutput,
    deviations: f64,
    method: String,
}

impl ActionInputs {
    /// How actions of a space stand among the inputs.
    ///
    /// # Errors
    /// If the space is a tuple.
    pub fn of(space: &Space) -> Result<ActionInputs, Error> {
        match space {
            Space::Discrete { n } => Ok(ActionInputs::Choices(vec![*n])),
            Space::MultiDiscrete { sizes } => Ok(ActionInputs::Choices(sizes.clone())),
            Space::Continuous { low, .. } => Ok(ActionInputs::Numbers(low.len())),
            Space::Tuple(_) => Err(Error::ActionSpace {
                algorithm: "a reward network",
                space: space.to_string(),
            }),
        }
    }

    /// Inputs that an action takes.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        match self {
            ActionInputs::Choices(sizes) => sizes.iter().sum(),
            ActionInputs::Numbers(n) => *n,
        }
    }

    /// Numbers of an action as a value of its space.
    #[must_use]
    pub fn n_values(&self) -> usize {
        match self {
            ActionInputs::Choices(sizes) => sizes.len(),
            ActionInputs::Numbers(n) => *n,
        }
    }

    /// Writes an action, `out` being as long as [`ActionInputs::n_inputs`].
    pub fn write(&self, action: &[f32], out: &mut [f32]) {
        match self {
            ActionInputs::Numbers(_) => out.copy_from_slice(action),
            ActionInputs::Choices(sizes) => {
                out.fill(0.0);
                let mut start = 0;
                for (choice, size) in action.iter().zip(sizes) {
                    out[start + *choice as usize] = 1.0;
                    start += size;
                }
            }
        }
    }

    /// `choices 4 2` or `numbers 3`.
    fn describe(&self) -> String {
        match self {
            ActionInputs::Numbers(n) => format!("numbers {n}"),
            ActionInputs::Choices(sizes) => {
                let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
                format!("choices {}", sizes.join(" "))
            }
        }
    }

    fn from_description(text: &str) -> Option<ActionInputs> {
        let (kind, rest) = text.split_once(' ')?;
        let numbers = rest.split(' ').map(|word| word.parse().ok());
        let numbers: Vec<usize> = numbers.collect::<Option<_>>()?;
        let is_small = numbers.iter().all(|n| (1..=1_000_000).contains(n)) && numbers.len() <= 1024;
        match (kind, numbers.as_slice()) {
            ("numbers", [n]) if is_small => Some(ActionInputs::Numbers(*n)),
            ("choices", [_, ..]) if is_small => Some(ActionInputs::Choices(numbers)),
            _ => None,
        }
    }
}

impl RewardInputs {
    /// Inputs of the network.
    #[must_use]
    pub fn n_inputs(&self) -> usize {
        let parts = [
            (self.observation, self.n_features),
            (self.action, self.actions.n_inputs()),
            (self.next_observation, self.n_features),
            (self.terminated, 1),
        ];
        let read = parts.iter().filter(|(reads, _)| *reads);
        read.map(|(_, n)| n).sum()
    }

    /// Writes the inputs of transitions, `[N, inputs]`.
    ///
    /// # Panics
    /// If an array has another length than it should.
    pub fn write(&self, transitions: &Transitions<'_>, out: &mut [f32]) {
        let (n_features, n_values) = (self.n_features, self.actions.n_values());
        let n = transitions.terminated.len();
        assert_eq!(
            transitions.actions.len(),
            n * n_values,
            "actions are [N, A]"
        );
        assert_eq!(
            transitions.observations.len(),
            n * n_features,
            "observations are [N, F]"
        );
        assert_eq!(
            transitions.next_observations.len(),
            n * n_features,
            "next observations are [N, F]"
        );
        assert_eq!(out.len(), n * self.n_inputs(), "inputs are [N, inputs]");
        for (index, row) in out.chunks_exact_mut(self.n_inputs()).enumerate() {
            let features = index * n_features..(index + 1) * n_features;
            let mut rest = row;
            if self.observation {
                let (part, after) = rest.split_at_mut(n_features);
                part.copy_from_slice(&transitions.observations[features.clone()]);
                rest = after;
            }
            if self.action {
                let (part, after) = rest.split_at_mut(self.actions.n_inputs());
                self.actions
                    .write(&transitions.actions[index * n_values..][..n_values], part);
                rest = after;
            }
            if self.next_observation {
                let (part, after) = rest.split_at_mut(n_features);
                part.copy_from_slice(&transitions.next_observations[features]);
                rest = after;
            }
            if self.terminated {
                rest[0] = f32::from(u8::from(transitions.terminated[index]));
            }
        }
    }

    /// Whether it can read an environment.
    pub(super) fn check_fits(&self, n_features: usize, actions: &Space) -> Result<(), Error> {
        let reads_features = self.observation || self.next_observation;
        if reads_features && n_features != self.n_features {
            return Err(Error::Reward(format!(
                "it reads {} features of an observation, the environment gives {n_features}",
                self.n_features
            )));
        }
        let given = ActionInputs::of(actions)?;
        if self.action && given != self.actions {
            return Err(Error::Reward(format!(
                "it reads actions that are {}, the environment takes {}",
                self.actions.describe(),
                given.describe()
            )));
        }
        Ok(())
    }

    fn describe(&self) -> String {
        let parts = [
            (self.observation, "observation"),
            (self.action, "action"),
            (self.next_observation, "next_observation"),
            (self.terminated, "terminated"),
        ];
        let read = parts.iter().filter(|(reads, _)| *reads);
        read.map(|(_, name)| *name).collect::<Vec<_>>().join(" ")
    }

    fn from_description(reads: &str, n_features: &str, actions: &str) -> Option<RewardInputs> {
        let n_features = n_features.parse().ok().filter(|n| *n <= 100_000_000)?;
        let mut inputs = RewardInputs {
            n_features,
            actions: ActionInputs::from_description(actions)?,
            observation: false,
            action: false,
            next_observation: false,
            terminated: false,
        };
        for word in reads.split(' ') {
            match word {
                "observation" => inputs.observation = true,
                "action" => inputs.action = true,
                "next_observation" => inputs.next_observation = true,
                "terminated" => inputs.terminated = true,
                _ => return None,
            }
        }
        (inputs.describe() == reads).then_some(inputs)
    }
}

impl RewardOutput {
    const ALL: [RewardOutput; 3] = [
        RewardOutput::Identity,
        RewardOutput::Softplus,
        RewardOutput::LogSigmoid,
    ];

    /// Its name in files.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RewardOutput::Identity => "identity",
            RewardOutput::Softplus => "softplus",
            RewardOutput::LogSigmoid => "log-sigmoid",
        }
    }

    /// What is made of an output.
    #[must_use]
    pub fn of(self, x: f64) -> f64 {
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        match self {
            RewardOutput::Identity => x,
            RewardOutput::Softplus => softplus(x),
            RewardOutput::LogSigmoid => -softplus(-x),
        }
    }
}

impl RewardNetwork {
    /// A reward of a network, or the mean of several: every output of `model` is one. `normalization` is applied to the
    /// inputs, `method` says how it was learned.
    ///
    /// # Errors
    /// If the model reads another number of inputs than `inputs` gives.
    pub fn new(
        model: Model,
        normalization: Option<RunningNorm>,
        inputs: RewardInputs,
        output: RewardOutput,
        method: &str,
    ) -> Result<RewardNetwork, Error> {
        if model.n_inputs() != inputs.n_inputs() {
            return Err(Error::Reward(format!(
                "the network reads {} numbers, {} are given of a transition",
                model.n_inputs(),
                inputs.n_inputs()
            )));
        }
        Ok(RewardNetwork {
            model,
            normalization,
            inputs,
            output,
            deviations: 0.0,
            method: method.to_owned(),
        })
    }

    /// The same with `deviations` standard deviations of the outputs taken off their mean, the outputs being the whole
    /// population: little is promised where the networks disagree.
    ///
    /// # Errors
    /// If the number is negative or not finite.
    pub fn conservative(self, deviations: f64) -> Result<RewardNetwork, Error> {
        if !deviations.is_finite() || deviations < 0.0 {
            return Err(Error::Reward(format!(
                "{deviations} deviations cannot be taken off a mean"
            )));
        }
        Ok(RewardNetwork { deviations, ..self })
    }

    /// What it reads.
    #[must_use]
    pub fn inputs(&self) -> &RewardInputs {
        &self.inputs
    }

    /// How it was learned.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    pub(super) fn rewards(
        &self,
        transitions: &Transitions<'_>,
        out: &mut [f64],
        scratch: &mut RewardScratch,
        pool: &Pool,
    ) {
        let (n, n_outputs) = (out.len(), self.model.n_outputs());
        assert_eq!(
            transitions.terminated.len(),
            n,
            "a reward for each transition"
        );
        scratch.inputs.resize(n * self.inputs.n_inputs(), 0.0);
        scratch.outputs.resize(n * n_outputs, 0.0);
        self.inputs.write(transitions, &mut scratch.inputs);
        if let Some(norm) = &self.normalization {
            norm.normalize_in_place(&mut scratch.inputs);
        }
        self.model.forward(
            &scratch.inputs,
            &mut scratch.outputs,
            &mut scratch.workspace,
            pool,
        );
        for (reward, outputs) in out.iter_mut().zip(scratch.outputs.chunks_exact(n_outputs)) {
            let each = outputs.iter().map(|x| self.output.of(f64::from(*x)));
            let mean = each.clone().sum::<f64>() / n_outputs as f64;
            *reward = mean;
            if self.deviations > 0.0 {
                let squares: f64 = each.map(|x| (x - mean).powi(2)).sum();
                *reward -= self.deviations * (squares / n_outputs as f64).sqrt();
            }
        }
    }

    /// The reward as a safetensors file that describes itself.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let deviations = self.deviations.to_string();
        let deviations = (self.deviations > 0.0).then_some(("deviations", deviations));
        let metadata = [
            ("kind", KIND.to_owned()),
            ("reads", self.inputs.describe()),
            ("features", self.inputs.n_features.to_string()),
            ("actions", self.inputs.actions.describe()),
            ("output", self.output.name().to_owned()),
            ("method", self.method.clone()),
        ];
        let metadata: Vec<(String, String)> = metadata
            .into_iter()
            .chain(deviations)
            .map(|(key, value)| (key.to_owned(), value))
            .collect();
        nn::save(&self.model, self.normalization.as_ref(), &metadata)
    }

    /// Reads what [`RewardNetwork::to_bytes`] wrote.
    ///
    /// # Errors
    /// If the bytes are damaged or are no reward.
    pub fn from_bytes(bytes: &[u8]) -> Result<RewardNetwork, Error> {
        let saved = nn::load(bytes)?;
        let said = |key: &str| saved.metadata.get(key).map_or("", String::as_str);
        if said("kind") != KIND {
            let what = match said("head") {
                "" => "the network says nothing of a reward",
                _ => "the network is a policy",
            };
            return Err(Error::Reward(format!("{what}, and no reward")));
        }
        let inputs =
            RewardInputs::from_description(said("reads"), said("features"), said("actions"));
        let inputs = inputs.ok_or_else(|| {
            Error::Reward(format!(
                "`{}` of {} features and actions that are `{}` is nothing that a reward reads",
                said("reads"),
                said("features"),
                said("actions")
            ))
        })?;
        let output = RewardOutput::ALL
            .into_iter()
            .find(|output| output.name() == said("output"));
        let output = output.ok_or_else(|| {
            Error::Reward(format!("`{}` is no form of its output", said("output")))
        })?;
        let method = said("method").to_owned();
        let deviations = match saved.metadata.get("deviations") {
            None => 0.0,
            Some(text) => text
                .parse()
                .map_err(|_| Error::Reward(format!("`{text}` is no number of deviations")))?,
        };
        RewardNetwork::new(saved.model, saved.normalization, inputs, output, &method)?
            .conservative(deviations)
    }
}
