//! Reward models that learn from what was said of segments, several side by side.
//!
//! Every member minimises, over the judgements that it learns from, `Σ w · loss(R₁, R₂, …)`, R being the sum of its rewards
//! over a segment; for comparisons the loss is the [cross-entropy](crate::Label) of the Bradley-Terry model.
//!
//! # Details
//! As in Christiano et al. (2017), section 2.2.3 and appendix A: members learn from bootstrap samples; what a member did not
//! draw, 1/e of the data, is its validation set; a coefficient of weight decay rises where the validation loss is above 1.5
//! times the training loss, and falls where it is below 1.1 times; every member's output is normalised before the mean is
//! taken. Where the paper draws a sample anew, a judgement here gets its weight in a member once, from a Poisson distribution
//! with mean 1 (Oza and Russell, 2001), the limit of the bootstrap for many judgements, so that what is held out in one round is
//! held out in all. The decay is decoupled from the gradient (AdamW).
//!
//! The members are perceptrons of one [`nn::Model`] over the same rows: a minibatch of judgements goes through all of them
//! in one pass, their returns are summed, and the derivative of each return goes back to each of its rows.

#[cfg(test)]
mod tests;

use mdp::{Rng, Segment, index, uniform};
use nn::{
    Activation, Adam, AdamConfig, Initialization, MlpShape, Model, Pool, RunningNorm, Workspace,
};
use rl::{Arrays, Error, RewardInputs, RewardNetwork, RewardOutput, Transitions};

use crate::judgement::{EncodedSegments, Judgement, Judgements, Label, LossSettings};

/// Settings of an ensemble of reward models.
#[derive(Clone, Debug, PartialEq)]
pub struct EnsembleConfig {
    /// Members, M.
    pub n_members: usize,
    /// How members share what was said.
    pub sampling: Sampling,
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Whether features of observations are normalised by running mean and deviation.
    pub normalize_observations: bool,
    /// How what was said becomes a loss.
    pub loss: LossSettings,
    /// Judgements a minibatch.
    pub minibatch: usize,
    /// Learning rate of Adam.
    pub learning_rate: f64,
    /// Coefficient of the decoupled weight decay at the start.
    pub weight_decay: f64,
    /// The bounds of validation loss over training loss outside of which the coefficient is changed; none to leave it.
    pub validation_ratio: Option<(f64, f64)>,
}

/// How the members of an ensemble share what was said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sampling {
    /// Each has a bootstrap sample of its own, and what it did not draw for validation.
    Bootstrap,
    /// Each learns from all but a share drawn for its validation, in `0..1`.
    HeldOut(f64),
}

/// How the outputs of members are shifted and scaled before they are a reward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputNormalization {
    /// To mean 0 and deviation 1, as long as all segments judged are of one length, because then nothing that was said
    /// depends on a constant added to the reward; to a mean square of 1 as soon as lengths differ, because then how good it
    /// is that an episode goes on was judged too, and a shift would say otherwise.
    Automatic,
    /// To mean 0 and deviation 1 (Christiano et al., 2017).
    MeanAndDeviation,
    /// To a mean square of 1: signs stay.
    Scale,
    /// Not at all.
    None,
}

impl OutputNormalization {
    /// All of them.
    pub const ALL: [OutputNormalization; 4] = [
        OutputNormalization::Automatic,
        OutputNormalization::MeanAndDeviation,
        OutputNormalization::Scale,
        OutputNormalization::None,
    ];

    /// Its name in experiments.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            OutputNormalization::Automatic => "automatic",
            OutputNormalization::MeanAndDeviation => "mean-and-deviation",
            OutputNormalization::Scale => "scale",
            OutputNormalization::None => "none",
        }
    }
}

/// How learning went in its last epoch: means over members and what each learns from, or is held to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FitReport {
    /// Mean loss.
    pub loss: f64,
    /// Share of the judgements that are ordered as was said, those that order nothing aside; none without any.
    pub accuracy: Option<f64>,
    /// Mean loss of validation; none where nothing is held out.
    pub validation_loss: Option<f64>,
    /// Share of validation that is ordered as was said.
    pub validation_accuracy: Option<f64>,
}

/// Reward models side by side.
#[derive(Clone, Debug)]
pub struct RewardEnsemble {
    config: EnsembleConfig,
    inputs: RewardInputs,
    model: Model,
    adam: Adam,
    /// `[M]`, coefficients of weight decay.
    decays: Vec<f64>,
    norm: Option<RunningNorm>,
    /// Of the whole input row, as `norm` has it now.
    row_norm: Option<RunningNorm>,
    /// `[M]`, what is taken off an output before it is scaled.
    offsets: Vec<f64>,
    /// `[M]`, what an output is divided by after that.
    scales: Vec<f64>,
    is_fitted: bool,
    gradient: Vec<f32>,
    work: Work,
}

/// Memory that is made once and used for every minibatch.
#[derive(Debug, Default)]
struct Work {
    workspace: Workspace,
    /// `[rows, inputs]` of all judgements, normalised.
    all: Vec<f32>,
    inputs: Vec<f32>,
    outputs: Vec<f32>,
    d_outputs: Vec<f32>,
    rows: Vec<u32>,
}

impl Clone for Work {
    /// Memory of its own, with nothing in it: what it holds is written before it is read.
    fn clone(&self) -> Work {
        Work::default()
    }
}

/// Sums over the judgements that one member learns from, or is held to.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    weight: f64,
    loss: f64,
    ordered: f64,
    right: f64,
}

/// Factor by which a coefficient of weight decay changes after an epoch.
const DECAY_FACTOR: f64 = 1.5;

/// Where a coefficient of weight decay may lie: its logarithm must not wander off where nothing answers to it.
const DECAYS: std::ops::RangeInclusive<f64> = 1e-6..=30.0;

/// Below this an output does not vary, and is not scaled up.
const LEAST_SCALE: f64 = 1e-6;

impl RewardEnsemble {
    /// Members with fresh weights.
    ///
    /// # Errors
    /// If a setting is impossible.
    pub fn new(
        config: EnsembleConfig,
        inputs: RewardInputs,
        rng: &mut Rng,
    ) -> Result<RewardEnsemble, Error> {
        config.check(&inputs)?;
        let n = config.n_members;
        let shape = MlpShape {
            inputs: inputs.n_inputs(),
            hidden: config.hidden.clone(),
            outputs: 1,
            activation: config.activation,
        };
        let members = vec![(shape, Initialization::PyTorchDefault); n];
        let model = Model::new(&members, &[], rng);
        let n_parameters = model.parameters().len();
        let norm = config
            .normalize_observations
            .then(|| RunningNorm::new(inputs.n_features));
        let mut ensemble = RewardEnsemble {
            adam: Adam::new(n_parameters, AdamConfig::adam(1e-8)),
            decays: vec![config.weight_decay; n],
            offsets: vec![0.0; n],
            scales: vec![1.0; n],
            is_fitted: false,
            gradient: vec![0.0; n_parameters],
            work: Work::default(),
            row_norm: None,
            norm,
            model,
            inputs,
            config,
        };
        ensemble.refresh_row_norm()?;
        Ok(ensemble)
    }

    /// Members, M.
    #[must_use]
    pub fn n_members(&self) -> usize {
        self.config.n_members
    }

    /// What it reads of a transition.
    #[must_use]
    pub fn inputs(&self) -> &RewardInputs {
        &self.inputs
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &EnsembleConfig {
        &self.config
    }

    /// Whether it has learned anything yet.
    #[must_use]
    pub fn is_fitted(&self) -> bool {
        self.is_fitted
    }

    /// Mean over members of the coefficient of weight decay.
    #[must_use]
    pub fn weight_decay(&self) -> f64 {
        self.decays.iter().sum::<f64>() / self.decays.len() as f64
    }

    /// Something that was said, with the weight that it has in each member.
    ///
    /// # Panics
    /// If the label is of another number of segments.
    #[must_use]
    pub fn judgement(&self, segments: &[&Segment], label: Label, rng: &mut Rng) -> Judgement {
        let segments = EncodedSegments::of(segments, &self.inputs);
        self.judgement_of(segments, label, rng)
    }

    /// The same of segments that are encoded already.
    ///
    /// # Panics
    /// If the label is of another number of segments.
    #[must_use]
    pub fn judgement_of(
        &self,
        segments: EncodedSegments,
        label: Label,
        rng: &mut Rng,
    ) -> Judgement {
        assert_eq!(
            segments.lengths.len(),
            label.n_segments(),
            "as many segments as the label is said of"
        );
        let weights = (0..self.n_members()).map(|_| match self.config.sampling {
            Sampling::Bootstrap => poisson(rng),
            Sampling::HeldOut(share) => f32::from(u8::from(uniform(rng) >= share)),
        });
        Judgement {
            segments,
            label,
            weights: weights.collect(),
        }
    }

    /// Learns how observations are distributed, `[N, F]`, from the next fit on.
    pub fn observe(&mut self, observations: &[f32]) {
        if let Some(norm) = &mut self.norm {
            norm.update(observations);
        }
    }

    /// Learns from everything that was said for so many epochs, going on from where it is.
    ///
    /// # Errors
    /// If the weights diverge.
    pub fn fit(
        &mut self,
        judgements: &Judgements,
        n_epochs: usize,
        rng: &mut Rng,
        pool: &Pool,
    ) -> Result<FitReport, Error> {
        self.refresh_row_norm()?;
        let starts = self.gather(judgements);
        let judgements: Vec<&Judgement> = judgements.iter().collect();
        let mut order: Vec<usize> = (0..judgements.len()).collect();
        let mut report = FitReport::default();
        for _ in 0..n_epochs {
            for i in (1..order.len()).rev() {
                order.swap(i, index(i + 1, rng));
            }
            let mut learned = vec![Tally::default(); self.n_members()];
            let mut held = learned.clone();
            for batch in order.chunks(self.config.minibatch) {
                self.step(&judgements, &starts, batch, &mut learned, &mut held, pool)?;
            }
            self.adapt_decays(&learned, &held);
            report = FitReport::of(&learned, &held);
        }
        self.is_fitted |= n_epochs > 0 && !judgements.is_empty();
        Ok(report)
    }

    /// Writes the rows of all judgements, normalised, to `work.all`; the first row of each.
    fn gather(&mut self, judgements: &Judgements) -> Vec<usize> {
        let all = &mut self.work.all;
        all.clear();
        let mut starts = Vec::with_capacity(judgements.len());
        for judgement in judgements.iter() {
            starts.push(all.len());
            all.extend_from_slice(&judgement.segments.rows);
        }
        if let Some(norm) = &self.row_norm {
            norm.normalize_in_place(all);
        }
        starts
    }

    /// One step of Adam on the mean loss of a minibatch.
    fn step(
        &mut self,
        judgements: &[&Judgement],
        starts: &[usize],
        batch: &[usize],
        learned: &mut [Tally],
        held: &mut [Tally],
        pool: &Pool,
    ) -> Result<(), Error> {
        let n_members = self.n_members();
        let work = &mut self.work;
        work.inputs.clear();
        for one in batch {
            let rows = &work.all[starts[*one]..][..judgements[*one].segments.rows.len()];
            work.inputs.extend_from_slice(rows);
        }
        let n_rows = work.inputs.len() / self.inputs.n_inputs();
        work.outputs.resize(n_rows * n_members, 0.0);
        self.model
            .forward(&work.inputs, &mut work.outputs, &mut work.workspace, pool);
        work.d_outputs.clear();
        let scale = 1.0 / batch.len() as f64;
        let mut rest = work.outputs.as_slice();
        for one in batch {
            let judgement = judgements[*one];
            let (own, after) = rest.split_at(judgement.segments.n_rows() * n_members);
            rest = after;
            let d_returns = judgement.d_returns(own, n_members, &self.config.loss, learned, held);
            for (segment, length) in judgement.segments.lengths.iter().enumerate() {
                let d = &d_returns[segment * n_members..][..n_members];
                for _ in 0..*length {
                    work.d_outputs.extend(d.iter().map(|d| (d * scale) as f32));
                }
            }
        }
        work.rows.clear();
        work.rows.extend(0..n_rows as u32);
        let d_outputs = &work.d_outputs;
        self.model.gradient(
            &work.inputs,
            &work.rows,
            &|tile: nn::Tile<'_>, (): &mut ()| {
                let first = tile.rows[0] as usize * n_members;
                let n = tile.d_outputs.len();
                tile.d_outputs.copy_from_slice(&d_outputs[first..first + n]);
            },
            &mut self.gradient,
            &mut work.workspace,
            pool,
        );
        let norm = nn::gradient_norm(&self.gradient);
        if !norm.is_finite() {
            return Err(Error::Diverged {
                n_steps: self.adam.n_steps,
                what: "the norm of the reward model's gradient",
                value: norm,
            });
        }
        self.decay();
        self.adam.step(
            self.model.parameters_mut(),
            &self.gradient,
            self.config.learning_rate,
        );
        Ok(())
    }

    /// Multiplies the parameters of each member with `1 - learning rate * coefficient`.
    fn decay(&mut self) {
        let n_own = self.model.parameters().len() / self.n_members();
        let members = self.model.parameters_mut().chunks_exact_mut(n_own);
        for (member, decay) in members.zip(&self.decays) {
            let factor = (1.0 - self.config.learning_rate * decay) as f32;
            for parameter in member {
                *parameter *= factor;
            }
        }
    }

    fn adapt_decays(&mut self, learned: &[Tally], held: &[Tally]) {
        let Some((low, high)) = self.config.validation_ratio else {
            return;
        };
        for (decay, (learned, held)) in self.decays.iter_mut().zip(learned.iter().zip(held)) {
            if learned.weight == 0.0 || held.weight == 0.0 {
                continue;
            }
            let (loss, validation) = (learned.loss / learned.weight, held.loss / held.weight);
            if validation > high * loss {
                *decay *= DECAY_FACTOR;
            } else if validation < low * loss {
                *decay /= DECAY_FACTOR;
            }
            *decay = decay.clamp(*DECAYS.start(), *DECAYS.end());
        }
    }

    /// `[segments, M]`, the return that each member gives each segment, in the units of the Bradley-Terry model.
    #[must_use]
    pub fn returns(&mut self, segments: &EncodedSegments, pool: &Pool) -> Vec<f64> {
        let n_members = self.n_members();
        let outputs = self.outputs(segments.rows.clone(), pool);
        let mut rows = outputs.chunks_exact(n_members);
        let mut returns = Vec::with_capacity(segments.lengths.len() * n_members);
        for length in &segments.lengths {
            let mut sums = vec![0.0; n_members];
            for row in rows.by_ref().take(*length) {
                for (sum, output) in sums.iter_mut().zip(row) {
                    *sum += f64::from(*output);
                }
            }
            returns.extend(sums);
        }
        returns
    }

    /// `[pairs, M]`, how much more return each member gives the first of each pair than the second, in the units of the
    /// Bradley-Terry model.
    #[must_use]
    pub fn differences(&mut self, pairs: &[(Segment, Segment)], pool: &Pool) -> Vec<f64> {
        let segments: Vec<&Segment> = pairs.iter().flat_map(|pair| [&pair.0, &pair.1]).collect();
        let returns = self.returns(&EncodedSegments::of(&segments, &self.inputs), pool);
        let n = self.n_members();
        returns
            .chunks_exact(2 * n)
            .flat_map(|pair| (0..n).map(|member| pair[member] - pair[n + member]))
            .collect()
    }

    /// What each member says of rows, `[N, M]`, not normalised.
    fn outputs(&mut self, mut rows: Vec<f32>, pool: &Pool) -> Vec<f32> {
        let n = rows.len() / self.inputs.n_inputs();
        if let Some(norm) = &self.row_norm {
            norm.normalize_in_place(&mut rows);
        }
        let mut outputs = vec![0.0; n * self.n_members()];
        self.model
            .forward(&rows, &mut outputs, &mut self.work.workspace, pool);
        outputs
    }

    /// The normalised reward of each member for each transition, `[N, M]`.
    ///
    /// # Panics
    /// If an array has another length than [`Transitions`] says.
    #[must_use]
    pub fn rewards(&mut self, transitions: &Transitions<'_>, pool: &Pool) -> Vec<f32> {
        let n = transitions.terminated.len();
        let mut rows = vec![0.0; n * self.inputs.n_inputs()];
        self.inputs.write(transitions, &mut rows);
        let mut outputs = self.outputs(rows, pool);
        for row in outputs.chunks_exact_mut(self.config.n_members) {
            for (output, (offset, scale)) in
                row.iter_mut().zip(self.offsets.iter().zip(&self.scales))
            {
                *output = ((f64::from(*output) - offset) / scale) as f32;
            }
        }
        outputs
    }

    /// Chooses what is taken off each member's outputs, and what they are divided by, so that they are normalised over
    /// these segments.
    pub fn calibrate(
        &mut self,
        segments: &EncodedSegments,
        normalization: OutputNormalization,
        lengths_differ: bool,
        pool: &Pool,
    ) {
        let with_mean = match normalization {
            OutputNormalization::None => {
                self.offsets.fill(0.0);
                self.scales.fill(1.0);
                return;
            }
            OutputNormalization::Automatic => !lengths_differ,
            OutputNormalization::MeanAndDeviation => true,
            OutputNormalization::Scale => false,
        };
        let outputs = self.outputs(segments.rows.clone(), pool);
        let n_members = self.n_members();
        let n = (outputs.len() / n_members) as f64;
        for member in 0..n_members {
            let own = || outputs[member..].iter().step_by(n_members);
            let mean = own().map(|x| f64::from(*x)).sum::<f64>() / n;
            let offset = if with_mean { mean } else { 0.0 };
            let squares: f64 = own().map(|x| (f64::from(*x) - offset).powi(2)).sum();
            let scale = (squares / n).sqrt();
            self.offsets[member] = offset;
            self.scales[member] = if scale > LEAST_SCALE { scale } else { 1.0 };
        }
    }

    /// The mean of the members' normalised rewards, less `deviations` of their deviation, as a reward of its own that can
    /// be written to a file.
    ///
    /// # Errors
    /// If the number of deviations is impossible.
    pub fn network(&self, deviations: f64, method: &str) -> Result<RewardNetwork, Error> {
        let mut model = self.model.clone();
        let n_own = model.parameters().len() / self.n_members();
        let n_latents = self
            .config
            .hidden
            .last()
            .copied()
            .unwrap_or(self.inputs.n_inputs());
        let members = model.parameters_mut().chunks_exact_mut(n_own);
        for (member, (offset, scale)) in members.zip(self.offsets.iter().zip(&self.scales)) {
            let last = &mut member[n_own - n_latents - 1..];
            last[n_latents] = (f64::from(last[n_latents]) - offset) as f32;
            for parameter in last {
                *parameter = (f64::from(*parameter) / scale) as f32;
            }
        }
        RewardNetwork::new(
            model,
            self.row_norm.clone(),
            self.inputs.clone(),
            RewardOutput::Identity,
            method,
        )?
        .conservative(deviations)
    }

    /// Brings the normalisation of rows up to what `norm` knows: features as it says, everything else as it is.
    fn refresh_row_norm(&mut self) -> Result<(), Error> {
        // The inverse deviation of variance v is 1 / √(v + 1e-8).
        const UNIT: f64 = 1.0 - 1e-8;
        let Some(norm) = &self.norm else {
            return Ok(());
        };
        let features = || {
            norm.mean()
                .iter()
                .copied()
                .zip(norm.variance().iter().copied())
        };
        let plain = |n: usize| std::iter::repeat_n((0.0, UNIT), n);
        let inputs = &self.inputs;
        let mut moments: Vec<(f64, f64)> = vec![];
        if inputs.observation {
            moments.extend(features());
        }
        if inputs.action {
            moments.extend(plain(inputs.actions.n_inputs()));
        }
        if inputs.next_observation {
            moments.extend(features());
        }
        if inputs.terminated {
            moments.extend(plain(1));
        }
        let (means, variances): (Vec<f64>, Vec<f64>) = moments.into_iter().unzip();
        let state = [vec![1.0], means, variances].concat();
        self.row_norm = Some(RunningNorm::from_state(inputs.n_inputs(), &state)?);
        Ok(())
    }

    pub(crate) fn save(&self, arrays: &mut Arrays) {
        arrays.put_f32("reward.parameters", self.model.parameters());
        arrays.put_adam(&self.adam);
        arrays.put_f64("reward.decays", self.decays.as_slice());
        arrays.put_f64("reward.offsets", self.offsets.as_slice());
        arrays.put_f64("reward.scales", self.scales.as_slice());
        arrays.put_u64("reward.is_fitted", [u64::from(self.is_fitted)]);
        if let (Some(norm), Some(row_norm)) = (&self.norm, &self.row_norm) {
            arrays.put_f64("reward.norm", norm.state());
            arrays.put_f64("reward.row_norm", row_norm.state());
        }
    }

    /// The same with what [`RewardEnsemble::save`] put there.
    pub(crate) fn restored(&self, arrays: &mut Arrays) -> Result<RewardEnsemble, Error> {
        let mut restored = self.clone();
        let (n, n_members) = (self.gradient.len(), self.n_members());
        let parameters = arrays.take_f32_of("reward.parameters", n)?;
        restored.model.parameters_mut().copy_from_slice(&parameters);
        restored.adam = arrays.take_adam(self.adam.config, n)?;
        restored.decays = arrays.take_f64_of("reward.decays", n_members)?;
        restored.offsets = arrays.take_f64_of("reward.offsets", n_members)?;
        restored.scales = arrays.take_f64_of("reward.scales", n_members)?;
        restored.is_fitted = arrays.take_u64_of("reward.is_fitted", 1)?[0] != 0;
        if self.norm.is_some() {
            let norm = arrays.take_f64("reward.norm")?;
            let row_norm = arrays.take_f64("reward.row_norm")?;
            restored.norm = Some(RunningNorm::from_state(self.inputs.n_features, &norm)?);
            let row_norm = RunningNorm::from_state(self.inputs.n_inputs(), &row_norm)?;
            restored.row_norm = Some(row_norm);
        }
        Ok(restored)
    }
}

impl EnsembleConfig {
    fn check(&self, inputs: &RewardInputs) -> Result<(), Error> {
        let positive = [
            ("n_members", self.n_members),
            ("minibatch", self.minibatch),
            ("reads", inputs.n_inputs()),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(setting(key, value, "it must be at least 1"));
            }
        }
        let mut shares = vec![
            ("noise_floor", self.loss.noise_floor),
            ("label_smoothing", self.loss.label_smoothing),
        ];
        if let Sampling::HeldOut(share) = self.sampling {
            shares.push(("held_out", share));
        }
        for (key, value) in shares {
            if !(0.0..1.0).contains(&value) {
                return Err(setting(key, value, "it must lie in 0..1"));
            }
        }
        for (key, value) in [
            ("learning_rate", self.learning_rate),
            ("weight_decay", self.weight_decay),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(setting(key, value, "it must be finite and not negative"));
            }
        }
        match self.validation_ratio {
            Some((low, high)) if !(0.0 <= low && low <= high) => Err(setting(
                "validation_ratio",
                format!("{low} to {high}"),
                "the first bound must not be above the second",
            )),
            _ => Ok(()),
        }
    }
}

impl Judgement {
    /// `[segments, M]`, the derivative of `Σ weight · loss` with respect to the return that each member gives each segment,
    /// `outputs` being what the members say of the rows, `[rows, M]`. What each learns from, or is held to, is counted.
    fn d_returns(
        &self,
        outputs: &[f32],
        n_members: usize,
        settings: &LossSettings,
        learned: &mut [Tally],
        held: &mut [Tally],
    ) -> Vec<f64> {
        let n_segments = self.segments.lengths.len();
        let mut d_returns = vec![0.0; n_segments * n_members];
        let mut returns = vec![0.0; n_segments];
        let mut d_own = vec![0.0; n_segments];
        for member in 0..n_members {
            let mut own = outputs[member..].iter().step_by(n_members);
            for (sum, length) in returns.iter_mut().zip(&self.segments.lengths) {
                *sum = own.by_ref().take(*length).map(|x| f64::from(*x)).sum();
            }
            let judged = self.label.loss(&returns, settings, &mut d_own);
            let weight = f64::from(self.weights[member]);
            let (tally, counted) = match weight > 0.0 {
                true => (&mut learned[member], weight),
                false => (&mut held[member], 1.0),
            };
            tally.add(judged.loss, judged.is_right, counted);
            for (segment, d) in d_own.iter().enumerate() {
                d_returns[segment * n_members + member] = weight * d;
            }
        }
        d_returns
    }
}

impl Tally {
    fn add(&mut self, loss: f64, is_right: Option<bool>, weight: f64) {
        self.weight += weight;
        self.loss += weight * loss;
        if let Some(is_right) = is_right {
            self.ordered += weight;
            self.right += weight * f64::from(u8::from(is_right));
        }
    }
}

impl FitReport {
    fn of(learned: &[Tally], held: &[Tally]) -> FitReport {
        let ratio = |tallies: &[Tally], part: fn(&Tally) -> f64, of: fn(&Tally) -> f64| {
            let total: f64 = tallies.iter().map(of).sum();
            (total > 0.0).then(|| tallies.iter().map(part).sum::<f64>() / total)
        };
        let loss = |tallies| ratio(tallies, |tally| tally.loss, |tally| tally.weight);
        let accuracy = |tallies| ratio(tallies, |tally| tally.right, |tally| tally.ordered);
        FitReport {
            loss: loss(learned).unwrap_or(0.0),
            accuracy: accuracy(learned),
            validation_loss: loss(held),
            validation_accuracy: accuracy(held),
        }
    }
}

/// A number from the Poisson distribution with mean 1 (Knuth's method).
fn poisson(rng: &mut Rng) -> f32 {
    let limit = (-1.0_f64).exp();
    let mut product = uniform(rng);
    let mut n = 0;
    while product > limit {
        product *= uniform(rng);
        n += 1;
    }
    n as f32
}

pub(crate) fn setting(key: &'static str, value: impl ToString, allowed: &'static str) -> Error {
    Error::Setting {
        key,
        value: value.to_string(),
        allowed,
    }
}
