//! States that come round again: the mark of a policy that has found a loop to be paid in.

use crate::registry::RecordedEpisode;

/// How often a policy comes back to where it was.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    /// Steps until it is back, the median over all returns.
    pub period: f64,
    /// Share of steps that are returns, 0 to 1.
    pub share_of_time: f64,
    /// Share of the reward that is earned on such steps, where the reward is positive on the whole.
    pub share_of_reward: Option<f64>,
    /// The mean state of the returns.
    pub place: Vec<f64>,
}

/// The longest loop that is looked for, in steps.
const LONGEST: usize = 250;
/// Two states are the same where their numbers differ by less than this share of their ranges, on average.
const SAME: f64 = 0.06;
/// A return must have led away by more than this, or it is only standing still.
const AWAY: f64 = 2.0 * SAME;
/// Episodes that are looked at.
const EPISODES: usize = 8;

/// Looks for loops in recorded episodes. `names` are those of a state's numbers: a counter of steps is left out,
/// for it never comes back.
///
/// Step t is a return if some earlier state, 2 to 250 steps before, is the same up to 6% of each number's range
/// on average, and the way between led further off than twice that.
#[must_use]
pub fn recurrence(names: &[String], episodes: &[&RecordedEpisode]) -> Option<Recurrence> {
    let episodes = &episodes[..episodes.len().min(EPISODES)];
    let ranges = ranges(names, episodes);
    if ranges.is_empty() {
        return None;
    }
    let mut found = Found::default();
    for recorded in episodes {
        let states: Vec<Vec<f64>> =
            recorded.trajectory.states.iter().map(|state| scaled(state, &ranges)).collect();
        found.add(recorded, &states);
    }
    found.finish()
}

/// A recorded state in words: up to three of its numbers that have names, rounded.
pub(crate) fn place_of(names: &[String], state: &[f64]) -> String {
    let parts: Vec<String> = names
        .iter()
        .zip(state)
        .filter(|(name, _)| !is_counter(name))
        .take(2)
        .map(|(name, value)| format!("{name} {}", short(*value)))
        .collect();
    format!("around {}", parts.join(", "))
}

fn short(value: f64) -> String {
    let text = if value.abs() >= 100.0 { format!("{value:.0}") } else { format!("{value:.1}") };
    if text == "-0.0" { "0.0".into() } else { text }
}

fn is_counter(name: &str) -> bool {
    name == "step"
}

/// Least value and reciprocal of the range of each number that moves.
fn ranges(names: &[String], episodes: &[&RecordedEpisode]) -> Vec<(usize, f64, f64)> {
    let states = || episodes.iter().flat_map(|recorded| &recorded.trajectory.states);
    let n = states().next().map_or(0, Vec::len);
    (0..n)
        .filter(|index| names.get(*index).is_none_or(|name| !is_counter(name)))
        .filter_map(|index| {
            let low = states().map(|state| state[index]).fold(f64::INFINITY, f64::min);
            let high = states().map(|state| state[index]).fold(f64::NEG_INFINITY, f64::max);
            (high > low).then(|| (index, low, 1.0 / (high - low)))
        })
        .collect()
}

fn scaled(state: &[f64], ranges: &[(usize, f64, f64)]) -> Vec<f64> {
    ranges.iter().map(|(index, low, scale)| (state[*index] - low) * scale).collect()
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    let sum: f64 = a.iter().zip(b).map(|(a, b)| (a - b).abs()).sum();
    sum / a.len() as f64
}

#[derive(Default)]
struct Found {
    periods: Vec<usize>,
    n_steps: usize,
    reward: f64,
    reward_of_returns: f64,
    place: Vec<f64>,
}

impl Found {
    fn add(&mut self, recorded: &RecordedEpisode, states: &[Vec<f64>]) {
        let trajectory = &recorded.trajectory;
        for (t, step) in trajectory.steps.iter().enumerate() {
            self.n_steps += 1;
            self.reward += step.reward;
            let Some(period) = period_at(states, t) else { continue };
            self.periods.push(period);
            self.reward_of_returns += step.reward;
            let state = &trajectory.states[t];
            self.place.resize(state.len(), 0.0);
            for (sum, number) in self.place.iter_mut().zip(state) {
                *sum += number;
            }
        }
    }

    fn finish(mut self) -> Option<Recurrence> {
        let n = self.periods.len();
        if n == 0 {
            return None;
        }
        self.periods.sort_unstable();
        Some(Recurrence {
            period: self.periods[n / 2] as f64,
            share_of_time: n as f64 / self.n_steps as f64,
            share_of_reward: (self.reward > 0.0).then(|| (self.reward_of_returns / self.reward).clamp(0.0, 1.0)),
            place: self.place.iter().map(|sum| sum / n as f64).collect(),
        })
    }
}

/// How many steps before `t` the state was last the same, with a way between that led off.
fn period_at(states: &[Vec<f64>], t: usize) -> Option<usize> {
    let mut led_away = false;
    for lag in 1..=t.min(LONGEST) {
        let distance = distance(&states[t], &states[t - lag]);
        if led_away && distance < SAME {
            return Some(lag);
        }
        led_away |= distance > AWAY;
    }
    None
}
