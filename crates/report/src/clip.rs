//! A replayed episode, as plain data.

use mdp::{Scene, Shape};

/// One moment of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// What moves, in world coordinates, drawn over the scene's background.
    pub shapes: Vec<Shape>,
    /// Return of the reward so far.
    pub proxy: f64,
    /// Return of the intent so far, where known.
    pub intent: Option<f64>,
}

/// One episode to be watched.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// Whose it is: `Reference policy`, `Trained policy, 1.2M steps`.
    pub title: String,
    /// What to look at, in a sentence; may be empty.
    pub caption: String,
    /// What stays, and how much of the world is seen.
    pub scene: Scene,
    /// The episode, one frame a step. More than [`crate::MAX_FRAMES`] are thinned evenly.
    pub frames: Vec<Frame>,
    /// Seconds that a step takes when played at normal speed.
    pub seconds_per_step: f64,
    /// How it ended: `finished`, `time limit`; may be empty.
    pub end: String,
}
