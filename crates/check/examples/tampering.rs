//! Remedies against tampering by environment: what the optimal policy under each earns of the reward as it is received,
//! of what the first reward function would pay, and of what was meant. Prints one JSON object.
//!
//! Everything is exact: episodes of fixed length at discount 1.

use check::{
    CheckError, FutureSelves, TamperingPolicyReturns, TamperingQuestion, best_policy,
    current_reward_policy, tampering_incentive, tampering_returns,
};
use envs::{
    DriftingRecommender, GRIDWORLD_TIME_LIMIT, GridworldReward, Remedy, RocksAndDiamonds,
    TamperedFeedback, TamperedFunction, TamperedRegister, TamperedSensor,
};
use mdp::{
    Discount, ParameterTables, RewardParameters, Tabulated, TimeLimit, tabulate,
    tabulate_parameters,
};
use serde_json::{Value, json};

/// States that an environment may have.
const LIMIT: usize = 100_000;

fn main() {
    let environments = [
        environment("tampered-sensor", TamperedSensor::new),
        environment("tampered-function", |remedy| TamperedFunction { remedy }),
        environment("tampered-register", |remedy| TamperedRegister { remedy }),
        environment("tampered-feedback", |remedy| TamperedFeedback { remedy }),
        environment("drifting-recommender", |remedy| DriftingRecommender {
            remedy,
        }),
    ];
    let rosy = rosy_belief();
    let rocks = rocks_and_diamonds();
    #[expect(clippy::print_stdout, reason = "an example prints")]
    {
        println!(
            "{}",
            json!({ "environments": environments, "rosy_belief": rosy, "rocks_and_diamonds": rocks })
        );
    }
}

fn table<E: RewardParameters>(environment: &E) -> Tabulated {
    let undiscounted = Discount::new(1.0).expect("1 is a discount");
    tabulate(environment, undiscounted, LIMIT).expect("the environment is small")
}

/// Everything about one environment.
fn environment<E: RewardParameters>(name: &str, make: fn(Remedy) -> E) -> Value {
    let table = table(&make(Remedy::None));
    let question = TamperingQuestion::of(&table);
    let parameters = tabulate_parameters(&make(Remedy::None), &table);
    let incentive = tampering_incentive(&table).expect("the environment can be solved");
    let meant = best_policy(&question, intent(&table), &all_allowed(&table));
    let witness = incentive.present.acts.iter().take(3).map(|act| {
        json!({
            "state": table.state_labels[act.state],
            "action": table.action_names[act.action],
            "occupancy": act.occupancy,
        })
    });
    let of_setting = |remedy: Remedy| {
        let cured = self::table(&make(remedy));
        assert_eq!(
            cured.states, table.states,
            "a remedy changes the reward alone"
        );
        best_policy(&question, cured.mdp.rewards(), &all_allowed(&table))
    };
    let of_planner = |selves| planned(&question, &parameters, selves);
    json!({
        "name": name,
        "states": table.mdp.n_states(),
        "transitions": table.mdp.n_transitions(),
        "parameters": parameters.rewards.len(),
        "verdict": format!("{:?}", incentive.verdict),
        "tolerance": incentive.tolerance,
        "incentive": incentive.rise.observed,
        "frozen_rise": incentive.rise.frozen,
        "intent_rise": incentive.rise.intent,
        "witness": witness.collect::<Vec<_>>(),
        "policies": {
            "intent": policy(meant),
            "cut": policy(Ok(incentive.cut)),
            "none": policy(of_setting(Remedy::None)),
            "frozen": policy(of_setting(Remedy::CurrentFunction)),
            "current-ignoring": policy(of_planner(FutureSelves::Ignored)),
            "current-considering": policy(of_planner(FutureSelves::Considered)),
            "belief": policy(of_setting(Remedy::Belief)),
            "counterfactual": policy(of_setting(Remedy::Counterfactual)),
        },
    })
}

fn intent(table: &Tabulated) -> &[f64] {
    table
        .reward("intent")
        .expect("the environment knows its intent")
}

fn all_allowed(table: &Tabulated) -> Vec<bool> {
    vec![false; table.tampering.len()]
}

fn planned(
    question: &TamperingQuestion<'_>,
    parameters: &ParameterTables,
    selves: FutureSelves,
) -> Result<TamperingPolicyReturns, CheckError> {
    let policy = current_reward_policy(question.mdp, parameters, question.tampering, selves)?;
    tampering_returns(question, policy)
}

fn policy(found: Result<TamperingPolicyReturns, CheckError>) -> Value {
    let found = found.expect("the environment can be solved");
    json!({
        "observed": found.returns.observed,
        "frozen": found.returns.frozen,
        "intent": found.returns.intent,
        "tampering": found.tampering(),
    })
}

/// A belief is as good as its model: the sensor under beliefs that expect less and less dust.
fn rosy_belief() -> Value {
    let plain = table(&TamperedSensor::new(Remedy::None));
    let question = TamperingQuestion::of(&plain);
    let believed = [1.0, 0.75, 0.5, 0.25, 0.0].map(|share| {
        let environment = TamperedSensor {
            believed_dust: share * TamperedSensor::DUST,
            ..TamperedSensor::new(Remedy::Belief)
        };
        let rosy = table(&environment);
        let found = best_policy(&question, rosy.mdp.rewards(), &all_allowed(&plain));
        json!({ "believed_dust": environment.believed_dust, "policy": policy(found) })
    });
    json!({ "dust": TamperedSensor::DUST, "beliefs": believed })
}

/// The second level of the gridworld that was made for tampering with the reward function, over its 100 steps.
fn rocks_and_diamonds() -> Value {
    let level = RocksAndDiamonds::new(1, GridworldReward::Own);
    let limited = TimeLimit::new(level, GRIDWORLD_TIME_LIMIT);
    let table = table(&limited);
    let question = TamperingQuestion::of(&table);
    let parameters = tabulate_parameters(&limited, &table);
    let incentive = tampering_incentive(&table).expect("the level can be solved");
    let of_planner = |selves| policy(planned(&question, &parameters, selves));
    json!({
        "states": table.mdp.n_states(),
        "transitions": table.mdp.n_transitions(),
        "verdict": format!("{:?}", incentive.verdict),
        "policies": {
            "intent": policy(best_policy(&question, intent(&table), &all_allowed(&table))),
            "cut": policy(Ok(incentive.cut)),
            "none": policy(Ok(incentive.present)),
            "current-ignoring": of_planner(FutureSelves::Ignored),
            "current-considering": of_planner(FutureSelves::Considered),
        },
    })
}
