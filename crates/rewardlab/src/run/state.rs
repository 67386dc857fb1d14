//! `checkpoints/resume.state`: everything that a killed run needs to go on to the same bits.

use std::path::Path;

use logs::crc32c;
use serde_json::{Value, json};

use super::folder::read_bytes;
use crate::Error;

/// The state's file, in the run's folder.
pub(super) const FILE: &str = "checkpoints/resume.state";

const MAGIC: &[u8; 8] = b"rlabrun1";
const MOST_BYTES: u64 = 8 << 30;

/// A run after one of its checkpoints.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct RunState {
    /// Checkpoints recorded.
    pub(super) n_checkpoints: u32,
    /// Seconds spent training.
    pub(super) training_seconds: f64,
    /// Seconds spent evaluating.
    pub(super) evaluation_seconds: f64,
    /// Length of `metrics.jsonl`.
    pub(super) metrics_bytes: u64,
    /// Length of the TensorBoard file.
    pub(super) tensorboard_bytes: u64,
    /// The learner's own bytes.
    pub(super) learner: Vec<u8>,
}

impl RunState {
    /// Magic, length of the head, head as JSON, the learner, CRC-32C of all before.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let head = json!({
            "n_checkpoints": self.n_checkpoints,
            "training_seconds": self.training_seconds,
            "evaluation_seconds": self.evaluation_seconds,
            "metrics_bytes": self.metrics_bytes,
            "tensorboard_bytes": self.tensorboard_bytes,
        })
        .to_string();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(head.len() as u64).to_le_bytes());
        bytes.extend_from_slice(head.as_bytes());
        bytes.extend_from_slice(&self.learner);
        let crc = crc32c(0, &bytes);
        bytes.extend_from_slice(&crc.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<RunState> {
        let (body, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c(0, body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (length, rest) = body.strip_prefix(MAGIC)?.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (head, learner) = rest.split_at_checked(length)?;
        let head: Value = serde_json::from_slice(head).ok()?;
        Some(RunState {
            n_checkpoints: u32::try_from(head["n_checkpoints"].as_u64()?).ok()?,
            training_seconds: head["training_seconds"].as_f64()?,
            evaluation_seconds: head["evaluation_seconds"].as_f64()?,
            metrics_bytes: head["metrics_bytes"].as_u64()?,
            tensorboard_bytes: head["tensorboard_bytes"].as_u64()?,
            learner: learner.to_vec(),
        })
    }

    /// The state of a run, if it has reached its first checkpoint.
    pub(super) fn read(path: &Path) -> Result<Option<RunState>, Error> {
        if !path.exists() {
            return Ok(None);
        }
        let bytes = read_bytes(path, MOST_BYTES, "read the state of the run")?;
        let state = RunState::from_bytes(&bytes).ok_or_else(|| {
            Error::file(
                path,
                "is damaged; remove it and resume to begin the run anew",
            )
        })?;
        Ok(Some(state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_damage_is_seen() {
        let state = RunState {
            n_checkpoints: 3,
            training_seconds: 1.5,
            evaluation_seconds: 0.1,
            metrics_bytes: 10,
            tensorboard_bytes: 20,
            learner: vec![1, 2, 3, 255],
        };
        let bytes = state.to_bytes();
        assert_eq!(RunState::from_bytes(&bytes), Some(state));
        for length in 0..bytes.len() {
            assert_eq!(
                RunState::from_bytes(&bytes[..length]),
                None,
                "cut to {length} bytes"
            );
        }
        for index in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[index] ^= 0x10;
            assert_eq!(RunState::from_bytes(&damaged), None, "byte {index} turned");
        }
    }
}
