//! The dynamics: dense, as a list of rows, as columns, or compressed, all to the same rows.

use super::error::Problems;
use super::names::{Known, Names, find};
use super::node::{Array, Node, shape_text};

/// The transitions of a file before states and actions are known.
pub(super) enum Source {
    /// `[S, A, S]`.
    Dense(Array),
    /// `[A, S, S]`, pymdptoolbox's order.
    ByAction(Array),
    /// Lists or objects, one a transition.
    List(Vec<Node>),
    /// One array a field, one value a transition, and how places name them.
    Columns(Vec<(Box<str>, Node)>, &'static str),
}

/// How many transitions a file lists.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Count {
    /// So many.
    Listed(usize),
    /// It does not count them, as they are dense.
    Dense,
    /// Nobody can tell before the file is mended.
    Unknown,
}

/// The fields of a transition, in the order of a row.
const FIELDS: [&str; 5] = ["state", "action", "next_state", "probability", "terminates"];
/// The fields of compressed sparse rows.
const COMPRESSED: [&str; 4] = ["indptr", "indices", "data", "terminates"];

/// One row a transition, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Rows {
    pub(super) states: Vec<u32>,
    pub(super) actions: Vec<u32>,
    pub(super) next_states: Vec<u32>,
    pub(super) probabilities: Vec<f64>,
    pub(super) terminates: Vec<bool>,
}

impl Rows {
    /// How many.
    pub(super) fn n(&self) -> usize {
        self.states.len()
    }

    fn push(
        &mut self,
        [state, action, next_state]: [usize; 3],
        probability: f64,
        terminates: bool,
    ) {
        self.states.push(state as u32);
        self.actions.push(action as u32);
        self.next_states.push(next_state as u32);
        self.probabilities.push(probability);
        self.terminates.push(terminates);
    }
}

impl Source {
    /// Which form it is; nothing, and a problem, where it is none.
    pub(super) fn parse(node: Node, problems: &mut Problems) -> Option<Source> {
        match node {
            Node::Object(columns) => Some(Source::Columns(columns, "transitions.")),
            Node::List(rows) if is_list_of_rows(&rows) => Some(Source::List(rows)),
            Node::List(_) | Node::Array(_) => {
                Some(Source::Dense(cube("transitions", node, problems)?))
            }
            other => {
                problems.add(
                    "transitions",
                    format_args!(
                        "{} is neither rows [state, action, next_state, probability] nor nested lists [S][A][S]; write one of the two",
                        other.kind()
                    ),
                );
                None
            }
        }
    }

    /// The form in which actions come first.
    pub(super) fn by_action(node: Node, problems: &mut Problems) -> Option<Source> {
        Some(Source::ByAction(cube(
            "transitions_by_action",
            node,
            problems,
        )?))
    }

    /// How many transitions the file lists, whether they can be read or not.
    pub(super) fn count(&self) -> Count {
        match self {
            Source::Dense(_) | Source::ByAction(_) => Count::Dense,
            Source::List(nodes) => Count::Listed(nodes.len()),
            Source::Columns(columns, _) => {
                let mut lengths = columns
                    .iter()
                    .filter(|(key, _)| **key != *"indptr")
                    .map(|(_, node)| node.length());
                let first = lengths.next().flatten();
                match first.filter(|_| lengths.all(|length| length == first)) {
                    Some(n) => Count::Listed(n),
                    None => Count::Unknown,
                }
            }
        }
    }

    /// Numbers of states and actions that the shape gives.
    pub(super) fn sizes(&self) -> Option<(usize, usize)> {
        match self {
            Source::Dense(array) => Some((array.shape[0], array.shape[1])),
            Source::ByAction(array) => Some((array.shape[1], array.shape[0])),
            _ => None,
        }
    }

    /// The rows, probabilities of zero left out where it is dense. Nothing, and the problems, where some cannot be read.
    pub(super) fn rows(self, names: Known<'_>, problems: &mut Problems) -> Option<Rows> {
        let n_before = problems.n();
        let rows = match self {
            Source::Dense(array) => dense_rows(&array, names, false, problems),
            Source::ByAction(array) => dense_rows(&array, names, true, problems),
            Source::List(nodes) => listed_rows(nodes, names, problems),
            Source::Columns(columns, place) => {
                let is_compressed = columns.iter().any(|(key, _)| **key == *"indptr");
                let fields: &[&'static str] = if is_compressed { &COMPRESSED } else { &FIELDS };
                let columns = Columns::gather(columns, fields, place, problems);
                match is_compressed {
                    true => columns.compressed(names, problems),
                    false => columns.rows(names, problems),
                }
            }
        };
        let is_known = names.states.is_some() && names.actions.is_some();
        (is_known && problems.n() == n_before).then_some(rows)
    }
}

/// Rows are lists of plain values, or objects; dense ones are lists of lists of lists.
fn is_list_of_rows(nodes: &[Node]) -> bool {
    match nodes.first() {
        None | Some(Node::Numbers(_) | Node::Object(_)) => true,
        Some(Node::List(inner)) => !matches!(inner.first(), Some(Node::Numbers(_) | Node::List(_))),
        _ => false,
    }
}

/// An array of three axes whose two axes of states agree.
fn cube(place: &str, node: Node, problems: &mut Problems) -> Option<Array> {
    let array = node.into_array(|within, problem| {
        problems.add(
            format_args!("{place}{within}"),
            format_args!(
                "{problem}; dense transitions are numbers, [S][A][S] with nothing left out"
            ),
        );
    })?;
    let is_by_action = place != "transitions";
    let is_sound = match *array.shape {
        [states, actions, next_states] if !array.is_flags => {
            next_states == if is_by_action { actions } else { states }
        }
        _ => false,
    };
    if !is_sound {
        problems.add(
            place,
            format_args!(
                "the shape is {}; dense transitions are numbers of shape {}{}",
                shape_text(&array.shape),
                if is_by_action {
                    "[A, S, S]"
                } else {
                    "[S, A, S]"
                },
                other_order(&array.shape, is_by_action)
            ),
        );
    }
    is_sound.then_some(array)
}

fn dense_rows(array: &Array, names: Known<'_>, by_action: bool, problems: &mut Problems) -> Rows {
    let shape = &array.shape;
    let (given_states, given_actions) = match by_action {
        false => (shape[0], shape[1]),
        true => (shape[1], shape[0]),
    };
    let n_states = names.states.map_or(given_states, Names::n);
    let n_actions = names.actions.map_or(given_actions, Names::n);
    let (place, expected) = match by_action {
        false => ("transitions", [n_states, n_actions, n_states]),
        true => ("transitions_by_action", [n_actions, n_states, n_states]),
    };
    let mut rows = Rows::default();
    if array.shape != expected {
        problems.add(
            place,
            format_args!(
                "the shape is {}, expected {} for {n_states} states and {n_actions} actions{}",
                shape_text(&array.shape),
                shape_text(&expected),
                other_order(&array.shape, by_action)
            ),
        );
    }
    let fits = array.shape == expected;
    for (position, probability) in array.values.iter().enumerate() {
        if *probability == 0.0 {
            continue;
        }
        if let Err(problem) = check_probability(*probability) {
            problems.add(format_args!("{place}{}", array.place(position)), problem);
            continue;
        }
        if !fits {
            continue;
        }
        let next_state = position % n_states;
        let pair = position / n_states;
        let (state, action) = match by_action {
            false => (pair / n_actions, pair % n_actions),
            true => (pair % n_states, pair / n_states),
        };
        rows.push([state, action, next_state], *probability, false);
    }
    rows
}

/// The hint that the axes may stand in the other order.
fn other_order(shape: &[usize], is_by_action: bool) -> &'static str {
    match (shape, is_by_action) {
        ([_, states, next_states], false) if states == next_states => {
            "; an array with actions first goes under the key \"transitions_by_action\""
        }
        ([states, _, next_states], true) if states == next_states => {
            "; an array with states first goes under the key \"transitions\""
        }
        _ => "; correct it",
    }
}

fn listed_rows(nodes: Vec<Node>, names: Known<'_>, problems: &mut Problems) -> Rows {
    let mut rows = Rows::default();
    if nodes.is_empty() {
        problems.add(
            "transitions",
            "there are none; every state needs one for each action",
        );
    }
    for (index, node) in nodes.into_iter().enumerate() {
        let fields = match fields_of_row(node) {
            Ok(fields) => fields,
            Err(problem) => {
                problems.add(format_args!("transitions[{index}]"), problem);
                continue;
            }
        };
        let [state, action, next_state, probability, terminates] = &fields;
        let place = format_args!("transitions[{index}]");
        let state = problems.take(place, find(names.states, state));
        let action = problems.take(place, find(names.actions, action));
        let next_state = problems.take(place, find(names.states, next_state));
        let probability = problems.take(place, probability_of(probability));
        let terminates = problems.take(place, flag_of(terminates));
        if let (Some(state), Some(action), Some(next_state), Some(probability), Some(terminates)) =
            (state, action, next_state, probability, terminates)
        {
            rows.push([state, action, next_state], probability, terminates);
        }
    }
    rows
}

/// The five fields of a row in their order, the last one false where it is left out.
fn fields_of_row(node: Node) -> Result<[Node; 5], String> {
    let wrong = |found: String| {
        format!(
            "{found} is no transition; write [state, action, next_state, probability], and true as fifth where the episode ends"
        )
    };
    if let Node::Object(entries) = node {
        let mut fields = [const { Node::Null }; 5];
        fields[4] = Node::Flag(false);
        for (key, value) in entries {
            let field = FIELDS.iter().position(|field| **field == *key);
            let Some(field) = field else {
                return Err(format!(
                    "the key \"{key}\" is unknown; a transition has state, action, next_state, probability and terminates"
                ));
            };
            fields[field] = value;
        }
        let missing = fields[..4].iter().position(|field| *field == Node::Null);
        return match missing {
            Some(field) => Err(format!("the key \"{}\" is missing; add it", FIELDS[field])),
            None => Ok(fields),
        };
    }
    let found = node.kind();
    let mut items = node.into_items().ok_or_else(|| wrong(found.clone()))?;
    if items.len() == 4 {
        items.push(Node::Flag(false));
    }
    items.try_into().map_err(|_| wrong(found))
}

/// Arrays of one value a transition.
struct Columns {
    place: &'static str,
    fields: &'static [&'static str],
    nodes: Vec<Option<Node>>,
}

impl Columns {
    fn gather(
        columns: Vec<(Box<str>, Node)>,
        fields: &'static [&'static str],
        place: &'static str,
        problems: &mut Problems,
    ) -> Columns {
        let mut nodes: Vec<Option<Node>> = fields.iter().map(|_| None).collect();
        for (key, node) in columns {
            match fields.iter().position(|field| **field == *key) {
                Some(field) => nodes[field] = Some(node),
                None => problems.add(
                    format_args!("{place}{key}"),
                    format_args!("this key is unknown; there are {}", fields.join(", ")),
                ),
            }
        }
        Columns {
            place,
            fields,
            nodes,
        }
    }

    /// A column that must be there: every value of it, read by `read`.
    fn column<T>(
        &mut self,
        field: usize,
        problems: &mut Problems,
        read: impl Fn(&Node) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let place = format!("{}{}", self.place, self.fields[field]);
        let Some(node) = self.nodes[field].take() else {
            problems.add(place, "this is missing; give one value a transition");
            return None;
        };
        if matches!(&node, Node::Array(array) if array.shape.len() != 1) {
            problems.add(
                place,
                format_args!(
                    "{} has not one axis; give one value a transition",
                    node.kind()
                ),
            );
            return None;
        }
        let mut values = vec![];
        let n_before = problems.n();
        let mut one = |index: usize, node: &Node| {
            if let Some(value) = problems.take(format_args!("{place}[{index}]"), read(node)) {
                values.push(value);
            }
        };
        match node {
            Node::Numbers(numbers) => {
                for (index, number) in numbers.into_iter().enumerate() {
                    one(index, &Node::Number(number));
                }
            }
            Node::Array(array) => {
                for (index, number) in array.values.into_iter().enumerate() {
                    one(index, &Node::Number(number));
                }
            }
            Node::List(nodes) => {
                for (index, node) in nodes.iter().enumerate() {
                    one(index, node);
                }
            }
            other => problems.add(
                &place,
                format_args!("{} is no list; give one value a transition", other.kind()),
            ),
        }
        (problems.n() == n_before).then_some(values)
    }

    /// The last column, false where it is left out.
    fn terminates(&mut self, n: usize, problems: &mut Problems) -> Option<Vec<bool>> {
        let field = self.fields.len() - 1;
        if self.nodes[field].is_none() {
            return Some(vec![false; n]);
        }
        self.column(field, problems, flag_of)
    }

    /// How many transitions there are by the length of the columns from `first` on, which must all be the same.
    fn same_length(&self, first: usize, problems: &mut Problems) -> Option<usize> {
        let lengths = (first..self.fields.len()).filter_map(|field| {
            let node = self.nodes[field].as_ref()?;
            let is_flat = !matches!(node, Node::Array(array) if array.shape.len() != 1);
            Some((field, node.length().filter(|_| is_flat)?))
        });
        let lengths: Vec<(usize, usize)> = lengths.collect();
        let (first, n) = *lengths.first()?;
        let n_before = problems.n();
        for (field, length) in &lengths {
            if *length != n {
                problems.add(
                    format_args!("{}{}", self.place, self.fields[*field]),
                    format_args!(
                        "there are {length} values, but {n} of {}; give one a transition",
                        self.fields[first]
                    ),
                );
            }
        }
        (problems.n() == n_before).then_some(n)
    }

    fn rows(mut self, names: Known<'_>, problems: &mut Problems) -> Rows {
        let n = self.same_length(0, problems);
        let state = self.column(0, problems, |node| find(names.states, node));
        let action = self.column(1, problems, |node| find(names.actions, node));
        let next_state = self.column(2, problems, |node| find(names.states, node));
        let probability = self.column(3, problems, probability_of);
        let terminates = self.terminates(n.unwrap_or(0), problems);
        let mut rows = Rows::default();
        let (Some(n), Some(state), Some(action), Some(next_state), Some(probability)) =
            (n, state, action, next_state, probability)
        else {
            return rows;
        };
        for (at, terminates) in (0..n).zip(terminates.unwrap_or_default()) {
            let place = [state[at], action[at], next_state[at]];
            rows.push(place, probability[at], terminates);
        }
        rows
    }

    /// Compressed sparse rows of the matrix `[S A, S]`, as SciPy holds them.
    fn compressed(mut self, names: Known<'_>, problems: &mut Problems) -> Rows {
        // The first field counts rows, so that only the others have one value a transition.
        let n = self.same_length(1, problems);
        let ends = self.column(0, problems, |node| {
            node.count().ok_or_else(|| {
                format!("{} is no position; write whole numbers from 0", node.kind())
            })
        });
        let next_state = self.column(1, problems, |node| find(names.states, node));
        let probability = self.column(2, problems, probability_of);
        let terminates = self.terminates(n.unwrap_or(0), problems);
        let mut rows = Rows::default();
        let (Some(n), Some(ends), Some(states), Some(actions)) =
            (n, ends, names.states, names.actions)
        else {
            return rows;
        };
        let n_pairs = states.n() * actions.n();
        let is_sound = ends.len() == n_pairs + 1
            && ends[0] == 0
            && ends[n_pairs] == n
            && ends.windows(2).all(|pair| pair[0] <= pair[1]);
        if !is_sound {
            problems.add(
                format_args!("{}indptr", self.place),
                format_args!(
                    "this must be {} positions, S A + 1, from 0 to {n} without ever falling; take it from a CSR matrix of shape (S A, S)",
                    n_pairs + 1
                ),
            );
            return rows;
        }
        let (Some(next_state), Some(probability), Some(terminates)) =
            (next_state, probability, terminates)
        else {
            return rows;
        };
        for pair in 0..n_pairs {
            for at in ends[pair]..ends[pair + 1] {
                let place = [pair / actions.n(), pair % actions.n(), next_state[at]];
                rows.push(place, probability[at], terminates[at]);
            }
        }
        rows
    }
}

/// The probability that a value is.
pub(super) fn probability_of(node: &Node) -> Result<f64, String> {
    match node {
        Node::Number(probability) => check_probability(*probability),
        other => Err(format!(
            "{} is no probability; write a number from 0 to 1",
            other.kind()
        )),
    }
}

/// A probability, or what is wrong with it.
pub(super) fn check_probability(probability: f64) -> Result<f64, String> {
    // Rounding may leave a sum of probabilities this far above 1.
    if (0.0..=1.0 + super::layout::SUM_TOLERANCE).contains(&probability) {
        return Ok(probability);
    }
    Err(format!(
        "the probability {probability} does not lie from 0 to 1; correct it"
    ))
}

/// True or false, or 1 or 0.
fn flag_of(node: &Node) -> Result<bool, String> {
    match node {
        Node::Flag(flag) => Ok(*flag),
        Node::Number(number) if *number == 0.0 => Ok(false),
        Node::Number(number) if *number == 1.0 => Ok(true),
        other => Err(format!(
            "{} says not whether the episode ends; write true or false",
            other.kind()
        )),
    }
}
