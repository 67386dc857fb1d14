//! Tests of the linear programmes.
