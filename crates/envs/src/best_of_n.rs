//! Best-of-n: the simplest optimiser, whose pressure is known exactly.

/// What the best of n draws is worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestOfN {
    /// Draws of which the one with the highest proxy is taken.
    pub n: usize,
    /// Divergence of the best of n from one draw in nats, `ln n - (n - 1) / n`; less than that where draws tie.
    pub kl: f64,
    /// Expected proxy.
    pub proxy: f64,
    /// Expected intent.
    pub intent: f64,
}

/// Estimates the best of n draws for each n of `ns` from N draws, `proxy[i]` and `intent[i]` being those of one.
///
/// The estimator is unbiased (Nakano et al., 2021, appendix I; used by Gao et al., 2022): with the draws sorted by
/// proxy, the i-th lowest is the best of n of the N drawn without replacement in `C(i - 1, n - 1)` of `C(N, n)` cases,
/// so that `R_n = Σ_{i=n..N} C(i - 1, n - 1) / C(N, n) x_(i)`. Draws whose proxies tie share their mean intent, as if
/// ties were broken by lot.
///
/// # Panics
/// If the slices differ in length, a number is NaN, or an n is 0 or above N.
#[must_use]
pub fn best_of_n_curve(proxy: &[f64], intent: &[f64], ns: &[usize]) -> Vec<BestOfN> {
    assert_eq!(proxy.len(), intent.len(), "as many intents as proxies");
    assert!(
        proxy.iter().chain(intent).all(|number| !number.is_nan()),
        "a proxy or an intent is NaN"
    );
    let sorted = sorted_by_proxy(proxy, intent);
    ns.iter()
        .map(|&n| {
            assert!(
                1 <= n && n <= sorted.len(),
                "the best of {n} cannot be estimated from {} draws",
                sorted.len()
            );
            expected_best(&sorted, n)
        })
        .collect()
}

/// Pairs of proxy and intent in rising order of proxy, the intent averaged over ties.
fn sorted_by_proxy(proxy: &[f64], intent: &[f64]) -> Vec<[f64; 2]> {
    let mut pairs: Vec<[f64; 2]> = proxy.iter().zip(intent).map(|(p, i)| [*p, *i]).collect();
    pairs.sort_by(|a, b| a[0].total_cmp(&b[0]));
    for tied in pairs.chunk_by_mut(|a, b| a[0] == b[0]) {
        let mean = tied.iter().map(|pair| pair[1]).sum::<f64>() / tied.len() as f64;
        tied.iter_mut().for_each(|pair| pair[1] = mean);
    }
    pairs
}

fn expected_best(sorted: &[[f64; 2]], n: usize) -> BestOfN {
    let n_draws = sorted.len() as f64;
    let mut sums = [0.0; 2];
    // C(i - 1, n - 1) / C(N, n) for i = N is n / N; each lower i has (i - n) / (i - 1) of the next.
    let mut weight = n as f64 / n_draws;
    for (below, pair) in sorted.iter().enumerate().skip(n - 1).rev() {
        sums[0] += weight * pair[0];
        sums[1] += weight * pair[1];
        if below > 0 {
            weight *= (below + 1 - n) as f64 / below as f64;
        }
    }
    BestOfN {
        n,
        kl: (n as f64).ln() - (n as f64 - 1.0) / n as f64,
        proxy: sums[0],
        intent: sums[1],
    }
}

#[cfg(test)]
mod tests;
