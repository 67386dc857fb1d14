//! Tests of `check_series`.
