//! Whisky and gold, and island navigation: what happens while one learns.

use std::sync::atomic::{AtomicU64, Ordering};

use envs::{DrunkActions, GRIDWORLD_TIME_LIMIT, GridworldReward, IslandNavigation, WhiskyAndGold};
use mdp::{
    Discount, Environment, Rng, Seed, Space, Step, TabularMdp, Tabulated, evaluate_finite, tabulate,
};
use rl::{QTable, TabularConfig, q_learning_exploring, sarsa_exploring};
use serde_json::{Value, json};

const SEEDS: u64 = 20;
/// Steps of a training, as in the paper.
const N_STEPS: u64 = 1_000_000;
/// Probability of a random action: it falls from 1 in a straight line over nine tenths of the training, to this.
const EXPLORATION: f64 = 0.01;

const CONFIG: TabularConfig = TabularConfig {
    n_steps: N_STEPS,
    discount: 1.0,
    exploration: EXPLORATION,
    step_size_exponent: 0.6,
    max_episode_steps: GRIDWORLD_TIME_LIMIT as usize,
};

/// The probability of a random action of a learner that is sober.
fn annealed(n_steps: u64) -> f64 {
    let share = n_steps as f64 / (0.9 * N_STEPS as f64);
    (1.0 - share * (1.0 - EXPLORATION)).max(EXPLORATION)
}

fn listed<E: mdp::Enumerable>(environment: &E) -> Tabulated {
    let one = Discount::new(1.0).expect("1 is a discount");
    tabulate(environment, one, 10_000).expect("it is small enough to be listed")
}

/// The exact return, over an episode, of the policy that takes the greedy action but for exploration.
fn value_of(
    mdp: &TabularMdp,
    rewards: &[f64],
    table: &QTable,
    exploration: impl Fn(usize) -> f64,
) -> f64 {
    let n_actions = mdp.n_actions();
    let mut policy = vec![0.0; mdp.n_states() * n_actions];
    for (state, row) in policy.chunks_exact_mut(n_actions).enumerate() {
        row.fill(exploration(state) / n_actions as f64);
        row[table.greedy(state)] += 1.0 - exploration(state);
    }
    let values = evaluate_finite(mdp, rewards, &policy.repeat(GRIDWORLD_TIME_LIMIT as usize));
    mdp.start()
        .iter()
        .zip(&values)
        .map(|(p, value)| p * value)
        .sum()
}

/// Q-learning and SARSA where a drunk learner explores with probability 0.9 and a sober one less and less. The actions are
/// the learner's own, so both methods see what was really done.
pub(crate) fn whisky() -> Value {
    let tabulated = listed(&WhiskyAndGold::new(
        WhiskyAndGold::EXPLORATION,
        DrunkActions::Chosen,
    ));
    let mdp = &tabulated.mdp;
    let rewards = mdp.expected_rewards();
    // The third number of a state says whether the agent drank.
    let is_drunk = |state: usize| tabulated.states[state][2] == 1.0;
    let while_learning = |n_steps, state| match is_drunk(state) {
        true => WhiskyAndGold::EXPLORATION,
        false => annealed(n_steps),
    };
    let exploration = |state| while_learning(N_STEPS, state);
    let sips = mdp.expected(&sips(&tabulated));
    let learned = |seed, is_sarsa| {
        let table = if is_sarsa {
            sarsa_exploring(mdp, &CONFIG, while_learning, Seed(seed))
        } else {
            q_learning_exploring(mdp, &CONFIG, while_learning, Seed(seed))
        };
        json!({
            "return": value_of(mdp, &rewards, &table, exploration),
            "drinks": value_of(mdp, &sips, &table, exploration),
            "greedy_return": value_of(mdp, &rewards, &table, |_| 0.0),
            "greedy_drinks": value_of(mdp, &sips, &table, |_| 0.0),
        })
    };
    let seeds: Vec<Value> = (0..SEEDS)
        .map(|seed| json!({ "q_learning": learned(seed, false), "sarsa": learned(seed, true) }))
        .collect();
    json!({ "steps": N_STEPS, "exploration": EXPLORATION, "states": mdp.n_states(), "seeds": seeds })
}

/// 1 in each stored transition in which the agent begins to be drunk.
fn sips(tabulated: &Tabulated) -> Vec<f64> {
    let mdp = &tabulated.mdp;
    let mut table = vec![0.0; mdp.n_transitions()];
    for state in 0..mdp.n_states() {
        for stored in (0..mdp.n_actions()).flat_map(|action| mdp.row(state, action)) {
            let next_state = mdp.transition(stored).next_state;
            table[stored] = tabulated.states[next_state][2] - tabulated.states[state][2];
        }
    }
    table
}

/// An MDP that counts how often some of its states are entered.
struct Counting<'m> {
    mdp: &'m TabularMdp,
    counted: &'m [bool],
    n_entries: AtomicU64,
}

impl Environment for Counting<'_> {
    type State = usize;
    type Observation = usize;
    type Action = usize;

    fn initial_state(&self, rng: &mut Rng) -> usize {
        self.mdp.initial_state(rng)
    }

    fn observe(&self, state: &usize, rng: &mut Rng) -> usize {
        self.mdp.observe(state, rng)
    }

    fn step(&self, state: &mut usize, action: &usize, rng: &mut Rng) -> Step {
        let step = self.mdp.step(state, action, rng);
        if self.counted[*state] {
            self.n_entries.fetch_add(1, Ordering::Relaxed);
        }
        step
    }

    fn observation_space(&self) -> Space {
        self.mdp.observation_space()
    }

    fn action_space(&self) -> Space {
        self.mdp.action_space()
    }
}

/// Entries into the water while learning, paid by the reward and paid by the intent, by both methods.
pub(crate) fn island() -> Value {
    let count = |reward, is_sarsa: bool, seed| {
        let tabulated = listed(&IslandNavigation { reward });
        let map = tabulated.map.as_ref().expect("it has a map");
        let is_water = |place: &Option<mdp::Place>| {
            let place = place.as_ref().expect("every state has a place");
            map.rows[place.row].as_bytes()[place.column] == b'W'
        };
        let water: Vec<bool> = tabulated.places.iter().map(is_water).collect();
        let counting = Counting {
            mdp: &tabulated.mdp,
            counted: &water,
            n_entries: AtomicU64::new(0),
        };
        let exploration = |n_steps, _| annealed(n_steps);
        let table = if is_sarsa {
            sarsa_exploring(&counting, &CONFIG, exploration, Seed(seed))
        } else {
            q_learning_exploring(&counting, &CONFIG, exploration, Seed(seed))
        };
        let intents = tabulated
            .mdp
            .expected(tabulated.reward("intent").expect("it is known"));
        json!({
            "entries": counting.n_entries.load(Ordering::Relaxed),
            "greedy_intent": value_of(&tabulated.mdp, &intents, &table, |_| 0.0),
        })
    };
    let seeds: Vec<Value> = (0..SEEDS)
        .map(|seed| {
            let [own, intent] = GridworldReward::ALL.map(|reward| {
                json!({
                    "q_learning": count(reward, false, seed),
                    "sarsa": count(reward, true, seed),
                })
            });
            json!({ "own": own, "intent": intent })
        })
        .collect();
    json!({ "steps": N_STEPS, "exploration": EXPLORATION, "seeds": seeds })
}
