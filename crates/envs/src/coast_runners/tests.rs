//! What the boat race promises.
