//! Environments that know their own intent.
