//! The findings as the one object that `--json` prints; `docs/commands/check.md` has its fields.

use ::check::{
    Comparison, DeterministicHackability, DeterministicVerdict, Discrepancy, Distances,
    Equivalence, Farm, Findings, Gain, Gap, HackablePair, Incentive, Loss, Move, Parting,
    PolicyFinding, PotentialTest, RegretBound, Relation, ReturnRange, ShapingFinding,
    StochasticHackability, StochasticVerdict, TamperingReturns, TamperingVerdict, Way, Witness,
    WorstRegret,
};
use mdp::{Stop, Tabulated};
use serde_json::{Map, Value, json};

use super::subject::Subject;
use super::{Check, Seconds};

/// At most so many states are listed in which two policies part.
const MOST_PARTINGS: usize = 100;

/// The object of a check that was exact.
pub(super) fn object(
    check: &Check,
    subject: &Subject,
    tables: &Tabulated,
    findings: &Findings,
    seconds: &Seconds,
) -> Value {
    let size = findings.size;
    json!({
        "verdict": findings.soundness.word(),
        "evidence": evidence(tables, findings),
        "subject": check.subject,
        "settings": settings(subject),
        "discount": size.discount.get(),
        "horizon": subject.horizon,
        "size": {
            "states": size.n_states,
            "reachable": size.n_reachable,
            "actions": size.n_actions,
            "transitions": size.n_transitions,
        },
        "seconds": seconds_object(seconds),
        "command": check.command(),
        "version": crate::VERSION,
    })
}

/// Settings of the environment; null for a file.
pub(super) fn settings(subject: &Subject) -> Value {
    match &subject.named {
        Some(named) => {
            let values = named.values.iter();
            let settings: Map<String, Value> = values
                .map(|(key, value)| (key.to_owned(), super::super::rollout::json_value(value)))
                .collect();
            Value::Object(settings)
        }
        None => Value::Null,
    }
}

/// How long each part took, in order, and all of them.
pub(super) fn seconds_object(seconds: &Seconds) -> Value {
    let mut object: Map<String, Value> = Map::new();
    for (part, took) in seconds {
        object.insert((*part).to_owned(), json!(took));
    }
    let total: f64 = seconds.iter().map(|(_, took)| took).sum();
    object.insert("total".to_owned(), json!(total));
    Value::Object(object)
}

fn evidence(tables: &Tabulated, findings: &Findings) -> Value {
    let comparison = findings.comparison.as_ref();
    let summary = &findings.summary;
    let reasons: Vec<&str> = findings
        .reasons
        .iter()
        .map(|reason| reason.word())
        .collect();
    let components: Vec<Value> = findings
        .components
        .iter()
        .map(|component| json!({ "name": component.name, "returns": component.returns }))
        .collect();
    let policies: Vec<Value> = findings
        .policies
        .iter()
        .map(|each| policy(tables, findings, each))
        .collect();
    json!({
        "headline": summary.headline,
        "summary": summary.sentences,
        "advice": summary.advice,
        "reasons": reasons,
        "reward": findings.reward,
        "against": findings.against,
        "tolerance": findings.tolerance,
        "within": findings.within,
        "endless": findings.endless,
        "reward_range": findings.reward_range.map(range),
        "policies": policies,
        "components": components,
        "optimum": comparison.map(|found| optimum(tables, findings, found)),
        "gap": comparison.map(|found| gap(&found.gap)),
        "equivalence": findings.equivalence.as_ref().map(equivalence),
        "hackability": comparison.map(|found| hackability(tables, found)),
        "distances": comparison.map(|found| distances(&found.distances)),
        "shaping": findings.shaping.iter().map(|term| shaping(tables, term)).collect::<Vec<_>>(),
        "tampering": findings.tampering.as_ref().map(|found| tampering(tables, found)),
    })
}

fn range(range: ReturnRange) -> Value {
    json!({ "lowest": range.lowest, "highest": range.highest })
}

/// A policy with what it earns; the action of each state where it is deterministic, else its probabilities.
fn policy(tables: &Tabulated, findings: &Findings, found: &PolicyFinding) -> Value {
    let n_actions = tables.mdp.n_actions();
    let rows = || found.policy.chunks(n_actions);
    let certain = |row: &[f64]| row.iter().position(|p| *p >= 1.0 - 1e-12);
    let actions: Option<Vec<usize>> = rows().map(certain).collect();
    let probabilities = match &actions {
        Some(_) => Value::Null,
        None => rows().map(|row| json!(row)).collect(),
    };
    json!({
        "role": found.role.word(),
        "name": found.role.name(&findings.reward, findings.against.as_deref()),
        "reward": found.reward,
        "intent": found.intent,
        "actions": actions,
        "probabilities": probabilities,
        "visits": found.visits(n_actions),
    })
}

fn stop(stop: Stop) -> &'static str {
    match stop {
        Stop::Converged => "converged",
        Stop::BudgetSpent => "budget-spent",
    }
}

fn optimum(tables: &Tabulated, findings: &Findings, found: &Comparison) -> Value {
    let partings: Vec<Value> = found
        .partings
        .iter()
        .take(MOST_PARTINGS)
        .map(|at| parting(tables, at, ["reference", "worst"]))
        .collect();
    json!({
        "reference": found.reference.name(&findings.reward, findings.against.as_deref()),
        "n_partings": found.partings.len(),
        "intent_range": range(found.intent_range),
        "loss": loss(&found.near_optimal),
        "loss_at_tolerance": loss(&found.at_tolerance),
        "partings": partings,
        "gain": found.gain.as_ref().map(|at| gain(tables, at)),
    })
}

fn loss(found: &Loss) -> Value {
    json!({
        "within": found.within,
        "amount": found.amount,
        "share": found.share,
        "most_share": found.most_share,
        "worst_reward": found.worst.worst.returns.reward,
        "worst_intent": found.worst.worst.returns.intent,
        "stop": stop(found.worst.stop),
    })
}

/// A state in which two policies part, with the choice of each under its name.
fn parting(tables: &Tabulated, at: &Parting, names: [&str; 2]) -> Value {
    let choices = |choices: &[(usize, f64)]| -> Vec<Value> {
        choices
            .iter()
            .map(|(action, p)| json!({ "action": tables.action_names[*action], "probability": p }))
            .collect()
    };
    json!({
        "state": at.state,
        "label": tables.state_labels[at.state],
        names[0]: choices(&at.first),
        names[1]: choices(&at.second),
    })
}

fn gain(tables: &Tabulated, at: &Gain) -> Value {
    json!({
        "state": at.state,
        "label": tables.state_labels[at.state],
        "action": tables.action_names[at.action],
        "amount": at.amount,
        "share": at.share,
    })
}

fn gap(found: &Gap) -> Value {
    json!({
        "loss": found.loss(),
        "share": found.loss_share(),
        "asked": found.asked,
        "reference_reward": found.reference.returns.reward,
        "reference_intent": found.reference.returns.intent,
        "worst_reward": found.worst.returns.reward,
        "worst_intent": found.worst.returns.intent,
        "multiplier": found.multiplier,
        "bound": found.bound,
        "iterations": found.iterations,
        "stop": stop(found.stop),
    })
}

fn equivalence(found: &Equivalence) -> Value {
    let relation = match found.relation {
        Relation::Equivalent => "equivalent",
        Relation::OneTrivial => "one-trivial",
        Relation::Opposite => "opposite",
        Relation::Different => "different",
    };
    json!({
        "relation": relation,
        "scale": found.scale,
        "potential": found.potential,
        "relative_residual": found.relative_residual,
        "tolerance": found.tolerance,
        "angle": found.angle,
    })
}

fn hackability(tables: &Tabulated, found: &Comparison) -> Value {
    json!({
        "stochastic": found.stochastic.as_ref().map(|found| stochastic(tables, found)),
        "deterministic": found.deterministic.as_ref().map(|found| deterministic(tables, found)),
    })
}

fn stochastic(tables: &Tabulated, found: &StochasticHackability) -> Value {
    let (verdict, pair, bound) = match &found.verdict {
        StochasticVerdict::Equivalent => ("equivalent", None, None),
        StochasticVerdict::Trivial { .. } => ("trivial", None, None),
        StochasticVerdict::Hackable { pair, bound } => ("hackable", pair.as_ref(), Some(bound)),
        StochasticVerdict::Undecided => ("undecided", None, None),
    };
    json!({
        "verdict": verdict,
        "residual": found.residual,
        "angle": found.angle,
        "pair": pair.map(|pair| hackable_pair(tables, pair)),
        "bound": bound,
    })
}

fn deterministic(tables: &Tabulated, found: &DeterministicHackability) -> Value {
    let verdict = match &found.verdict {
        DeterministicVerdict::Unhackable => "unhackable",
        DeterministicVerdict::Hackable(_) => "hackable",
        DeterministicVerdict::WitnessFound(_) => "witness-found",
        DeterministicVerdict::NotDecided => "not-decided",
    };
    json!({
        "verdict": verdict,
        "n_policies": found.n_policies,
        "n_endless": found.n_endless,
        "pair": found.pair().map(|pair| hackable_pair(tables, pair)),
    })
}

/// Two policies that disagree, by their returns and by where they part.
fn hackable_pair(tables: &Tabulated, pair: &HackablePair) -> Value {
    let partings = ::check::partings(&tables.mdp, &pair.before.policy, &pair.after.policy);
    let shown: Vec<Value> = partings
        .iter()
        .take(MOST_PARTINGS)
        .map(|at| parting(tables, at, ["before", "after"]))
        .collect();
    let returns = |witness: &Witness| json!({ "reward": witness.returns.reward, "intent": witness.returns.intent });
    json!({
        "before": returns(&pair.before),
        "after": returns(&pair.after),
        "gained": pair.gained(),
        "lost": pair.lost(),
        "amount": pair.amount,
        "n_partings": partings.len(),
        "partings": shown,
    })
}

fn distances(found: &Distances) -> Value {
    let bound = |bound: &RegretBound| {
        json!({
            "constant": bound.constant,
            "intent_constant": bound.intent_constant,
            "bound": bound.bound(),
            "sharpest": bound.sharpest,
        })
    };
    let regret = |regret: &WorstRegret| {
        json!({
            "loss": regret.loss(),
            "share": regret.share(),
            "bound": regret.bound,
            "stop": stop(regret.stop),
        })
    };
    json!({
        "range": found.range,
        "starc_flow": found.starc_flow,
        "starc_value": found.starc_value,
        "starc_value_potential": found.starc_value_potential,
        "epic": found.epic,
        "dard": found.dard,
        "worst_regret": found.worst_regret.as_ref().map(regret),
        "bounds": found.bounds.as_ref().map(|bounds| json!({
            "range": bound(&bounds.range),
            "starc_flow": bound(&bounds.flow),
            "starc_value": bound(&bounds.value),
            "starc_value_potential": bound(&bounds.value_potential),
            "diameter": bounds.diameter,
            "radius": bounds.radius,
        })),
    })
}

fn shaping(tables: &Tabulated, term: &ShapingFinding) -> Value {
    let found = &term.shaping;
    let (potential, residual, witness) = match &found.potential {
        PotentialTest::Found {
            potential,
            residual,
        } => (Some(potential), Some(residual), Value::Null),
        PotentialTest::Refuted(discrepancy) => (None, None, self::discrepancy(tables, discrepancy)),
    };
    json!({
        "name": term.name,
        "is_potential_based": found.is_potential_based(),
        "potential": potential,
        "residual": residual,
        "witness": witness,
        "felt_share": found.felt_share,
        "farm": found.farm.as_ref().map(|farm| self::farm(tables, farm)),
    })
}

fn discrepancy(tables: &Tabulated, found: &Discrepancy) -> Value {
    match found {
        Discrepancy::Loop { moves, sum } => {
            let moves: Vec<Value> = moves
                .iter()
                .map(|each| {
                    let mut object = transition(tables, &each.transition);
                    object["is_forward"] = json!(each.is_forward);
                    object
                })
                .collect();
            json!({ "kind": "loop", "moves": moves, "sum": sum })
        }
        Discrepancy::Ways { state, ways } => {
            let moves = |moves: &[Move]| -> Value {
                moves.iter().map(|each| transition(tables, each)).collect()
            };
            let way = |way: &Way| json!({ "lead": moves(&way.lead), "cycle": moves(&way.cycle), "potential": way.potential });
            json!({
                "kind": "ways",
                "state": state,
                "label": tables.state_labels[*state],
                "ways": [way(&ways[0]), way(&ways[1])],
            })
        }
    }
}

fn transition(tables: &Tabulated, each: &Move) -> Value {
    json!({
        "state": each.state,
        "label": tables.state_labels[each.state],
        "action": tables.action_names[each.action],
        "next_state": each.next_state,
        "terminates": each.terminates,
        "value": each.value,
    })
}

fn farm(tables: &Tabulated, found: &Farm) -> Value {
    let approach: Value = found
        .approach
        .iter()
        .map(|each| transition(tables, each))
        .collect();
    let states: Vec<Value> = found
        .states
        .iter()
        .zip(&found.actions)
        .map(|(state, action)| {
            json!({
                "state": state,
                "label": tables.state_labels[*state],
                "action": tables.action_names[*action],
            })
        })
        .collect();
    json!({
        "approach": approach,
        "states": states,
        "is_cycle": found.is_cycle,
        "entry": found.entry,
        "pays": found.pays,
        "instead": found.instead,
        "term_a_step": found.term_a_step,
        "task_a_step": found.task_a_step,
    })
}

fn tampering(tables: &Tabulated, found: &Incentive) -> Value {
    let verdict = match found.verdict {
        TamperingVerdict::Undeclared => "undeclared",
        TamperingVerdict::NoIncentive => "no-incentive",
        TamperingVerdict::Useful => "useful",
        TamperingVerdict::Unjudged => "unjudged",
        TamperingVerdict::Tampering => "tampering",
    };
    let returns = |of: &TamperingReturns| json!({ "observed": of.observed, "frozen": of.frozen, "intent": of.intent });
    let acts: Vec<Value> = found
        .present
        .acts
        .iter()
        .map(|act| {
            json!({
                "state": act.state,
                "label": tables.state_labels[act.state],
                "action": tables.action_names[act.action],
                "occupancy": act.occupancy,
            })
        })
        .collect();
    json!({
        "verdict": verdict,
        "present": returns(&found.present.returns),
        "cut": returns(&found.cut.returns),
        "rise": returns(&found.rise),
        "acts": acts,
        "tolerance": found.tolerance,
    })
}
