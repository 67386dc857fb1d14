//! Writes an MDP as JSON, such that it is read back equal.

use std::io::{self, Write};

use mdp::{GridMap, Tabulated};
use serde_json::Value;

use super::document::{FORMAT, VERSION};

/// Writes the JSON of an MDP: transitions as rows, sorted by state and action; rewards with one value a transition.
///
/// # Errors
/// If `out` refuses.
pub fn write_json(tabulated: &Tabulated, out: &mut impl Write) -> io::Result<()> {
    let mdp = &tabulated.mdp;
    writeln!(
        out,
        "{{\n  \"format\": \"{FORMAT}\",\n  \"version\": {VERSION},"
    )?;
    let states = labels("state", &tabulated.state_labels);
    let actions = labels("action", &tabulated.action_names);
    writeln!(out, "  \"states\": {states},\n  \"actions\": {actions},")?;
    writeln!(out, "  \"discount\": {},", mdp.discount().get())?;
    writeln!(out, "  \"start\": {},", start(mdp.start()))?;
    writeln!(out, "  \"transitions\": [")?;
    let n_pairs = mdp.n_states() * mdp.n_actions();
    let mut separator = "";
    for pair in 0..n_pairs {
        let (state, action) = (pair / mdp.n_actions(), pair % mdp.n_actions());
        for transition in mdp.transitions(state, action) {
            let ends = if transition.terminates { ", true" } else { "" };
            write!(
                out,
                "{separator}    [{state}, {action}, {}, {}{ends}]",
                transition.next_state, transition.probability
            )?;
            separator = ",\n";
        }
    }
    writeln!(out, "\n  ],\n  \"rewards\": {{")?;
    for (index, reward) in tabulated.rewards.iter().enumerate() {
        let end = if index + 1 < tabulated.rewards.len() {
            ","
        } else {
            ""
        };
        let name = text(&reward.name);
        writeln!(
            out,
            "    {name}: {{\"transitions\": {}}}{end}",
            numbers(&reward.values)
        )?;
    }
    write!(out, "  }}")?;
    write_tampering(tabulated, out)?;
    write_places(tabulated, out)?;
    if !tabulated.states.is_empty() {
        let vectors: Vec<String> = tabulated
            .states
            .iter()
            .map(|state| numbers(state))
            .collect();
        write!(out, ",\n  \"vectors\": [{}]", vectors.join(", "))?;
    }
    writeln!(out, "\n}}")
}

/// A count where the labels are those that a count gets, else the labels.
fn labels(kind: &str, labels: &[String]) -> String {
    let is_count = |(index, label): (usize, &String)| *label == format!("{kind} {index}");
    match labels.iter().enumerate().all(is_count) {
        true => labels.len().to_string(),
        false => list(labels.iter().map(|label| text(label))),
    }
}

/// The state where there is only one, else all probabilities.
fn start(start: &[f64]) -> String {
    let mut likely = start.iter().enumerate().filter(|(_, p)| **p != 0.0);
    match (likely.next(), likely.next()) {
        (Some((state, 1.0)), None) => state.to_string(),
        _ => numbers(start),
    }
}

fn write_tampering(tabulated: &Tabulated, out: &mut impl Write) -> io::Result<()> {
    let n_actions = tabulated.mdp.n_actions();
    let pairs = tabulated
        .tampering
        .iter()
        .enumerate()
        .filter(|(_, tampers)| **tampers);
    let mut pairs = pairs
        .map(|(pair, _)| format!("[{}, {}]", pair / n_actions, pair % n_actions))
        .peekable();
    if pairs.peek().is_none() {
        return Ok(());
    }
    write!(out, ",\n  \"tampering\": {}", list(pairs))
}

fn write_places(tabulated: &Tabulated, out: &mut impl Write) -> io::Result<()> {
    let places = &tabulated.places;
    if let Some(GridMap { rows, legend }) = &tabulated.map {
        write!(
            out,
            ",\n  \"map\": {}",
            list(rows.iter().map(|row| text(row)))
        )?;
        if !legend.is_empty() {
            let pairs = legend.iter().map(|(character, meaning)| {
                format!("[{}, {}]", text(&character.to_string()), text(meaning))
            });
            write!(out, ",\n  \"legend\": {}", list(pairs))?;
        }
    }
    if places.iter().all(Option::is_none) {
        return Ok(());
    }
    let position = |place: &Option<mdp::Place>| match place {
        Some(place) => format!("[{}, {}]", place.column, place.row),
        None => "null".to_owned(),
    };
    write!(
        out,
        ",\n  \"positions\": {}",
        list(places.iter().map(position))
    )?;
    if places.iter().flatten().any(|place| !place.layer.is_empty()) {
        let layer =
            |place: &Option<mdp::Place>| text(place.as_ref().map_or("", |place| &place.layer));
        write!(out, ",\n  \"layers\": {}", list(places.iter().map(layer)))?;
    }
    Ok(())
}

fn text(text: &str) -> String {
    Value::from(text).to_string()
}

/// Numbers with all their digits; JSON has no exponent-free form that would lose any.
fn numbers(numbers: &[f64]) -> String {
    list(numbers.iter().map(f64::to_string))
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(", "))
}
