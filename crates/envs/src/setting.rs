//! Settings that are chosen by name.

use thiserror::Error;

/// A setting was given a name that it does not know.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{setting} \"{name}\" is not known; choose one of {known}")]
pub struct UnknownName {
    /// The setting.
    pub setting: &'static str,
    /// What it was given.
    pub name: String,
    /// What it may be given, separated by commas.
    pub known: String,
}

impl UnknownName {
    /// The choice with the given name, among `choices`.
    pub(crate) fn find<T: Copy>(
        setting: &'static str,
        name: &str,
        choices: &[T],
        name_of: impl Fn(T) -> &'static str,
    ) -> Result<T, UnknownName> {
        let found = choices
            .iter()
            .copied()
            .find(|choice| name_of(*choice) == name);
        found.ok_or_else(|| UnknownName {
            setting,
            name: name.to_owned(),
            known: choices
                .iter()
                .map(|choice| name_of(*choice))
                .collect::<Vec<_>>()
                .join(", "),
        })
    }
}
