//! The findings as a page: what is shown, in which order, in which words.

use ::check::words::{amount, at_most, choice, grouped, percent};
use ::check::{
    Comparison, DeterministicHackability, DeterministicVerdict, Discrepancy, Distances,
    Equivalence, Farm, Findings, Gap, HackablePair, Incentive, Move, PotentialTest, Relation, Role,
    ShapingFinding, StochasticVerdict, TamperingReturns, TamperingVerdict, Way,
};
use ::report::{CheckPage, Finding, Outcome, PolicyValues, Sign, Soundness};
use mdp::{GridMap, Stop, Tabulated};

use super::Check;
use super::maps::{Drawn, policy_map};
use super::subject::Subject;

/// At most so many steps of a path are named.
const MOST_STEPS: usize = 4;

/// At most so many places are named as evidence.
const MAX_PLACES: usize = 4;

/// A smaller share of a range is none.
const NOTHING: f64 = 1e-6;

/// The page of a check.
pub(super) fn page(
    check: &Check,
    subject: &Subject,
    tables: &Tabulated,
    findings: &Findings,
) -> CheckPage {
    let (signs, mut legend) = Sign::of_actions(&tables.action_names);
    let n_actions = tables.mdp.n_actions();
    let shown = shown(tables, findings);
    let drawn = shown.iter().map(|(title, policy)| Drawn {
        title: title.clone(),
        policy: &policy.policy,
        visits: policy.visits(n_actions),
    });
    let maps: Vec<_> = drawn
        .filter_map(|drawn| policy_map(tables, &signs, &drawn))
        .collect();
    legend.retain(|(sign, _)| is_drawn(&maps, *sign));
    legend.extend(
        tables
            .map
            .iter()
            .flat_map(|map: &GridMap| map.legend.clone()),
    );
    let against = findings.against.as_deref();
    CheckPage {
        subject: Subject::title(check),
        question: match against {
            Some(against) => format!("{} against {against}", findings.reward),
            None => findings.reward.clone(),
        },
        soundness: match findings.soundness {
            ::check::Soundness::Sound => Soundness::Sound,
            ::check::Soundness::Unsound => Soundness::Unsound,
            ::check::Soundness::Undecided => Soundness::Undecided,
        },
        headline: findings.summary.headline.clone(),
        summary: findings.summary.sentences.clone(),
        advice: findings.summary.advice.clone(),
        facts: facts(findings),
        map_note: map_note(subject, tables, !maps.is_empty()),
        maps,
        legend,
        values: values(findings),
        findings: answers(tables, findings),
        settings: settings(check, subject, findings),
        command: check.command(),
    }
}

/// The policies that are drawn, each with its title: those that act alike wherever they come are drawn once.
fn shown<'f>(
    tables: &Tabulated,
    findings: &'f Findings,
) -> Vec<(String, &'f ::check::PolicyFinding)> {
    let is_shown = |role: &Role| match role {
        Role::RewardOptimal | Role::IntentOptimal | Role::Reference(_) => true,
        Role::WorstNearOptimal => findings.reasons.contains(&::check::Reason::Gap),
        Role::WorstPaid => false,
    };
    let mut shown: Vec<(String, &::check::PolicyFinding)> = vec![];
    for policy in findings
        .policies
        .iter()
        .filter(|policy| is_shown(&policy.role))
    {
        let is_same = |(_, other): &&mut (String, &::check::PolicyFinding)| {
            ::check::partings(&tables.mdp, &other.policy, &policy.policy).is_empty()
        };
        match shown.iter_mut().find(is_same) {
            Some((title, _)) => {
                title.push_str(&format!(", and {}", self::title(findings, &policy.role)))
            }
            None => shown.push((title(findings, &policy.role), policy)),
        }
    }
    shown
}

/// The policy that losses are taken against, as a part of a sentence.
fn reference(findings: &Findings, comparison: &Comparison) -> String {
    let role = &comparison.reference;
    role.phrase(&findings.reward, findings.against.as_deref())
}

fn title(findings: &Findings, role: &Role) -> String {
    role.name(&findings.reward, findings.against.as_deref())
}

/// What a cell of a map stands for, where several states share one; empty where they do not.
fn map_note(subject: &Subject, tables: &Tabulated, is_drawn: bool) -> String {
    let reachable = tables.mdp.reachable();
    let places = tables.places.iter().zip(reachable);
    let mut places: Vec<_> = places
        .filter(|(_, reached)| *reached)
        .filter_map(|(place, _)| place.as_ref())
        .map(|place| (&place.layer, place.row, place.column))
        .collect();
    places.sort();
    let is_shared = places.windows(2).any(|pair| pair[0] == pair[1]);
    match (is_drawn && is_shared, subject.horizon) {
        (false, _) => String::new(),
        (true, Some(_)) => {
            "A cell stands for all steps: what is done there at the step that most often comes there is shown."
                .to_owned()
        }
        (true, None) => {
            "Several states share a cell: what is done in the one that is visited most is shown."
                .to_owned()
        }
    }
}

fn is_drawn(maps: &[::report::PolicyMap], letter: char) -> bool {
    let layers = maps.iter().flat_map(|map| &map.layers);
    let mut cells = layers.flat_map(|layer| layer.rows.iter().flatten());
    cells.any(|cell| {
        let sign = cell.choice.as_ref().map(|choice| choice.sign);
        sign == Some(Sign::Letter(letter))
    })
}

fn facts(findings: &Findings) -> Vec<(String, String, String)> {
    let mut facts = vec![];
    let mut fact = |name: &str, value: String, note: String| {
        facts.push((name.to_owned(), value, note));
    };
    if let Some(comparison) = &findings.comparison {
        let loss = &comparison.near_optimal;
        fact(
            "Worst loss",
            percent(loss.share),
            format!(
                "of the intent’s range, within {} of optimal for {}; at most {} is tolerated",
                percent(loss.within),
                findings.reward,
                percent(findings.tolerance)
            ),
        );
        fact(
            "Gap",
            percent(comparison.gap.loss_share()),
            format!(
                "of the intent’s range, paid no less than {}",
                reference(findings, comparison)
            ),
        );
    }
    if let Some(angle) = findings.equivalence.as_ref().and_then(|found| found.angle) {
        fact(
            "Angle",
            format!("{}°", amount(angle.to_degrees())),
            format!(
                "between reward and intent, potentials taken out; 0° orders {} alike",
                all_policies(findings)
            ),
        );
    }
    facts
}

fn values(findings: &Findings) -> PolicyValues {
    let rewards = std::iter::once(&findings.reward).chain(&findings.against);
    PolicyValues {
        rewards: rewards.cloned().collect(),
        rows: findings
            .policies
            .iter()
            .map(|policy| {
                let returns = std::iter::once(policy.reward).chain(policy.intent);
                (title(findings, &policy.role), returns.map(amount).collect())
            })
            .collect(),
    }
}

fn answers(tables: &Tabulated, findings: &Findings) -> Vec<Finding> {
    let mut answers = vec![];
    if let Some(comparison) = &findings.comparison {
        answers.push(near_optimal(tables, findings, comparison));
        answers.push(gap(findings, comparison));
    }
    match &findings.equivalence {
        Some(found) => answers.push(equivalent(tables, findings, found)),
        None if findings.against.is_some() => {
            answers.push(finding("equivalent", None, NO_END.to_owned(), vec![]));
        }
        None => {}
    }
    if let Some(comparison) = &findings.comparison {
        answers.push(hackable(tables, findings, comparison));
        answers.push(distances(findings, &comparison.distances));
    }
    let terms = findings.shaping.iter();
    answers.extend(terms.map(|term| shaping(tables, findings, term)));
    answers.extend(
        findings
            .tampering
            .as_ref()
            .map(|found| tampering(tables, found)),
    );
    answers
}

fn finding(name: &str, outcome: Option<Outcome>, answer: String, details: Vec<String>) -> Finding {
    Finding {
        name: name.to_owned(),
        outcome,
        answer,
        details,
    }
}

/// The policies that the answers speak of.
fn all_policies(findings: &Findings) -> &'static str {
    match findings.endless {
        Some(_) => "all policies that end",
        None => "all policies",
    }
}

/// The same, as an addition to a sentence about policies.
fn that_end(findings: &Findings) -> &'static str {
    match findings.endless {
        Some(_) => " that end",
        None => "",
    }
}

/// The same, as an addition to a sentence about a policy.
fn that_ends(findings: &Findings) -> &'static str {
    match findings.endless {
        Some(_) => " that ends",
        None => "",
    }
}

/// The loss by which the reward is judged, and where it comes about.
fn near_optimal(tables: &Tabulated, findings: &Findings, comparison: &Comparison) -> Finding {
    let loss = &comparison.near_optimal;
    let is_lost = findings.reasons.contains(&::check::Reason::Gap);
    let outcome = match is_lost {
        true => Outcome::Fail,
        false if loss.worst.stop == Stop::Converged && findings.endless.is_none() => Outcome::Pass,
        false => Outcome::NotMeasurable,
    };
    let (ending, within) = (that_ends(findings), percent(loss.within));
    let answer = match loss.share {
        share if share < -NOTHING => format!(
            "even the worst policy{ending} within {within} of optimal delivers more than the reference, by {} of the intent’s range",
            percent(-share)
        ),
        share if share <= 1e-9 => format!(
            "the worst policy{ending} within {within} of optimal loses nothing of the intent’s range"
        ),
        share => format!(
            "the worst policy{ending} within {within} of optimal loses {} of the intent’s range; {} is tolerated",
            percent(share),
            percent(findings.tolerance)
        ),
    };
    let mut details = vec![];
    if is_lost {
        let partings = &comparison.partings;
        for parting in partings.iter().take(MAX_PLACES) {
            details.push(format!(
                "at {}: {} instead of {}",
                tables.state_labels[parting.state],
                choice(tables, &parting.second),
                choice(tables, &parting.first)
            ));
        }
        if partings.len() > MAX_PLACES {
            details.push(format!(
                "and in {} more states",
                partings.len() - MAX_PLACES
            ));
        }
    }
    let wider = &comparison.at_tolerance;
    let within = percent(wider.within);
    details.push(match wider.share {
        share if share < -NOTHING => format!(
            "for information, policies within {within} of optimal deliver more than the reference by {} at least",
            percent(-share)
        ),
        share => format!(
            "for information, policies within {within} of optimal lose {}",
            at_most(share)
        ),
    });
    finding("optimum", Some(outcome), answer, details)
}

fn gap(findings: &Findings, comparison: &Comparison) -> Finding {
    let Gap {
        worst,
        reference,
        stop,
        ..
    } = &comparison.gap;
    let answer = format!(
        "paid no less than {} ({}), a policy{} can deliver {} of {} where that delivers {}: {}",
        self::reference(findings, comparison),
        amount(reference.returns.reward),
        that_ends(findings),
        amount(worst.returns.intent),
        findings.against.as_deref().unwrap_or("the intent"),
        amount(reference.returns.intent),
        match comparison.gap.loss_share() {
            share if share <= 1e-9 => "no loss".to_owned(),
            share => format!("{} of the range", percent(share)),
        }
    );
    let details = match stop {
        Stop::Converged => vec![],
        Stop::BudgetSpent => vec![format!(
            "the search was given up; no such policy delivers less than {}",
            amount(comparison.gap.bound)
        )],
    };
    finding("gap", None, answer, details)
}

fn equivalent(tables: &Tabulated, findings: &Findings, found: &Equivalence) -> Finding {
    let (reward, intent) = (
        &findings.reward,
        findings.against.as_deref().unwrap_or("intent"),
    );
    let angle = found.angle.map_or(String::new(), |angle| {
        format!(", at an angle of {}°", amount(angle.to_degrees()))
    });
    let (all, ending) = (all_policies(findings), that_end(findings));
    let answer = match found.relation {
        Relation::Equivalent => format!("yes: {reward} and {intent} order {all} alike"),
        Relation::OneTrivial => format!("no: one of them is indifferent between {all}"),
        Relation::Opposite => {
            format!("no: {reward} orders {all} in the opposite way{angle}")
        }
        Relation::Different => {
            format!("no: some policies{ending} are ordered differently{angle}")
        }
    };
    let mut details = vec![];
    if found.relation == Relation::Equivalent && found.scale > 0.0 {
        details.push(format!(
            "{reward} = {} × {intent} + γΦ(s′) − Φ(s) in expectation, relative residual {}",
            amount(found.scale),
            amount(found.relative_residual)
        ));
        details.extend(potential(tables, &found.potential));
    } else if found.relation == Relation::Different {
        details.push(format!(
            "{} of {reward}, potentials taken out, is not a multiple of {intent}",
            percent(found.relative_residual)
        ));
    }
    finding("equivalent", None, answer, details)
}

/// A potential by where it is lowest and highest; nothing where it is 0.
fn potential(tables: &Tabulated, potential: &[f64]) -> Option<String> {
    let by_value = |a: &(usize, &f64), b: &(usize, &f64)| a.1.total_cmp(b.1);
    let lowest = potential.iter().enumerate().min_by(by_value)?;
    let highest = potential.iter().enumerate().max_by(by_value)?;
    let rounded = |value: f64| {
        if value.abs() < 1e-12 * highest.1.abs().max(lowest.1.abs()) {
            0.0
        } else {
            value
        }
    };
    if highest.1 - lowest.1 <= 1e-9 {
        return Some("Φ is 0 everywhere".to_owned());
    }
    Some(format!(
        "Φ lies from {} ({}) to {} ({}); --json has all of it",
        amount(rounded(*lowest.1)),
        tables.state_labels[lowest.0],
        amount(rounded(*highest.1)),
        tables.state_labels[highest.0]
    ))
}

/// Whether some two policies are ordered in opposite ways: information, since that is so of almost any two rewards.
fn hackable(tables: &Tabulated, findings: &Findings, comparison: &Comparison) -> Finding {
    let ending = that_end(findings);
    let verdict = comparison.stochastic.as_ref().map(|found| &found.verdict);
    let (answer, pair) = match verdict {
        Some(StochasticVerdict::Equivalent) => (
            format!(
                "no: no policy{} is paid more and delivers less",
                that_ends(findings)
            ),
            None,
        ),
        Some(StochasticVerdict::Trivial { .. }) => (
            format!(
                "no: one of the rewards is indifferent between {}",
                all_policies(findings)
            ),
            None,
        ),
        Some(StochasticVerdict::Hackable { pair, .. }) => (
            format!("yes, as almost any two rewards are over all stochastic policies{ending}"),
            pair.as_ref(),
        ),
        Some(StochasticVerdict::Undecided) => (
            "not decided: the difference is near rounding".to_owned(),
            None,
        ),
        None => (NOT_FINITE.to_owned(), None),
    };
    let mut details = vec![];
    details.extend(pair.map(|pair| pair_in_words(tables, pair)));
    if let Some(found) = &comparison.deterministic {
        let is_closed = matches!(
            verdict,
            Some(StochasticVerdict::Equivalent | StochasticVerdict::Trivial { .. })
        );
        details.push(hackable_by_deterministic(found, is_closed, ending));
        details.extend(found.pair().map(|pair| pair_in_words(tables, pair)));
    }
    finding("hackable", None, answer, details)
}

/// What stands where policies that end are too few to be compared.
const NO_END: &str = "left out: at discount 1 it is about policies that end, and from some state no end can be reached";

/// What stands where a return that an answer needs is not finite.
const NOT_FINITE: &str = "left out: at discount 1 a policy that it rests on need never end, and its return is not finite";

/// The same over deterministic policies; `is_closed` where it is already settled by all stochastic ones.
fn hackable_by_deterministic(
    found: &DeterministicHackability,
    is_closed: bool,
    ending: &str,
) -> String {
    let n_policies = match found.n_policies {
        n if n < 1e15 => grouped(n as usize),
        n if n.is_finite() => format!("about 10^{:.0}", n.log10()),
        _ => "more than 10^308".to_owned(),
    };
    match &found.verdict {
        _ if is_closed => {
            "nor is it over deterministic policies, which are some of these".to_owned()
        }
        DeterministicVerdict::Unhackable => {
            format!(
                "not over the {n_policies} deterministic policies: no two of them{ending} disagree"
            )
        }
        DeterministicVerdict::Hackable(_) | DeterministicVerdict::WitnessFound(_) => {
            format!("so it is over deterministic policies, of which there are {n_policies}")
        }
        DeterministicVerdict::NotDecided => format!(
            "not decided over the deterministic policies: there are {n_policies}, and a search found no two that disagree"
        ),
    }
}

/// What two policies show, and where they part.
fn pair_in_words(tables: &Tabulated, pair: &HackablePair) -> String {
    let partings = ::check::partings(&tables.mdp, &pair.before.policy, &pair.after.policy);
    let place = match partings.first() {
        Some(parting) => format!(
            " by {} instead of {} at {}{}",
            choice(tables, &parting.second),
            choice(tables, &parting.first),
            tables.state_labels[parting.state],
            match partings.len() {
                1 => String::new(),
                2 => ", and in one other state".to_owned(),
                n => format!(", and in {} other states", grouped(n - 1)),
            }
        ),
        None => String::new(),
    };
    format!(
        "one policy is paid {} more and delivers {} less than another{place}",
        amount(pair.gained()),
        amount(pair.lost())
    )
}

fn distances(findings: &Findings, found: &Distances) -> Finding {
    // What is left of equal rewards is rounding.
    let amount = |distance: f64| {
        if distance < 1e-12 {
            "0".to_owned()
        } else {
            amount(distance)
        }
    };
    let value = |distance: Option<f64>| distance.map_or("–".to_owned(), amount);
    let answer = format!(
        "STARC {} (range), {} (flow), {} (value); DARD {}; EPIC {}; 0 is the same, 1 the opposite",
        value(found.range),
        amount(found.starc_flow),
        value(found.starc_value),
        value(found.dard),
        value(found.epic)
    );
    let mut details = vec![];
    if let (Some(regret), Some(range)) = (&found.worst_regret, found.range) {
        let ending = that_ends(findings);
        details.push(format!(
            "going from one policy{ending} to another that the reward pays no less loses {} of the intent’s range{}",
            at_most(regret.share()),
            range_promise(range)
        ));
    } else {
        details.push(format!(
            "the worst regret or the range distance is {NOT_FINITE}"
        ));
    }
    if let Some(bounds) = &found.bounds {
        let promises: Vec<String> = [
            ("flow", bounds.flow.sharpest),
            ("value", bounds.value.sharpest),
        ]
        .into_iter()
        // A promise that nothing is lost is what was just said.
        .filter(|(_, share)| *share > 1e-9)
        .map(|(name, share)| format!("the {name} distance promises {}", at_most(share)))
        .collect();
        details.extend((!promises.is_empty()).then(|| promises.join(", ")));
    } else if found.is_unbounded {
        details.push(
            "what the flow and the value distance promise is left out: at discount 1 a policy can repeat an action for ever, so that no constant bounds its visits"
                .to_owned(),
        );
    }
    let more = "for rewards at more transitions than are listed here";
    details.extend(match (found.epic, found.dard) {
        (None, None) => Some(format!("EPIC and DARD ask {more}, and are left out")),
        (None, Some(_)) => Some(format!("EPIC asks {more}, and is left out")),
        _ => None,
    });
    finding("distances", None, answer, details)
}

/// Between what the range distance says the worst regret lies; nothing where it is 0.
fn range_promise(range: f64) -> String {
    let most = f64::min(2.0 * range, 1.0);
    let least = match range >= NOTHING {
        true => format!(" and at least {}", percent(range)),
        false => String::new(),
    };
    match most > 1e-9 {
        true => format!("; the range distance promises {}{least}", at_most(most)),
        false => String::new(),
    }
}

/// Whether a shaping term is potential-based, and whether it can be farmed.
fn shaping(tables: &Tabulated, findings: &Findings, term: &ShapingFinding) -> Finding {
    let discount = findings.size.discount.get();
    let found = &term.shaping;
    let mut details = vec![];
    let (outcome, answer) = match &found.potential {
        PotentialTest::Found { potential, .. } => {
            details.extend(self::potential(tables, potential));
            if findings.endless.is_some() {
                details.push(ENDLESS_POTENTIAL.to_owned());
            }
            (
                match findings.endless {
                    Some(_) => Outcome::NotMeasurable,
                    None => Outcome::Pass,
                },
                format!(
                    "the term {} is potential-based: it changes no preference between policies{}",
                    term.name,
                    that_end(findings)
                ),
            )
        }
        PotentialTest::Refuted(discrepancy) => {
            details.extend(refutation(tables, discrepancy));
            let answer = format!(
                "the term {} is not potential-based; {} of it can change a preference",
                term.name,
                percent(found.felt_share)
            );
            (Outcome::Fail, answer)
        }
    };
    details.extend(
        found
            .farm
            .as_ref()
            .map(|farm| farming(tables, farm, discount)),
    );
    if found.farm.is_none() {
        let pays = match findings.endless {
            Some(_) => "nothing a step",
            None => "no more than what is intended",
        };
        details.push(format!(
            "it cannot be farmed: going round for ever pays {pays}"
        ));
    }
    finding("shaping", Some(outcome), answer, details)
}

/// What a potential does to policies that the answers leave out.
const ENDLESS_POTENTIAL: &str = "a policy that never ends keeps what Φ is where it stays: that is an end, too, and Φ must be 0 there";

/// What shows that no potential makes up a term.
fn refutation(tables: &Tabulated, discrepancy: &Discrepancy) -> Vec<String> {
    match discrepancy {
        Discrepancy::Loop { moves, sum } => {
            let transitions: Vec<&Move> = moves.iter().map(|each| &each.transition).collect();
            let back = match moves.iter().filter(|each| !each.is_forward).count() {
                0 => String::new(),
                n => format!(", {n} of them gone through backwards"),
            };
            vec![format!(
                "on {}{back} it sums to {}, where any potential sums to 0",
                path(tables, &transitions),
                amount(*sum)
            )]
        }
        Discrepancy::Ways { state, ways } => {
            let way = |way: &Way| {
                let moves: Vec<&Move> = way.lead.iter().chain(&way.cycle).collect();
                let end = if way.cycle.is_empty() {
                    ""
                } else {
                    ", going round at its end for ever"
                };
                format!(
                    "{}{end}, asks for Φ = {}",
                    path(tables, &moves),
                    amount(way.potential)
                )
            };
            let head = format!(
                "no potential fits {}, from which one way",
                tables.state_labels[*state]
            );
            vec![
                format!("{head}: {}", way(&ways[0])),
                format!("and another: {}", way(&ways[1])),
            ]
        }
    }
}

/// The cycle that is worth going round in.
fn farming(tables: &Tabulated, farm: &Farm, discount: f64) -> String {
    let steps = farm
        .states
        .iter()
        .zip(&farm.actions)
        .map(|(state, action)| {
            format!(
                "{} \"{}\"",
                tables.state_labels[*state], tables.action_names[*action]
            )
        });
    let round = if farm.is_cycle {
        "cycle"
    } else {
        "round of states, by chance,"
    };
    let worth = if discount < 1.0 {
        format!(
            "from its entry it is worth {} for ever, where what was intended is worth {}",
            amount(farm.pays),
            amount(farm.instead)
        )
    } else {
        format!("each step of it pays {}", amount(farm.pays))
    };
    format!("farmable {round} {}: {worth}", cut_list(steps, " → "))
}

/// Transitions as a path of states.
fn path(tables: &Tabulated, moves: &[&Move]) -> String {
    let steps = moves.iter().map(|each| {
        let end = if each.terminates {
            ", which ends the episode"
        } else {
            ""
        };
        format!(
            "{} \"{}\"{end}",
            tables.state_labels[each.state], tables.action_names[each.action]
        )
    });
    cut_list(steps, " → ")
}

/// The first items, and how many more there are.
fn cut_list(items: impl ExactSizeIterator<Item = String>, between: &str) -> String {
    let n_items = items.len();
    let mut shown: Vec<String> = items.take(MOST_STEPS).collect();
    if n_items > MOST_STEPS {
        shown.push(format!("{} more", n_items - MOST_STEPS));
    }
    shown.join(between)
}

fn tampering(tables: &Tabulated, incentive: &Incentive) -> Finding {
    let (outcome, answer) = match incentive.verdict {
        TamperingVerdict::Tampering => (Outcome::Fail, "pays"),
        TamperingVerdict::Unjudged => (Outcome::NotMeasurable, "raises what is received"),
        TamperingVerdict::Useful => (Outcome::Pass, "serves what was meant as well"),
        TamperingVerdict::NoIncentive | TamperingVerdict::Undeclared => {
            (Outcome::Pass, "does not pay")
        }
    };
    let returns = |name: &str, of: fn(&TamperingReturns) -> Option<f64>| {
        let (with, without) = (of(&incentive.present.returns)?, of(&incentive.cut.returns)?);
        Some(format!(
            "{name} {} with these actions, {} without",
            amount(with),
            amount(without)
        ))
    };
    let mut details: Vec<String> = [
        returns("received:", |returns| Some(returns.observed)),
        returns("by the first reward function:", |returns| returns.frozen),
        returns("meant:", |returns| returns.intent),
    ]
    .into_iter()
    .flatten()
    .collect();
    let acts = incentive.present.acts.iter().take(MAX_PLACES);
    details.extend(acts.map(|act| {
        format!(
            "\"{}\" at {}, {} times an episode, discounted",
            tables.action_names[act.action],
            tables.state_labels[act.state],
            amount(act.occupancy)
        )
    }));
    finding("tampering", Some(outcome), answer.to_owned(), details)
}

fn settings(check: &Check, subject: &Subject, findings: &Findings) -> Vec<(String, String)> {
    let size = findings.size;
    let mut settings = vec![];
    let mut setting = |name: &str, value: String| settings.push((name.to_owned(), value));
    if !check.set.is_empty() {
        setting("settings", Subject::set(check));
    }
    setting("discount", size.discount.get().to_string());
    match (&subject.named, subject.horizon) {
        (_, Some(horizon)) => setting(
            "time limit",
            format!("{horizon} steps, counted in the state"),
        ),
        (Some(_), None) => setting("time limit", "left out".to_owned()),
        (None, None) => {}
    }
    setting(
        "states",
        format!(
            "{} ({} can be acted in)",
            grouped(size.n_states),
            grouped(size.n_reachable)
        ),
    );
    setting("actions", size.n_actions.to_string());
    setting("transitions", grouped(size.n_transitions));
    setting("tolerance", percent(findings.tolerance));
    setting("within", percent(findings.within));
    setting("reference", check.reference.clone());
    settings
}
