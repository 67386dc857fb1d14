//! What a planar robot is made of, and where its links are.

use std::f64::consts::PI;
use std::sync::Arc;

use mdp::{StateError, wrong_length};

use super::world::World;

/// The most links that a robot has.
pub(crate) const MAX_LINKS: usize = 7;

/// A capsule of a robot, as it lies while the robot stands with every joint at 0. Lengths are metres; x points forwards
/// and y upwards, from the ground below the middle of the root.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// Name of its joint; the root is named itself.
    pub(crate) name: &'static str,
    /// Number of the link that it hangs from, an earlier one; the first link, the root, has none.
    pub(crate) parent: Option<usize>,
    /// Where it hangs from its parent.
    pub(crate) joint: [f64; 2],
    /// The ends of its middle line; the root's are the same distance from its joint.
    pub(crate) ends: [[f64; 2]; 2],
    /// Its radius.
    pub(crate) radius: f64,
    /// Its mass in kilograms.
    pub(crate) mass: f64,
    /// Least and greatest angle of its joint in radians, anticlockwise of its parent.
    pub(crate) limits: [f64; 2],
    /// Torque of its motor at full action, in newton metres.
    pub(crate) torque: f64,
    /// Angular velocity of its joint at which damping takes all of that torque, in radians a second.
    pub(crate) free_speed: f64,
}

impl Link {
    /// The middle of the capsule while the robot stands.
    pub(crate) fn middle(&self) -> [f64; 2] {
        let [a, b] = self.ends;
        [(a[0] + b[0]) / 2.0, (a[1] + b[1]) / 2.0]
    }
}

/// Generalised coordinates of a robot of `J + 1` links: all that its motion depends on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Coordinates<const J: usize> {
    /// x and y of the root's middle in metres, and its angle in radians: anticlockwise, which is backwards, and not
    /// wrapped.
    pub(crate) root: [f64; 3],
    /// Angles of the joints in radians, anticlockwise of the parent.
    pub(crate) joints: [f64; J],
    /// How fast the root moves, a second.
    pub(crate) root_velocity: [f64; 3],
    /// How fast the joints turn, in radians a second.
    pub(crate) joint_velocities: [f64; J],
}

impl<const J: usize> Coordinates<J> {
    /// How many numbers they are.
    pub(crate) const N_VALUES: usize = 2 * (3 + J);

    /// Appends them: root, joints, and the velocities of both.
    pub(crate) fn write(&self, out: &mut Vec<f64>) {
        out.extend_from_slice(&self.root);
        out.extend_from_slice(&self.joints);
        out.extend_from_slice(&self.root_velocity);
        out.extend_from_slice(&self.joint_velocities);
    }

    /// Reads what [`Coordinates::write`] wrote.
    ///
    /// # Errors
    /// If they are too few, too many, or not finite.
    pub(crate) fn read(values: &[f64]) -> Result<Coordinates<J>, StateError> {
        if values.len() != Self::N_VALUES {
            return Err(wrong_length(Self::N_VALUES, values.len()));
        }
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            return Err(StateError(format!("{value} is no place of a robot")));
        }
        let (root, rest) = values.split_at(3);
        let (joints, rest) = rest.split_at(J);
        let (root_velocity, joint_velocities) = rest.split_at(3);
        let fits = "the length was checked";
        Ok(Coordinates {
            root: root.try_into().expect(fits),
            joints: joints.try_into().expect(fits),
            root_velocity: root_velocity.try_into().expect(fits),
            joint_velocities: joint_velocities.try_into().expect(fits),
        })
    }

    /// The names of the numbers, given the names of the links.
    pub(crate) fn names(links: &[Link]) -> Vec<String> {
        let joints = || links[1..].iter().map(|link| link.name);
        let root = ["x", "y", "angle"];
        let places = root.into_iter().map(str::to_owned);
        let places = places.chain(joints().map(|name| format!("{name}_angle")));
        let speeds = root.into_iter().map(|name| format!("{name}_velocity"));
        let speeds = speeds.chain(joints().map(|name| format!("{name}_angle_velocity")));
        places.chain(speeds).collect()
    }
}

/// Where a link is and how it moves.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Frame {
    /// Its angle from standing, in radians.
    pub(crate) angle: f64,
    /// Cosine and sine of its angle.
    pub(crate) rotation: [f64; 2],
    /// Where it hangs from its parent; for the root, its middle.
    pub(crate) joint: [f64; 2],
    /// Its middle.
    pub(crate) middle: [f64; 2],
    /// How fast its joint moves.
    pub(crate) joint_velocity: [f64; 2],
    /// How fast its middle moves.
    pub(crate) velocity: [f64; 2],
    /// How fast it turns.
    pub(crate) angular_velocity: f64,
}

/// Where every link of a robot is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Frames {
    frames: [Frame; MAX_LINKS],
    links: &'static [Link],
}

impl Frames {
    /// All links, the root first.
    pub(crate) fn links(&self) -> &[Frame] {
        &self.frames[..self.links.len()]
    }

    /// The ends of the middle line of a link.
    pub(crate) fn ends(&self, number: usize) -> [[f64; 2]; 2] {
        let (link, frame) = (&self.links[number], &self.frames[number]);
        let middle = link.middle();
        link.ends.map(|end| {
            let arm = turn(frame.rotation, [end[0] - middle[0], end[1] - middle[1]]);
            [frame.middle[0] + arm[0], frame.middle[1] + arm[1]]
        })
    }

    /// How far the lowest point of a link is above the ground, in metres.
    pub(crate) fn clearance(&self, number: usize) -> f64 {
        let [a, b] = self.ends(number);
        a[1].min(b[1]) - self.links[number].radius
    }

    /// How far the lowest point of the robot is above the ground, in metres.
    pub(crate) fn lowest(&self) -> f64 {
        let clearances = (0..self.links.len()).map(|number| self.clearance(number));
        clearances.fold(f64::INFINITY, f64::min)
    }
}

/// A robot of `J + 1` links, ready to be moved.
#[derive(Clone, Debug)]
pub(crate) struct Robot<const J: usize> {
    links: &'static [Link],
    pub(super) world: Arc<World<J>>,
}

impl<const J: usize> Robot<J> {
    /// The robot of these links.
    pub(crate) fn new(links: &'static [Link]) -> Robot<J> {
        assert_eq!(links.len(), J + 1, "a robot has a link more than joints");
        assert!(links.len() <= MAX_LINKS, "a robot has too many links");
        Robot {
            links,
            world: Arc::new(World::new(links)),
        }
    }

    /// Its links, the root first.
    pub(crate) fn links(&self) -> &'static [Link] {
        self.links
    }

    /// The coordinates in which it stands at rest at `x = 0`, its lowest point on the ground.
    pub(crate) fn standing(&self) -> Coordinates<J> {
        let ends = self.links.iter().map(|link| {
            let [a, b] = link.ends;
            a[1].min(b[1]) - link.radius
        });
        let lowest = ends.fold(f64::INFINITY, f64::min);
        let [x, y] = self.links[0].middle();
        Coordinates {
            root: [x, y - lowest, 0.0],
            joints: [0.0; J],
            root_velocity: [0.0; 3],
            joint_velocities: [0.0; J],
        }
    }

    /// Where its links are.
    pub(crate) fn frames(&self, at: &Coordinates<J>) -> Frames {
        frames(self.links, at)
    }

    /// Moves the robot on by one step of an environment, [`super::SECONDS_PER_STEP`], its motors at `actions`: shares of
    /// their torque in `[-1, 1]`, clamped where they are beyond.
    pub(crate) fn step(&self, at: &mut Coordinates<J>, actions: &[f32; J]) {
        self.world.step(self, at, actions);
    }
}

/// Where the links of a robot are.
pub(crate) fn frames<const J: usize>(links: &'static [Link], at: &Coordinates<J>) -> Frames {
    let mut frames = [Frame::default(); MAX_LINKS];
    let [x, y, angle] = at.root;
    let [vx, vy, angular_velocity] = at.root_velocity;
    let root = Frame {
        angle,
        rotation: rotation(angle),
        joint: [x, y],
        middle: [x, y],
        joint_velocity: [vx, vy],
        velocity: [vx, vy],
        angular_velocity,
    };
    frames[0] = root;
    for (number, link) in links.iter().enumerate().skip(1) {
        let parent_number = link.parent.expect("only the root hangs from nothing");
        let (parent, hung) = (&frames[parent_number], &links[parent_number]);
        let from = hung.joint;
        let arm = turn(parent.rotation, minus(link.joint, from));
        let joint = plus(parent.joint, arm);
        let joint_velocity = plus(parent.joint_velocity, swing(parent.angular_velocity, arm));
        let angle = parent.angle + at.joints[number - 1];
        let rotation = rotation(angle);
        let angular_velocity = parent.angular_velocity + at.joint_velocities[number - 1];
        let arm = turn(rotation, minus(link.middle(), link.joint));
        frames[number] = Frame {
            angle,
            rotation,
            joint,
            middle: plus(joint, arm),
            joint_velocity,
            velocity: plus(joint_velocity, swing(angular_velocity, arm)),
            angular_velocity,
        };
    }
    Frames { frames, links }
}

/// Cosine and sine.
fn rotation(angle: f64) -> [f64; 2] {
    let (sin, cos) = angle.sin_cos();
    [cos, sin]
}

/// A vector turned.
fn turn([cos, sin]: [f64; 2], [x, y]: [f64; 2]) -> [f64; 2] {
    [cos * x - sin * y, sin * x + cos * y]
}

/// The velocity of the end of an arm that turns.
fn swing(angular_velocity: f64, [x, y]: [f64; 2]) -> [f64; 2] {
    [-angular_velocity * y, angular_velocity * x]
}

fn plus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] + b[0], a[1] + b[1]]
}

fn minus(a: [f64; 2], b: [f64; 2]) -> [f64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

/// Brings an angle into `[-π, π)`.
pub(crate) fn wrap(angle: f64) -> f64 {
    (angle + PI).rem_euclid(2.0 * PI) - PI
}
