//! The policies that findings speak of, with what each earns.

use mdp::{TabularMdp, occupancy};

use crate::{CheckError, Returns};

/// Why a policy is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Optimal for the reward; among several, the one that is best for the intent.
    RewardOptimal,
    /// Optimal for the intent; among several, one that the reward pays most.
    IntentOptimal,
    /// The worst for the intent among those within a share of optimal for the reward.
    WorstNearOptimal,
    /// What the others are held against, by its name.
    Reference(String),
    /// The worst for the intent among those that the reward pays no less than the reference.
    WorstPaid,
}

impl Role {
    /// The word by which files know it.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Role::RewardOptimal => "reward-optimal",
            Role::IntentOptimal => "intent-optimal",
            Role::WorstNearOptimal => "worst-near-optimal",
            Role::Reference(_) => "reference",
            Role::WorstPaid => "worst-paid",
        }
    }

    /// As a part of a sentence, given the names of reward and intent.
    #[must_use]
    pub fn phrase(&self, reward: &str, intent: Option<&str>) -> String {
        let name = self.name(reward, intent);
        match self {
            Role::RewardOptimal | Role::IntentOptimal => format!("the policy {name}"),
            Role::Reference(_) | Role::WorstNearOptimal | Role::WorstPaid => {
                format!("the {name}")
            }
        }
    }

    /// In words, given the names of reward and intent.
    #[must_use]
    pub fn name(&self, reward: &str, intent: Option<&str>) -> String {
        match self {
            Role::RewardOptimal => format!("optimal for {reward}"),
            Role::IntentOptimal => format!("optimal for {}", intent.unwrap_or("the intent")),
            Role::WorstNearOptimal => format!("worst of those near optimal for {reward}"),
            Role::Reference(name) => format!("reference policy \"{name}\""),
            Role::WorstPaid => "worst of those paid no less than the reference".to_owned(),
        }
    }
}

/// A policy with what it earns.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyFinding {
    /// Why it is shown.
    pub role: Role,
    /// `[S, A]`, probabilities of actions.
    pub policy: Vec<f64>,
    /// `[S, A]`, discounted visits from the start.
    pub occupancy: Vec<f64>,
    /// Its return under the reward.
    pub reward: f64,
    /// Its return under the intent, where there is one.
    pub intent: Option<f64>,
}

impl PolicyFinding {
    /// A policy whose returns are known.
    pub(super) fn new(
        mdp: &TabularMdp,
        role: Role,
        policy: Vec<f64>,
        returns: Returns,
        has_intent: bool,
    ) -> Result<PolicyFinding, CheckError> {
        Ok(PolicyFinding {
            role,
            occupancy: occupancy(mdp, &policy)?,
            policy,
            reward: returns.reward,
            intent: has_intent.then_some(returns.intent),
        })
    }

    /// Discounted visits of each state: `[S]`.
    #[must_use]
    pub fn visits(&self, n_actions: usize) -> Vec<f64> {
        let rows = self.occupancy.chunks(n_actions);
        rows.map(|row| row.iter().sum()).collect()
    }

    /// What the policy earns under an expected reward, `[S, A]`.
    #[must_use]
    pub fn earns(&self, rewards: &[f64]) -> f64 {
        self.occupancy.iter().zip(rewards).map(|(n, r)| n * r).sum()
    }
}
