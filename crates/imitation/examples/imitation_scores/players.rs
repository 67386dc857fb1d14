//! Who plays besides the learners, and how they are judged.

use std::sync::Arc;

use imitation::{airl, behavioral_cloning, dagger, gail};
use mdp::{Rng, Seed, Space, Trajectories};
use nn::Pool;
use rl::{
    Actor, BatchPolicy, NetworkPolicy, Play, TrainEvent, VectorEnvironment, evaluate,
    n_side_by_side,
};
use serde_json::{Value, json};

use crate::N_EVALUATED;

/// The imitators, by their names in tables.
pub(crate) const METHODS: [&str; 4] = ["bc", "dagger", "gail", "airl"];

/// Draws every action with the same probability.
pub(crate) struct Anything(pub(crate) Space);

impl BatchPolicy for Anything {
    fn act(&mut self, _: &[f32], rngs: &mut [Rng], actions: &mut [f32], _: &Pool) {
        let width = self.0.n_values();
        for (rng, action) in rngs.iter_mut().zip(actions.chunks_exact_mut(width)) {
            action.copy_from_slice(&self.0.sample(rng));
        }
    }
}

/// The mean return of a policy that was made for [`n_side_by_side`] of [`N_EVALUATED`] environments.
pub(crate) fn mean_return(
    policy: &mut dyn BatchPolicy,
    rules: &dyn VectorEnvironment,
    pool: &Pool,
) -> f64 {
    let outcomes = evaluate(policy, rules, N_EVALUATED, Seed(1_000_000), pool);
    outcomes.iter().map(|outcome| outcome.reward).sum::<f64>() / N_EVALUATED as f64
}

/// The same of a network.
pub(crate) fn network_return(
    policy: &NetworkPolicy,
    play: Play,
    rules: &dyn VectorEnvironment,
    pool: &Pool,
) -> f64 {
    let mut actor = Actor::new(policy, play, n_side_by_side(N_EVALUATED));
    mean_return(&mut actor, rules, pool)
}

/// What a learner is given.
pub(crate) struct Lesson<'a> {
    pub(crate) rules: &'a dyn VectorEnvironment,
    pub(crate) demonstrations: &'a Trajectories,
    /// Makes a live expert for so many environments.
    pub(crate) expert: &'a dyn Fn(usize) -> Box<dyn dagger::Expert>,
    /// The preset of GAIL and of AIRL; the cloners have one for all.
    pub(crate) preset: &'a str,
}

impl Lesson<'_> {
    /// The preset that a method is run with.
    pub(crate) fn preset_of(&self, method: &str) -> &str {
        match method {
            "gail" | "airl" => self.preset,
            _ => "default",
        }
    }

    /// Environment steps that a method takes.
    pub(crate) fn steps_of(&self, method: &str) -> u64 {
        match method {
            "bc" => 0,
            "dagger" => self.dagger().steps,
            "gail" => self.gail().generator.steps,
            _ => self.airl().generator.steps,
        }
    }

    fn dagger(&self) -> dagger::Config {
        dagger::Config::preset("default").expect("a preset")
    }

    fn gail(&self) -> gail::Config {
        gail::Config::preset(self.preset).expect("a preset")
    }

    fn airl(&self) -> airl::Config {
        airl::Config::preset(self.preset).expect("a preset")
    }

    /// What a method learns of it.
    pub(crate) fn learn(&self, method: &str, seed: u64, pool: &Arc<Pool>) -> NetworkPolicy {
        let (seed, pool, shown) = (Seed(seed), Arc::clone(pool), self.demonstrations);
        let fresh = |n| self.rules.fresh(n, seed.child("training", 0));
        let ignore = &mut |_: &TrainEvent| ();
        let learned = match method {
            "bc" => {
                let config = behavioral_cloning::Config::preset("default").expect("a preset");
                behavioral_cloning::train(config, shown, seed, pool, ignore)
            }
            "dagger" => {
                let config = self.dagger();
                let n = config.n_environments;
                let expert = (self.expert)(n);
                dagger::train(config, expert, None, fresh(n), seed, pool, ignore)
            }
            "gail" => {
                let config = self.gail();
                let n = config.generator.n_environments;
                gail::train(config, shown, fresh(n), seed, pool, ignore)
            }
            _ => {
                let config = self.airl();
                let n = config.generator.n_environments;
                airl::train(config, shown, fresh(n), seed, pool, ignore)
            }
        };
        learned.expect("it does not diverge")
    }
}

/// Demonstrations as lists of numbers: observations `[T + 1, …]`, actions `[T, …]`, and whether they terminated.
pub(crate) fn as_json(demonstrations: &Trajectories) -> Value {
    let widths = (
        demonstrations.observation_space().n_values(),
        demonstrations.action_space().n_values(),
    );
    let rows = |values: &[f32], width: usize| -> Vec<Vec<f32>> {
        values.chunks_exact(width).map(<[f32]>::to_vec).collect()
    };
    let episodes = demonstrations.episodes().map(|episode| {
        json!({
            "observations": rows(episode.observations, widths.0),
            "actions": rows(episode.actions, widths.1),
            "terminated": episode.end == Some(mdp::End::Terminated),
        })
    });
    episodes.collect()
}
