//! The tabular diagnostics of seals, with experts that an exact solver made.

use std::sync::Arc;
use std::time::Instant;

use imitation::{
    Features, Horizon, LinearReward, MaximumEntropyConfig, dagger, maximum_entropy_irl, visits,
};
use mdp::{
    Discount, Enumerable, Rng, Seed, Tabulated, TimeLimit, Trajectories, evaluate_finite,
    soft_value_iteration_finite, tabulate, value_iteration,
};
use nn::Pool;
use rl::{BatchPolicy, Play, VectorEnvironment, Vectorized, demonstrate, n_side_by_side};
use serde_json::{Value, json};

use crate::N_EVALUATED;
use crate::players::{Anything, Lesson, METHODS, as_json, mean_return, network_return};

/// Episodes demonstrated.
const N_DEMONSTRATIONS: usize = 20;

/// Discount of the solver that makes the experts: they act by the state alone, and look far enough ahead.
const FORESIGHT: f64 = 0.99;

/// A task: where it is learned and where it is judged.
struct Task {
    name: &'static str,
    seals: &'static str,
    judged_in: &'static str,
    time_limit: u32,
    learned: Place,
    judged: Place,
}

impl Task {
    /// The preset of GAIL and AIRL.
    fn preset(&self) -> &'static str {
        match self.name {
            "noisy-observations" => "noisy",
            _ => "tabular",
        }
    }
}

/// An environment in both forms.
struct Place {
    rules: Box<dyn VectorEnvironment>,
    /// Undiscounted, for whoever counts steps.
    table: Tabulated,
    /// The expert's action in each state, by the state's number.
    expert: Vec<usize>,
    see: fn(&[f32]) -> usize,
}

/// A one-hot observation is the state.
fn one_hot(features: &[f32]) -> usize {
    let seen = features.iter().position(|feature| *feature == 1.0);
    seen.expect("one feature is 1")
}

/// Column and row of the grid of 5 by 5 among the noise.
fn cell(features: &[f32]) -> usize {
    features[1] as usize * 5 + features[0] as usize
}

impl Place {
    fn new<E>(environment: E, time_limit: u32, see: fn(&[f32]) -> usize) -> Place
    where
        E: Enumerable<State = usize> + Clone + 'static,
    {
        let limit = 10_000;
        let discount = |value| Discount::new(value).expect("a discount");
        let table = tabulate(&environment, discount(1.0), limit).expect("a small environment");
        let ahead = tabulate(&environment, discount(FORESIGHT), limit).expect("the same");
        let best = value_iteration(&ahead.mdp, &ahead.mdp.expected_rewards(), 1e-9, 100_000);
        let n_numbers = 1 + table
            .states
            .iter()
            .map(|state| state[0] as usize)
            .max()
            .expect("states");
        let mut expert = vec![0; n_numbers];
        for (state, action) in table.states.iter().zip(&best.policy) {
            expert[state[0] as usize] = *action;
        }
        let limited = TimeLimit::new(environment, time_limit);
        Place {
            rules: Box::new(Vectorized::new(Arc::new(limited), 1, Seed(0))),
            table,
            expert,
            see,
        }
    }

    fn player(&self) -> Player {
        Player {
            actions: self.expert.clone(),
            see: self.see,
        }
    }

    /// Where each state number stands in the table.
    fn index_of(&self, number: usize) -> usize {
        let found = self
            .table
            .states
            .iter()
            .position(|state| state[0] as usize == number);
        found.expect("a state that can be reached")
    }
}

/// Acts by a table.
struct Player {
    actions: Vec<usize>,
    see: fn(&[f32]) -> usize,
}

impl BatchPolicy for Player {
    fn act(&mut self, observations: &[f32], rngs: &mut [Rng], actions: &mut [f32], _: &Pool) {
        let width = observations.len() / rngs.len();
        for (action, features) in actions.iter_mut().zip(observations.chunks_exact(width)) {
            *action = self.actions[(self.see)(features)] as f32;
        }
    }
}

fn tasks() -> Vec<Task> {
    fn task<E>(
        name: &'static str,
        seals: [&'static str; 2],
        time_limit: u32,
        environments: [E; 2],
        see: fn(&[f32]) -> usize,
    ) -> Task
    where
        E: Enumerable<State = usize> + Clone + 'static,
    {
        let [learned, judged] = environments;
        Task {
            name,
            seals: seals[0],
            judged_in: seals[1],
            time_limit,
            learned: Place::new(learned, time_limit, see),
            judged: Place::new(judged, time_limit, see),
        }
    }
    fn twice<E: Clone>(environment: E) -> [E; 2] {
        [environment.clone(), environment]
    }
    use envs::{
        Branching, CliffWorld, CliffWorldSize, EarlyTermination, InitialShift, NoisyObservations,
        RandomTransitions, RiskyPath,
    };
    vec![
        task(
            "branching",
            ["seals/Branching-v0"; 2],
            Branching::TIME_LIMIT,
            twice(Branching::default()),
            one_hot,
        ),
        task(
            "early-termination-positive",
            ["seals/EarlyTermPos-v0"; 2],
            EarlyTermination::TIME_LIMIT,
            twice(EarlyTermination::positive()),
            one_hot,
        ),
        task(
            "early-termination-negative",
            ["seals/EarlyTermNeg-v0"; 2],
            EarlyTermination::TIME_LIMIT,
            twice(EarlyTermination::negative()),
            one_hot,
        ),
        task(
            "initial-shift",
            ["seals/InitShiftTrain-v0", "seals/InitShiftTest-v0"],
            InitialShift::TIME_LIMIT,
            [InitialShift::train(), InitialShift::test()],
            one_hot,
        ),
        task(
            "risky-path",
            ["seals/RiskyPath-v0"; 2],
            RiskyPath::TIME_LIMIT,
            twice(RiskyPath::new()),
            one_hot,
        ),
        task(
            "random-transitions",
            ["seals/Random-v0"; 2],
            RandomTransitions::TIME_LIMIT,
            twice(RandomTransitions::published()),
            one_hot,
        ),
        task(
            "cliff-world",
            ["seals/CliffWorld7x4-v0"; 2],
            CliffWorldSize::Small.time_limit(),
            twice(CliffWorld::new(CliffWorldSize::Small)),
            one_hot,
        ),
        task(
            "noisy-observations",
            ["seals/NoisyObs-v0"; 2],
            NoisyObservations::TIME_LIMIT,
            twice(NoisyObservations),
            cell,
        ),
    ]
}

/// The results, and what the peer needs.
pub(crate) fn run(n_seeds: u64, pool: &Arc<Pool>) -> (Value, Value) {
    let (mut described, mut runs, mut exchanged) = (vec![], vec![], vec![]);
    for task in tasks() {
        let (learned, judged) = (task.learned.rules.as_ref(), task.judged.rules.as_ref());
        let random = mean_return(&mut Anything(judged.action_space()), judged, pool);
        let best = mean_return(&mut task.judged.player(), judged, pool);
        let seed = Seed(0).child("demonstrations", 0);
        assert!(N_DEMONSTRATIONS <= n_side_by_side(N_DEMONSTRATIONS));
        let mut player = task.learned.player();
        let shown = demonstrate(&mut player, learned, N_DEMONSTRATIONS, seed, pool);
        described.push(json!({
            "task": task.name,
            "expert": best,
            "random": random,
            "demonstrated_steps": shown.n_steps(),
        }));
        let score = |found: f64| (found - random) / (best - random);
        let live = |_: usize| -> Box<dyn dagger::Expert> { Box::new(task.learned.player()) };
        let lesson = Lesson {
            rules: learned,
            demonstrations: &shown,
            expert: &live,
            preset: task.preset(),
        };
        for method in METHODS {
            for seed in 0..n_seeds {
                let began = Instant::now();
                let policy = lesson.learn(method, seed, pool);
                runs.push(json!({
                    "task": task.name,
                    "method": method,
                    "preset": lesson.preset_of(method),
                    "seed": seed,
                    "score": score(network_return(&policy, Play::Sampled, judged, pool)),
                    "seconds": began.elapsed().as_secs_f64(),
                }));
            }
        }
        let began = Instant::now();
        runs.push(json!({
            "task": task.name,
            "method": "mce-irl",
            "seed": Value::Null,
            "score": score(inferred_return(&task, &shown)),
            "seconds": began.elapsed().as_secs_f64(),
        }));
        let steps = METHODS.map(|method| (method.to_owned(), json!(lesson.steps_of(method))));
        exchanged.push(json!({
            "task": task.name,
            "gymnasium": task.seals,
            "judged_in": task.judged_in,
            "expert_return": best,
            "random_return": random,
            "steps": serde_json::Map::from_iter(steps),
            "expert": task.learned.expert,
            "demonstrations": as_json(&shown),
        }));
    }
    let printed = json!({
        "seeds": n_seeds,
        "demonstrations": N_DEMONSTRATIONS,
        "evaluation_episodes": N_EVALUATED,
        "threads": pool.n_threads(),
        "tasks": described,
        "runs": runs,
    });
    (printed, json!({ "tasks": exchanged }))
}

/// The exact return, where it is judged, of the policy that is soft-optimal for the reward of states that maximum causal
/// entropy infers from demonstrations.
fn inferred_return(task: &Task, shown: &Trajectories) -> f64 {
    let (learned, judged) = (&task.learned, &task.judged);
    let space = shown.observation_space();
    let n_features = rl::n_features(space);
    let demonstrations: Vec<Vec<(usize, usize)>> = shown
        .episodes()
        .map(|episode| {
            let n = episode.actions.len();
            let mut features = vec![0.0; (n + 1) * n_features];
            rl::write_features(space, episode.observations, &mut features);
            let rows = features.chunks_exact(n_features).zip(episode.actions);
            rows.map(|(row, action)| (learned.index_of((learned.see)(row)), *action as usize))
                .collect()
        })
        .collect();
    let mdp = &learned.table.mdp;
    let counted = visits(mdp, &demonstrations).expect("demonstrations of this environment");
    let mut reward = LinearReward::new(Features::each_state(mdp.n_states(), mdp.n_actions()));
    let n_steps = task.time_limit as usize;
    let config = MaximumEntropyConfig {
        // Demonstrations that never err are explained ever better by ever greater rewards; a faint prior ends that.
        precision: 1e-4,
        ..MaximumEntropyConfig::causal(Horizon::Finite(n_steps))
    };
    let found = maximum_entropy_irl(mdp, &counted, &mut reward, &config).expect("a sound problem");
    let n_actions = mdp.n_actions();
    let there = &judged.table;
    let moved: Vec<f64> = there
        .states
        .iter()
        .flat_map(|state| {
            let index = learned.index_of(state[0] as usize);
            found.rewards[index * n_actions..][..n_actions].to_vec()
        })
        .collect();
    let policy = soft_value_iteration_finite(&there.mdp, &moved, 1.0, n_steps).policy;
    let values = evaluate_finite(&there.mdp, &there.mdp.expected_rewards(), &policy);
    let start = there.mdp.start().iter().zip(&values);
    start.map(|(probability, value)| probability * value).sum()
}
