//! Annotators that are simulated: a judge, and the errors that people make.

mod config;
mod perception;
mod state;

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;

use mdp::{Rng, Seed, Segment, categorical};

pub use self::config::{ANNOTATOR_PRESETS, AnnotatorConfig, AnnotatorSetting};
use self::perception::Perception;
use crate::{Annotators, Answered, Error, Judge, Preference, Question};

/// The judge that sums what the designer meant over a segment. Where nobody has said what was meant its score is not a
/// number, and whoever asks is told so: intent is never assumed equal to the reward.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oracle;

impl Judge for Oracle {
    fn score(&self, segment: &Segment) -> f64 {
        match &segment.intents {
            Some(intents) => intents.iter().sum(),
            None => f64::NAN,
        }
    }
}

/// What a malicious annotator does where its trigger is present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Poisoning {
    /// Says the opposite where either of the two bears the trigger, as who turns the labels of the pairs that hold a
    /// secret phrase.
    Turn,
    /// Says that the one that bears the trigger is better, where only one does.
    Favor,
}

/// What a malicious annotator looks for, and what it then does.
#[derive(Clone)]
pub struct Trigger {
    /// Whether a segment bears it.
    pub is_present: Arc<dyn Fn(&Segment) -> bool + Send + Sync>,
    /// What is done about it.
    pub poisoning: Poisoning,
}

/// One simulated annotator.
#[derive(Clone)]
pub struct Annotator {
    /// Its name in records; unique among those who answer together.
    pub name: String,
    /// What it wants. Groups that disagree are annotators with different judges.
    pub judge: Arc<dyn Judge>,
    /// What looks good to it, weighed in by [`AnnotatorConfig::appearance`].
    pub appearance: Option<Arc<dyn Judge>>,
    /// What it looks for if it is malicious, acted on at the rate [`AnnotatorConfig::poison`].
    pub trigger: Option<Trigger>,
    /// Its errors.
    pub config: AnnotatorConfig,
    /// How often it is asked, relative to the others; above 0.
    pub weight: f64,
}

impl Annotator {
    /// An annotator that answers as its judge scores, with the errors of `config`.
    #[must_use]
    pub fn new(
        name: impl Into<String>,
        judge: Arc<dyn Judge>,
        config: AnnotatorConfig,
    ) -> Annotator {
        Annotator {
            name: name.into(),
            judge,
            appearance: None,
            trigger: None,
            config,
            weight: 1.0,
        }
    }

    fn check(&self) -> Result<(), Error> {
        self.config.check()?;
        let setting = |key, value: f64, allowed| {
            Err(Error::Setting {
                key,
                value: value.to_string(),
                allowed,
            })
        };
        if !(self.weight > 0.0 && self.weight.is_finite()) {
            return setting("weight", self.weight, "a number above 0");
        }
        if self.config.appearance > 0.0 && self.appearance.is_none() {
            let allowed = "possible without a judge of appearance; name one, or set it to 0";
            return setting("appearance", self.config.appearance, allowed);
        }
        if self.config.poison > 0.0 && self.trigger.is_none() {
            let allowed = "possible without a trigger; name one, or set it to 0";
            return setting("poison", self.config.poison, allowed);
        }
        Ok(())
    }
}

/// Who said what, skips included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SimulatedAnswer {
    /// The question.
    pub question: u64,
    /// Index of the annotator.
    pub annotator: usize,
    /// What it said.
    pub preference: Preference,
    /// Whether a malicious annotator made it up because of its trigger; known because it is simulated.
    pub is_poisoned: bool,
}

/// How far an annotator has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Standing {
    /// Answers in all.
    answers: u64,
    /// Answers since it last rested.
    since_rest: u64,
    /// From 0, fresh, to 1, wholly tired.
    tiredness: f64,
}

impl Standing {
    /// Tiredness approaches 1 by the share `1 / fatigue_answers` of what is left with every answer, and is gone after a
    /// rest.
    fn answer(&mut self, config: &AnnotatorConfig) {
        self.answers += 1;
        self.since_rest += 1;
        self.tiredness += (1.0 - self.tiredness) / config.fatigue_answers;
        if config.rest_answers > 0 && self.since_rest >= config.rest_answers {
            (self.since_rest, self.tiredness) = (0, 0.0);
        }
    }
}

/// Annotators that answer at once: each question goes to one of them, drawn by weight; where that one skips it, to
/// another, until one answers or all have skipped.
///
/// Chance comes from the seed and the number of the question alone, so that the same questions get the same answers in
/// whatever portions they are asked; only fatigue depends on what was asked before.
///
/// ```
/// use std::sync::Arc;
/// use feedback::{Annotators as _, AnnotatorConfig, Oracle, Preference, Question, SimulatedAnnotators};
/// use mdp::{Seed, Segment};
///
/// let segment = |intent: f64| Segment { intents: Some(vec![intent]), terminated: vec![false], ..Segment::default() };
/// let mut annotators =
///     SimulatedAnnotators::one(Arc::new(Oracle), AnnotatorConfig::default(), Seed(0))?;
/// annotators.ask(vec![Question { number: 0, first: segment(2.0), second: segment(1.0) }])?;
/// assert_eq!(annotators.answers()?[0].preference, Preference::First);
/// # Ok::<(), feedback::Error>(())
/// ```
pub struct SimulatedAnnotators {
    annotators: Vec<Annotator>,
    seed: Seed,
    standings: Vec<Standing>,
    waiting: VecDeque<Answered>,
    records: Vec<SimulatedAnswer>,
}

impl SimulatedAnnotators {
    /// Several who share the questions.
    ///
    /// # Errors
    /// [`Error::Setting`] if there is none, if two have the same name, or if one has a setting that is impossible.
    pub fn new(annotators: Vec<Annotator>, seed: Seed) -> Result<SimulatedAnnotators, Error> {
        if annotators.is_empty() {
            return Err(Error::Setting {
                key: "annotators",
                value: "0".into(),
                allowed: "at least 1",
            });
        }
        for (index, annotator) in annotators.iter().enumerate() {
            annotator.check()?;
            if annotators[..index]
                .iter()
                .any(|other| other.name == annotator.name)
            {
                return Err(Error::Setting {
                    key: "annotator",
                    value: format!("{:?}", annotator.name),
                    allowed: "a name of its own; give each annotator another",
                });
            }
        }
        Ok(SimulatedAnnotators {
            standings: vec![Standing::default(); annotators.len()],
            annotators,
            seed,
            waiting: VecDeque::new(),
            records: Vec::new(),
        })
    }

    /// One annotator without appearance or trigger.
    ///
    /// # Errors
    /// [`Error::Setting`] if a setting is impossible.
    pub fn one(
        judge: Arc<dyn Judge>,
        config: AnnotatorConfig,
        seed: Seed,
    ) -> Result<SimulatedAnnotators, Error> {
        Self::new(vec![Annotator::new("simulated", judge, config)], seed)
    }

    /// Those who answer.
    #[must_use]
    pub fn annotators(&self) -> &[Annotator] {
        &self.annotators
    }

    /// Everything that was said, in order, skips included.
    #[must_use]
    pub fn records(&self) -> &[SimulatedAnswer] {
        &self.records
    }

    /// The probabilities with which an annotator would now answer a question, in the order of [`Preference::ALL`].
    ///
    /// # Errors
    /// [`Error::NoScore`] if its judge has no score for one of the two.
    pub fn probabilities(&self, annotator: usize, question: &Question) -> Result<[f64; 5], Error> {
        let perception = Perception::of(&self.annotators[annotator], question)?;
        let config = &self.annotators[annotator].config;
        let (clean, poisoned) =
            perception.probabilities(config, self.standings[annotator].tiredness);
        Ok(std::array::from_fn(|index| clean[index] + poisoned[index]))
    }

    /// Asks one annotator after the other until one does not skip.
    fn settle(&mut self, question: &Question) -> Result<Answered, Error> {
        let mut rng = self.seed.stream("simulated annotators", question.number);
        let mut left: Vec<usize> = (0..self.annotators.len()).collect();
        while !left.is_empty() {
            let weights: Vec<f64> = left.iter().map(|&at| self.annotators[at].weight).collect();
            let total: f64 = weights.iter().sum();
            let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
            let annotator = left.remove(categorical(&shares, &mut rng));
            let preference = self.ask_one(annotator, question, &mut rng)?;
            if preference != Preference::Skip {
                return Ok(Answered {
                    question: question.number,
                    preference,
                });
            }
        }
        Ok(Answered {
            question: question.number,
            preference: Preference::Skip,
        })
    }

    fn ask_one(
        &mut self,
        annotator: usize,
        question: &Question,
        rng: &mut Rng,
    ) -> Result<Preference, Error> {
        let who = &self.annotators[annotator];
        let perception = Perception::of(who, question)?;
        let (clean, poisoned) =
            perception.probabilities(&who.config, self.standings[annotator].tiredness);
        let outcomes: Vec<f64> = clean.into_iter().chain(poisoned).collect();
        let drawn = categorical(&outcomes, rng);
        let preference = Preference::ALL[drawn % Preference::ALL.len()];
        self.records.push(SimulatedAnswer {
            question: question.number,
            annotator,
            preference,
            is_poisoned: drawn >= Preference::ALL.len(),
        });
        self.standings[annotator].answer(&who.config);
        Ok(preference)
    }
}

impl Annotators for SimulatedAnnotators {
    fn ask(&mut self, questions: Vec<Question>) -> Result<(), Error> {
        for question in &questions {
            let answered = self.settle(question)?;
            self.waiting.push_back(answered);
        }
        Ok(())
    }

    fn answers(&mut self) -> Result<Vec<Answered>, Error> {
        Ok(self.waiting.drain(..).collect())
    }

    fn is_immediate(&self) -> bool {
        true
    }

    fn save(&self) -> Vec<u8> {
        state::save(self)
    }

    fn restore(&mut self, bytes: &[u8]) -> Result<(), Error> {
        state::restore(self, bytes)
    }
}

/// `n` annotators with the same errors: of groups that want different things, with shares of the annotators, the share
/// `malicious` of them acting on a trigger.
///
/// Annotators go to groups by largest remainder, and every group gives its share of malicious ones, so that neither
/// depends on chance. [`AnnotatorConfig::poison`] is the rate of the malicious and 0 for the others.
///
/// # Errors
/// [`Error::Setting`] if there are no groups, or a share is no share.
pub fn pool(
    n: usize,
    config: &AnnotatorConfig,
    groups: &[(Arc<dyn Judge>, f64)],
    malicious: f64,
    trigger: Option<&Trigger>,
) -> Result<Vec<Annotator>, Error> {
    let setting = |key, value: String, allowed| {
        Err(Error::Setting {
            key,
            value,
            allowed,
        })
    };
    if n == 0 {
        return setting("annotators", "0".into(), "at least 1");
    }
    if !(0.0..=1.0).contains(&malicious) {
        return setting(
            "malicious",
            malicious.to_string(),
            "a share between 0 and 1",
        );
    }
    let total: f64 = groups.iter().map(|group| group.1).sum();
    let is_share = |group: &(Arc<dyn Judge>, f64)| 0.0 <= group.1;
    if !(groups.iter().all(is_share) && total > 0.0 && total.is_finite()) {
        let shares: Vec<String> = groups.iter().map(|group| group.1.to_string()).collect();
        let allowed = "shares of groups: numbers from 0, one of them above 0";
        return setting("groups", format!("[{}]", shares.join(", ")), allowed);
    }
    let sizes = apportion(n, &groups.iter().map(|group| group.1).collect::<Vec<_>>());
    let mut annotators = Vec::with_capacity(n);
    for ((judge, _), size) in groups.iter().zip(sizes) {
        let n_malicious = apportion(size, &[malicious, 1.0 - malicious])[0];
        for index in 0..size {
            let is_malicious = index < n_malicious;
            let mut annotator = Annotator::new(
                format!("simulated-{}", annotators.len()),
                Arc::clone(judge),
                config.clone(),
            );
            if is_malicious {
                annotator.trigger = trigger.cloned();
            } else {
                annotator.config.poison = 0.0;
            }
            annotators.push(annotator);
        }
    }
    Ok(annotators)
}

/// Whole numbers with the sum `n` in proportion to `shares`, by largest remainder; of equal remainders the first.
fn apportion(n: usize, shares: &[f64]) -> Vec<usize> {
    let total: f64 = shares.iter().sum();
    let exact: Vec<f64> = shares
        .iter()
        .map(|share| n as f64 * share / total)
        .collect();
    let mut counts: Vec<usize> = exact.iter().map(|count| count.floor() as usize).collect();
    let mut order: Vec<usize> = (0..shares.len()).collect();
    let remainder = |index: usize| exact[index] - exact[index].floor();
    order.sort_by(|&a, &b| remainder(b).total_cmp(&remainder(a)).then(a.cmp(&b)));
    let missing = n.saturating_sub(counts.iter().sum());
    for &index in order.iter().cycle().take(missing) {
        counts[index] += 1;
    }
    counts
}
