//! What a hand does to a ball: it pushes it, stands on it, or has it between its fingers.

use super::{
    BALL, FINGER, FINGER_SPEED, GraspState, HAND_SPEED, HIGHEST, KNUCKLE, LOWEST, PALM_HEIGHT,
    PALM_LENGTH, PALM_WIDTH, REACH, TABLE, TIP, WIDEST,
};

/// Parts of a step, so that nothing passes through anything; seconds that one takes.
const N_PARTS: usize = 4;
const SECONDS: f64 = 0.1 / N_PARTS as f64;
/// Share of its velocity that a rolling ball keeps in such a part.
const ROLLS_ON: f64 = 0.96;
/// Metres a second at which a ball has come to rest, and that a push gives at most.
const RESTING: f64 = 0.001;
const FASTEST: f64 = 0.5;
const GRAVITY: f64 = 9.81;
/// From the middle of a finger to the middle of a ball that it touches.
const TOUCH: f64 = BALL + FINGER;
/// Vertical share of a contact's direction from which the hand stands on the ball instead of pushing it.
const STEEP: f64 = 0.7;
/// Metres above or below the ball's middle at which fingers still hold it and do not slip, and before or behind the middle
/// of their pads at which it does not jump away when it is squeezed, and the speed with which it does.
const GRIPS: f64 = 0.5 * BALL;
const PAD: f64 = 0.5 * BALL;
const JUMPS: f64 = 0.3;

impl GraspState {
    /// Moves on by a tenth of a second; `action` as [`super::Grasp`] says.
    #[inline]
    pub(super) fn step(&mut self, action: &[f64; 4]) {
        let target = 0.5 * (1.0 - action[3]) * WIDEST;
        for _ in 0..N_PARTS {
            let before = self.hand;
            for (axis, (low, high)) in [(-REACH, REACH), (-REACH, REACH), (LOWEST, HIGHEST)]
                .into_iter()
                .enumerate()
            {
                let moved = self.hand[axis] + action[axis] * HAND_SPEED / N_PARTS as f64;
                self.hand[axis] = moved.clamp(low, high);
            }
            let most = FINGER_SPEED / N_PARTS as f64;
            let closed_to = self.opening;
            self.opening += (target - self.opening).clamp(-most, most);
            if self.is_held && target <= closed_to {
                self.opening = closed_to;
                self.carry(before);
            } else {
                self.is_held = false;
                self.roll();
                self.touch(target);
            }
            self.stay_on_table();
        }
    }

    /// The ball comes along.
    fn carry(&mut self, before: [f64; 3]) {
        for (axis, before) in before.into_iter().enumerate() {
            self.ball[axis] += self.hand[axis] - before;
        }
        if self.ball[2] < BALL {
            // The table is in the way of the ball, and the ball in that of the hand.
            self.hand[2] += BALL - self.ball[2];
            self.ball[2] = BALL;
        }
        self.velocity = [0.0; 3];
    }

    fn roll(&mut self) {
        self.velocity[2] -= GRAVITY * SECONDS;
        for axis in 0..3 {
            self.ball[axis] += self.velocity[axis] * SECONDS;
        }
        if self.ball[2] <= BALL {
            self.ball[2] = BALL;
            self.velocity[2] = 0.0;
        }
        for axis in 0..2 {
            self.velocity[axis] *= ROLLS_ON;
            if self.velocity[axis].abs() < RESTING {
                self.velocity[axis] = 0.0;
            }
        }
    }

    /// Keeps hand and ball out of each other.
    fn touch(&mut self, target: f64) {
        let [across, along, up] = self.relative_to_hand();
        let is_between = (KNUCKLE..=TIP).contains(&along)
            && across.abs() <= self.opening + FINGER
            && up.abs() < TOUCH;
        let is_before_tips =
            along > TIP && across.abs() <= self.opening + FINGER && up.abs() < STEEP * TOUCH;
        if is_between {
            self.bound(target);
        } else if is_before_tips {
            self.push_ahead(across, along, up);
        } else {
            for side in [-1.0, 1.0] {
                let middle = side * (self.opening + FINGER);
                let along = self.relative_to_hand()[1].clamp(KNUCKLE, TIP);
                self.keep_off([middle, along, 0.0], TOUCH);
            }
        }
        let [across, along, up] = self.relative_to_hand();
        let nearest = [
            across.clamp(-PALM_WIDTH, PALM_WIDTH),
            along.clamp(KNUCKLE - PALM_LENGTH, KNUCKLE),
            up.clamp(-PALM_HEIGHT, PALM_HEIGHT),
        ];
        self.keep_off(nearest, BALL);
    }

    /// The ball's middle as seen from between the fingers.
    fn relative_to_hand(&self) -> [f64; 3] {
        [0, 1, 2].map(|axis| self.ball[axis] - self.hand[axis])
    }

    /// A ball between the fingers: one of them pushes it, or both hold it, or they stand on it.
    fn bound(&mut self, target: f64) {
        let [across, along, up] = self.relative_to_hand();
        // The opening at which both fingers touch it.
        let width = (TOUCH * TOUCH - up * up).sqrt() - FINGER;
        if self.opening >= width {
            let room = self.opening - width;
            self.push([across.clamp(-room, room) - across, 0.0]);
        } else if up.abs() > STEEP * TOUCH {
            // The finger that is nearer to the ball's top.
            let reached = self.opening + FINGER - across.abs();
            let stands = (TOUCH * TOUCH - reached * reached).max(0.0).sqrt();
            self.stand_off(-up.signum() * (stands - up.abs()));
        } else {
            self.opening = width;
            self.push([-across, 0.0]);
            self.velocity = [0.0; 3];
            self.is_held = target <= width && up.abs() <= GRIPS && along.abs() <= PAD;
            if along.abs() > PAD {
                self.velocity[1] = JUMPS * along.signum();
            }
        }
    }

    /// A ball before the tips of fingers that have no room for it between them goes straight ahead, for to the side of one
    /// is the other.
    fn push_ahead(&mut self, across: f64, along: f64, up: f64) {
        let aside = self.opening + FINGER - across.abs();
        let ahead = TOUCH * TOUCH - up * up - aside * aside;
        if ahead > 0.0 {
            self.push([0.0, (TIP + ahead.sqrt() - along).max(0.0)]);
        }
    }

    /// Keeps the ball at a distance from a point of the hand, given from between its fingers.
    fn keep_off(&mut self, point: [f64; 3], distance: f64) {
        let relative_to_hand = self.relative_to_hand();
        let [x, y, z] = [0, 1, 2].map(|axis| relative_to_hand[axis] - point[axis]);
        let (flat, far) = (x * x + y * y, distance * distance);
        if flat + z * z >= far {
            return;
        }
        if z.abs() >= STEEP * distance {
            let stands = (far - flat).max(0.0).sqrt();
            self.stand_off(-z.signum() * (stands - z.abs()));
            return;
        }
        let pushed_to = (far - z * z).sqrt();
        if flat > 0.0 {
            let share = pushed_to / flat.sqrt() - 1.0;
            self.push([x * share, y * share]);
        } else {
            self.push([0.0, pushed_to]);
        }
    }

    /// The ball is in the hand's way up or down, and the hand gives way.
    fn stand_off(&mut self, up: f64) {
        self.hand[2] = (self.hand[2] + up).clamp(LOWEST, HIGHEST);
    }

    /// Moves the ball along the table, on top of what it rolled in this part; it rolls on at the speed of both.
    fn push(&mut self, by: [f64; 2]) {
        for (axis, by) in by.into_iter().enumerate() {
            if by != 0.0 {
                self.ball[axis] += by;
                let speed = self.velocity[axis] + by / SECONDS;
                self.velocity[axis] = speed.clamp(-FASTEST, FASTEST);
            }
        }
    }

    /// The rim keeps the ball on the table.
    fn stay_on_table(&mut self) {
        let most = TABLE - BALL;
        for axis in 0..2 {
            if self.ball[axis].abs() > most {
                self.ball[axis] = self.ball[axis].clamp(-most, most);
                self.velocity[axis] = 0.0;
            }
        }
    }
}
