//! A problem with one of its goals, as an environment; and somebody who pursues it on a shortest way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};

use mdp::{
    Components, End, Enumerable, Environment, Outcome, Policy, ReturnBounds, Rng, Scene, Shape,
    Space, Step, bounds_per_step, index,
};

use super::GoalProblem;

/// A goal problem as an environment: each step costs 1 until the goal is reached, which ends the episode.
///
/// An action that cannot be taken changes nothing and costs a step too. An observation has the parts of the state as
/// discrete choices. The intent is the reward.
#[derive(Clone, Debug)]
pub struct Pursuit<P> {
    problem: P,
    goal: usize,
}

impl<P: GoalProblem> Pursuit<P> {
    /// The pursuit of one goal of a problem; none where the problem has no goal of that number.
    #[must_use]
    pub fn new(problem: P, goal: usize) -> Option<Pursuit<P>> {
        (goal < problem.n_goals()).then_some(Pursuit { problem, goal })
    }

    /// The problem.
    pub fn problem(&self) -> &P {
        &self.problem
    }

    /// The goal that is pursued.
    pub fn goal(&self) -> usize {
        self.goal
    }

    fn next(&self, state: &P::State, action: usize) -> (P::State, Step) {
        let mut successors = vec![];
        self.problem.successors(state, &mut successors);
        let taken = successors.iter().find(|(other, _)| *other == action);
        let next = taken.map_or(*state, |(_, next)| *next);
        let reached = self.problem.is_reached(&next, self.goal);
        let step = Step {
            reward: -1.0,
            components: Components::NONE,
            intent: Some(-1.0),
            end: reached.then_some(End::Terminated),
        };
        (next, step)
    }
}

impl<P: GoalProblem> Environment for Pursuit<P> {
    type State = P::State;
    type Observation = Vec<f32>;
    type Action = usize;

    fn initial_state(&self, _rng: &mut Rng) -> P::State {
        self.problem.start()
    }

    fn observe(&self, state: &P::State, _rng: &mut Rng) -> Vec<f32> {
        self.problem.observation(state)
    }

    fn step(&self, state: &mut P::State, action: &usize, _rng: &mut Rng) -> Step {
        let (next, step) = self.next(state, *action);
        *state = next;
        step
    }

    fn observation_space(&self) -> Space {
        Space::MultiDiscrete {
            sizes: self.problem.observation_sizes(),
        }
    }

    fn action_space(&self) -> Space {
        Space::Discrete {
            n: self.problem.action_names().len(),
        }
    }

    fn action_names(&self) -> &'static [&'static str] {
        self.problem.action_names()
    }

    fn return_bounds(&self, n_steps: u32) -> ReturnBounds {
        bounds_per_step(-1.0..=-1.0, -1.0..=-1.0, n_steps)
    }

    fn scene(&self) -> Option<Scene> {
        Some(self.problem.scene())
    }

    fn draw(&self, state: &P::State) -> Vec<Shape> {
        self.problem.draw(state, self.goal)
    }

    fn is_success(&self, state: &P::State) -> Option<bool> {
        Some(self.problem.is_reached(state, self.goal))
    }
}

impl<P: GoalProblem> Enumerable for Pursuit<P> {
    fn initial_states(&self) -> Vec<(f64, P::State)> {
        vec![(1.0, self.problem.start())]
    }

    fn outcomes(&self, state: &P::State, action: &usize) -> Vec<Outcome<P::State>> {
        let (next_state, step) = self.next(state, *action);
        vec![Outcome {
            probability: 1.0,
            next_state,
            step,
        }]
    }

    fn state_label(&self, state: &P::State) -> String {
        self.problem.label(state)
    }
}

/// Goes a shortest way to a goal, all next steps on one alike; where the goal is out of reach, takes any action.
///
/// Works out the steps that are left from every state that can be reached when it is first asked.
#[derive(Clone, Debug)]
pub struct GoalExpert<P> {
    pursuit: Pursuit<P>,
    /// For each observation, as its choices, the actions that lie on a shortest way.
    best: Arc<OnceLock<BTreeMap<Vec<u8>, Vec<u8>>>>,
}

impl<P: GoalProblem> GoalExpert<P> {
    /// The expert of a pursuit.
    #[must_use]
    pub fn new(pursuit: Pursuit<P>) -> GoalExpert<P> {
        GoalExpert {
            pursuit,
            best: Arc::default(),
        }
    }
}

fn best_actions<P: GoalProblem>(pursuit: &Pursuit<P>) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let problem = pursuit.problem();
    let mut numbers = BTreeMap::from([(problem.start(), 0)]);
    let mut states = vec![problem.start()];
    let mut edges: Vec<Vec<(usize, usize)>> = vec![];
    let mut successors = vec![];
    while edges.len() < states.len() {
        successors.clear();
        problem.successors(&states[edges.len()], &mut successors);
        let row = successors.iter().map(|(action, next)| {
            let number = *numbers.entry(*next).or_insert_with(|| {
                states.push(*next);
                states.len() - 1
            });
            (*action, number)
        });
        edges.push(row.collect());
    }
    let left = steps_left(&edges, |state| {
        problem.is_reached(&states[state], pursuit.goal())
    });
    let rows = states.iter().zip(&edges).enumerate();
    let rows = rows.filter(|(state, _)| left[*state] != u32::MAX);
    rows.map(|(state, (of, row))| {
        let nearer = row
            .iter()
            .filter(|(_, next)| left[*next] != u32::MAX && left[*next] + 1 == left[state]);
        let actions = nearer.map(|(action, _)| *action as u8).collect();
        (choices(&problem.observation(of)), actions)
    })
    .collect()
}

fn choices(observation: &[f32]) -> Vec<u8> {
    observation.iter().map(|choice| *choice as u8).collect()
}

/// Steps from each state to the nearest that is reached, [`u32::MAX`] where there is no way.
fn steps_left(edges: &[Vec<(usize, usize)>], is_reached: impl Fn(usize) -> bool) -> Vec<u32> {
    let mut before = vec![vec![]; edges.len()];
    for (state, row) in edges.iter().enumerate() {
        for (_, next) in row {
            before[*next].push(state);
        }
    }
    let mut left = vec![u32::MAX; edges.len()];
    let mut queue: VecDeque<usize> = (0..edges.len())
        .filter(|state| is_reached(*state))
        .collect();
    for state in &queue {
        left[*state] = 0;
    }
    while let Some(state) = queue.pop_front() {
        for previous in &before[state] {
            if left[*previous] == u32::MAX {
                left[*previous] = left[state] + 1;
                queue.push_back(*previous);
            }
        }
    }
    left
}

impl<P: GoalProblem> Policy<Vec<f32>, usize> for GoalExpert<P> {
    fn act(&self, observation: &Vec<f32>, rng: &mut Rng) -> usize {
        let best = self.best.get_or_init(|| best_actions(&self.pursuit));
        match best.get(&choices(observation)).map(Vec::as_slice) {
            Some(actions @ [_, ..]) => usize::from(actions[index(actions.len(), rng)]),
            _ => index(self.pursuit.problem().action_names().len(), rng),
        }
    }
}
