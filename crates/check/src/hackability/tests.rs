//! Tests of hackability.
