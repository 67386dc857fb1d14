//! Trained policies of every kind, from their files.

use imitation::backward::RecurrentPolicy;
use imitation::procedure_cloning::MapPolicy;
use rl::{Error, NetworkPolicy, TrainedPolicy};

/// Reads a policy that a run kept, whatever it is made of.
///
/// # Errors
/// If the bytes are damaged, or are no policy.
pub(crate) fn read(bytes: &[u8]) -> Result<Box<dyn TrainedPolicy>, Error> {
    if let Ok(policy) = MapPolicy::from_bytes(bytes) {
        return Ok(Box::new(policy));
    }
    if let Ok(policy) = RecurrentPolicy::from_bytes(bytes) {
        return Ok(Box::new(policy));
    }
    Ok(Box::new(NetworkPolicy::from_bytes(bytes)?))
}
