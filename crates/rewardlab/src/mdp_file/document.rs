//! From keys to an MDP: everything is checked before anything is reported.

use mdp::{Discount, NamedReward, Tabulated};

use super::drawing;
use super::dynamics::{dynamics, ends_everywhere};
use super::error::{Problems, quoted};
use super::layout::{Layout, SUM_TOLERANCE, Terminals};
use super::names::{Known, MOST_PAIRS, Names, find, guess, is_name};
use super::node::{Array, MOST_VALUES, Node};
use super::rewards::{Sizes, Table};
use super::transitions::{Count, Source, check_probability, probability_of};

/// What `format` says.
pub(super) const FORMAT: &str = "rewardlab-mdp";
/// What `version` says.
pub(super) const VERSION: usize = 1;

/// Keys of both kinds of file.
const KEYS: [&str; 17] = [
    "format",
    "version",
    "description",
    "states",
    "actions",
    "discount",
    "start",
    "transitions",
    "transitions_by_action",
    "terminals",
    "rewards",
    "tampering",
    "positions",
    "layers",
    "map",
    "legend",
    "vectors",
];
/// Arrays of an archive that are the columns of its transitions.
const COLUMNS: [&str; 8] = [
    "state",
    "action",
    "next_state",
    "probability",
    "terminates",
    "indptr",
    "indices",
    "data",
];
/// Tables of rewards that an archive names without a prefix, in the order in which tables are kept.
const TABLES: [&str; 4] = ["reward", "intent", "frozen", "shaping"];
/// The most tables of rewards.
const MOST_TABLES: usize = 64;
/// What other tables of an archive begin with.
const PREFIX: &str = "reward_";

/// The keys of a file with their values, those already understood taken out.
pub(super) struct Document {
    entries: Vec<(Box<str>, Node)>,
    /// Nothing where they are there, but are no tables.
    tables: Option<Vec<NamedTable>>,
    /// The columns of the transitions, where an archive has them as arrays of their own.
    columns: Vec<(Box<str>, Node)>,
    is_archive: bool,
}

struct NamedTable {
    name: String,
    place: String,
    node: Node,
}

impl Document {
    /// Of a JSON value.
    pub(super) fn of_json(node: Node, problems: &mut Problems) -> Option<Document> {
        let Node::Object(mut entries) = node else {
            problems.add(
                "",
                format_args!(
                    "{} is no MDP; write an object with the keys of docs/mdp-files.md",
                    node.kind()
                ),
            );
            return None;
        };
        let rewards = entries.iter().position(|(key, _)| **key == *"rewards");
        let named = |(name, node): (Box<str>, Node)| NamedTable {
            place: format!("rewards.{name}"),
            name: name.into(),
            node,
        };
        let tables = match rewards.map(|at| entries.remove(at).1) {
            None => Some(vec![]),
            Some(Node::Object(tables)) => Some(tables.into_iter().map(named).collect()),
            Some(other) => {
                problems.add(
                    "rewards",
                    format_args!(
                        "{} is no object; write {{\"reward\": TABLE, \"intent\": TABLE}}",
                        other.kind()
                    ),
                );
                None
            }
        };
        Some(Document {
            entries,
            tables,
            columns: vec![],
            is_archive: false,
        })
    }

    /// Of the arrays of an archive.
    pub(super) fn of_arrays(arrays: Vec<(Box<str>, Node)>) -> Document {
        let mut tables = vec![];
        let mut document = Document {
            entries: vec![],
            tables: None,
            columns: vec![],
            is_archive: true,
        };
        for (key, node) in arrays {
            let table = match key.strip_prefix(PREFIX) {
                _ if TABLES.contains(&&*key) => Some(&*key),
                name => name,
            };
            if let Some(name) = table {
                tables.push(NamedTable {
                    name: name.to_owned(),
                    place: key.to_string(),
                    node,
                });
            } else if COLUMNS.contains(&&*key) {
                document.columns.push((key, node));
            } else {
                document.entries.push((key, node));
            }
        }
        document.tables = Some(tables);
        document
    }

    /// Takes the value of a key out.
    pub(super) fn take(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|(found, _)| **found == *key)?;
        Some(self.entries.remove(at).1)
    }

    /// The MDP, or nothing and the problems. Every check is made that needs nothing which has failed.
    pub(super) fn assemble(mut self, problems: &mut Problems) -> Option<Tabulated> {
        let n_before = problems.n();
        self.check_header(problems);
        let discount = self.discount(problems);
        let has_transitions = self.has_transitions();
        let source = self.source(problems);
        let [states, actions] = self.names(source.as_ref(), has_transitions, problems);
        let names = Known {
            states: states.as_ref(),
            actions: actions.as_ref(),
        };
        let sizes = Sizes {
            names,
            n_given: source.as_ref().map_or(Count::Unknown, Source::count),
        };
        let rows = source.and_then(|source| source.rows(names, problems));
        let terminals = self.terminals(names.states, problems);
        let listed = terminals.listed.clone();
        let both = names.states.zip(names.actions);
        let layout = both.zip(rows).and_then(|((states, actions), rows)| {
            Layout::new(&rows, [states, actions], terminals, problems)
        });
        let terminal = layout.as_ref().map_or(&listed, |layout| &layout.terminal);
        let start = self.start(names.states, terminal, problems);
        let tables = self.tables(&sizes, problems);
        let tampering = drawing::tampering(&mut self, names, problems);
        let (places, map) = drawing::places(&mut self, names.states, problems);
        let vectors = drawing::vectors(&mut self, names.states, problems);
        self.report_unknown(problems);
        let (layout, (states, actions)) = (layout?, both?);
        let rewards = values(&tables, &layout, states, problems);
        if problems.n() > n_before {
            return None;
        }
        let discount = discount?;
        let mdp = dynamics(&layout, &rewards.first()?.values, start?, discount);
        let mdp = problems.take("", mdp)?;
        if discount.get() == 1.0 && !ends_everywhere(&mdp, states, problems) {
            return None;
        }
        Some(Tabulated {
            mdp,
            states: vectors,
            state_labels: states.labels(),
            action_names: actions.labels(),
            rewards,
            tampering: tampering.unwrap_or_else(|| vec![false; states.n() * actions.n()]),
            places: places.unwrap_or_else(|| vec![None; states.n()]),
            map,
        })
    }

    fn check_header(&mut self, problems: &mut Problems) {
        match self.take("format") {
            None => {}
            Some(Node::Text(format)) if *format == *FORMAT => {}
            Some(other) => problems.add(
                "format",
                format_args!("{} is another format; this one is {FORMAT:?}", other.kind()),
            ),
        }
        match self.take("version") {
            None => {}
            Some(version) if version.count() == Some(VERSION) => {}
            Some(other) => problems.add(
                "version",
                format_args!("version {} of the format is not known here; this is version {VERSION}, take the rewardlab that wrote the file", other.kind()),
            ),
        }
        match self.take("description") {
            None | Some(Node::Text(_)) => {}
            Some(other) => problems.add(
                "description",
                format_args!("{} is no text; write one", other.kind()),
            ),
        }
    }

    fn discount(&mut self, problems: &mut Problems) -> Option<Discount> {
        let found = match self.take("discount") {
            None => Err(
                "this is missing; write the discount that the agent is trained with, from 0 to 1"
                    .to_owned(),
            ),
            Some(Node::Number(factor)) => Discount::new(factor).ok_or_else(|| {
                format!("{factor} does not lie from 0 to 1; write the agent's discount")
            }),
            Some(other) => Err(format!(
                "{} is no number; write the agent's discount, from 0 to 1",
                other.kind()
            )),
        };
        problems.take("discount", found)
    }

    /// The transitions, of whatever form; exactly one form must be there.
    fn source(&mut self, problems: &mut Problems) -> Option<Source> {
        let columns = std::mem::take(&mut self.columns);
        let columns = (!columns.is_empty()).then_some(columns);
        match (
            self.take("transitions"),
            self.take("transitions_by_action"),
            columns,
        ) {
            (Some(node), None, None) => Source::parse(node, problems),
            (None, Some(node), None) => Source::by_action(node, problems),
            (None, None, Some(columns)) => Some(Source::Columns(columns, "")),
            (None, None, None) => {
                let forms = match self.is_archive {
                    true => {
                        "add an array [S, A, S], or the arrays state, action, next_state and probability"
                    }
                    false => {
                        "add rows [state, action, next_state, probability], or nested lists [S][A][S]"
                    }
                };
                problems.add("transitions", format_args!("this is missing; {forms}"));
                None
            }
            _ => {
                problems.add(
                    "transitions",
                    "they are given twice, in different forms; keep one of them",
                );
                None
            }
        }
    }

    /// Whether there are transitions of any form, sound or not.
    fn has_transitions(&self) -> bool {
        let is_form = |key: &str| ["transitions", "transitions_by_action"].contains(&key);
        !self.columns.is_empty() || self.entries.iter().any(|(key, _)| is_form(key))
    }

    /// States and actions, each where the file says what they are. Transitions that cannot be read may have been dense,
    /// so that nothing is missing beside them.
    fn names(
        &mut self,
        source: Option<&Source>,
        has_transitions: bool,
        problems: &mut Problems,
    ) -> [Option<Names>; 2] {
        let shape = source.and_then(Source::sizes);
        let mut one = |key: &str, kind: &'static str, from_shape: Option<usize>| match (
            self.take(key),
            from_shape,
        ) {
            (Some(node), _) => Names::parse(kind, node, problems),
            (None, Some(n)) => problems.take(key, Names::counted(kind, n)),
            (None, None) if source.is_none() && has_transitions => None,
            (None, None) => {
                problems.add(
                    key,
                    "this is missing; write how many there are, or a list of their names",
                );
                None
            }
        };
        let states = one("states", "state", shape.map(|shape| shape.0));
        let actions = one("actions", "action", shape.map(|shape| shape.1));
        match (states, actions) {
            (Some(states), Some(actions))
                if states.n().saturating_mul(actions.n()) > MOST_PAIRS =>
            {
                problems.add(
                    "states",
                    format_args!(
                        "{} states with {} actions are too many; at most {MOST_PAIRS} pairs are read",
                        states.n(),
                        actions.n()
                    ),
                );
                [Some(states), None]
            }
            (states, actions) => [states, actions],
        }
    }

    fn report_unknown(&mut self, problems: &mut Problems) {
        let extra: &[&str] = if self.is_archive { &COLUMNS } else { &[] };
        let known = || KEYS.into_iter().chain(TABLES).chain(extra.iter().copied());
        for (key, _) in std::mem::take(&mut self.entries) {
            if !problems.would_show() {
                problems.count();
                continue;
            }
            let hint = match &*key {
                "P" => "; dense transitions are called \"transitions\" in the order [S, A, S], \"transitions_by_action\" in the order [A, S, S]".to_owned(),
                "R" | "rewards" => "; the table that is checked is called \"reward\" here".to_owned(),
                "gamma" => "; it is called \"discount\" here".to_owned(),
                key if key.len() <= 64 => guess(key, known())
                    .map_or(String::new(), |meant| format!("; did you mean {}?", quoted(meant))),
                _ => String::new(),
            };
            let hint = if hint.is_empty() {
                "; docs/mdp-files.md lists all".to_owned()
            } else {
                hint
            };
            problems.add(
                quoted(&key).trim_matches('"'),
                format_args!("this key is unknown{hint}"),
            );
        }
    }

    /// Which states end the episode when they are arrived at.
    fn terminals(&mut self, states: Option<&Names>, problems: &mut Problems) -> Terminals {
        let n_before = problems.n();
        let mut listed = vec![false; states.map_or(0, Names::n)];
        match self
            .take("terminals")
            .map(|node| (node.kind(), node.into_items()))
        {
            None => {}
            Some((kind, None)) => problems.add(
                "terminals",
                format_args!("{kind} is no list; write the states in which episodes end"),
            ),
            Some((kind, Some(items))) if matches!(items.first(), Some(Node::Flag(_))) => {
                let flags = items.iter().map_while(|item| match item {
                    Node::Flag(flag) => Some(*flag),
                    _ => None,
                });
                let flags: Vec<bool> = flags.collect();
                let n_states = states.map_or(items.len(), Names::n);
                match flags.len() == items.len() && flags.len() == n_states {
                    true => listed = flags,
                    false => problems.add(
                        "terminals",
                        format_args!("{kind} is not one flag for each of {n_states} states; write that, or list the states"),
                    ),
                }
            }
            Some((_, Some(items))) => {
                for (index, item) in items.iter().enumerate() {
                    let found =
                        problems.take(format_args!("terminals[{index}]"), find(states, item));
                    if let Some(flag) = found.and_then(|state| listed.get_mut(state)) {
                        *flag = true;
                    }
                }
            }
        }
        Terminals {
            listed,
            is_sound: problems.n() == n_before,
        }
    }

    /// Probability of starting in each state.
    fn start(
        &mut self,
        states: Option<&Names>,
        terminal: &[bool],
        problems: &mut Problems,
    ) -> Option<Vec<f64>> {
        let mut start = vec![0.0; states.map_or(1, Names::n)];
        let n_before = problems.n();
        match self.take("start") {
            None => problems.add("start", "this is missing; write the state in which episodes begin, or a probability for each"),
            Some(node @ (Node::Number(_) | Node::Text(_))) => {
                if let Some(state) = problems.take("start", find(states, &node)) {
                    start[state] = 1.0;
                }
            }
            Some(Node::Object(entries)) => {
                for (key, node) in entries {
                    let place = format_args!("start.{key}");
                    let state = states.map_or(Ok(0), |states| states.named(&key));
                    let state = problems.take(place, state);
                    let probability = problems.take(place, probability_of(&node));
                    if let (Some(state), Some(probability)) = (state, probability) {
                        start[state] += probability;
                    }
                }
            }
            Some(node) => start = start_of_list(node, states, problems).unwrap_or(start),
        }
        if problems.n() > n_before {
            return None;
        }
        let sum: f64 = start.iter().sum();
        if (sum - 1.0).abs() > SUM_TOLERANCE {
            problems.add(
                "start",
                format_args!("the probabilities sum to {sum}; they must sum to 1"),
            );
            return None;
        }
        if (sum - 1.0).abs() > 1e-9 {
            start.iter_mut().for_each(|probability| *probability /= sum);
        }
        let states = states?;
        let ended = terminal
            .iter()
            .zip(&start)
            .position(|(terminal, probability)| *terminal && *probability > 0.0);
        match ended {
            Some(state) => {
                problems.add(
                    "start",
                    format_args!("{} is terminal, no episode can begin in it; give its probability to others", states.shown(state)),
                );
                None
            }
            None => Some(start),
        }
    }

    /// The tables of rewards, the well-known ones first.
    fn tables(
        &mut self,
        sizes: &Sizes<'_>,
        problems: &mut Problems,
    ) -> Vec<(String, String, Table)> {
        let Some(mut tables) = self.tables.take() else {
            return vec![];
        };
        let rank = |table: &NamedTable| {
            TABLES
                .iter()
                .take(3)
                .position(|name| *name == table.name)
                .unwrap_or(TABLES.len())
        };
        tables.sort_by_key(rank);
        if tables.is_empty() {
            let place = if self.is_archive { "reward" } else { "rewards" };
            problems.add(
                place,
                "this is missing; add a table of what the optimiser is given, named \"reward\", and one of what is meant, named \"intent\"",
            );
        }
        if tables.len() > MOST_TABLES {
            problems.add(
                if self.is_archive { "" } else { "rewards" },
                format_args!(
                    "there are {} tables of rewards; at most {MOST_TABLES} are read",
                    tables.len()
                ),
            );
            return vec![];
        }
        let mut parsed: Vec<(String, String, Table)> = vec![];
        for NamedTable { name, place, node } in tables {
            if !is_name(&name) || parsed.iter().any(|(other, ..)| *other == name) {
                problems.add(
                    quoted(&place).trim_matches('"'),
                    "a table's name is a text on one line, and no two tables have the same; rename it",
                );
                continue;
            }
            if let Some(table) = Table::parse(&place, node, sizes, problems) {
                parsed.push((name, place, table));
            }
        }
        parsed
    }
}

fn start_of_list(node: Node, states: Option<&Names>, problems: &mut Problems) -> Option<Vec<f64>> {
    let is_one_each = |length: usize| states.is_none_or(|states| states.n() == length);
    match node.into_array(|_, _| {}) {
        Some(Array {
            shape,
            values,
            is_flags: false,
        }) if shape.len() == 1 && is_one_each(values.len()) => {
            let n_before = problems.n();
            for (index, probability) in values.iter().enumerate() {
                problems.take(
                    format_args!("start[{index}]"),
                    check_probability(*probability),
                );
            }
            (problems.n() == n_before).then_some(values)
        }
        _ => {
            let n_states = states.map_or("as many".to_owned(), |states| states.n().to_string());
            problems.add(
                "start",
                format_args!("this is neither a state nor {n_states} probabilities, one a state; write one of the two"),
            );
            None
        }
    }
}

fn values(
    tables: &[(String, String, Table)],
    layout: &Layout,
    states: &Names,
    problems: &mut Problems,
) -> Vec<NamedReward> {
    let n_values = tables.len() * layout.stored().len();
    if n_values > 2 * MOST_VALUES {
        problems.add(
            "",
            format_args!(
                "{} tables of rewards for {} transitions are {n_values} values; at most {} are held, leave tables out",
                tables.len(),
                layout.stored().len(),
                2 * MOST_VALUES
            ),
        );
        return vec![];
    }
    let named = |(name, place, table): &(String, String, Table)| {
        Some(NamedReward {
            name: name.clone(),
            values: table.values(place, layout, states, problems)?,
        })
    };
    tables.iter().filter_map(named).collect()
}
