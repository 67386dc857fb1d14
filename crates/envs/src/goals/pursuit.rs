//! A problem with one of its goals, as an environment; and somebody who pursues it on a shortest way.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, DefaultHasher, Hash};
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

/// A map without a random key, which is looked up in and never walked through.
type Lookup<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;

/// Goes a shortest way to a goal, all next steps on one alike; where the goal is out of reach, takes any action.
///
/// Works out the steps that are left from every state that can be reached when it is first asked.
#[derive(Clone, Debug)]
pub struct GoalExpert<P> {
    pursuit: Pursuit<P>,
    /// For each observation, as its choices, a bit for each action that lies on a shortest way.
    best: Arc<OnceLock<Lookup<Vec<u8>, u32>>>,
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

/// The states that can be reached, and the steps between them.
struct Graph<S> {
    states: Vec<S>,
    /// Where the steps from each state begin, and where the last end.
    offsets: Vec<usize>,
    /// Action and number of the next state.
    steps: Vec<(usize, u32)>,
}

impl<S: Copy + Eq + Hash> Graph<S> {
    fn new<P: GoalProblem<State = S>>(problem: &P) -> Graph<S> {
        let mut numbers: Lookup<S, u32> = Lookup::default();
        numbers.insert(problem.start(), 0);
        let mut graph = Graph {
            states: vec![problem.start()],
            offsets: vec![0],
            steps: vec![],
        };
        let mut successors = vec![];
        while graph.offsets.len() <= graph.states.len() {
            successors.clear();
            problem.successors(&graph.states[graph.offsets.len() - 1], &mut successors);
            for (action, next) in &successors {
                let number = *numbers.entry(*next).or_insert_with(|| {
                    graph.states.push(*next);
                    (graph.states.len() - 1) as u32
                });
                graph.steps.push((*action, number));
            }
            graph.offsets.push(graph.steps.len());
        }
        graph
    }

    fn steps_of(&self, state: usize) -> &[(usize, u32)] {
        &self.steps[self.offsets[state]..self.offsets[state + 1]]
    }

    /// Steps from each state to the nearest that is reached, [`u32::MAX`] where there is no way.
    fn left(&self, is_reached: impl Fn(&S) -> bool) -> Vec<u32> {
        let n_states = self.states.len();
        let mut begins = vec![0; n_states + 1];
        for (_, next) in &self.steps {
            begins[*next as usize + 1] += 1;
        }
        for state in 0..n_states {
            begins[state + 1] += begins[state];
        }
        let (mut places, mut before) = (begins.clone(), vec![0; self.steps.len()]);
        for state in 0..n_states {
            for (_, next) in self.steps_of(state) {
                before[places[*next as usize]] = state;
                places[*next as usize] += 1;
            }
        }
        let mut left = vec![u32::MAX; n_states];
        let mut queue: VecDeque<usize> = (0..n_states)
            .filter(|state| is_reached(&self.states[*state]))
            .collect();
        for state in &queue {
            left[*state] = 0;
        }
        while let Some(state) = queue.pop_front() {
            for previous in &before[begins[state]..begins[state + 1]] {
                if left[*previous] == u32::MAX {
                    left[*previous] = left[state] + 1;
                    queue.push_back(*previous);
                }
            }
        }
        left
    }
}

/// For each observation from which there is a way, a bit for each action that lies on a shortest one.
fn best_actions<P: GoalProblem>(pursuit: &Pursuit<P>) -> Lookup<Vec<u8>, u32> {
    let problem = pursuit.problem();
    let graph = Graph::new(problem);
    let left = graph.left(|state| problem.is_reached(state, pursuit.goal()));
    let with_ways = (0..left.len()).filter(|state| left[*state] != u32::MAX);
    let each = with_ways.map(|state| {
        let nearer = graph.steps_of(state).iter().filter(|(_, next)| {
            let next = left[*next as usize];
            next != u32::MAX && next + 1 == left[state]
        });
        let actions = nearer.fold(0, |actions, (action, _)| actions | 1 << action);
        (choices(&problem.observation(&graph.states[state])), actions)
    });
    each.collect()
}

fn choices(observation: &[f32]) -> Vec<u8> {
    observation.iter().map(|choice| *choice as u8).collect()
}

impl<P: GoalProblem> Policy<Vec<f32>, usize> for GoalExpert<P> {
    fn act(&self, observation: &Vec<f32>, rng: &mut Rng) -> usize {
        let best = self.best.get_or_init(|| best_actions(&self.pursuit));
        let n_actions = self.pursuit.problem().action_names().len();
        let best = best.get(&choices(observation)).copied().unwrap_or(0);
        let ways: Vec<usize> = (0..n_actions)
            .filter(|action| best >> action & 1 == 1)
            .collect();
        match ways.len() {
            0 => index(n_actions, rng),
            n_ways => ways[index(n_ways, rng)],
        }
    }
}
