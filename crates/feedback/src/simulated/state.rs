//! The state of simulated annotators as bytes: little-endian numbers behind a mark.

use super::{SimulatedAnnotators, SimulatedAnswer, Standing};
use crate::{Answered, Error, Preference};

/// Mark and version.
const MARK: &[u8; 8] = b"annot\0\0\x01";

pub(super) fn save(annotators: &SimulatedAnnotators) -> Vec<u8> {
    let mut bytes = MARK.to_vec();
    let mut word = |value: u64| bytes.extend(value.to_le_bytes());
    word(annotators.seed.0);
    word(annotators.standings.len() as u64);
    for standing in &annotators.standings {
        word(standing.answers);
        word(standing.since_rest);
        word(standing.tiredness.to_bits());
    }
    word(annotators.waiting.len() as u64);
    for answered in &annotators.waiting {
        word(answered.question);
        word(code(answered.preference));
    }
    word(annotators.records.len() as u64);
    for record in &annotators.records {
        word(record.question);
        word(record.annotator as u64);
        word(code(record.preference) | u64::from(record.is_poisoned) << 8);
    }
    bytes
}

pub(super) fn restore(annotators: &mut SimulatedAnnotators, bytes: &[u8]) -> Result<(), Error> {
    let damaged = || Error::SavedAnnotators {
        reason: "the bytes are damaged",
    };
    let others = |reason| Err(Error::SavedAnnotators { reason });
    let mut words = Words(bytes.strip_prefix(MARK.as_slice()).ok_or_else(damaged)?);
    if words.next().ok_or_else(damaged)? != annotators.seed.0 {
        return others("they were saved under another seed");
    }
    if words.next().ok_or_else(damaged)? != annotators.standings.len() as u64 {
        return others("there were more or fewer of them");
    }
    let read = read_rest(&mut words, annotators.standings.len()).ok_or_else(damaged)?;
    (annotators.standings, annotators.waiting, annotators.records) = read;
    Ok(())
}

type Rest = (
    Vec<Standing>,
    std::collections::VecDeque<Answered>,
    Vec<SimulatedAnswer>,
);

/// What stands behind the seed and the number of annotators; nothing where the bytes do not hold exactly that.
fn read_rest(words: &mut Words<'_>, n_annotators: usize) -> Option<Rest> {
    let standings = (0..n_annotators)
        .map(|_| {
            let standing = Standing {
                answers: words.next()?,
                since_rest: words.next()?,
                tiredness: f64::from_bits(words.next()?),
            };
            (0.0..=1.0)
                .contains(&standing.tiredness)
                .then_some(standing)
        })
        .collect::<Option<Vec<Standing>>>()?;
    let waiting = (0..words.count(2)?)
        .map(|_| {
            Some(Answered {
                question: words.next()?,
                preference: preference(words.next()?)?,
            })
        })
        .collect::<Option<_>>()?;
    let records = (0..words.count(3)?)
        .map(|_| {
            let (question, annotator, said) = (words.next()?, words.next()?, words.next()?);
            let annotator = usize::try_from(annotator).ok()?;
            (annotator < n_annotators && said >> 8 < 2).then_some(())?;
            Some(SimulatedAnswer {
                question,
                annotator,
                preference: preference(said & 0xFF)?,
                is_poisoned: said >> 8 == 1,
            })
        })
        .collect::<Option<_>>()?;
    words.0.is_empty().then_some((standings, waiting, records))
}

struct Words<'b>(&'b [u8]);

impl Words<'_> {
    fn next(&mut self) -> Option<u64> {
        let (word, rest) = self.0.split_first_chunk::<8>()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*word))
    }

    /// A number of entries of `width` words each, no more than there are bytes for.
    fn count(&mut self, width: usize) -> Option<usize> {
        let count = usize::try_from(self.next()?).ok()?;
        (count <= self.0.len() / (8 * width)).then_some(count)
    }
}

fn code(preference: Preference) -> u64 {
    preference as u64
}

fn preference(code: u64) -> Option<Preference> {
    let index = usize::try_from(code).ok()?;
    Preference::ALL.get(index).copied()
}
