//! Random play from a state on, for estimates where nothing can be listed.

use check::Stepped;
use mdp::{Action as _, Components, Discount, Environment, Rng, Step};

/// What followed a state and an action, in steps.
pub type Continued = check::Continuation<Step, ()>;

/// A state that random play comes to, an action drawn there, and `n_draws` times what followed.
pub(super) fn continuations<E: Environment>(
    environment: &E,
    n_draws: usize,
    max_steps: usize,
    discount: Discount,
    mut rng: Rng,
) -> Vec<Continued> {
    let space = environment.action_space();
    let mut state = environment.initial_state(&mut rng);
    let mut chosen = state.clone();
    for n_steps in 1..max_steps {
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
    let go_on =
        |state: E::State, rng: &mut Rng| go_on(environment, state, max_steps, discount, rng);
    let draws = (0..n_draws).map(|_| {
        let mut next_state = chosen.clone();
        let step = environment.step(&mut next_state, &action, &mut rng);
        Continued {
            next_state: step,
            from_state: vec![go_on(chosen.clone(), &mut rng)],
            from_next_state: match step.is_last() {
                true => vec![],
                false => vec![go_on(next_state, &mut rng)],
            },
        }
    });
    draws.collect()
}

/// What random play is paid from a state to the end of the episode, or in `max_steps`, as the discounted sums of each
/// channel: rewards are linear in them, so one step stands for all.
fn go_on<E: Environment>(
    environment: &E,
    mut state: E::State,
    max_steps: usize,
    discount: Discount,
    rng: &mut Rng,
) -> Stepped<Step, ()> {
    let space = environment.action_space();
    let (mut sums, mut weight) = (Sums::default(), 1.0);
    for _ in 0..max_steps {
        let action = E::Action::from_value(&space.sample(rng));
        let step = environment.step(&mut state, &action, rng);
        sums.add(&step, weight);
        weight *= discount.get();
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
