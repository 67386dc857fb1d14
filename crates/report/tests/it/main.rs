//! What a reader of a page or a terminal can observe.

mod check;
#[path = "../../examples/sample_report/check_sample.rs"]
mod check_sample;
mod inference;
mod markup;
mod page;
#[path = "../../examples/sample_report/sample.rs"]
mod sample;
mod terminal;
