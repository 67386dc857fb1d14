//! Tests of `sequences`.
