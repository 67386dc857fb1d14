//! Q-learning and SARSA over tables: small enough to be checked against exact answers.

use mdp::{Environment, Episode, Rng, Seed, index, uniform};

/// Settings of both methods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TabularConfig {
    /// Environment steps.
    pub n_steps: u64,
    /// Discount factor γ.
    pub discount: f64,
    /// Probability of a random action.
    pub exploration: f64,
    /// Exponent ω of the step size `1 / n(s, a)^ω`; values in (0.5, 1] converge (Even-Dar and Mansour, 2003).
    pub step_size_exponent: f64,
    /// Episodes are left after this many steps, bootstrapping: for environments that never end.
    pub max_episode_steps: usize,
}

/// Action values of a finite environment.
#[derive(Clone, Debug, PartialEq)]
pub struct QTable {
    n_actions: usize,
    /// `[S, A]`.
    pub values: Vec<f64>,
    /// `[S, A]`, updates made.
    pub visits: Vec<u64>,
}

impl QTable {
    fn new(n_states: usize, n_actions: usize) -> QTable {
        QTable {
            n_actions,
            values: vec![0.0; n_states * n_actions],
            visits: vec![0; n_states * n_actions],
        }
    }

    /// The values of the actions in a state.
    #[must_use]
    pub fn row(&self, state: usize) -> &[f64] {
        &self.values[state * self.n_actions..][..self.n_actions]
    }

    /// The first best action of a state.
    #[must_use]
    pub fn greedy(&self, state: usize) -> usize {
        let row = self.row(state);
        (1..row.len()).fold(0, |best, action| {
            if row[action] > row[best] {
                action
            } else {
                best
            }
        })
    }

    /// The greatest value in a state.
    #[must_use]
    pub fn value(&self, state: usize) -> f64 {
        self.row(state)[self.greedy(state)]
    }

    fn choose(&self, state: usize, exploration: f64, rng: &mut Rng) -> usize {
        if uniform(rng) < exploration {
            index(self.n_actions, rng)
        } else {
            self.greedy(state)
        }
    }

    fn update(&mut self, state: usize, action: usize, target: f64, step_size_exponent: f64) {
        let at = state * self.n_actions + action;
        self.visits[at] += 1;
        let step_size = (self.visits[at] as f64).powf(-step_size_exponent);
        self.values[at] += step_size * (target - self.values[at]);
    }
}

/// Q-learning (Watkins, 1989; Sutton and Barto, 2018, section 6.5): the target follows the best next action,
/// `r + γ max_a Q(s', a)`, nothing where the environment terminated.
pub fn q_learning<E>(environment: &E, config: &TabularConfig, seed: Seed) -> QTable
where
    E: Environment<Observation = usize, Action = usize>,
{
    q_learning_exploring(environment, config, |_, _| config.exploration, seed)
}

/// [`q_learning`] that explores with a probability of its own at each step, given how many were taken before and the
/// state, in place of the one of `config`.
pub fn q_learning_exploring<E>(
    environment: &E,
    config: &TabularConfig,
    exploration: impl Fn(u64, usize) -> f64,
    seed: Seed,
) -> QTable
where
    E: Environment<Observation = usize, Action = usize>,
{
    let following = |table: &QTable, next_state, _| table.value(next_state);
    learn(environment, config, exploration, seed, following)
}

/// SARSA (Rummery and Niranjan, 1994; Sutton and Barto, 2018, section 6.4): the target follows the action that is
/// taken next, `r + γ Q(s', a')`, so the values are those of the exploring policy itself.
pub fn sarsa<E>(environment: &E, config: &TabularConfig, seed: Seed) -> QTable
where
    E: Environment<Observation = usize, Action = usize>,
{
    sarsa_exploring(environment, config, |_, _| config.exploration, seed)
}

/// [`sarsa`] that explores with a probability of its own at each step, given how many were taken before and the state, in
/// place of the one of `config`: the values are those of the policy that explores so.
pub fn sarsa_exploring<E>(
    environment: &E,
    config: &TabularConfig,
    exploration: impl Fn(u64, usize) -> f64,
    seed: Seed,
) -> QTable
where
    E: Environment<Observation = usize, Action = usize>,
{
    let following = |table: &QTable, next_state, next_action| table.row(next_state)[next_action];
    learn(environment, config, exploration, seed, following)
}

fn learn<E>(
    environment: &E,
    config: &TabularConfig,
    exploration: impl Fn(u64, usize) -> f64,
    seed: Seed,
    following: impl Fn(&QTable, usize, usize) -> f64,
) -> QTable
where
    E: Environment<Observation = usize, Action = usize>,
{
    let n_states = environment
        .observation_space()
        .n_choices()
        .expect("states are numbered");
    let n_actions = environment
        .action_space()
        .n_choices()
        .expect("actions are numbered");
    let mut table = QTable::new(n_states, n_actions);
    let mut rng = seed.stream("choices", 0);
    let (mut n_steps, mut n_episodes) = (0, 0);
    while n_steps < config.n_steps {
        let mut episode = Episode::new(environment, seed.stream("episode", n_episodes));
        n_episodes += 1;
        let mut state = episode.observation();
        let mut action = table.choose(state, exploration(n_steps, state), &mut rng);
        for _ in 0..config.max_episode_steps {
            let step = episode.step(&action).expect("the episode is not over");
            let next_state = episode.observation();
            let next_action =
                table.choose(next_state, exploration(n_steps + 1, next_state), &mut rng);
            let after = if step.bootstraps() {
                following(&table, next_state, next_action)
            } else {
                0.0
            };
            let target = step.reward + config.discount * after;
            table.update(state, action, target, config.step_size_exponent);
            n_steps += 1;
            (state, action) = (next_state, next_action);
            if step.is_last() || n_steps >= config.n_steps {
                break;
            }
        }
    }
    table
}
