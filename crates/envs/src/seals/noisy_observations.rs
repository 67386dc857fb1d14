//! NoisyObservations: a small grid that is seen among numbers that mean nothing.

use mdp::{
    Enumerable, Environment, GridMap, Ink, Outcome, Place, ReturnBounds, Rng, Scene, Shape, Space,
    Step, bounds_per_step, index, normal,
};

use crate::toy_text::picture::Board;

const SIZE: usize = 5;
const N_NOISE: usize = 20;
const CENTER: usize = SIZE * SIZE / 2;
/// Right, down, left, up, stay, as changes of column and row.
const MOVES: [(isize, isize); 5] = [(1, 0), (0, 1), (-1, 0), (0, -1), (0, 0)];

/// A grid of 5 by 5 cells; an episode begins in a corner, and the centre pays 1 for each step that is begun in it.
///
/// What is seen is column and row, and 20 draws from a standard normal distribution that mean nothing
/// (seals/NoisyObs-v0). A state is `row * 5 + column`; actions are right, down, left, up, stay.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoisyObservations;

impl NoisyObservations {
    /// Steps of an episode.
    pub const TIME_LIMIT: u32 = 15;
    const CORNERS: [usize; 4] = [0, SIZE - 1, SIZE * (SIZE - 1), SIZE * SIZE - 1];

    fn transition(state: usize, action: usize) -> (usize, Step) {
        let (right, down) = MOVES[action];
        let column = (state % SIZE).saturating_add_signed(right).min(SIZE - 1);
        let row = (state / SIZE).saturating_add_signed(down).min(SIZE - 1);
        let reward = f64::from(u8::from(state == CENTER));
        let step = Step {
            intent: Some(reward),
            ..Step::of_reward(reward)
        };
        (row * SIZE + column, step)
    }
}

impl Environment for NoisyObservations {
    type State = usize;
    type Observation = [f32; 2 + N_NOISE];
    type Action = usize;

    fn initial_state(&self, rng: &mut Rng) -> usize {
        NoisyObservations::CORNERS[index(4, rng)]
    }

    fn observe(&self, state: &usize, rng: &mut Rng) -> [f32; 2 + N_NOISE] {
        let mut features = [0.0; 2 + N_NOISE];
        features[0] = (state % SIZE) as f32;
        features[1] = (state / SIZE) as f32;
        features[2..].fill_with(|| normal(rng) as f32);
        features
    }

    fn step(&self, state: &mut usize, action: &usize, _rng: &mut Rng) -> Step {
        let (next, step) = NoisyObservations::transition(*state, *action);
        *state = next;
        step
    }

    fn observation_space(&self) -> Space {
        let mut low = [f32::NEG_INFINITY; 2 + N_NOISE];
        let mut high = [f32::INFINITY; 2 + N_NOISE];
        low[..2].fill(0.0);
        high[..2].fill((SIZE - 1) as f32);
        Space::bounded(&low, &high)
    }

    fn action_space(&self) -> Space {
        Space::Discrete { n: MOVES.len() }
    }

    fn action_names(&self) -> &'static [&'static str] {
        &["right", "down", "left", "up", "stay"]
    }

    fn state_names(&self) -> Vec<String> {
        vec!["state".to_owned()]
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_per_step(0.0..=1.0, 0.0..=1.0, n_steps)
    }

    fn scene(&self) -> Option<Scene> {
        let map = grid();
        let ink = |cell| Some(if cell == 'G' { Ink::Goal } else { Ink::Ground });
        Some(Board::of(&map).scene(&map, ink))
    }

    fn draw(&self, state: &usize) -> Vec<Shape> {
        if *state >= SIZE * SIZE {
            return vec![];
        }
        vec![Board::of(&grid()).disc(state % SIZE, state / SIZE, 0.3, Ink::Agent)]
    }

    fn is_success(&self, state: &usize) -> Option<bool> {
        Some(*state == CENTER)
    }
}

impl Enumerable for NoisyObservations {
    fn initial_states(&self) -> Vec<(f64, usize)> {
        NoisyObservations::CORNERS
            .map(|corner| (0.25, corner))
            .to_vec()
    }

    fn outcomes(&self, state: &usize, action: &usize) -> Vec<Outcome<usize>> {
        let (next_state, step) = NoisyObservations::transition(*state, *action);
        vec![Outcome {
            probability: 1.0,
            next_state,
            step,
        }]
    }

    fn place(&self, state: &usize) -> Option<Place> {
        Some(Place {
            layer: "grid".to_owned(),
            column: state % SIZE,
            row: state / SIZE,
        })
    }

    fn map(&self) -> Option<GridMap> {
        Some(grid())
    }

    fn state_label(&self, state: &usize) -> String {
        format!("row {}, column {}", state / SIZE, state % SIZE)
    }
}

fn grid() -> GridMap {
    let floor = " ".repeat(SIZE);
    let mut rows = vec![floor; SIZE];
    rows[SIZE / 2] = "  G  ".to_owned();
    GridMap {
        rows,
        legend: vec![('G', "centre".to_owned())],
    }
}
