//! What a reader of a page or a terminal can observe.

mod markup;
mod page;
#[path = "../../examples/sample_report/sample.rs"]
mod sample;
mod terminal;
