//! Tests of `sentences`.
