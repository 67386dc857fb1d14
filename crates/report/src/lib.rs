//! How a run and its verdict are shown: one HTML file, and the terminal.
//!
//! The input is plain data, made by whoever ran or audited; the output is a `String`.
//! [`page`], [`compare_page`], [`check_page`] and [`inference_page`] give one self-contained HTML document each: no network, no external font or script,
//! and verdict, curves and tables stand without JavaScript. [`terminal`] gives text.
//!
//! Nothing in here reads a file, a clock or the terminal, and nothing fails: a number that is not one is drawn as a
//! gap and printed as words, and every string is data, whatever it holds.
//!
//! # Design
//!
//! Markup is written with `maud`, which escapes whatever it is given and cannot leave a tag open; a string that comes
//! from a log therefore has no way to become markup. Curves are drawn twice, for wide and for narrow screens, because
//! a single drawing scaled down to a phone would have illegible labels and one drawn by a script would be missing
//! where scripts are off. No plotting library is taken: the two panels need exact control over intervals that may be
//! infinite, and less code than an adapter would.

mod check;
mod clip;
mod compare;
mod curves;
mod evidence;
mod inference;
mod page;
mod verdict;

mod chart;
mod html;
mod number;
mod picture;
mod prose;
mod replay;
pub mod terminal;

#[cfg(test)]
mod tests;

pub use check::{
    CheckPage, Finding, MapCell, MapChoice, MapLayer, PolicyMap, PolicyValues, Sign, Soundness,
};
pub use clip::{Clip, Frame};
pub use compare::{ComparedRun, Comparison, Difference};
pub use curves::{Curves, Greedy, Point, Reference, Scale};
pub use evidence::{Check, Component, Outcome, Recurrence, SmallestEffect};
pub use html::{check_page, compare_page, inference_page, page};
pub use inference::{InferencePage, Share, Shares};
pub use page::{Page, Provenance, SeedRow, Seeds};
pub use replay::MAX_FRAMES;
pub use verdict::{Change, Estimate, Margins, Onset, Peak, Reason, Since, Verdict, Word};
