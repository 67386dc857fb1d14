//! Policies drawn where the states of a finite MDP have places.

use std::collections::BTreeMap;

use ::report::{MapCell, MapChoice, MapLayer, PolicyMap, Sign};
use mdp::{Place, Tabulated};

/// At most so many layers of a policy are drawn.
pub(super) const MAX_LAYERS: usize = 4;

/// No map is drawn larger than this, in cells.
const MAX_CELLS: usize = 10_000;

/// A policy to be drawn.
pub(in crate::command) struct Drawn<'a> {
    /// Whose it is.
    pub(in crate::command) title: String,
    /// `[S, A]`.
    pub(in crate::command) policy: &'a [f64],
    /// How much time it spends in each state: `[S]`.
    pub(in crate::command) visits: Vec<f64>,
}

/// A layer: how much time is spent in it, what it is called, and its states with their places.
type Layer<'t> = (f64, &'t str, Vec<(usize, &'t Place)>);

/// The maps of a policy: one for each layer that it visits, the most visited first, at most [`MAX_LAYERS`]. None where
/// no state has a place.
pub(in crate::command) fn policy_map(
    tabulated: &Tabulated,
    signs: &[Sign],
    drawn: &Drawn<'_>,
) -> Option<PolicyMap> {
    let (rows, columns) = size(tabulated)?;
    let mut layers: BTreeMap<&str, Vec<(usize, &Place)>> = BTreeMap::new();
    for (state, place) in tabulated.places.iter().enumerate() {
        if let Some(place) = place {
            layers.entry(&place.layer).or_default().push((state, place));
        }
    }
    let n_layers = layers.len();
    let visited = |states: &[(usize, &Place)]| -> f64 {
        states.iter().map(|(state, _)| drawn.visits[*state]).sum()
    };
    let mut layers: Vec<Layer<'_>> = layers
        .into_iter()
        .map(|(label, states)| (visited(&states), label, states))
        .filter(|(visits, _, _)| *visits > 0.0)
        .collect();
    layers.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let n_visited = layers.len();
    let most = drawn.visits.iter().copied().fold(0.0, f64::max);
    let shown = layers.into_iter().take(MAX_LAYERS);
    let layers: Vec<MapLayer> = shown
        .map(|(_, label, states)| MapLayer {
            label: if n_layers > 1 {
                label.to_owned()
            } else {
                String::new()
            },
            rows: cells(tabulated, signs, drawn, &states, (rows, columns), most),
        })
        .collect();
    Some(PolicyMap {
        title: drawn.title.clone(),
        n_more: n_visited - layers.len(),
        layers,
    })
}

/// Rows and columns of the map; none where there is none to draw, or it would be too large to look at.
fn size(tabulated: &Tabulated) -> Option<(usize, usize)> {
    let places = || tabulated.places.iter().flatten();
    places().next()?;
    let rows = places().map(|place| place.row + 1).max()?;
    let columns = places().map(|place| place.column + 1).max()?;
    let drawn = tabulated.map.as_ref().map_or(&[][..], |map| &map.rows);
    let rows = rows.max(drawn.len());
    let widest = drawn.iter().map(|row| row.chars().count()).max();
    let columns = columns.max(widest.unwrap_or(0));
    (rows.checked_mul(columns)? <= MAX_CELLS).then_some((rows, columns))
}

fn cells(
    tabulated: &Tabulated,
    signs: &[Sign],
    drawn: &Drawn<'_>,
    states: &[(usize, &Place)],
    (rows, columns): (usize, usize),
    most: f64,
) -> Vec<Vec<MapCell>> {
    let floor = MapCell {
        ground: ' ',
        choice: None,
    };
    let mut cells = vec![vec![floor; columns]; rows];
    for (row, line) in tabulated.map.iter().flat_map(|map| &map.rows).enumerate() {
        for (column, ground) in line.chars().enumerate() {
            cells[row][column].ground = ground;
        }
    }
    // Where several states share a cell, the one that is visited most speaks for it.
    let mut shown: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (state, place) in states {
        let speaker = shown.entry((place.row, place.column)).or_insert(*state);
        if drawn.visits[*state] > drawn.visits[*speaker] {
            *speaker = *state;
        }
    }
    let reachable = tabulated.mdp.reachable();
    for ((row, column), state) in shown {
        if reachable[state] {
            cells[row][column].choice = Some(choice(tabulated, signs, drawn, state, most));
        }
    }
    cells
}

fn choice(
    tabulated: &Tabulated,
    signs: &[Sign],
    drawn: &Drawn<'_>,
    state: usize,
    most: f64,
) -> MapChoice {
    let n_actions = tabulated.mdp.n_actions();
    let row = &drawn.policy[state * n_actions..][..n_actions];
    let mut taken: Vec<(usize, f64)> = row.iter().copied().enumerate().collect();
    taken.retain(|(_, p)| *p > 1e-6);
    taken.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let words: Vec<String> = taken
        .iter()
        .map(|(action, p)| match taken.len() {
            1 => tabulated.action_names[*action].clone(),
            _ => format!("{} {:.0}%", tabulated.action_names[*action], 100.0 * p),
        })
        .collect();
    let first = taken.first().map_or(0, |(action, _)| *action);
    let weight = if most > 0.0 {
        drawn.visits[state] / most
    } else {
        0.0
    };
    MapChoice {
        sign: signs[first],
        weight,
        text: format!("{}: {}", tabulated.state_labels[state], words.join(", ")),
    }
}
