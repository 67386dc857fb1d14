//! Tests of `onset`.
