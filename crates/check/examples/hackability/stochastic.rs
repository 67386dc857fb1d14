//! The closed form over all stochastic policies against a linear programme that looks for a witness.

use check::programme::strongest_disagreement;
use check::{Bands, StochasticVerdict, stochastic_hackability, strongest_pair};
use serde_json::{Value, json};

use super::common::greatest;
use super::{Case, Kind, least};

/// The programme calls a pair hackable above this amount, as a share of the ranges.
const PROGRAMME_BAND: f64 = 1e-6;

/// What was found about one pair.
struct Found {
    seed: u64,
    kind: Kind,
    closed_form: &'static str,
    /// Amount that the programme reaches.
    programme: f64,
    /// Amount by evaluating the programme's policies, where it calls the pair hackable.
    programme_evaluated: Option<f64>,
    /// Amount by evaluating the witness, where the closed form calls the pair hackable and gives one.
    witness: Option<f64>,
    /// The planners' bound of the strongest pair.
    planned: f64,
}

pub(super) fn measure(n_pairs: u64) -> Value {
    let found: Vec<Found> = (0..n_pairs).map(one).collect();
    let kinds: Vec<Value> = Kind::ALL.iter().map(|kind| row(&found, *kind)).collect();
    let disagreements: Vec<u64> = found
        .iter()
        .filter(|found| !found.agrees())
        .map(|found| found.seed)
        .collect();
    let unverified: Vec<u64> = found
        .iter()
        .filter(|found| !found.is_verified())
        .map(|found| found.seed)
        .collect();
    json!({
        "pairs": n_pairs,
        "programme_band": PROGRAMME_BAND,
        "kinds": kinds,
        "disagreements": disagreements,
        "unverified": unverified,
        "planner_difference": greatest(found.iter().map(|found| (found.planned - found.programme).abs())),
    })
}

fn one(seed: u64) -> Found {
    let case = Case::drawn("stochastic", seed, 8);
    let closed = stochastic_hackability(&case.mdp, &case.reward, &case.intent, Bands::STANDARD)
        .expect("every policy ends");
    let [by_reward, by_intent] = case.plain_widths();
    let in_shares = |table: &[f64], width: f64| {
        let unit = if width > 0.0 { width } else { 1.0 };
        table.iter().map(|value| value / unit).collect::<Vec<f64>>()
    };
    let is_flat = by_reward == 0.0 || by_intent == 0.0;
    let (programme, policies) = strongest_disagreement(
        &case.mdp,
        &in_shares(&case.plain[0], by_reward),
        &in_shares(&case.plain[1], by_intent),
    )
    .expect("the programme has an answer");
    let planned = strongest_pair(&case.mdp, &case.reward, &case.intent, 1e-9, 0.0)
        .expect("every policy ends");
    let evaluated = || case.evaluated(&policies[0], &policies[1]);
    let (closed_form, witness) = match &closed.verdict {
        StochasticVerdict::Equivalent | StochasticVerdict::Trivial { .. } => ("unhackable", None),
        StochasticVerdict::Undecided => ("undecided", None),
        StochasticVerdict::Hackable { pair, .. } => (
            "hackable",
            pair.as_ref().map(|pair| case.evaluated_pair(pair)),
        ),
    };
    Found {
        seed,
        kind: case.kind,
        closed_form,
        programme,
        programme_evaluated: (programme > PROGRAMME_BAND && !is_flat).then(evaluated),
        witness,
        planned: planned.bound,
    }
}

impl Found {
    fn agrees(&self) -> bool {
        match self.closed_form {
            "hackable" => self.programme > PROGRAMME_BAND,
            "unhackable" => self.programme <= PROGRAMME_BAND,
            _ => false,
        }
    }

    /// Whether every claim to be hackable comes with policies whose evaluation shows it.
    fn is_verified(&self) -> bool {
        let by_closed_form =
            self.closed_form != "hackable" || self.witness.is_some_and(|amount| amount > 0.0);
        let by_programme = self.programme_evaluated.is_none_or(|amount| amount > 0.0);
        by_closed_form && by_programme
    }
}

fn row(found: &[Found], kind: Kind) -> Value {
    let found: Vec<&Found> = found.iter().filter(|found| found.kind == kind).collect();
    let hackable = || found.iter().filter(|found| found.closed_form == "hackable");
    let unhackable = found
        .iter()
        .filter(|found| found.closed_form == "unhackable");
    json!({
        "kind": kind.name(),
        "pairs": found.len(),
        "hackable": hackable().count(),
        "undecided": found.iter().filter(|found| found.closed_form == "undecided").count(),
        "agree": found.iter().filter(|found| found.agrees()).count(),
        "least_amount_hackable": least(hackable().map(|found| found.programme)),
        "greatest_amount_unhackable": greatest(unhackable.map(|found| found.programme)),
        "least_witness": least(hackable().filter_map(|found| found.witness)),
    })
}
