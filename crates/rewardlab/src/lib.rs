//! The library people depend on, and the command line.
