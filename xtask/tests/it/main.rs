//! What holds for the repository as a whole: crates depend one way, every source file says what it is for, and
//! documents name only what exists.

mod crates;
mod documents;
mod repository;
mod sources;
