//! Cloning of experts on classic tasks: how good, how fast?
//!
//! Arguments: the method (bc, dagger), the task (cart-pole, acrobot, pendulum), number of seeds (5), episodes
//! demonstrated for bc (20), name of the preset (default). Prints one line of JSON a seed.

use std::sync::Arc;
use std::time::Instant;

use imitation::{behavioral_cloning, dagger};
use mdp::{Environment, Seed, Trajectories};
use nn::Pool;
use rl::{
    Actor, BatchPolicy, NetworkPolicy, Play, TrainEvent, VectorEnvironment, Vectorized,
    demonstrate, evaluate, n_side_by_side, ppo,
};

const N_EVALUATED: usize = 100;

/// The preset by which the expert of a task is trained, and environments for it.
fn task(name: &str) -> Option<(ppo::Config, Box<dyn VectorEnvironment>)> {
    fn vectorized<E: Environment + 'static>(
        environment: E,
        n: usize,
    ) -> Box<dyn VectorEnvironment> {
        Box::new(Vectorized::new(Arc::new(environment), n, Seed(0)))
    }
    let preset = match name {
        "cart-pole" => "rl-zoo-cartpole",
        "acrobot" => "rl-zoo-acrobot",
        "pendulum" => "rl-zoo-pendulum",
        _ => return None,
    };
    let config = ppo::Config::preset(preset)?;
    let n = config.n_environments;
    let environments = match name {
        "cart-pole" => vectorized(envs::CartPole.with_time_limit(), n),
        "acrobot" => vectorized(envs::Acrobot::default().with_time_limit(), n),
        _ => vectorized(envs::Pendulum::default().with_time_limit(), n),
    };
    Some((config, environments))
}

/// Draws every action with the same probability.
struct Anything(mdp::Space);

impl BatchPolicy for Anything {
    fn act(&mut self, _: &[f32], rngs: &mut [mdp::Rng], actions: &mut [f32], _: &Pool) {
        let width = self.0.n_values();
        for (rng, action) in rngs.iter_mut().zip(actions.chunks_exact_mut(width)) {
            action.copy_from_slice(&self.0.sample(rng));
        }
    }
}

fn mean_return(policy: &mut dyn BatchPolicy, rules: &dyn VectorEnvironment, pool: &Pool) -> f64 {
    let seed = Seed(1000);
    let outcomes = evaluate(policy, rules, N_EVALUATED, seed, pool);
    outcomes.iter().map(|outcome| outcome.reward).sum::<f64>() / N_EVALUATED as f64
}

fn cloned(
    preset: &str,
    demonstrations: &Trajectories,
    seed: Seed,
    pool: &Arc<Pool>,
) -> NetworkPolicy {
    let config = behavioral_cloning::Config::preset(preset).expect("a preset");
    behavioral_cloning::train(
        config,
        demonstrations,
        seed,
        Arc::clone(pool),
        &mut |_: &TrainEvent| (),
    )
    .expect("it does not diverge")
}

/// Asks the expert in environments of its own; returns the steps that it labelled too.
fn by_dagger(
    preset: &str,
    expert: &NetworkPolicy,
    rules: &dyn VectorEnvironment,
    seed: Seed,
    pool: &Arc<Pool>,
) -> (NetworkPolicy, usize) {
    let config = dagger::Config::preset(preset).expect("a preset");
    let n = config.n_environments;
    let mut n_labelled = 0;
    let policy = dagger::train(
        config,
        Box::new(Actor::owning(expert.clone(), Play::Greedy, n)),
        None,
        rules.fresh(n, seed),
        seed,
        Arc::clone(pool),
        &mut |event: &TrainEvent| {
            let TrainEvent::Iteration(iteration) = event;
            n_labelled = iteration.n_steps as usize;
        },
    );
    (policy.expect("it does not diverge"), n_labelled)
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let word = |index: usize, default: &str| {
        arguments
            .get(index)
            .map_or(default.to_owned(), String::clone)
    };
    let (method, name, preset) = (word(0, "bc"), word(1, "cart-pole"), word(4, "default"));
    let n_seeds: u64 = word(2, "5").parse().expect("a number of seeds");
    let n_episodes: usize = word(3, "20").parse().expect("a number of episodes");
    let pool = Arc::new(Pool::new(1));
    for seed in (0..n_seeds).map(Seed) {
        let (config, rules) = task(&name).expect("a task that is known");
        let expert = ppo::train(
            config,
            rules.fresh(rules.n_environments(), seed),
            seed,
            Arc::clone(&pool),
            &mut |_: &TrainEvent| (),
        )
        .expect("it does not diverge");
        let mut actor = Actor::new(&expert, Play::Greedy, n_side_by_side(n_episodes));
        let demonstrations = demonstrate(
            &mut actor,
            rules.as_ref(),
            n_episodes,
            seed.child("demonstrations", 0),
            &pool,
        );
        let began = Instant::now();
        let (clone, n_labels) = match method.as_str() {
            "dagger" => by_dagger(&preset, &expert, rules.as_ref(), seed, &pool),
            _ => (
                cloned(&preset, &demonstrations, seed, &pool),
                demonstrations.n_steps(),
            ),
        };
        let seconds = began.elapsed().as_secs_f64();
        let of = |policy: &NetworkPolicy, play| {
            let mut actor = Actor::new(policy, play, n_side_by_side(N_EVALUATED));
            mean_return(&mut actor, rules.as_ref(), &pool)
        };
        let random = mean_return(&mut Anything(rules.action_space()), rules.as_ref(), &pool);
        let best = of(&expert, Play::Greedy);
        let normalised = |score: f64| (score - random) / (best - random);
        let (sampled, greedy) = (of(&clone, Play::Sampled), of(&clone, Play::Greedy));
        println!(
            "{}",
            serde_json::json!({
                "method": method, "task": name, "preset": preset, "seed": seed.0,
                "labels": n_labels, "seconds": seconds,
                "random": random, "expert": best, "sampled": sampled, "greedy": greedy,
                "normalised_sampled": normalised(sampled), "normalised_greedy": normalised(greedy),
            })
        );
    }
}
