//! What training says while it runs.

use crate::Error;
use crate::checkpoint::Arrays;

/// Something that happened in training. A closed list: an observer can match it whole.
#[derive(Clone, Debug, PartialEq)]
pub enum TrainEvent {
    /// One round of collecting and learning.
    Iteration(Iteration),
}

/// The numbers of one round. Those that a round did not make are absent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Iteration {
    /// Environment steps taken so far.
    pub n_steps: u64,
    /// Mean return of the episodes that ended in this round, undiscounted, as the environment paid it.
    pub reward_return: Option<f64>,
    /// Mean intent of the episodes that ended in this round, where it is known.
    pub intent_return: Option<f64>,
    /// Mean length of the episodes that ended in this round.
    pub episode_length: Option<f64>,
    /// Learning rate of the round.
    pub learning_rate: f32,
    /// Mean over minibatches of the policy loss.
    pub policy_loss: Option<f64>,
    /// Mean squared error of the values, mean over minibatches.
    pub value_loss: Option<f64>,
    /// Mean entropy of the policy, nats.
    pub entropy: Option<f64>,
    /// Mean of (ratio - 1) - log ratio: an estimate of the KL from the policy that collected.
    pub approximate_kl: Option<f64>,
    /// Share of samples whose ratio was clipped.
    pub clip_fraction: Option<f64>,
    /// 1 - Var(return - value) / Var(return).
    pub explained_variance: Option<f64>,
    /// Probability of a random action (value-based methods).
    pub exploration: Option<f64>,
    /// Mean of minus the log-probability of what was held back from learning (cloning).
    pub validation_loss: Option<f64>,
    /// Probability that the expert, not the learner, chose an action (DAgger's β).
    pub expert_share: Option<f64>,
    /// Step of the demonstration from which the latest episodes begin (the backward algorithm).
    pub start_point: Option<u64>,
    /// Share of the episodes that ended in this round with at least the demonstration's score (the backward algorithm).
    pub matched_share: Option<f64>,
    /// What a discriminator says of demonstrations and of the policy (adversarial imitation).
    pub discriminator: Option<DiscriminatorReport>,
    /// What a reward model makes of people's comparisons (learning from preferences).
    pub preferences: Option<PreferenceReport>,
}

/// How well a discriminator tells demonstrations from what a policy did, in the last batch of a round, and what the
/// policy is paid for by it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DiscriminatorReport {
    /// Binary cross-entropy, nats; log 2 where it tells nothing apart.
    pub loss: f64,
    /// Share of demonstrated transitions with a logit above 0.
    pub accuracy_on_expert: f64,
    /// Share of the policy's transitions with a logit below 0.
    pub accuracy_on_policy: f64,
    /// Mean logit of demonstrated transitions less that of the policy's.
    pub logit_gap: f64,
    /// Mean entropy of the verdicts, nats; log 2 where it is undecided.
    pub entropy: f64,
    /// Mean of the penalty on its gradient, before its weight; none without a penalty.
    pub penalty: Option<f64>,
    /// Mean reward of the policy's transitions in the round, before transforms.
    pub reward_mean: f64,
    /// Share of these rewards above 0: where all are, every further step is welcome.
    pub positive_share: f64,
    /// Share of these rewards below 0: where all are, every end is welcome.
    pub negative_share: f64,
    /// What the absorbing state pays each step, before transforms, where there is one.
    pub absorbing_reward: Option<f64>,
    /// What is taken off each reward before it is scaled.
    pub reward_offset: f64,
    /// What the rewards are divided by after that.
    pub reward_scale: f64,
}

/// What was asked and answered so far, and how well the reward model foretells it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PreferenceReport {
    /// Questions asked so far.
    pub n_asked: usize,
    /// Of these, questions answered in any way.
    pub n_answered: usize,
    /// Judgements that the reward model learns from now: without those that teach nothing, and the last ones alone where
    /// old ones are forgotten.
    pub n_learned_from: usize,
    /// Mean loss over the members and what each learns from, nats for comparisons; none before the first fit.
    pub loss: Option<f64>,
    /// Share of the comparisons learned from, those of equals aside, that members order as they were answered.
    pub accuracy: Option<f64>,
    /// The loss on what each member does not learn from.
    pub validation_loss: Option<f64>,
    /// The accuracy on what each member does not learn from.
    pub validation_accuracy: Option<f64>,
    /// Share of the latest answers that the model foretold before it learned from them.
    pub foretold: Option<f64>,
    /// Share of the latest questions that the model orders as the sums of the intent do, equals aside; none where nobody
    /// has said what is meant.
    pub intent_agreement: Option<f64>,
    /// Mean over the round's transitions of the deviation between the members' normalised rewards; none for one member.
    pub disagreement: Option<f64>,
    /// Mean over members of the coefficient of weight decay.
    pub weight_decay: Option<f64>,
    /// Mean reward of the round's transitions, as the optimiser receives it.
    pub reward_mean: f64,
}

/// Whoever wants to know.
pub trait Observer {
    /// Called after each event, on the thread that trains.
    fn on_event(&mut self, event: &TrainEvent);
}

impl<F: FnMut(&TrainEvent)> Observer for F {
    fn on_event(&mut self, event: &TrainEvent) {
        self(event);
    }
}

/// Running sums of the episodes in progress, and what ended since the last round.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct EpisodeSums {
    rewards: Vec<f64>,
    intents: Vec<f64>,
    lengths: Vec<u32>,
    ended: Vec<(f64, f64, u32)>,
    has_intent: bool,
}

impl EpisodeSums {
    pub(crate) fn new(n: usize) -> EpisodeSums {
        EpisodeSums {
            rewards: vec![0.0; n],
            intents: vec![0.0; n],
            lengths: vec![0; n],
            ..EpisodeSums::default()
        }
    }

    pub(crate) fn push(&mut self, batch: &crate::StepBatch) {
        self.has_intent = batch.has_intent;
        for index in 0..self.rewards.len() {
            self.rewards[index] += batch.rewards[index];
            self.intents[index] += batch.intents[index];
            self.lengths[index] += 1;
            if batch.ended[index] {
                let sums = (
                    self.rewards[index],
                    self.intents[index],
                    self.lengths[index],
                );
                self.ended.push(sums);
                self.rewards[index] = 0.0;
                self.intents[index] = 0.0;
                self.lengths[index] = 0;
            }
        }
    }

    pub(crate) fn save(&self, arrays: &mut Arrays) {
        arrays.put_f64("episode.rewards", self.rewards.as_slice());
        arrays.put_f64("episode.intents", self.intents.as_slice());
        let lengths: Vec<u64> = self.lengths.iter().map(|n| u64::from(*n)).collect();
        arrays.put_u64("episode.lengths", lengths);
    }

    pub(crate) fn restore(arrays: &mut Arrays, n: usize) -> Result<EpisodeSums, Error> {
        Ok(EpisodeSums {
            rewards: arrays.take_f64_of("episode.rewards", n)?,
            intents: arrays.take_f64_of("episode.intents", n)?,
            lengths: arrays.take_u32_of("episode.lengths", n)?,
            ..EpisodeSums::default()
        })
    }

    /// Writes the means of the episodes that ended, and forgets them.
    pub(crate) fn report(&mut self, iteration: &mut Iteration) {
        let n = self.ended.len() as f64;
        if self.ended.is_empty() {
            return;
        }
        let mean =
            |part: fn(&(f64, f64, u32)) -> f64| Some(self.ended.iter().map(part).sum::<f64>() / n);
        iteration.reward_return = mean(|sums| sums.0);
        iteration.intent_return = mean(|sums| sums.1).filter(|_| self.has_intent);
        iteration.episode_length = mean(|sums| f64::from(sums.2));
        self.ended.clear();
    }
}
