//! The findings, on MDPs small enough to see through.
