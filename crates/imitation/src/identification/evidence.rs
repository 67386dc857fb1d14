//! How fast the truth stands out among hypotheses.

use mdp::{Discount, TabularMdp, occupancy_finite};

use crate::bayesian::{Hypotheses, Task};
use crate::experts::exponentials;

/// What demonstrations of one hypothesis say against each of the others, in expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The hypothesis that is true.
    pub truth: usize,
    /// `[T, E]`, nats a demonstration: by how much the logarithm of the odds of the truth against each rises. 0 for what
    /// acts as the truth does wherever the truth comes; infinite for what the truth refutes.
    pub nats: Vec<f64>,
    /// `[T, E]`, the greatest difference between the logarithms of a choice's probabilities under the truth and under each,
    /// where the truth comes.
    pub differences: Vec<f64>,
    /// `[S]`, how often the truth is in each state in a demonstration.
    pub visits: Vec<f64>,
}

/// Logarithms of probabilities that differ by less are equal but for rounding.
const ALIKE: f64 = 1e-9;

impl Evidence {
    /// Hypotheses that no number of demonstrations tells from the truth, the truth among them: those that choose as it does,
    /// up to rounding, wherever it comes.
    #[must_use]
    pub fn indistinguishable(&self) -> Vec<usize> {
        let each = self.differences.iter().enumerate();
        each.filter(|(_, found)| **found <= ALIKE)
            .map(|(hypothesis, _)| hypothesis)
            .collect()
    }

    /// The least evidence against any of the hypotheses that `is_other` holds for, and which it is: how fast the truth
    /// stands out against the nearest of them. None where there are none.
    #[must_use]
    pub fn nearest(&self, is_other: impl Fn(usize) -> bool) -> Option<(usize, f64)> {
        let each = self.nats.iter().copied().enumerate();
        each.filter(|(hypothesis, _)| is_other(*hypothesis))
            .min_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// What demonstrations of at most `max_steps` steps by the hypothesis `truth` say, in expectation and exactly: the visits
/// of the truth times the divergences of its choices from those of the others,
///
/// ```text
/// Σ_s d(s) Σ_a π(a|s) log(π(a|s) / π'(a|s))
/// ```
///
/// # Panics
/// If there is no such hypothesis, or the tasks are not those of the hypotheses.
#[must_use]
pub fn evidence(
    hypotheses: &Hypotheses,
    tasks: &[Task],
    truth: usize,
    max_steps: usize,
) -> Evidence {
    assert!(
        truth < hypotheses.n_hypotheses(),
        "there is no hypothesis {truth}"
    );
    assert_eq!(
        tasks.len(),
        hypotheses.n_tasks(),
        "the tasks of the hypotheses"
    );
    let task = &tasks[truth / hypotheses.experts().len()];
    let log_policy = hypotheses.log_policy(truth);
    let policy = exponentials(log_policy);
    let visits = visited(&task.mdp, &policy, max_steps);
    let n_actions = hypotheses.n_actions();
    let (mut nats, mut differences) = (vec![], vec![]);
    for other in 0..hypotheses.n_hypotheses() {
        let rows = log_policy
            .iter()
            .zip(hypotheses.log_policy(other))
            .enumerate();
        let (mut sum, mut most) = (0.0, 0.0_f64);
        for (row, (own, other)) in rows {
            let visits = visits[row / n_actions];
            if visits > 0.0 && own != other {
                most = most.max((own - other).abs());
                sum += if policy[row] > 0.0 {
                    visits * policy[row] * (own - other)
                } else {
                    0.0
                };
            }
        }
        nats.push(sum.max(0.0));
        differences.push(most);
    }
    Evidence {
        truth,
        nats,
        differences,
        visits,
    }
}

/// How often a policy is in each state, `[S]`, in its first `max_steps` steps, without discount.
fn visited(mdp: &TabularMdp, policy: &[f64], max_steps: usize) -> Vec<f64> {
    let mdp = mdp.with_discount(Discount::new(1.0).expect("it lies from 0 to 1"));
    let visits = occupancy_finite(&mdp, &policy.repeat(max_steps));
    let rows = visits.chunks(mdp.n_actions());
    rows.map(|row| row.iter().sum()).collect()
}
