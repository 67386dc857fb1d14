//! How a policy is pushed against a reward.
