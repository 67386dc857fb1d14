//! Settings of procedure cloning and of the methods beside it, and named presets with their sources.

use std::str::FromStr;

use nn::{AdamConfig, MapLayer, MapNetwork, MapShape, Schedule};
use rl::{Error, Preset, settings_named};

/// What is imitated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Every round of the expert's computation, from the one before.
    Procedure,
    /// The last board of it, from the blank one, in one go: what a procedure adds is that there are rounds.
    FinalBoard,
    /// The action alone: behavioural cloning.
    Action,
    /// The action alone, from observations that are zoomed and shifted at random.
    AugmentedAction,
    /// The action, and beside it the last board as a task that is not used at test time.
    AuxiliaryAction,
}

impl Method {
    /// Every method, procedure cloning first.
    pub const ALL: [Method; 5] = [
        Method::Procedure,
        Method::FinalBoard,
        Method::Action,
        Method::AugmentedAction,
        Method::AuxiliaryAction,
    ];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Method::Procedure => "procedure",
            Method::FinalBoard => "final-board",
            Method::Action => "action",
            Method::AugmentedAction => "augmented-action",
            Method::AuxiliaryAction => "auxiliary-action",
        }
    }

    /// Whether a board is predicted, and the action read off it.
    pub(super) fn says_boards(self) -> bool {
        matches!(self, Method::Procedure | Method::FinalBoard)
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(name: &str) -> Result<Method, Error> {
        let found = Method::ALL.into_iter().find(|method| method.name() == name);
        found.ok_or_else(|| {
            setting(
                "method",
                format!("{name:?}"),
                "choose procedure, final-board, action, augmented-action or auxiliary-action",
            )
        })
    }
}

/// Settings of procedure cloning. There is no default: begin with a preset.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// What is imitated.
    pub method: Method,
    /// Gradient steps.
    pub steps: u64,
    /// Gradient steps of one round of a training, after which it reports and can be saved.
    pub round: u64,
    /// Samples a gradient step.
    pub minibatch: usize,
    /// Learning rate over the training.
    pub learning_rate: Schedule,
    /// ε of Adam.
    pub adam_epsilon: f32,
    /// Side of the convolutions' squares, odd.
    pub kernel: usize,
    /// Channels of the hidden convolutions.
    pub hidden: Vec<usize>,
    /// Widths of the dense layers after them; none where boards are predicted.
    pub dense: Vec<usize>,
    /// The channel of an observation that marks the agent's cell, from 0.
    pub agent_channel: usize,
    /// Rounds of the procedure before the policy gives up and draws an action.
    pub most_rounds: usize,
}

/// All presets. Those that end in `cloning` are for the methods that predict actions.
pub const PRESETS: &[Preset<Config>] = &[
    Preset {
        name: "published",
        source: "google-research, procedure_cloning: models/behavioral_cloning_bfs.py and scripts/train_eval.py",
        config: published,
    },
    Preset {
        name: "published-cloning",
        source: "google-research, procedure_cloning: models/behavioral_cloning.py and scripts/train_eval.py",
        config: published_cloning,
    },
    Preset {
        name: "small",
        source: "this project: two hidden convolutions of 32 channels, chosen on mazes of 16 by 16",
        config: small,
    },
    Preset {
        name: "small-cloning",
        source: "this project: the published layers in the proportions of `small`",
        config: small_cloning,
    },
];

fn published() -> Config {
    Config {
        method: Method::Procedure,
        steps: 500_000,
        round: 100,
        minibatch: 32,
        learning_rate: Schedule::Constant(3e-4),
        adam_epsilon: 1e-7,
        kernel: 3,
        hidden: vec![128, 128, 256, 256],
        dense: vec![],
        agent_channel: 2,
        most_rounds: 100,
    }
}

fn published_cloning() -> Config {
    Config {
        method: Method::Action,
        hidden: vec![128, 128, 256, 256, 256],
        dense: vec![256, 256, 256],
        ..published()
    }
}

fn small() -> Config {
    Config {
        steps: 3_000,
        learning_rate: Schedule::LinearToZero(2e-3),
        hidden: vec![32, 32],
        ..published()
    }
}

fn small_cloning() -> Config {
    Config {
        method: Method::Action,
        learning_rate: Schedule::LinearToZero(1e-3),
        dense: vec![256, 256, 256],
        ..small()
    }
}

impl Config {
    /// The settings of the preset of that name.
    #[must_use]
    pub fn preset(name: &str) -> Option<Config> {
        settings_named(PRESETS, name)
    }

    /// # Errors
    /// The first setting that no training can begin with.
    pub(super) fn check(&self) -> Result<(), Error> {
        let positive = [
            ("steps", self.steps),
            ("round", self.round),
            ("minibatch", self.minibatch as u64),
            ("most_rounds", self.most_rounds as u64),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(setting(key, value, "it must be at least 1"));
            }
        }
        if self.kernel.is_multiple_of(2) {
            return Err(setting("kernel", self.kernel, "it must be odd"));
        }
        for (key, widths) in [("hidden", &self.hidden), ("dense", &self.dense)] {
            if widths.contains(&0) {
                let widths = format!("{widths:?}");
                return Err(setting(key, widths, "no layer may have width 0"));
            }
        }
        if self.method.says_boards() && !self.dense.is_empty() {
            return Err(setting(
                "dense",
                format!("{:?}", self.dense),
                "where boards are predicted there are convolutions alone",
            ));
        }
        let rate = self.learning_rate.at(0.0);
        if !(rate > 0.0 && rate.is_finite()) {
            return Err(setting("learning_rate", rate, "it must be above 0"));
        }
        if !(self.adam_epsilon > 0.0 && self.adam_epsilon.is_finite()) {
            return Err(setting(
                "adam_epsilon",
                self.adam_epsilon,
                "it must be above 0",
            ));
        }
        Ok(())
    }

    pub(super) fn adam(&self) -> AdamConfig {
        AdamConfig::adam(self.adam_epsilon)
    }

    /// The network for observations of a shape.
    pub(super) fn network(&self, shape: MapShape, n_actions: usize) -> MapNetwork {
        let n_labels = n_actions + 1;
        if self.method.says_boards() {
            let input = MapShape {
                channels: shape.channels + n_labels,
                ..shape
            };
            let channels = [self.hidden.as_slice(), &[n_labels]].concat();
            return MapNetwork::cells(input, self.kernel, &channels);
        }
        let mut layers = vec![];
        let (mut height, mut width) = (shape.height, shape.width);
        for (i, channels) in self.hidden.iter().enumerate() {
            layers.push(MapLayer::Convolution {
                kernel: self.kernel,
                channels: *channels,
            });
            if self.is_pooled(i) && height.is_multiple_of(2) && width.is_multiple_of(2) {
                layers.push(MapLayer::MaxPool { size: 2 });
                (height, width) = (height / 2, width / 2);
            }
        }
        let n_outputs = match self.method {
            Method::AuxiliaryAction => n_actions * (1 + shape.height * shape.width),
            _ => n_actions,
        };
        let dense = self.dense.iter().chain([&n_outputs]);
        layers.extend(dense.map(|outputs| MapLayer::Dense { outputs: *outputs }));
        MapNetwork {
            input: shape,
            layers,
        }
    }

    /// Two pools, as published: after the first convolution, and after the third or, where there are fewer, the last.
    fn is_pooled(&self, convolution: usize) -> bool {
        convolution == 0 || convolution == 2.min(self.hidden.len() - 1)
    }
}

/// The error for a setting that no training can begin with.
pub(super) fn setting(key: &'static str, value: impl ToString, allowed: &'static str) -> Error {
    Error::Setting {
        key,
        value: value.to_string(),
        allowed,
    }
}
