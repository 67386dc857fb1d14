//! Two episodes side by side, with the player that moves them.

use maud::{Markup, html};
use mdp::Ink;

use super::curves::capital;
use super::document::data;
use crate::number::amount;
use crate::picture::{View, elements, ink_meaning, ink_of};
use crate::replay::{self, evenly, kept, trail, trail_path};
use crate::{Clip, Frame, Page};

/// Clips that fit side by side.
const SHOWN: usize = 2;

/// Points of a running return's curve.
const RUNNING_POINTS: usize = 160;

/// Width and height of a running return's drawing.
const RUNNING: (f64, f64) = (320.0, 44.0);

/// The section, where there are clips with frames.
pub(super) fn section(page: &Page) -> Option<Markup> {
    let clips: Vec<&Clip> = page
        .clips
        .iter()
        .filter(|clip| !clip.frames.is_empty())
        .take(SHOWN)
        .collect();
    if clips.is_empty() {
        return None;
    }
    let proxy = range(&clips, |frame| Some(frame.proxy));
    let intent = range(&clips, |frame| frame.intent);
    let last = clips
        .iter()
        .map(|clip| kept(&clip.frames).len())
        .max()
        .unwrap_or(1)
        - 1;
    Some(html! {
        div class="player" role="group" aria-label="Replay of recorded episodes" {
            div class={ "clips clips-" (clips.len()) } {
                @for (index, clip) in clips.iter().enumerate() { (figure(clip, index, proxy, intent)) }
            }
            (transport(last))
        }
        (legend(&clips))
    })
}

fn figure(clip: &Clip, index: usize, proxy: (f64, f64), intent: (f64, f64)) -> Markup {
    let view = View::new(&clip.scene);
    let frames = kept(&clip.frames);
    let path = trail_path(&trail(&frames, &view), &view);
    let last = frames.last();
    html! {
        figure class="clip" aria-labelledby={ "clip-" (index) } {
            figcaption {
                h3 id={ "clip-" (index) } { (clip.title) }
                @if !clip.caption.is_empty() { p { (capital(&clip.caption)) } }
            }
            svg class="scene" viewBox={ "0 0 " (view.width()) " " (view.height()) } role="img" aria-label={ "Picture of " (clip.title) } {
                g class="background" { (elements(&clip.scene.background, &view)) }
                path class="trail" d=(path) {}
                g class="frame" { @if let Some((_, frame)) = last { (elements(&frame.shapes, &view)) } }
            }
            @if let Some((step, frame)) = last { (returns(&frames, *step, frame, clip, proxy, intent)) }
            (data("clip-data", &replay::data(clip)))
        }
    }
}

/// The running returns up to the frame shown, and the step.
fn returns(
    frames: &[(usize, &Frame)],
    step: usize,
    frame: &Frame,
    clip: &Clip,
    proxy: (f64, f64),
    intent: (f64, f64),
) -> Markup {
    html! {
        dl class="returns" {
            div class="proxy" { dt { "Proxy" } dd class="running-proxy" { (amount(frame.proxy)) } (running(frames, proxy, "proxy", |frame| Some(frame.proxy))) }
            @if let Some(value) = frame.intent {
                div class="intent" { dt { "Intent" } dd class="running-intent" { (amount(value)) } (running(frames, intent, "intent", |frame| frame.intent)) }
            }
        }
        p class="where" { "step " span class="step" { (step) } span class="end" { @if !clip.end.is_empty() { " · " (clip.end) } } }
    }
}

fn running(
    frames: &[(usize, &Frame)],
    range: (f64, f64),
    class: &str,
    select: fn(&Frame) -> Option<f64>,
) -> Markup {
    let (width, height) = RUNNING;
    let most = frames.len().saturating_sub(1).max(1) as f64;
    let spread = range.1 - range.0;
    let place = |value: f64| {
        if spread > 0.0 {
            height - 3.0 - (value - range.0) / spread * (height - 6.0)
        } else {
            height / 2.0
        }
    };
    let points: Vec<String> = evenly(frames.len(), RUNNING_POINTS)
        .into_iter()
        .filter_map(|index| {
            Some((
                index,
                select(frames[index].1).filter(|value| value.is_finite())?,
            ))
        })
        .map(|(index, value)| format!("{:.1},{:.1}", index as f64 / most * width, place(value)))
        .collect();
    html! {
        svg class="running" viewBox={ "0 0 " (width) " " (height) } preserveAspectRatio="none" aria-hidden="true" focusable="false" {
            @if range.0 < 0.0 && 0.0 < range.1 { line class="grid" x1="0" x2=(width) y1=(format!("{:.1}", place(0.0))) y2=(format!("{:.1}", place(0.0))) {} }
            polyline class={ "curve " (class) } points=(points.join(" ")) {}
            line class="playhead" x1=(width) x2=(width) y1="0" y2=(height) {}
        }
    }
}

fn range(clips: &[&Clip], select: fn(&Frame) -> Option<f64>) -> (f64, f64) {
    let values = clips
        .iter()
        .flat_map(|clip| &clip.frames)
        .filter_map(select)
        .filter(|value| value.is_finite());
    values.fold((0.0, 0.0), |(low, high): (f64, f64), value| {
        (low.min(value), high.max(value))
    })
}

fn transport(last: usize) -> Markup {
    html! {
        div class="transport needs-script" {
            button type="button" class="start" aria-label="To the start" { (glyph("M4 3v10M13 3L6 8l7 5z")) }
            button type="button" class="back" aria-label="One frame back" { (glyph("M11 3L4 8l7 5z")) }
            button type="button" class="play" aria-label="Play" {
                (glyph("M4 2.5L13 8l-9 5.5z"))
                svg class="glyph pause" viewBox="0 0 16 16" aria-hidden="true" focusable="false" { path d="M4.5 3v10M11.5 3v10" {} }
                span { "Play" }
            }
            button type="button" class="forward" aria-label="One frame forward" { (glyph("M5 3l7 5-7 5z")) }
            input type="range" class="scrub" min="0" max=(last) value=(last) step="1" aria-label="Frame";
            label class="speed" { "Speed " select {
                @for (value, name) in [("0.25", "¼×"), ("0.5", "½×"), ("1", "1×"), ("2", "2×"), ("4", "4×"), ("8", "8×")] {
                    option value=(value) selected[value == "1"] { (name) }
                }
            } }
        }
        p class="hint needs-script" { "Space plays and pauses; the arrow keys step." }
    }
}

fn glyph(path: &str) -> Markup {
    html! { svg class="glyph" viewBox="0 0 16 16" aria-hidden="true" focusable="false" { path d=(path) {} } }
}

/// The inks that mean something and occur.
fn legend(clips: &[&Clip]) -> Markup {
    let used = |wanted: mdp::Ink| {
        clips.iter().any(|clip| {
            let ends = [clip.frames.first(), clip.frames.last()];
            clip.scene
                .background
                .iter()
                .chain(ends.into_iter().flatten().flat_map(|frame| &frame.shapes))
                .any(|shape| ink_of(shape) == wanted)
        })
    };
    html! {
        ul class="key" {
            @for (ink, class) in Ink::ALL {
                @if let Some(meaning) = ink_meaning(ink).filter(|_| used(ink)) {
                    li { svg class="swatch-dot" viewBox="0 0 10 10" aria-hidden="true" focusable="false" { circle class={ "fill-" (class) } cx="5" cy="5" r="4.5" {} } (meaning) }
                }
            }
        }
    }
}
