//! A chart as SVG.

use std::fmt::Write;

use maud::{Markup, html};

use super::axis::{Axis, drawable};
use super::label::{self, Area};
use super::{Chart, Layout, Level, Line, Panel, Ring};
use crate::number::{amount, pressure, round_amount};
use crate::{Estimate, Scale};

/// Bounds further out than this share of the spread of the means do not widen the axis.
const BAND_ROOM: f64 = 0.3;

/// Curves with no more checkpoints than this show each as a dot.
const DOTTED: usize = 40;

/// The pressure axis of a chart.
pub(super) fn pressure_axis(chart: &Chart, layout: &Layout) -> Axis {
    Axis::holding(
        chart.pressures().into_iter(),
        (layout.left, layout.width - layout.right),
        chart.scale,
    )
}

/// The axis of a panel's quantity.
pub(super) fn value_axis(panel: &Panel, layout: &Layout, index: usize) -> Axis {
    let estimates: Vec<Estimate> = panel
        .lines
        .iter()
        .flat_map(|line| line.points.iter().map(|(_, value)| *value))
        .chain(panel.level.as_ref().map(|level| level.value))
        .filter(|value| drawable(value.mean))
        .collect();
    let means = || estimates.iter().map(|value| value.mean);
    let (low, high) = means().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), mean| {
        (low.min(mean), high.max(mean))
    });
    let room = (BAND_ROOM * (high - low)).max(usual_half_width(&estimates));
    let bounds = estimates
        .iter()
        .flat_map(|value| [value.low, value.high])
        .filter(|bound| drawable(*bound))
        .map(|bound| bound.clamp(low - room, high + room));
    let (top, bottom) = layout.panel(index);
    Axis::holding(means().chain(bounds), (bottom, top), Scale::Linear).padded(0.06)
}

/// The median half-width of the intervals, by which a flat curve still shows its band; 0 where all are unbounded.
fn usual_half_width(estimates: &[Estimate]) -> f64 {
    let mut widths: Vec<f64> = estimates
        .iter()
        .map(|value| (value.high - value.low) / 2.0)
        .filter(|width| drawable(*width) && *width >= 0.0)
        .collect();
    widths.sort_by(f64::total_cmp);
    widths.get(widths.len() / 2).copied().unwrap_or(0.0)
}

/// The drawing of a chart in one layout.
pub(crate) fn svg(chart: &Chart, layout: &Layout) -> Markup {
    let layout = &layout.fitted(chart);
    let height = layout.height(chart.panels.len());
    let x = pressure_axis(chart, layout);
    html! {
        svg class={ "chart " (layout.name) } viewBox={ "0 0 " (layout.width) " " (height) } aria-hidden="true" focusable="false" {
            (onset(chart, layout, &x))
            @for (index, panel) in chart.panels.iter().enumerate() {
                (panel_drawing(panel, layout, index, &x))
            }
            (pressure_labels(chart, layout, &x, height))
            g class="probe" hidden {
                line class="crosshair" y1=(layout.top) y2=(height - layout.bottom) {}
                @for panel in &chart.panels {
                    @for line in &panel.lines { circle class={ "dot " (line.class) } r="5" {} }
                }
            }
        }
    }
}

fn panel_drawing(panel: &Panel, layout: &Layout, index: usize, x: &Axis) -> Markup {
    let (top, bottom) = layout.panel(index);
    let (left, right) = (layout.left, layout.width - layout.right);
    let y = value_axis(panel, layout, index);
    let clip = format!("plot-{}-{index}", layout.name);
    let meaning_room = layout.width - left - (panel.title.len() + 3) as f64 * layout.letter;
    html! {
        clipPath id=(clip) { rect x=(left) y=(top) width=(right - left) height=(bottom - top) {} }
        text class={ "panel-title " (panel.class) } x=(left) y=(top - 14.0) {
            (panel.title)
            tspan class="meaning" dx="8" { (fitted(&panel.meaning, meaning_room, layout)) }
        }
        @for tick in y.ticks(4) {
            line class=@if tick == 0.0 { "grid zero" } @else { "grid" } x1=(left) x2=(right) y1=(pixel(y.at(tick))) y2=(pixel(y.at(tick))) {}
            text class="tick" x=(left - 8.0) y=(pixel(y.at(tick) + 4.0)) text-anchor="end" { (round_amount(tick)) }
        }
        line class="axis" x1=(left) x2=(right) y1=(bottom) y2=(bottom) {}
        g clip-path={ "url(#" (clip) ")" } {
            @if let Some(level) = &panel.level { (level_drawing(level, layout, &y)) }
            @for line in &panel.lines { (line_drawing(line, x, &y)) }
        }
        @if let Some(ring) = visible_ring(panel, x, &y) { (ring_drawing(ring, layout, x, &y)) }
        @if let Some(level) = &panel.level { (level_label(level, panel, layout, index, x, &y)) }
        (end_labels(panel, layout, index, x, &y))
    }
}

fn line_drawing(line: &Line, x: &Axis, y: &Axis) -> Markup {
    html! {
        path class={ "band " (line.class) } d=(band_path(&line.points, x, y)) {}
        path class={ "curve " (line.class) } d=(curve_path(&line.points, x, y)) {}
        @if line.points.len() <= DOTTED {
            @for (at, value) in &line.points { circle class={ "checkpoint " (line.class) } cx=(pixel(x.at(*at))) cy=(pixel(y.at(value.mean))) r="2.4" {} }
        }
    }
}

fn level_drawing(level: &Level, layout: &Layout, y: &Axis) -> Markup {
    let (left, right) = (layout.left, layout.width - layout.right);
    let (high, low) = (
        y.at(bound(level.value.high, level.value.mean)),
        y.at(bound(level.value.low, level.value.mean)),
    );
    html! {
        rect class="band reference" x=(left) width=(right - left) y=(pixel(high)) height=(pixel((low - high).max(0.0))) {}
        line class="reference" x1=(left) x2=(right) y1=(pixel(y.at(level.value.mean))) y2=(pixel(y.at(level.value.mean))) {}
    }
}

fn level_label(
    level: &Level,
    panel: &Panel,
    layout: &Layout,
    index: usize,
    x: &Axis,
    y: &Axis,
) -> Markup {
    if !y.holds(level.value.mean) {
        return html! {};
    }
    let value = amount(level.value.mean);
    let room = layout.width - layout.left - layout.right - 8.0;
    let name_room = room - (value.chars().count() + 1) as f64 * layout.letter;
    let text = format!("{} {value}", fitted(&level.name, name_room, layout));
    let (top, bottom) = layout.panel(index);
    let bounds = Area {
        left: layout.left + 4.0,
        right: layout.width - layout.right - 4.0,
        top,
        bottom,
    };
    let mut obstacles: Vec<Area> = panel
        .lines
        .iter()
        .flat_map(|line| curve_areas(&line.points, x, y))
        .collect();
    obstacles.extend(visible_ring(panel, x, y).map(|ring| ring_label(ring, layout, x, y).1));
    let width = text.chars().count() as f64 * layout.letter;
    let (left, baseline) = label::along(y.at(level.value.mean), width, bounds, &obstacles);
    html! { text class="reference-label" x=(pixel(left)) y=(pixel(baseline)) { (text) } }
}

/// A name or number at the end of each curve.
fn end_labels(panel: &Panel, layout: &Layout, index: usize, x: &Axis, y: &Axis) -> Markup {
    let (top, bottom) = layout.panel(index);
    let ends: Vec<(&Line, f64, Estimate)> = panel
        .lines
        .iter()
        .filter_map(|line| line.points.last().map(|(at, value)| (line, *at, *value)))
        .collect();
    let wanted: Vec<f64> = ends
        .iter()
        .map(|(_, _, value)| y.at(value.mean) + 4.5)
        .collect();
    let placed = label::spread(&wanted, top + 6.0, bottom + 4.0);
    html! {
        @for ((line, at, value), baseline) in ends.iter().zip(placed) {
            text class={ "end " (line.class) } x=(pixel(x.at(*at) + 7.0)) y=(pixel(baseline)) { (amount(value.mean)) }
        }
    }
}

/// The ring, where it lies inside its panel.
fn visible_ring<'p>(panel: &'p Panel, x: &Axis, y: &Axis) -> Option<&'p Ring> {
    let ring = panel.ring.as_ref()?;
    (x.holds(ring.at.0) && y.holds(ring.at.1)).then_some(ring)
}

fn ring_drawing(ring: &Ring, layout: &Layout, x: &Axis, y: &Axis) -> Markup {
    let ((left, baseline), _) = ring_label(ring, layout, x, y);
    html! {
        circle class="ring" cx=(pixel(x.at(ring.at.0))) cy=(pixel(y.at(ring.at.1))) r="6.5" {}
        text class="ring-label" x=(pixel(left)) y=(pixel(baseline)) { (ring.text) }
    }
}

fn ring_label(ring: &Ring, layout: &Layout, x: &Axis, y: &Axis) -> ((f64, f64), Area) {
    let width = ring.text.chars().count() as f64 * layout.letter;
    let room = layout.width - layout.right - width;
    let left =
        (x.at(ring.at.0) - width / 2.0).clamp(layout.left + 4.0, room.max(layout.left + 4.0));
    let baseline = y.at(ring.at.1) - 13.0;
    (
        (left, baseline),
        Area {
            left,
            right: left + width,
            top: baseline - 12.0,
            bottom: baseline + 4.0,
        },
    )
}

fn onset(chart: &Chart, layout: &Layout, x: &Axis) -> Markup {
    let Some(mark) = &chart.onset else {
        return html! {};
    };
    let (left, right) = (layout.left, layout.width - layout.right);
    let (top, bottom) = (24.0, layout.height(chart.panels.len()) - layout.bottom);
    let inside = |pressure: f64| x.at(pressure).clamp(left, right);
    let (low, high) = (
        inside(bound(mark.at.low, mark.at.mean)),
        inside(bound(mark.at.high, mark.at.mean)),
    );
    let at = inside(mark.at.mean);
    let width = mark.text.chars().count() as f64 * layout.letter;
    let start = (at - width / 2.0).clamp(4.0, (layout.width - width - 4.0).max(4.0));
    html! {
        rect class="onset-band" x=(pixel(low)) width=(pixel((high - low).max(1.0))) y=(top) height=(bottom - top) {}
        line class="onset" x1=(pixel(at)) x2=(pixel(at)) y1=(top) y2=(bottom) {}
        text class="onset-label" x=(pixel(start)) y="16" { (mark.text) }
    }
}

fn pressure_labels(chart: &Chart, layout: &Layout, x: &Axis, height: f64) -> Markup {
    let base = height - layout.bottom;
    html! {
        @for tick in x.ticks(layout.ticks) {
            line class="axis" x1=(pixel(x.at(tick))) x2=(pixel(x.at(tick))) y1=(base) y2=(base + 5.0) {}
            text class="tick" x=(pixel(x.at(tick))) y=(base + 20.0) text-anchor="middle" { (pressure(tick)) }
        }
        text class="axis-title" x=((layout.left + layout.width - layout.right) / 2.0) y=(base + 42.0) text-anchor="middle" { (chart.pressure_unit) }
    }
}

/// What of a text fits into a width, with an ellipsis where it is cut.
fn fitted(text: &str, width: f64, layout: &Layout) -> String {
    let most = (width / layout.letter).max(0.0) as usize;
    if text.chars().count() <= most {
        return text.into();
    }
    let mut cut: String = text.chars().take(most.saturating_sub(1)).collect();
    cut.push('…');
    cut
}

fn curve_path(points: &[(f64, Estimate)], x: &Axis, y: &Axis) -> String {
    let mut path = String::new();
    for (index, (at, value)) in points.iter().enumerate() {
        push(&mut path, index == 0, x.at(*at), y.at(value.mean));
    }
    path
}

fn band_path(points: &[(f64, Estimate)], x: &Axis, y: &Axis) -> String {
    let mut path = String::new();
    for (index, (at, value)) in points.iter().enumerate() {
        push(
            &mut path,
            index == 0,
            x.at(*at),
            y.at(bound(value.high, value.mean)),
        );
    }
    for (at, value) in points.iter().rev() {
        push(
            &mut path,
            false,
            x.at(*at),
            y.at(bound(value.low, value.mean)),
        );
    }
    path
}

/// What a curve covers, as one area a stretch between checkpoints.
fn curve_areas(points: &[(f64, Estimate)], x: &Axis, y: &Axis) -> Vec<Area> {
    points
        .windows(2)
        .map(|pair| {
            let (from, to) = (y.at(pair[0].1.mean), y.at(pair[1].1.mean));
            Area {
                left: x.at(pair[0].0),
                right: x.at(pair[1].0),
                top: from.min(to),
                bottom: from.max(to),
            }
        })
        .collect()
}

fn push(path: &mut String, first: bool, x: f64, y: f64) {
    // Writing to a string cannot fail.
    let _ = write!(
        path,
        "{}{},{}",
        if first { "M" } else { "L" },
        pixel(x),
        pixel(y)
    );
}

/// A bound, or the mean where there is none.
fn bound(bound: f64, mean: f64) -> f64 {
    if bound.is_nan() { mean } else { bound }
}

/// A position to a tenth of a pixel.
pub(super) fn pixel(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
