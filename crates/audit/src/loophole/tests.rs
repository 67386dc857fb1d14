//! Tests of `loophole`.
