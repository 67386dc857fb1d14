//! What the pointer is told: for every pressure the values in words, and where each layout has them.

use serde_json::{Value, json};

use super::draw::{pixel, pressure_axis, value_axis};
use super::{Chart, Layout, Line, NARROW, NEUTRAL, WIDE};
use crate::Estimate;
use crate::number::{amount, interval, pressure};

/// Pressures that the pointer can stop at, at most.
const MAX_PROBES: usize = 600;

/// The chart's values as its script reads them.
pub(crate) fn probes(chart: &Chart) -> Value {
    let all = chart.pressures();
    let stops: Vec<f64> = crate::replay::evenly(all.len(), MAX_PROBES)
        .into_iter()
        .map(|index| all[index])
        .collect();
    json!({
        "stops": stops.iter().map(|at| format!("{} {}", pressure(*at), chart.pressure_unit).trim().to_owned()).collect::<Vec<_>>(),
        "rows": stops.iter().map(|at| rows(chart, *at)).collect::<Vec<_>>(),
        "remarks": stops.iter().map(|at| remark(chart, *at)).collect::<Vec<_>>(),
        "layouts": {
            WIDE.name: positions(chart, &WIDE, &stops),
            NARROW.name: positions(chart, &NARROW, &stops),
        },
    })
}

/// One row a curve: its class, its name, its mean, its interval. Where a panel has several, its title heads them.
fn rows(chart: &Chart, at: f64) -> Value {
    let mut rows = Vec::new();
    for panel in &chart.panels {
        let several = panel.class == NEUTRAL;
        if several {
            rows.push(json!(["group", panel.title, "", ""]));
        }
        for line in &panel.lines {
            let found = nearest(line, at);
            let bounds = found.filter(|value| value.low < value.high && !several);
            rows.push(json!([
                line.class,
                if several { &line.name } else { &panel.title },
                found.map_or_else(|| "–".to_owned(), |value| amount(value.mean)),
                bounds.map(|value| interval(&value)).unwrap_or_default(),
            ]));
        }
    }
    json!(rows)
}

/// What else is said of the checkpoint at a pressure.
fn remark(chart: &Chart, at: f64) -> &str {
    let found = chart.remarks.iter().find(|(pressure, _)| *pressure == at);
    found.map_or("", |(_, text)| text)
}

fn positions(chart: &Chart, layout: &Layout, stops: &[f64]) -> Value {
    let layout = &layout.fitted(chart);
    let x = pressure_axis(chart, layout);
    let mut dots = Vec::new();
    for (index, panel) in chart.panels.iter().enumerate() {
        let y = value_axis(panel, layout, index);
        for line in &panel.lines {
            dots.push(
                stops
                    .iter()
                    .map(|at| nearest(line, *at).map(|value| pixel(y.at(value.mean))))
                    .collect::<Vec<_>>(),
            );
        }
    }
    json!({ "width": layout.width, "x": stops.iter().map(|at| pixel(x.at(*at))).collect::<Vec<_>>(), "dots": dots })
}

/// The value of a curve at the checkpoint nearest to a pressure within its range.
fn nearest(line: &Line, at: f64) -> Option<Estimate> {
    let (first, last) = (line.points.first()?, line.points.last()?);
    if at < first.0 || last.0 < at {
        return None;
    }
    let after = line
        .points
        .partition_point(|(pressure, _)| *pressure < at)
        .min(line.points.len() - 1);
    let before = after.saturating_sub(1);
    let closer = if (line.points[after].0 - at).abs() <= (at - line.points[before].0).abs() {
        after
    } else {
        before
    };
    Some(line.points[closer].1)
}
