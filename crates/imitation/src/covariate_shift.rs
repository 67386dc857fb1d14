//! Covariate shift: how wrong a learner is where it goes itself, against how wrong it is where the expert goes.
//!
//! A policy that was cloned with error ε a step, on the expert's situations, errs about ε T in an episode of T steps as
//! long as it stays among them. One that has left them is wrong about what it never saw, and does not come back: the
//! error over an episode may then grow as ε T² (Ross and Bagnell, 2010). [`covariate_shift`] measures both by the step of
//! the episode, and [`CovariateShift::growth`] how the sum grows with the horizon.

#[cfg(test)]
mod tests;

use mdp::{Rng, Seed, Space};
use nn::Pool;
use rl::{MAX_SIDE_BY_SIDE, Play, StepBatch, TrainedPolicy, VectorEnvironment};

use crate::dagger::{Expert, Situations};

/// What is played to measure a shift.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ShiftConfig {
    /// Episodes of the learner, and as many of the expert, from the same beginnings.
    pub n_episodes: usize,
    /// Steps of each, unless it ends before.
    pub n_steps: usize,
    /// How the learner plays.
    pub play: Play,
}

/// Whose trajectories a learner is judged on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// The learner's own.
    Own,
    /// The expert's.
    Expert,
}

/// The errors of a learner by episode and step, along its own trajectories and along the expert's.
#[derive(Clone, Debug, PartialEq)]
pub struct CovariateShift {
    own: Trials,
    expert: Trials,
}

/// A mean over episodes with its standard error.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Estimate {
    /// Episodes that it is of.
    pub n: usize,
    /// The mean; 0 of no episodes.
    pub mean: f64,
    /// Its standard error; 0 of fewer than two episodes.
    pub standard_error: f64,
}

/// What was measured over some steps of an episode.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Measured {
    /// The error: see [`covariate_shift`].
    pub error: Estimate,
    /// The intent, where it is known: 0 where it is not.
    pub intent: Estimate,
}

/// Errors and intents, `[episodes, steps]`, steps after an end not used.
#[derive(Clone, Debug, PartialEq)]
struct Trials {
    play: Play,
    n_steps: usize,
    lengths: Vec<usize>,
    errors: Vec<f64>,
    intents: Vec<f64>,
}

/// Plays the learner and the expert from the same beginnings and asks both at every step what they would do.
///
/// The error of a step is the share of choices in which the two differ (0 or 1 for one choice); for continuous actions
/// it is the mean square of their difference, as a share of the range where the range is finite.
pub fn covariate_shift(
    learner: &dyn TrainedPolicy,
    expert: &mut dyn Expert,
    rules: &dyn VectorEnvironment,
    config: ShiftConfig,
    seed: Seed,
    pool: &Pool,
) -> CovariateShift {
    let mut along = |whose| {
        let mut trials = Trials::new(config);
        for first in (0..config.n_episodes).step_by(MAX_SIDE_BY_SIDE) {
            let n = (config.n_episodes - first).min(MAX_SIDE_BY_SIDE);
            let seed = seed.child("shift", (first / MAX_SIDE_BY_SIDE) as u64);
            let mut stage = Stage::new(rules, n, seed);
            stage.play(whose, learner, expert, first, &mut trials, pool);
        }
        trials
    };
    CovariateShift {
        own: along(Along::Own),
        expert: along(Along::Expert),
    }
}

impl CovariateShift {
    /// Steps of the longest episode that was asked for.
    #[must_use]
    pub fn n_steps(&self) -> usize {
        self.own.n_steps
    }

    /// What was measured from one step of the episode, counted from 0, up to another: means a step, over the episodes
    /// that got so far.
    #[must_use]
    pub fn between(&self, along: Along, steps: std::ops::Range<usize>) -> Measured {
        let trials = self.along(along);
        let mean = |numbers: &[f64], length: usize| {
            let part = steps.start..steps.end.min(length);
            (!part.is_empty())
                .then(|| numbers[part.clone()].iter().sum::<f64>() / part.len() as f64)
        };
        trials.measure(mean)
    }

    /// The curve: the mean of every `width` steps, first to last.
    ///
    /// # Panics
    /// If `width` is 0.
    #[must_use]
    pub fn curve(&self, along: Along, width: usize) -> Vec<Measured> {
        (0..self.n_steps())
            .step_by(width)
            .map(|first| self.between(along, first..self.n_steps().min(first + width)))
            .collect()
    }

    /// What was measured up to a horizon: sums over the first steps of an episode; an episode that ended before adds
    /// what it has.
    #[must_use]
    pub fn up_to(&self, along: Along, horizon: usize) -> Measured {
        let sum = |numbers: &[f64], length: usize| {
            Some(numbers[..horizon.min(length)].iter().sum::<f64>())
        };
        self.along(along).measure(sum)
    }

    /// The exponent b of `error = a T^b`, fitted by least squares to the logarithms of the errors along a trajectory up to
    /// each horizon; none where fewer than two horizons have an error above 0.
    #[must_use]
    pub fn growth(&self, along: Along, horizons: &[usize]) -> Option<f64> {
        let errors = horizons
            .iter()
            .map(|horizon| (*horizon as f64, self.up_to(along, *horizon).error.mean));
        growth_exponent(errors)
    }

    fn along(&self, along: Along) -> &Trials {
        match along {
            Along::Own => &self.own,
            Along::Expert => &self.expert,
        }
    }
}

/// The exponent b of `y = a x^b` by least squares on logarithms; pairs that are not positive are left out, and there is no
/// exponent where fewer than two are left.
#[must_use]
pub fn growth_exponent(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    let logarithms: Vec<(f64, f64)> = pairs
        .into_iter()
        .filter(|(x, y)| 0.0 < *x && 0.0 < *y)
        .map(|(x, y)| (x.ln(), y.ln()))
        .collect();
    let n = logarithms.len() as f64;
    let mean = |of: fn(&(f64, f64)) -> f64| logarithms.iter().map(of).sum::<f64>() / n;
    let (x_mean, y_mean) = (mean(|pair| pair.0), mean(|pair| pair.1));
    let (mut products, mut squares) = (0.0, 0.0);
    for (x, y) in &logarithms {
        products += (x - x_mean) * (y - y_mean);
        squares += (x - x_mean).powi(2);
    }
    (squares > 0.0).then(|| products / squares)
}

impl Trials {
    fn new(config: ShiftConfig) -> Trials {
        let n = config.n_episodes * config.n_steps;
        Trials {
            play: config.play,
            n_steps: config.n_steps,
            lengths: vec![0; config.n_episodes],
            errors: vec![0.0; n],
            intents: vec![0.0; n],
        }
    }

    fn push(&mut self, episode: usize, error: f64, intent: f64) {
        let at = episode * self.n_steps + self.lengths[episode];
        (self.errors[at], self.intents[at]) = (error, intent);
        self.lengths[episode] += 1;
    }

    /// Means over episodes of one number an episode, made of its steps and its length.
    fn measure(&self, of: impl Fn(&[f64], usize) -> Option<f64>) -> Measured {
        let estimate = |numbers: &[f64]| {
            let episodes = numbers.chunks_exact(self.n_steps).zip(&self.lengths);
            let values: Vec<f64> = episodes
                .filter_map(|(numbers, length)| of(numbers, *length))
                .collect();
            Estimate::of(&values)
        };
        Measured {
            error: estimate(&self.errors),
            intent: estimate(&self.intents),
        }
    }
}

impl Estimate {
    /// The mean of some numbers, with its standard error.
    #[must_use]
    pub fn of(values: &[f64]) -> Estimate {
        let n = values.len() as f64;
        if values.is_empty() {
            return Estimate::default();
        }
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let standard_error = if values.len() < 2 {
            0.0
        } else {
            (squares / (n - 1.0) / n).sqrt()
        };
        Estimate {
            n: values.len(),
            mean,
            standard_error,
        }
    }

    /// The interval that holds the true mean in 95 of 100 cases, where there are enough episodes for a normal mean.
    #[must_use]
    pub fn interval(&self) -> (f64, f64) {
        let half = 1.96 * self.standard_error;
        (self.mean - half, self.mean + half)
    }
}

/// Environments in which both are asked and one acts.
struct Stage {
    environment: Box<dyn VectorEnvironment>,
    batch: StepBatch,
    labels: Vec<f32>,
    actions: Vec<f32>,
    learner_rngs: Vec<Rng>,
    expert_rngs: Vec<Rng>,
}

impl Stage {
    fn new(rules: &dyn VectorEnvironment, n: usize, seed: Seed) -> Stage {
        let mut environment = rules.fresh(n, seed);
        let mut batch = StepBatch::for_environment(environment.as_ref());
        environment.begin(&mut batch.observations);
        let width = environment.action_space().n_values();
        let streams = |label| (0..n as u64).map(|i| seed.stream(label, i)).collect();
        Stage {
            environment,
            batch,
            labels: vec![0.0; n * width],
            actions: vec![0.0; n * width],
            learner_rngs: streams("play"),
            expert_rngs: streams("expert"),
        }
    }

    fn play(
        &mut self,
        whose: Along,
        learner: &dyn TrainedPolicy,
        expert: &mut dyn Expert,
        first_episode: usize,
        trials: &mut Trials,
        pool: &Pool,
    ) {
        let n = self.learner_rngs.len();
        let space = self.environment.action_space();
        let width = space.n_values();
        let mut actor = learner.actor(trials.play, n);
        let mut states = Vec::new();
        let mut is_playing = vec![true; n];
        (0..n).for_each(|index| expert.begin(index));
        for _ in 0..trials.n_steps {
            states.clear();
            (0..n).for_each(|index| self.environment.state(index, &mut states));
            let situations = Situations::new(&self.batch.observations, &states, n);
            expert.label(situations, &mut self.expert_rngs, &mut self.labels, pool);
            actor.act(
                &self.batch.observations,
                &mut self.learner_rngs,
                &mut self.actions,
                pool,
            );
            let pairs = self.actions.chunks_exact(width);
            let errors: Vec<f64> = pairs
                .zip(self.labels.chunks_exact(width))
                .map(|(action, label)| difference(&space, action, label))
                .collect();
            let played = match whose {
                Along::Own => &self.actions,
                Along::Expert => &self.labels,
            };
            self.environment.step(played, &mut self.batch, pool);
            for index in (0..n).filter(|index| is_playing[*index]) {
                trials.push(
                    first_episode + index,
                    errors[index],
                    self.batch.intents[index],
                );
            }
            for index in (0..n).filter(|index| self.batch.ended[*index]) {
                is_playing[index] = false;
                actor.begin_episode(index);
                expert.begin(index);
            }
            self.environment.renew(&mut self.batch);
        }
    }
}

/// How far two actions differ; see [`covariate_shift`].
fn difference(space: &Space, action: &[f32], label: &[f32]) -> f64 {
    let n = action.len() as f64;
    let pairs = action.iter().zip(label);
    match space {
        Space::Continuous { low, high, .. } => {
            let squares = pairs
                .zip(low.iter().zip(high))
                .map(|((a, b), (low, high))| {
                    let range = f64::from(high - low);
                    let range = if range.is_finite() { range } else { 1.0 };
                    (f64::from(a - b) / range).powi(2)
                });
            squares.sum::<f64>() / n
        }
        _ => pairs.filter(|(a, b)| a != b).count() as f64 / n,
    }
}
