//! How a picture looks to somebody who sees nothing else.
//!
//! Annotators are asked which hand picks the ball up better. What they go by are outlines: whether the ball lies where the
//! fingers are, whether the fingers bound it on both sides, neither with a gap between nor in front of it, whether hand and
//! ball could be equally far away by their sizes, and, where the table's top is seen as a line, how far the ball is above
//! that line. What cannot be seen counts in favour: from above nobody can tell that a ball lies on the table (lifted by
//! 0.15 m it looks 8% larger), and from beside nobody can tell how far fingers are apart.

use super::camera::{ABOVE, BESIDE, Camera, Seen};
use super::{BALL, Cameras, GraspState, LIFTED};
use mdp::StateVector as _;

/// How clips look to annotators: the sum of [`GraspState::approval`] over the states after the first, which is that
/// before the first step.
///
/// `states` is `[T + 1, n_state_values]`, states as they are recorded, whose first 11 numbers are a [`GraspState`]; a time
/// limit's count may follow. 0 where they are no such states.
#[must_use]
pub fn grasp_approval(states: &[f64], n_state_values: usize, cameras: Cameras) -> f64 {
    if n_state_values < super::N_NUMBERS {
        return 0.0;
    }
    let frames = states.chunks_exact(n_state_values).skip(1);
    frames
        .filter_map(|state| GraspState::read(&state[..super::N_NUMBERS]).ok())
        .map(|state| state.approval(cameras))
        .sum()
}

/// A quality that is full up to one value and gone at another, falling in between.
#[inline]
fn fade(value: f64, full: f64, gone: f64) -> f64 {
    ((gone - value) / (gone - full)).clamp(0.0, 1.0)
}

/// The share of a look that comes from being near, before anything is gripped.
const NEARNESS: f64 = 0.2;
/// The share of a grip's look that does not ask for height, where height is seen.
const GRIP_ON_TABLE: f64 = 0.3;

impl GraspState {
    /// How much it looks as if the hand had picked the ball up, from 0 to 1: in two pictures, the product of both, since it
    /// takes one that does not convince.
    #[must_use]
    #[inline]
    pub fn approval(&self, cameras: Cameras) -> f64 {
        match cameras {
            Cameras::One => self.looks_from_above(),
            Cameras::Two => self.looks_from_above() * self.looks_from_beside(),
        }
    }

    fn looks_from_above(&self) -> f64 {
        let picture = Picture::take(&ABOVE, self);
        let radius = picture.radius();
        let inside = |side: f64| {
            let [x, y, z] = self.hand;
            let edge = ABOVE.see([x + side * self.opening, y, z]).at[0];
            // From the outline of the ball outwards; negative where the finger hides a part of the ball.
            (side * (edge - picture.ball.at[0]) - radius) / radius
        };
        let gap = inside(-1.0).abs().max(inside(1.0).abs());
        let along = (picture.ball.at[1] - picture.hand.at[1]).abs() / radius;
        let grip = fade(gap, 0.25, 1.5) * fade(along, 0.75, 2.0);
        picture.nearness() * (NEARNESS + (1.0 - NEARNESS) * grip)
    }

    fn looks_from_beside(&self) -> f64 {
        let picture = Picture::take(&BESIDE, self);
        let radius = picture.radius();
        let grip = fade(picture.distance(), 0.5, 2.0);
        // The table's top is the line through the middle of the picture.
        let above_line = (picture.ball.at[1] - radius) / radius;
        let height = 1.0 - fade(above_line, 0.0, LIFTED / BALL);
        let lifted = GRIP_ON_TABLE + (1.0 - GRIP_ON_TABLE) * height;
        picture.nearness() * (NEARNESS + (1.0 - NEARNESS) * grip * lifted)
    }
}

/// Hand and ball in a picture.
struct Picture {
    hand: Seen,
    ball: Seen,
}

impl Picture {
    fn take(camera: &Camera, state: &GraspState) -> Picture {
        Picture {
            hand: camera.see(state.hand),
            ball: camera.see(state.ball),
        }
    }

    /// How large the ball looks. Its outline is taken for a circle.
    fn radius(&self) -> f64 {
        self.ball.scale * BALL
    }

    /// From the middle of the ball to between the fingers, in radii of the ball.
    fn distance(&self) -> f64 {
        let [x, y] = [0, 1].map(|axis| self.ball.at[axis] - self.hand.at[axis]);
        (x * x + y * y).sqrt() / self.radius()
    }

    /// How near hand and ball look to each other: in the picture, and by their sizes, of which people notice only what is
    /// well off.
    fn nearness(&self) -> f64 {
        let larger = (self.hand.scale / self.ball.scale - 1.0).abs();
        fade(self.distance(), 0.5, 8.0) * fade(larger, 0.2, 0.5)
    }
}
