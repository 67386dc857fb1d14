//! How many comparisons are asked for when.

#[cfg(test)]
mod tests;

/// How the number of comparisons falls while the policy trains. Only the shape counts: the numbers of the rounds are made
/// to sum to what was asked for in all.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QuerySchedule {
    /// As many in every round.
    Constant,
    /// `1 / (1 + t)`, t going from 0 in the first round to 1 in the last: the default of the library `imitation`.
    Hyperbolic,
    /// `1 / (1 + t²)`, t as before.
    InverseQuadratic,
    /// `h / (h + T)` with T environment steps taken before the round: the rate of Christiano et al. (2017), where h is
    /// 2 million for simulated robots and 5 million for Atari, appendix A.
    HalvingAfter {
        /// Steps after which half as many are asked for as in the beginning, h; above 0.
        n_steps: f64,
    },
}

impl QuerySchedule {
    /// The rate of Christiano et al. (2017) for simulated robots, appendix A.1.
    pub const CHRISTIANO_ROBOTS: QuerySchedule = QuerySchedule::HalvingAfter { n_steps: 2e6 };

    /// The rate of Christiano et al. (2017) for Atari, appendix A.2.
    pub const CHRISTIANO_ATARI: QuerySchedule = QuerySchedule::HalvingAfter { n_steps: 5e6 };

    /// The rate, in units of the first round's, at share `t` of the rounds (0 the first, 1 the last) and after `n_steps`
    /// environment steps.
    #[must_use]
    pub fn rate(self, t: f64, n_steps: f64) -> f64 {
        match self {
            QuerySchedule::Constant => 1.0,
            QuerySchedule::Hyperbolic => 1.0 / (1.0 + t),
            QuerySchedule::InverseQuadratic => 1.0 / (1.0 + t * t),
            QuerySchedule::HalvingAfter { n_steps: half } => half / (half + n_steps),
        }
    }
}

/// How many comparisons each round asks for: first the initial ones, answered before the policy learns anything, then
/// those of `n_rounds` rounds of `steps_per_round` environment steps each.
///
/// The initial ones are `initial_share` of `total`, to the nearest whole number; the others follow the schedule by the
/// method of the [largest remainder](apportion). The numbers sum to `total`.
///
/// # Panics
/// If there is no round, the share lies outside `0..=1`, or a halving takes no steps.
#[must_use]
pub fn comparisons_per_round(
    total: usize,
    initial_share: f64,
    schedule: QuerySchedule,
    n_rounds: usize,
    steps_per_round: u64,
) -> Vec<usize> {
    assert!(n_rounds > 0, "comparisons of at least one round");
    assert!(
        (0.0..=1.0).contains(&initial_share),
        "a share of initial comparisons of {initial_share}"
    );
    if let QuerySchedule::HalvingAfter { n_steps } = schedule {
        assert!(n_steps > 0.0, "a rate that halves after {n_steps} steps");
    }
    let initial = (total as f64 * initial_share).round() as usize;
    let rates: Vec<f64> = (0..n_rounds)
        .map(|round| {
            let t = round as f64 / (n_rounds - 1).max(1) as f64;
            schedule.rate(t, (round as u64 * steps_per_round) as f64)
        })
        .collect();
    let mut numbers = vec![initial];
    numbers.extend(apportion(total - initial, &rates));
    numbers
}

/// Cuts `total` into whole parts in proportion to `weights` by the method of the largest remainder: each gets its share
/// rounded down, and what is left goes, one each, to those that lost most; among equals to the earlier one.
///
/// # Panics
/// If there are no weights, one is negative or not finite, or all are 0.
#[must_use]
pub fn apportion(total: usize, weights: &[f64]) -> Vec<usize> {
    assert!(
        weights
            .iter()
            .all(|weight| weight.is_finite() && 0.0 <= *weight),
        "weights are finite and not negative"
    );
    let sum: f64 = weights.iter().sum();
    assert!(0.0 < sum, "a weight is above 0");
    let shares: Vec<f64> = weights
        .iter()
        .map(|weight| total as f64 * (weight / sum))
        .collect();
    let mut parts: Vec<usize> = shares.iter().map(|share| *share as usize).collect();
    let mut order: Vec<usize> = (0..parts.len()).collect();
    // The sort is stable, so that equals stay in order.
    order.sort_by(|a, b| shares[*b].fract().total_cmp(&shares[*a].fract()));
    // Rounding can make the floors of many shares sum to a little less, never to more, than they should.
    let mut left = total.saturating_sub(parts.iter().sum());
    for part in order.iter().cycle() {
        if left == 0 {
            break;
        }
        parts[*part] += 1;
        left -= 1;
    }
    parts
}
