//! The `rewardlab` command.
fn main() {}
