//! Sums over lists of numbers.

pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// `to += scale what`.
pub(crate) fn add_scaled(to: &mut [f64], scale: f64, what: &[f64]) {
    to.iter_mut()
        .zip(what)
        .for_each(|(to, what)| *to += scale * what);
}

/// `‖a - b‖²`.
pub(crate) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum()
}

/// The greatest size of any; no number where one is none.
pub(crate) fn greatest(values: &[f64]) -> f64 {
    let greater = |most: f64, value: &f64| match value.is_nan() || value.abs() > most {
        true => value.abs(),
        false => most,
    };
    values.iter().fold(0.0, greater)
}
