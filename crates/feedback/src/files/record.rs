//! A row of a file: an answer with all that it is about.

use serde_json::{Map, Value as Json, json};

use super::row::{Cell, Columns, Row};
use crate::store::validate;
use crate::{Clip, Error, Kind, Preference, Reply, Scale, Which};

/// An item as a file has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordItem {
    /// What it is called.
    pub id: Option<String>,
    /// The text that is judged.
    pub text: Option<String>,
    /// The clip that is judged.
    pub clip: Option<Clip>,
    /// Properties on record, in order, none twice.
    pub traits: Vec<String>,
}

/// A question, and an answer to it where one was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// Number of the question; rows with the same one ask the same.
    pub question: Option<u64>,
    /// What is to be said.
    pub kind: Kind,
    /// A sentence above the items; may be empty.
    pub prompt: String,
    /// What it is about.
    pub items: Vec<RecordItem>,
    /// What was said; none where the question is not answered.
    pub reply: Option<Reply>,
    /// Who said it.
    pub annotator: Option<String>,
    /// Positions of the items as they were shown, leftmost first.
    pub shown: Option<Vec<usize>>,
    /// When it was said, milliseconds since 1970 (UTC).
    pub at: Option<i64>,
    /// How long it took, seconds.
    pub seconds: Option<f64>,
}

/// What is wrong with a row, and the way out.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) problem: String,
    pub(super) mend: String,
}

impl Fault {
    pub(super) fn new(problem: impl Into<String>, mend: impl Into<String>) -> Fault {
        Fault {
            problem: problem.into(),
            mend: mend.into(),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Fault {
        match error {
            Error::Refused { problem, mend } => Fault { problem, mend },
            other => Fault::new(other.to_string(), "mend the row"),
        }
    }
}

impl RecordItem {
    /// Bytes that it takes, about.
    pub(super) fn n_bytes(&self) -> usize {
        let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        let traits: usize = self.traits.iter().map(String::len).sum();
        64 + length(&self.id) + length(&self.text) + traits
    }

    fn check(&self) -> Result<(), Fault> {
        if self.id.is_none() && self.text.is_none() && self.clip.is_none() {
            return Err(Fault::new(
                "an item has no id, no text and no clip",
                "give it one of them",
            ));
        }
        if self.text.is_some() && self.clip.is_some() {
            return Err(Fault::new(
                "an item has a text and a clip",
                "give it one of them",
            ));
        }
        if let Some(id) = &self.id {
            validate::name("an item", id)?;
        }
        if let Some(text) = &self.text {
            validate::words("a text", text, validate::LONGEST_TEXT)?;
        }
        validate::traits(&self.traits)?;
        Ok(())
    }

    /// As JSON, for items in a list.
    fn to_json(&self) -> Json {
        let mut object = Map::new();
        let mut put = |key: &str, value: Option<Json>| {
            if let Some(value) = value {
                object.insert(key.to_owned(), value);
            }
        };
        put("id", self.id.as_deref().map(Json::from));
        put("text", self.text.as_deref().map(Json::from));
        put("clip", self.clip.as_ref().map(Clip::to_json));
        put("traits", traits_json(&self.traits));
        Json::Object(object)
    }

    fn from_json(value: &Json) -> Result<RecordItem, Fault> {
        let mend = "write {\"id\": …} or {\"text\": …} for each";
        let object = value
            .as_object()
            .ok_or_else(|| Fault::new("items holds something that is no item", mend))?;
        let mut item = RecordItem::default();
        for (key, value) in object {
            let text = || value.as_str().map(str::to_owned);
            let wrong = || Fault::new(format!("{key} of an item makes no sense"), mend);
            match key.as_str() {
                "id" => item.id = Some(text().ok_or_else(wrong)?),
                "text" => item.text = Some(text().ok_or_else(wrong)?),
                "clip" => item.clip = Some(Clip::from_json(value).ok_or_else(wrong)?),
                "traits" => item.traits = traits_of(value).ok_or_else(wrong)?,
                _ => return Err(wrong()),
            }
        }
        Ok(item)
    }
}

fn traits_json(traits: &[String]) -> Option<Json> {
    (!traits.is_empty()).then(|| json!(traits))
}

fn traits_of(value: &Json) -> Option<Vec<String>> {
    let texts = value.as_array()?.iter();
    let texts: Option<Vec<String>> = texts.map(|text| text.as_str().map(str::to_owned)).collect();
    let mut traits = texts?;
    traits.sort();
    traits.dedup();
    Some(traits)
}

/// The prefixes of the columns of the items, in order.
fn prefixes(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Comparison => &["first", "second"],
        Kind::Rating(_) | Kind::Critique => &["item"],
        Kind::Best => &[],
    }
}

impl Record {
    /// Whether a store could keep it.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if let Kind::Rating(scale) = self.kind {
            validate::check_scale(scale)?;
        }
        validate::words("a prompt", &self.prompt, validate::LONGEST_TEXT)?;
        validate::n_items(self.kind, self.items.len())?;
        self.items.iter().try_for_each(RecordItem::check)?;
        if let Some(reply) = &self.reply {
            validate::reply(self.kind, self.items.len(), reply)?;
        }
        if let Some(annotator) = &self.annotator {
            validate::name("an annotator", annotator)?;
        }
        if let Some(order) = &self.shown {
            validate::shown(order, self.items.len())?;
        }
        validate::seconds(self.seconds)?;
        Ok(())
    }

    /// As the columns of a file.
    pub(super) fn to_row(&self) -> Row {
        let mut row = Row::default();
        row.put("question", self.question.and_then(whole));
        row.put("kind", Some(Cell::Text(self.kind.name().to_owned())));
        let prompt = Some(&self.prompt).filter(|prompt| !prompt.is_empty());
        row.put("prompt", prompt.cloned().map(Cell::Text));
        match prefixes(self.kind) {
            [] => {
                let items: Vec<Json> = self.items.iter().map(RecordItem::to_json).collect();
                row.put("items", Some(Cell::Json(Json::Array(items))));
            }
            prefixes => {
                for (prefix, item) in prefixes.iter().zip(&self.items) {
                    put_item(&mut row, prefix, item);
                }
            }
        }
        if let Kind::Rating(scale) = self.kind {
            row.put("low", Some(Cell::Real(scale.low)));
            row.put("high", Some(Cell::Real(scale.high)));
            row.put("step", scale.step.map(Cell::Real));
        }
        if let Some(reply) = &self.reply {
            let (answer, rating, best, words) = said(reply);
            row.put("answer", Some(Cell::Text(answer.to_owned())));
            row.put("rating", rating.map(Cell::Real));
            row.put("best", best.map(Cell::Integer));
            row.put("words", words.map(|words| Cell::Text(words.to_owned())));
        }
        row.put("annotator", self.annotator.clone().map(Cell::Text));
        match (self.kind, self.shown.as_deref()) {
            (Kind::Comparison, Some([left, _])) => {
                let left = if *left == 0 {
                    Which::First
                } else {
                    Which::Second
                };
                row.put("left", Some(Cell::Text(left.name().to_owned())));
            }
            (_, order) => row.put("shown", order.map(|order| Cell::Json(json!(order)))),
        }
        row.put("at", self.at.map(Cell::Integer));
        row.put("seconds", self.seconds.map(Cell::Real));
        row
    }

    /// From the columns of a file, all of which must be known.
    pub(super) fn from_row(mut row: Row) -> Result<Record, Fault> {
        if row.has("chosen") || row.has("rejected") {
            return Record::from_pair(row);
        }
        let kind = kind_of(&mut row)?;
        let items = items_of(&mut row, kind)?;
        let record = Record {
            kind,
            items,
            question: row.count("question")?,
            prompt: row.text("prompt")?.unwrap_or_default(),
            reply: reply_of(&mut row)?,
            annotator: row.text("annotator")?,
            shown: shown_of(&mut row)?,
            at: row.integer("at")?,
            seconds: row.real("seconds")?,
        };
        if let Some(name) = row.rest().next() {
            return Err(unknown_column(name, &record));
        }
        record.check()?;
        Ok(record)
    }

    /// From the texts that were chosen and rejected. Other columns belong to whoever made the file.
    fn from_pair(mut row: Row) -> Result<Record, Fault> {
        let mut text = |name: &str| {
            let text = row.text(name)?;
            let mend = "give both texts, chosen and rejected";
            text.ok_or_else(|| Fault::new(format!("{name} is missing"), mend))
        };
        let texts = [text("chosen")?, text("rejected")?];
        let item = |text| RecordItem {
            text: Some(text),
            ..RecordItem::default()
        };
        let record = Record {
            question: None,
            kind: Kind::Comparison,
            prompt: String::new(),
            items: texts.map(item).into(),
            reply: Some(Reply::Preference(Preference::First)),
            annotator: row.text("annotator").ok().flatten(),
            shown: None,
            at: None,
            seconds: None,
        };
        record.check()?;
        Ok(record)
    }

    /// The texts that were chosen and rejected; none where nothing was preferred.
    pub(super) fn to_pair(&self) -> Result<Option<Row>, Fault> {
        let preferred = match self.reply {
            Some(Reply::Preference(Preference::First)) => [0, 1],
            Some(Reply::Preference(Preference::Second)) => [1, 0],
            _ => return Ok(None),
        };
        let mut row = Row::default();
        for (name, position) in ["chosen", "rejected"].into_iter().zip(preferred) {
            let text = self.items.get(position).and_then(|item| item.text.clone());
            let mend = "write jsonl or parquet";
            let problem = "a preference between items that are no texts";
            let text = text.ok_or_else(|| Fault::new(problem, mend))?;
            row.put(name, Some(Cell::Text(text)));
        }
        Ok(Some(row))
    }
}

fn whole(number: u64) -> Option<Cell> {
    i64::try_from(number).ok().map(Cell::Integer)
}

fn put_item(row: &mut Row, prefix: &str, item: &RecordItem) {
    row.put(&format!("{prefix}_id"), item.id.clone().map(Cell::Text));
    row.put(&format!("{prefix}_text"), item.text.clone().map(Cell::Text));
    let traits = traits_json(&item.traits).map(Cell::Json);
    row.put(&format!("{prefix}_traits"), traits);
    let clip = item.clip.as_ref().map(|clip| Cell::Json(clip.to_json()));
    row.put(&format!("{prefix}_clip"), clip);
}

fn kind_of(row: &mut Row) -> Result<Kind, Fault> {
    let name = row.text("kind")?;
    match name.as_deref() {
        Some("comparison") | None => Ok(Kind::Comparison),
        Some("best") => Ok(Kind::Best),
        Some("critique") => Ok(Kind::Critique),
        Some("rating") => {
            let mut end = |name: &str| {
                let mend = "give the scale of a rating, low and high";
                row.real(name)?
                    .ok_or_else(|| Fault::new(format!("{name} is missing"), mend))
            };
            let (low, high) = (end("low")?, end("high")?);
            let step = row.real("step")?;
            Ok(Kind::Rating(Scale { low, high, step }))
        }
        Some(other) => Err(Fault::new(
            format!("kind {} is unknown", crate::error::quoted(other)),
            "use comparison, rating, best or critique",
        )),
    }
}

fn items_of(row: &mut Row, kind: Kind) -> Result<Vec<RecordItem>, Fault> {
    let wrong = |name: &str| Fault::new(format!("{name} makes no sense"), "see docs/feedback.md");
    let mut item = |prefix: &&str| {
        let traits = format!("{prefix}_traits");
        let clip = format!("{prefix}_clip");
        let traits_there = row.json(&traits)?.map(|json| traits_of(&json));
        let clip_there = row.json(&clip)?.map(|json| Clip::from_json(&json));
        Ok(RecordItem {
            id: row.text(&format!("{prefix}_id"))?,
            text: row.text(&format!("{prefix}_text"))?,
            clip: clip_there
                .map(|clip_read| clip_read.ok_or_else(|| wrong(&clip)))
                .transpose()?,
            traits: traits_there
                .map(|traits_read| traits_read.ok_or_else(|| wrong(&traits)))
                .transpose()?
                .unwrap_or_default(),
        })
    };
    match prefixes(kind) {
        [] => {
            let list = row.json("items")?;
            let list = list.as_ref().and_then(Json::as_array);
            let list = list.ok_or_else(|| Fault::new("items is no list", "list the items"))?;
            list.iter().map(RecordItem::from_json).collect()
        }
        prefixes => prefixes.iter().map(&mut item).collect(),
    }
}

fn shown_of(row: &mut Row) -> Result<Option<Vec<usize>>, Fault> {
    if let Some(left) = row.text("left")? {
        return match Which::named(&left) {
            Some(Which::First) => Ok(Some(vec![0, 1])),
            Some(Which::Second) => Ok(Some(vec![1, 0])),
            None => Err(Fault::new(
                format!("left is {}", crate::error::quoted(&left)),
                "use first or second",
            )),
        };
    }
    let Some(list) = row.json("shown")? else {
        return Ok(None);
    };
    let position = |value: &Json| value.as_u64().and_then(|n| usize::try_from(n).ok());
    let order: Option<Vec<usize>> = list
        .as_array()
        .and_then(|list| list.iter().map(position).collect());
    let fault = || {
        Fault::new(
            "shown is no list of positions",
            "write the positions, leftmost first",
        )
    };
    order.map(Some).ok_or_else(fault)
}

/// The name of what was said, and the number, the position or the words.
fn said(reply: &Reply) -> (&'static str, Option<f64>, Option<i64>, Option<&str>) {
    match reply {
        Reply::Preference(preference) => (preference.name(), None, None, None),
        Reply::Rating(rating) => ("rating", Some(*rating), None, None),
        Reply::Best(position) => ("best", None, i64::try_from(*position).ok(), None),
        Reply::Critique(words) => ("critique", None, None, Some(words)),
    }
}

fn reply_of(row: &mut Row) -> Result<Option<Reply>, Fault> {
    let answer = row.text("answer")?;
    let rating = row.real("rating")?;
    let best = row.count("best")?;
    let words = row.text("words")?;
    let missing = |name: &str| {
        let mend = "give it beside the answer, or leave the answer out";
        Fault::new(format!("{name} is missing"), mend)
    };
    let Some(answer) = answer else {
        return match (rating, best, words) {
            (Some(rating), None, None) => Ok(Some(Reply::Rating(rating))),
            (None, None, Some(words)) => Ok(Some(Reply::Critique(words))),
            (None, Some(best), None) => Ok(Some(best_of(best)?)),
            (None, None, None) => Ok(None),
            _ => Err(Fault::new(
                "a rating, a best item and words stand in one row",
                "write a row for each",
            )),
        };
    };
    let reply = match answer.as_str() {
        "rating" => Reply::Rating(rating.ok_or_else(|| missing("rating"))?),
        "best" => best_of(best.ok_or_else(|| missing("best"))?)?,
        "critique" => Reply::Critique(words.ok_or_else(|| missing("words"))?),
        name => Reply::Preference(Preference::named(name).ok_or_else(|| {
            Fault::new(
                format!("answer {} is unknown", crate::error::quoted(name)),
                "use first, second, equal, cannot-tell, skip, rating, best or critique",
            )
        })?),
    };
    Ok(Some(reply))
}

fn best_of(position: u64) -> Result<Reply, Fault> {
    let position = usize::try_from(position);
    position
        .map(Reply::Best)
        .map_err(|_| Fault::new("best is no position", "count items from 0"))
}

fn unknown_column(name: &str, record: &Record) -> Fault {
    let kind = record.kind.name();
    let name = crate::error::quoted(name);
    Fault::new(
        format!("{name} is no column of a {kind}"),
        format!("leave it out; columns are {}", Columns::names().join(", ")),
    )
}
