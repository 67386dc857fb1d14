//! What do comparisons say to want?
