//! Transitions as a discriminator reads them.

use mdp::{Rng, Space, uniform};
use nn::{Pool, RunningNorm};
use rl::{ActionInputs, Arrays, Error, NetworkPolicy};

use super::rows::{Kind, Rows};

/// How transitions are made inputs: observations normalised, choices one-hot, continuous actions brought to ±1 by their
/// bounds, and one number more that says whether the state is the absorbing one, where that is modelled.
///
/// The absorbing state reads as zeros but for that number, and its action as zeros.
#[derive(Clone, Debug)]
pub(crate) struct Encoding {
    n_features: usize,
    actions: ActionInputs,
    /// What is taken off each number of an action and what it is divided by; empty for choices.
    action_scales: Vec<(f32, f32)>,
    norm: Option<RunningNorm>,
    pub(crate) with_absorbing: bool,
}

/// Encoded transitions. Where there are demonstrated ones among them, they stand in the first half.
#[derive(Clone, Debug, Default)]
pub(crate) struct Batch {
    pub(crate) n: usize,
    /// `[n, state + action]`.
    pub(crate) inputs: Vec<f32>,
    /// `[n, state]`.
    pub(crate) states: Vec<f32>,
    /// `[n, state]`.
    pub(crate) next_states: Vec<f32>,
    /// `[n]`: 0 where nothing comes after the transition, else 1.
    pub(crate) continues: Vec<f32>,
    /// `[n]`: how likely the policy finds the action, nats; filled only where the discriminator asks.
    pub(crate) log_probs: Vec<f32>,
}

impl Encoding {
    /// # Errors
    /// If the actions are a tuple.
    pub(crate) fn new(
        observations: &Space,
        actions: &Space,
        normalize: bool,
        with_absorbing: bool,
    ) -> Result<Encoding, Error> {
        let n_features = rl::n_features(observations);
        // One-hot rows are of one size already.
        let normalize = normalize && observations.n_choices().is_none();
        let action_scales = match actions {
            Space::Continuous { low, high, .. } => low.iter().zip(high).map(scale).collect(),
            _ => vec![],
        };
        Ok(Encoding {
            n_features,
            actions: ActionInputs::of(actions)?,
            action_scales,
            norm: normalize.then(|| RunningNorm::new(n_features)),
            with_absorbing,
        })
    }

    /// Numbers of a state.
    pub(crate) fn n_state(&self) -> usize {
        self.n_features + usize::from(self.with_absorbing)
    }

    /// Numbers of an action.
    pub(crate) fn n_action(&self) -> usize {
        self.actions.n_inputs()
    }

    pub(crate) fn n_inputs(&self) -> usize {
        self.n_state() + self.n_action()
    }

    /// Features an observation has.
    pub(crate) fn n_features(&self) -> usize {
        self.n_features
    }

    pub(crate) fn actions(&self) -> &ActionInputs {
        &self.actions
    }

    /// Takes note of observations, of those that are any.
    pub(crate) fn observe(&mut self, rows: &Rows) {
        let Some(norm) = &mut self.norm else { return };
        // Absorbing states stand behind all others of a round, and one behind each demonstration.
        let mut start = 0;
        for end in 0..=rows.len() {
            if end == rows.len() || rows.kinds[end] == Kind::Absorbing {
                norm.update(&rows.observations[start * self.n_features..end * self.n_features]);
                start = end + 1;
            }
        }
    }

    /// Encodes rows; log-probabilities are left as they are.
    pub(crate) fn encode(&self, rows: &Rows, batch: &mut Batch) {
        let n = rows.len();
        batch.resize(n, self.n_state(), self.n_inputs());
        let n_state = self.n_state();
        for index in 0..n {
            let kind = rows.kinds[index];
            let features = index * self.n_features..(index + 1) * self.n_features;
            let state = &mut batch.states[index * n_state..][..n_state];
            let is_absorbing = kind == Kind::Absorbing;
            self.write_state(&rows.observations[features.clone()], is_absorbing, state);
            let next_state = &mut batch.next_states[index * n_state..][..n_state];
            let leads_nowhere = is_absorbing || (self.with_absorbing && kind == Kind::Final);
            self.write_state(&rows.next_observations[features], leads_nowhere, next_state);
            let ends = !self.with_absorbing && kind == Kind::Final;
            batch.continues[index] = f32::from(u8::from(!ends));
            let input = &mut batch.inputs[index * self.n_inputs()..][..self.n_inputs()];
            let (input_state, input_action) = input.split_at_mut(n_state);
            input_state.copy_from_slice(state);
            let action = &rows.actions[index * rows.n_action_values..][..rows.n_action_values];
            self.write_action(action, is_absorbing, input_action);
        }
    }

    fn write_state(&self, features: &[f32], is_absorbing: bool, out: &mut [f32]) {
        let (seen, rest) = out.split_at_mut(self.n_features);
        if is_absorbing {
            seen.fill(0.0);
        } else {
            match &self.norm {
                Some(norm) => norm.normalize(features, seen),
                None => seen.copy_from_slice(features),
            }
        }
        if let Some(says) = rest.first_mut() {
            *says = f32::from(u8::from(is_absorbing));
        }
    }

    fn write_action(&self, action: &[f32], is_absorbing: bool, out: &mut [f32]) {
        if is_absorbing {
            out.fill(0.0);
            return;
        }
        self.actions.write(action, out);
        for (value, (center, width)) in out.iter_mut().zip(&self.action_scales) {
            *value = (*value - center) / width;
        }
    }

    /// How the observation's and the action's numbers alone are normalised, for a file; `with_action` says whether the
    /// action's are read.
    pub(crate) fn file_normalization(&self, with_action: bool) -> Result<RunningNorm, Error> {
        // The inverse deviation of variance v is 1 / √(v + 1e-8).
        const UNIT: f64 = 1.0 - 1e-8;
        let (mut means, mut variances) = match &self.norm {
            Some(norm) => (norm.mean().to_vec(), norm.variance().to_vec()),
            None => (vec![0.0; self.n_features], vec![UNIT; self.n_features]),
        };
        if with_action {
            for index in 0..self.n_action() {
                let scale = self.action_scales.get(index);
                let (center, width) = scale.copied().unwrap_or((0.0, 1.0));
                means.push(f64::from(center));
                variances.push(f64::from(width).powi(2) - 1e-8);
            }
        }
        let state = [vec![1.0], means.clone(), variances].concat();
        Ok(RunningNorm::from_state(means.len(), &state)?)
    }

    pub(crate) fn save(&self, arrays: &mut Arrays) {
        if let Some(norm) = &self.norm {
            arrays.put_f64("encoding", norm.state());
        }
    }

    pub(crate) fn restored(&self, arrays: &mut Arrays) -> Result<Option<RunningNorm>, Error> {
        let Some(_) = &self.norm else { return Ok(None) };
        let state = arrays.take_f64("encoding")?;
        Ok(Some(RunningNorm::from_state(self.n_features, &state)?))
    }

    pub(crate) fn set_norm(&mut self, norm: Option<RunningNorm>) {
        self.norm = norm;
    }
}

/// Centre and half width of the bounds of a number; as it is where it has none.
fn scale((low, high): (&f32, &f32)) -> (f32, f32) {
    let width = (high - low) / 2.0;
    if width.is_finite() && width > 0.0 {
        (low + width, width)
    } else {
        (0.0, 1.0)
    }
}

impl Batch {
    fn resize(&mut self, n: usize, n_state: usize, n_inputs: usize) {
        self.n = n;
        self.inputs.resize(n * n_inputs, 0.0);
        self.states.resize(n * n_state, 0.0);
        self.next_states.resize(n * n_state, 0.0);
        self.continues.resize(n, 0.0);
        self.log_probs.resize(n, 0.0);
    }

    /// Asks a policy how likely it finds the actions; the absorbing state has but one.
    pub(crate) fn ask(&mut self, rows: &Rows, policy: &NetworkPolicy, pool: &Pool) {
        let mut entropies = vec![0.0; rows.len()];
        policy.evaluate(
            &rows.observations,
            &rows.actions,
            &mut self.log_probs,
            &mut entropies,
            pool,
        );
        for (log_prob, kind) in self.log_probs.iter_mut().zip(&rows.kinds) {
            if *kind == Kind::Absorbing {
                *log_prob = 0.0;
            }
        }
    }

    /// Points on the lines between the rows of the first and of the second half.
    pub(crate) fn between_halves(&self, rng: &mut Rng) -> Batch {
        let n = self.n / 2;
        let weights: Vec<f32> = (0..n).map(|_| uniform(rng) as f32).collect();
        let mix = |values: &[f32]| -> Vec<f32> {
            let width = values.len() / self.n;
            let (expert, generated) = values.split_at(n * width);
            let rows = expert
                .chunks_exact(width)
                .zip(generated.chunks_exact(width));
            let mixed = rows
                .zip(&weights)
                .flat_map(|((expert, generated), weight)| {
                    let pairs = expert.iter().zip(generated);
                    pairs.map(move |(x, y)| weight * x + (1.0 - weight) * y)
                });
            mixed.collect()
        };
        Batch {
            n,
            inputs: mix(&self.inputs),
            states: mix(&self.states),
            next_states: mix(&self.next_states),
            continues: mix(&self.continues),
            log_probs: mix(&self.log_probs),
        }
    }
}
