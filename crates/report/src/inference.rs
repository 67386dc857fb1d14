//! What was inferred from demonstrations, as plain data.

use crate::{Finding, PolicyMap};

/// Everything that the report of an inference shows.
#[derive(Clone, Debug, PartialEq)]
pub struct InferencePage {
    /// On what: the name of the environment or the path of the file.
    pub subject: String,
    /// From what and how, in a few words: `what was wanted in demos.csv, by goals`.
    pub question: String,
    /// Whether the method came to its end; what it found is a first guess otherwise.
    pub is_settled: bool,
    /// The finding in one sentence.
    pub headline: String,
    /// What it rests on, a sentence each.
    pub summary: Vec<String>,
    /// Figures to stand out: name, value, what it is held against.
    pub facts: Vec<(String, String, String)>,
    /// Probabilities of what may be so, a group a question.
    pub shares: Vec<Shares>,
    /// What is paid, and what is done for it, drawn on maps.
    pub maps: Vec<PolicyMap>,
    /// What the letters on the maps mean.
    pub legend: Vec<(char, String)>,
    /// How the maps are to be read, in a sentence; empty where there are none.
    pub map_note: String,
    /// One entry for each question that was asked.
    pub findings: Vec<Finding>,
    /// What was read, and under which settings: name and value.
    pub settings: Vec<(String, String)>,
    /// The command that infers it again.
    pub command: String,
}

/// Answers to one question with their probabilities, or amounts between a least and a greatest one.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// The question: `what is wanted`.
    pub title: String,
    /// How it is to be read; may be empty.
    pub note: String,
    /// The answers in the order shown.
    pub rows: Vec<Share>,
}

/// One answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// What may be so.
    pub name: String,
    /// How long its bar is, from 0 to 1.
    pub share: f64,
    /// The number as it is to be written.
    pub text: String,
}
