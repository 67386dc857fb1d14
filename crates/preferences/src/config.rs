//! Settings of learning from preferences, and named presets with their sources.

use nn::Activation;
use rl::{Error, Preset, settings_named};

use crate::ensemble::setting;
use crate::{
    Beginning, EnsembleConfig, LossSettings, OutputNormalization, Prediction, QueryChoice,
    QuerySchedule, Regularization, Sampling,
};

/// Settings of learning from preferences, without those of the optimiser. There is no default: begin with a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// Questions in all, those before the policy begins to learn included.
    pub n_comparisons: usize,
    /// Share of them that is asked of what the untrained policy does.
    pub initial_share: f64,
    /// Environment steps of the untrained policy, in all environments together; they count as steps of the training.
    pub initial_steps: u64,
    /// How the number of questions falls while the policy trains.
    pub schedule: QuerySchedule,
    /// How often questions are asked after the initial ones, evenly spread over the training.
    pub n_query_rounds: usize,
    /// Steps of a segment; it is shorter where its episode ends.
    pub segment_steps: usize,
    /// Where in an episode a segment may begin.
    pub beginning: Beginning,
    /// Latest environment steps, of all environments together, that segments are drawn of.
    pub recent_steps: usize,
    /// How questions are chosen among candidates.
    pub query_choice: QueryChoice,
    /// Latest answers that are kept to learn from.
    pub max_judgements: usize,
    /// Answers to the initial questions that the policy waits for, where annotators take their time; at most as many as
    /// there are.
    pub min_answers: usize,
    /// Questions that may be without an answer while the policy goes on learning, where annotators take their time; none
    /// for any number.
    pub max_open_questions: Option<usize>,
    /// What the reward model reads of a transition.
    pub reads: Reads,
    /// The reward models.
    pub ensemble: EnsembleConfig,
    /// How the members' outputs become rewards.
    pub normalization: OutputNormalization,
    /// Deviations between members that are taken off their mean, 0 for the mean itself.
    pub deviations: f64,
    /// What holds the policy near the untrained one, or near that given to
    /// [`Trainer::stay_near`](crate::Trainer::stay_near); none to let it go.
    pub regularization: Option<Regularization>,
    /// Epochs over the initial answers.
    pub initial_epochs: usize,
    /// Epochs over all kept answers after each round of questions.
    pub epochs: usize,
}

/// What a reward model reads of a transition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// The observation acted on.
    pub observation: bool,
    /// The action.
    pub action: bool,
    /// The observation that truly followed.
    pub next_observation: bool,
    /// Whether the environment terminated.
    pub terminated: bool,
}

/// All presets.
pub const PRESETS: &[Preset<Config>] = &[
    Preset {
        name: "default",
        source: "this project: Christiano et al. (2017) in fewer and smaller steps; see docs/methods/preferences.md",
        config: default_settings,
    },
    Preset {
        name: "drlhp-robots",
        source: "Christiano et al. (2017), section 2.2 and appendix A.1",
        config: drlhp_robots,
    },
    Preset {
        name: "imitation",
        source: "imitation 1.0.1, defaults of train_preference_comparisons",
        config: imitation,
    },
];

fn default_settings() -> Config {
    Config {
        n_comparisons: 700,
        initial_share: 0.25,
        initial_steps: 4096,
        schedule: QuerySchedule::Hyperbolic,
        n_query_rounds: 15,
        segment_steps: 25,
        beginning: Beginning::Anywhere,
        recent_steps: 8192,
        query_choice: QueryChoice::Random,
        max_judgements: 3000,
        min_answers: usize::MAX,
        max_open_questions: Some(32),
        reads: Reads {
            observation: true,
            action: true,
            next_observation: false,
            terminated: true,
        },
        ensemble: EnsembleConfig {
            n_members: 3,
            sampling: Sampling::Bootstrap,
            hidden: vec![64, 64],
            activation: Activation::Tanh,
            normalize_observations: true,
            loss: LossSettings {
                noise_floor: 0.1,
                label_smoothing: 0.0,
            },
            minibatch: 32,
            learning_rate: 1e-3,
            weight_decay: 0.01,
            validation_ratio: Some((1.1, 1.5)),
        },
        normalization: OutputNormalization::Automatic,
        deviations: 0.0,
        regularization: None,
        initial_epochs: 50,
        epochs: 5,
    }
}

/// Where the paper is silent (minibatch, learning rate, epochs on robots) what `default` has.
fn drlhp_robots() -> Config {
    let default = default_settings();
    Config {
        schedule: QuerySchedule::CHRISTIANO_ROBOTS,
        query_choice: QueryChoice::Disagreement {
            of: Prediction::Label,
            oversampling: 10.0,
        },
        n_query_rounds: 50,
        normalization: OutputNormalization::MeanAndDeviation,
        reads: Reads {
            terminated: false,
            ..default.reads
        },
        ensemble: EnsembleConfig {
            activation: Activation::Relu,
            ..default.ensemble
        },
        ..default
    }
}

fn imitation() -> Config {
    Config {
        n_comparisons: 5000,
        initial_share: 0.1,
        n_query_rounds: 5,
        segment_steps: 100,
        beginning: Beginning::Fitting,
        max_judgements: usize::MAX,
        reads: Reads {
            observation: true,
            action: true,
            next_observation: false,
            terminated: false,
        },
        ensemble: EnsembleConfig {
            n_members: 1,
            sampling: Sampling::HeldOut(0.0),
            hidden: vec![32, 32],
            activation: Activation::Relu,
            normalize_observations: true,
            loss: LossSettings {
                noise_floor: 0.0,
                label_smoothing: 0.0,
            },
            minibatch: 32,
            learning_rate: 1e-3,
            weight_decay: 0.01,
            validation_ratio: None,
        },
        normalization: OutputNormalization::MeanAndDeviation,
        initial_epochs: 600,
        epochs: 3,
        ..default_settings()
    }
}

impl Config {
    /// The preset of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Config> {
        settings_named(PRESETS, name)
    }

    /// Checks every setting but those of the ensemble, which checks them itself.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let positive = [
            ("n_comparisons", self.n_comparisons),
            ("n_query_rounds", self.n_query_rounds),
            ("segment_steps", self.segment_steps),
            ("max_judgements", self.max_judgements),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(setting(key, value, "it must be at least 1"));
            }
        }
        if self.recent_steps < 2 * self.segment_steps {
            let allowed = "two segments must find room in it";
            return Err(setting("recent_steps", self.recent_steps, allowed));
        }
        if !(0.0..=1.0).contains(&self.initial_share) {
            let allowed = "it must lie in 0..=1";
            return Err(setting("initial_share", self.initial_share, allowed));
        }
        if !(self.deviations.is_finite() && self.deviations >= 0.0) {
            let allowed = "it must be finite and not negative";
            return Err(setting("deviations", self.deviations, allowed));
        }
        if let Some(regularization) = &self.regularization {
            regularization.check()?;
        }
        match self.schedule {
            QuerySchedule::HalvingAfter { n_steps } if n_steps.is_nan() || n_steps <= 0.0 => Err(
                setting("schedule", n_steps, "a rate halves after some steps"),
            ),
            _ => Ok(()),
        }
    }
}
