//! A mixture of two deterministic policies, and the stochastic policy that visits as it does.

use mdp::{TabularMdp, deterministic, occupancy};

use super::{Corner, Returns, Witness};
use crate::CheckError;

/// Two deterministic policies, one of which is drawn at the start of each episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// Action of each state, by policy.
    pub policies: [Vec<usize>; 2],
    /// Returns of each.
    pub returns: [Returns; 2],
    /// Probability of the second.
    pub weight: f64,
}

impl Mixture {
    pub(crate) fn new(corners: [Corner; 2], weight: f64) -> Mixture {
        let returns = [corners[0].returns, corners[1].returns];
        Mixture {
            policies: corners.map(|corner| corner.policy),
            returns,
            weight,
        }
    }

    /// The same with a shift added to the returns.
    pub(super) fn plus(self, shift: Returns) -> Mixture {
        Mixture {
            returns: self.returns.map(|returns| returns.plus(shift)),
            ..self
        }
    }

    /// The stochastic policy whose occupancy is the mixture's, with the mixture's returns.
    ///
    /// An action's probability is its share of the mixed visits of its state (Puterman, 1994, theorem 6.9.1); states
    /// that neither visits take the second policy's action.
    pub(crate) fn witness(&self, mdp: &TabularMdp) -> Result<Witness, CheckError> {
        let n_actions = mdp.n_actions();
        let [first, second] = &self.policies;
        let mut policy = deterministic(second, n_actions);
        if first == second || self.weight == 1.0 {
            return Ok(Witness {
                policy,
                returns: self.returns[1],
            });
        }
        let visits = [
            occupancy(mdp, &deterministic(first, n_actions))?,
            occupancy(mdp, &policy)?,
        ];
        let mixed =
            |row: usize| (1.0 - self.weight) * visits[0][row] + self.weight * visits[1][row];
        let states = first.iter().zip(second).enumerate();
        for (state, (a, b)) in states.filter(|(_, (a, b))| a != b) {
            let (a, b) = (state * n_actions + a, state * n_actions + b);
            let total = mixed(a) + mixed(b);
            if total > 0.0 {
                policy[a] = mixed(a) / total;
                policy[b] = mixed(b) / total;
            }
        }
        let between = |a: f64, b: f64| (1.0 - self.weight) * a + self.weight * b;
        let [first, second] = self.returns;
        Ok(Witness {
            policy,
            returns: Returns {
                reward: between(first.reward, second.reward),
                intent: between(first.intent, second.intent),
            },
        })
    }
}
