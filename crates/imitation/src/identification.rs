//! What demonstrations identify, and what they cannot tell apart.
//!
//! Never a single reward. Four questions, each answered by computing on the MDP and the data at hand:
//!
//! - **Which rewards make this behaviour optimal?** [`FeasibleRewards`]: a cone with the null reward at its tip, with its
//!   dimension, a parametrisation and a test of membership (Ng and Russell, 2000; Metelli et al., 2021).
//! - **Which pairs of a planner and a reward explain the whole policy?** [`explanations`]: for every bias that looks ahead
//!   there is one, and it is the same reward; for who wants the opposite it is the negated one (Armstrong and
//!   Mindermann, 2018, arXiv 1712.05812). Without an assumption about rewards, no bias can be identified.
//! - **Among these hypotheses, how fast does the truth stand out?** [`evidence`]: nats a demonstration, exactly; 0 where
//!   no number of demonstrations will do.
//! - **Which directions of a reward do these demonstrations see?** [`information`]: Fisher's information about the weights
//!   of features, its null directions being what shaping, and states never visited, hide.

mod evidence;
mod explanations;
mod feasible;
mod information;
mod symmetric;

#[cfg(test)]
mod tests;

pub use evidence::{Evidence, evidence};
#[cfg(all(test, feature = "programme"))]
pub(crate) use explanations::regret;
pub use explanations::{Explanation, explanations, shaped_explanation};
pub use feasible::{FeasibleRewards, Membership, SetDimension};
pub use information::{Information, information};
