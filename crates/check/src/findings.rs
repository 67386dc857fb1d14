//! The analysis as a whole: everything that can be said about a reward on a finite MDP, put together into plain data
//! with a summary in words.

mod comparison;
mod distances;
mod parting;
mod policies;
mod summary;
pub mod words;

#[cfg(test)]
mod tests;

use mdp::{Discount, SolveError, TabularMdp, Tabulated, occupancy, uniform_policy};

use crate::{
    CheckError, Equivalence, Incentive, Intended, ReturnRange, Shaping, TamperingQuestion,
    TamperingVerdict, equivalence, return_range, shaping, shaping::Endless, tampering_incentive_of,
};

pub use comparison::{Comparison, Loss};
pub use distances::Distances;
pub use parting::{Gain, Parting, greatest_gain, partings};
pub use policies::{PolicyFinding, Role};
pub use summary::Summary;

/// What is asked about a reward.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The dynamics with their rewards, names and places.
    pub tables: &'a Tabulated,
    /// The name of the reward that an optimiser would be given.
    pub reward: &'a str,
    /// The name of what it is held against; none where nobody has said what was meant.
    pub against: Option<&'a str>,
    /// Names of parts of the reward that are meant as shaping: they should change no preference between policies.
    pub shaping: Vec<&'a str>,
    /// A policy that its designers would accept, by name and as `[S, A]` probabilities; none for the intent's own
    /// optimal policy.
    pub reference: Option<(&'a str, &'a [f64])>,
    /// How much of the intent's range may be lost, as a share.
    pub tolerance: f64,
    /// How near to optimal for the reward a policy counts as optimal, as a share of the reward's range.
    pub within: f64,
}

/// A part of the analysis, announced as it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Optimal policies, and the gap between reward and intent.
    Gap,
    /// Whether reward and intent order all policies alike.
    Equivalence,
    /// Whether some two policies show that they do not.
    Hackability,
    /// How far they are apart.
    Distances,
    /// Whether terms that are meant as shaping are potential-based, and whether they can be farmed.
    Shaping,
    /// Whether tampering pays.
    Tampering,
}

/// Whether a reward is sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Soundness {
    /// Nothing was found, and enough was known to find it.
    Sound,
    /// A policy that is optimal for the reward loses too much of the intent, a shaping term changes which policies are
    /// best, or tampering pays.
    Unsound,
    /// Too little is known.
    Undecided,
}

impl Soundness {
    /// The word by which files know it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Soundness::Sound => "sound",
            Soundness::Unsound => "unsound",
            Soundness::Undecided => "undecided",
        }
    }

    /// The exit status of a command that ends with this.
    #[must_use]
    pub fn exit_status(self) -> u8 {
        match self {
            Soundness::Sound => 0,
            Soundness::Unsound => 1,
            Soundness::Undecided => 3,
        }
    }
}

/// What a verdict other than sound rests on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Tampering with the reward pays.
    Tampering,
    /// The worst policy near optimal for the reward loses too much of the intent.
    Gap,
    /// Nobody has said what was meant, nor what the first reward function would pay, and tampering actions raise what is
    /// received.
    UnjudgedTampering,
    /// This shaping term is not potential-based.
    Shaping(String),
    /// Nobody has said what was meant.
    NoIntent,
    /// This question was given up before its answer was found.
    NotSolved(&'static str),
    /// At discount 1 the answers speak of policies that end, and there are others.
    Endless,
}

impl Reason {
    /// The word by which files know it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Reason::Tampering => "tampering",
            Reason::Gap => "gap",
            Reason::Shaping(_) => "shaping",
            Reason::UnjudgedTampering => "unjudged-tampering",
            Reason::NoIntent => "no-intent",
            Reason::NotSolved(_) => "not-solved",
            Reason::Endless => "endless",
        }
    }

    /// Whether it makes the reward unsound, rather than leave it open.
    #[must_use]
    pub fn is_found(&self) -> bool {
        matches!(self, Reason::Tampering | Reason::Gap | Reason::Shaping(_))
    }
}

/// The size of what was checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    /// States, final ones included.
    pub n_states: usize,
    /// States that can be acted in after the start.
    pub n_reachable: usize,
    /// Actions.
    pub n_actions: usize,
    /// Stored transitions.
    pub n_transitions: usize,
    /// The discount.
    pub discount: Discount,
}

/// What a component of the reward pays, in discounted returns.
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentReturn {
    /// The name of the table.
    pub name: String,
    /// What each policy of [`Findings::policies`] earns by it, in their order.
    pub returns: Vec<f64>,
}

/// What became of a term that is meant as shaping.
#[derive(Clone, Debug)]
pub struct ShapingFinding {
    /// The name of its table.
    pub name: String,
    /// The answers to both questions.
    pub shaping: Shaping,
}

/// What was found about a reward.
#[derive(Clone, Debug)]
pub struct Findings {
    /// The answer in a word.
    pub soundness: Soundness,
    /// Why, where it is not sound.
    pub reasons: Vec<Reason>,
    /// The answer in sentences.
    pub summary: Summary,
    /// The name of the reward.
    pub reward: String,
    /// The name of what it was held against.
    pub against: Option<String>,
    /// How much of the intent's range may be lost, as a share.
    pub tolerance: f64,
    /// How near to optimal for the reward a policy counts as optimal, as a share of the reward's range.
    pub within: f64,
    /// How large it was.
    pub size: Size,
    /// At discount 1 the first state after the start from which it is possible never to end; absent where every policy
    /// ends, and below discount 1. Where there is one, all answers speak of the policies that end.
    pub endless: Option<usize>,
    /// The lowest and the highest return of any policy under the reward; absent where, at discount 1, there is none.
    pub reward_range: Option<ReturnRange>,
    /// The policies, with what they earn.
    pub policies: Vec<PolicyFinding>,
    /// What the reward's components pay to each of them.
    pub components: Vec<ComponentReturn>,
    /// Whether reward and intent order all policies alike, where there is an intent: it is the first, the reward the
    /// second. Absent, too, where at discount 1 no end can be reached from some state.
    pub equivalence: Option<Equivalence>,
    /// What the reward is against the intent, where there is one; absent, too, where at discount 1 returns are not
    /// finite.
    pub comparison: Option<Comparison>,
    /// Each shaping term, in the order named.
    pub shaping: Vec<ShapingFinding>,
    /// Whether tampering pays; absent where no action is declared to tamper, or it could not be answered.
    pub tampering: Option<Incentive>,
    /// Whether it could not be answered, since at discount 1 returns are not finite.
    pub is_tampering_open: bool,
}

impl Findings {
    /// The policy of a role.
    #[must_use]
    pub fn policy(&self, role: &Role) -> Option<&PolicyFinding> {
        self.policies.iter().find(|finding| finding.role == *role)
    }
}

/// Says everything that can be said about a reward, exactly. `begun` hears of each part as it begins.
///
/// # Errors
/// If a name is not that of a table, or a table does not fit. What has no answer at discount 1, since a policy on the way
/// need never end, is left out.
pub fn findings(
    question: &Question<'_>,
    begun: &mut dyn FnMut(Stage),
) -> Result<Findings, CheckError> {
    let tables = question.tables;
    let mdp = &tables.mdp;
    let reward = mdp.expected(question.table(question.reward)?);
    let intent = match question.against {
        Some(against) => Some(mdp.expected(question.table(against)?)),
        None => None,
    };
    let endless = endless(mdp);
    let equivalence = match &intent {
        Some(intent) if endless.is_none() || can_end(mdp)? => {
            begun(Stage::Equivalence);
            Some(equivalence(mdp, intent, &reward)?)
        }
        _ => None,
    };
    let (comparison, policies) = match &intent {
        Some(intent) => {
            let equivalence = equivalence.as_ref();
            let compared = comparison::compare(question, &reward, intent, equivalence, begun);
            match ends(compared)? {
                Some((comparison, policies)) => (Some(comparison), policies),
                None => (None, vec![]),
            }
        }
        None => {
            begun(Stage::Gap);
            let optimal = ends(comparison::optimal(mdp, &reward))?;
            (None, optimal.into_iter().collect())
        }
    };
    let shaping = shaping_terms(question, begun)?;
    let tampering = ends(tampering(question, begun))?;
    let mut findings = Findings {
        soundness: Soundness::Undecided,
        reasons: vec![],
        summary: Summary::default(),
        reward: question.reward.to_owned(),
        against: question.against.map(str::to_owned),
        tolerance: question.tolerance,
        within: question.within,
        size: size(mdp),
        endless,
        reward_range: match &comparison {
            Some(comparison) => Some(comparison.reward_range),
            None => ends(return_range(mdp, &reward))?,
        },
        components: components(question, &policies),
        policies,
        equivalence,
        comparison,
        shaping,
        is_tampering_open: tampering.is_none(),
        tampering: tampering.flatten(),
    };
    findings.reasons = reasons(&findings);
    findings.soundness = soundness(&findings.reasons);
    findings.summary = summary::summary(&findings, tables);
    Ok(findings)
}

impl Question<'_> {
    /// The table of rewards of a name.
    fn table(&self, name: &str) -> Result<&[f64], CheckError> {
        self.tables
            .reward(name)
            .ok_or_else(|| CheckError::NoReward {
                name: name.to_owned(),
                known: self
                    .tables
                    .rewards
                    .iter()
                    .map(|reward| reward.name.clone())
                    .collect(),
            })
    }
}

/// An answer, or none where at discount 1 a policy that it rests on need never end an episode.
fn ends<T>(answer: Result<T, CheckError>) -> Result<Option<T>, CheckError> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(CheckError::Solve(SolveError::NeverEnds { .. })) => Ok(None),
        Err(error) => Err(error),
    }
}

/// At discount 1 the first state after the start from which it is possible never to end. Whatever may go on for ever
/// comes to such states, so where there is none every policy ends.
fn endless(mdp: &TabularMdp) -> Option<usize> {
    if mdp.discount().get() < 1.0 {
        return None;
    }
    let can = Endless::of(mdp).can;
    let mut states = can.into_iter().zip(mdp.reachable());
    states.position(|(can, is_reachable)| can && is_reachable)
}

/// Whether an end can be reached from every state after the start, so that the policy that takes all actions alike ends:
/// around its visits there are those of policies that end in all directions, which is what equivalence rests on.
fn can_end(mdp: &TabularMdp) -> Result<bool, CheckError> {
    let visits = occupancy(mdp, &uniform_policy(mdp)).map_err(CheckError::from);
    Ok(ends(visits)?.is_some())
}

/// Tests each shaping term, as a part of the reward that is asked about.
fn shaping_terms(
    question: &Question<'_>,
    begun: &mut dyn FnMut(Stage),
) -> Result<Vec<ShapingFinding>, CheckError> {
    let reward = question.table(question.reward)?;
    let mut findings = vec![];
    for name in &question.shaping {
        begun(Stage::Shaping);
        let term = question.table(name)?;
        let parts = reward.iter().zip(term);
        let task: Vec<f64> = parts.map(|(whole, term)| whole - term).collect();
        findings.push(ShapingFinding {
            name: (*name).to_owned(),
            shaping: shaping(&question.tables.mdp, term, &task, Intended::Optimal)?,
        });
    }
    Ok(findings)
}

/// The incentive to tamper for the sake of the reward that is asked about, where some action is declared to tamper.
fn tampering(
    question: &Question<'_>,
    begun: &mut dyn FnMut(Stage),
) -> Result<Option<Incentive>, CheckError> {
    let tables = question.tables;
    if !tables.tampering.contains(&true) {
        return Ok(None);
    }
    begun(Stage::Tampering);
    let observed = question.table(question.reward)?;
    let own = TamperingQuestion::of(tables);
    let is_own = question.reward == "reward";
    let asked = TamperingQuestion {
        observed,
        // What the first reward function would pay is known of the environment's own reward alone.
        frozen: own.frozen.filter(|_| is_own),
        intent: match question.against {
            Some(against) => Some(question.table(against)?),
            None => own.intent,
        },
        ..own
    };
    let incentive = tampering_incentive_of(&asked)?;
    Ok((incentive.verdict != TamperingVerdict::Undeclared).then_some(incentive))
}

fn size(mdp: &TabularMdp) -> Size {
    Size {
        n_states: mdp.n_states(),
        n_reachable: mdp.reachable().iter().filter(|reached| **reached).count(),
        n_actions: mdp.n_actions(),
        n_transitions: mdp.n_transitions(),
        discount: mdp.discount(),
    }
}

/// What the tables named `REWARD.NAME` pay to each policy.
fn components(question: &Question<'_>, policies: &[PolicyFinding]) -> Vec<ComponentReturn> {
    let prefix = format!("{}.", question.reward);
    let tables = question.tables.rewards.iter();
    tables
        .filter(|table| table.name.starts_with(&prefix))
        .map(|table| {
            let expected = question.tables.mdp.expected(&table.values);
            ComponentReturn {
                name: table.name.clone(),
                returns: policies
                    .iter()
                    .map(|policy| policy.earns(&expected))
                    .collect(),
            }
        })
        .collect()
}

fn reasons(findings: &Findings) -> Vec<Reason> {
    let mut reasons = vec![];
    match &findings.comparison {
        Some(comparison) => {
            // Rounding must not decide: an equivalent reward loses just the share by which it may fall short.
            let most = findings.tolerance * (1.0 + 1e-9) + 1e-12;
            let loss = &comparison.near_optimal;
            if loss.share > most {
                reasons.push(Reason::Gap);
            } else if loss.most_share > most {
                reasons.push(Reason::NotSolved("gap"));
            }
        }
        None if findings.against.is_some() => reasons.push(Reason::NotSolved("gap")),
        None => reasons.push(Reason::NoIntent),
    }
    for term in &findings.shaping {
        if !term.shaping.is_potential_based() {
            reasons.push(Reason::Shaping(term.name.clone()));
        }
    }
    match findings.tampering.as_ref().map(|found| found.verdict) {
        Some(TamperingVerdict::Tampering) => reasons.push(Reason::Tampering),
        Some(TamperingVerdict::Unjudged) => reasons.push(Reason::UnjudgedTampering),
        _ if findings.is_tampering_open => reasons.push(Reason::NotSolved("tampering")),
        _ => {}
    }
    if findings.endless.is_some() {
        reasons.push(Reason::Endless);
    }
    reasons
}

fn soundness(reasons: &[Reason]) -> Soundness {
    match reasons {
        [] => Soundness::Sound,
        reasons if reasons.iter().any(Reason::is_found) => Soundness::Unsound,
        _ => Soundness::Undecided,
    }
}
