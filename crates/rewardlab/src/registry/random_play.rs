//! Random play from a state on, for estimates where nothing can be listed.

use check::Stepped;
use mdp::{
    Action as _, Components, Discount, End, Environment, Observation as _, Rng, StateVector as _,
    Step,
};
use nn::Pool;
use rl::{LearnedReward, RewardScratch, Transitions};

/// What followed a state and an action, in steps.
pub type Continued = check::Continuation<Step, ()>;

/// How much is played.
#[derive(Clone, Copy, Debug)]
pub struct RandomPlay {
    /// Times that what follows is drawn.
    pub n_draws: usize,
    /// Steps after which play is left.
    pub max_steps: usize,
    /// The discount of what is paid.
    pub discount: Discount,
}

/// An environment's steps as they are paid: by its own reward, or by a learned one in its place.
pub(super) struct Paid<'p, E> {
    environment: &'p E,
    reward: Option<&'p LearnedReward>,
    n_features: usize,
    scratch: RewardScratch,
    pool: Pool,
}

impl<'p, E: Environment> Paid<'p, E> {
    pub(super) fn new(environment: &'p E, reward: Option<&'p LearnedReward>) -> Paid<'p, E> {
        Paid {
            n_features: E::Observation::n_features(&environment.observation_space()),
            scratch: RewardScratch::default(),
            pool: Pool::new(1),
            environment,
            reward,
        }
    }

    fn step(&mut self, state: &mut E::State, action: &E::Action, rng: &mut Rng) -> Step {
        let Some(reward) = self.reward else {
            return self.environment.step(state, action, rng);
        };
        let mut numbers = vec![];
        state.write(&mut numbers);
        let observations = self.features(state, rng);
        let step = self.environment.step(state, action, rng);
        let transition = Transitions {
            observations: &observations,
            actions: &action.to_value(),
            next_observations: &self.features(state, rng),
            terminated: &[step.end == Some(End::Terminated)],
            states: &[numbers],
        };
        let mut paid = [0.0];
        reward.rewards(&transition, &mut paid, &mut self.scratch, &self.pool);
        Step {
            reward: paid[0],
            components: Components::NONE,
            ..step
        }
    }

    fn features(&self, state: &E::State, rng: &mut Rng) -> Vec<f32> {
        let mut features = vec![0.0; self.n_features];
        self.environment
            .observe(state, rng)
            .write_features(&mut features);
        features
    }
}

/// A state that random play comes to, an action drawn there, and what followed as often as `play` says.
pub(super) fn continuations<E: Environment>(
    paid: &mut Paid<'_, E>,
    play: &RandomPlay,
    mut rng: Rng,
) -> Vec<Continued> {
    let environment = paid.environment;
    let space = environment.action_space();
    let mut state = environment.initial_state(&mut rng);
    let mut chosen = state.clone();
    for n_steps in 1..play.max_steps {
        let action = E::Action::from_value(&space.sample(&mut rng));
        if environment.step(&mut state, &action, &mut rng).is_last() {
            break;
        }
        // Every state of the episode is as likely as any other.
        if mdp::index(n_steps + 1, &mut rng) == 0 {
            chosen = state.clone();
        }
    }
    let action = E::Action::from_value(&space.sample(&mut rng));
    let draws = (0..play.n_draws).map(|_| {
        let mut next_state = chosen.clone();
        let step = paid.step(&mut next_state, &action, &mut rng);
        Continued {
            next_state: step,
            from_state: vec![go_on(paid, chosen.clone(), play, &mut rng)],
            from_next_state: match step.is_last() {
                true => vec![],
                false => vec![go_on(paid, next_state, play, &mut rng)],
            },
        }
    });
    draws.collect()
}

/// What random play is paid from a state to the end of the episode, or in `max_steps`, as the discounted sums of each
/// channel: rewards are linear in them, so one step stands for all.
fn go_on<E: Environment>(
    paid: &mut Paid<'_, E>,
    mut state: E::State,
    play: &RandomPlay,
    rng: &mut Rng,
) -> Stepped<Step, ()> {
    let space = paid.environment.action_space();
    let (mut sums, mut weight) = (Sums::default(), 1.0);
    for _ in 0..play.max_steps {
        let action = E::Action::from_value(&space.sample(rng));
        let step = paid.step(&mut state, &action, rng);
        sums.add(&step, weight);
        weight *= play.discount.get();
        if step.is_last() {
            break;
        }
    }
    Stepped {
        state: Step::of_reward(0.0),
        action: (),
        next_state: sums.step(),
    }
}

/// Discounted sums of what steps pay, channel by channel.
#[derive(Default)]
struct Sums {
    reward: f64,
    intent: Option<f64>,
    components: Vec<f64>,
}

impl Sums {
    fn add(&mut self, step: &Step, weight: f64) {
        self.reward += weight * step.reward;
        if let Some(intent) = step.intent {
            *self.intent.get_or_insert(0.0) += weight * intent;
        }
        let terms = step.components.as_slice();
        self.components
            .resize(terms.len().max(self.components.len()), 0.0);
        for (sum, term) in self.components.iter_mut().zip(terms) {
            *sum += weight * term;
        }
    }

    fn step(&self) -> Step {
        Step {
            components: Components::from_slice(&self.components),
            intent: self.intent,
            ..Step::of_reward(self.reward)
        }
    }
}
