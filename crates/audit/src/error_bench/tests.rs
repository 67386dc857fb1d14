//! Tests of `error_bench`.
