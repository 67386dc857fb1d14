//! The rounds of learning from preferences.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use feedback::{Annotators, Question};
use mdp::{Rng, Seed, Segment};
use nn::Pool;
use rl::{
    ActionInputs, Arrays, Error, LearnedReward, Learner, NetworkPolicy, Observer, PreferenceReport,
    Profile, RewardInputs, RewardNetwork, TrainEvent, TrainedPolicy, Transitions,
    VectorEnvironment, Waiting, ppo,
};

use crate::judgement::{EncodedSegments, orders, restore_segments, save_segments};
use crate::{
    Collected, Config, FitReport, Judgements, Label, RecentSteps, Regularizer, RewardEnsemble,
    comparisons_per_round,
};

/// Trains a policy for `optimizer.steps` environment steps on what the annotators prefer, and gives it with the reward that
/// was learned.
///
/// # Errors
/// If a setting is impossible, the weights diverge, or the annotators cannot be reached or take their time: drive a
/// [`Trainer`] then, and [poll](Learner::poll) it.
pub fn train(
    config: Config,
    optimizer: ppo::Config,
    annotators: Box<dyn Annotators>,
    environment: Box<dyn VectorEnvironment>,
    seed: Seed,
    pool: Arc<Pool>,
    observer: &mut dyn Observer,
) -> Result<(NetworkPolicy, RewardNetwork), Error> {
    if !annotators.is_immediate() {
        return Err(Error::Setting {
            key: "annotators",
            value: "people".to_owned(),
            allowed: "they must answer at once; for others, drive a trainer and poll it",
        });
    }
    let n_steps = optimizer.steps;
    let mut trainer = Trainer::new(config, optimizer, annotators, environment, seed, pool)?;
    rl::train_to(&mut trainer, n_steps, observer)?;
    let reward = trainer.reward_network()?;
    Ok((trainer.network().clone(), reward))
}

/// Learning from preferences in progress.
///
/// The first rounds are the untrained policy's: nothing is learned, and the initial questions are asked of what it did.
/// From then on, each round of PPO is rewarded by the reward model. Where annotators are simulated, answers come at
/// once; where they are people, [`Learner::poll`] says when there is nothing to do but to wait, and everything else goes on
/// while they answer.
pub struct Trainer {
    config: Config,
    optimizer: ppo::Trainer,
    annotators: Box<dyn Annotators>,
    ensemble: RewardEnsemble,
    recent: RecentSteps,
    judgements: Judgements,
    /// Questions without an answer, by their numbers.
    open: BTreeMap<u64, Open>,
    /// Questions of each round, the initial ones first.
    questions_per_round: Vec<usize>,
    /// Environment steps between rounds of questions.
    steps_per_round: u64,
    progress: Progress,
    rng: Rng,
    pool: Arc<Pool>,
    /// Seconds spent on the reward model.
    seconds: f64,
    seed: Seed,
    /// What holds the policy near another, from the first round that it learns in.
    regularizer: Option<Regularizer>,
    /// How far from the reference the policy was in the last round.
    divergence: Option<f64>,
}

/// A question that was asked.
#[derive(Clone, Debug, PartialEq)]
struct Open {
    segments: EncodedSegments,
    /// Sum of the intent of the first less that of the second.
    intent_difference: Option<f64>,
}

/// How far it got.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Progress {
    n_rounds_asked: usize,
    n_asked: usize,
    n_answered: usize,
    /// Judgements that came since the last fit.
    n_new: usize,
    /// Of answers that order their segments, since the last fit: how many, and how many were foretold.
    foretold: Share,
    /// Of questions whose intents differ, since the last fit: how many, and how many the model orders as they do.
    intended: Share,
    last_fit: Option<(FitReport, Share, Share)>,
}

/// So many of so many.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Share {
    n: usize,
    right: usize,
}

/// Where answers trickle in, the share of what is known that must be new before it is learned from.
const NEW_SHARE: f64 = 0.05;

/// Segments of the latest steps that outputs are normalised over.
const N_CALIBRATION: usize = 128;

impl Trainer {
    /// Prepares a training: networks drawn, environments begun.
    ///
    /// # Errors
    /// If a setting is impossible or the actions fit no head.
    pub fn new(
        config: Config,
        optimizer: ppo::Config,
        annotators: Box<dyn Annotators>,
        environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<Trainer, Error> {
        config.check()?;
        let inputs = RewardInputs {
            n_features: environment.n_features(),
            actions: ActionInputs::of(&environment.action_space())?,
            observation: config.reads.observation,
            action: config.reads.action,
            next_observation: config.reads.next_observation,
            terminated: config.reads.terminated,
        };
        let mut weights = seed.stream("reward model weights", 0);
        let ensemble = RewardEnsemble::new(config.ensemble.clone(), inputs, &mut weights)?;
        let n_environments = environment.n_environments();
        let recent = RecentSteps::new(
            n_environments,
            environment.n_features(),
            environment.action_space().n_values(),
            environment.state_names().len(),
            config.recent_steps.div_ceil(n_environments),
        );
        let learning_steps = optimizer.steps.saturating_sub(config.initial_steps);
        let steps_per_round = learning_steps / (config.n_query_rounds as u64 + 1);
        let questions_per_round = comparisons_per_round(
            config.n_comparisons,
            config.initial_share,
            config.schedule,
            config.n_query_rounds,
            steps_per_round,
        );
        let mut optimizer =
            ppo::Trainer::in_phases(optimizer, environment, seed, Arc::clone(&pool))?;
        optimizer.record_states();
        Ok(Trainer {
            judgements: Judgements::new(config.max_judgements),
            optimizer,
            annotators,
            ensemble,
            recent,
            open: BTreeMap::new(),
            questions_per_round,
            steps_per_round,
            progress: Progress::default(),
            rng: seed.stream("preferences", 0),
            seed,
            regularizer: None,
            divergence: None,
            pool,
            seconds: 0.0,
            config,
        })
    }

    /// The policy as it is now.
    #[must_use]
    pub fn network(&self) -> &NetworkPolicy {
        self.optimizer.current_policy()
    }

    /// The reward models as they are now.
    #[must_use]
    pub fn ensemble(&self) -> &RewardEnsemble {
        &self.ensemble
    }

    /// What was learned to be wanted, as a file of its own: the members' mean, less so many of their deviations.
    ///
    /// # Errors
    /// If the network and its inputs do not fit, which would be a mistake of this crate.
    pub fn reward_network(&self) -> Result<RewardNetwork, Error> {
        self.ensemble.network(self.config.deviations, "preferences")
    }

    /// Stays near this policy instead of the untrained one, if it is to stay near one; before the first round.
    ///
    /// # Errors
    /// If the policy does not fit the environments.
    pub fn stay_near(&mut self, reference: NetworkPolicy) -> Result<(), Error> {
        if let Some(regularization) = self.config.regularization.clone() {
            let rules = self.optimizer.environment();
            let regularizer =
                Regularizer::new(regularization, reference, rules, self.seed, &self.pool)?;
            self.regularizer = Some(regularizer);
        }
        Ok(())
    }

    /// How far from its reference policy the policy was in the last round, where it is held near one:
    /// [`Penalties::divergence`](crate::Penalties::divergence).
    #[must_use]
    pub fn divergence(&self) -> Option<f64> {
        self.divergence
    }

    /// What it waits for, as far as is known without asking; see [`Learner::poll`].
    fn waiting(&self) -> Option<Waiting> {
        if self.progress.n_rounds_asked == 0 {
            return None;
        }
        let Progress {
            n_asked,
            n_answered,
            ..
        } = self.progress;
        let initial = self.questions_per_round[0].min(self.config.min_answers);
        let max_open = self.config.max_open_questions.unwrap_or(usize::MAX);
        // While the initial ones are answered, only they count: all of them are open at first.
        let n_needed = if n_answered < initial {
            initial
        } else if self.progress.n_rounds_asked == 1 {
            return None;
        } else {
            n_asked.saturating_sub(max_open)
        };
        (n_answered < n_needed).then_some(Waiting {
            n_answered,
            n_needed,
        })
    }

    /// Keeps the steps of the round that was collected last.
    fn remember_round(&mut self) {
        let round = self.optimizer.round();
        self.ensemble.observe(round.observations);
        self.recent.push(&Collected {
            n_environments: self.optimizer.environment().n_environments(),
            observations: round.observations,
            actions: round.actions,
            next_observations: round.next_observations,
            rewards: round.rewards,
            intents: round.intents,
            terminated: round.terminated,
            ended: round.ended,
            states: round.states,
            next_states: round.next_states,
        });
    }

    /// Asks the questions of all rounds that are due.
    fn ask(&mut self) -> Result<(), Error> {
        while self.is_due() {
            let n = self.questions_per_round[self.progress.n_rounds_asked];
            if n > 0 {
                let n_candidates = self.config.query_choice.n_candidates(n);
                let Some(pairs) = self.draw_pairs(n_candidates) else {
                    // Not a segment can be drawn yet: asked later.
                    return Ok(());
                };
                self.ask_about(pairs, n)?;
            }
            self.progress.n_rounds_asked += 1;
        }
        Ok(())
    }

    fn is_due(&self) -> bool {
        let round = self.progress.n_rounds_asked;
        let begins = self.config.initial_steps + round as u64 * self.steps_per_round;
        round < self.questions_per_round.len() && begins <= self.optimizer.n_steps()
    }

    fn draw_pairs(&mut self, n: usize) -> Option<Vec<(Segment, Segment)>> {
        let (length, beginning) = (self.config.segment_steps, self.config.beginning);
        self.recent.draw_pairs(n, length, beginning, &mut self.rng)
    }

    /// Asks the `n` most useful of some pairs.
    fn ask_about(&mut self, pairs: Vec<(Segment, Segment)>, n: usize) -> Result<(), Error> {
        let chosen = if self.ensemble.is_fitted() {
            let differences = self.ensemble.differences(&pairs, &self.pool);
            let n_members = self.ensemble.n_members();
            let noise_floor = self.config.ensemble.loss.noise_floor;
            let choice = self.config.query_choice;
            choice.choose(&differences, n_members, n, noise_floor)
        } else {
            (0..n).collect()
        };
        let mut pairs: Vec<Option<(Segment, Segment)>> = pairs.into_iter().map(Some).collect();
        let mut questions = Vec::with_capacity(n);
        for place in chosen {
            let (first, second) = pairs[place].take().expect("places differ");
            let number = self.progress.n_asked as u64;
            self.progress.n_asked += 1;
            let intent = |segment: &Segment| Some(segment.intents.as_ref()?.iter().sum::<f64>());
            let intent_difference = intent(&first).zip(intent(&second)).map(|(a, b)| a - b);
            let segments = EncodedSegments::of(&[&first, &second], self.ensemble.inputs());
            self.open.insert(
                number,
                Open {
                    segments,
                    intent_difference,
                },
            );
            questions.push(Question {
                number,
                first,
                second,
            });
        }
        self.annotators
            .ask(questions)
            .map_err(unreachable_annotators)
    }

    /// Takes the answers that came, each of which was or was not foretold.
    fn pick_up(&mut self) -> Result<(), Error> {
        for answer in self.annotators.answers().map_err(unreachable_annotators)? {
            let Some(open) = self.open.remove(&answer.question) else {
                // Answered twice, or asked by a training that was taken back to before it asked.
                continue;
            };
            self.progress.n_answered += 1;
            let target = answer.preference.target();
            if self.ensemble.is_fitted() {
                self.compare_with_model(&open, target);
            }
            let Some(target) = target else { continue };
            let label = Label::Compared { target };
            let judgement = self
                .ensemble
                .judgement_of(open.segments, label, &mut self.rng);
            self.judgements.push(judgement);
            self.progress.n_new += 1;
        }
        Ok(())
    }

    /// Counts whether the model, which has not learned from the answer yet, says the same as it and as the intent.
    fn compare_with_model(&mut self, open: &Open, target: Option<f64>) {
        let returns = self.ensemble.returns(&open.segments, &self.pool);
        let (first, second) = returns.split_at(self.ensemble.n_members());
        let difference = first.iter().sum::<f64>() - second.iter().sum::<f64>();
        let foretold = target.and_then(|target| orders(difference, target));
        self.progress.foretold.count(foretold);
        let intended = open.intent_difference.and_then(|intent| {
            let target = 0.5 + 0.5 * intent.signum() * f64::from(u8::from(intent != 0.0));
            orders(difference, target)
        });
        self.progress.intended.count(intended);
    }

    /// Learns from the answers, if enough of them are new.
    fn fit(&mut self) -> Result<(), Error> {
        let enough = NEW_SHARE * self.judgements.len() as f64;
        let n_new = self.progress.n_new;
        if n_new == 0 || ((n_new as f64) < enough && !self.open.is_empty()) {
            return Ok(());
        }
        let n_epochs = match self.ensemble.is_fitted() {
            true => self.config.epochs,
            false => self.config.initial_epochs,
        };
        let report = self
            .ensemble
            .fit(&self.judgements, n_epochs, &mut self.rng, &self.pool)?;
        let Progress {
            foretold, intended, ..
        } = self.progress;
        self.progress.last_fit = Some((report, foretold, intended));
        self.progress.n_new = 0;
        self.progress.foretold = Share::default();
        self.progress.intended = Share::default();
        self.calibrate();
        Ok(())
    }

    /// Normalises the outputs over the latest steps.
    fn calibrate(&mut self) {
        let (length, beginning) = (self.config.segment_steps, self.config.beginning);
        let drawn = self
            .recent
            .draw(N_CALIBRATION, length, beginning, &mut self.rng);
        let Some(drawn) = drawn else { return };
        let segments: Vec<&Segment> = drawn.iter().collect();
        let segments = EncodedSegments::of(&segments, self.ensemble.inputs());
        self.ensemble.calibrate(
            &segments,
            self.config.normalization,
            self.judgements.lengths_differ(),
            &self.pool,
        );
    }

    /// What the optimiser receives for the transitions of the round, `[T N]`, and the mean deviation between members. 0
    /// where nothing that teaches was said yet.
    fn rewards(&mut self) -> (Vec<f32>, Option<f64>) {
        let round = self.optimizer.round();
        let n = round.terminated.len();
        if !self.ensemble.is_fitted() {
            return (vec![0.0; n], None);
        }
        let transitions = Transitions {
            observations: round.observations,
            actions: round.actions,
            next_observations: round.next_observations,
            terminated: round.terminated,
            states: &[],
        };
        let n_members = self.ensemble.n_members();
        let of_members = self.ensemble.rewards(&transitions, &self.pool);
        let mut sum_of_deviations = 0.0;
        let rewards = of_members.chunks_exact(n_members).map(|row| {
            let mean = row.iter().sum::<f32>() / n_members as f32;
            let squares: f32 = row.iter().map(|x| (x - mean).powi(2)).sum();
            let deviation = (squares / n_members as f32).sqrt();
            sum_of_deviations += f64::from(deviation);
            mean - self.config.deviations as f32 * deviation
        });
        let rewards = rewards.collect();
        let disagreement = (n_members > 1).then_some(sum_of_deviations / n as f64);
        (rewards, disagreement)
    }

    /// Takes off what distance from the reference policy costs: that of the untrained one, if no other was given.
    fn regularize(&mut self, rewards: &mut [f32]) -> Result<(), Error> {
        if self.config.regularization.is_some() && self.regularizer.is_none() {
            self.stay_near(self.optimizer.current_policy().clone())?;
        }
        let Some(regularizer) = &mut self.regularizer else {
            return Ok(());
        };
        let policy = self.optimizer.current_policy();
        let found = regularizer.penalties(&self.optimizer.round(), policy, &self.pool)?;
        for (reward, penalty) in rewards.iter_mut().zip(&found.penalties) {
            *reward -= penalty;
        }
        self.divergence = Some(found.divergence);
        Ok(())
    }

    fn report(&self, rewards: &[f32], disagreement: Option<f64>) -> PreferenceReport {
        let fit = self.progress.last_fit;
        let sum: f64 = rewards.iter().map(|reward| f64::from(*reward)).sum();
        PreferenceReport {
            n_asked: self.progress.n_asked,
            n_answered: self.progress.n_answered,
            n_learned_from: self.judgements.len(),
            loss: fit.map(|(fit, ..)| fit.loss),
            accuracy: fit.and_then(|(fit, ..)| fit.accuracy),
            validation_loss: fit.and_then(|(fit, ..)| fit.validation_loss),
            validation_accuracy: fit.and_then(|(fit, ..)| fit.validation_accuracy),
            foretold: fit.and_then(|(_, foretold, _)| foretold.value()),
            intent_agreement: fit.and_then(|(.., intended)| intended.value()),
            disagreement,
            weight_decay: fit.map(|_| self.ensemble.weight_decay()),
            reward_mean: sum / rewards.len().max(1) as f64,
        }
    }
}

impl Share {
    fn count(&mut self, is_right: Option<bool>) {
        if let Some(is_right) = is_right {
            self.n += 1;
            self.right += usize::from(is_right);
        }
    }

    fn value(self) -> Option<f64> {
        (self.n > 0).then(|| self.right as f64 / self.n as f64)
    }
}

impl Learner for Trainer {
    fn n_steps(&self) -> u64 {
        self.optimizer.n_steps()
    }

    fn poll(&mut self) -> Result<Option<Waiting>, Error> {
        self.pick_up()?;
        Ok(self.waiting())
    }

    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        if self.poll()?.is_some() {
            return Ok(());
        }
        self.optimizer.collect_round();
        let began = Instant::now();
        self.remember_round();
        let is_initial = self.progress.n_rounds_asked == 0;
        self.ask()?;
        self.pick_up()?;
        let mut iteration = if is_initial {
            let mut iteration = self.optimizer.pass_over();
            iteration.preferences = Some(self.report(&[], None));
            iteration
        } else {
            self.fit()?;
            let (mut rewards, disagreement) = self.rewards();
            self.regularize(&mut rewards)?;
            let report = self.report(&rewards, disagreement);
            self.seconds += began.elapsed().as_secs_f64();
            let mut iteration = self.optimizer.learn_from(&rewards)?;
            iteration.preferences = Some(report);
            iteration
        };
        iteration.n_steps = self.optimizer.n_steps();
        observer.on_event(&TrainEvent::Iteration(iteration));
        Ok(())
    }

    fn policy(&self) -> Box<dyn TrainedPolicy> {
        self.optimizer.policy()
    }

    fn learned_reward(&self) -> Option<LearnedReward> {
        self.reward_network().ok().map(LearnedReward::Network)
    }

    fn environment(&self) -> &dyn VectorEnvironment {
        self.optimizer.environment()
    }

    fn profile(&self) -> Profile {
        let profile = self.optimizer.profile();
        Profile {
            update: profile.update + self.seconds,
            ..profile
        }
    }

    fn save(&self) -> Vec<u8> {
        let mut arrays = Arrays::default();
        arrays.put_bytes("optimizer", &self.optimizer.save());
        arrays.put_bytes("annotators", &self.annotators.save());
        self.ensemble.save(&mut arrays);
        self.judgements.save(&mut arrays);
        self.recent.save(&mut arrays);
        save_segments(
            "open",
            self.open.values().map(|open| &open.segments),
            &mut arrays,
        );
        arrays.put_u64(
            "open.numbers",
            self.open.keys().copied().collect::<Vec<_>>(),
        );
        let intents = self.open.values().map(|open| open.intent_difference);
        // A difference of intents is finite; what is not known stands as what it can never be.
        let intents: Vec<f64> = intents.map(|intent| intent.unwrap_or(f64::NAN)).collect();
        arrays.put_f64("open.intents", intents);
        self.progress.save(&mut arrays);
        arrays.put_u64("is_regularized", [u64::from(self.regularizer.is_some())]);
        if let Some(regularizer) = &self.regularizer {
            regularizer.save(&mut arrays);
        }
        arrays.put_f64("divergence", self.divergence.as_slice());
        arrays.put_rngs("preferences", std::slice::from_ref(&self.rng));
        arrays.put_f64("seconds", [self.seconds]);
        arrays.to_bytes()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut arrays = Arrays::from_bytes(bytes)?;
        let optimizer = arrays.take_bytes("optimizer")?;
        let annotators = arrays.take_bytes("annotators")?;
        let ensemble = self.ensemble.restored(&mut arrays)?;
        let n_inputs = self.ensemble.inputs().n_inputs();
        let n_members = self.ensemble.n_members();
        let judgements = self.judgements.restored(&mut arrays, n_inputs, n_members)?;
        let recent = self.recent.restored(&mut arrays)?;
        let segments = restore_segments("open", n_inputs, &mut arrays)?;
        let numbers = arrays.take_u64_of("open.numbers", segments.len())?;
        let intents = arrays.take_f64_of("open.intents", segments.len())?;
        let progress = Progress::restored(&mut arrays)?;
        let is_regularized = arrays.take_u64_of("is_regularized", 1)?[0] != 0;
        let regularizer = match (is_regularized, self.config.regularization.clone()) {
            (true, Some(regularization)) => {
                let rules = self.optimizer.environment();
                Some(Regularizer::restored(regularization, rules, &mut arrays)?)
            }
            (true, None) => {
                let problem = "it stayed near a reference policy, which is not set";
                return Err(Error::Saved(problem.to_owned()));
            }
            (false, _) => None,
        };
        let divergence = arrays.take_f64("divergence")?.first().copied();
        let rngs = arrays.take_rngs_of("preferences", 1)?;
        let seconds = arrays.take_f64_of("seconds", 1)?[0];
        self.optimizer.restore(&optimizer)?;
        self.annotators
            .restore(&annotators)
            .map_err(unreachable_annotators)?;
        self.ensemble = ensemble;
        self.judgements = judgements;
        self.recent = recent;
        let open = numbers.into_iter().zip(segments.into_iter().zip(intents));
        self.open = open
            .map(|(number, (segments, intent))| {
                let intent_difference = (!intent.is_nan()).then_some(intent);
                let open = Open {
                    segments,
                    intent_difference,
                };
                (number, open)
            })
            .collect();
        self.progress = progress;
        self.regularizer = regularizer;
        self.divergence = divergence;
        self.rng = rngs.into_iter().next().expect("one stream");
        self.seconds = seconds;
        Ok(())
    }
}

impl Progress {
    fn save(&self, arrays: &mut Arrays) {
        let counts = [
            self.n_rounds_asked,
            self.n_asked,
            self.n_answered,
            self.n_new,
        ];
        let mut numbers: Vec<u64> = counts.map(|n| n as u64).to_vec();
        let last = self
            .last_fit
            .map_or([Share::default(); 2], |(_, foretold, intended)| {
                [foretold, intended]
            });
        for share in [self.foretold, self.intended, last[0], last[1]] {
            numbers.extend([share.n as u64, share.right as u64]);
        }
        arrays.put_u64("progress", numbers);
        let fit = self.last_fit.map_or(vec![], |(fit, ..)| {
            let known = |number: Option<f64>| number.unwrap_or(f64::NAN);
            vec![
                fit.loss,
                known(fit.accuracy),
                known(fit.validation_loss),
                known(fit.validation_accuracy),
            ]
        });
        arrays.put_f64("progress.fit", fit);
    }

    fn restored(arrays: &mut Arrays) -> Result<Progress, Error> {
        let numbers = arrays.take_u64_of("progress", 12)?;
        let fit = arrays.take_f64("progress.fit")?;
        let count = |place: usize| numbers[place] as usize;
        let share = |place: usize| Share {
            n: count(place),
            right: count(place + 1),
        };
        let known = |number: f64| (!number.is_nan()).then_some(number);
        let last_fit = match *fit.as_slice() {
            [] => None,
            [loss, accuracy, validation_loss, validation_accuracy] => {
                let fit = FitReport {
                    loss,
                    accuracy: known(accuracy),
                    validation_loss: known(validation_loss),
                    validation_accuracy: known(validation_accuracy),
                };
                Some((fit, share(8), share(10)))
            }
            _ => {
                let problem = format!("`progress.fit` has {} numbers", fit.len());
                return Err(Error::Saved(problem));
            }
        };
        Ok(Progress {
            n_rounds_asked: count(0),
            n_asked: count(1),
            n_answered: count(2),
            n_new: count(3),
            foretold: share(4),
            intended: share(6),
            last_fit,
        })
    }
}

fn unreachable_annotators(error: feedback::Error) -> Error {
    Error::Annotators(Box::new(error))
}
