//! Over-optimisation of learned rewards, in the nail factory: what is meant rises with the pressure, peaks and falls.
//!
//! `cargo run --release -p preferences --example over_optimization -- SEEDS STEPS` prints JSON, a run a list of
//! checkpoints. A policy is trained on what is meant for a while: it stands for one that imitates people, and is the
//! *reference*. Annotators compare segments of what it does, by what is meant; a share of their answers is turned round. Ensembles learn from the first so many answers; then the reward is as it is, and is
//! optimised: by PPO, which goes on from the reference and whose pressure is the divergence of its episodes from the reference's, and by taking the best of n
//! episodes of the reference. Beside the mean of the members stand three mitigations: the mean less their deviation, a
//! penalty on the divergence from the reference, and one on the divergence of visits.
//!
//! Why this factory: an episode is 12 steps, so that everything is cheap; what is meant is known; a plan is 7 choices, so
//! that there is much that the reference hardly ever does, where a reward that was learned of it has room to be wrong.

use std::sync::Arc;
use std::time::Instant;

use audit::{Bounds, Checkpoint, Series, Settings, audit};
use envs::{NailFactory, NailReward, best_of_n_curve};
use feedback::{AnnotatorConfig, Annotators as _, Oracle, Question, SimulatedAnnotators};
use mdp::{Seed, Segment, Trajectories};
use nn::{Activation, Pool, Schedule};
use preferences::{
    Beginning, Collected, EncodedSegments, EnsembleConfig, Judgements, Label, LossSettings,
    OccupancyRegularization, OutputNormalization, RecentSteps, Regularization, Regularizer,
    RewardEnsemble, Sampling,
};
use rl::{
    ActionInputs, Learner as _, NetworkPolicy, Play, RewardInputs, TrainedPolicy as _, Transitions,
    VectorEnvironment, Vectorized, n_side_by_side, ppo,
};
use serde_json::{Value, json};

const SIZES: [usize; 3] = [1, 3, 5];
const COUNTS: [usize; 3] = [50, 200, 800];
const FLIPS: [f64; 2] = [0.0, 0.25];
/// Steps of a segment, half an episode.
const SEGMENT: usize = 6;
/// Episodes of an evaluation, and evaluations of a run, spread over its steps evenly in the logarithm.
const EPISODES: usize = 256;
const CHECKPOINTS: usize = 12;
/// Episodes of the reference that the best of n is estimated from, and the largest n.
const DRAWS: usize = 4096;
const LARGEST_N: usize = 1024;
/// Deviations taken off the mean; λ of the two penalties, in deviations of the reward.
const DEVIATIONS: f64 = 1.0;
const KL: f64 = 0.3;
const OCCUPANCY: f64 = 0.1;

/// Rounds of the reference's training on what is meant.
const ROUNDS_OF_REFERENCE: usize = 20;

/// What an optimiser is paid.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Paid {
    Mean,
    Conservative,
    Kl,
    Occupancy,
}

impl Paid {
    const ALL: [Paid; 4] = [Paid::Mean, Paid::Conservative, Paid::Kl, Paid::Occupancy];

    fn name(self) -> &'static str {
        match self {
            Paid::Mean => "mean",
            Paid::Conservative => "conservative",
            Paid::Kl => "kl",
            Paid::Occupancy => "occupancy",
        }
    }

    fn sizes(self) -> &'static [usize] {
        match self {
            Paid::Mean => &SIZES,
            // One member does not disagree with itself.
            Paid::Conservative => &SIZES[1..],
            Paid::Kl | Paid::Occupancy => &SIZES[1..2],
        }
    }

    fn regularization(self) -> Option<Regularization> {
        match self {
            Paid::Mean | Paid::Conservative => None,
            Paid::Kl => Some(Regularization::Kl { coefficient: KL }),
            Paid::Occupancy => Some(Regularization::Occupancy(
                OccupancyRegularization::with_coefficient(OCCUPANCY),
            )),
        }
    }
}

fn optimizer(n_steps: u64) -> ppo::Config {
    ppo::Config {
        steps: n_steps,
        n_environments: 32,
        n_steps: 48,
        minibatch: 384,
        epochs: 4,
        learning_rate: Schedule::Constant(1e-3),
        entropy_coefficient: 0.0,
        hidden: vec![32, 32],
        activation: Activation::Tanh,
        normalize_observations: false,
        normalize_rewards: false,
        ..ppo::Config::preset("wide-batch").expect("a preset")
    }
}

fn ensemble_config() -> EnsembleConfig {
    EnsembleConfig {
        n_members: SIZES[2],
        sampling: Sampling::Bootstrap,
        hidden: vec![32, 32],
        activation: Activation::Tanh,
        normalize_observations: false,
        loss: LossSettings {
            noise_floor: 0.1,
            label_smoothing: 0.0,
        },
        minibatch: 32,
        learning_rate: 2e-3,
        weight_decay: 0.01,
        validation_ratio: Some((1.1, 1.5)),
    }
}

/// Updates of a reward model, whatever it learns from.
const UPDATES: usize = 1500;

fn factory(seed: Seed) -> Box<dyn VectorEnvironment> {
    let environment = NailFactory {
        reward: NailReward::Intent,
    };
    Box::new(Vectorized::new(Arc::new(environment), 32, seed))
}

fn trainer(n_steps: u64, seed: Seed, pool: &Arc<Pool>) -> ppo::Trainer {
    let environment = factory(seed.child("factory", 0));
    ppo::Trainer::in_phases(optimizer(n_steps), environment, seed, Arc::clone(pool))
        .expect("possible settings")
}

/// A training on what is meant, some rounds old, in which nothing was learned from the last round yet.
fn reference(n_steps: u64, seed: Seed, pool: &Arc<Pool>) -> ppo::Trainer {
    let mut trainer = trainer(n_steps, seed, pool);
    for _ in 0..ROUNDS_OF_REFERENCE {
        let round = trainer.collect_round();
        let meant = round.intents.expect("intent is known");
        let meant: Vec<f32> = meant.iter().map(|intent| *intent as f32).collect();
        trainer.learn_from(&meant).expect("weights stay finite");
    }
    trainer
}

/// Pairs of segments of what the reference does.
fn pairs(trainer: &mut ppo::Trainer, n: usize, seed: Seed) -> Vec<(Segment, Segment)> {
    let mut recent = RecentSteps::new(32, 8, 7, 0, 480);
    for _ in 0..10 {
        let round = trainer.collect_round();
        recent.push(&Collected {
            n_environments: 32,
            observations: round.observations,
            actions: round.actions,
            next_observations: round.next_observations,
            rewards: round.rewards,
            intents: round.intents,
            terminated: round.terminated,
            ended: round.ended,
            states: &[],
            next_states: &[],
        });
    }
    let mut rng = seed.stream("pairs", 0);
    let pairs = recent.draw_pairs(n, SEGMENT, Beginning::Fitting, &mut rng);
    pairs.expect("there are whole episodes")
}

/// What is said of the pairs, in order.
fn answers(pairs: &[(Segment, Segment)], flips: f64, seed: Seed) -> Vec<Option<f64>> {
    let config = AnnotatorConfig {
        flips,
        ..AnnotatorConfig::default()
    };
    let mut annotators =
        SimulatedAnnotators::one(Arc::new(Oracle), config, seed).expect("possible settings");
    let questions = pairs.iter().enumerate().map(|(number, pair)| Question {
        number: number as u64,
        first: pair.0.clone(),
        second: pair.1.clone(),
    });
    annotators
        .ask(questions.collect())
        .expect("intent is known");
    let answers = annotators.answers().expect("answers come at once");
    answers.iter().map(|one| one.preference.target()).collect()
}

/// An ensemble that learned from the first `n` answers, its outputs normalised over what the reference does; and how it
/// went.
fn learned(
    pairs: &[(Segment, Segment)],
    targets: &[Option<f64>],
    seed: Seed,
    pool: &Pool,
) -> (RewardEnsemble, Value) {
    let inputs = RewardInputs {
        n_features: 8,
        actions: ActionInputs::of(&factory(seed).action_space()).expect("choices"),
        observation: true,
        action: true,
        next_observation: false,
        terminated: false,
    };
    let config = ensemble_config();
    let n_epochs = (UPDATES * config.minibatch).div_ceil(pairs.len());
    let mut ensemble = RewardEnsemble::new(config, inputs, &mut seed.stream("weights", 0))
        .expect("possible settings");
    let mut judgements = Judgements::new(pairs.len());
    let mut rng = seed.stream("bootstrap", 0);
    for (pair, target) in pairs.iter().zip(targets) {
        if let Some(target) = *target {
            let segments = [&pair.0, &pair.1];
            judgements.push(ensemble.judgement(&segments, Label::Compared { target }, &mut rng));
        }
    }
    let report = ensemble
        .fit(&judgements, n_epochs, &mut rng, pool)
        .expect("weights stay finite");
    let segments: Vec<&Segment> = pairs.iter().flat_map(|pair| [&pair.0, &pair.1]).collect();
    let segments = EncodedSegments::of(&segments, ensemble.inputs());
    ensemble.calibrate(
        &segments,
        OutputNormalization::MeanAndDeviation,
        false,
        pool,
    );
    let described = json!({
        "loss": report.loss, "accuracy": report.accuracy,
        "validation_loss": report.validation_loss, "validation_accuracy": report.validation_accuracy,
    });
    (ensemble, described)
}

/// The reward of the first `size` members for each transition, less `deviations` of them.
fn rewards(
    ensemble: &mut RewardEnsemble,
    transitions: &Transitions<'_>,
    size: usize,
    deviations: f64,
    pool: &Pool,
) -> Vec<f32> {
    let n_members = ensemble.n_members();
    let of_members = ensemble.rewards(transitions, pool);
    let rows = of_members.chunks_exact(n_members).map(|row| {
        let row = &row[..size];
        let mean = row.iter().sum::<f32>() / size as f32;
        let squares: f32 = row.iter().map(|x| (x - mean).powi(2)).sum();
        mean - deviations as f32 * (squares / size as f32).sqrt()
    });
    rows.collect()
}

/// Episodes as transitions one after the other, and the first step of each.
struct Played {
    episodes: Trajectories,
    observations: Vec<f32>,
    next_observations: Vec<f32>,
    terminated: Vec<bool>,
}

impl Played {
    fn by(policy: &NetworkPolicy, n: usize, seed: Seed, pool: &Pool) -> Played {
        let mut actor = policy.actor(Play::Sampled, n_side_by_side(n));
        let episodes = rl::demonstrate(actor.as_mut(), factory(seed).as_ref(), n, seed, pool);
        let (mut observations, mut next_observations) = (vec![], vec![]);
        for episode in episodes.episodes() {
            let n_numbers = episode.observations.len();
            observations.extend_from_slice(&episode.observations[..n_numbers - 8]);
            next_observations.extend_from_slice(&episode.observations[8..]);
        }
        Played {
            terminated: vec![false; episodes.n_steps()],
            episodes,
            observations,
            next_observations,
        }
    }

    fn transitions(&self) -> Transitions<'_> {
        Transitions {
            observations: &self.observations,
            actions: self.episodes.actions(),
            next_observations: &self.next_observations,
            terminated: &self.terminated,
            states: &[],
        }
    }

    /// Sums over each episode of a number a step.
    fn sums(&self, steps: &[f32]) -> Vec<f64> {
        let mut rest = steps;
        (0..self.episodes.n_episodes())
            .map(|episode| {
                let (own, after) = rest.split_at(self.episodes.length(episode));
                rest = after;
                own.iter().map(|x| f64::from(*x)).sum()
            })
            .collect()
    }

    fn intents(&self) -> Vec<f64> {
        let episodes = self.episodes.episodes();
        episodes
            .map(|episode| episode.intent_return().expect("intent is known"))
            .collect()
    }

    fn log_probs(&self, policy: &NetworkPolicy, pool: &Pool) -> Vec<f32> {
        let n = self.terminated.len();
        let (mut log_probs, mut entropies) = (vec![0.0; n], vec![0.0; n]);
        let actions = self.episodes.actions();
        policy.evaluate(
            &self.observations,
            actions,
            &mut log_probs,
            &mut entropies,
            pool,
        );
        log_probs
    }
}

/// What every run of a seed has in common.
struct Common<'a> {
    n_steps: u64,
    reference: &'a NetworkPolicy,
    /// The training that made it.
    saved: &'a [u8],
    seed: Seed,
    pool: &'a Arc<Pool>,
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// PPO on a learned reward, evaluated as it goes; the audit reads the evaluations.
fn optimised(common: &Common<'_>, ensemble: &mut RewardEnsemble, paid: Paid, size: usize) -> Value {
    let deviations = if paid == Paid::Conservative {
        DEVIATIONS
    } else {
        0.0
    };
    let mut trainer = trainer(common.n_steps, common.seed, common.pool);
    trainer.restore(common.saved).expect("its own training");
    let mut regularizer = paid.regularization().map(|regularization| {
        let reference = common.reference.clone();
        let rules = factory(common.seed);
        Regularizer::new(
            regularization,
            reference,
            rules.as_ref(),
            common.seed,
            common.pool,
        )
        .expect("possible settings")
    });
    let n_rounds = common.n_steps.div_ceil(32 * 48);
    let mut due: Vec<u64> = (0..CHECKPOINTS)
        .map(|k| {
            (n_rounds as f64)
                .powf(k as f64 / (CHECKPOINTS - 1) as f64)
                .round() as u64
        })
        .collect();
    due.dedup();
    due.insert(0, 0);
    let (mut points, mut checkpoints) = (vec![], vec![]);
    for round in 0..=n_rounds {
        if due.contains(&round) {
            let policy = trainer.current_policy().clone();
            let (point, checkpoint) = evaluated(common, ensemble, &policy, size, deviations, round);
            points.push(point);
            checkpoints.push(checkpoint);
        }
        if round == n_rounds {
            break;
        }
        let collected = trainer.collect_round();
        let transitions = Transitions {
            observations: collected.observations,
            actions: collected.actions,
            next_observations: collected.next_observations,
            terminated: collected.terminated,
            states: &[],
        };
        let mut received = rewards(ensemble, &transitions, size, deviations, common.pool);
        if let Some(regularizer) = &mut regularizer {
            let policy = trainer.current_policy();
            let penalties = regularizer
                .penalties(&trainer.round(), policy, common.pool)
                .expect("weights stay finite");
            let pairs = received.iter_mut().zip(&penalties.penalties);
            pairs.for_each(|(reward, penalty)| *reward -= penalty);
        }
        trainer.learn_from(&received).expect("weights stay finite");
    }
    json!({"points": points, "audit": audited(checkpoints, common.seed)})
}

/// One checkpoint: pressure, proxy and intent, for people and for the audit.
fn evaluated(
    common: &Common<'_>,
    ensemble: &mut RewardEnsemble,
    policy: &NetworkPolicy,
    size: usize,
    deviations: f64,
    round: u64,
) -> (Value, Checkpoint) {
    let seed = common.seed.child("evaluation", round);
    let played = Played::by(policy, EPISODES, seed, common.pool);
    let proxy = rewards(
        ensemble,
        &played.transitions(),
        size,
        deviations,
        common.pool,
    );
    let (proxy, intents) = (played.sums(&proxy), played.intents());
    let own = played.log_probs(policy, common.pool);
    let reference = played.log_probs(common.reference, common.pool);
    let ratios: Vec<f32> = own.iter().zip(&reference).map(|(o, r)| o - r).collect();
    // What is estimated of a divergence may fall below 0, a divergence may not.
    let kl = mean(&played.sums(&ratios)).max(0.0);
    let point = json!({
        "steps": round * 32 * 48, "kl": kl, "proxy": mean(&proxy), "intent": mean(&intents),
    });
    (point, Checkpoint::new(kl, proxy).with_intent(intents))
}

/// What the audit says of a run, and where it would have stopped: at the last checkpoint whose intent is still good where
/// it has fallen since, and nowhere if it has not.
fn audited(mut checkpoints: Vec<Checkpoint>, seed: Seed) -> Value {
    let mut pressure = 0.0_f64;
    for checkpoint in &mut checkpoints {
        // Pressure does not fall while training goes on; estimates of it may.
        pressure = pressure.max(checkpoint.pressure);
        checkpoint.pressure = pressure;
    }
    let bounds = factory(seed).return_bounds().intent;
    let bounds = bounds.map(|(low, high)| Bounds::new(low, high).expect("a range"));
    let series = Series {
        checkpoints,
        intent_bounds: bounds,
        ..Series::default()
    };
    let outcome = audit(&series, &Settings::default(), seed).expect("an aligned series");
    json!({
        "verdict": outcome.verdict.word(),
        "stopping_kl": outcome.onset.map(|onset| onset.pressure),
        "peak_kl": outcome.peak.map(|peak| peak.pressure),
    })
}

/// The best of n episodes of the reference, by a learned reward.
fn best_of(
    draws: &Played,
    intents: &[f64],
    ensemble: &mut RewardEnsemble,
    size: usize,
    deviations: f64,
    pool: &Pool,
) -> Value {
    let proxy = rewards(ensemble, &draws.transitions(), size, deviations, pool);
    let proxy = draws.sums(&proxy);
    let ns: Vec<usize> = (0..)
        .map(|k| 1 << k)
        .take_while(|n| *n <= LARGEST_N)
        .collect();
    let curve = best_of_n_curve(&proxy, intents, &ns);
    let points = curve.iter().map(
        |point| json!({"n": point.n, "kl": point.kl, "proxy": point.proxy, "intent": point.intent}),
    );
    json!({"points": points.collect::<Vec<Value>>()})
}

/// All runs of a seed.
fn runs(seed: Seed, n_steps: u64) -> Vec<Value> {
    let pool = Arc::new(Pool::new(1));
    let mut trained = reference(n_steps, seed, &pool);
    let saved = trained.save();
    let reference = trained.current_policy().clone();
    let pairs = pairs(&mut trained, COUNTS[2], seed);
    let common = Common {
        n_steps,
        reference: &reference,
        saved: &saved,
        seed,
        pool: &pool,
    };
    let draws = Played::by(&reference, DRAWS, seed.child("draws", 0), &pool);
    let intents = draws.intents();
    let mut runs = vec![];
    for flips in FLIPS {
        let targets = answers(&pairs, flips, seed.child("annotators", 0));
        for count in COUNTS {
            let (mut ensemble, fit) = learned(&pairs[..count], &targets[..count], seed, &pool);
            for paid in Paid::ALL {
                for size in paid.sizes() {
                    let began = Instant::now();
                    let described = |optimizer: &str, mut run: Value, seconds: f64| {
                        let about = json!({
                            "seed": seed.0, "optimizer": optimizer, "paid": paid.name(), "size": size,
                            "comparisons": count, "flips": flips, "fit": fit, "seconds": seconds,
                        });
                        for (key, value) in about.as_object().expect("an object") {
                            run[key] = value.clone();
                        }
                        run
                    };
                    let run = optimised(&common, &mut ensemble, paid, *size);
                    runs.push(described("ppo", run, began.elapsed().as_secs_f64()));
                    if paid.regularization().is_some() {
                        continue;
                    }
                    let began = Instant::now();
                    let deviations = if paid == Paid::Conservative {
                        DEVIATIONS
                    } else {
                        0.0
                    };
                    let run = best_of(&draws, &intents, &mut ensemble, *size, deviations, &pool);
                    runs.push(described("best-of-n", run, began.elapsed().as_secs_f64()));
                }
            }
        }
    }
    runs
}

#[expect(clippy::print_stdout, reason = "an example prints")]
fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: u64| {
        let word = arguments.next();
        word.map_or(default, |word| word.parse().expect("a number"))
    };
    let (n_seeds, n_steps) = (number(5), number(46_080));
    let n_threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get) as u64;
    // Every seed is a thread's own from beginning to end, so that their number changes nothing.
    let runs: Vec<Value> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_threads)
            .map(|thread| {
                let own = (thread..n_seeds).step_by(n_threads as usize);
                scope.spawn(move || own.map(|s| (s, runs(Seed(s), n_steps))).collect::<Vec<_>>())
            })
            .collect();
        let mut of_seeds: Vec<(u64, Vec<Value>)> = workers
            .into_iter()
            .flat_map(|worker| worker.join().expect("a worker does not panic"))
            .collect();
        of_seeds.sort_by_key(|(seed, _)| *seed);
        of_seeds.into_iter().flat_map(|(_, runs)| runs).collect()
    });
    println!(
        "{}",
        json!({
            "seeds": n_seeds, "steps": n_steps, "sizes": SIZES, "comparisons": COUNTS, "flips": FLIPS,
            "segment": SEGMENT, "rounds_of_reference": ROUNDS_OF_REFERENCE, "episodes": EPISODES, "draws": DRAWS, "deviations": DEVIATIONS,
            "kl_coefficient": KL, "occupancy_coefficient": OCCUPANCY, "runs": runs,
        })
    );
}
