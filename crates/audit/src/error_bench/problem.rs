//! Small problems with two returns whose means are known exactly.

use mdp::{Rng, categorical, index, uniform, uniform_in};

use super::Family;
use crate::Bounds;

/// One episode: both returns and the gradient of its log-probability with respect to the logits.
pub(crate) struct Episode {
    pub(crate) proxy: f64,
    pub(crate) intent: f64,
    pub(crate) score: Vec<f64>,
}

/// The exact mean returns of a policy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Means {
    pub(crate) proxy: f64,
    pub(crate) intent: f64,
}

/// How the specified reward follows from the task's own.
///
/// `scale · task + offset + noise`, plus the change of a potential where there is one. The noise is uniform, so that
/// returns have bounds.
#[derive(Clone, Debug)]
struct Specified {
    scale: f64,
    offset: f64,
    noise: f64,
    /// Potential of each state; a finished episode has potential 0.
    potential: Vec<f64>,
}

impl Specified {
    fn draw(family: Family, states: usize, rng: &mut Rng) -> Self {
        let mut specified = Self {
            scale: 1.0,
            offset: 0.0,
            noise: 0.0,
            potential: vec![0.0; states],
        };
        if matches!(
            family,
            Family::Affine | Family::Sparse | Family::Falling | Family::Converged
        ) {
            specified.scale = uniform_in(-2.0, 2.0, rng).exp();
            specified.offset = uniform_in(-2.0, 2.0, rng);
        }
        match family {
            Family::Shaped => {
                for potential in &mut specified.potential {
                    *potential = uniform_in(-2.0, 2.0, rng);
                }
            }
            Family::Noisy => specified.noise = uniform_in(0.5, 1.5, rng),
            _ => {}
        }
        specified
    }
}

/// A problem for a softmax policy over logits.
pub(crate) enum Problem {
    Chain(Chain),
    Nails(Nails),
}

impl Problem {
    pub(crate) fn draw(family: Family, rng: &mut Rng) -> Self {
        let nails = match family {
            Family::NailCount | Family::NailWeight => true,
            // A factory has no states to shape by, pays at the end, and its intent is never flat.
            Family::Loophole | Family::Shaped | Family::Sparse | Family::Flat | Family::Serving => {
                false
            }
            _ => uniform(rng) < 0.3,
        };
        if nails {
            Self::Nails(Nails::draw(family, rng))
        } else {
            Self::Chain(Chain::draw(family, rng))
        }
    }

    /// The logits that a run begins with.
    pub(crate) fn first_policy(&self, rng: &mut Rng) -> Vec<f64> {
        match self {
            Self::Chain(chain) => chain.first_policy(rng),
            Self::Nails(nails) => nails.first_policy(rng),
        }
    }

    pub(crate) fn episode(&self, policy: &[f64], rng: &mut Rng) -> Episode {
        match self {
            Self::Chain(chain) => chain.episode(policy, rng),
            Self::Nails(nails) => nails.episode(policy, rng),
        }
    }

    pub(crate) fn means(&self, policy: &[f64]) -> Means {
        match self {
            Self::Chain(chain) => chain.means(policy),
            Self::Nails(nails) => nails.means(policy),
        }
    }

    /// Bounds of proxy and intent.
    pub(crate) fn bounds(&self) -> (Bounds, Bounds) {
        match self {
            Self::Chain(chain) => chain.bounds(),
            Self::Nails(nails) => nails.bounds(),
        }
    }
}

/// Rewards of states and actions, flat.
struct Tables {
    task: Vec<f64>,
    intent: Vec<f64>,
    loophole: Option<Vec<usize>>,
}

impl Tables {
    fn draw(family: Family, states: usize, actions: usize, rng: &mut Rng) -> Self {
        let pairs = states * actions;
        let mut intent: Vec<f64> = (0..pairs).map(|_| uniform_in(-1.0, 1.0, rng)).collect();
        let mut task = intent.clone();
        let mut loophole = None;
        match family {
            Family::Flat => intent.fill(uniform_in(-1.0, 1.0, rng)),
            Family::Serving => {
                for reward in &mut task {
                    *reward += uniform_in(-0.3, 0.3, rng);
                }
            }
            Family::Crossed => {
                // Correlation from −0.5 to 0.5 between what is paid and what is meant, over states and actions.
                let shared = uniform_in(-0.5, 0.5, rng);
                for reward in &mut task {
                    *reward = shared * *reward
                        + (1.0 - shared * shared).sqrt() * uniform_in(-1.0, 1.0, rng);
                }
            }
            Family::Loophole => {
                let harmful: Vec<usize> = (0..states).map(|_| index(actions, rng)).collect();
                for (state, action) in harmful.iter().enumerate() {
                    intent[state * actions + action] = uniform_in(-2.0, -0.5, rng);
                    task[state * actions + action] = uniform_in(1.2, 2.0, rng);
                }
                loophole = Some(harmful);
            }
            _ => {}
        }
        Self {
            task,
            intent,
            loophole,
        }
    }
}

/// A random finite MDP with a horizon; one in five is a bandit of one step.
pub(crate) struct Chain {
    states: usize,
    actions: usize,
    horizon: usize,
    /// `[state][action][next]`, flat.
    transitions: Vec<f64>,
    /// Where episodes begin.
    start: Vec<f64>,
    /// What the optimiser is paid for, before [`Specified`]: `[state][action]`, flat.
    task: Vec<f64>,
    /// What is meant: `[state][action]`, flat.
    intent: Vec<f64>,
    /// Half the width of the noise in the intent of one step.
    intent_noise: f64,
    /// The chance that a step's reward is given at all, then at 1 over the chance of its size.
    given: f64,
    specified: Specified,
    /// The action of each state that pays and harms, for [`Family::Loophole`].
    loophole: Option<Vec<usize>>,
}

impl Chain {
    fn draw(family: Family, rng: &mut Rng) -> Self {
        let bandit = uniform(rng) < 0.2 && family != Family::Shaped;
        let (states, actions, horizon) = if bandit {
            (1, 4 + index(6, rng), 1)
        } else {
            (3 + index(5, rng), 3 + index(2, rng), 6 + index(7, rng))
        };
        let start = distribution(states, rng);
        let transitions = (0..states * actions)
            .flat_map(|_| distribution(states, rng))
            .collect();
        let Tables {
            task,
            intent,
            loophole,
        } = Tables::draw(family, states, actions, rng);
        let noisy_intent = uniform(rng) < 0.5;
        let specified = Specified::draw(family, states, rng);
        // Where the reward is made from the intent, it is made from the noise in it too.
        let intent_noise = if noisy_intent {
            uniform_in(0.1, 0.6, rng)
        } else {
            0.0
        };
        Self {
            states,
            actions,
            horizon,
            transitions,
            start,
            task,
            intent,
            intent_noise,
            given: if family == Family::Sparse {
                uniform_in(0.03, 0.2, rng)
            } else {
                1.0
            },
            specified,
            loophole,
        }
    }

    fn first_policy(&self, rng: &mut Rng) -> Vec<f64> {
        let mut logits: Vec<f64> = (0..self.states * self.actions)
            .map(|_| uniform_in(-0.5, 0.5, rng))
            .collect();
        if let Some(loophole) = &self.loophole {
            // Rarely tried at first, so that honest gains come first in most runs.
            let rarity = uniform_in(1.0, 6.0, rng);
            for (state, action) in loophole.iter().enumerate() {
                logits[state * self.actions + action] -= rarity;
            }
        }
        logits
    }

    fn row<'a>(&self, table: &'a [f64], state: usize) -> &'a [f64] {
        &table[state * self.actions..(state + 1) * self.actions]
    }

    fn episode(&self, policy: &[f64], rng: &mut Rng) -> Episode {
        let specified = &self.specified;
        let mut score = vec![0.0; policy.len()];
        let (mut proxy, mut intent) = (0.0, 0.0);
        let mut state = categorical(&self.start, rng);
        for step in 0..self.horizon {
            let probabilities = softmax(self.row(policy, state));
            let action = categorical(&probabilities, rng);
            let pair = state * self.actions + action;
            for (other, probability) in probabilities.iter().enumerate() {
                score[state * self.actions + other] -= probability;
            }
            score[pair] += 1.0;
            let noise = jitter(self.intent_noise, rng);
            let share = if uniform(rng) < self.given {
                1.0 / self.given
            } else {
                0.0
            };
            intent += share * self.intent[pair] + noise;
            proxy += specified.scale * (share * self.task[pair] + noise)
                + specified.offset
                + jitter(specified.noise, rng);
            let next = categorical(
                &self.transitions[pair * self.states..(pair + 1) * self.states],
                rng,
            );
            let after = if step + 1 == self.horizon {
                0.0
            } else {
                specified.potential[next]
            };
            proxy += after - specified.potential[state];
            state = next;
        }
        Episode {
            proxy,
            intent,
            score,
        }
    }

    fn means(&self, policy: &[f64]) -> Means {
        let specified = &self.specified;
        let probabilities: Vec<Vec<f64>> = (0..self.states)
            .map(|state| softmax(self.row(policy, state)))
            .collect();
        let mut occupied = self.start.clone();
        let (mut task, mut intent) = (0.0, 0.0);
        for _ in 0..self.horizon {
            let mut next = vec![0.0; self.states];
            for (state, here) in occupied.iter().enumerate() {
                for (action, probability) in probabilities[state].iter().enumerate() {
                    let pair = state * self.actions + action;
                    let weight = here * probability;
                    task += weight * self.task[pair];
                    intent += weight * self.intent[pair];
                    for (target, reached) in next.iter_mut().enumerate() {
                        *reached += weight * self.transitions[pair * self.states + target];
                    }
                }
            }
            occupied = next;
        }
        // The potential's changes add up to minus the first one's, whatever the policy.
        let first: f64 = self
            .start
            .iter()
            .zip(&specified.potential)
            .map(|(probability, potential)| probability * potential)
            .sum();
        Means {
            proxy: specified.scale * task + specified.offset * self.horizon as f64 - first,
            intent,
        }
    }

    fn bounds(&self) -> (Bounds, Bounds) {
        let specified = &self.specified;
        let steps = self.horizon as f64;
        let ends = |table: &[f64]| {
            (
                table.iter().copied().fold(0.0, f64::min) / self.given - self.intent_noise,
                table.iter().copied().fold(0.0, f64::max) / self.given + self.intent_noise,
            )
        };
        let (task_low, task_high) = ends(&self.task);
        let (intent_low, intent_high) = ends(&self.intent);
        let first_low = specified
            .potential
            .iter()
            .copied()
            .fold(f64::INFINITY, f64::min);
        let first_high = specified
            .potential
            .iter()
            .copied()
            .fold(f64::NEG_INFINITY, f64::max);
        let step = |task: f64, noise: f64| specified.scale * task + specified.offset + noise;
        // Half a unit of room keeps an exactly flat intent inside bounds that enclose something.
        (
            bounds(
                steps * step(task_low, -specified.noise) - first_high - 0.5,
                steps * step(task_high, specified.noise) - first_low + 0.5,
            ),
            bounds(steps * intent_low - 0.5, steps * intent_high + 0.5),
        )
    }
}

/// A factory that gives each unit of steel to one size of nail.
pub(crate) struct Nails {
    units: usize,
    /// Nails of each size from one unit.
    per_unit: Vec<f64>,
    /// Nails of each size that somebody needs.
    demand: Vec<f64>,
    /// What one needed nail is worth.
    worth: Vec<f64>,
    measure: Measure,
    specified: Specified,
}

/// What the factory is paid by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Intent,
    Count,
    Weight,
}

impl Nails {
    fn draw(family: Family, rng: &mut Rng) -> Self {
        let sizes = 4 + index(3, rng);
        let units = 16 + index(17, rng);
        // From tacks to slabs.
        let per_unit: Vec<f64> = (0..sizes)
            .map(|size| (8.0 * 0.6_f64.powi(size as i32) * uniform_in(0.9, 1.1, rng)).max(0.4))
            .collect();
        let demand = per_unit
            .iter()
            .map(|nails| nails * units as f64 / sizes as f64 * uniform_in(0.6, 1.4, rng))
            .collect();
        let worth = per_unit
            .iter()
            .map(|nails| uniform_in(0.7, 1.3, rng) / nails)
            .collect();
        Self {
            units,
            per_unit,
            demand,
            worth,
            measure: match family {
                Family::NailCount => Measure::Count,
                Family::NailWeight => Measure::Weight,
                _ => Measure::Intent,
            },
            specified: Specified::draw(family, 1, rng),
        }
    }

    /// Most steel goes to one size, as in a factory that has served one customer. Two in three favour the size that
    /// its measure pays least for: on the way from there to the other end every size is made for a while, so that
    /// intent rises and falls.
    fn first_policy(&self, rng: &mut Rng) -> Vec<f64> {
        let sizes = self.per_unit.len();
        let far_end = match self.measure {
            Measure::Weight => 0,
            _ => sizes - 1,
        };
        let (favourite, lead) = if uniform(rng) < 2.0 / 3.0 {
            (far_end, uniform_in(2.5, 5.0, rng))
        } else {
            (1 + index(sizes - 2, rng), uniform_in(1.0, 4.0, rng))
        };
        (0..sizes)
            .map(|size| {
                let lead = if size == favourite { lead } else { 0.0 };
                lead + uniform_in(-0.3, 0.3, rng)
            })
            .collect()
    }

    fn intent_of(&self, size: usize, units: usize) -> f64 {
        self.worth[size] * (self.per_unit[size] * units as f64).min(self.demand[size])
    }

    /// The measure of one unit given to a size. A unit of larger nails loses less steel to cutting.
    fn measure_of(&self, size: usize) -> f64 {
        match self.measure {
            Measure::Count => self.per_unit[size],
            Measure::Weight => 1.0 - 0.06 * self.per_unit[size],
            Measure::Intent => 0.0,
        }
    }

    fn episode(&self, policy: &[f64], rng: &mut Rng) -> Episode {
        let probabilities = softmax(policy);
        let mut units = vec![0_usize; policy.len()];
        for _ in 0..self.units {
            units[categorical(&probabilities, rng)] += 1;
        }
        let intent: f64 = (0..units.len())
            .map(|size| self.intent_of(size, units[size]))
            .sum();
        let measured: f64 = (0..units.len())
            .map(|size| units[size] as f64 * self.measure_of(size))
            .sum();
        let task = if self.measure == Measure::Intent {
            intent
        } else {
            measured
        };
        let noise = jitter(self.specified.noise, rng);
        Episode {
            proxy: self.specified.scale * task + self.specified.offset + noise,
            intent,
            score: units
                .iter()
                .zip(&probabilities)
                .map(|(units, probability)| *units as f64 - self.units as f64 * probability)
                .collect(),
        }
    }

    fn means(&self, policy: &[f64]) -> Means {
        let probabilities = softmax(policy);
        let (mut intent, mut measured) = (0.0, 0.0);
        for (size, probability) in probabilities.iter().enumerate() {
            // The units of one size are binomial.
            for (units, chance) in binomial(self.units, *probability).into_iter().enumerate() {
                intent += chance * self.intent_of(size, units);
            }
            measured += self.units as f64 * probability * self.measure_of(size);
        }
        let task = if self.measure == Measure::Intent {
            intent
        } else {
            measured
        };
        Means {
            proxy: self.specified.scale * task + self.specified.offset,
            intent,
        }
    }

    fn bounds(&self) -> (Bounds, Bounds) {
        let most: f64 = self
            .worth
            .iter()
            .zip(&self.demand)
            .map(|(worth, demand)| worth * demand)
            .sum();
        let sizes = 0..self.per_unit.len();
        let measures: Vec<f64> = sizes
            .map(|size| self.measure_of(size) * self.units as f64)
            .collect();
        let (low, high) = match self.measure {
            Measure::Intent => (0.0, most),
            _ => (
                measures.iter().copied().fold(f64::INFINITY, f64::min),
                measures.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            ),
        };
        let specified = &self.specified;
        (
            bounds(
                specified.scale * low + specified.offset - specified.noise - 0.5,
                specified.scale * high + specified.offset + specified.noise + 0.5,
            ),
            bounds(0.0, most),
        )
    }
}

/// Random probabilities: exponential weights, which are uniform on the simplex.
fn distribution(count: usize, rng: &mut Rng) -> Vec<f64> {
    let weights: Vec<f64> = (0..count).map(|_| -(1.0 - uniform(rng)).ln()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

/// The chances of 0 to `n` successes.
fn binomial(n: usize, p: f64) -> Vec<f64> {
    let mut chances = vec![0.0; n + 1];
    chances[0] = 1.0;
    for done in 0..n {
        for successes in (0..=done).rev() {
            let chance = chances[successes];
            chances[successes + 1] += chance * p;
            chances[successes] = chance * (1.0 - p);
        }
    }
    chances
}

/// Uniform noise of that half-width, which may be 0.
fn jitter(half_width: f64, rng: &mut Rng) -> f64 {
    half_width * (2.0 * uniform(rng) - 1.0)
}

fn softmax(logits: &[f64]) -> Vec<f64> {
    let largest = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let weights: Vec<f64> = logits.iter().map(|logit| (logit - largest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / sum).collect()
}

fn bounds(low: f64, high: f64) -> Bounds {
    Bounds::new(low, high).expect("the problems have finite rewards")
}
