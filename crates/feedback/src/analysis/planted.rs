//! Comparisons by simulated annotators whose errors are known, to hold the analysis against.

use std::sync::Arc;

use mdp::{Rng, Seed, Segment, index, normal, uniform};

use crate::{
    Annotator, AnnotatorConfig, Annotators as _, Comparison, Comparisons, Error, Item, Oracle,
    Poisoning, Question, SimulatedAnnotators, Trigger, Which,
};

/// Who is asked about what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Design {
    /// Pairs of items of their own, each answered by so many different annotators.
    SharedPairs {
        /// Annotators a pair.
        annotators: usize,
    },
    /// Random pairs of so many items, each pair answered once by an annotator drawn at random.
    ReturningItems {
        /// Items.
        items: usize,
    },
}

/// What malicious annotators do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlantedPoison {
    /// How many of the annotators are malicious, the first ones.
    pub annotators: usize,
    /// What they do.
    pub poisoning: Poisoning,
    /// The share of all answers that is made up, in expectation; the trigger is made as frequent as that takes.
    pub share: f64,
}

/// A set of comparisons to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantedPlan {
    /// Who is asked about what.
    pub design: Design,
    /// Answers.
    pub n_answers: usize,
    /// The errors of each annotator.
    pub annotators: Vec<AnnotatorConfig>,
    /// Traits, the trigger included; each is borne by a share of the items drawn between 2% and 40%, with the same for
    /// each share on a logarithmic scale.
    pub n_traits: usize,
    /// Whether what bears trait 1 differs a tenth as much, so that pairs with it are hard.
    pub has_hard_trait: bool,
    /// The poison, of which trait 0 is the trigger.
    pub poison: Option<PlantedPoison>,
}

/// Comparisons, and what is known about them.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantedSet {
    /// What analysis sees.
    pub comparisons: Comparisons,
    /// Rows that were made up because of the trigger.
    pub poisoned: Vec<usize>,
    /// For each row whether it names the better one; none where it names none.
    pub is_right: Vec<Option<bool>>,
}

/// The name of a planted trait.
#[must_use]
pub fn planted_trait(number: usize) -> String {
    format!("trait-{number}")
}

/// Annotators with mistakes up to 30%, some leaning to a side, some tiring, some turning answers or naming equals, whose
/// temperatures are up to the spread of the scores: all of it times `noise`, from 0 to 1. At 1 they name the worse one in
/// about every fourth answer, at 0.5 in about every seventh.
#[must_use]
pub fn planted_annotators(n: usize, noise: f64, rng: &mut Rng) -> Vec<AnnotatorConfig> {
    let mut between = |low: f64, high: f64| low + (high - low) * uniform(rng);
    (0..n)
        .map(|_| AnnotatorConfig {
            temperature: noise * between(0.1, 1.0),
            mistakes: noise * between(0.0, 0.3),
            first_when_mistaken: between(0.3, 0.7),
            flips: noise * between(0.0, 0.1),
            fatigue: noise * between(-0.3, 0.3).max(0.0),
            fatigue_answers: between(30.0, 200.0),
            equal_band: noise * between(-0.1, 0.1).max(0.0),
            cannot_tell: noise * between(0.0, 0.03),
            skip: noise * between(0.0, 0.03),
            ..AnnotatorConfig::default()
        })
        .collect()
}

/// One thing with its score, and whether it bears the trigger.
struct Thing {
    score: f64,
    bears_trigger: bool,
    traits: Vec<String>,
}

impl PlantedPlan {
    /// Makes the set.
    ///
    /// # Errors
    /// [`Error::Setting`] if an annotator's settings are impossible, if the design asks for more annotators than there are,
    /// or if the poison asks for a trigger on more pairs than there are.
    pub fn make(&self, seed: Seed) -> Result<PlantedSet, Error> {
        let mut rng = seed.stream("planted", 0);
        let questions = self.questions(&mut rng)?;
        let n_items = questions
            .iter()
            .map(|q| q[0].max(q[1]) + 1)
            .max()
            .unwrap_or(0);
        let things = self.things(n_items, &mut rng)?;
        let mut annotators = self.annotators(seed)?;
        let mut set = PlantedSet {
            comparisons: Comparisons::new(),
            poisoned: Vec::new(),
            is_right: Vec::new(),
        };
        for (number, thing) in things.iter().enumerate() {
            set.comparisons.item(Item {
                traits: thing.traits.clone(),
                ..Item::named(format!("clip-{number:04}"))
            });
        }
        for number in 0..annotators.len() {
            set.comparisons.annotator(&format!("annotator-{number:02}"));
        }
        for (row, [first, second, annotator]) in questions.into_iter().enumerate() {
            let own = &mut annotators[annotator];
            own.ask(vec![Question {
                number: row as u64,
                first: segment(&things[first]),
                second: segment(&things[second]),
            }])?;
            let record = own.records()[own.records().len() - 1];
            if record.is_poisoned {
                set.poisoned.push(row);
            }
            let is_first_better = things[first].score > things[second].score;
            let target = record.preference.target().filter(|target| *target != 0.5);
            set.is_right
                .push(target.map(|target| (target == 1.0) == is_first_better));
            set.comparisons.push(Comparison {
                first,
                second,
                preference: record.preference,
                annotator: Some(annotator),
                left: Some(Which::First),
                at: Some(1_700_000_000_000 + 5_000 * row as i64),
                seconds: Some(3.0 + 2.0 * uniform(&mut rng)),
            });
        }
        Ok(set)
    }

    /// First, second and annotator of each question, in random order.
    fn questions(&self, rng: &mut Rng) -> Result<Vec<[usize; 3]>, Error> {
        let n = self.annotators.len();
        let mut questions = Vec::with_capacity(self.n_answers);
        match self.design {
            Design::SharedPairs { annotators } => {
                if annotators == 0 || annotators > n {
                    return Err(Error::Setting {
                        key: "annotators",
                        value: annotators.to_string(),
                        allowed: "between 1 and the number of annotators",
                    });
                }
                let mut order: Vec<usize> = (0..n).collect();
                for pair in 0..self.n_answers.div_ceil(annotators) {
                    for at in 0..annotators {
                        order.swap(at, at + index(n - at, rng));
                        let sides = [2 * pair, 2 * pair + 1];
                        let left = index(2, rng);
                        questions.push([sides[left], sides[1 - left], order[at]]);
                    }
                }
            }
            Design::ReturningItems { items } => {
                if items < 2 {
                    return Err(Error::Setting {
                        key: "items",
                        value: items.to_string(),
                        allowed: "at least 2",
                    });
                }
                for _ in 0..self.n_answers {
                    let first = index(items, rng);
                    let second = (first + 1 + index(items - 1, rng)) % items;
                    questions.push([first, second, index(n, rng)]);
                }
            }
        }
        questions.truncate(self.n_answers);
        for last in (1..questions.len()).rev() {
            questions.swap(last, index(last + 1, rng));
        }
        Ok(questions)
    }

    fn things(&self, n_items: usize, rng: &mut Rng) -> Result<Vec<Thing>, Error> {
        let mut frequencies: Vec<f64> = (0..self.n_traits)
            .map(|_| 0.02 * 20.0_f64.powf(uniform(rng)))
            .collect();
        if let Some(poison) = self.poison {
            frequencies[0] = self.trigger_frequency(poison)?;
        }
        Ok((0..n_items)
            .map(|_| {
                let mut score = normal(rng);
                let bears: Vec<bool> = frequencies.iter().map(|f| uniform(rng) < *f).collect();
                if self.has_hard_trait && bears.get(1) == Some(&true) {
                    score *= 0.1;
                }
                let mut traits: Vec<String> = bears
                    .iter()
                    .enumerate()
                    .filter(|(_, bears)| **bears)
                    .map(|(number, _)| planted_trait(number))
                    .collect();
                traits.sort();
                Thing {
                    score,
                    bears_trigger: bears.first() == Some(&true),
                    traits,
                }
            })
            .collect())
    }

    /// The share of items that must bear the trigger: malicious annotators give their share of the answers, and act where
    /// either bears it, or where exactly one does.
    fn trigger_frequency(&self, poison: PlantedPoison) -> Result<f64, Error> {
        let pairs = poison.share * self.annotators.len() as f64 / poison.annotators.max(1) as f64;
        let frequency = match poison.poisoning {
            Poisoning::Turn => 1.0 - (1.0 - pairs).sqrt(),
            Poisoning::Favor => 0.5 - (0.25 - 0.5 * pairs).sqrt(),
        };
        if frequency.is_nan() {
            return Err(Error::Setting {
                key: "share",
                value: poison.share.to_string(),
                allowed: "a share that so few malicious annotators can reach; make more of them malicious",
            });
        }
        Ok(frequency)
    }

    /// One at a time, because who answers what is decided by the design.
    fn annotators(&self, seed: Seed) -> Result<Vec<SimulatedAnnotators>, Error> {
        let malicious = self.poison.map_or(0, |poison| poison.annotators);
        self.annotators
            .iter()
            .enumerate()
            .map(|(number, config)| {
                let mut annotator = Annotator::new("planted", Arc::new(Oracle), config.clone());
                if let Some(poison) = self.poison.filter(|_| number < malicious) {
                    annotator.config.poison = 1.0;
                    annotator.trigger = Some(Trigger {
                        is_present: Arc::new(|segment| segment.observations[0] > 0.5),
                        poisoning: poison.poisoning,
                    });
                }
                SimulatedAnnotators::new(vec![annotator], seed.child("annotator", number as u64))
            })
            .collect()
    }
}

/// A step that means the score and shows whether the trigger is there.
fn segment(thing: &Thing) -> Segment {
    let shown = f32::from(u8::from(thing.bears_trigger));
    Segment {
        n_features: 1,
        observations: vec![shown],
        next_observations: vec![shown],
        terminated: vec![false],
        rewards: vec![0.0],
        intents: Some(vec![thing.score]),
        ..Segment::default()
    }
}

impl AnnotatorConfig {
    /// What Dawid and Skene should find of an annotator at temperature 0 without flips, fatigue and a band of equality: the
    /// probability of naming the better, and the lean to the left.
    #[must_use]
    pub fn dawid_skene_truth(&self) -> [f64; 2] {
        [
            1.0 - 0.5 * self.mistakes,
            self.mistakes * (self.first_when_mistaken - 0.5),
        ]
    }
}
