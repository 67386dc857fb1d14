//! How a run and its verdict are shown: one HTML file, and the terminal.
