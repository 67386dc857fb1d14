//! Tests of the hackability gap.
