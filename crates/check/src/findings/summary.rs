//! What was found, in plain language: one sentence above all, what it rests on, and what to change.

use mdp::Tabulated;

use super::words::{amount, choice, grouped, percent};
use super::{Comparison, Findings, Reason, Role, ShapingFinding, Soundness};
use crate::{Incentive, TamperingVerdict};

/// What was found, in plain language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The answer in one sentence.
    pub headline: String,
    /// What it rests on.
    pub sentences: Vec<String>,
    /// What to change.
    pub advice: Vec<String>,
}

/// Writes the summary.
pub(super) fn summary(findings: &Findings, tables: &Tabulated) -> Summary {
    let mut sentences = vec![];
    let mut advice = vec![];
    match &findings.comparison {
        Some(comparison) => {
            sentences.push(loss_sentence(findings, comparison));
            if findings.reasons.contains(&Reason::Gap) {
                sentences.extend(parting_sentence(comparison, tables));
                // Where tampering pays, that is the loophole.
                if !findings.reasons.contains(&Reason::Tampering) {
                    advice.push(gap_advice(findings, comparison, tables));
                }
            } else {
                sentences.extend(small_loss_sentence(findings, comparison));
            }
        }
        None if findings.against.is_some() => sentences.push(format!(
            "The best or the worst policy for {} or {} never ends, so that there are no returns to compare.",
            findings.reward,
            intent_of(findings)
        )),
        None if findings.policies.is_empty() => sentences.push(format!(
            "At discount 1 {} has no optimal policy that ends.",
            findings.reward
        )),
        None => {
            sentences.push(format!(
                "The optimal policy of {} is shown, but nothing says whether that is what was meant.",
                findings.reward
            ));
            advice.push(
                "Name what was meant, by --against or as a reward called \"intent\", and check again."
                    .to_owned(),
            );
        }
    }
    for term in &findings.shaping {
        if !term.shaping.is_potential_based() {
            sentences.push(shaping_sentence(term));
            advice.push(format!(
                "Replace {} by γΦ(s′) − Φ(s) of some potential Φ of the state that is 0 where episodes end, at the agent’s own discount γ{}: that changes no preference between policies.",
                term.name,
                if findings.size.discount.get() < 1.0 { "" } else { " = 1" }
            ));
        }
    }
    if let Some(incentive) = &findings.tampering {
        sentences.extend(tampering_sentence(incentive, tables));
        if findings.reasons.contains(&Reason::Tampering) {
            advice.push(TAMPERING_ADVICE.to_owned());
        }
    }
    if let Some(state) = findings.endless {
        sentences.push(endless_sentence(&tables.state_labels[state]));
        advice.push(ENDLESS_ADVICE.to_owned());
    }
    Summary {
        headline: headline(findings),
        sentences,
        advice,
    }
}

fn headline(findings: &Findings) -> String {
    let has = |reason: &Reason| findings.reasons.contains(reason);
    let reward = &findings.reward;
    match (findings.soundness, &findings.comparison) {
        (Soundness::Unsound, _) if has(&Reason::Tampering) => {
            format!("It pays to tamper with {reward}.")
        }
        (Soundness::Sound, Some(comparison))
            if comparison.near_optimal.share > 2.0 * findings.within =>
        {
            format!(
                "Optimising {reward} loses at most {} of what {} can give.",
                percent(comparison.near_optimal.share),
                intent_of(findings)
            )
        }
        (Soundness::Sound, _) => format!("Optimising {reward} serves {}.", intent_of(findings)),
        (Soundness::Unsound, Some(comparison)) if has(&Reason::Gap) => format!(
            "Optimising {reward} can lose {} of what {} can give.",
            percent(comparison.near_optimal.share),
            intent_of(findings)
        ),
        (Soundness::Unsound, _) => match findings
            .shaping
            .iter()
            .find(|term| !term.shaping.is_potential_based())
        {
            Some(term) => format!("The term {} can change which policies are best.", term.name),
            None => format!("{reward} is not sound."),
        },
        (Soundness::Undecided, _)
            if has(&Reason::NotSolved("gap")) && findings.comparison.is_none() =>
        {
            format!(
                "At discount 1 {reward} cannot be held against {}.",
                intent_of(findings)
            )
        }
        (Soundness::Undecided, None) => {
            format!("Nobody has said what was meant, so {reward} has nothing to be held against.")
        }
        (Soundness::Undecided, Some(_)) if findings.reasons == [Reason::Endless] => format!(
            "Optimising {reward} serves {} among the policies that end, and nothing is known of those that never do.",
            intent_of(findings)
        ),
        _ => "The analysis was given up before it was decided.".to_owned(),
    }
}

/// What is left out at discount 1.
fn endless_sentence(label: &str) -> String {
    format!(
        "From {label} it is possible never to end an episode, and at discount 1 the answers speak only of policies that do end: one that does not may be as good for the reward and deliver something else."
    )
}

/// How every policy would count.
const ENDLESS_ADVICE: &str = "Let every policy count: take a --discount below 1, or put a time limit into the state (--horizon for \
     an environment), or declare states after which nothing matters to be terminals.";

fn intent_of(findings: &Findings) -> &str {
    findings.against.as_deref().unwrap_or("the intent")
}

fn loss_sentence(findings: &Findings, comparison: &Comparison) -> String {
    let loss = &comparison.near_optimal;
    let range = comparison.intent_range;
    let unless_rounding = |value: f64| match value.abs() < 1e-12 * range.width() {
        true => 0.0,
        false => value,
    };
    let judged = if loss.share > findings.tolerance {
        format!("a loss of {} of its range", percent(loss.share))
    } else if loss.share < -NOTHING {
        format!("more, by {} of its range", percent(-loss.share))
    } else {
        format!("within {} of its range", percent(findings.tolerance))
    };
    format!(
        "Among the policies within {} of optimal for {}, {}the worst earns {} under {} where {} earns {}: {judged} ({} to {}).",
        percent(loss.within),
        findings.reward,
        if loss.share < -NOTHING { "even " } else { "" },
        amount(loss.worst.worst.returns.intent),
        intent_of(findings),
        comparison
            .reference
            .phrase(&findings.reward, findings.against.as_deref()),
        amount(comparison.gap.reference.returns.intent),
        amount(unless_rounding(range.lowest)),
        amount(unless_rounding(range.highest)),
    )
}

fn shaping_sentence(term: &ShapingFinding) -> String {
    let felt = percent(term.shaping.felt_share);
    let farm = match &term.shaping.farm {
        Some(farm) => format!(
            ", and it can be farmed: going round in {} for ever is worth {} where what was intended is worth {}",
            match farm.states.len() {
                1 => "one state".to_owned(),
                n => format!("{} states", grouped(n)),
            },
            amount(farm.pays),
            amount(farm.instead)
        ),
        None => ", though going round for ever pays no more than what is intended".to_owned(),
    };
    format!(
        "The term {} is not potential-based: {felt} of it is felt as a preference{farm}.",
        term.name
    )
}

/// What would take the incentive away.
const TAMPERING_ADVICE: &str = "Take the incentive away: let futures be valued by the reward function of today (which cures an \
     influence on the function or the register), reward what is believed of the state rather than what is sensed \
     (which cures the sensor), or learn the reward from what people would have said without the influence \
     (which cures feedback); or make these actions impossible.";

fn tampering_sentence(incentive: &Incentive, tables: &Tabulated) -> Option<String> {
    let rise = incentive.rise;
    let moved = |name: &str, rise: Option<f64>| {
        let rise = rise?;
        let verb = if rise >= 0.0 { "rises" } else { "falls" };
        Some(format!("{name} {verb} by {}", amount(rise.abs())))
    };
    let known: Vec<String> = [
        moved("what the first reward function would pay", rise.frozen),
        moved("what was meant", rise.intent),
    ]
    .into_iter()
    .flatten()
    .collect();
    let act = incentive.present.acts.first().map_or(String::new(), |act| {
        format!(
            " by \"{}\" at {}",
            tables.action_names[act.action], tables.state_labels[act.state]
        )
    });
    match incentive.verdict {
        TamperingVerdict::Tampering => Some(format!(
            "Tampering{act} raises the return received by {}, while {}.",
            amount(rise.observed),
            known.join(" and ")
        )),
        TamperingVerdict::Unjudged => Some(format!(
            "Acts that reach for the reward channel{act} raise the return received by {}, and nothing says what they are worth.",
            amount(rise.observed)
        )),
        _ => None,
    }
}

fn parting_sentence(comparison: &Comparison, tables: &Tabulated) -> Option<String> {
    let parting = comparison.partings.first()?;
    let others = match comparison.partings.len() - 1 {
        0 => String::new(),
        1 => ", and in one other state".to_owned(),
        n => format!(", and in {} other states", grouped(n)),
    };
    Some(format!(
        "They part at {}, where it does {} instead of {}{others}.",
        tables.state_labels[parting.state],
        choice(tables, &parting.second),
        choice(tables, &parting.first),
    ))
}

/// A return that is a smaller share of the range is none.
const NOTHING: f64 = 1e-6;

/// A loss that every policy optimal for the reward has, though the tolerance allows it.
fn small_loss_sentence(findings: &Findings, comparison: &Comparison) -> Option<String> {
    let reference = comparison.gap.reference.returns.intent;
    let lucky = reference - comparison.near_optimal.worst.reference.returns.intent;
    let share = comparison.intent_range.share(lucky);
    (share > 0.1 * findings.tolerance).then(|| {
        format!(
            "Every policy that is optimal for {} does lose {} of it, which is {} of a range that the worst policies make wide: a --tolerance below that would not pass.",
            findings.reward,
            amount(lucky),
            percent(share)
        )
    })
}

/// An action in a state that carries a smaller share of what is gained is not what it is gained by.
const CARRIES: f64 = 0.1;

/// What carries the loss, and what would mend it.
fn gap_advice(findings: &Findings, comparison: &Comparison, tables: &Tabulated) -> String {
    let index = |role: &Role| {
        let mut policies = findings.policies.iter();
        policies.position(|policy| policy.role == *role)
    };
    let worst = index(&Role::WorstNearOptimal);
    let held = index(&comparison.reference);
    let (Some(worst), Some(held)) = (worst, held) else {
        return format!("Take what is meant into {}.", findings.reward);
    };
    let least = NOTHING * comparison.reward_range.width();
    let paid_more = findings.policies[worst].reward - findings.policies[held].reward;
    if paid_more <= least {
        return tie_advice(findings, comparison, tables);
    }
    let components = findings.components.iter();
    let component = components
        .map(|component| {
            let gain = component.returns[worst] - component.returns[held];
            (component, gain)
        })
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .filter(|(_, gain)| *gain > least);
    let gain = comparison.gain.as_ref();
    match (component, gain.filter(|gain| gain.share >= CARRIES)) {
        (Some((component, gain)), _) if findings.components.len() > 1 => format!(
            "The component {} pays that policy {} more than the reference: bound what it can pay in an episode, or take what is meant into {}.",
            component.name,
            amount(gain),
            findings.reward
        ),
        (_, Some(gain)) => format!(
            "{} of what that policy is paid beyond the reference it earns by \"{}\" at {}: pay less for that, or take what is meant into {}.",
            percent(gain.share),
            tables.action_names[gain.action],
            tables.state_labels[gain.state],
            findings.reward
        ),
        (_, None) => format!(
            "What that policy is paid beyond the reference it earns in many places, none of which has {} of it: take what is meant into {}.",
            percent(CARRIES),
            findings.reward
        ),
    }
}

/// What would mend a reward that pays the reference as much as the policy that is worse.
fn tie_advice(findings: &Findings, comparison: &Comparison, tables: &Tabulated) -> String {
    let apart = comparison.partings.first().map(|parting| {
        let is_kept = |action: &usize| parting.first.iter().any(|(kept, _)| kept == action);
        let names = |taken: &[(usize, f64)], is_shown: &dyn Fn(&usize) -> bool| {
            let shown = taken.iter().map(|(action, _)| action);
            let names = shown.filter(|action| is_shown(action));
            let names = names.map(|action| format!("\"{}\"", tables.action_names[*action]));
            names.collect::<Vec<_>>().join(" or ")
        };
        let place = &tables.state_labels[parting.state];
        let kept = names(&parting.first, &|_| true);
        match names(&parting.second, &|action| !is_kept(action)) {
            other if other.is_empty() => format!(", from {place} on, where they part"),
            other => format!(", so that {kept} is worth more than {other} at {place}"),
        }
    });
    format!(
        "That policy and the reference are both optimal for {reward}, to within {}, so nothing need be paid less: add to {reward} what tells them apart{}.",
        percent(findings.within),
        apart.unwrap_or_default(),
        reward = findings.reward,
    )
}
