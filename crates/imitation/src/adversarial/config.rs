//! Settings that GAIL and AIRL share.

use nn::Activation;
use rl::Error;

/// How the discriminator looks and learns.
#[derive(Clone, Debug, PartialEq)]
pub struct DiscriminatorConfig {
    /// Widths of the hidden layers.
    pub hidden: Vec<usize>,
    /// Activation of the hidden layers.
    pub activation: Activation,
    /// Learning rate of Adam.
    pub learning_rate: f64,
    /// Updates a round, between the rollout and the generator's own.
    pub n_updates: usize,
    /// Demonstrated transitions an update; as many of the policy's stand against them.
    pub batch: usize,
    /// Rounds whose transitions are kept to be told from demonstrations; 1 for those of the present policy alone.
    pub buffer_rounds: usize,
    /// Whether continuous observations are normalised by the running mean and deviation of the policy's and the
    /// demonstrated ones.
    pub normalize_observations: bool,
    /// What keeps its slope small; none for nothing.
    pub penalty: Option<GradientPenalty>,
}

/// A penalty on the slope of the logit between demonstrated and generated transitions (Gulrajani et al., 2017):
/// `weight · mean (‖∇ logit(x)‖ - target)²`, each x drawn uniformly on the line between a demonstrated and a generated
/// input, as in Kostrikov et al. (2019).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GradientPenalty {
    /// Its weight beside the cross-entropy.
    pub weight: f32,
    /// The slope that costs nothing: 1 as published, 0 to prefer a flat one.
    pub target: f32,
}

/// What a logit l of the discriminator, `D = 1 / (1 + exp(-l))` being the probability of a demonstration, is worth to the
/// policy.
///
/// All grow with l; where episodes cannot end, a constant added to any of them moves no policy. Where they can, the sign
/// decides: see [`RewardForm::bias`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewardForm {
    /// `-log(1 - D) = log(1 + exp(l))`, never negative.
    Softplus,
    /// `log D = -log(1 + exp(-l))`, never positive.
    LogD,
    /// `log D - log(1 - D) = l`, of either sign.
    Logit,
    /// `D`, never negative, at most 1.
    Probability,
}

/// What a reward form makes of episodes that can end, where the absorbing state is not modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignBias {
    /// Every reward is positive: living on is paid for, whatever is done (survival bias).
    Survival,
    /// Every reward is negative: ending is paid for, however it comes (termination bias).
    Termination,
    /// Rewards have either sign; which prevails is learned, or chance.
    Mixed,
    /// None: rewards are relative to that of the absorbing state, so that an end is worth what it is found to be worth.
    Absent,
}

/// What becomes of an episode that the environment terminates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Nothing comes after it: it is worth 0, which is much to some reward forms and little to others.
    Worthless,
    /// An absorbing state comes after it, for ever, that the discriminator judges as it does the others (Kostrikov et
    /// al., 2019). A truncated episode has none: it went on.
    Absorbing,
}

/// How rewards are brought to the size that values are learned well at. A declared transform: it is reported every
/// round, and the reward itself stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewardNormalization {
    /// Not at all.
    None,
    /// Divided by the running size, root mean square, of their discounted sums: signs stay, values are of the order of 1.
    Scale,
    /// Their running mean taken off, then divided by their running deviation, as the library `imitation` does. It
    /// replaces the sign bias of the reward form by another that moves as rewards do, and excludes absorbing states.
    Standardize,
}

impl RewardForm {
    /// All forms.
    pub const ALL: [RewardForm; 4] = [
        RewardForm::Softplus,
        RewardForm::LogD,
        RewardForm::Logit,
        RewardForm::Probability,
    ];

    /// Its name in settings and reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            RewardForm::Softplus => "softplus",
            RewardForm::LogD => "log-d",
            RewardForm::Logit => "logit",
            RewardForm::Probability => "probability",
        }
    }

    /// The reward of a logit.
    #[must_use]
    pub fn of(self, logit: f32) -> f32 {
        let softplus = |x: f32| x.max(0.0) + (-x.abs()).exp().ln_1p();
        match self {
            RewardForm::Softplus => softplus(logit),
            RewardForm::LogD => -softplus(-logit),
            RewardForm::Logit => logit,
            RewardForm::Probability => sigmoid(logit),
        }
    }

    /// The bias that its sign brings where episodes can end.
    #[must_use]
    pub fn bias(self, ends: Ends) -> SignBias {
        match (ends, self) {
            (Ends::Absorbing, _) => SignBias::Absent,
            (Ends::Worthless, RewardForm::Softplus | RewardForm::Probability) => SignBias::Survival,
            (Ends::Worthless, RewardForm::LogD) => SignBias::Termination,
            (Ends::Worthless, RewardForm::Logit) => SignBias::Mixed,
        }
    }
}

/// `1 / (1 + exp(-x))`.
pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

impl DiscriminatorConfig {
    /// Checks every setting.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let positive = [
            ("discriminator.batch", self.batch),
            ("discriminator.buffer_rounds", self.buffer_rounds),
        ];
        for (key, value) in positive {
            if value == 0 {
                return Err(setting(key, value, "it must be at least 1"));
            }
        }
        if self.batch > 1 << 20 {
            let allowed = "an update takes at most 2^20 transitions of each kind";
            return Err(setting("discriminator.batch", self.batch, allowed));
        }
        if self.hidden.contains(&0) {
            let allowed = "every layer has a unit at least";
            return Err(setting("discriminator.hidden", "0", allowed));
        }
        let penalty = self.penalty.unwrap_or(GradientPenalty {
            weight: 0.0,
            target: 0.0,
        });
        for (key, value) in [
            ("discriminator.learning_rate", self.learning_rate),
            ("discriminator.penalty.weight", f64::from(penalty.weight)),
            ("discriminator.penalty.target", f64::from(penalty.target)),
        ] {
            if !(value.is_finite() && value >= 0.0) {
                return Err(setting(key, value, "it must be finite and not negative"));
            }
        }
        Ok(())
    }
}

/// A setting that no training can begin with.
pub(crate) fn setting(key: &'static str, value: impl ToString, allowed: &'static str) -> Error {
    Error::Setting {
        key,
        value: value.to_string(),
        allowed,
    }
}
