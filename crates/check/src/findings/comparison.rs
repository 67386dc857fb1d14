//! The reward held against the intent.

use mdp::{TabularMdp, policy_return};

use super::distances::{Distances, distances};
use super::parting::{Gain, Parting, greatest_gain, partings};
use super::policies::{PolicyFinding, Role};
use super::{Question, Stage};
use crate::gap::{Gaps, gaps};
use crate::{
    Bands, CheckError, DeterministicHackability, DeterministicSettings, Equivalence, Gap,
    Reference, ReturnRange, Returns, StochasticHackability, deterministic_hackability, equivalence,
    stochastic_hackability, worst_among_optimal,
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
    /// Whether they order all policies alike: the intent is the first, the reward the second.
    pub equivalence: Equivalence,
    /// Whether some two policies exist of which one is paid more and delivers less, over all stochastic policies.
    pub stochastic: StochasticHackability,
    /// The same over deterministic policies.
    pub deterministic: DeterministicHackability,
    /// How far they are apart.
    pub distances: Distances,
    /// The lowest and the highest return of any policy under the reward.
    pub reward_range: ReturnRange,
    /// The lowest and the highest return of any policy under the intent.
    pub intent_range: ReturnRange,
    /// The name of the policy that losses are taken against.
    pub reference: String,
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
    begun: &mut dyn FnMut(Stage),
) -> Result<(Comparison, Vec<PolicyFinding>), CheckError> {
    let mdp = &question.tables.mdp;
    begun(Stage::Gap);
    let given = question.reference;
    let taken = given.map_or(Reference::IntentOptimal, |(_, policy)| {
        Reference::Policy(policy)
    });
    let shares = [question.within, question.tolerance];
    let Gaps {
        reward_range,
        gap,
        worst,
    } = gaps(mdp, reward, intent, taken, &shares)?;
    let reference = gap.reference.returns;
    let mut losses = shares.into_iter().zip(worst).map(|(within, worst)| Loss {
        within,
        amount: reference.intent - worst.worst.returns.intent,
        share: worst
            .intent_range
            .share(reference.intent - worst.worst.returns.intent),
        most_share: worst.intent_range.share(reference.intent - worst.bound),
        worst,
    });
    let (Some(near_optimal), Some(at_tolerance)) = (losses.next(), losses.next()) else {
        unreachable!("there is a loss for each of the two shares")
    };
    let finding = |role: Role, policy: &[f64], returns: Returns| {
        PolicyFinding::new(mdp, role, policy.to_vec(), returns, true)
    };
    let lucky = &near_optimal.worst.reference;
    let worst = &near_optimal.worst.worst;
    let mut policies = vec![
        finding(Role::RewardOptimal, &lucky.policy, lucky.returns)?,
        finding(Role::WorstNearOptimal, &worst.policy, worst.returns)?,
    ];
    match given {
        None => {
            let best = &gap.reference;
            policies.insert(1, finding(Role::IntentOptimal, &best.policy, best.returns)?);
        }
        Some((name, policy)) => {
            let best = worst_among_optimal(mdp, intent, reward, 0.0)?.reference;
            let returns = Returns {
                reward: policy_return(mdp, reward, &best.policy)?,
                intent: policy_return(mdp, intent, &best.policy)?,
            };
            policies.insert(1, finding(Role::IntentOptimal, &best.policy, returns)?);
            let role = Role::Reference(name.to_owned());
            policies.push(finding(role, policy, gap.reference.returns)?);
        }
    }
    policies.push(finding(
        Role::WorstPaid,
        &gap.worst.policy,
        gap.worst.returns,
    )?);
    let of = |role: &Role| policies.iter().find(|finding| finding.role == *role);
    let reference_role = given.map_or(Role::IntentOptimal, |(name, _)| {
        Role::Reference(name.to_owned())
    });
    let held = of(&reference_role).expect("it was just listed");
    let shown = of(&Role::WorstNearOptimal).expect("it was just listed");
    begun(Stage::Equivalence);
    let equivalence = equivalence(mdp, intent, reward)?;
    begun(Stage::Hackability);
    let stochastic = stochastic_hackability(mdp, reward, intent, Bands::STANDARD)?;
    let settings = DeterministicSettings::STANDARD;
    let deterministic = deterministic_hackability(mdp, reward, intent, settings)?;
    begun(Stage::Distances);
    let table = |name: &str| question.table(name);
    let against = question.against.unwrap_or_default();
    let distances = distances(mdp, table(question.reward)?, table(against)?)?;
    let comparison = Comparison {
        equivalence,
        stochastic,
        deterministic,
        distances,
        reward_range,
        intent_range: gap.intent_range,
        reference: reference_role.name(question.reward, question.against),
        partings: partings(mdp, &held.policy, &shown.policy),
        gain: greatest_gain(mdp.n_actions(), reward, &shown.occupancy, &held.occupancy),
        near_optimal,
        at_tolerance,
        gap,
    };
    Ok((comparison, policies))
}
