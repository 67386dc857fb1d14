//! A robot and its ground in `rapier2d`.

use std::fmt;

use rapier2d::dynamics::{
    CCDSolver, ImpulseJointSet, IntegrationParameters, IslandManager, MotorModel,
    MultibodyJointSet, RevoluteJointBuilder, RigidBody, RigidBodyBuilder, RigidBodyHandle,
    RigidBodySet, SoftBodySet,
};
use rapier2d::geometry::{
    BroadPhaseBvh, ColliderBuilder, ColliderSet, Group, InteractionGroups, InteractionTestMode,
    NarrowPhase,
};
use rapier2d::math::{Pose, Rotation, Vector};
use rapier2d::na::Unit;
use rapier2d::pipeline::PhysicsPipeline;

use super::robot::{Coordinates, Frame, Link, MAX_LINKS, Robot, wrap};

/// Steps of the physics in a step of an environment.
pub(crate) const PHYSICS_STEPS: usize = 4;

/// Simulated seconds that a step of an environment takes.
pub(crate) const SECONDS_PER_STEP: f64 = 1.0 / 60.0;

/// Friction of everything, Coulomb's coefficient.
const FRICTION: f32 = 1.0;

/// What `rapier2d` keeps of a world, without its workspaces.
#[derive(Clone)]
struct Sets {
    islands: IslandManager,
    broad_phase: BroadPhaseBvh,
    narrow_phase: NarrowPhase,
    bodies: RigidBodySet,
    colliders: ColliderSet,
    joints: ImpulseJointSet,
    multibody_joints: MultibodyJointSet,
    soft_bodies: SoftBodySet,
}

/// A world with a robot in it as it was built, from which every step begins.
pub(crate) struct World<const J: usize> {
    pristine: Sets,
    /// Of each link: its mass, and its moment of inertia around its middle.
    masses: Vec<[f64; 2]>,
    root: RigidBodyHandle,
    hung: [RigidBodyHandle; J],
    parameters: IntegrationParameters,
}

impl<const J: usize> fmt::Debug for World<J> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}

impl<const J: usize> World<J> {
    pub(crate) fn new(links: &'static [Link]) -> World<J> {
        let mut sets = Sets {
            islands: IslandManager::new(),
            broad_phase: BroadPhaseBvh::new(),
            narrow_phase: NarrowPhase::new(),
            bodies: RigidBodySet::new(),
            colliders: ColliderSet::new(),
            joints: ImpulseJointSet::new(),
            multibody_joints: MultibodyJointSet::new(),
            soft_bodies: SoftBodySet::new(),
        };
        let up = Unit::new_unchecked(Vector::Y);
        let ground = ColliderBuilder::halfspace(up).friction(FRICTION);
        sets.colliders
            .insert(ground.collision_groups(between(Group::GROUP_1, Group::GROUP_2)));
        let handles: Vec<RigidBodyHandle> =
            links.iter().map(|link| sets.insert_link(link)).collect();
        for (number, link) in links.iter().enumerate().skip(1) {
            let parent = link.parent.expect("only the root hangs from nothing");
            let bodies = [handles[parent], handles[number]];
            sets.insert_joint(bodies, &links[parent], link);
        }
        let parameters = IntegrationParameters {
            dt: (SECONDS_PER_STEP / PHYSICS_STEPS as f64) as f32,
            // A pose close to the last one keeps old contacts otherwise, which would tell apart states that are equal.
            contact_recycling: false,
            max_ccd_substeps: 0,
            ..IntegrationParameters::default()
        };
        // One step far above the ground sorts the links into the tree and the island, which then need no building.
        sets.step(&mut workspace(), &parameters);
        let masses = handles.iter().map(|handle| {
            let properties = sets.bodies[*handle].mass_properties().local_mprops;
            [properties.mass(), properties.principal_inertia()].map(f64::from)
        });
        World {
            masses: masses.collect(),
            pristine: sets,
            root: handles[0],
            hung: handles[1..].try_into().expect("as many as joints"),
            parameters,
        }
    }

    pub(crate) fn step(&self, robot: &Robot<J>, at: &mut Coordinates<J>, actions: &[f32; J]) {
        let [x, ..] = at.root;
        at.root[0] = 0.0;
        let mut sets = self.pristine.clone();
        let frames = robot.frames(at);
        for (number, frame) in frames.links().iter().enumerate() {
            sets.place(self.handle(number), frame);
        }
        for (number, action) in actions.iter().enumerate() {
            let link = &robot.links()[number + 1];
            let parent = self.handle(link.parent.expect("only the root hangs from nothing"));
            let torque = action.clamp(-1.0, 1.0) * link.torque as f32;
            sets.bodies[self.hung[number]].add_torque(torque, true);
            sets.bodies[parent].add_torque(-torque, true);
        }
        let mut workspace = workspace();
        for _ in 0..PHYSICS_STEPS {
            sets.step(&mut workspace, &self.parameters);
        }
        self.read(&sets, robot, at);
        at.root[0] += x;
    }

    fn handle(&self, link: usize) -> RigidBodyHandle {
        if link == 0 {
            self.root
        } else {
            self.hung[link - 1]
        }
    }

    /// The coordinates from where the links are now, the root's angle continued from what it was.
    ///
    /// The solver leaves joints apart by a little, in place and in speed. They are put together without moving the
    /// middle of the masses, and with the momentum and angular momentum that there are: otherwise a robot could push
    /// itself off the air.
    fn read(&self, sets: &Sets, robot: &Robot<J>, at: &mut Coordinates<J>) {
        let mut frames = [Frame::default(); MAX_LINKS];
        let frames = &mut frames[..=J];
        for (number, frame) in frames.iter_mut().enumerate() {
            *frame = seen(&sets.bodies[self.handle(number)]);
        }
        at.root[2] += wrap(frames[0].angle - at.root[2]);
        [at.root[0], at.root[1]] = frames[0].middle;
        let [vx, vy] = frames[0].velocity;
        at.root_velocity = [vx, vy, frames[0].angular_velocity];
        for (number, link) in robot.links().iter().enumerate().skip(1) {
            let parent = link.parent.expect("only the root hangs from nothing");
            let (frame, parent) = (&frames[number], &frames[parent]);
            at.joints[number - 1] = wrap(frame.angle - parent.angle);
            at.joint_velocities[number - 1] = frame.angular_velocity - parent.angular_velocity;
        }
        let whole = self.motion(frames);
        let joined = self.motion(&robot.frames(at).links()[..=J]);
        let turn = (whole.angular_momentum - joined.angular_momentum) / joined.inertia;
        let arm = [0, 1].map(|axis| joined.middle[axis] - at.root[axis]);
        let swung = [-turn * arm[1], turn * arm[0]];
        for axis in [0, 1] {
            at.root[axis] += whole.middle[axis] - joined.middle[axis];
            at.root_velocity[axis] += whole.velocity[axis] - joined.velocity[axis] - swung[axis];
        }
        at.root_velocity[2] += turn;
    }

    /// How links move as a whole.
    pub(crate) fn motion(&self, frames: &[Frame]) -> Motion {
        let links = || self.masses.iter().zip(frames);
        let total: f64 = self.masses.iter().map(|[mass, _]| mass).sum();
        let mean = |part: fn(&Frame) -> [f64; 2]| {
            [0, 1].map(|axis| {
                let parts = links().map(|([mass, _], frame)| mass * part(frame)[axis]);
                parts.sum::<f64>() / total
            })
        };
        let middle = mean(|frame| frame.middle);
        let velocity = mean(|frame| frame.velocity);
        let (mut inertia, mut angular_momentum) = (0.0, 0.0);
        for ([mass, own], frame) in links() {
            let [x, y] = [0, 1].map(|axis| frame.middle[axis] - middle[axis]);
            let [vx, vy] = [0, 1].map(|axis| frame.velocity[axis] - velocity[axis]);
            inertia += own + mass * (x * x + y * y);
            angular_momentum += own * frame.angular_velocity + mass * (x * vy - y * vx);
        }
        Motion {
            middle,
            velocity,
            inertia,
            angular_momentum,
        }
    }
}

/// How a robot moves as a whole.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Motion {
    /// The middle of its masses.
    pub(crate) middle: [f64; 2],
    /// How fast that moves.
    pub(crate) velocity: [f64; 2],
    /// Its moment of inertia around it.
    pub(crate) inertia: f64,
    /// Its angular momentum around it.
    pub(crate) angular_momentum: f64,
}

/// Where a body is and how it moves; its joint is left out.
fn seen(body: &RigidBody) -> Frame {
    let (place, velocity) = (body.translation(), body.linvel());
    Frame {
        angle: angle_of(body.rotation()),
        middle: [f64::from(place.x), f64::from(place.y)],
        velocity: [f64::from(velocity.x), f64::from(velocity.y)],
        angular_velocity: f64::from(body.angvel()),
        ..Frame::default()
    }
}

impl Sets {
    fn insert_link(&mut self, link: &Link) -> RigidBodyHandle {
        let middle = link.middle();
        // Out of reach of the ground until it is placed.
        let place = Vector::new(middle[0] as f32, middle[1] as f32 + 10.0);
        let body = RigidBodyBuilder::dynamic()
            .translation(place)
            .can_sleep(false);
        let handle = self.bodies.insert(body);
        let [a, b] = link
            .ends
            .map(|end| vector([end[0] - middle[0], end[1] - middle[1]]));
        let capsule = ColliderBuilder::capsule_from_endpoints(a, b, link.radius as f32)
            .mass(link.mass as f32)
            .friction(FRICTION)
            .collision_groups(between(Group::GROUP_2, Group::GROUP_1));
        self.colliders
            .insert_with_parent(capsule, handle, &mut self.bodies);
        handle
    }

    fn insert_joint(&mut self, [parent, child]: [RigidBodyHandle; 2], hung: &Link, link: &Link) {
        let anchor = |link: &Link, at: [f64; 2]| {
            let middle = link.middle();
            vector([at[0] - middle[0], at[1] - middle[1]])
        };
        let joint = RevoluteJointBuilder::new()
            .local_anchor1(anchor(hung, link.joint))
            .local_anchor2(anchor(link, link.joint))
            .limits(link.limits.map(|limit| limit as f32))
            .contacts_enabled(false)
            .motor_model(MotorModel::ForceBased)
            .motor_velocity(0.0, (link.torque / link.free_speed) as f32);
        self.joints.insert(parent, child, joint, true);
    }

    fn place(&mut self, handle: RigidBodyHandle, frame: &Frame) {
        let body = &mut self.bodies[handle];
        let [re, im] = frame.rotation.map(|part| part as f32);
        let pose = Pose::from_parts(vector(frame.middle), Rotation { re, im });
        body.set_position(pose, true);
        body.set_linvel(vector(frame.velocity), true);
        body.set_angvel(frame.angular_velocity as f32, true);
    }

    fn step(&mut self, workspace: &mut Workspace, parameters: &IntegrationParameters) {
        workspace.pipeline.step(
            Vector::new(0.0, -9.81),
            parameters,
            &mut self.islands,
            &mut self.broad_phase,
            &mut self.narrow_phase,
            &mut self.bodies,
            &mut self.colliders,
            &mut self.joints,
            &mut self.multibody_joints,
            &mut self.soft_bodies,
            &mut workspace.continuous,
            &(),
            &(),
        );
    }
}

struct Workspace {
    pipeline: PhysicsPipeline,
    continuous: CCDSolver,
}

/// New buffers: those of a pipeline that has moved another world remember its joints.
fn workspace() -> Workspace {
    let mut pipeline = PhysicsPipeline::new();
    // Its stopwatches take two thirds of a step.
    pipeline.counters.disable();
    Workspace {
        pipeline,
        continuous: CCDSolver::new(),
    }
}

fn between(own: Group, other: Group) -> InteractionGroups {
    InteractionGroups::new(own, other, InteractionTestMode::And)
}

fn vector([x, y]: [f64; 2]) -> Vector {
    Vector::new(x as f32, y as f32)
}

fn angle_of(rotation: &Rotation) -> f64 {
    f64::from(rotation.im).atan2(f64::from(rotation.re))
}
