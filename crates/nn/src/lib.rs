//! How small networks learn fast on a CPU.
