//! The networks that tell demonstrations from what a policy does, and how they learn.

#[cfg(test)]
mod tests;

use mdp::Rng;
use nn::{Adam, AdamConfig, Initialization, MlpShape, Model, Pool, Workspace};
use rl::{Arrays, Error};

use super::config::{DiscriminatorConfig, sigmoid};
use super::encoding::Batch;
use super::input_gradient::Network;

/// ε of Adam, as published.
const EPSILON: f32 = 1e-8;

/// How the logit is made of networks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Form {
    /// GAIL: `l = b(s, a)`.
    Plain,
    /// AIRL: `l = f - log π(a|s)`, `f = b + γ c Φ(s') - Φ(s)`, c being 0 where nothing comes after.
    Shaped {
        /// γ.
        discount: f32,
        /// Widths of the hidden layers of Φ.
        hidden: Vec<usize>,
        /// Whether b reads the state alone.
        state_only: bool,
    },
}

/// A discriminator.
#[derive(Debug)]
pub(crate) struct Discriminator {
    form: Form,
    config: DiscriminatorConfig,
    base: Model,
    potential: Option<Model>,
    adam: Adam,
    workspace: Workspace,
    gradient: Vec<f32>,
}

/// What a discriminator says of the rows of a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Judgement {
    /// l.
    pub(crate) logits: Vec<f32>,
    /// f of AIRL; b of GAIL.
    pub(crate) shaped: Vec<f32>,
    /// b.
    pub(crate) base: Vec<f32>,
}

/// What an update found before it moved.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Update {
    pub(crate) loss: f64,
    pub(crate) accuracy_on_expert: f64,
    pub(crate) accuracy_on_policy: f64,
    pub(crate) logit_gap: f64,
    pub(crate) entropy: f64,
    pub(crate) penalty: Option<f64>,
}

impl Discriminator {
    /// Fresh networks whose last layers are zero: every logit begins at 0, or at -log π.
    pub(crate) fn new(
        form: Form,
        config: &DiscriminatorConfig,
        n_state: usize,
        n_inputs: usize,
        rng: &mut Rng,
    ) -> Discriminator {
        let network = |inputs: usize, hidden: &[usize], rng: &mut Rng| {
            let shape = MlpShape {
                inputs,
                hidden: hidden.to_vec(),
                outputs: 1,
                activation: config.activation,
            };
            let initialization = Initialization::Orthogonal {
                hidden_gain: std::f32::consts::SQRT_2,
                output_gain: 0.0,
            };
            Model::new(&[(shape, initialization)], &[], rng)
        };
        let (base, potential) = match &form {
            Form::Plain => (network(n_inputs, &config.hidden, rng), None),
            Form::Shaped {
                hidden, state_only, ..
            } => {
                let n = if *state_only { n_state } else { n_inputs };
                let base = network(n, &config.hidden, rng);
                (base, Some(network(n_state, hidden, rng)))
            }
        };
        let n_potential = potential
            .as_ref()
            .map_or(0, |model| model.parameters().len());
        let n_parameters = base.parameters().len() + n_potential;
        Discriminator {
            adam: Adam::new(n_parameters, AdamConfig::adam(EPSILON)),
            gradient: vec![0.0; n_parameters],
            workspace: Workspace::new(),
            config: config.clone(),
            form,
            base,
            potential,
        }
    }

    /// Whether logits depend on how likely the policy finds an action.
    pub(crate) fn asks_policy(&self) -> bool {
        self.potential.is_some()
    }

    /// b without the number that says whether the state is absorbing, which it never is for whoever reads a file. Where
    /// `is_relative`, what b says of the absorbing state is taken off.
    pub(crate) fn for_file(
        &self,
        n_features: usize,
        with_absorbing: bool,
        is_relative: bool,
    ) -> Model {
        if !with_absorbing {
            return self.base.clone();
        }
        let shape = self.base.shapes().next().expect("one network");
        let width = shape.hidden.first().copied().unwrap_or(shape.outputs);
        let mut parameters = self.base.parameters().to_vec();
        let last = parameters.len() - 1;
        if is_relative {
            let mut absorbing = vec![0.0; shape.inputs];
            absorbing[n_features] = 1.0;
            let mut output = [0.0];
            let pool = Pool::new(1);
            self.base
                .forward(&absorbing, &mut output, &mut Workspace::new(), &pool);
            parameters[last] -= output[0];
        }
        parameters.drain(n_features * width..(n_features + 1) * width);
        let shape = MlpShape {
            inputs: shape.inputs - 1,
            ..shape.clone()
        };
        let mut model = Model::zeros(&[shape], 0);
        model.parameters_mut().copy_from_slice(&parameters);
        model
    }

    /// Whether b reads actions.
    pub(crate) fn reads_action(&self) -> bool {
        !matches!(
            self.form,
            Form::Shaped {
                state_only: true,
                ..
            }
        )
    }

    fn discount(&self) -> f32 {
        match self.form {
            Form::Plain => 0.0,
            Form::Shaped { discount, .. } => discount,
        }
    }

    fn base_inputs<'b>(&self, batch: &'b Batch) -> &'b [f32] {
        if self.reads_action() {
            &batch.inputs
        } else {
            &batch.states
        }
    }

    /// What it says of each row.
    pub(crate) fn judge(&mut self, batch: &Batch, judgement: &mut Judgement, pool: &Pool) {
        let n = batch.n;
        judgement.base.resize(n, 0.0);
        self.base.forward(
            self.base_inputs(batch),
            &mut judgement.base,
            &mut self.workspace,
            pool,
        );
        judgement.shaped.clone_from(&judgement.base);
        let Some(potential) = &self.potential else {
            judgement.logits.clone_from(&judgement.base);
            return;
        };
        let (mut before, mut after) = (vec![0.0; n], vec![0.0; n]);
        potential.forward(&batch.states, &mut before, &mut self.workspace, pool);
        potential.forward(&batch.next_states, &mut after, &mut self.workspace, pool);
        for (row, shaped) in judgement.shaped.iter_mut().enumerate() {
            *shaped += self.discount() * batch.continues[row] * after[row] - before[row];
        }
        judgement.logits.clone_from(&judgement.shaped);
        for (logit, log_prob) in judgement.logits.iter_mut().zip(&batch.log_probs) {
            *logit -= log_prob;
        }
    }

    /// One step of Adam on the mean cross-entropy and the penalty. The first half of the batch is demonstrated.
    ///
    /// # Errors
    /// If the gradient is not finite.
    pub(crate) fn update(
        &mut self,
        batch: &Batch,
        rng: &mut Rng,
        pool: &Pool,
        n_steps: u64,
    ) -> Result<Update, Error> {
        let mut judgement = Judgement::default();
        self.judge(batch, &mut judgement, pool);
        let mut update = Update::of(&judgement.logits);
        let d_logits = d_cross_entropy(&judgement.logits);
        self.write_gradient(batch, &d_logits, pool);
        if let Some(penalty) = self.config.penalty {
            let between = batch.between_halves(rng);
            update.penalty = Some(self.add_penalty(&between, penalty.weight, penalty.target, pool));
        }
        let norm = nn::gradient_norm(&self.gradient);
        if !norm.is_finite() {
            return Err(Error::Diverged {
                n_steps,
                what: "the norm of the discriminator's gradient",
                value: norm,
            });
        }
        let mut parameters = self.parameters();
        self.adam
            .step(&mut parameters, &self.gradient, self.config.learning_rate);
        self.set_parameters(&parameters);
        Ok(update)
    }

    /// Writes the gradient of `Σ d_logit · logit` with respect to all parameters.
    fn write_gradient(&mut self, batch: &Batch, d_logits: &[f32], pool: &Pool) {
        let rows: Vec<u32> = (0..batch.n as u32).collect();
        let inputs = if self.reads_action() {
            &batch.inputs
        } else {
            &batch.states
        };
        let (of_base, of_potential) = self.gradient.split_at_mut(self.base.parameters().len());
        self.base.gradient(
            inputs,
            &rows,
            &given(d_logits),
            of_base,
            &mut self.workspace,
            pool,
        );
        let Some(potential) = &self.potential else {
            return;
        };
        let discount = self.form.discount();
        let states = [batch.states.as_slice(), &batch.next_states].concat();
        let before = d_logits.iter().map(|d| -d);
        let after = d_logits.iter().zip(&batch.continues);
        let d_values: Vec<f32> = before
            .chain(after.map(|(d, continues)| discount * continues * d))
            .collect();
        let rows: Vec<u32> = (0..2 * batch.n as u32).collect();
        potential.gradient(
            &states,
            &rows,
            &given(&d_values),
            of_potential,
            &mut self.workspace,
            pool,
        );
    }

    /// Adds the gradient of `weight · mean (‖∇ f‖ - target)²` over the rows, the slope being with respect to everything
    /// that f reads of a transition, and gives the mean.
    fn add_penalty(&mut self, batch: &Batch, weight: f32, target: f32, pool: &Pool) -> f64 {
        /// Rows of one part; the parts are added in order, so that the bits do not depend on the threads.
        const PART: usize = 64;
        let parts: Vec<std::ops::Range<usize>> = (0..batch.n)
            .step_by(PART)
            .map(|start| start..batch.n.min(start + PART))
            .collect();
        let mut results: Vec<(f64, Vec<f32>)> =
            vec![(0.0, vec![0.0; self.gradient.len()]); parts.len()];
        let slopes = Slopes {
            base: Network::of(&self.base),
            potential: self.potential.as_ref().map(Network::of),
            reads_action: self.reads_action(),
            discount: self.form.discount(),
            n_base: self.base.parameters().len(),
            weight: weight / batch.n as f32,
            target,
        };
        pool.for_each(&mut results, |index, (sum, gradient)| {
            *sum = slopes.add(batch, parts[index].clone(), gradient);
        });
        let mut penalty = 0.0;
        for (sum, gradient) in results {
            penalty += sum;
            for (to, from) in self.gradient.iter_mut().zip(gradient) {
                *to += from;
            }
        }
        penalty / batch.n as f64
    }

    fn parameters(&self) -> Vec<f32> {
        let potential = self.potential.as_ref().map_or(&[][..], Model::parameters);
        [self.base.parameters(), potential].concat()
    }

    fn set_parameters(&mut self, parameters: &[f32]) {
        let (base, potential) = parameters.split_at(self.base.parameters().len());
        self.base.parameters_mut().copy_from_slice(base);
        if let Some(model) = &mut self.potential {
            model.parameters_mut().copy_from_slice(potential);
        }
    }

    pub(crate) fn save(&self, arrays: &mut Arrays) {
        arrays.put_f32("discriminator", self.parameters());
        arrays.put_adam(&self.adam);
    }

    /// Reads what [`Discriminator::save`] put there, for [`Discriminator::set`].
    pub(crate) fn saved(&self, arrays: &mut Arrays) -> Result<(Vec<f32>, Adam), Error> {
        let n = self.gradient.len();
        let parameters = arrays.take_f32_of("discriminator", n)?;
        Ok((parameters, arrays.take_adam(self.adam.config, n)?))
    }

    pub(crate) fn set(&mut self, (parameters, adam): (Vec<f32>, Adam)) {
        self.set_parameters(&parameters);
        self.adam = adam;
    }
}

impl Form {
    fn discount(&self) -> f32 {
        match self {
            Form::Plain => 0.0,
            Form::Shaped { discount, .. } => *discount,
        }
    }
}

/// A loss whose derivative with respect to the one output of each row is known already.
fn given(d_outputs: &[f32]) -> impl Fn(nn::Tile<'_>, &mut ()) + Sync {
    |tile: nn::Tile<'_>, (): &mut ()| {
        for (d, row) in tile.d_outputs.iter_mut().zip(tile.rows) {
            *d = d_outputs[*row as usize];
        }
    }
}

/// The derivative of the mean binary cross-entropy with respect to each logit; the first half is demonstrated.
fn d_cross_entropy(logits: &[f32]) -> Vec<f32> {
    let n = logits.len();
    let label = |row: usize| f32::from(u8::from(row < n / 2));
    let rows = logits.iter().enumerate();
    rows.map(|(row, logit)| (sigmoid(*logit) - label(row)) / n as f32)
        .collect()
}

impl Update {
    /// What logits say, of which the first half is of demonstrations.
    fn of(logits: &[f32]) -> Update {
        let half = logits.len() / 2;
        let (expert, policy) = logits.split_at(half);
        let n = half as f64;
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let sum = |logits: &[f32], of: &dyn Fn(f64) -> f64| -> f64 {
            logits.iter().map(|logit| of(f64::from(*logit))).sum()
        };
        let share = |logits: &[f32], is_right: &dyn Fn(f64) -> bool| {
            sum(logits, &|logit| f64::from(u8::from(is_right(logit)))) / n
        };
        // -D log D - (1 - D) log(1 - D), with -log D = softplus(-l).
        let entropy = |logit: f64| {
            let d = 1.0 / (1.0 + (-logit).exp());
            d * softplus(-logit) + (1.0 - d) * softplus(logit)
        };
        Update {
            loss: (sum(expert, &|logit| softplus(-logit)) + sum(policy, &softplus)) / (2.0 * n),
            accuracy_on_expert: share(expert, &|logit| logit > 0.0),
            accuracy_on_policy: share(policy, &|logit| logit < 0.0),
            logit_gap: (sum(expert, &|logit| logit) - sum(policy, &|logit| logit)) / n,
            entropy: (sum(expert, &entropy) + sum(policy, &entropy)) / (2.0 * n),
            penalty: None,
        }
    }
}

/// The slope of f, and the gradient of its penalty.
struct Slopes<'m> {
    base: Network<'m>,
    potential: Option<Network<'m>>,
    reads_action: bool,
    discount: f32,
    n_base: usize,
    /// Of each row.
    weight: f32,
    target: f32,
}

impl Slopes<'_> {
    /// Adds the gradient of the penalty on some rows, and gives the sum of `(‖∇ f‖ - target)²`.
    fn add(&self, batch: &Batch, rows: std::ops::Range<usize>, gradient: &mut [f32]) -> f64 {
        let n = rows.len();
        let part = |values: &'_ [f32]| -> Vec<f32> {
            let width = values.len() / batch.n;
            values[rows.start * width..rows.end * width].to_vec()
        };
        let (states, next_states) = (part(&batch.states), part(&batch.next_states));
        let inputs = if self.reads_action {
            part(&batch.inputs)
        } else {
            states.clone()
        };
        let (n_inputs, n_state) = (inputs.len() / n, states.len() / n);
        let mut slopes = vec![0.0; inputs.len()];
        self.base.input_gradients(&inputs, &mut slopes);
        let mut next_slopes = vec![0.0; next_states.len()];
        if let Some(potential) = &self.potential {
            let mut own = vec![0.0; states.len()];
            potential.input_gradients(&states, &mut own);
            let own = own.chunks_exact(n_state);
            for (slope, own) in slopes.chunks_exact_mut(n_inputs).zip(own) {
                for (slope, own) in slope.iter_mut().zip(own) {
                    *slope -= own;
                }
            }
            potential.input_gradients(&next_states, &mut next_slopes);
            let continues = &batch.continues[rows.clone()];
            for (row, continues) in next_slopes.chunks_exact_mut(n_state).zip(continues) {
                for slope in row {
                    *slope *= self.discount * continues;
                }
            }
        }
        let (sum, scales) = self.scales(&slopes, &next_slopes, n);
        let (of_base, of_potential) = gradient.split_at_mut(self.n_base);
        self.base
            .add_gradient_along(&inputs, &slopes, &scales, of_base);
        if let Some(potential) = &self.potential {
            let of_state: Vec<f32> = slopes
                .chunks_exact(n_inputs)
                .flat_map(|row| row[..n_state].to_vec())
                .collect();
            let negative: Vec<f32> = scales.iter().map(|scale| -scale).collect();
            potential.add_gradient_along(&states, &of_state, &negative, of_potential);
            let continues = &batch.continues[rows];
            let discounted: Vec<f32> = scales
                .iter()
                .zip(continues)
                .map(|(scale, continues)| scale * self.discount * continues)
                .collect();
            potential.add_gradient_along(&next_states, &next_slopes, &discounted, of_potential);
        }
        sum
    }

    /// The sum of `(‖∇‖ - target)²`, and for each row the factor `2 w (‖∇‖ - target) / ‖∇‖` of `∇ · ∂∇/∂θ`.
    fn scales(&self, slopes: &[f32], next_slopes: &[f32], n: usize) -> (f64, Vec<f32>) {
        /// Where there is no slope there is no direction to push it in.
        const FLAT: f32 = 1e-12;
        let rows = slopes
            .chunks_exact(slopes.len() / n)
            .zip(next_slopes.chunks_exact(next_slopes.len() / n));
        let mut sum = 0.0;
        let scales = rows.map(|(own, next)| {
            let squares: f32 = own.iter().chain(next).map(|slope| slope * slope).sum();
            let norm = squares.sqrt();
            let apart = norm - self.target;
            sum += f64::from(apart * apart);
            if norm > FLAT {
                2.0 * self.weight * apart / norm
            } else {
                0.0
            }
        });
        let scales = scales.collect();
        (sum, scales)
    }
}
