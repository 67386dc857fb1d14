//! Estimates in place of exact answers, where an environment cannot be listed: what scripted policies earn, and how far
//! the reward is from the intent, each with an interval. They decide nothing, and say so.

use ::check::words::{amount, grouped};
use ::check::{Bootstrap, SampledDistance, sampled_starc};
use ::report::{CheckPage, Finding, Outcome, PolicyValues, Soundness};
use anyhow::{Result, bail};
use mdp::{Rng, Seed, Step};
use serde_json::{Value, json};

use super::object::{seconds_object, settings};
use super::subject::{Named, Subject};
use super::{Check, Seconds, mend};
use crate::registry::{Continued, RandomPlay};

/// An episode that goes on for longer is left there.
const MAX_STEPS: usize = 10_000;

/// Draws in the average of each sampled state and action.
const N_DRAWS: usize = 8;

/// An interval of a distance that is wider than this leaves the distance open: it lies from 0 to 1.
const MOST_WIDTH: f64 = 0.5;

/// Standard errors on each side of a mean: 95% of the time the interval holds it.
const Z_INTERVAL: f64 = 1.96;

/// Standard errors by which two policies must differ to show something: wrong once in a thousand.
const Z_PAIR: f64 = 3.29;

/// A mean over episodes.
#[derive(Clone, Copy, Debug)]
struct Mean {
    mean: f64,
    error: f64,
}

impl Mean {
    fn of(values: &[f64]) -> Mean {
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let variance = if n > 1.0 {
            squares / (n - 1.0)
        } else {
            f64::INFINITY
        };
        Mean {
            mean,
            error: (variance / n).sqrt(),
        }
    }

    fn low(self) -> f64 {
        self.mean - Z_INTERVAL * self.error
    }

    fn high(self) -> f64 {
        self.mean + Z_INTERVAL * self.error
    }

    /// Whether this is above the other by more than chance explains.
    fn is_above(self, other: Mean) -> bool {
        self.mean - other.mean > Z_PAIR * self.error.hypot(other.error)
    }

    fn words(self) -> String {
        format!(
            "{} ({} to {})",
            amount(self.mean),
            amount(self.low()),
            amount(self.high())
        )
    }

    fn object(self) -> Value {
        json!({ "mean": self.mean, "low": self.low(), "high": self.high() })
    }
}

/// What a policy earns.
struct Played {
    policy: String,
    reward: Mean,
    intent: Option<Mean>,
}

/// What was sampled.
pub(super) struct Sampled {
    why: String,
    reward: String,
    against: Option<String>,
    n_episodes: usize,
    played: Vec<Played>,
    /// Positions of two policies of which the second is paid more and delivers less.
    pair: Option<(usize, usize)>,
    distance: Option<SampledDistance>,
    advice: Vec<String>,
}

/// Plays and estimates.
pub(super) fn sample(check: &Check, subject: &Subject, why: &str) -> Result<Sampled> {
    let Some(named) = &subject.named else {
        bail!("{}: {why}", check.subject);
    };
    let reward = check.reward.clone().unwrap_or_else(|| "reward".to_owned());
    // A learned reward is what the task pays by now.
    let of_reward = match subject.is_paid_by_file {
        true => Channel::Reward,
        false => Channel::find(named, &reward)?,
    };
    let seed = Seed(check.seed);
    let first = play(named, "random", 1, seed).remove(0);
    let has_intent = !first.is_empty() && first.iter().all(|step| step.intent.is_some());
    let against = match &check.against {
        Some(name) => Some(name.clone()),
        None => (has_intent && reward != "intent").then(|| "intent".to_owned()),
    };
    let of_intent = match &against {
        Some(name) => Some(Channel::find(named, name)?),
        None => None,
    };
    if !has_intent && [Some(of_reward), of_intent].contains(&Some(Channel::Intent)) {
        bail!(
            "{} does not say what was meant; name another reward",
            named.entry.name
        );
    }
    let mut policies = vec!["random"];
    policies.extend(
        named
            .entry
            .policies
            .iter()
            .map(|(name, _)| *name)
            .filter(|name| *name != "random"),
    );
    let mut played = vec![];
    for policy in policies {
        let episodes = play(named, policy, check.episodes, seed);
        let returns = |channel: Channel| -> Mean {
            let discounted = episodes
                .iter()
                .map(|steps| channel.sum(steps, subject.discount.get()));
            Mean::of(&discounted.collect::<Vec<f64>>())
        };
        played.push(Played {
            policy: policy.to_owned(),
            reward: returns(of_reward),
            intent: of_intent.map(returns),
        });
    }
    let distance = of_intent.map(|of_intent| distance(check, subject, named, of_reward, of_intent));
    Ok(Sampled {
        why: why.to_owned(),
        pair: pair(&played),
        reward,
        against,
        n_episodes: check.episodes,
        played,
        distance,
        advice: mend::of_unlisted(check, subject, named),
    })
}

/// A number that each step carries.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Channel {
    Reward,
    Intent,
    Component(usize),
}

impl Channel {
    fn find(named: &Named, name: &str) -> Result<Channel> {
        let components = named.task.component_names();
        let component = name.strip_prefix("reward.");
        let position =
            component.and_then(|name| components.iter().position(|other| *other == name));
        match (name, position) {
            ("reward", _) => Ok(Channel::Reward),
            ("intent", _) => Ok(Channel::Intent),
            (_, Some(position)) => Ok(Channel::Component(position)),
            _ => {
                let mut known = vec!["reward".to_owned(), "intent".to_owned()];
                known.extend(components.iter().map(|name| format!("reward.{name}")));
                bail!(
                    "there is no reward \"{name}\"; there are {}",
                    known.join(", ")
                )
            }
        }
    }

    fn of(self, step: &Step) -> f64 {
        match self {
            Channel::Reward => step.reward,
            Channel::Intent => step.intent.unwrap_or(0.0),
            Channel::Component(position) => step
                .components
                .as_slice()
                .get(position)
                .copied()
                .unwrap_or(0.0),
        }
    }

    fn sum(self, steps: &[Step], discount: f64) -> f64 {
        steps
            .iter()
            .rev()
            .fold(0.0, |after, step| self.of(step) + discount * after)
    }
}

/// Episodes of a scripted policy, or of random play.
fn play(named: &Named, policy: &str, n_episodes: usize, seed: Seed) -> Vec<Vec<Step>> {
    let space = named.task.action_space();
    let episode = |number: usize| {
        let rng = seed.stream("check episode", number as u64);
        let mut random = |_: usize, _: &[f32], rng: &mut Rng| Some(space.sample(rng));
        let recorded = match named.task.play(policy, MAX_STEPS, rng.clone()) {
            Some(recorded) => recorded,
            None => named.task.play_with(&mut random, MAX_STEPS, rng),
        };
        recorded.trajectory.steps
    };
    (0..n_episodes).map(episode).collect()
}

/// The two policies that disagree most surely: the second is paid more and delivers less.
fn pair(played: &[Played]) -> Option<(usize, usize)> {
    let mut found: Option<(f64, (usize, usize))> = None;
    for (first, before) in played.iter().enumerate() {
        for (second, after) in played.iter().enumerate() {
            let (Some(meant), Some(left)) = (before.intent, after.intent) else {
                continue;
            };
            if after.reward.is_above(before.reward) && meant.is_above(left) {
                let lost = meant.mean - left.mean;
                if found.is_none_or(|(most, _)| lost > most) {
                    found = Some((lost, (first, second)));
                }
            }
        }
    }
    found.map(|(_, pair)| pair)
}

/// Whether a distance was estimated well enough to be told.
fn is_determined(distance: &SampledDistance) -> bool {
    distance.is_resolved && distance.high - distance.low <= MOST_WIDTH
}

fn distance(
    check: &Check,
    subject: &Subject,
    named: &Named,
    reward: Channel,
    intent: Channel,
) -> SampledDistance {
    let seed = Seed(check.seed);
    let starts: Vec<(Step, (), Vec<Continued>)> = (0..check.episodes)
        .map(|number| {
            let rng = seed.stream("check continuations", number as u64);
            let play = RandomPlay {
                n_draws: N_DRAWS,
                max_steps: MAX_STEPS,
                discount: subject.discount,
            };
            let draws = named.task.continuations(&play, None, rng);
            (Step::of_reward(0.0), (), draws)
        })
        .collect();
    sampled_starc(
        subject.discount,
        &starts,
        |_, (), next: &Step| reward.of(next),
        |_, (), next: &Step| intent.of(next),
        Bootstrap::USUAL,
        &mut seed.stream("check bootstrap", 0),
    )
}

impl Sampled {
    fn headline(&self) -> String {
        format!("Not decided: {}, so nothing here is exact.", self.why)
    }

    fn sentences(&self) -> Vec<String> {
        let mut sentences = vec![format!(
            "What follows was sampled: {} episodes of each policy that there is, with intervals that hold the mean 95% of the time.",
            grouped(self.n_episodes)
        )];
        match (self.pair, &self.against) {
            (Some((before, after)), Some(against)) => sentences.push(format!(
                "{} and {against} disagree about two of them: \"{}\" is paid more than \"{}\" and delivers less of what was meant.",
                self.reward, self.played[after].policy, self.played[before].policy
            )),
            (None, Some(against)) => sentences.push(format!(
                "{} and {against} are not seen to disagree about any two of these; of other policies, and of the optimal ones, this says nothing.",
                self.reward
            )),
            (_, None) => sentences.push(
                "Nobody has said what was meant, so the reward has nothing to be held against.".to_owned(),
            ),
        }
        sentences
    }

    fn findings(&self) -> Vec<Finding> {
        let finding = |name: &str, outcome, answer: String| Finding {
            name: name.to_owned(),
            outcome,
            answer,
            details: vec![],
        };
        let open = Some(Outcome::NotMeasurable);
        let mut findings = vec![finding(
            "optimum",
            open,
            "optimal policies, the gap, equivalence and shaping need every state to be listed"
                .to_owned(),
        )];
        if let Some((before, after)) = self.pair {
            let (before, after) = (&self.played[before], &self.played[after]);
            let lost = before
                .intent
                .zip(after.intent)
                .map_or(0.0, |(b, a)| b.mean - a.mean);
            findings.push(finding(
                "hackable",
                None,
                format!(
                    "yes, by sampling: \"{}\" is paid {} more than \"{}\" and delivers {} less, each difference wrong at most once in a thousand",
                    after.policy,
                    amount(after.reward.mean - before.reward.mean),
                    before.policy,
                    amount(lost)
                ),
            ));
        }
        if let Some(distance) = &self.distance {
            let estimate = match (is_determined(distance), distance.is_resolved) {
                (true, _) => amount(distance.estimate),
                (false, true) => "not determined".to_owned(),
                (false, false) => "not determined, for noise explains all that was seen".to_owned(),
            };
            findings.push(finding(
                "distances",
                None,
                format!(
                    "sampled STARC (value) {estimate} ({} to {}, bootstrap 95%), from {} states with {} draws each; noise in the draws biases it",
                    amount(distance.low),
                    amount(distance.high),
                    grouped(distance.n_transitions),
                    distance.n_draws
                ),
            ));
        }
        findings
    }

    pub(super) fn page(&self, check: &Check, subject: &Subject) -> CheckPage {
        let rewards = std::iter::once(&self.reward).chain(&self.against);
        let row = |played: &Played| {
            let returns = std::iter::once(played.reward).chain(played.intent);
            (played.policy.clone(), returns.map(Mean::words).collect())
        };
        CheckPage {
            subject: Subject::title(check),
            question: match &self.against {
                Some(against) => format!("{} against {against}", self.reward),
                None => self.reward.clone(),
            },
            soundness: Soundness::Undecided,
            headline: self.headline(),
            summary: self.sentences(),
            advice: self.advice.clone(),
            facts: vec![],
            maps: vec![],
            legend: vec![],
            map_note: String::new(),
            values: PolicyValues {
                rewards: rewards.cloned().collect(),
                rows: self.played.iter().map(row).collect(),
            },
            findings: self.findings(),
            settings: (!check.set.is_empty())
                .then(|| ("settings", Subject::set(check)))
                .into_iter()
                .chain([
                    ("discount", subject.discount.get().to_string()),
                    ("time limit", "as the environment is played".to_owned()),
                    ("episodes", grouped(self.n_episodes)),
                    ("seed", check.seed.to_string()),
                ])
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            command: check.command(),
        }
    }

    pub(super) fn object(&self, check: &Check, subject: &Subject, seconds: &Seconds) -> Value {
        let policies: Vec<Value> = self
            .played
            .iter()
            .map(|played| {
                json!({
                    "name": played.policy,
                    "reward": played.reward.object(),
                    "intent": played.intent.map(Mean::object),
                })
            })
            .collect();
        let pair = self.pair.map(|(before, after)| {
            json!({ "before": self.played[before].policy, "after": self.played[after].policy })
        });
        let distance = self.distance.as_ref().map(|distance| {
            json!({
                "estimate": is_determined(distance).then_some(distance.estimate),
                "low": distance.low,
                "high": distance.high,
                "n_transitions": distance.n_transitions,
                "n_draws": distance.n_draws,
            })
        });
        json!({
            "verdict": Soundness::Undecided.as_str(),
            "evidence": {
                "headline": self.headline(),
                "summary": self.sentences(),
                "advice": self.advice,
                "reasons": ["not-listed"],
                "reward": self.reward,
                "against": self.against,
                "sampled": {
                    "why": self.why,
                    "episodes": self.n_episodes,
                    "seed": check.seed,
                    "policies": policies,
                    "pair": pair,
                    "starc_value": distance,
                },
            },
            "subject": check.subject,
            "settings": settings(subject),
            "discount": subject.discount.get(),
            "horizon": null,
            "size": null,
            "seconds": seconds_object(seconds),
            "command": check.command(),
            "version": crate::VERSION,
        })
    }
}
