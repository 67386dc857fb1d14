//! Plays episodes with a scripted policy and sums up what they earn.

use mdp::{Environment, Episode, Policy, Seed};

/// Episodes behind every row.
pub(crate) const N_EPISODES: u64 = 1000;

/// What a policy earned.
pub(crate) struct Tally {
    /// Returns of the reward.
    pub(crate) rewards: Vec<f64>,
    /// Returns of the intent.
    pub(crate) intents: Vec<f64>,
    /// Episodes that ended as the task was meant to.
    pub(crate) n_successes: u32,
    /// Steps of all episodes.
    pub(crate) n_steps: u32,
}

/// Plays [`N_EPISODES`] episodes.
pub(crate) fn play<E: Environment>(
    environment: &E,
    policy: &impl Policy<E::Observation, E::Action>,
) -> Tally {
    let mut tally = Tally {
        rewards: vec![],
        intents: vec![],
        n_successes: 0,
        n_steps: 0,
    };
    for index in 0..N_EPISODES {
        let mut episode = Episode::new(environment, Seed(0).stream("episode", index));
        let (mut reward, mut intent) = (0.0, 0.0);
        while episode.end().is_none() {
            let observation = episode.observation();
            let action = policy.act(&observation, episode.rng());
            let step = episode.step(&action).expect("the episode is not over");
            reward += step.reward;
            intent += step.intent.expect("the intent is known");
            tally.n_steps += 1;
        }
        tally.n_successes += u32::from(environment.is_success(episode.state()) == Some(true));
        tally.rewards.push(reward);
        tally.intents.push(intent);
    }
    tally
}

/// Mean and standard deviation.
pub(crate) fn mean_and_deviation(values: &[f64]) -> String {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values
        .iter()
        .map(|value| (value - mean).powi(2))
        .sum::<f64>()
        / (n - 1.0);
    format!("{mean:.1} ± {:.1}", variance.sqrt())
}

/// Bounds as an interval.
pub(crate) fn interval(bounds: Option<(f64, f64)>) -> String {
    bounds.map_or_else(String::new, |(low, high)| format!("[{low:.1}, {high:.1}]"))
}
