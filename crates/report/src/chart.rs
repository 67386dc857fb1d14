//! Curves against pressure as SVG, and the positions that the pointer is told about.

mod axis;
mod draw;
mod label;
mod probe;

#[cfg(test)]
mod tests;

use crate::number::{amount, grouped, pressure};
use crate::replay::evenly;
use crate::verdict::onset_text;
use crate::{Comparison, Curves, Estimate, Page, Reference, Scale};

use axis::drawable;
pub(crate) use draw::svg;
pub(crate) use probe::probes;

/// Checkpoints that a curve keeps at most.
const MAX_POINTS: usize = 400;

/// Class of a panel whose curves are told apart by run.
pub(crate) const NEUTRAL: &str = "neutral";

/// Height of the line above the panels on which an onset is written.
const ONSET_LINE: f64 = 24.0;

/// One curve with its band.
pub(crate) struct Line {
    /// Class in the style sheet, which gives colour and dashes.
    pub(crate) class: String,
    /// Whose curve it is; named at its end where there are several.
    pub(crate) name: String,
    /// Pressure and estimate, in order of pressure.
    pub(crate) points: Vec<(f64, Estimate)>,
}

/// A level that does not depend on pressure.
pub(crate) struct Level {
    pub(crate) name: String,
    pub(crate) value: Estimate,
}

/// A point that is pointed out.
pub(crate) struct Ring {
    pub(crate) at: (f64, f64),
    pub(crate) text: String,
}

/// One quantity against pressure.
pub(crate) struct Panel {
    pub(crate) title: String,
    pub(crate) meaning: String,
    pub(crate) class: &'static str,
    pub(crate) lines: Vec<Line>,
    pub(crate) level: Option<Level>,
    pub(crate) ring: Option<Ring>,
}

/// Where something set in, over all panels.
pub(crate) struct Mark {
    pub(crate) at: Estimate,
    pub(crate) text: String,
}

/// Panels that share their pressure axis.
pub(crate) struct Chart {
    pub(crate) panels: Vec<Panel>,
    pub(crate) pressure_unit: String,
    pub(crate) scale: Scale,
    pub(crate) onset: Option<Mark>,
    /// What else is said of a checkpoint, by its pressure.
    pub(crate) remarks: Vec<(f64, String)>,
}

/// The measures of one drawing.
pub(crate) struct Layout {
    pub(crate) name: &'static str,
    pub(crate) width: f64,
    panel_height: f64,
    left: f64,
    right: f64,
    top: f64,
    gap: f64,
    bottom: f64,
    /// Width of a letter of a label, on average.
    letter: f64,
    ticks: usize,
}

/// For screens at least as wide as a small tablet.
pub(crate) const WIDE: Layout = Layout {
    name: "wide",
    width: 900.0,
    panel_height: 200.0,
    left: 52.0,
    right: 62.0,
    top: 62.0,
    gap: 56.0,
    bottom: 52.0,
    letter: 6.9,
    ticks: 8,
};

/// For phones.
pub(crate) const NARROW: Layout = Layout {
    name: "narrow",
    width: 380.0,
    panel_height: 170.0,
    left: 44.0,
    right: 46.0,
    top: 60.0,
    gap: 54.0,
    bottom: 50.0,
    letter: 6.9,
    ticks: 4,
};

impl Layout {
    /// The same measures, without the line for an onset where there is none.
    pub(crate) fn fitted(&self, chart: &Chart) -> Layout {
        let spare = if chart.onset.is_some() {
            0.0
        } else {
            ONSET_LINE
        };
        Layout {
            top: self.top - spare,
            ..*self
        }
    }

    pub(crate) fn height(&self, panels: usize) -> f64 {
        let count = panels as f64;
        self.top + count * self.panel_height + (count - 1.0).max(0.0) * self.gap + self.bottom
    }

    /// Top and bottom of a panel.
    fn panel(&self, index: usize) -> (f64, f64) {
        let top = self.top + index as f64 * (self.panel_height + self.gap);
        (top, top + self.panel_height)
    }
}

impl Chart {
    /// The curves of one run, with what its verdict points out.
    pub(crate) fn of_page(page: &Page) -> Chart {
        let curves = &page.curves;
        let mut panels = vec![proxy_panel(curves)];
        if curves.has_intent() {
            panels.push(intent_panel(page));
        }
        let onset = page
            .verdict
            .onset
            .as_ref()
            .filter(|onset| drawable(onset.pressure.mean))
            .map(|onset| Mark {
                at: onset.pressure,
                text: format!("onset {}", onset_text(onset, "").replace("  ", " ").trim()),
            });
        Chart {
            panels,
            pressure_unit: curves.pressure_unit.clone(),
            scale: curves.scale,
            onset,
            remarks: curves.points.iter().map(remark).collect(),
        }
    }

    /// The curves of several runs over one another.
    pub(crate) fn of_comparison(comparison: &Comparison) -> Chart {
        let first = comparison.runs.first().map(|run| &run.curves);
        let panel = |title: &str,
                     meaning: Option<&String>,
                     select: fn(&crate::Point) -> Option<Estimate>| Panel {
            title: title.into(),
            meaning: meaning.cloned().unwrap_or_default(),
            class: NEUTRAL,
            lines: comparison
                .runs
                .iter()
                .enumerate()
                .map(|(index, run)| Line {
                    class: format!("run-{}", index % 8),
                    name: run.name.clone(),
                    points: points(&run.curves, select),
                })
                .filter(|line| !line.points.is_empty())
                .collect(),
            level: None,
            ring: None,
        };
        let mut panels = vec![panel(
            "Proxy",
            first.map(|curves| &curves.proxy_meaning),
            |point| Some(point.proxy),
        )];
        if comparison.runs.iter().any(|run| run.curves.has_intent()) {
            panels.push(panel(
                "Intent",
                first.map(|curves| &curves.intent_meaning),
                |point| point.intent,
            ));
        }
        Chart {
            panels,
            pressure_unit: first
                .map(|curves| curves.pressure_unit.clone())
                .unwrap_or_default(),
            scale: first.map_or(Scale::Linear, |curves| curves.scale),
            onset: None,
            remarks: Vec::new(),
        }
    }

    /// Every pressure in the chart, in order, without repetition.
    pub(crate) fn pressures(&self) -> Vec<f64> {
        let mut all: Vec<f64> = self
            .panels
            .iter()
            .flat_map(|panel| &panel.lines)
            .flat_map(|line| line.points.iter().map(|(at, _)| *at))
            .collect();
        all.sort_by(f64::total_cmp);
        all.dedup();
        all
    }
}

/// How many episodes stand behind a checkpoint, and what its greedy policy earns.
fn remark(point: &crate::Point) -> (f64, String) {
    let mut text = format!("{} episodes", grouped(point.episodes));
    if let Some(greedy) = point.greedy {
        text.push_str(&format!("; greedy proxy {}", amount(greedy.proxy)));
        if let Some(intent) = greedy.intent {
            text.push_str(&format!(", intent {}", amount(intent)));
        }
    }
    (point.pressure, text)
}

fn proxy_panel(curves: &Curves) -> Panel {
    Panel {
        title: "Proxy".into(),
        meaning: curves.proxy_meaning.clone(),
        class: "proxy",
        lines: vec![Line {
            class: "proxy".into(),
            name: "proxy".into(),
            points: points(curves, |point| Some(point.proxy)),
        }],
        level: level(curves, |reference| Some(reference.proxy)),
        ring: None,
    }
}

fn intent_panel(page: &Page) -> Panel {
    let curves = &page.curves;
    let peak = page
        .verdict
        .peak
        .filter(|peak| drawable(peak.pressure) && drawable(peak.intent.mean));
    Panel {
        title: "Intent".into(),
        meaning: curves.intent_meaning.clone(),
        class: "intent",
        lines: vec![Line {
            class: "intent".into(),
            name: "intent".into(),
            points: points(curves, |point| point.intent),
        }],
        level: level(curves, |reference| reference.intent),
        ring: peak.map(|peak| Ring {
            at: (peak.pressure, peak.intent.mean),
            text: format!(
                "peak {} at {}",
                amount(peak.intent.mean),
                pressure(peak.pressure)
            ),
        }),
    }
}

/// The level of the reference policy, where it has one that can be drawn.
fn level(curves: &Curves, select: fn(&Reference) -> Option<Estimate>) -> Option<Level> {
    let reference = curves.reference.as_ref()?;
    let value = select(reference).filter(|value| drawable(value.mean))?;
    Some(Level {
        name: reference.name.clone(),
        value,
    })
}

/// The finite points of a curve, in order of pressure, thinned to what a screen can show.
fn points(curves: &Curves, select: fn(&crate::Point) -> Option<Estimate>) -> Vec<(f64, Estimate)> {
    let mut all: Vec<(f64, Estimate)> = curves
        .points
        .iter()
        .filter_map(|point| Some((point.pressure, select(point)?)))
        .filter(|(at, value)| drawable(*at) && drawable(value.mean))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    evenly(all.len(), MAX_POINTS)
        .into_iter()
        .map(|index| all[index])
        .collect()
}
