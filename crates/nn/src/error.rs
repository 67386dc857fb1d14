//! What can be wrong with what this crate is given to read.

/// Why a saved model or normalisation was refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes are not a safetensors file.
    #[error("not a safetensors file: {0}; save the model again")]
    Format(#[source] safetensors::SafeTensorError),
    /// The file's description of its networks is missing or does not make sense.
    #[error("the file does not describe its networks: {0}; save the model again")]
    Description(String),
    /// A tensor is missing, has another size or type than the description says, or is not expected.
    #[error("tensor `{name}` {problem}; the file is damaged or of another version")]
    Tensor {
        /// Which.
        name: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Moments that no rows can have.
    #[error("saved means and variances make no sense: {0}; the file is damaged")]
    Normalization(String),
}
