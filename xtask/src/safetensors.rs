//! Reads the shapes in the header of a safetensors file.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// Name and shape of every tensor, in the order of the header.
pub(crate) fn shapes(path: &Path) -> Result<Vec<(String, Vec<usize>)>> {
    let bytes = fs::read(path).with_context(|| format!("could not read {}", path.display()))?;
    header_shapes(&bytes).with_context(|| format!("{} is no safetensors file", path.display()))
}

fn header_shapes(bytes: &[u8]) -> Result<Vec<(String, Vec<usize>)>> {
    let length: [u8; 8] = bytes
        .get(..8)
        .context("it is shorter than 8 bytes")?
        .try_into()?;
    let end = usize::try_from(u64::from_le_bytes(length))?
        .checked_add(8)
        .context("its header length overflows")?;
    ensure!(end <= bytes.len(), "its header ends after the file does");
    let header: Value = serde_json::from_slice(&bytes[8..end])?;
    let entries = header.as_object().context("its header is no object")?;
    entries
        .iter()
        .filter(|(name, _)| *name != "__metadata__")
        .map(|(name, entry)| Ok((name.clone(), shape(entry)?)))
        .collect()
}

fn shape(entry: &Value) -> Result<Vec<usize>> {
    let sizes = entry["shape"].as_array().context("a tensor has no shape")?;
    sizes
        .iter()
        .map(|size| {
            Ok(usize::try_from(
                size.as_u64().context("a size is no whole number")?,
            )?)
        })
        .collect()
}

#[cfg(test)]
mod tests;
