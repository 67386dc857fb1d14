//! Signs that stand beside words, so that nothing is told by colour alone.

use maud::{Markup, html};

use crate::{Outcome, Soundness, Word};

/// The sign of a verdict.
pub(super) fn word(word: Word) -> Markup {
    let paths: &[&str] = match word {
        // A tick in a ring.
        Word::Aligned => &[
            "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
            "M8 12.4l2.8 2.8L16.2 9",
        ],
        // A curve past its peak.
        Word::Overoptimised => &[
            "M3 20h18",
            "M4 16C7 16 8 5 11.5 5S15 16 20.5 17",
            "M11.5 1.6v.1",
        ],
        // A loop that comes back to itself.
        Word::Gamed => &["M19.5 8.5A8.3 8.3 0 1 0 20.3 13", "M20.6 3.6v5.2h-5.2"],
        // A broken link.
        Word::Tampered => &[
            "M9.5 14.5l-3 3a3.5 3.5 0 0 1-5-5l3.5-3.5",
            "M14.5 9.5l3-3a3.5 3.5 0 0 1 5 5L19 15",
            "M8 4l1.4 3",
            "M16 20l-1.4-3",
        ],
        // A question in a broken ring.
        Word::Inconclusive => &[
            "M8.7 9.2a3.4 3.4 0 1 1 4.6 3.1c-.9.4-1.3 1-1.3 2.1",
            "M12 17.6v.1",
            "M7 4.2A9 9 0 0 1 20.8 10M20.4 15.2A9 9 0 0 1 5.3 18M3.3 14.3a9 9 0 0 1 .9-7",
        ],
    };
    html! {
        svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" { @for path in paths { path d=(path) {} } }
    }
}

/// The sign of a check of a reward: a tick, a cross or a question, in a ring.
pub(super) fn soundness(soundness: Soundness) -> Markup {
    match soundness {
        Soundness::Sound => word(Word::Aligned),
        Soundness::Undecided => word(Word::Inconclusive),
        Soundness::Unsound => html! {
            svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false" {
                path d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18" {}
                path d="M8.8 8.8l6.4 6.4M15.2 8.8l-6.4 6.4" {}
            }
        },
    }
}

/// The sign of a check's outcome.
pub(super) fn outcome(outcome: Outcome) -> Markup {
    let path = match outcome {
        Outcome::Pass => "M3.5 8.5l3 3 6-7",
        Outcome::Fail => "M4 4l8 8M12 4l-8 8",
        Outcome::NotMeasurable => "M3.5 8h9",
    };
    html! { svg class="icon small" viewBox="0 0 16 16" aria-hidden="true" focusable="false" { path d=(path) {} } }
}

/// The word of a verdict with its sign, as a chip.
pub(super) fn chip(verdict: Word) -> Markup {
    html! { span class={ "chip tone-" (verdict.as_str()) } { (word(verdict)) (verdict.as_str()) } }
}
