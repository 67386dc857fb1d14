//! Tests of `tampering`.
