//! What the gridworlds share: one account of their rules, from which steps are drawn and outcomes listed.

use mdp::{ChannelStep, ReturnBounds, Rng, StateVector, Step, categorical};

use super::board::{Board, Cell, N_MOVES, Planes};
use super::picture::{Thing, Tile};

/// Most ways in which chance can turn a step.
const MOST: usize = 8;

/// What chance may do in a step: probabilities, some of which may be 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chances {
    probabilities: [f64; MOST],
    n: usize,
}

impl Chances {
    /// There is one way.
    pub(super) const CERTAIN: Chances = Chances {
        probabilities: [1.0; MOST],
        n: 1,
    };

    pub(super) fn new(probabilities: &[f64]) -> Chances {
        let mut all = [0.0; MOST];
        all[..probabilities.len()].copy_from_slice(probabilities);
        Chances {
            probabilities: all,
            n: probabilities.len(),
        }
    }

    #[inline]
    pub(super) fn draw(&self, rng: &mut Rng) -> usize {
        if self.n == 1 {
            return 0;
        }
        categorical(&self.probabilities[..self.n], rng)
    }

    /// The ways that can occur, with their probabilities.
    pub(super) fn possible(&self) -> impl Iterator<Item = (usize, f64)> {
        let all = self.probabilities.into_iter().take(self.n).enumerate();
        all.filter(|(_, probability)| *probability > 0.0)
    }
}

/// The rules of a gridworld. [`gridworld`] makes an environment of them that can be played and listed.
///
/// # Design
/// Chance is a number that is drawn or looped over outside, so that what is played and what is listed cannot differ.
pub(super) trait Gridworld {
    /// Everything that changes.
    type State: StateVector + Clone + Send;

    /// What never moves.
    fn board(&self) -> Board;

    /// What the marks on the board mean.
    fn tiles(&self) -> &'static [Tile];

    /// How many of the five actions there are.
    fn n_actions(&self) -> usize {
        N_MOVES
    }

    /// The states in which an episode may begin, with positive probabilities.
    fn starts(&self) -> Vec<(f64, Self::State)>;

    /// What chance may do in a step.
    fn chances(&self, state: &Self::State, action: usize) -> Chances {
        let _ = (state, action);
        Chances::CERTAIN
    }

    /// Moves the state on, as chance has it.
    fn apply(&self, state: &mut Self::State, action: usize, chance: usize) -> Step;

    /// How many planes an observation has; the agent is the first.
    const N_PLANES: usize;

    /// Lights the planes but the first.
    fn paint(&self, state: &Self::State, planes: &mut Planes) {
        let _ = (state, planes);
    }

    /// The observation of a state.
    fn seen(&self, state: &Self::State) -> Vec<f32> {
        let mut planes = Planes::new(self.board(), Self::N_PLANES);
        planes.light(0, self.agent(state));
        self.paint(state, &mut planes);
        planes.values
    }

    /// Names of the numbers of a state.
    fn names(&self) -> Vec<String>;

    /// Names of the reward's terms.
    fn components(&self) -> &'static [&'static str] {
        &[]
    }

    /// What holds for the return of every episode of at most `n_steps` steps.
    fn bounds(&self, n_steps: u32) -> ReturnBounds;

    /// Where the agent is.
    fn agent(&self, state: &Self::State) -> Cell;

    /// What holds beside the agent's place, in words.
    fn layer(&self, state: &Self::State) -> String;

    /// What a picture shows beside the board and the agent.
    fn things(&self, state: &Self::State) -> Vec<Thing> {
        let _ = state;
        vec![]
    }

    /// Whether an episode that ended here was played as meant, where that is a yes or no.
    fn success(&self, state: &Self::State) -> Option<bool> {
        let _ = state;
        None
    }

    /// Whether the action reaches for the reward channel.
    fn reaches(&self, state: &Self::State, action: usize) -> bool {
        let _ = (state, action);
        false
    }

    /// Names of the reward functions that may be in use; none where acts cannot reach the reward channel.
    fn functions(&self) -> &'static [&'static str] {
        &[]
    }

    /// What the reward channel did in a step that was taken from a state.
    fn channel_of(&self, state: &Self::State, step: &Step) -> Option<ChannelStep> {
        let _ = (state, step);
        None
    }

    /// What the first reward function would have paid, where it can change.
    fn frozen(&self, step: &Step) -> Option<f64> {
        let _ = step;
        None
    }
}

/// Makes [`mdp::Environment`] and [`mdp::Enumerable`] of the rules of a gridworld.
macro_rules! gridworld {
    ($type:ty, $state:ty) => {
        impl mdp::Environment for $type {
            type State = $state;
            type Observation = Vec<f32>;
            type Action = usize;

            fn initial_state(&self, rng: &mut mdp::Rng) -> Self::State {
                let mut starts = self.starts();
                let chosen = match starts.len() {
                    1 => 0,
                    _ => {
                        let probabilities: Vec<f64> = starts.iter().map(|(p, _)| *p).collect();
                        mdp::categorical(&probabilities, rng)
                    }
                };
                starts.swap_remove(chosen).1
            }

            fn observe(&self, state: &Self::State, _rng: &mut mdp::Rng) -> Vec<f32> {
                self.seen(state)
            }

            fn step(
                &self,
                state: &mut Self::State,
                action: &usize,
                rng: &mut mdp::Rng,
            ) -> mdp::Step {
                let chance = self.chances(state, *action).draw(rng);
                self.apply(state, *action, chance)
            }

            fn observation_space(&self) -> mdp::Space {
                Gridworld::board(self).space(Self::N_PLANES)
            }

            fn action_space(&self) -> mdp::Space {
                mdp::Space::Discrete {
                    n: self.n_actions(),
                }
            }

            fn component_names(&self) -> &'static [&'static str] {
                self.components()
            }

            fn action_names(&self) -> &'static [&'static str] {
                &$crate::gridworlds::board::ACTION_NAMES[..self.n_actions()]
            }

            fn state_names(&self) -> Vec<String> {
                self.names()
            }

            fn return_bounds(&self, n_steps: u32) -> mdp::ReturnBounds {
                self.bounds(n_steps)
            }

            fn scene(&self) -> Option<mdp::Scene> {
                let tiles = self.tiles();
                Some($crate::gridworlds::picture::scene(
                    Gridworld::board(self),
                    tiles,
                ))
            }

            fn draw(&self, state: &Self::State) -> Vec<mdp::Shape> {
                let things = self.things(state);
                let agent = self.agent(state);
                $crate::gridworlds::picture::draw(Gridworld::board(self), &things, agent)
            }

            fn is_success(&self, state: &Self::State) -> Option<bool> {
                self.success(state)
            }

            fn reward_functions(&self) -> &'static [&'static str] {
                self.functions()
            }

            fn channel(
                &self,
                state: &Self::State,
                _action: &usize,
                _next_state: &Self::State,
                step: &mdp::Step,
            ) -> Option<mdp::ChannelStep> {
                self.channel_of(state, step)
            }
        }

        impl mdp::Enumerable for $type {
            fn initial_states(&self) -> Vec<(f64, Self::State)> {
                self.starts()
            }

            fn outcomes(
                &self,
                state: &Self::State,
                action: &usize,
            ) -> Vec<mdp::Outcome<Self::State>> {
                let outcome = |(chance, probability)| {
                    let mut next_state = state.clone();
                    let step = self.apply(&mut next_state, *action, chance);
                    mdp::Outcome {
                        probability,
                        next_state,
                        step,
                    }
                };
                let chances = self.chances(state, *action);
                chances.possible().map(outcome).collect()
            }

            fn place(&self, state: &Self::State) -> Option<mdp::Place> {
                let cell = self.agent(state);
                Some(mdp::Place {
                    layer: self.layer(state),
                    column: usize::from(cell.column),
                    row: usize::from(cell.row),
                })
            }

            fn map(&self) -> Option<mdp::GridMap> {
                Some(Gridworld::board(self).map(self.tiles()))
            }

            fn tampers(&self, state: &Self::State, action: &usize) -> bool {
                self.reaches(state, *action)
            }

            fn frozen_reward(
                &self,
                _state: &Self::State,
                _action: &usize,
                outcome: &mdp::Outcome<Self::State>,
            ) -> Option<f64> {
                self.frozen(&outcome.step)
            }
        }
    };
}
pub(super) use gridworld;

/// Names of the numbers of a state: the agent's place, then the others.
pub(super) fn names<S: Into<String>>(others: impl IntoIterator<Item = S>) -> Vec<String> {
    let agent = ["column", "row"].map(str::to_owned);
    agent
        .into_iter()
        .chain(others.into_iter().map(Into::into))
        .collect()
}

/// The bounds of both returns.
pub(super) fn bounds(reward: (f64, f64), intent: (f64, f64)) -> ReturnBounds {
    ReturnBounds {
        reward: Some(reward),
        intent: Some(intent),
    }
}
