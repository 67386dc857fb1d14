//! The hyperparameters of learning from preferences: of asking, of the reward model, and those of the PPO that it rewards.

use std::sync::Arc;

use nn::Schedule;
use preferences::{
    Beginning, Config, OutputNormalization, Prediction, QueryChoice, QuerySchedule, Reads,
    Sampling, Trainer,
};
use rl::ppo;

use super::ppo::HYPERPARAMETERS as POLICY;
use super::{Hyperparameter, NOT_NEGATIVE, Preset, Situation, Training, UNIT};
use crate::Error;
use crate::experiment::OptimizerChoice;
use crate::settings::{Kind, MOST, Setting, Value};

/// Both configurations.
struct Whole {
    asking: Config,
    policy: ppo::Config,
}

/// A preset of the whole.
struct Named {
    name: &'static str,
    source: &'static str,
    /// Presets of asking and of PPO that it begins from.
    from: (&'static str, &'static str),
    /// What is other than there.
    tune: fn(&mut Whole),
}

const WHOLE: &[Named] = &[
    Named {
        name: "default",
        source: "preset `default` of learning from preferences, PPO at the preset `rl-zoo-cartpole`",
        from: ("default", "rl-zoo-cartpole"),
        tune: |_| {},
    },
    Named {
        name: "pendulum",
        source: "preset `default` of learning from preferences, PPO at the preset `rl-zoo-pendulum`",
        from: ("default", "rl-zoo-pendulum"),
        tune: |_| {},
    },
    Named {
        name: "grasp",
        source: "this project: short clips of where each step leads, plain noise; see docs/environments/grasp.md",
        from: ("default", "wide-batch"),
        tune: grasp,
    },
    Named {
        name: "drlhp-robots",
        source: "Christiano et al. (2017), section 2.2 and appendix A.1, PPO at the preset `sb3` in place of TRPO",
        from: ("drlhp-robots", "sb3"),
        tune: |_| {},
    },
    Named {
        name: "imitation",
        source: "imitation 1.0.1, defaults of train_preference_comparisons, PPO at the preset `sb3`",
        from: ("imitation", "sb3"),
        tune: |_| {},
    },
];

/// Annotators see where a step leads, and so does the reward model. Weight decay stays as it is: where it follows the
/// validation loss it is largest when the first answers come, and nothing is learned from them.
fn grasp(whole: &mut Whole) {
    let asking = &mut whole.asking;
    asking.n_comparisons = 2000;
    asking.segment_steps = 20;
    asking.recent_steps = 16_384;
    asking.reads = Reads {
        observation: false,
        action: false,
        next_observation: true,
        terminated: false,
    };
    asking.ensemble.weight_decay = 0.001;
    asking.ensemble.validation_ratio = None;
    asking.epochs = 10;
    let policy = &mut whole.policy;
    policy.steps = 1_000_000;
    (policy.n_environments, policy.n_steps, policy.minibatch) = (64, 80, 512);
    policy.epochs = 5;
    policy.discount = 0.97;
    policy.learning_rate = Schedule::LinearToZero(1e-3);
    policy.entropy_coefficient = 0.003;
    policy.normalize_observations = true;
    policy.exploration = ppo::Exploration::Gaussian { log_std: -1.0 };
}

const COUNT: Kind = Kind::Count { low: 1, high: MOST };
const COUNT_OR_NONE: Kind = Kind::Count { low: 0, high: MOST };

/// A row of the table that reads and writes a part of [`Config`].
macro_rules! row {
    ($key:literal, $kind:expr, $meaning:literal, $get:expr, $set:expr) => {
        Hyperparameter {
            key: $key,
            kind: $kind,
            meaning: $meaning,
            get: |whole: &Whole| {
                let get: fn(&Config) -> Value = $get;
                get(&whole.asking)
            },
            set: |whole: &mut Whole, value: &Value| {
                let set: fn(&mut Config, &Value) = $set;
                set(&mut whole.asking, value);
            },
        }
    };
}

const ASKING: &[Hyperparameter<Whole>] = &[
    row!(
        "comparisons",
        COUNT,
        "questions in all, the initial ones included",
        |c| many(c.n_comparisons),
        |c, v| c.n_comparisons = to_many(v)
    ),
    row!(
        "initial_share",
        UNIT,
        "share of the questions that is asked of what the untrained policy does",
        |c| Value::Number(c.initial_share),
        |c, v| c.initial_share = to_f64(v)
    ),
    row!(
        "initial_steps",
        COUNT_OR_NONE,
        "environment steps of the untrained policy; they count as steps of the training",
        |c| Value::Count(c.initial_steps),
        |c, v| c.initial_steps = v.as_count().expect("the kind was checked")
    ),
    row!(
        "query_schedule",
        Kind::Choice(&["constant", "hyperbolic", "inverse-quadratic", "halving"]),
        "how the number of questions falls while the policy trains; halving: half as many after `halving_steps`",
        |c| Value::Text(match c.schedule {
            QuerySchedule::Constant => "constant".into(),
            QuerySchedule::Hyperbolic => "hyperbolic".into(),
            QuerySchedule::InverseQuadratic => "inverse-quadratic".into(),
            QuerySchedule::HalvingAfter { .. } => "halving".into(),
        }),
        |c, v| c.schedule = match v.as_text() {
            Some("constant") => QuerySchedule::Constant,
            Some("inverse-quadratic") => QuerySchedule::InverseQuadratic,
            Some("halving") => QuerySchedule::CHRISTIANO_ROBOTS,
            _ => QuerySchedule::Hyperbolic,
        }
    ),
    row!(
        "halving_steps",
        Kind::Optional(&super::POSITIVE_COUNT),
        "environment steps after which half as many questions are asked, for the schedule `halving`",
        |c| match c.schedule {
            QuerySchedule::HalvingAfter { n_steps } => Value::Number(n_steps),
            _ => Value::Nothing,
        },
        |c, v| if let (QuerySchedule::HalvingAfter { n_steps }, Some(steps)) =
            (&mut c.schedule, v.as_number())
        {
            *n_steps = steps;
        }
    ),
    row!(
        "query_rounds",
        COUNT,
        "how often questions are asked after the initial ones",
        |c| many(c.n_query_rounds),
        |c, v| c.n_query_rounds = to_many(v)
    ),
    row!(
        "segment_steps",
        COUNT,
        "steps of a segment; it is shorter where its episode ends",
        |c| many(c.segment_steps),
        |c, v| c.segment_steps = to_many(v)
    ),
    row!(
        "segments_begin",
        Kind::Choice(&["anywhere", "fitting"]),
        "where in an episode a segment may begin: anywhere, or where its whole length fits",
        |c| Value::Text(match c.beginning {
            Beginning::Anywhere => "anywhere".into(),
            Beginning::Fitting => "fitting".into(),
        }),
        |c, v| c.beginning = match v.as_text() {
            Some("fitting") => Beginning::Fitting,
            _ => Beginning::Anywhere,
        }
    ),
    row!(
        "recent_steps",
        COUNT,
        "latest environment steps that segments are drawn of",
        |c| many(c.recent_steps),
        |c, v| c.recent_steps = to_many(v)
    ),
    row!(
        "query_choice",
        Kind::Choice(&["random", "disagreement", "information-gain"]),
        "how questions are chosen among candidates",
        |c| Value::Text(match c.query_choice {
            QueryChoice::Random => "random".into(),
            QueryChoice::Disagreement { .. } => "disagreement".into(),
            QueryChoice::InformationGain { .. } => "information-gain".into(),
        }),
        |c, v| {
            let (of, oversampling) = disagreement(c.query_choice);
            c.query_choice = match v.as_text() {
                Some("random") => QueryChoice::Random,
                Some("information-gain") => QueryChoice::InformationGain { oversampling },
                _ => QueryChoice::Disagreement { of, oversampling },
            };
        }
    ),
    row!(
        "disagreement_of",
        Kind::Choice(&["logit", "probability", "label"]),
        "what the members disagree about, where they do",
        |c| Value::Text(match disagreement(c.query_choice).0 {
            Prediction::Logit => "logit".into(),
            Prediction::Probability => "probability".into(),
            Prediction::Label => "label".into(),
        }),
        |c, v| if let QueryChoice::Disagreement { of, .. } = &mut c.query_choice {
            *of = match v.as_text() {
                Some("logit") => Prediction::Logit,
                Some("label") => Prediction::Label,
                _ => Prediction::Probability,
            };
        }
    ),
    row!(
        "oversampling",
        Kind::Number {
            low: 1.0,
            high: 1000.0
        },
        "candidates for each question that is asked, where questions are chosen",
        |c| Value::Number(disagreement(c.query_choice).1),
        |c, v| match &mut c.query_choice {
            QueryChoice::Random => {}
            QueryChoice::Disagreement { oversampling, .. }
            | QueryChoice::InformationGain { oversampling } => {
                *oversampling = to_f64(v);
            }
        }
    ),
    row!(
        "answers_kept",
        COUNT,
        "latest answers that are learned from",
        |c| many(c.max_judgements),
        |c, v| c.max_judgements = to_many(v)
    ),
    row!(
        "min_answers",
        COUNT_OR_NONE,
        "answers to the initial questions that the policy waits for, where people answer; at most as many as there are",
        |c| many(c.min_answers),
        |c, v| c.min_answers = to_many(v)
    ),
    row!(
        "open_questions",
        Kind::Optional(&COUNT_OR_NONE),
        "questions that may be without an answer while the policy goes on learning, where people answer",
        |c| c.max_open_questions.map_or(Value::Nothing, many),
        |c, v| c.max_open_questions = (*v != Value::Nothing).then(|| to_many(v))
    ),
    row!(
        "reads_observation",
        Kind::Flag,
        "let the reward model read the observation acted on",
        |c| Value::Flag(c.reads.observation),
        |c, v| c.reads.observation = to_flag(v)
    ),
    row!(
        "reads_action",
        Kind::Flag,
        "let the reward model read the action",
        |c| Value::Flag(c.reads.action),
        |c, v| c.reads.action = to_flag(v)
    ),
    row!(
        "reads_next_observation",
        Kind::Flag,
        "let the reward model read the observation that followed",
        |c| Value::Flag(c.reads.next_observation),
        |c, v| c.reads.next_observation = to_flag(v)
    ),
    row!(
        "reads_terminated",
        Kind::Flag,
        "let the reward model read whether the environment terminated",
        |c| Value::Flag(c.reads.terminated),
        |c, v| c.reads.terminated = to_flag(v)
    ),
    row!(
        "members",
        Kind::Count { low: 1, high: 1000 },
        "reward models of the ensemble",
        |c| many(c.ensemble.n_members),
        |c, v| c.ensemble.n_members = to_many(v)
    ),
    row!(
        "held_out",
        Kind::Optional(&UNIT),
        "share of the answers that each member keeps for validation; \"none\" for a bootstrap sample each, and validation on what it did not draw",
        |c| match c.ensemble.sampling {
            Sampling::Bootstrap => Value::Nothing,
            Sampling::HeldOut(share) => Value::Number(share),
        },
        |c, v| c.ensemble.sampling = match v {
            Value::Nothing => Sampling::Bootstrap,
            share => Sampling::HeldOut(to_f64(share)),
        }
    ),
    row!(
        "model_hidden",
        Kind::Counts {
            low: 1,
            high: 4096,
            most: 8
        },
        "widths of the reward model's hidden layers",
        |c| super::widths(&c.ensemble.hidden),
        |c, v| c.ensemble.hidden = super::to_widths(v)
    ),
    row!(
        "model_activation",
        Kind::Choice(&["tanh", "relu"]),
        "activation of the reward model's hidden layers",
        |c| super::activation(c.ensemble.activation),
        |c, v| c.ensemble.activation = super::to_activation(v)
    ),
    row!(
        "model_normalize_observations",
        Kind::Flag,
        "normalise what the reward model sees",
        |c| Value::Flag(c.ensemble.normalize_observations),
        |c, v| c.ensemble.normalize_observations = to_flag(v)
    ),
    row!(
        "noise_floor",
        UNIT,
        "share of answers taken to be given at random",
        |c| Value::Number(c.ensemble.loss.noise_floor),
        |c, v| c.ensemble.loss.noise_floor = to_f64(v)
    ),
    row!(
        "label_smoothing",
        UNIT,
        "share of every answer that is spread over all answers",
        |c| Value::Number(c.ensemble.loss.label_smoothing),
        |c, v| c.ensemble.loss.label_smoothing = to_f64(v)
    ),
    row!(
        "model_minibatch",
        COUNT,
        "comparisons a minibatch of the reward model",
        |c| many(c.ensemble.minibatch),
        |c, v| c.ensemble.minibatch = to_many(v)
    ),
    row!(
        "model_learning_rate",
        NOT_NEGATIVE,
        "learning rate of the reward model's Adam",
        |c| Value::Number(c.ensemble.learning_rate),
        |c, v| c.ensemble.learning_rate = to_f64(v)
    ),
    row!(
        "weight_decay",
        NOT_NEGATIVE,
        "decoupled weight decay of the reward model at the start",
        |c| Value::Number(c.ensemble.weight_decay),
        |c, v| c.ensemble.weight_decay = to_f64(v)
    ),
    row!(
        "adapt_weight_decay",
        Kind::Flag,
        "change the weight decay so that the validation loss stays from 1.1 to 1.5 times the training loss",
        |c| Value::Flag(c.ensemble.validation_ratio.is_some()),
        |c, v| c.ensemble.validation_ratio = to_flag(v).then_some((1.1, 1.5))
    ),
    row!(
        "output_normalization",
        Kind::Choice(&["automatic", "mean-and-deviation", "scale", "none"]),
        "how the outputs of members become rewards",
        |c| Value::Text(normalization_name(c.normalization).into()),
        |c, v| c.normalization = OutputNormalization::ALL
            .into_iter()
            .find(|each| Some(normalization_name(*each)) == v.as_text())
            .expect("the kind was checked")
    ),
    row!(
        "deviations",
        NOT_NEGATIVE,
        "deviations between members that are taken off their mean: above 0 the reward is conservative",
        |c| Value::Number(c.deviations),
        |c, v| c.deviations = to_f64(v)
    ),
    row!(
        "initial_epochs",
        COUNT,
        "passes of the reward model over the initial answers",
        |c| many(c.initial_epochs),
        |c, v| c.initial_epochs = to_many(v)
    ),
    row!(
        "model_epochs",
        COUNT,
        "passes of the reward model over all kept answers after each round of questions",
        |c| many(c.epochs),
        |c, v| c.epochs = to_many(v)
    ),
];

fn many(count: usize) -> Value {
    Value::Count((count as u64).min(MOST))
}

/// The greatest count stands for any number.
fn to_many(value: &Value) -> usize {
    match value.as_count().expect("the kind was checked") {
        MOST => usize::MAX,
        count => usize::try_from(count).expect("a count fits"),
    }
}

fn to_f64(value: &Value) -> f64 {
    value.as_number().expect("the kind was checked")
}

fn to_flag(value: &Value) -> bool {
    value.as_flag().expect("the kind was checked")
}

/// What is disagreed about and the oversampling, those of the preset `default` where a choice has none.
fn disagreement(choice: QueryChoice) -> (Prediction, f64) {
    match choice {
        QueryChoice::Disagreement { of, oversampling } => (of, oversampling),
        QueryChoice::InformationGain { oversampling } => (Prediction::Probability, oversampling),
        QueryChoice::Random => (Prediction::Probability, 4.0),
    }
}

fn normalization_name(normalization: OutputNormalization) -> &'static str {
    match normalization {
        OutputNormalization::Automatic => "automatic",
        OutputNormalization::MeanAndDeviation => "mean-and-deviation",
        OutputNormalization::Scale => "scale",
        OutputNormalization::None => "none",
    }
}

/// Rewards are learned, and have a normalisation of their own.
fn is_left_out(key: &str) -> bool {
    key == "normalize_rewards"
}

impl Named {
    fn whole(&self) -> Whole {
        let (asking, policy) = self.from;
        let mut whole = Whole {
            asking: Config::preset(asking).expect("a preset of asking"),
            policy: ppo::Config::preset(policy).expect("a preset of PPO"),
        };
        (self.tune)(&mut whole);
        whole
    }
}

pub(super) fn presets() -> Vec<Preset> {
    let of = |named: &Named| {
        let whole = named.whole();
        let mut preset = super::preset(named.name, named.source, ASKING, &whole);
        for parameter in POLICY.iter().filter(|each| !is_left_out(each.key)) {
            preset
                .values
                .insert(parameter.key, (parameter.get)(&whole.policy));
        }
        preset
    };
    WHOLE.iter().map(of).collect()
}

pub(super) fn settings(preset: Option<&Preset>) -> Vec<Setting> {
    let mut settings = super::settings(ASKING, preset);
    settings.extend(super::settings(POLICY, preset));
    settings.retain(|setting| !is_left_out(setting.key));
    settings
}

pub(super) fn training(
    choice: &OptimizerChoice,
    situation: &Situation<'_>,
) -> Result<Training, Error> {
    let named = WHOLE.iter().find(|preset| preset.name == choice.preset);
    let mut whole = named.expect("a checked optimizer names a preset").whole();
    super::configure(ASKING, &choice.settings, &mut whole);
    super::configure_some(POLICY, &choice.settings, &mut whole.policy, is_left_out);
    whole.policy.normalize_rewards = false;
    let (n_steps, n) = (whole.policy.steps, whole.policy.n_environments);
    let learner = Trainer::new(
        whole.asking,
        whole.policy,
        situation.annotators()?,
        situation.environments(n),
        situation.seed,
        Arc::clone(&situation.pool),
    )?;
    Ok(Training {
        learner: Box::new(learner),
        n_steps,
    })
}
