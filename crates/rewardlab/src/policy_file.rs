//! Trained policies of every kind, from their files.

use rl::{Error, NetworkPolicy, TrainedPolicy};

/// Reads a policy that a run kept, whatever it is made of.
///
/// # Errors
/// If the bytes are damaged, or are no policy.
pub(crate) fn read(bytes: &[u8]) -> Result<Box<dyn TrainedPolicy>, Error> {
    Ok(Box::new(NetworkPolicy::from_bytes(bytes)?))
}
