//! The rounds of adversarial imitation.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Instant;

use mdp::{Rng, Seed, Space, Trajectories, index};
use nn::Pool;
use rl::{
    Arrays, DiscriminatorReport, Error, LearnedReward, Learner, NetworkPolicy, Observer, Profile,
    RewardInputs, RewardNetwork, RewardOutput, TrainEvent, TrainedPolicy, VectorEnvironment, ppo,
};

use super::airl::Reward;
use super::config::{DiscriminatorConfig, setting};
use super::discriminator::{Discriminator, Form, Judgement, Update};
use super::encoding::{Batch, Encoding};
use super::rows::{Buffer, Kind, Rows};
use super::transform::{Origin, RewardSize, Transform};
use super::{Ends, RewardForm, RewardNormalization, airl, gail};

/// Adversarial imitation in progress.
///
/// Beside what PPO reports of a round, `reward_return` being what the environment itself paid, every round has a
/// [`DiscriminatorReport`]: cross-entropy, accuracy on both kinds, the gap between their logits, the entropy of its
/// verdicts, the penalty, the signs of the rewards, and the transform between the discriminator's reward and the one received.
///
/// Without demonstrations the discriminator learns nothing: GAIL's says `D = 1/2` of everything, so that whatever the
/// policy does then is the reward form's own doing.
pub struct AdversarialTrainer {
    generator: ppo::Trainer,
    discriminator: Discriminator,
    encoding: Encoding,
    reward: Reward,
    config: DiscriminatorConfig,
    action_space: Space,
    expert: Option<Rows>,
    /// Whether an end was ever seen, demonstrated or not: what the discriminator says of an absorbing state before is
    /// nothing that it learned.
    has_seen_end: bool,
    buffer: Buffer,
    size: RewardSize,
    transform: Transform,
    rng: Rng,
    pool: Arc<Pool>,
    /// Seconds spent on the discriminator.
    seconds: f64,
    work: Work,
}

/// Memory that is made once and used in every round.
#[derive(Default)]
struct Work {
    batch: Batch,
    judgement: Judgement,
    rewards: Vec<f32>,
}

/// What GAIL and AIRL are both settings of.
struct Settings {
    generator: ppo::Config,
    discriminator: DiscriminatorConfig,
    form: Form,
    reward: Reward,
    ends: Ends,
    normalization: RewardNormalization,
}

impl AdversarialTrainer {
    /// Prepares [GAIL](gail): networks drawn, environments begun.
    ///
    /// # Errors
    /// If a setting is impossible, or the demonstrations are of other spaces than the environment's or are empty.
    pub fn gail(
        config: gail::Config,
        demonstrations: Option<&Trajectories>,
        environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<AdversarialTrainer, Error> {
        config.check()?;
        let settings = Settings {
            generator: config.generator,
            discriminator: config.discriminator,
            form: Form::Plain,
            reward: Reward::OfLogit(config.reward),
            ends: config.ends,
            normalization: config.normalization,
        };
        AdversarialTrainer::new(settings, demonstrations, environment, seed, pool)
    }

    /// Prepares [AIRL](airl): networks drawn, environments begun.
    ///
    /// # Errors
    /// As [`AdversarialTrainer::gail`].
    pub fn airl(
        config: airl::Config,
        demonstrations: Option<&Trajectories>,
        environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<AdversarialTrainer, Error> {
        config.check()?;
        let settings = Settings {
            form: Form::Shaped {
                discount: config.generator.discount,
                hidden: config.potential_hidden,
                state_only: config.state_only,
            },
            generator: config.generator,
            discriminator: config.discriminator,
            reward: config.reward,
            ends: config.ends,
            normalization: config.normalization,
        };
        AdversarialTrainer::new(settings, demonstrations, environment, seed, pool)
    }

    fn new(
        settings: Settings,
        demonstrations: Option<&Trajectories>,
        environment: Box<dyn VectorEnvironment>,
        seed: Seed,
        pool: Arc<Pool>,
    ) -> Result<AdversarialTrainer, Error> {
        let (observations, actions) = (environment.observation_space(), environment.action_space());
        let with_absorbing = settings.ends == Ends::Absorbing;
        let config = settings.discriminator;
        let mut encoding = Encoding::new(
            &observations,
            &actions,
            config.normalize_observations,
            with_absorbing,
        )?;
        let expert = match demonstrations {
            None => None,
            Some(demonstrations) => {
                check_spaces(demonstrations, &observations, &actions)?;
                let rows = Rows::of_demonstrations(demonstrations, with_absorbing);
                encoding.observe(&rows);
                Some(rows)
            }
        };
        let discriminator = Discriminator::new(
            settings.form,
            &config,
            encoding.n_state(),
            encoding.n_inputs(),
            &mut seed.stream("discriminator weights", 0),
        );
        let size = RewardSize::new(
            settings.normalization,
            f64::from(settings.generator.discount),
            environment.n_environments(),
        );
        let generator =
            ppo::Trainer::in_phases(settings.generator, environment, seed, Arc::clone(&pool))?;
        Ok(AdversarialTrainer {
            generator,
            discriminator,
            encoding,
            reward: settings.reward,
            config,
            action_space: actions,
            has_seen_end: expert
                .as_ref()
                .is_some_and(|rows| rows.kinds.contains(&Kind::Absorbing)),
            expert,
            buffer: Buffer::default(),
            size,
            transform: Transform {
                offset: 0.0,
                scale: 1.0,
            },
            rng: seed.stream("discriminator", 0),
            pool,
            seconds: 0.0,
            work: Work::default(),
        })
    }

    /// The policy as it is now.
    #[must_use]
    pub fn network(&self) -> &NetworkPolicy {
        self.generator.current_policy()
    }

    /// The updates of a round; what the last one found, if there are any.
    fn train_discriminator(&mut self) -> Result<Option<Update>, Error> {
        let Some(expert) = &self.expert else {
            return Ok(None);
        };
        let mut rows = Rows::new(expert.n_features, expert.n_action_values);
        let mut last = None;
        for _ in 0..self.config.n_updates {
            rows.clear();
            for _ in 0..self.config.batch {
                rows.push_from(expert, index(expert.len(), &mut self.rng));
            }
            for _ in 0..self.config.batch {
                self.buffer
                    .copy_row(index(self.buffer.len(), &mut self.rng), &mut rows);
            }
            let batch = &mut self.work.batch;
            self.encoding.encode(&rows, batch);
            if self.discriminator.asks_policy() {
                batch.ask(&rows, self.generator.current_policy(), &self.pool);
            }
            let n_steps = self.generator.n_steps();
            let update = self
                .discriminator
                .update(batch, &mut self.rng, &self.pool, n_steps)?;
            last = Some(update);
        }
        Ok(last)
    }

    /// Writes what the discriminator pays for the transitions of a round to `work.rewards`, and gives what it pays for
    /// the absorbing state, where one was seen.
    fn reward(&mut self, mut rows: Rows, n_steps: usize) -> Option<f32> {
        if self.has_seen_end {
            // One more behind those of the round: a round without an end has none.
            rows.push_absorbing();
        }
        let Work {
            batch,
            judgement,
            rewards,
        } = &mut self.work;
        self.encoding.encode(&rows, batch);
        if self.discriminator.asks_policy() {
            batch.ask(&rows, self.generator.current_policy(), &self.pool);
        }
        self.discriminator.judge(batch, judgement, &self.pool);
        rewards.clear();
        match self.reward {
            Reward::OfLogit(form) => {
                rewards.extend(judgement.logits.iter().map(|logit| form.of(*logit)));
            }
            Reward::Shaped => rewards.extend_from_slice(&judgement.shaped),
            Reward::Unshaped => rewards.extend_from_slice(&judgement.base),
        }
        let last = rewards.last().copied();
        rewards.truncate(n_steps);
        last.filter(|_| self.has_seen_end)
    }

    fn report(&self, update: Option<Update>, absorbing: Option<f32>) -> DiscriminatorReport {
        let rewards = &self.work.rewards;
        let n = rewards.len() as f64;
        let share = |is: &dyn Fn(f32) -> bool| {
            rewards.iter().filter(|reward| is(**reward)).count() as f64 / n
        };
        // What is undecided of everything is what there is to say of a discriminator that learns nothing.
        let update = update.unwrap_or(Update {
            loss: std::f64::consts::LN_2,
            entropy: std::f64::consts::LN_2,
            ..Update::default()
        });
        DiscriminatorReport {
            loss: update.loss,
            accuracy_on_expert: update.accuracy_on_expert,
            accuracy_on_policy: update.accuracy_on_policy,
            logit_gap: update.logit_gap,
            entropy: update.entropy,
            penalty: update.penalty,
            reward_mean: rewards.iter().map(|reward| f64::from(*reward)).sum::<f64>() / n,
            positive_share: share(&|reward| reward > 0.0),
            negative_share: share(&|reward| reward < 0.0),
            absorbing_reward: absorbing.map(f64::from),
            reward_offset: self.transform.offset,
            reward_scale: self.transform.scale,
        }
    }

    /// What was learned to be wanted, as a file of its own: g of AIRL, or the reward form of GAIL's logit.
    ///
    /// A reward in a file is paid as it is, and 0 after an end. With [`Ends::Absorbing`] the reward of the absorbing state
    /// is therefore taken off it, as it is in training, where the form is the logit itself; [`RewardForm::Softplus`] and
    /// [`RewardForm::LogD`] have no place for it, and are written without it.
    ///
    /// # Errors
    /// If the form is [`RewardForm::Probability`], which files of rewards have no name for.
    pub fn reward_network(&self) -> Result<RewardNetwork, Error> {
        let (output, method) = match (self.discriminator.asks_policy(), self.reward) {
            (true, _) => (RewardOutput::Identity, "airl"),
            (false, Reward::OfLogit(RewardForm::Softplus)) => (RewardOutput::Softplus, "gail"),
            (false, Reward::OfLogit(RewardForm::LogD)) => (RewardOutput::LogSigmoid, "gail"),
            (false, Reward::OfLogit(RewardForm::Probability)) => {
                let allowed = "a reward in a file is softplus, log-d or logit";
                return Err(setting("reward", "probability", allowed));
            }
            (false, _) => (RewardOutput::Identity, "gail"),
        };
        let with_action = self.discriminator.reads_action();
        let encoding = &self.encoding;
        let model = self.discriminator.for_file(
            encoding.n_features(),
            encoding.with_absorbing,
            output == RewardOutput::Identity,
        );
        let inputs = RewardInputs {
            n_features: encoding.n_features(),
            actions: encoding.actions().clone(),
            observation: true,
            action: with_action,
            next_observation: false,
            terminated: false,
        };
        let norm = encoding.file_normalization(with_action)?;
        RewardNetwork::new(model, Some(norm), inputs, output, method)
    }
}

impl Learner for AdversarialTrainer {
    fn n_steps(&self) -> u64 {
        self.generator.n_steps()
    }

    fn iterate(&mut self, observer: &mut dyn Observer) -> Result<(), Error> {
        let with_absorbing = self.encoding.with_absorbing;
        let round = self.generator.collect_round();
        let n_steps = round.terminated.len();
        let rows = Rows::of_round(&round, with_absorbing);
        let began = Instant::now();
        self.has_seen_end |= rows.kinds.contains(&Kind::Absorbing);
        self.encoding.observe(&rows);
        self.buffer.push(rows.clone(), self.config.buffer_rounds);
        let update = self.train_discriminator()?;
        let absorbing = self.reward(rows, n_steps);
        let origin = match absorbing {
            Some(reward) => Origin::Absorbing(reward),
            None if with_absorbing => Origin::Mean,
            None => Origin::Zero,
        };
        let ended = self.generator.round().ended;
        self.transform = self.size.transform(&self.work.rewards, ended, origin);
        let report = self.report(update, absorbing);
        self.transform.apply(&mut self.work.rewards);
        self.seconds += began.elapsed().as_secs_f64();
        let mut iteration = self.generator.learn_from(&self.work.rewards)?;
        iteration.discriminator = Some(report);
        observer.on_event(&TrainEvent::Iteration(iteration));
        Ok(())
    }

    fn policy(&self) -> Box<dyn TrainedPolicy> {
        self.generator.policy()
    }

    fn learned_reward(&self) -> Option<LearnedReward> {
        self.reward_network().ok().map(LearnedReward::Network)
    }

    fn environment(&self) -> &dyn VectorEnvironment {
        self.generator.environment()
    }

    fn profile(&self) -> Profile {
        let profile = self.generator.profile();
        Profile {
            update: profile.update + self.seconds,
            ..profile
        }
    }

    fn save(&self) -> Vec<u8> {
        let mut arrays = Arrays::default();
        arrays.put_bytes("generator", &self.generator.save());
        self.discriminator.save(&mut arrays);
        self.encoding.save(&mut arrays);
        self.size.save(&mut arrays);
        // The oldest round makes place for the next one.
        self.buffer.save(self.config.buffer_rounds - 1, &mut arrays);
        arrays.put_f64("transform", [self.transform.offset, self.transform.scale]);
        arrays.put_f64("seconds", [self.seconds]);
        arrays.put_u64("has_seen_end", [u64::from(self.has_seen_end)]);
        arrays.put_rngs("discriminator.draws", std::slice::from_ref(&self.rng));
        arrays.to_bytes()
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut arrays = Arrays::from_bytes(bytes)?;
        let generator = arrays.take_bytes("generator")?;
        let discriminator = self.discriminator.saved(&mut arrays)?;
        let norm = self.encoding.restored(&mut arrays)?;
        let size = self.size.restored(&mut arrays)?;
        let buffer = Buffer::restore(
            &mut arrays,
            self.encoding.n_features(),
            &self.action_space,
            self.config.buffer_rounds - 1,
        )?;
        let transform = arrays.take_f64_of("transform", 2)?;
        let seconds = arrays.take_f64_of("seconds", 1)?[0];
        let has_seen_end = arrays.take_u64_of("has_seen_end", 1)?[0] != 0;
        let rngs = arrays.take_rngs_of("discriminator.draws", 1)?;
        self.generator.restore(&generator)?;
        self.discriminator.set(discriminator);
        self.encoding.set_norm(norm);
        self.size = size;
        self.buffer = buffer;
        self.transform = Transform {
            offset: transform[0],
            scale: transform[1],
        };
        self.seconds = seconds;
        self.has_seen_end = has_seen_end;
        self.rng = rngs.into_iter().next().expect("one stream");
        Ok(())
    }
}

fn check_spaces(
    demonstrations: &Trajectories,
    observations: &Space,
    actions: &Space,
) -> Result<(), Error> {
    for (given, expected) in [
        (demonstrations.observation_space(), observations),
        (demonstrations.action_space(), actions),
    ] {
        if given != expected {
            let value = format!("of {given} in an environment of {expected}");
            let allowed = "they must be of the environment's own spaces";
            return Err(setting("demonstrations", value, allowed));
        }
    }
    if demonstrations.n_steps() == 0 {
        let allowed = "give at least one with at least one step";
        return Err(setting("demonstrations", "empty", allowed));
    }
    Ok(())
}
