//! What training leaves: a policy that can be written down, and that acts for a whole batch.

use std::any::Any;

use crate::{Actor, BatchPolicy, Error, NetworkPolicy, Play, VectorEnvironment};

/// A trained policy, whatever it is made of.
///
/// # Design
/// Most policies are one network ([`NetworkPolicy`]); some remember what they saw, or run a procedure before they act.
/// What memory they need while they act belongs to the actor, so that one policy can play in many places at once.
pub trait TrainedPolicy: Any + Send + Sync {
    /// The policy as a safetensors file that describes itself. The same policy gives the same bytes.
    fn to_bytes(&self) -> Vec<u8>;

    /// The policy with the memory that it needs to act in `n` environments.
    fn actor(&self, play: Play, n: usize) -> Box<dyn BatchPolicy + '_>;

    /// Whether the policy can act in these environments.
    ///
    /// # Errors
    /// If the features or the actions are others.
    fn check_fits(&self, environment: &dyn VectorEnvironment) -> Result<(), Error>;
}

impl TrainedPolicy for NetworkPolicy {
    fn to_bytes(&self) -> Vec<u8> {
        NetworkPolicy::to_bytes(self)
    }

    fn actor(&self, play: Play, n: usize) -> Box<dyn BatchPolicy + '_> {
        Box::new(Actor::new(self, play, n))
    }

    fn check_fits(&self, environment: &dyn VectorEnvironment) -> Result<(), Error> {
        NetworkPolicy::check_fits(self, environment)
    }
}
