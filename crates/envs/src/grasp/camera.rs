//! Pinhole cameras: where things are in a picture, and how large they look.

/// A camera without depth: it keeps the direction in which a point lies and loses how far away it is.
///
/// Pictures are measured in metres at the distance of the middle of the table, so that both show it equally large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Camera {
    place: [f64; 3],
    /// Unit vectors: where it looks, and what is right and up in its picture.
    ahead: [f64; 3],
    right: [f64; 3],
    up: [f64; 3],
}

/// Metres from either camera to the middle of the table.
const DISTANCE: f64 = 2.0;

/// Above the table, looking straight down; up in its picture is y.
pub(super) const ABOVE: Camera = Camera {
    place: [0.0, 0.0, DISTANCE],
    ahead: [0.0, 0.0, -1.0],
    right: [1.0, 0.0, 0.0],
    up: [0.0, 1.0, 0.0],
};

/// Beside the table, its lens level with the table's top, which it sees as a line; right in its picture is y, up is z.
pub(super) const BESIDE: Camera = Camera {
    place: [DISTANCE, 0.0, 0.0],
    ahead: [-1.0, 0.0, 0.0],
    right: [0.0, 1.0, 0.0],
    up: [0.0, 0.0, 1.0],
};

/// A point as a picture has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Seen {
    /// Right and up in the picture.
    pub(super) at: [f64; 2],
    /// Metres in the picture that a metre at that place takes.
    pub(super) scale: f64,
}

impl Camera {
    /// Where a point is in the picture: `f (p · right, p · up) / (p · ahead)`, p from the camera, f the distance at which a
    /// metre looks as long as one.
    #[inline]
    pub(super) fn see(&self, point: [f64; 3]) -> Seen {
        let from = [0, 1, 2].map(|axis| point[axis] - self.place[axis]);
        let scale = DISTANCE / dot(from, self.ahead);
        Seen {
            at: [scale * dot(from, self.right), scale * dot(from, self.up)],
            scale,
        }
    }
}

#[inline]
fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
