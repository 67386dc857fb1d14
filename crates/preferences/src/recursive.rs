//! Recursive reward modelling: agents trained by the same loop help to judge what is too hard to judge unaided.
//!
//! In the *narrow* form ([`train`]) annotators judge what an agent does by looking at it. That fails where what they are
//! shown does not hold what they would have to know. In the recursive form (Leike et al., 2018, section 3.2) they are
//! helped: for each segment a question is put to an [`Assistant`], an agent that was trained on a task whose outcome
//! annotators *can* judge, and what it does about the question is judged beside the segment ([`AssistedJudge`]). The
//! assistant may itself have been trained by assisted annotators: [`train_levels`] trains one level after the other,
//! and each may consult all before it.
//!
//! # Details
//! A question is a state of the assistant's environment, made from the segment: the room as the clip left it, say. The
//! assistant plays from there, greedily and for so many steps at most. It plays with a random stream of its own that
//! depends on the seed alone, so that judging twice gives the same score. Errors of assistants become errors of
//! judgement; nothing here corrects them.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use feedback::{Annotators, Judge};
use mdp::{Action, Environment, Observation, Rng, Seed, Segment, StateVector};
use nn::Pool;
use rl::{
    Error, NetworkPolicy, Observer, Play, RewardNetwork, TrainedPolicy, VectorEnvironment, ppo,
};

use crate::{Config, train};

/// An agent that is asked about a segment.
pub struct Assistant {
    policy: Box<dyn TrainedPolicy>,
    place: Box<dyn Place>,
    question: Question,
    n_steps: usize,
    seed: Seed,
}

/// The state that a segment raises as a question, in the form of [`StateVector`]; none where it raises none.
type Question = Box<dyn Fn(&Segment) -> Option<Vec<f64>> + Send + Sync>;

/// What is made of a segment and of the answers of all assistants, in their order.
type Verdict = Box<dyn Fn(&Segment, &[Option<Segment>]) -> f64 + Send + Sync>;

/// An environment in which an assistant acts, its types erased.
trait Place: Send + Sync {
    fn play(
        &self,
        state: &[f64],
        policy: &dyn TrainedPolicy,
        n_steps: usize,
        rng: Rng,
    ) -> Option<Segment>;
}

impl Assistant {
    /// An assistant that plays at most `n_steps` steps of `environment` from the state that `question` makes of a
    /// segment.
    pub fn new<E: Environment + 'static>(
        policy: Box<dyn TrainedPolicy>,
        environment: Arc<E>,
        question: impl Fn(&Segment) -> Option<Vec<f64>> + Send + Sync + 'static,
        n_steps: usize,
        seed: Seed,
    ) -> Assistant {
        Assistant {
            policy,
            place: Box::new(environment),
            question: Box::new(question),
            n_steps,
            seed,
        }
    }

    /// What it does about a segment; none where the segment raises no question, or one that is no state of its
    /// environment.
    #[must_use]
    pub fn answer(&self, segment: &Segment) -> Option<Segment> {
        let state = (self.question)(segment)?;
        let rng = self.seed.stream("assistant", 0);
        self.place
            .play(&state, self.policy.as_ref(), self.n_steps, rng)
    }
}

impl<E: Environment> Place for Arc<E> {
    fn play(
        &self,
        state: &[f64],
        policy: &dyn TrainedPolicy,
        n_steps: usize,
        mut rng: Rng,
    ) -> Option<Segment> {
        let mut state = E::State::read(state).ok()?;
        let (observation_space, action_space) = (self.observation_space(), self.action_space());
        let n_features = E::Observation::n_features(&observation_space);
        let mut segment = Segment {
            n_features,
            n_action_values: action_space.n_values(),
            intents: Some(vec![]),
            ..Segment::default()
        };
        let pool = Pool::new(1);
        let mut actor = policy.actor(Play::Greedy, 1);
        let mut action_rngs = [rng.clone()];
        let mut features = vec![0.0; n_features];
        let mut action = vec![0.0; action_space.n_values()];
        state.write(&mut segment.states);
        segment.n_state_values = segment.states.len();
        self.observe(&state, &mut rng).write_features(&mut features);
        for _ in 0..n_steps {
            actor.act(&features, &mut action_rngs, &mut action, &pool);
            segment.observations.extend_from_slice(&features);
            segment.actions.extend_from_slice(&action);
            let step = self.step(&mut state, &E::Action::from_value(&action), &mut rng);
            self.observe(&state, &mut rng).write_features(&mut features);
            segment.next_observations.extend_from_slice(&features);
            state.write(&mut segment.states);
            segment.rewards.push(step.reward);
            segment.intents = segment
                .intents
                .take()
                .zip(step.intent)
                .map(|(mut all, one)| {
                    all.push(one);
                    all
                });
            let end = step.end;
            segment.terminated.push(end == Some(mdp::End::Terminated));
            if end.is_some() {
                break;
            }
        }
        Some(segment)
    }
}

/// A judge that looks at a segment and at what assistants did about it.
pub struct AssistedJudge {
    assistants: Vec<Assistant>,
    verdict: Verdict,
}

impl AssistedJudge {
    /// A judge whose score `verdict` makes of a segment and of what each assistant did about it.
    pub fn new(
        assistants: Vec<Assistant>,
        verdict: impl Fn(&Segment, &[Option<Segment>]) -> f64 + Send + Sync + 'static,
    ) -> AssistedJudge {
        AssistedJudge {
            assistants,
            verdict: Box::new(verdict),
        }
    }
}

impl Judge for AssistedJudge {
    fn score(&self, segment: &Segment) -> f64 {
        let answers: Vec<Option<Segment>> = self
            .assistants
            .iter()
            .map(|assistant| assistant.answer(segment))
            .collect();
        (self.verdict)(segment, &answers)
    }
}

/// A task in a row of tasks, each of which may be judged with the help of agents trained on those before it.
pub struct Level {
    /// Its name, in errors and for those after it.
    pub name: String,
    /// Settings of the loop and the reward model.
    pub config: Config,
    /// Settings of the optimiser.
    pub optimizer: ppo::Config,
    /// Where its agent acts.
    pub environment: Box<dyn VectorEnvironment>,
    /// Makes those who judge it, given all levels before it; they answer at once.
    pub annotators: MakeAnnotators,
}

/// Makes annotators from the levels that are trained already.
pub type MakeAnnotators = Box<dyn FnOnce(&[TrainedLevel]) -> Result<Box<dyn Annotators>, Error>>;

/// What training a level left.
#[derive(Clone, Debug)]
pub struct TrainedLevel {
    /// Its name.
    pub name: String,
    /// Its agent.
    pub policy: NetworkPolicy,
    /// What its annotators were understood to want.
    pub reward: RewardNetwork,
}

/// Trains the agents of all levels, the first one first.
///
/// # Errors
/// As [`train`] of the level at which it stops.
pub fn train_levels(
    levels: Vec<Level>,
    seed: Seed,
    pool: &Arc<Pool>,
    observer: &mut dyn Observer,
) -> Result<Vec<TrainedLevel>, Error> {
    let mut trained = Vec::with_capacity(levels.len());
    for (number, level) in levels.into_iter().enumerate() {
        let annotators = (level.annotators)(&trained)?;
        let (policy, reward) = train(
            level.config,
            level.optimizer,
            annotators,
            level.environment,
            seed.child("level", number as u64),
            Arc::clone(pool),
            observer,
        )?;
        trained.push(TrainedLevel {
            name: level.name,
            policy,
            reward,
        });
    }
    Ok(trained)
}
