//! What goes with the dynamics: where states are drawn, what they consist of, which actions tamper.

use mdp::{GridMap, Place};

use super::document::Document;
use super::error::Problems;
use super::names::{Known, Names, find, is_name};
use super::node::{Array, Node, shape_text};

/// The longest row of a map, and the most of them.
const LONGEST_SIDE: usize = 1000;

/// Which actions reach for the reward channel, `[S, A]`; nothing where the file does not say, or not soundly.
pub(super) fn tampering(
    document: &mut Document,
    names: Known<'_>,
    problems: &mut Problems,
) -> Option<Vec<bool>> {
    const WANTED: &str = "write pairs [state, action], or flags [S][A]";
    let node = document.take("tampering")?;
    if is_flags(&node) {
        return flags(node, names, WANTED, problems);
    }
    let kind = node.kind();
    let Some(items) = node.into_items() else {
        problems.add("tampering", format_args!("{kind} is no list; {WANTED}"));
        return None;
    };
    let mut pairs = vec![];
    for (index, item) in items.into_iter().enumerate() {
        let place = format_args!("tampering[{index}]");
        let [state, action] = &*item.into_items().unwrap_or_default() else {
            problems.add(place, format_args!("this is no pair; {WANTED}"));
            continue;
        };
        let state = problems.take(place, find(names.states, state));
        pairs.extend(state.zip(problems.take(place, find(names.actions, action))));
    }
    let (n_states, n_actions) = (names.states?.n(), names.actions?.n());
    let mut tampers = vec![false; n_states * n_actions];
    for (state, action) in pairs {
        tampers[state * n_actions + action] = true;
    }
    Some(tampers)
}

fn flags(node: Node, names: Known<'_>, wanted: &str, problems: &mut Problems) -> Option<Vec<bool>> {
    let array = node.into_array(|within, problem| {
        problems.add(
            format_args!("tampering{within}"),
            format_args!("{problem}; {wanted}"),
        );
    })?;
    let expected = [names.states?.n(), names.actions?.n()];
    if array.shape != expected {
        problems.add(
            "tampering",
            format_args!(
                "the shape is {}, expected {}; correct it",
                shape_text(&array.shape),
                shape_text(&expected)
            ),
        );
        return None;
    }
    Some(array.values.iter().map(|flag| *flag != 0.0).collect())
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
    states: Option<&Names>,
    problems: &mut Problems,
) -> (Option<Vec<Option<Place>>>, Option<GridMap>) {
    let map = document.take("map").map(|node| map(node, problems));
    let legend = document.take("legend").map(|node| legend(node, problems));
    let map = match (map, legend) {
        (Some(map), legend) => map.map(|map| GridMap {
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

fn layers(node: Node, states: Option<&Names>, problems: &mut Problems) -> Vec<String> {
    let kind = node.kind();
    let items = node.into_items().unwrap_or_default();
    if let Some(n_states) = wrong_number(&items, states) {
        problems.add(
            "layers",
            format_args!("{kind} is not one text for each of {n_states} states; correct it"),
        );
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

/// How many items there should be, one a state, where there are not.
fn wrong_number(items: &[Node], states: Option<&Names>) -> Option<usize> {
    states
        .map(Names::n)
        .filter(|n_states| *n_states != items.len())
}

fn positions_of(node: Node, states: Option<&Names>, problems: &mut Problems) -> Vec<Option<Place>> {
    let kind = node.kind();
    let items = node.into_items().unwrap_or_default();
    if let Some(n_states) = wrong_number(&items, states) {
        problems.add(
            "positions",
            format_args!("{kind} is not one [column, row] for each of {n_states} states; write null for a state without one"),
        );
    }
    let n_kept = states.map_or(0, Names::n);
    let mut places = vec![];
    for (index, item) in items.into_iter().enumerate() {
        let place = problems.take(format_args!("positions[{index}]"), position(item));
        // A list that is too long is checked to its end, but takes no more memory than one of the right length.
        if places.len() < n_kept {
            places.extend(place);
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
    states: Option<&Names>,
    problems: &mut Problems,
) -> Vec<Vec<f64>> {
    let Some(node) = document.take("vectors") else {
        return vec![];
    };
    let kind = node.kind();
    let items = node.into_items().unwrap_or_default();
    if let Some(n_states) = wrong_number(&items, states) {
        problems.add(
            "vectors",
            format_args!(
                "{kind} is not one list of numbers for each of {n_states} states; correct it"
            ),
        );
    }
    let mut vectors = vec![];
    for (index, item) in items.into_iter().enumerate() {
        let numbers = match item.into_array(|_, _| {}) {
            Some(Array { shape, values, .. })
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
