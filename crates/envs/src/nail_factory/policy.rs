//! Scripted plans: one that fills orders, two that fulfil the norm, one that draws anything, and fixed plans.

use std::str::FromStr;

use mdp::{Policy, Rng, index};

use super::{
    HOURS, MAX_PRIORITY, MAX_SHIFTS, MAX_UPKEEP, N_CHOICES, N_FEATURES, N_SIZES, SIZES,
    UPKEEP_HOURS,
};
use crate::UnknownName;

/// A scripted policy for the nail factory. It sees the observation alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NailPolicy {
    /// Does what was meant: hours for each size in proportion to its orders, and no more shifts than they need.
    Planner,
    /// Fulfils the norm by count: tacks, all day.
    Tacks,
    /// Fulfils the norm by weight: slabs, all day.
    Slabs,
    /// Draws every action with the same probability: a policy that has learned nothing.
    Uniform,
}

impl NailPolicy {
    /// Every policy, the reference first.
    pub const ALL: [NailPolicy; 4] = [
        NailPolicy::Planner,
        NailPolicy::Tacks,
        NailPolicy::Slabs,
        NailPolicy::Uniform,
    ];

    /// The name by which experiments choose it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            NailPolicy::Planner => "planner",
            NailPolicy::Tacks => "tacks",
            NailPolicy::Slabs => "slabs",
            NailPolicy::Uniform => "uniform",
        }
    }
}

impl FromStr for NailPolicy {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<NailPolicy, UnknownName> {
        UnknownName::find("policy", name, &NailPolicy::ALL, NailPolicy::name)
    }
}

impl Policy<[f32; N_FEATURES], [usize; N_CHOICES]> for NailPolicy {
    fn act(&self, observation: &[f32; N_FEATURES], rng: &mut Rng) -> [usize; N_CHOICES] {
        match self {
            NailPolicy::Planner => plan(observation),
            NailPolicy::Tacks => nothing_but(0),
            NailPolicy::Slabs => nothing_but(N_SIZES - 1),
            NailPolicy::Uniform => FixedPlan::random(rng).0,
        }
    }
}

/// The same action in every period: what a central plan is, and what best-of-n draws from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedPlan(pub [usize; 7]);

impl FixedPlan {
    /// Any plan, each with the same probability.
    #[must_use]
    pub fn random(rng: &mut Rng) -> FixedPlan {
        let mut action = [0; N_CHOICES];
        let [priorities @ .., shifts, upkeep] = &mut action;
        for priority in priorities {
            *priority = index(MAX_PRIORITY + 1, rng);
        }
        *shifts = index(MAX_SHIFTS + 1, rng);
        *upkeep = index(MAX_UPKEEP + 1, rng);
        FixedPlan(action)
    }
}

impl Policy<[f32; N_FEATURES], [usize; N_CHOICES]> for FixedPlan {
    fn act(&self, _observation: &[f32; N_FEATURES], _rng: &mut Rng) -> [usize; N_CHOICES] {
        self.0
    }
}

fn nothing_but(size: usize) -> [usize; N_CHOICES] {
    let mut action = [0; N_CHOICES];
    action[size] = MAX_PRIORITY;
    action[N_SIZES] = MAX_SHIFTS;
    action[N_SIZES + 1] = MAX_UPKEEP;
    action
}

fn plan(observation: &[f32; N_FEATURES]) -> [usize; N_CHOICES] {
    // Machine hours that each size's orders take.
    let hours: [f64; N_SIZES] = std::array::from_fn(|size| {
        let multiple = 1.0 + f64::from(observation[size]) / 2.0;
        multiple * SIZES[size].orders / SIZES[size].rate
    });
    let most = hours.iter().copied().fold(0.0, f64::max);
    let working_order = (f64::from(observation[N_SIZES]) + 1.0) / 2.0;
    let of_shift =
        HOURS / MAX_SHIFTS as f64 * working_order * (1.0 - UPKEEP_HOURS * MAX_UPKEEP as f64);
    let shifts = (hours.iter().sum::<f64>() / of_shift).ceil() as usize;
    let mut action = [0; N_CHOICES];
    for size in 0..N_SIZES {
        action[size] = (MAX_PRIORITY as f64 * hours[size] / most).round() as usize;
    }
    action[N_SIZES] = shifts.clamp(1, MAX_SHIFTS);
    action[N_SIZES + 1] = MAX_UPKEEP;
    action
}
