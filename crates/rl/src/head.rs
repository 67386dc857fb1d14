//! From what a network says to what is done: a distribution, the bounds of its actions, and how often its noise is drawn.

use mdp::{Rng, Space, index, uniform};
use nn::{HeadInputs, Model};

use crate::{Error, NetworkPolicy};

/// Numbers that an action may have at most, so that losses keep those of some rows on the stack.
pub(crate) const MAX_ACTION_VALUES: usize = 256;

/// What turns outputs into actions.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Head {
    /// Actions are drawn from a distribution; where there is an output more than it reads, that is a value.
    Distribution {
        distribution: nn::Head,
        /// Bounds that continuous actions are clipped to for the environment; empty for choices.
        low: Vec<f32>,
        high: Vec<f32>,
        /// Steps after which state-dependent noise is drawn anew; 0 for heads without such noise.
        resample_every: usize,
    },
    /// Outputs are action values; a random action with probability `exploration`, else the best.
    Values { n_actions: usize, exploration: f64 },
}

/// Noise of state-dependent exploration, one part an environment; empty for other heads.
#[derive(Clone, Debug)]
pub(crate) struct Noise {
    width: usize,
    numbers: Vec<f32>,
}

impl Noise {
    pub(crate) fn new(head: &Head, n: usize) -> Noise {
        let width = match head {
            Head::Distribution { distribution, .. } => distribution.n_noise(),
            Head::Values { .. } => 0,
        };
        Noise {
            width,
            numbers: vec![0.0; n * width],
        }
    }

    /// Draws new noise for every environment if step `t` of a rollout is due.
    pub(crate) fn resample_if_due(&mut self, t: usize, policy: &NetworkPolicy, rngs: &mut [Rng]) {
        let Head::Distribution {
            distribution,
            resample_every,
            ..
        } = &policy.head
        else {
            return;
        };
        if self.width == 0 || !t.is_multiple_of(*resample_every) {
            return;
        }
        for (noise, rng) in self.numbers.chunks_exact_mut(self.width).zip(rngs) {
            distribution.draw_noise(policy.model.free(), noise, rng);
        }
    }

    fn of(&self, index: usize) -> &[f32] {
        &self.numbers[index * self.width..][..self.width]
    }
}

/// The index of the first greatest number.
pub(crate) fn greatest(values: &[f32]) -> usize {
    (1..values.len()).fold(0, |best, i| if values[i] > values[best] { i } else { best })
}

impl Head {
    /// A distribution over a space of choices or of continuous actions.
    pub(crate) fn over(distribution: nn::Head, space: &Space, resample_every: usize) -> Head {
        let (low, high) = match space {
            Space::Continuous { low, high, .. } => (low.clone(), high.clone()),
            _ => (vec![], vec![]),
        };
        Head::Distribution {
            distribution,
            low,
            high,
            resample_every,
        }
    }

    /// The plain distribution over a space: softmax of choices, independent normal numbers.
    pub(crate) fn for_space(space: &Space) -> Result<Head, Error> {
        let refused = || Error::ActionSpace {
            algorithm: "a policy network",
            space: space.to_string(),
        };
        if space.n_values() > MAX_ACTION_VALUES {
            return Err(refused());
        }
        let distribution = match space {
            Space::Discrete { n } => nn::Head::Categorical { n_actions: *n },
            Space::MultiDiscrete { sizes } => nn::Head::MultiDiscrete {
                sizes: sizes.clone(),
            },
            Space::Continuous { low, .. } => nn::Head::Gaussian {
                n_actions: low.len(),
            },
            Space::Tuple(_) => return Err(refused()),
        };
        Ok(Head::over(distribution, space, 0))
    }

    /// Numbers in one action.
    pub(crate) fn n_action_values(&self) -> usize {
        match self {
            Head::Distribution { distribution, .. } => distribution.action_width(),
            Head::Values { .. } => 1,
        }
    }

    /// The distribution, for policies that have one.
    pub(crate) fn distribution(&self) -> &nn::Head {
        match self {
            Head::Distribution { distribution, .. } => distribution,
            Head::Values { .. } => panic!("action values are no distribution"),
        }
    }

    /// Outputs that the head reads.
    fn n_outputs(&self) -> usize {
        match self {
            Head::Distribution { distribution, .. } => distribution.n_outputs(),
            Head::Values { n_actions, .. } => *n_actions,
        }
    }

    /// Draws the action of each row.
    pub(crate) fn sample(
        &self,
        inputs: &HeadInputs<'_>,
        noise: &Noise,
        rngs: &mut [Rng],
        actions: &mut [f32],
    ) {
        let width = actions.len() / rngs.len();
        for (row, (rng, action)) in rngs
            .iter_mut()
            .zip(actions.chunks_exact_mut(width))
            .enumerate()
        {
            match self {
                Head::Distribution { distribution, .. } => {
                    distribution.sample(inputs, row, noise.of(row), action, rng);
                }
                Head::Values {
                    n_actions,
                    exploration,
                } => {
                    action[0] = if uniform(rng) < *exploration {
                        index(*n_actions, rng) as f32
                    } else {
                        greatest(&inputs.outputs[row * inputs.stride..][..*n_actions]) as f32
                    };
                }
            }
        }
    }

    /// The most probable action of each row, or the best by value.
    pub(crate) fn mode(&self, inputs: &HeadInputs<'_>, n_rows: usize, actions: &mut [f32]) {
        let width = actions.len() / n_rows;
        for (row, action) in actions.chunks_exact_mut(width).enumerate() {
            match self {
                Head::Distribution { distribution, .. } => distribution.mode(inputs, row, action),
                Head::Values { n_actions, .. } => {
                    action[0] =
                        greatest(&inputs.outputs[row * inputs.stride..][..*n_actions]) as f32;
                }
            }
        }
    }

    /// Clips continuous actions, `[rows, width]`, to their bounds.
    pub(crate) fn clip(&self, actions: &mut [f32]) {
        let Head::Distribution { low, high, .. } = self else {
            return;
        };
        if low.is_empty() {
            return;
        }
        for action in actions.chunks_exact_mut(low.len()) {
            for (value, (low, high)) in action.iter_mut().zip(low.iter().zip(high)) {
                *value = value.clamp(*low, *high);
            }
        }
    }

    /// Whether the head acts in a space.
    pub(crate) fn acts_in(&self, space: &Space) -> bool {
        match (self, space) {
            (Head::Values { n_actions, .. }, Space::Discrete { n }) => n_actions == n,
            (
                Head::Distribution {
                    distribution,
                    low,
                    high,
                    ..
                },
                space,
            ) => match (distribution, space) {
                (nn::Head::Categorical { n_actions }, Space::Discrete { n }) => n_actions == n,
                (nn::Head::MultiDiscrete { sizes }, Space::MultiDiscrete { sizes: others }) => {
                    sizes == others
                }
                (
                    nn::Head::Gaussian { .. }
                    | nn::Head::SquashedGaussian { .. }
                    | nn::Head::StateDependent { .. },
                    Space::Continuous {
                        low: l, high: h, ..
                    },
                ) => low == l && high == h,
                _ => false,
            },
            _ => false,
        }
    }

    /// Whether a network has the outputs, the latent and the free parameters that the head reads, with or without a value
    /// behind them.
    pub(crate) fn fits(&self, model: &Model) -> bool {
        match self {
            Head::Values { n_actions, .. } => {
                model.n_outputs() == *n_actions && model.free().is_empty()
            }
            Head::Distribution { distribution, .. } => {
                let latent_fits = match distribution {
                    nn::Head::StateDependent { n_latents, .. } => *n_latents == model.n_latents(),
                    _ => true,
                };
                let n_others = model.n_outputs().checked_sub(self.n_outputs());
                latent_fits
                    && matches!(n_others, Some(0 | 1))
                    && model.free().len() == distribution.n_free()
            }
        }
    }

    /// One line that [`Head::from_description`] reads.
    pub(crate) fn describe(&self) -> String {
        let (distribution, low, high, every) = match self {
            Head::Values {
                n_actions,
                exploration,
            } => return format!("values {n_actions} {exploration}"),
            Head::Distribution {
                distribution,
                low,
                high,
                resample_every,
            } => (distribution, join(low), join(high), resample_every),
        };
        match distribution {
            nn::Head::Categorical { n_actions } => format!("categorical {n_actions}"),
            nn::Head::MultiDiscrete { sizes } => format!("multi-discrete {}", join(sizes)),
            nn::Head::Gaussian { .. } => format!("gaussian {low} {high}"),
            nn::Head::SquashedGaussian { .. } => format!("squashed-gaussian {low} {high}"),
            nn::Head::StateDependent { n_latents, .. } => {
                format!("state-dependent {low} {high} {every} {n_latents}")
            }
        }
    }

    /// Reads a line that [`Head::describe`] wrote.
    pub(crate) fn from_description(line: &str) -> Option<Head> {
        let words: Vec<&str> = line.split(' ').collect();
        let choices = |distribution| Head::Distribution {
            distribution,
            low: vec![],
            high: vec![],
            resample_every: 0,
        };
        Some(match *words.as_slice() {
            ["categorical", n] => choices(nn::Head::Categorical {
                n_actions: count(n)?,
            }),
            ["multi-discrete", sizes] => {
                let sizes: Vec<usize> = split(sizes)?;
                choices(nn::Head::MultiDiscrete { sizes }).with_positive_sizes()?
            }
            ["gaussian", low, high] => {
                continuous(low, high, 0, |n_actions| nn::Head::Gaussian { n_actions })?
            }
            ["squashed-gaussian", low, high] => continuous(low, high, 0, |n_actions| {
                nn::Head::SquashedGaussian { n_actions }
            })?,
            ["state-dependent", low, high, every, n_latents] => {
                let n_latents = count(n_latents)?;
                continuous(low, high, count(every)?, |n_actions| {
                    nn::Head::StateDependent {
                        n_actions,
                        n_latents,
                    }
                })?
            }
            ["values", n, exploration] => Head::Values {
                n_actions: count(n)?,
                exploration: exploration
                    .parse()
                    .ok()
                    .filter(|p| (0.0..=1.0).contains(p))?,
            },
            _ => return None,
        })
    }

    fn with_positive_sizes(self) -> Option<Head> {
        let positive = match self.distribution() {
            nn::Head::MultiDiscrete { sizes } => sizes.iter().all(|size| *size > 0),
            _ => true,
        };
        positive.then_some(self)
    }
}

fn join<T: ToString>(values: &[T]) -> String {
    values
        .iter()
        .map(T::to_string)
        .collect::<Vec<_>>()
        .join(",")
}

fn split<T: std::str::FromStr>(line: &str) -> Option<Vec<T>> {
    line.split(',').map(|word| word.parse().ok()).collect()
}

fn count(word: &str) -> Option<usize> {
    word.parse().ok().filter(|n| (1..=1 << 20).contains(n))
}

fn continuous(
    low: &str,
    high: &str,
    resample_every: usize,
    distribution: impl Fn(usize) -> nn::Head,
) -> Option<Head> {
    let (low, high): (Vec<f32>, Vec<f32>) = (split(low)?, split(high)?);
    let ordered = low.len() == high.len() && low.iter().zip(&high).all(|(low, high)| low <= high);
    ordered.then(|| Head::Distribution {
        distribution: distribution(low.len()),
        low,
        high,
        resample_every,
    })
}
