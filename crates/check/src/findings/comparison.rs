//! The reward held against the intent.

use mdp::TabularMdp;

use super::distances::{Distances, distances};
use super::parting::{Gain, Parting, greatest_gain, partings};
use super::policies::{PolicyFinding, Role};
use super::{Question, Stage, ends};
use crate::gap::{Gaps, gaps};
use crate::{
    Bands, CheckError, DeterministicHackability, DeterministicSettings, Equivalence, Gap,
    Reference, ReturnRange, StochasticHackability, Witness, deterministic_hackability,
    stochastic_hackability_of, worst_among_optimal,
};

/// What the worst policy for the intent loses, among those that the reward is content with.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    /// How far below the best return under the reward a policy may be, as a share of the reward's range.
    pub within: f64,
    /// The worst policy and how it was found.
    pub worst: Gap,
    /// How much less of the intent it delivers than the reference, in returns.
    pub amount: f64,
    /// The same as a share of the intent's range.
    pub share: f64,
    /// No policy that the reward is content with loses a larger share: above [`Loss::share`] only where the search was
    /// given up.
    pub most_share: f64,
}

/// What a reward is against an intent.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// Whether some two policies exist of which one is paid more and delivers less, over all stochastic policies; absent
    /// where, at discount 1, a policy on the way need never end.
    pub stochastic: Option<StochasticHackability>,
    /// The same over deterministic policies.
    pub deterministic: Option<DeterministicHackability>,
    /// How far they are apart.
    pub distances: Distances,
    /// The lowest and the highest return of any policy under the reward.
    pub reward_range: ReturnRange,
    /// The lowest and the highest return of any policy under the intent.
    pub intent_range: ReturnRange,
    /// The policy that losses are taken against.
    pub reference: Role,
    /// The loss by which the reward is judged: of policies within [`Question::within`] of optimal for it.
    pub near_optimal: Loss,
    /// For information: of policies that fall short of the best by as much as [`Question::tolerance`].
    pub at_tolerance: Loss,
    /// The hackability gap: the worst policy for the intent among those that the reward pays no less than the reference.
    pub gap: Gap,
    /// Where the worst policy near optimal parts from the reference: `first` is the reference's choice.
    pub partings: Vec<Parting>,
    /// What the worst policy near optimal is paid for, more than the reference.
    pub gain: Option<Gain>,
}

/// The optimal policy of a reward that is held against nothing.
pub(super) fn optimal(mdp: &TabularMdp, reward: &[f64]) -> Result<PolicyFinding, CheckError> {
    let found = worst_among_optimal(mdp, reward, reward, 0.0)?.reference;
    PolicyFinding::new(mdp, Role::RewardOptimal, found.policy, found.returns, false)
}

/// Holds a reward against an intent; gives the policies that show something, too.
pub(super) fn compare(
    question: &Question<'_>,
    reward: &[f64],
    intent: &[f64],
    equivalence: Option<&Equivalence>,
    begun: &mut dyn FnMut(Stage),
) -> Result<(Comparison, Vec<PolicyFinding>), CheckError> {
    let mdp = &question.tables.mdp;
    begun(Stage::Gap);
    let reference = match question.reference {
        Some((_, policy)) => Reference::Policy(policy),
        None => Reference::IntentOptimal,
    };
    let shares = [question.within, question.tolerance];
    let gaps = gaps(mdp, reward, intent, reference, &shares)?;
    let [near_optimal, at_tolerance] = losses(&gaps, shares);
    let policies = policies(question, &gaps)?;
    // The reference is the first of its role, and the worst policy the only one of its own.
    let held = policies
        .iter()
        .find(|each| is_reference(question, &each.role));
    let worst = policies
        .iter()
        .find(|each| each.role == Role::WorstNearOptimal);
    let (Some(held), Some(worst)) = (held, worst) else {
        unreachable!("both were just listed")
    };
    begun(Stage::Hackability);
    let bands = Bands::STANDARD;
    let tables = [question.reward, question.against.unwrap_or_default()];
    let [first, second] = tables.map(|name| question.table(name));
    let (first, second) = (first?, second?);
    // The two longest parts know nothing of each other, so they go on side by side.
    let (stochastic, deterministic, apart) = std::thread::scope(|scope| {
        let apart = scope.spawn(|| distances(mdp, first, second));
        let stochastic = match equivalence {
            Some(found) => ends(stochastic_hackability_of(mdp, reward, intent, found, bands)),
            None => Ok(None),
        };
        let settings = DeterministicSettings::STANDARD;
        let deterministic = deterministic_hackability(mdp, reward, intent, settings);
        begun(Stage::Distances);
        let apart = apart.join().expect("the distances do not panic");
        (stochastic, deterministic, apart)
    });
    let comparison = Comparison {
        stochastic: stochastic?,
        deterministic: ends(deterministic)?,
        distances: apart?,
        reward_range: gaps.reward_range,
        intent_range: gaps.gap.intent_range,
        reference: held.role.clone(),
        partings: partings(mdp, &held.policy, &worst.policy),
        gain: greatest_gain(mdp.n_actions(), reward, &worst.occupancy, &held.occupancy),
        near_optimal,
        at_tolerance,
        gap: gaps.gap,
    };
    Ok((comparison, policies))
}

fn is_reference(question: &Question<'_>, role: &Role) -> bool {
    match question.reference {
        Some(_) => matches!(role, Role::Reference(_)),
        None => *role == Role::IntentOptimal,
    }
}

/// What the worst policies lose against the reference, for each share of the reward's range.
fn losses(gaps: &Gaps, shares: [f64; 2]) -> [Loss; 2] {
    let reference = gaps.gap.reference.returns.intent;
    [0, 1].map(|index| {
        let worst = &gaps.worst[index];
        let amount = reference - worst.worst.returns.intent;
        Loss {
            within: shares[index],
            amount,
            share: worst.intent_range.share(amount),
            most_share: worst.intent_range.share(reference - worst.bound),
            worst: worst.clone(),
        }
    })
}

/// The policies that show something, in the order in which they are listed.
fn policies(question: &Question<'_>, gaps: &Gaps) -> Result<Vec<PolicyFinding>, CheckError> {
    let near_optimal = &gaps.worst[0];
    let mut shown = vec![
        (Role::RewardOptimal, &near_optimal.reference),
        (Role::IntentOptimal, &gaps.best),
        (Role::WorstNearOptimal, &near_optimal.worst),
    ];
    if let Some((name, _)) = question.reference {
        shown.push((Role::Reference(name.to_owned()), &gaps.gap.reference));
    }
    shown.push((Role::WorstPaid, &gaps.gap.worst));
    let finding = |(role, witness): (Role, &Witness)| {
        let policy = witness.policy.clone();
        PolicyFinding::new(&question.tables.mdp, role, policy, witness.returns, true)
    };
    shown.into_iter().map(finding).collect()
}
