//! Tests of `estimates`.
