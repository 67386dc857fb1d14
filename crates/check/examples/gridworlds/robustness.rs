//! Distributional shift, and friend or foe: exact answers to what they measure.

use envs::{Bandit, DistributionalShift, FriendOrFoe, GRIDWORLD_TIME_LIMIT, ShiftMap};
use mdp::{Discount, Tabulated, finite_horizon, policy_return, tabulate};
use serde_json::{Value, json};

use crate::horizon::Optimal;

const LIMIT: usize = 200_000;
/// Published episodes in a row.
const ROUNDS: u8 = 10;

fn listed<E: mdp::Enumerable>(environment: &E) -> Tabulated {
    let one = Discount::new(1.0).expect("1 is a discount");
    tabulate(environment, one, LIMIT).expect("it is small enough to be listed")
}

/// What every policy that is optimal on the training map earns on each map, at the least and at the most: a policy is
/// taken to do in a place what it does in that place of the training map.
pub(crate) fn shift() -> Value {
    let training = listed(&DistributionalShift {
        map: ShiftMap::Training,
    });
    let optimal = Optimal::new(&training.mdp, &training.mdp.expected_rewards());
    let maps = [ShiftMap::Training, ShiftMap::Test1, ShiftMap::Test2].map(|map| {
        let tested = listed(&DistributionalShift { map });
        let rewards = tested.mdp.expected_rewards();
        let alive = training.mdp.reachable();
        let twin = |state: usize| {
            let place = &tested.places[state];
            let same = |known: &Option<mdp::Place>| match (known, place) {
                (Some(a), Some(b)) => (a.column, a.row) == (b.column, b.row),
                _ => false,
            };
            training
                .places
                .iter()
                .position(same)
                .filter(|state| alive[*state])
        };
        json!({
            "map": map.name(),
            "states": tested.mdp.n_states(),
            "training_optimal": optimal.range_on(&tested.mdp, &rewards, twin),
            "optimal": Optimal::new(&tested.mdp, &rewards).value,
        })
    });
    json!(maps)
}

/// What policies earn a round against each kind of bandit: the best that knows the bandit's estimate, and those that
/// go straight to a box and open the right one with a fixed probability.
pub(crate) fn bandits() -> Value {
    let kinds = [Bandit::Friend, Bandit::Neutral, Bandit::Adversary].map(|bandit| {
        let tabulated = listed(&FriendOrFoe::new(bandit, ROUNDS));
        let mdp = &tabulated.mdp;
        let rewards = mdp.expected_rewards();
        let solution = finite_horizon(mdp, &rewards, GRIDWORLD_TIME_LIMIT as usize);
        let starts = mdp.start().iter().zip(&solution.values);
        let informed: f64 = starts.map(|(p, value)| p * value).sum();
        let blind: Vec<f64> = (0..=100)
            .map(|percent| {
                let policy = straight(&tabulated, f64::from(percent) / 100.0);
                let total = policy_return(mdp, &rewards, &policy).expect("every round ends");
                total / f64::from(ROUNDS)
            })
            .collect();
        let best = (0..=100)
            .max_by(|a: &usize, b| blind[*a].total_cmp(&blind[*b]))
            .expect("there are some");
        json!({
            "bandit": bandit.name(),
            "rounds": ROUNDS,
            "states": mdp.n_states(),
            "informed": informed / f64::from(ROUNDS),
            "left": blind[0],
            "right": blind[100],
            "coin": blind[50],
            "best_blind": blind[best],
            "best_blind_right": best as f64 / 100.0,
        })
    });
    json!(kinds)
}

/// The policy that walks straight up and opens the right box with a probability: `[S, A]`.
fn straight(tabulated: &Tabulated, right: f64) -> Vec<f64> {
    let mdp = &tabulated.mdp;
    let mut policy = vec![0.0; mdp.n_states() * mdp.n_actions()];
    for (state, numbers) in tabulated.states.iter().enumerate() {
        let row = &mut policy[state * mdp.n_actions()..][..mdp.n_actions()];
        let between_boxes = numbers[1] == 1.0;
        let chances = if between_boxes {
            [0.0, 0.0, 1.0 - right, right]
        } else {
            [1.0, 0.0, 0.0, 0.0]
        };
        row.copy_from_slice(&chances);
    }
    policy
}
