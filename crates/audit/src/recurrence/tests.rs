//! Tests of `recurrence`.
