//! CartPole, Acrobot and Pendulum, with experts that PPO made.

use std::sync::Arc;
use std::time::Instant;

use mdp::{Environment, Seed};
use nn::Pool;
use rl::{
    Actor, NetworkPolicy, Play, TrainEvent, VectorEnvironment, Vectorized, demonstrate,
    n_side_by_side, ppo,
};
use serde_json::{Value, json};

use crate::N_EVALUATED;
use crate::players::{Anything, Lesson, METHODS, as_json, mean_return, network_return};

/// Episodes demonstrated.
const N_DEMONSTRATIONS: usize = 20;

/// A task, the preset of PPO that makes its expert, and that of the adversarial imitators.
struct Task {
    name: &'static str,
    gymnasium: &'static str,
    expert: &'static str,
    imitator: &'static str,
}

const TASKS: [Task; 3] = [
    Task {
        name: "cart-pole",
        gymnasium: "CartPole-v1",
        expert: "rl-zoo-cartpole",
        imitator: "cartpole",
    },
    Task {
        name: "acrobot",
        gymnasium: "Acrobot-v1",
        expert: "rl-zoo-acrobot",
        imitator: "acrobot",
    },
    Task {
        name: "pendulum",
        gymnasium: "Pendulum-v1",
        expert: "rl-zoo-pendulum",
        imitator: "pendulum",
    },
];

impl Task {
    fn rules(&self) -> Box<dyn VectorEnvironment> {
        fn vectorized<E: Environment + 'static>(environment: E) -> Box<dyn VectorEnvironment> {
            Box::new(Vectorized::new(Arc::new(environment), 1, Seed(0)))
        }
        match self.name {
            "cart-pole" => vectorized(envs::CartPole.with_time_limit()),
            "acrobot" => vectorized(envs::Acrobot::default().with_time_limit()),
            _ => vectorized(envs::Pendulum::default().with_time_limit()),
        }
    }

    fn train_expert(&self, rules: &dyn VectorEnvironment, pool: &Arc<Pool>) -> NetworkPolicy {
        let config = ppo::Config::preset(self.expert).expect("a preset");
        let environment = rules.fresh(config.n_environments, Seed(0));
        let ignore = &mut |_: &TrainEvent| ();
        ppo::train(config, environment, Seed(0), Arc::clone(pool), ignore)
            .expect("it does not diverge")
    }
}

/// The results, and what the peer needs.
pub(crate) fn run(n_seeds: u64, pool: &Arc<Pool>) -> (Value, Value) {
    let (mut tasks, mut runs, mut exchanged) = (vec![], vec![], vec![]);
    for task in &TASKS {
        let rules = task.rules();
        let rules = rules.as_ref();
        let expert = task.train_expert(rules, pool);
        let random = mean_return(&mut Anything(rules.action_space()), rules, pool);
        let best = network_return(&expert, Play::Sampled, rules, pool);
        let mut actor = Actor::new(&expert, Play::Sampled, n_side_by_side(N_DEMONSTRATIONS));
        let seed = Seed(0).child("demonstrations", 0);
        let demonstrations = demonstrate(&mut actor, rules, N_DEMONSTRATIONS, seed, pool);
        tasks.push(json!({
            "task": task.name,
            "expert": best,
            "random": random,
            "demonstrated_steps": demonstrations.n_steps(),
        }));
        let live = |n| -> Box<dyn imitation::dagger::Expert> {
            Box::new(Actor::owning(expert.clone(), Play::Greedy, n))
        };
        let lesson = Lesson {
            rules,
            demonstrations: &demonstrations,
            expert: &live,
            preset: task.imitator,
        };
        for method in METHODS {
            for seed in 0..n_seeds {
                let began = Instant::now();
                let policy = lesson.learn(method, seed, pool);
                let seconds = began.elapsed().as_secs_f64();
                let score = |play| {
                    let found = network_return(&policy, play, rules, pool);
                    (found - random) / (best - random)
                };
                runs.push(json!({
                    "task": task.name,
                    "method": method,
                    "preset": lesson.preset_of(method),
                    "seed": seed,
                    "steps": lesson.steps_of(method),
                    "score": score(Play::Sampled),
                    "greedy_score": score(Play::Greedy),
                    "seconds": seconds,
                }));
            }
        }
        let steps = METHODS.map(|method| (method.to_owned(), json!(lesson.steps_of(method))));
        exchanged.push(json!({
            "task": task.name,
            "gymnasium": task.gymnasium,
            "expert_return": best,
            "random_return": random,
            "steps": serde_json::Map::from_iter(steps),
            "expert": network(&expert),
            "demonstrations": as_json(&demonstrations),
        }));
    }
    let printed = json!({
        "seeds": n_seeds,
        "demonstrations": N_DEMONSTRATIONS,
        "evaluation_episodes": N_EVALUATED,
        "threads": pool.n_threads(),
        "tasks": tasks,
        "runs": runs,
    });
    (printed, json!({ "tasks": exchanged }))
}

/// The first network of a policy, its weights `[inputs, outputs]` layer by layer, and what normalises its inputs.
fn network(policy: &NetworkPolicy) -> Value {
    let saved = nn::load(&policy.to_bytes()).expect("bytes of a policy");
    let shape = saved.model.shapes().next().expect("a network").clone();
    let mut rest = saved.model.parameters();
    let (mut layers, mut inputs) = (vec![], shape.inputs);
    for outputs in shape.hidden.iter().copied().chain([shape.outputs]) {
        let (weights, after) = rest.split_at(inputs * outputs);
        let (biases, after) = after.split_at(outputs);
        let weights: Vec<&[f32]> = weights.chunks_exact(outputs).collect();
        layers.push(json!({ "weights": weights, "biases": biases }));
        (rest, inputs) = (after, outputs);
    }
    let norm = saved.normalization.as_ref();
    json!({
        "layers": layers,
        "mean": norm.map(|norm| norm.mean().to_vec()),
        "variance": norm.map(|norm| norm.variance().to_vec()),
    })
}
