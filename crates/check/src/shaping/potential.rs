//! The first question: does some potential make up the term on every transition?

use std::collections::VecDeque;

use mdp::TabularMdp;

/// Rounding of a number, with room for a few operations.
const ROUNDING: f64 = 64.0 * f64::EPSILON;
/// How far a term that was written out with fewer digits may be from its potential, as a share of the largest value of
/// either.
const WRITTEN: f64 = 1e-9;
/// The most that such a difference may be worth in all, as a share of the task's largest reward.
const WORTH: f64 = 1e-6;

/// Whether a term is potential-based.
#[derive(Clone, Debug, PartialEq)]
pub enum PotentialTest {
    /// It is.
    Found {
        /// `[S]`, a potential Φ, zero at the end of an episode, with `γ Φ(s') - Φ(s)` equal to the term. At discount 1
        /// a potential from which no end can be reached is free up to a constant, and zero somewhere.
        potential: Vec<f64>,
        /// The largest difference on any transition: rounding, or the digits that the term was written out with.
        residual: f64,
    },
    /// It is not: no potential fits these transitions.
    Refuted(Discrepancy),
}

/// Why no potential makes up a term.
#[derive(Clone, Debug, PartialEq)]
pub enum Discrepancy {
    /// At discount 1: a way that comes back to where it began, through transitions forwards and backwards, on which any
    /// potential sums to zero. All ends of episodes are one place. Two ways between the same places with different sums
    /// are such a loop, one of them backwards.
    Loop {
        /// The transitions in order.
        moves: Vec<LoopMove>,
        /// Sum of the term, backward transitions negative.
        sum: f64,
    },
    /// Below discount 1: two ways on from one state that imply different potentials for it.
    Ways {
        /// The state.
        state: usize,
        /// The two ways.
        ways: [Way; 2],
    },
}

impl Discrepancy {
    /// By how much the term misses any potential here.
    #[must_use]
    pub fn size(&self) -> f64 {
        match self {
            Discrepancy::Loop { sum, .. } => sum.abs(),
            Discrepancy::Ways {
                ways: [one, two], ..
            } => (one.potential - two.potential).abs(),
        }
    }
}

/// A transition of a loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LoopMove {
    /// The transition.
    pub transition: Move,
    /// Whether it is gone through from its state to its next state.
    pub is_forward: bool,
}

/// A transition and what the term pays for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Move {
    /// Its number among the stored transitions.
    pub stored: usize,
    /// The state.
    pub state: usize,
    /// The action.
    pub action: usize,
    /// The state that follows.
    pub next_state: usize,
    /// Whether it ends the episode.
    pub terminates: bool,
    /// The term's value.
    pub value: f64,
}

/// A way on from a state, to the end of an episode or round a cycle for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct Way {
    /// Transitions that are made once.
    pub lead: Vec<Move>,
    /// Transitions that are made over and over; none where the way ends.
    pub cycle: Vec<Move>,
    /// The potential that the way implies for the state where it begins: less its discounted sum of the term.
    pub potential: f64,
}

/// The transitions that can happen after the start.
pub(super) fn moves<'a>(
    mdp: &'a TabularMdp,
    states: &'a [usize],
    term: &'a [f64],
) -> impl Iterator<Item = Move> + 'a {
    let rows = states
        .iter()
        .flat_map(|state| (0..mdp.n_actions()).map(move |action| (*state, action)));
    rows.flat_map(move |(state, action)| {
        mdp.row(state, action)
            .filter(|stored| mdp.probabilities()[*stored] > 0.0)
            .map(move |stored| Move {
                stored,
                state,
                action,
                next_state: mdp.next_states()[stored] as usize,
                terminates: mdp.terminates()[stored],
                value: term[stored],
            })
    })
}

/// Looks for a potential over the reachable `states`. `task`, one value a stored transition, is what digits that the term
/// was not written out with are held against.
pub(super) fn test(
    mdp: &TabularMdp,
    states: &[usize],
    term: &[f64],
    task: &[f64],
) -> PotentialTest {
    let discount = mdp.discount().get();
    let found: Vec<Move> = moves(mdp, states, term).collect();
    let steps = if discount < 1.0 {
        1.0 / (1.0 - discount)
    } else {
        // A way that comes to each place once.
        states.len() as f64
    };
    let paid = largest(found.iter().map(|m| task[m.stored]));
    let moves = Moves {
        discount,
        forgiven: WORTH * paid / steps,
        all: found,
    };
    if discount < 1.0 {
        discounted(mdp, states, &moves)
    } else {
        undiscounted(mdp, &moves)
    }
}

/// The transitions that a potential is tested on.
struct Moves {
    discount: f64,
    all: Vec<Move>,
    /// What a term may be off by in each step without ever being worth anything.
    forgiven: f64,
}

/// A potential of one state, and how far rounding may have carried it off.
#[derive(Clone, Copy, Debug, Default)]
struct Implied {
    value: f64,
    error: f64,
}

impl Implied {
    /// What the potential after a move implies for the state before it.
    fn before(self, m: &Move, discount: f64) -> Implied {
        let after = if m.terminates {
            0.0
        } else {
            discount * self.value
        };
        let carried = if m.terminates {
            0.0
        } else {
            discount * self.error
        };
        Implied {
            value: after - m.value,
            error: carried + rounding(m, after - m.value, after),
        }
    }
}

/// Rounding of a move's term, which is the difference of two potentials.
fn rounding(m: &Move, before: f64, after: f64) -> f64 {
    ROUNDING * (m.value.abs() + before.abs() + after.abs())
}

impl Moves {
    /// The move that the potential misses by most, and by how much; and whether that is more than rounding, or digits
    /// that come to nothing beside the task.
    fn worst(&self, potential: &[Implied]) -> Option<Miss<'_>> {
        let highest = largest(potential.iter().map(|p| p.value));
        let size = f64::max(largest(self.all.iter().map(|m| m.value)), highest);
        let forgiven = f64::min(self.forgiven, WRITTEN * size);
        let misses = self.all.iter().map(|m| {
            let before = potential[m.state];
            let implied = if m.terminates {
                Implied::default()
            } else {
                potential[m.next_state]
            }
            .before(m, self.discount);
            let by = implied.value - before.value;
            let slack = f64::max(implied.error + before.error, forgiven);
            Miss {
                on: m,
                by: by.abs(),
                is_real: by.abs() > slack,
            }
        });
        misses.max_by(|a, b| a.is_real.cmp(&b.is_real).then(a.by.total_cmp(&b.by)))
    }
}

/// By how much a potential misses the term on a move.
struct Miss<'a> {
    on: &'a Move,
    by: f64,
    is_real: bool,
}

fn largest(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(0.0, |most, value| f64::max(most, value.abs()))
}

fn values(potential: &[Implied]) -> Vec<f64> {
    potential.iter().map(|implied| implied.value).collect()
}

/// What the test comes to where no move is missed by more than what may be forgiven.
fn found(miss: Option<&Miss<'_>>, potential: Vec<f64>) -> PotentialTest {
    PotentialTest::Found {
        residual: miss.map_or(0.0, |miss| miss.by),
        potential,
    }
}

/// Below discount 1 any way on from a state implies its potential, `Φ(s) = -Σ γ^t F_t`: one way is taken from each
/// state, and the potential that these imply is held against every transition.
fn discounted(mdp: &TabularMdp, states: &[usize], moves: &Moves) -> PotentialTest {
    let discount = moves.discount;
    let mut chosen: Vec<Option<&Move>> = vec![None; mdp.n_states()];
    for m in &moves.all {
        let chosen = &mut chosen[m.state];
        // A way that ends is the shortest to tell.
        if chosen.is_none_or(|c| m.terminates && !c.terminates) {
            *chosen = Some(m);
        }
    }
    let mut implied: Vec<Option<Implied>> = vec![None; mdp.n_states()];
    let mut position = vec![usize::MAX; mdp.n_states()];
    for state in states {
        imply(&chosen, discount, *state, &mut implied, &mut position);
    }
    let implied: Vec<Implied> = implied.iter().map(|p| p.unwrap_or_default()).collect();
    let potential = values(&implied);
    let miss = moves.worst(&implied);
    let Some(Miss { on: m, .. }) = miss.as_ref().filter(|miss| miss.is_real) else {
        return found(miss.as_ref(), potential);
    };
    let one = way(&chosen, m.state, &potential);
    let mut two = if m.terminates {
        Way {
            lead: vec![],
            cycle: vec![],
            potential: 0.0,
        }
    } else {
        way(&chosen, m.next_state, &potential)
    };
    two.lead.insert(0, **m);
    two.potential = discount * two.potential - m.value;
    PotentialTest::Refuted(Discrepancy::Ways {
        state: m.state,
        ways: [one, two],
    })
}

/// Finds what the chosen way from `state` implies for the states on it. `position` is where on the way each state was
/// met, and is left as it was.
fn imply(
    chosen: &[Option<&Move>],
    discount: f64,
    mut state: usize,
    potential: &mut [Option<Implied>],
    position: &mut [usize],
) {
    let mut path: Vec<&Move> = vec![];
    let mut after = Implied::default();
    while let Some(m) = chosen[state] {
        if let Some(known) = potential[state] {
            after = known;
            break;
        }
        if position[state] < path.len() {
            after = around(&path[position[state]..], discount);
            break;
        }
        position[state] = path.len();
        path.push(m);
        if m.terminates {
            break;
        }
        state = m.next_state;
    }
    for m in path.iter().rev() {
        after = after.before(m, discount);
        potential[m.state] = Some(after);
        position[m.state] = usize::MAX;
    }
}

/// The potential at the beginning of a cycle: `-Σ γ^t F_t / (1 - γ^k)`.
fn around(cycle: &[&Move], discount: f64) -> Implied {
    let sum = |of: fn(&Move) -> f64| {
        let steps = cycle.iter().rev();
        steps.fold(0.0, |after, m| discount * after + of(m))
    };
    let left = 1.0 - discount.powf(cycle.len() as f64);
    let value = -sum(|m| m.value) / left;
    // Each term is a difference of potentials of about this size, and each of the sums is rounded.
    let size = sum(|m| m.value.abs()) + sum(|_| 1.0) * value.abs();
    Implied {
        value,
        error: ROUNDING * size / left,
    }
}

/// The chosen way from a state.
fn way(chosen: &[Option<&Move>], state: usize, potential: &[f64]) -> Way {
    let mut lead: Vec<Move> = vec![];
    let mut at = state;
    while let Some(m) = chosen[at] {
        if let Some(first) = lead.iter().position(|visited| visited.state == at) {
            let cycle = lead.split_off(first);
            return Way {
                lead,
                cycle,
                potential: potential[state],
            };
        }
        lead.push(*m);
        if m.terminates {
            break;
        }
        at = m.next_state;
    }
    Way {
        lead,
        cycle: vec![],
        potential: potential[state],
    }
}

/// At discount 1 the term must sum to zero round every loop. A tree over the states and the one end, whose potential is
/// zero, says what the potential must be; any other transition closes a loop with it.
fn undiscounted(mdp: &TabularMdp, moves: &Moves) -> PotentialTest {
    let end = mdp.n_states();
    let tree = Tree::new(end, &moves.all);
    let implied = &tree.potential[..end];
    let miss = moves.worst(implied);
    let Some(Miss { on: m, .. }) = miss.as_ref().filter(|miss| miss.is_real) else {
        return found(miss.as_ref(), values(implied));
    };
    let moves = tree.close(m);
    let signed = moves.iter().map(LoopMove::value);
    let sum = signed.sum();
    PotentialTest::Refuted(Discrepancy::Loop { moves, sum })
}

impl LoopMove {
    /// The term's value in this direction.
    fn value(&self) -> f64 {
        if self.is_forward {
            self.transition.value
        } else {
            -self.transition.value
        }
    }
}

/// Shortest ways, through transitions in either direction, from a root of each connected part; the end is the first
/// root.
struct Tree {
    end: usize,
    /// The move by which a place was come to, and whether forwards.
    parent: Vec<Option<LoopMove>>,
    depth: Vec<usize>,
    potential: Vec<Implied>,
}

impl Tree {
    fn new(end: usize, moves: &[Move]) -> Tree {
        let mut at: Vec<Vec<LoopMove>> = vec![vec![]; end + 1];
        for m in moves {
            let to = if m.terminates { end } else { m.next_state };
            at[m.state].push(LoopMove {
                transition: *m,
                is_forward: true,
            });
            at[to].push(LoopMove {
                transition: *m,
                is_forward: false,
            });
        }
        let mut tree = Tree {
            end,
            parent: vec![None; end + 1],
            depth: vec![usize::MAX; end + 1],
            potential: vec![Implied::default(); end + 1],
        };
        for root in std::iter::once(end).chain(0..end) {
            if tree.depth[root] == usize::MAX {
                tree.depth[root] = 0;
                tree.grow(root, &at);
            }
        }
        tree
    }

    fn grow(&mut self, root: usize, at: &[Vec<LoopMove>]) {
        let mut open = VecDeque::from([root]);
        while let Some(place) = open.pop_front() {
            for m in &at[place] {
                let (_, next) = self.ends(m);
                if self.depth[next] == usize::MAX {
                    self.depth[next] = self.depth[place] + 1;
                    self.parent[next] = Some(*m);
                    let here = self.potential[place];
                    let value = here.value + m.value();
                    self.potential[next] = Implied {
                        value,
                        error: here.error + rounding(&m.transition, here.value, value),
                    };
                    open.push_back(next);
                }
            }
        }
    }

    /// Where a move of a loop comes from and goes to.
    fn ends(&self, m: &LoopMove) -> (usize, usize) {
        let to = if m.transition.terminates {
            self.end
        } else {
            m.transition.next_state
        };
        if m.is_forward {
            (m.transition.state, to)
        } else {
            (to, m.transition.state)
        }
    }

    /// The loop that a transition closes: along it, up the tree to where both ways meet, and down again.
    fn close(&self, transition: &Move) -> Vec<LoopMove> {
        let first = LoopMove {
            transition: *transition,
            is_forward: true,
        };
        let (mut down, mut up) = self.ends(&first);
        let (mut moves, mut back) = (vec![first], vec![]);
        while up != down {
            let rises = self.depth[up] >= self.depth[down];
            let deeper = if rises { up } else { down };
            let m =
                self.parent[deeper].expect("only roots have no parent, and nothing is above them");
            let (above, _) = self.ends(&m);
            if rises {
                moves.push(LoopMove {
                    is_forward: !m.is_forward,
                    ..m
                });
                up = above;
            } else {
                back.push(m);
                down = above;
            }
        }
        moves.extend(back.into_iter().rev());
        moves
    }
}
