//! Is a reward sound, before anything is trained on it?
//!
//! On a finite MDP nothing about a specification needs to be guessed: which policies are optimal for it, whether it
//! orders policies as the intent does, whether it can be hacked and by how much, whether a shaping term is safe, and
//! whether tampering with the reward pays.

mod certificate;
mod distance;
mod equivalence;
mod error;
mod flow;
mod gap;
mod goodhart;
mod hackability;
#[cfg(feature = "programme")]
pub mod programme;
mod quantilizer;
mod regret;
mod shaping;
mod simplification;
mod tampering;

mod findings;

#[cfg(test)]
mod draw;

pub use certificate::{
    Certificate, NoBound, certificate, certificate_of_visits, chi_squared, visits,
};
pub use distance::{
    Bootstrap, Branch, Branched, Canonicalizer, Continuation, Continued, Coverage, SampledDistance,
    Stepped, dard, epic, sampled_dard, sampled_epic, sampled_starc, starc,
};
pub use equivalence::{Equivalence, Relation, equivalence};
pub use error::CheckError;
pub use findings::{
    Comparison, ComponentReturn, Distances, Findings, Gain, Loss, Parting, PolicyFinding, Question,
    Reason, Role, ShapingFinding, Size, Soundness, Stage, Summary, findings, greatest_gain,
    partings, words,
};
pub use flow::{Flow, Projection};
pub use gap::{
    Gap, GapSettings, Mixture, Reference, ReturnRange, Returns, Witness, gap, return_range,
    worst_among_optimal,
};
pub use goodhart::{
    GoodhartCurve, PathKind, PathStep, SafeStopping, goodhart_curve, inverse_temperature,
    least_served, optimisation_path, safe_stopping,
};
pub use hackability::{
    Bands, DeterministicHackability, DeterministicReturns, DeterministicSettings,
    DeterministicVerdict, HackablePair, StochasticHackability, StochasticVerdict, StrongestPair,
    WidestPair, deterministic_hackability, deterministic_returns, policy_of,
    stochastic_hackability, stochastic_hackability_of, strongest_pair, widest_pair,
    widest_pair_by_comparison,
};
pub use quantilizer::{
    Quantilized, QuantilizedPolicies, quantilize, quantilize_actions, quantilize_policies,
    quantilized_policy,
};
pub use regret::{
    RegretBound, RegretBounds, WorstRegret, range_distance, regret_bounds, worst_regret,
};
pub use shaping::{
    Discrepancy, Farm, Intended, LoopMove, Move, PotentialTest, Shaping, Way, shaping,
};
pub use simplification::{
    Simplification, deterministic_simplification, simplification, simplification_by_comparison,
    stochastic_simplification,
};
pub use tampering::{
    FutureSelves, Incentive, TamperingAct, TamperingPolicyReturns, TamperingQuestion,
    TamperingReturns, TamperingVerdict, best_policy, current_reward_policy, tampering_incentive,
    tampering_incentive_of, tampering_returns,
};
