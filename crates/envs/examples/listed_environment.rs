//! An environment whose dynamics are listed: what an optimal policy does is known before anything is trained.
//!
//! A watchman goes his rounds. He is paid for each door that he locks; meant is that it stays locked. A locked door is
//! forced open in one of ten nights, and he can unlock it himself.

use mdp::{
    Discount, Enumerable, Environment, Outcome, Rng, Seed, Space, Step, categorical,
    check_outcomes, deterministic, policy_iteration, policy_return, tabulate,
};

const UNLOCKED: usize = 0;
const LOCKED: usize = 1;

const LOCK: usize = 0;
const UNLOCK: usize = 2;

/// One door. Actions: lock it, try whether it is locked, unlock it.
#[derive(Clone, Copy, Debug)]
struct Rounds;

impl Enumerable for Rounds {
    fn initial_states(&self) -> Vec<(f64, usize)> {
        vec![(1.0, UNLOCKED)]
    }

    fn outcomes(&self, door: &usize, action: &usize) -> Vec<Outcome<usize>> {
        let ways: &[(f64, usize)] = match (*door, *action) {
            (UNLOCKED, LOCK) => &[(1.0, LOCKED)],
            (UNLOCKED, _) | (LOCKED, UNLOCK) => &[(1.0, UNLOCKED)],
            _ => &[(0.1, UNLOCKED), (0.9, LOCKED)],
        };
        let pays = *door == UNLOCKED && *action == LOCK;
        let outcome = |&(probability, next_state): &(f64, usize)| Outcome {
            probability,
            next_state,
            step: Step {
                intent: Some(f64::from(u8::from(next_state == LOCKED))),
                ..Step::of_reward(f64::from(u8::from(pays)))
            },
        };
        ways.iter().map(outcome).collect()
    }

    fn state_label(&self, door: &usize) -> String {
        ["unlocked", "locked"][*door].to_owned()
    }
}

impl Environment for Rounds {
    type State = usize;
    type Observation = usize;
    type Action = usize;

    fn initial_state(&self, _rng: &mut Rng) -> usize {
        UNLOCKED
    }

    fn observe(&self, door: &usize, _rng: &mut Rng) -> usize {
        *door
    }

    fn step(&self, door: &mut usize, action: &usize, rng: &mut Rng) -> Step {
        let outcomes = self.outcomes(door, action);
        let probabilities: Vec<f64> = outcomes.iter().map(|outcome| outcome.probability).collect();
        let drawn = &outcomes[categorical(&probabilities, rng)];
        *door = drawn.next_state;
        drawn.step
    }

    fn observation_space(&self) -> Space {
        Space::Discrete { n: 2 }
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: 3 }
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["lock", "try", "unlock"]
    }
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    check_outcomes(&Rounds, 50, Seed(0)).expect("step draws what is listed");
    let discount = Discount::new(0.95).expect("a discount");
    let rounds = tabulate(&Rounds, discount, 10).expect("two states");
    let expected = |name| {
        let table = rounds.reward(name).expect("the environment has both");
        rounds.mdp.expected(table)
    };
    let (reward, intent) = (expected("reward"), expected("intent"));
    for (name, wanted) in [("reward", &reward), ("intent", &intent)] {
        let best = policy_iteration(&rounds.mdp, wanted, None).expect("the discount is below 1");
        let policy = deterministic(&best.policy, rounds.mdp.n_actions());
        let earns = |table| policy_return(&rounds.mdp, table, &policy).expect("as above");
        let acts: Vec<String> = rounds
            .state_labels
            .iter()
            .zip(&best.policy)
            .map(|(door, action)| format!("{door}: {}", rounds.action_names[*action]))
            .collect();
        println!(
            "optimal for {name}: {}; reward {:.1}, intent {:.1}",
            acts.join(", "),
            earns(&reward),
            earns(&intent)
        );
    }
}
