//! Tests of the finite MDP and of what makes one of an environment.
