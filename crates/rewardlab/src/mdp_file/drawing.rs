//! What goes with the dynamics: where states are drawn, what they consist of, which actions tamper.

use mdp::{GridMap, Place};

use super::document::Document;
use super::error::Problems;
use super::names::{Names, is_name};
use super::node::{Array, Node, shape_text};

/// The longest row of a map, and the most of them.
const LONGEST_SIDE: usize = 1000;

/// Which actions reach for the reward channel, `[S, A]`.
pub(super) fn tampering(
    document: &mut Document,
    [states, actions]: [&Names; 2],
    problems: &mut Problems,
) -> Vec<bool> {
    const WANTED: &str = "write pairs [state, action], or flags [S][A]";
    let mut tampers = vec![false; states.n() * actions.n()];
    let Some(node) = document.take("tampering") else {
        return tampers;
    };
    if is_flags(&node) {
        match node.into_array() {
            Ok(array) if array.shape == [states.n(), actions.n()] => {
                tampers = array.values.iter().map(|flag| *flag != 0.0).collect();
            }
            Ok(array) => problems.add(
                "tampering",
                format_args!(
                    "the shape is {}, expected {}; correct it",
                    shape_text(&array.shape),
                    shape_text(&[states.n(), actions.n()])
                ),
            ),
            Err((within, problem)) => {
                problems.add(
                    format_args!("tampering{within}"),
                    format_args!("{problem}; {WANTED}"),
                );
            }
        }
        return tampers;
    }
    let kind = node.kind();
    let Some(items) = node.into_items() else {
        problems.add("tampering", format_args!("{kind} is no list; {WANTED}"));
        return tampers;
    };
    for (index, item) in items.into_iter().enumerate() {
        let found = item.into_items().unwrap_or_default();
        let pair = match found.as_slice() {
            [state, action] => states
                .find(state)
                .and_then(|state| Ok(state * actions.n() + actions.find(action)?)),
            _ => Err(format!("this is no pair; {WANTED}")),
        };
        if let Some(pair) = problems.take(format_args!("tampering[{index}]"), pair) {
            tampers[pair] = true;
        }
    }
    tampers
}

fn is_flags(node: &Node) -> bool {
    match node {
        Node::Array(array) => array.is_flags,
        Node::List(nodes) => match nodes.first() {
            Some(Node::List(inner)) => matches!(inner.first(), Some(Node::Flag(_))),
            Some(Node::Flag(_)) => true,
            _ => false,
        },
        _ => false,
    }
}

/// Where a map draws each state, nothing where the file does not say; and the map.
pub(super) fn places(
    document: &mut Document,
    states: &Names,
    problems: &mut Problems,
) -> (Option<Vec<Option<Place>>>, Option<GridMap>) {
    let map = document.take("map").and_then(|node| map(node, problems));
    let legend = document.take("legend").map(|node| legend(node, problems));
    let map = match (map, legend) {
        (Some(map), legend) => Some(GridMap {
            legend: legend.unwrap_or_default(),
            ..map
        }),
        (None, Some(_)) => {
            problems.add(
                "legend",
                "there is no \"map\" that it could explain; add one, or leave this out",
            );
            None
        }
        (None, None) => None,
    };
    let positions = document.take("positions");
    let layers = document
        .take("layers")
        .map(|node| layers(node, states, problems));
    let Some(positions) = positions else {
        if layers.is_some() {
            problems.add(
                "layers",
                "there are no \"positions\" that could lie in them; add them, or leave this out",
            );
        }
        return (None, map);
    };
    let mut places = positions_of(positions, states, problems);
    for (place, layer) in places.iter_mut().zip(layers.into_iter().flatten()) {
        if let Some(place) = place {
            place.layer = layer;
        }
    }
    (Some(places), map)
}

fn map(node: Node, problems: &mut Problems) -> Option<GridMap> {
    const WANTED: &str = "write a list of texts, one character a cell";
    let kind = node.kind();
    let items = match node {
        Node::List(items) if (1..=LONGEST_SIDE).contains(&items.len()) => items,
        _ => {
            problems.add(
                "map",
                format_args!("{kind} makes no rows, 1 to {LONGEST_SIDE}; {WANTED}"),
            );
            return None;
        }
    };
    let n_before = problems.n();
    let mut rows = vec![];
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Node::Text(row)
                if row.chars().count() <= LONGEST_SIDE && !row.chars().any(char::is_control) =>
            {
                rows.push(String::from(row));
            }
            other => problems.add(
                format_args!("map[{index}]"),
                format_args!(
                    "{} is no row of 1 to {LONGEST_SIDE} characters; {WANTED}",
                    other.kind()
                ),
            ),
        }
    }
    (problems.n() == n_before).then_some(GridMap {
        rows,
        legend: vec![],
    })
}

/// From an object, or from pairs of texts.
fn legend(node: Node, problems: &mut Problems) -> Vec<(char, String)> {
    const WANTED: &str = "write {\"G\": \"goal\"}: one character, and what it means";
    let pairs: Vec<(String, Node)> = match node {
        Node::Object(entries) => entries
            .into_iter()
            .map(|(key, node)| (String::from(key), node))
            .collect(),
        node => {
            let pair = |item: Node| match <[Node; 2]>::try_from(item.into_items()?) {
                Ok([Node::Text(key), meaning]) => Some((String::from(key), meaning)),
                _ => None,
            };
            let pairs = node.into_items().unwrap_or_default();
            let pairs: Option<Vec<_>> = pairs.into_iter().map(pair).collect();
            pairs.filter(|pairs| !pairs.is_empty()).unwrap_or_else(|| {
                problems.add("legend", format_args!("this is no legend; {WANTED}"));
                vec![]
            })
        }
    };
    let mut legend = vec![];
    for (key, node) in pairs {
        let mut characters = key.chars();
        match (characters.next(), characters.next(), node) {
            (Some(character), None, Node::Text(meaning))
                if !character.is_control() && is_name(&meaning) =>
            {
                legend.push((character, String::from(meaning)));
            }
            (_, _, node) => problems.add(
                format_args!("legend.{key}"),
                format_args!("{} explains no character; {WANTED}", node.kind()),
            ),
        }
    }
    legend
}

fn layers(node: Node, states: &Names, problems: &mut Problems) -> Vec<String> {
    let kind = node.kind();
    let items = node.into_items().unwrap_or_default();
    if items.len() != states.n() {
        problems.add(
            "layers",
            format_args!(
                "{kind} is not one text for each of {} states; correct it",
                states.n()
            ),
        );
        return vec![];
    }
    let mut layers = vec![];
    for (index, item) in items.into_iter().enumerate() {
        match item {
            Node::Text(layer) if !layer.chars().any(char::is_control) => {
                layers.push(String::from(layer))
            }
            other => problems.add(
                format_args!("layers[{index}]"),
                format_args!(
                    "{} is no text; write what holds in the state beside its place",
                    other.kind()
                ),
            ),
        }
    }
    layers
}

fn positions_of(node: Node, states: &Names, problems: &mut Problems) -> Vec<Option<Place>> {
    let kind = node.kind();
    let items = node.into_items().unwrap_or_default();
    if items.len() != states.n() {
        problems.add(
            "positions",
            format_args!("{kind} is not one [column, row] for each of {} states; write null for a state without one", states.n()),
        );
        return vec![];
    }
    let mut places = vec![];
    for (index, item) in items.into_iter().enumerate() {
        if let Some(place) = problems.take(format_args!("positions[{index}]"), position(item)) {
            places.push(place);
        }
    }
    places
}

/// `[column, row]`, null where there is none; an array, which has no null, says so by negative numbers.
fn position(node: Node) -> Result<Option<Place>, String> {
    let wrong = || {
        format!(
            "{} is no position; write [column, row], from 0 to {}",
            node.kind(),
            LONGEST_SIDE - 1
        )
    };
    let numbers: &[f64] = match &node {
        Node::Null => return Ok(None),
        Node::Numbers(numbers) => numbers,
        Node::Array(array) => &array.values,
        _ => return Err(wrong()),
    };
    let [column, row] = *numbers else {
        return Err(wrong());
    };
    if column < 0.0 && row < 0.0 && matches!(node, Node::Array(_)) {
        return Ok(None);
    }
    let side = |number: f64| {
        super::node::whole(number)
            .filter(|side| *side < LONGEST_SIDE)
            .ok_or_else(wrong)
    };
    Ok(Some(Place {
        layer: String::new(),
        column: side(column)?,
        row: side(row)?,
    }))
}

/// The numbers that each state consists of; nothing where the file does not say.
pub(super) fn vectors(
    document: &mut Document,
    states: &Names,
    problems: &mut Problems,
) -> Vec<Vec<f64>> {
    let Some(node) = document.take("vectors") else {
        return vec![];
    };
    let kind = node.kind();
    let items = node.into_items().unwrap_or_default();
    if items.len() != states.n() {
        problems.add(
            "vectors",
            format_args!(
                "{kind} is not one list of numbers for each of {} states; correct it",
                states.n()
            ),
        );
        return vec![];
    }
    let mut vectors = vec![];
    for (index, item) in items.into_iter().enumerate() {
        let numbers = match item.into_array() {
            Ok(Array { shape, values, .. })
                if shape.len() == 1 && values.iter().all(|value| value.is_finite()) =>
            {
                Ok(values)
            }
            _ => Err(
                "this is no list of finite numbers; write what the state consists of".to_owned(),
            ),
        };
        vectors.extend(problems.take(format_args!("vectors[{index}]"), numbers));
    }
    vectors
}
