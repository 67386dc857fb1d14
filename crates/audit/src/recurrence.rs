//! Recurrence of states: does an episode go round, where, how often, and what does a round earn?

use crate::compare::quantile_of_sorted;
use crate::sequences::mean;

/// The states of one episode, step by step, with the reward earned at each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StateSeries<'a> {
    /// The names of the quantities in a state.
    pub names: &'a [String],
    /// `[step][quantity]`.
    pub states: &'a [Vec<f64>],
    /// The reward earned on arriving in each state, aligned with `states`.
    pub rewards: &'a [f64],
    /// The size of a change that matters, per quantity, in its unit; `None`: its range in this episode between the
    /// 5% and the 95% point. Give the size of the world where the episode may stay in a corner of it.
    pub scales: Option<&'a [f64]>,
}

/// A loop in which an episode goes round.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    /// Steps for one round: the median of the times from leaving a state's neighbourhood to being back in it.
    pub period: f64,
    /// The quarter points of these times.
    pub period_quartiles: [f64; 2],
    /// The share of the episode's steps that belong to a round, 0 to 1.
    pub share_of_time: f64,
    /// Where the round is.
    pub place: Vec<LoopPlace>,
    /// Reward earned in one round.
    pub reward_per_round: f64,
    /// Reward a step in the loop.
    pub reward_inside: f64,
    /// Reward a step elsewhere; `None` where the whole episode is the loop.
    pub reward_outside: Option<f64>,
}

/// Where one quantity of the state lies while going round.
#[derive(Clone, Debug, PartialEq)]
pub struct LoopPlace {
    /// Its name.
    pub name: String,
    /// The middle between its 5% and its 95% point.
    pub centre: f64,
    /// The distance between the two.
    pub extent: f64,
}

/// Two states are near when every quantity differs by at most this share of its scale, on root mean square.
const NEAR: f64 = 0.12;

/// A state has been left when it is this many times as far away as what counts as near.
const LEFT: f64 = 2.0;

/// Rounds are looked for in at most this many steps of an episode; longer ones are thinned evenly.
const STEPS_AT_MOST: usize = 2_000;

/// The least share of steps that must belong to rounds for an episode to be said to go round.
const LEAST_SHARE: f64 = 0.2;

/// The least share of returns after which the episode goes on as it did before.
const LEAST_CONFIRMED: f64 = 0.6;

/// Finds the loop of an episode.
///
/// A state recurs when the episode leaves its neighbourhood and is back in it later; the time between is a round. A
/// random walk comes back too, but then goes elsewhere: a round counts when half a round later the episode is again
/// where it was half a round after the start. The episode goes round when most returns are such rounds, the middle half
/// of their times lies within half to twice the median, and at least a fifth of all steps belong to them. Quantities that do not
/// change, and those that only ever rise or only ever fall (a clock, a score), say nothing about place and are left
/// out. An episode that stands still goes round nowhere. The work grows with the square of the steps.
///
/// # Panics
///
/// When `rewards`, a state, or `scales` does not fit the rest.
#[must_use]
pub fn recurrence(series: &StateSeries<'_>) -> Option<Recurrence> {
    assert_eq!(
        series.states.len(),
        series.rewards.len(),
        "one reward a state"
    );
    let width = series.names.len();
    assert!(
        series.states.iter().all(|state| state.len() == width),
        "one number a name in every state"
    );
    assert!(
        series.scales.is_none_or(|scales| scales.len() == width),
        "one scale a name"
    );
    let stride = series.states.len().div_ceil(STEPS_AT_MOST).max(1);
    let rounds = confirmed_rounds(&scaled_states(series, stride)?)?;
    let mut times: Vec<f64> = rounds
        .iter()
        .map(|(from, to)| ((to - from) * stride) as f64)
        .collect();
    times.sort_by(f64::total_cmp);
    let [early, period, late] = [0.25, 0.5, 0.75].map(|share| quantile_of_sorted(&times, share));
    let regular = 0.5 * period <= early && late <= 2.0 * period;
    let inside = steps_inside(&rounds, period, stride, series.states.len());
    let steps_in_loop = inside.iter().filter(|inside| **inside).count() as f64;
    let share_of_time = steps_in_loop / inside.len() as f64;
    // A single pass through a place twice is no loop: ask for two rounds' worth of steps.
    if !regular || share_of_time < LEAST_SHARE || steps_in_loop < 2.0 * period {
        return None;
    }
    let reward_inside = mean_reward(series, &inside, true)?;
    Some(Recurrence {
        period,
        period_quartiles: [early, late],
        share_of_time,
        place: places(series, &inside),
        reward_per_round: reward_inside * period,
        reward_inside,
        reward_outside: mean_reward(series, &inside, false),
    })
}

/// The returns after which the episode goes on as before, if they are most of all returns.
fn confirmed_rounds(states: &[Vec<f64>]) -> Option<Vec<(usize, usize)>> {
    let returns = first_returns(states);
    let n_returns = returns.len();
    let rounds: Vec<(usize, usize)> = returns
        .into_iter()
        .filter(|round| goes_on(states, *round))
        .collect();
    let most = rounds.len() as f64 >= LEAST_CONFIRMED * n_returns as f64;
    (!rounds.is_empty() && most).then_some(rounds)
}

/// Mean reward of the steps in the loop, or of the others; `None` where there are none.
fn mean_reward(series: &StateSeries<'_>, inside: &[bool], wanted: bool) -> Option<f64> {
    let chosen: Vec<f64> = series
        .rewards
        .iter()
        .zip(inside)
        .filter(|(_, inside)| **inside == wanted)
        .map(|(reward, _)| *reward)
        .collect();
    (!chosen.is_empty()).then(|| mean(&chosen))
}

/// Every `stride`-th state in units of its scale, with the quantities that tell about place.
fn scaled_states(series: &StateSeries<'_>, stride: usize) -> Option<Vec<Vec<f64>>> {
    let mut columns = Vec::new();
    for quantity in 0..series.names.len() {
        let values: Vec<f64> = series
            .states
            .iter()
            .step_by(stride)
            .map(|state| state[quantity])
            .collect();
        let [low, high] = middle_range(&values);
        let scale = series.scales.map_or(high - low, |scales| scales[quantity]);
        let finite = values.iter().all(|value| value.is_finite());
        if finite && scale > 0.0 && !is_monotone(&values) {
            columns.push(
                values
                    .into_iter()
                    .map(|value| value / scale)
                    .collect::<Vec<f64>>(),
            );
        }
    }
    let steps = columns.first()?.len();
    Some(
        (0..steps)
            .map(|step| columns.iter().map(|column| column[step]).collect())
            .collect(),
    )
}

/// Only ever rising or only ever falling, over at least three different values.
fn is_monotone(values: &[f64]) -> bool {
    let rises = values.windows(2).filter(|pair| pair[0] < pair[1]).count();
    let falls = values.windows(2).filter(|pair| pair[0] > pair[1]).count();
    (rises == 0 && falls != 1) || (falls == 0 && rises != 1)
}

fn middle_range(values: &[f64]) -> [f64; 2] {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    [
        quantile_of_sorted(&sorted, 0.05),
        quantile_of_sorted(&sorted, 0.95),
    ]
}

/// For every step whose state recurs: the step, and the first step at which the episode is back.
fn first_returns(states: &[Vec<f64>]) -> Vec<(usize, usize)> {
    let width = states.first().map_or(0, Vec::len) as f64;
    let (near, left) = neighbourhood(width);
    let mut returns = Vec::new();
    for (from, state) in states.iter().enumerate() {
        let mut away = false;
        let mut best: Option<(f64, usize)> = None;
        for (offset, other) in states[from + 1..].iter().enumerate() {
            let distance = squared_distance(state, other);
            if !away {
                away = distance > left;
            } else if distance <= near {
                // The nearest point of the first visit, not its first touch, is a whole round away.
                if best.is_none_or(|(least, _)| distance < least) {
                    best = Some((distance, from + 1 + offset));
                }
            } else if best.is_some() {
                break;
            }
        }
        if let Some((_, to)) = best {
            returns.push((from, to));
        }
    }
    returns
}

/// Squared distances that count as near and as left, for states of `width` quantities.
fn neighbourhood(width: f64) -> (f64, f64) {
    let near = NEAR * NEAR * width;
    (near, LEFT * LEFT * near)
}

fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum()
}

/// Whether half a round after the return the episode is where it was half a round after the start, give or take a
/// sixth of a round; at the end of an episode, where it was half a round before.
fn goes_on(states: &[Vec<f64>], (from, to): (usize, usize)) -> bool {
    let half = (to - from) / 2;
    let slack = half / 3;
    let (was, is) = if to + half < states.len() {
        (from + half, to + half)
    } else if half <= from {
        (from - half, to - half)
    } else {
        return false;
    };
    let (_, left) = neighbourhood(states[was].len() as f64);
    let window = is - slack..(is + slack + 1).min(states.len());
    let nearest = states[window]
        .iter()
        .map(|state| squared_distance(&states[was], state))
        .fold(f64::INFINITY, f64::min);
    // Near, and less than half as far as the round itself reaches: short walks stay near everything.
    nearest <= left && nearest <= 0.25 * squared_distance(&states[was], &states[from])
}

/// The steps between a state and its return, of rounds that take about a period.
fn steps_inside(rounds: &[(usize, usize)], period: f64, stride: usize, steps: usize) -> Vec<bool> {
    let mut inside = vec![false; steps];
    for (from, to) in rounds {
        let time = ((to - from) * stride) as f64;
        if 0.5 * period <= time && time <= 2.0 * period {
            let end = (to * stride + stride).min(steps);
            inside[from * stride..end].fill(true);
        }
    }
    inside
}

fn places(series: &StateSeries<'_>, inside: &[bool]) -> Vec<LoopPlace> {
    series
        .names
        .iter()
        .enumerate()
        .map(|(quantity, name)| {
            let values: Vec<f64> = series
                .states
                .iter()
                .zip(inside)
                .filter(|(_, inside)| **inside)
                .map(|(state, _)| state[quantity])
                .collect();
            let [low, high] = middle_range(&values);
            LoopPlace {
                name: name.clone(),
                centre: 0.5 * (low + high),
                extent: high - low,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests;
