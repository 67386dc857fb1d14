//! Whether a specification is being gamed, with evidence and a stated error rate.
