//! A curve in one line of text.

/// Eighths of a line, from low to high.
const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The same where only ASCII is understood: by height, then by weight.
const MARKS: [char; 8] = ['_', '.', ':', '-', '=', '+', '*', '#'];

/// A curve in at most `room` columns: each is the mean of the checkpoints that fall into it, a blank where none has a value.
pub(super) fn sparkline(values: &[Option<f64>], room: usize, unicode: bool) -> String {
    let columns = values.len().min(room);
    let means: Vec<Option<f64>> = (0..columns)
        .map(|column| {
            let part =
                &values[column * values.len() / columns..(column + 1) * values.len() / columns];
            let known: Vec<f64> = part
                .iter()
                .flatten()
                .copied()
                .filter(|value| value.is_finite())
                .collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        })
        .collect();
    let (low, high) = means
        .iter()
        .flatten()
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| {
            (low.min(*mean), high.max(*mean))
        });
    let marks = if unicode { BLOCKS } else { MARKS };
    means
        .into_iter()
        .map(|mean| mean.map_or(' ', |mean| marks[level(mean, low, high)]))
        .collect()
}

fn level(mean: f64, low: f64, high: f64) -> usize {
    if high - low > 0.0 {
        (((mean - low) / (high - low)) * 7.0).round() as usize
    } else {
        3
    }
}
