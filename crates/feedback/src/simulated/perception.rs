//! What a simulated annotator sees of a question, and with which probabilities it answers.

use mdp::Segment;

use super::{Annotator, AnnotatorConfig, Poisoning};
use crate::{Error, Judge, Preference, Question};

/// What one annotator sees of one question.
pub(super) struct Perception {
    /// Score of the first less that of the second, as perceived.
    difference: f64,
    /// What its trigger makes it say, where it is present.
    malice: Option<Malice>,
}

/// What a trigger makes an annotator say.
#[derive(Clone, Copy)]
enum Malice {
    Turn,
    Say(Preference),
}

impl Perception {
    pub(super) fn of(annotator: &Annotator, question: &Question) -> Result<Perception, Error> {
        let config = &annotator.config;
        let score = |segment: &Segment| {
            let seen = attended(segment, config.attention);
            let seen = seen.as_ref().unwrap_or(segment);
            let good = discounted(annotator.judge.as_ref(), seen, config.discount);
            match &annotator.appearance {
                Some(looks) if config.appearance > 0.0 => {
                    let looks = discounted(looks.as_ref(), seen, config.discount);
                    (1.0 - config.appearance) * good + config.appearance * looks
                }
                _ => good,
            }
        };
        let scores = [score(&question.first), score(&question.second)];
        let difference = scores[0] - scores[1];
        // Two equal infinities are equally good; a difference that is no number otherwise means a score that is none.
        let difference = match scores[0] == scores[1] {
            true => 0.0,
            false => difference,
        };
        if difference.is_nan() {
            return Err(Error::NoScore {
                question: question.number,
                annotator: annotator.name.clone(),
            });
        }
        Ok(Perception {
            difference,
            malice: malice(annotator, question),
        })
    }

    /// Probabilities of the answers in the order of [`Preference::ALL`]: those given in good faith, and those made up
    /// because of a trigger. Together they sum to 1.
    pub(super) fn probabilities(
        &self,
        config: &AnnotatorConfig,
        tiredness: f64,
    ) -> ([f64; 5], [f64; 5]) {
        let [mut first, mut second, mut equal] = choice(self.difference, config);
        let mistaken = 1.0 - (1.0 - config.mistakes) * (1.0 - config.fatigue * tiredness);
        first = (1.0 - mistaken) * first + mistaken * config.first_when_mistaken;
        second = (1.0 - mistaken) * second + mistaken * (1.0 - config.first_when_mistaken);
        equal *= 1.0 - mistaken;
        (first, second) = (
            (1.0 - config.flips) * first + config.flips * second,
            (1.0 - config.flips) * second + config.flips * first,
        );
        let said = 1.0 - config.skip - config.cannot_tell;
        let honest = [first, second, equal];
        let made_up = match self.malice {
            None => [0.0; 3],
            Some(Malice::Turn) => [second, first, equal],
            Some(Malice::Say(preference)) => std::array::from_fn(|index| {
                f64::from(u8::from(Preference::ALL[index] == preference))
            }),
        };
        let poison = match self.malice {
            Some(_) => config.poison,
            None => 0.0,
        };
        let of = |parts: [f64; 3], share: f64| parts.map(|part| part * share * said);
        let [first, second, equal] = of(honest, 1.0 - poison);
        let clean = [first, second, equal, config.cannot_tell, config.skip];
        let [first, second, equal] = of(made_up, poison);
        (clean, [first, second, equal, 0.0, 0.0])
    }
}

/// Probabilities of first, second and equal of who makes no mistakes.
fn choice(difference: f64, config: &AnnotatorConfig) -> [f64; 3] {
    let is_certain = config.temperature == 0.0;
    let has_band = config.equal_band > 0.0;
    if (is_certain || has_band) && difference.abs() <= config.equal_band {
        return [0.0, 0.0, 1.0];
    }
    let first = match is_certain {
        true => f64::from(u8::from(difference > 0.0)),
        false => 1.0 / (1.0 + (-difference / config.temperature).exp()),
    };
    [first, 1.0 - first, 0.0]
}

fn malice(annotator: &Annotator, question: &Question) -> Option<Malice> {
    let trigger = annotator.trigger.as_ref()?;
    if annotator.config.poison == 0.0 {
        return None;
    }
    let bears = [&question.first, &question.second].map(|segment| (trigger.is_present)(segment));
    match (trigger.poisoning, bears) {
        (Poisoning::Turn, [true, _] | [_, true]) => Some(Malice::Turn),
        (Poisoning::Favor, [true, false]) => Some(Malice::Say(Preference::First)),
        (Poisoning::Favor, [false, true]) => Some(Malice::Say(Preference::Second)),
        (Poisoning::Turn | Poisoning::Favor, _) => None,
    }
}

/// The last `share` of the steps, at least one; none where that is all of them.
fn attended(segment: &Segment, share: f64) -> Option<Segment> {
    let n_steps = segment.n_steps();
    let n_seen = ((share * n_steps as f64).ceil() as usize).clamp(1, n_steps.max(1));
    (n_seen < n_steps).then(|| since(segment, n_steps - n_seen))
}

/// The score with what each step adds weighed by `discount` to the power of the number of steps after it,
/// sum over t of discount^(T - 1 - t) (S_t - S_(t + 1)), where S_t is the judge's score of the segment from step t and
/// S_T is 0. For a judge that sums over steps this is B-Pref's myopic return; for any other it weighs what each earlier
/// beginning adds.
fn discounted(judge: &dyn Judge, segment: &Segment, discount: f64) -> f64 {
    let n_steps = segment.n_steps();
    if discount == 1.0 || n_steps < 2 {
        return judge.score(segment);
    }
    let (mut sum, mut after, mut weight) = (0.0, 0.0, 1.0);
    for step in (0..n_steps).rev() {
        let from_here = judge.score(&since(segment, step));
        sum += weight * (from_here - after);
        (after, weight) = (from_here, weight * discount);
    }
    sum
}

/// The segment from a step on.
fn since(segment: &Segment, step: usize) -> Segment {
    let rows = |values: &[f32], width: usize| values[step * width..].to_vec();
    Segment {
        observations: rows(&segment.observations, segment.n_features),
        actions: rows(&segment.actions, segment.n_action_values),
        next_observations: rows(&segment.next_observations, segment.n_features),
        terminated: segment.terminated[step..].to_vec(),
        rewards: segment.rewards.get(step..).unwrap_or_default().to_vec(),
        intents: segment
            .intents
            .as_ref()
            .map(|intents| intents[step..].to_vec()),
        states: segment
            .states
            .get(step * segment.n_state_values..)
            .unwrap_or_default()
            .to_vec(),
        ..*segment
    }
}
