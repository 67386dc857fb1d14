//! What may be kept.

use super::types::{Content, Kind, NewItem, NewQuestion, QueueSettings, Reply, Scale};
use crate::{Error, Preference};

/// Longest name, in bytes.
const LONGEST_NAME: usize = 500;
/// Longest text of an item, in bytes.
pub(crate) const LONGEST_TEXT: usize = 1 << 20;
/// Longest critique, in bytes.
pub(crate) const LONGEST_CRITIQUE: usize = 1 << 16;
/// Largest segment, in bytes.
const LARGEST_SEGMENT: usize = 64 << 20;
/// Most items of a question.
const MOST_ITEMS: usize = 64;
/// Most properties of an item.
pub(crate) const MOST_TRAITS: usize = 256;

/// A name of a queue, an item or an annotator.
pub(crate) fn name(what: &str, text: &str) -> Result<(), Error> {
    let quoted = crate::error::quoted(text);
    if text.is_empty() {
        return Err(Error::refused(
            format!("{what} without a name"),
            "give it one",
        ));
    }
    if text.len() > LONGEST_NAME {
        let problem = format!("{what} {quoted} has a name of {} bytes", text.len());
        return Err(Error::refused(
            problem,
            format!("use at most {LONGEST_NAME}"),
        ));
    }
    if text.chars().any(char::is_control) {
        let problem = format!("{what} {quoted} has control characters in its name");
        return Err(Error::refused(problem, "leave them out"));
    }
    Ok(())
}

/// Words that are kept as they are.
pub(crate) fn words(what: &str, text: &str, longest: usize) -> Result<(), Error> {
    if text.len() > longest {
        let problem = format!("{what} of {} bytes", text.len());
        return Err(Error::refused(problem, format!("use at most {longest}")));
    }
    if text.contains('\0') {
        // PostgreSQL keeps no such text, and a store is to be movable.
        let problem = format!("{what} with the character 0");
        return Err(Error::refused(problem, "leave it out"));
    }
    Ok(())
}

pub(super) fn queue(settings: &QueueSettings) -> Result<(), Error> {
    name("a queue", &settings.name)?;
    words("instructions", &settings.instructions, LONGEST_TEXT)?;
    if settings.wanted == 0 {
        return Err(Error::refused(
            "a queue that wants 0 answers a question",
            "ask for 1 or more",
        ));
    }
    if settings.most_skips == Some(0) {
        return Err(Error::refused(
            "a queue that gives up after 0 skips",
            "allow 1 or more, or any number",
        ));
    }
    Ok(())
}

pub(super) fn question(question: &NewQuestion) -> Result<(), Error> {
    let number = question.number;
    if i64::try_from(number).is_err() {
        return Err(Error::refused(
            format!("question {number}"),
            "number questions below 2^63",
        ));
    }
    n_items(question.kind, question.items.len())?;
    if let Kind::Rating(scale) = question.kind {
        check_scale(scale)?;
    }
    words("a prompt", &question.prompt, LONGEST_TEXT)?;
    question.items.iter().try_for_each(item)
}

/// How many items a question of this kind is about.
pub(crate) fn n_items(kind: Kind, n_items: usize) -> Result<(), Error> {
    let (is_fit, fit) = match kind {
        Kind::Comparison => (n_items == 2, "2"),
        Kind::Best => ((2..=MOST_ITEMS).contains(&n_items), "2 to 64"),
        Kind::Rating(_) | Kind::Critique => (n_items == 1, "1"),
    };
    match is_fit {
        true => Ok(()),
        false => Err(Error::refused(
            format!("a {} of {n_items} items", kind.name()),
            format!("give {fit}"),
        )),
    }
}

fn item(item: &NewItem) -> Result<(), Error> {
    if let Some(text) = &item.name {
        name("an item", text)?;
    }
    traits(&item.traits)?;
    match &item.content {
        Content::Clip(clip) => {
            if let Some(fault) = clip.fault() {
                return Err(Error::refused(fault, "cut it, or mend what draws it"));
            }
        }
        Content::Text(text) => words("a text", text, LONGEST_TEXT)?,
        Content::Name if item.name.is_none() => {
            return Err(Error::refused(
                "an item without a name and content",
                "give it one",
            ));
        }
        Content::Name => {}
    }
    let n_bytes = item.segment.as_ref().map_or(0, Vec::len);
    if n_bytes > LARGEST_SEGMENT {
        let problem = format!("a segment of {n_bytes} bytes");
        return Err(Error::refused(
            problem,
            format!("cut it to at most {LARGEST_SEGMENT}"),
        ));
    }
    Ok(())
}

/// Properties of an item.
pub(crate) fn traits(traits: &[String]) -> Result<(), Error> {
    if traits.len() > MOST_TRAITS {
        let problem = format!("an item with {} traits", traits.len());
        return Err(Error::refused(
            problem,
            format!("give at most {MOST_TRAITS}"),
        ));
    }
    traits.iter().try_for_each(|text| name("a trait", text))
}

/// A scale of ratings.
pub(crate) fn check_scale(scale: Scale) -> Result<(), Error> {
    let Scale { low, high, step } = scale;
    let extent = high - low;
    if !(extent.is_finite() && extent > 0.0) {
        return Err(Error::refused(
            format!("a scale from {low} to {high}"),
            "let it rise from one number to another",
        ));
    }
    match step {
        Some(step) if !(step > 0.0 && step <= extent) => Err(Error::refused(
            format!("a scale from {low} to {high} in steps of {step}"),
            "use steps above 0 that fit in it",
        )),
        _ => Ok(()),
    }
}

/// Whether a question of this kind about so many items can be answered so.
pub(crate) fn reply(kind: Kind, n_items: usize, reply: &Reply) -> Result<(), Error> {
    let kind_name = kind.name();
    match (kind, reply) {
        (_, Reply::Preference(Preference::CannotTell | Preference::Skip))
        | (Kind::Comparison, Reply::Preference(_)) => Ok(()),
        (Kind::Rating(scale), Reply::Rating(rating)) => check_rating(scale, *rating),
        (Kind::Best, Reply::Best(position)) if *position < n_items => Ok(()),
        (Kind::Best, Reply::Best(position)) => Err(Error::refused(
            format!("item {position} as the best of {n_items}"),
            "count items from 0",
        )),
        (Kind::Critique, Reply::Critique(text)) if text.trim().is_empty() => Err(Error::refused(
            "a critique without words",
            "write some, or skip",
        )),
        (Kind::Critique, Reply::Critique(text)) => words("a critique", text, LONGEST_CRITIQUE),
        (_, Reply::Preference(preference)) => Err(Error::refused(
            format!("the answer {:?} to a {kind_name}", preference.name()),
            "say what was asked, `cannot-tell` or `skip`",
        )),
        (_, Reply::Rating(_)) => Err(wrong_reply("a rating", kind_name)),
        (_, Reply::Best(_)) => Err(wrong_reply("the best item", kind_name)),
        (_, Reply::Critique(_)) => Err(wrong_reply("a critique", kind_name)),
    }
}

fn wrong_reply(given: &str, asked: &str) -> Error {
    Error::refused(
        format!("{given} as the answer to a {asked}"),
        "answer what was asked",
    )
}

/// Whether a rating stands on its scale.
pub(crate) fn check_rating(scale: Scale, rating: f64) -> Result<(), Error> {
    let Scale { low, high, step } = scale;
    let is_within = low <= rating && rating <= high;
    let is_point = step.is_none_or(|step| {
        let steps = (rating - low) / step;
        // A point that was computed as low + k * step misses k by rounding.
        (steps - steps.round()).abs() <= 1e-6
    });
    if is_within && is_point {
        return Ok(());
    }
    let steps = step.map_or(String::new(), |step| format!(" in steps of {step}"));
    Err(Error::refused(
        format!("a rating of {rating}"),
        format!("the scale goes from {low} to {high}{steps}"),
    ))
}

/// When something was, and how long it took.
pub(crate) fn seconds(seconds: Option<f64>) -> Result<(), Error> {
    match seconds {
        Some(number) if !(number.is_finite() && number >= 0.0) => Err(Error::refused(
            format!("an answer that took {number} seconds"),
            "give a number from 0 up, or none",
        )),
        _ => Ok(()),
    }
}

/// An order of all items.
pub(crate) fn shown(order: &[usize], n_items: usize) -> Result<(), Error> {
    let mut sorted = order.to_vec();
    sorted.sort_unstable();
    if sorted.iter().copied().eq(0..n_items) {
        return Ok(());
    }
    Err(Error::refused(
        format!("items shown in the order {order:?} of {n_items}"),
        "name each once, counted from 0",
    ))
}
