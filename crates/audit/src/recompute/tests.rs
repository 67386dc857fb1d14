//! Tests of `recompute`.
