//! Tables of rewards in the shapes that people have them in, brought to one value a stored transition.

use std::fmt;

use super::error::Problems;
use super::layout::Layout;
use super::names::{Known, Names, find};
use super::node::{Array, Node, shape_text};
use super::transitions::Count;

/// How many comparisons of rows with transitions are made at most, so that a short file cannot keep a machine busy.
const MOST_WORK: usize = 1 << 28;

/// A table of rewards whose shape is sound.
#[derive(Debug)]
pub(super) enum Table {
    /// Axes for state, action and next state, the later ones left out where the reward does not depend on them; an axis
    /// of length 1 stands for all.
    Dense(Array),
    /// One value a transition, in the order of the file.
    Transitions(Vec<f64>),
    /// Values of the transitions that a row fits, the last one that does.
    Rows { rows: Vec<Row>, otherwise: f64 },
}

/// A value for the transitions that agree with what is given.
#[derive(Debug)]
pub(super) struct Row {
    state: Option<usize>,
    action: Option<usize>,
    next_state: Option<usize>,
    value: f64,
}

/// What a table is checked against, as far as it is known.
pub(super) struct Sizes<'n> {
    pub(super) names: Known<'n>,
    /// How many transitions the file lists.
    pub(super) n_given: Count,
}

impl Table {
    /// A table, or nothing and its problems.
    pub(super) fn parse(
        place: &str,
        node: Node,
        sizes: &Sizes<'_>,
        problems: &mut Problems,
    ) -> Option<Table> {
        match node {
            Node::Number(value) => finite(
                place,
                Array {
                    shape: vec![1],
                    values: vec![value],
                    is_flags: false,
                },
                problems,
            )
            .map(Table::Dense),
            Node::Object(entries) => object(place, entries, sizes, problems),
            Node::Numbers(_) | Node::List(_) | Node::Array(_) => {
                let array = numbers(place, node, problems)?;
                shaped(place, array, sizes, problems)
            }
            other => {
                problems.add(
                    place,
                    format_args!(
                        "{} is no table of rewards; write a number, or numbers [S], [S][A], [S][A][S] or one a transition",
                        other.kind()
                    ),
                );
                None
            }
        }
    }

    /// One value a stored transition; nothing, and the problems, where the table does not fit the dynamics.
    pub(super) fn values(
        &self,
        place: &str,
        layout: &Layout,
        states: &Names,
        problems: &mut Problems,
    ) -> Option<Vec<f64>> {
        let n_before = problems.n();
        let values = match self {
            Table::Dense(array) => {
                unpaid_states(place, array, layout, states, problems);
                dense_values(array, layout)
            }
            Table::Transitions(given) => {
                let value =
                    |stored: &super::layout::Stored| stored.given().map_or(0.0, |at| given[at]);
                layout.stored().iter().map(value).collect()
            }
            Table::Rows { rows, otherwise } => {
                row_values(place, rows, *otherwise, layout, problems)
            }
        };
        (problems.n() == n_before).then_some(values)
    }
}

fn numbers(place: &str, node: Node, problems: &mut Problems) -> Option<Array> {
    let array = node.into_array(|within, problem| {
        problems.add(
            format_args!("{place}{within}"),
            format_args!(
                "{problem}; rewards are numbers [S], [S][A], [S][A][S] or one a transition"
            ),
        );
    })?;
    if array.is_flags {
        problems.add(
            place,
            "there are flags where numbers are expected; write numbers",
        );
        return None;
    }
    finite(place, array, problems)
}

fn finite(place: &str, array: Array, problems: &mut Problems) -> Option<Array> {
    let n_before = problems.n();
    for (position, value) in array.values.iter().enumerate() {
        if !value.is_finite() {
            problems.add(
                format_args!("{place}{}", array.place(position)),
                format_args!("the reward {value} is not finite; correct it"),
            );
        }
    }
    (problems.n() == n_before).then_some(array)
}

fn shaped(place: &str, array: Array, sizes: &Sizes<'_>, problems: &mut Problems) -> Option<Table> {
    let n_states = sizes.names.states.map(Names::n);
    let n_actions = sizes.names.actions.map(Names::n);
    if let ([length], Count::Listed(n_given)) = (array.shape.as_slice(), sizes.n_given)
        && *length == n_given
        && n_given > 1
    {
        if Some(n_given) != n_states {
            return Some(Table::Transitions(array.values));
        }
        problems.add(
            place,
            format_args!(
                "{length} values may be one a state or one a transition; write those of states as [S][1], those of transitions as [S][A][S], or in JSON as {{\"transitions\": [...]}}"
            ),
        );
        return None;
    }
    let may_count_transitions = array.shape.len() == 1 && sizes.n_given == Count::Unknown;
    let expected = [n_states, n_actions, n_states];
    let fits = array.shape.len() <= 3
        && array
            .shape
            .iter()
            .zip(expected)
            .all(|(length, expected)| *length == 1 || expected.is_none_or(|n| n == *length));
    if fits || may_count_transitions {
        return Some(Table::Dense(array));
    }
    wrong_shape(place, &array.shape, sizes, problems);
    None
}

fn wrong_shape(place: &str, shape: &[usize], sizes: &Sizes<'_>, problems: &mut Problems) {
    let (Some(states), Some(actions)) = (sizes.names.states, sizes.names.actions) else {
        problems.add(
            place,
            format_args!(
                "the shape is {}, expected [S], [S][A] or [S][A][S]; correct it",
                shape_text(shape)
            ),
        );
        return;
    };
    let (n_states, n_actions) = (states.n(), actions.n());
    let expected = [n_states, n_actions, n_states];
    let by_action = [n_actions, n_states, n_states];
    let hint = match shape == by_action || shape == &by_action[..2] {
        true => "; actions stand first here, put them second with np.swapaxes(table, 0, 1)",
        false => "; correct it, or \"states\" and \"actions\"",
    };
    let one_each = match sizes.n_given {
        Count::Listed(n) => format!(", or one for each of {n} transitions"),
        Count::Dense | Count::Unknown => String::new(),
    };
    problems.add(
        place,
        format_args!(
            "the shape is {}, expected {}, {} or {}{one_each}{hint}",
            shape_text(shape),
            shape_text(&expected[..1]),
            shape_text(&expected[..2]),
            shape_text(&expected),
        ),
    );
}

/// The forms that have a key: `entered`, `transitions`, `rows` with `otherwise`.
fn object(
    place: &str,
    entries: Vec<(Box<str>, Node)>,
    sizes: &Sizes<'_>,
    problems: &mut Problems,
) -> Option<Table> {
    const FORMS: &str = "{\"entered\": [S]}, {\"transitions\": [one a transition]} or {\"rows\": [[state, action, next_state, value]], \"otherwise\": 0}";
    let (mut form, mut otherwise) = (None, None);
    let n_before = problems.n();
    for (key, node) in entries {
        match (&*key, node) {
            ("otherwise", Node::Number(value)) if value.is_finite() => otherwise = Some(value),
            ("entered" | "transitions" | "rows", node) if form.is_none() => {
                form = Some((key, node))
            }
            (_, node) => {
                problems.add(
                    format_args!("{place}.{key}"),
                    format_args!("{} does not belong here; a table is {FORMS}", node.kind()),
                );
            }
        }
    }
    let Some((key, node)) = form.filter(|(key, _)| otherwise.is_none() || **key == *"rows") else {
        if problems.n() == n_before {
            problems.add(
                place,
                format_args!("this object is no table of rewards; write {FORMS}"),
            );
        }
        return None;
    };
    let place = format!("{place}.{key}");
    match &*key {
        "rows" => listed(&place, node, otherwise.unwrap_or(0.0), sizes, problems),
        key => {
            let mut array = numbers(&place, node, problems)?;
            let is_entered = key == "entered";
            let expected = match (is_entered, sizes.n_given) {
                (true, _) => Ok(sizes.names.states.map(Names::n)),
                (false, Count::Listed(n)) => Ok(Some(n)),
                (false, Count::Unknown) => Ok(None),
                (false, Count::Dense) => Err("a sparse file".to_owned()),
            };
            let wanted = match (expected, &*array.shape) {
                (Ok(None), [_]) => None,
                (Ok(None), _) => Some("one list".to_owned()),
                (Ok(Some(n)), shape) => (shape != [n]).then(|| format!("{n} numbers")),
                (Err(wanted), _) => Some(wanted),
            };
            if let Some(wanted) = wanted {
                problems.add(
                    place,
                    format_args!(
                        "the shape is {}, expected {wanted}; correct it",
                        shape_text(&array.shape)
                    ),
                );
                return None;
            }
            if !is_entered {
                return Some(Table::Transitions(array.values));
            }
            array.shape = vec![1, 1, array.values.len()];
            Some(Table::Dense(array))
        }
    }
}

fn listed(
    place: &str,
    node: Node,
    otherwise: f64,
    sizes: &Sizes<'_>,
    problems: &mut Problems,
) -> Option<Table> {
    let kind = node.kind();
    let Some(items) = node.into_items() else {
        problems.add(
            place,
            format_args!("{kind} is no list; write [[state, action, next_state, value], ...]"),
        );
        return None;
    };
    let n_before = problems.n();
    let mut rows = vec![];
    for (index, item) in items.into_iter().enumerate() {
        rows.extend(row(
            format_args!("{place}[{index}]"),
            item,
            sizes.names,
            problems,
        ));
    }
    (problems.n() == n_before).then_some(Table::Rows { rows, otherwise })
}

fn row(
    place: fmt::Arguments<'_>,
    node: Node,
    names: Known<'_>,
    problems: &mut Problems,
) -> Option<Row> {
    let kind = node.kind();
    let items = node.into_items().unwrap_or_default();
    let [state, action, next_state, Node::Number(value)] = items.as_slice() else {
        problems.add(
            place,
            format_args!(
                "{kind} is no row; write [state, action, next_state, value], null for any"
            ),
        );
        return None;
    };
    let n_before = problems.n();
    if !value.is_finite() {
        problems.add(
            place,
            format_args!("the reward {value} is not finite; correct it"),
        );
    }
    let mut number = |names: Option<&Names>, node: &Node| match node {
        Node::Null => None,
        node => problems.take(place, find(names, node)),
    };
    let row = Row {
        state: number(names.states, state),
        action: number(names.actions, action),
        next_state: number(names.states, next_state),
        value: *value,
    };
    (problems.n() == n_before).then_some(row)
}

/// A terminal state is only arrived at, so that what a table pays for acting in it would never be paid.
fn unpaid_states(
    place: &str,
    array: &Array,
    layout: &Layout,
    states: &Names,
    problems: &mut Problems,
) {
    if array.shape[0] != layout.n_states() || layout.n_states() == 1 {
        return;
    }
    let size = array.values.len() / array.shape[0];
    for (state, values) in array.values.chunks_exact(size).enumerate() {
        let unpaid = values.iter().find(|value| **value != 0.0);
        if let (true, Some(value)) = (layout.terminal[state], unpaid) {
            problems.add(
                format_args!("{place}[{state}]"),
                format_args!(
                    "{} is terminal, nothing is done in it, so that this {value} would never be paid; set it to 0, pay on arriving by [S][A][S], or take the state out of \"terminals\"",
                    states.shown(state)
                ),
            );
        }
    }
}

fn dense_values(array: &Array, layout: &Layout) -> Vec<f64> {
    let mut shape = [1; 3];
    shape[..array.shape.len()].copy_from_slice(&array.shape);
    let index = |axis: usize, index: usize| if shape[axis] == 1 { 0 } else { index };
    let mut values = Vec::with_capacity(layout.stored().len());
    for (state, action, row) in layout.pairs() {
        let before = index(0, state) * shape[1] + index(1, action);
        values.extend(
            layout.stored()[row]
                .iter()
                .map(|stored| match stored.given() {
                    Some(_) => {
                        array.values[before * shape[2] + index(2, stored.next_state as usize)]
                    }
                    None => 0.0,
                }),
        );
    }
    values
}

fn row_values(
    place: &str,
    rows: &[Row],
    otherwise: f64,
    layout: &Layout,
    problems: &mut Problems,
) -> Vec<f64> {
    let paid = |stored: &super::layout::Stored| {
        if stored.given().is_some() {
            otherwise
        } else {
            0.0
        }
    };
    let mut values: Vec<f64> = layout.stored().iter().map(paid).collect();
    let mut work = 0_usize;
    for (index, row) in rows.iter().enumerate() {
        let states = row
            .state
            .map_or(0..layout.n_states(), |state| state..state + 1);
        let mut fits = false;
        for state in states {
            let actions = row
                .action
                .map_or(0..layout.n_actions(), |action| action..action + 1);
            for action in actions {
                let stored = layout.row(state, action);
                work += 1 + stored.len();
                for at in stored {
                    let transition = &layout.stored()[at];
                    let arrives = row
                        .next_state
                        .is_none_or(|next| next == transition.next_state as usize);
                    if arrives && transition.given().is_some() {
                        values[at] = row.value;
                        fits = true;
                    }
                }
            }
        }
        if !fits {
            problems.add(
                format_args!("{place}.rows[{index}]"),
                "no transition fits this row; correct its state, action or next state",
            );
        }
        if work > MOST_WORK {
            problems.add(
                format_args!("{place}.rows"),
                "so many rows fit so many transitions that this takes too long; give one value a transition",
            );
            break;
        }
    }
    values
}
