//! Strongly connected components of a chain: the order in which its equations can be solved block by block.

/// The strongly connected components of a graph, each after all those that it leads to.
#[derive(Debug)]
pub(super) struct Components {
    /// States by component, in ascending order inside each.
    states: Vec<u32>,
    /// Where each component begins among `states`, and where the last ends.
    bounds: Vec<usize>,
}

const UNSEEN: u32 = u32::MAX;

impl Components {
    /// Tarjan (1972) on the graph whose edges from `s` are `next[offsets[s]..offsets[s + 1]]`, without recursion.
    pub(super) fn of(offsets: &[usize], next: &[u32]) -> Components {
        let n_states = offsets.len() - 1;
        let mut search = Search {
            offsets,
            next,
            order: vec![UNSEEN; n_states],
            low: vec![0; n_states],
            placed: vec![false; n_states],
            waiting: vec![],
            path: vec![],
            components: Components {
                states: Vec::with_capacity(n_states),
                bounds: vec![0],
            },
            n_seen: 0,
        };
        for state in 0..n_states {
            if search.order[state] == UNSEEN {
                search.from(state);
            }
        }
        search.components
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.bounds.len() - 1
    }

    /// The states of a component.
    pub(super) fn states(&self, component: usize) -> &[u32] {
        &self.states[self.bounds[component]..self.bounds[component + 1]]
    }
}

struct Search<'a> {
    offsets: &'a [usize],
    next: &'a [u32],
    /// When each state was first seen.
    order: Vec<u32>,
    /// The earliest state known to be in the same component.
    low: Vec<u32>,
    placed: Vec<bool>,
    /// States that are seen and not yet placed.
    waiting: Vec<u32>,
    /// The states on the way here, each with the edge to follow next.
    path: Vec<(u32, usize)>,
    components: Components,
    n_seen: u32,
}

impl Search<'_> {
    fn from(&mut self, root: usize) {
        self.enter(root);
        while let Some((state, edge)) = self.path.last_mut() {
            let state = *state as usize;
            if *edge < self.offsets[state + 1] {
                let next = self.next[*edge] as usize;
                *edge += 1;
                if self.order[next] == UNSEEN {
                    self.enter(next);
                } else if !self.placed[next] {
                    self.low[state] = self.low[state].min(self.order[next]);
                }
            } else {
                self.leave(state);
            }
        }
    }

    fn enter(&mut self, state: usize) {
        self.order[state] = self.n_seen;
        self.low[state] = self.n_seen;
        self.n_seen += 1;
        self.waiting.push(state as u32);
        self.path.push((state as u32, self.offsets[state]));
    }

    fn leave(&mut self, state: usize) {
        self.path.pop();
        if let Some((parent, _)) = self.path.last() {
            let parent = *parent as usize;
            self.low[parent] = self.low[parent].min(self.low[state]);
        }
        if self.low[state] != self.order[state] {
            return;
        }
        let states = &mut self.components.states;
        let begin = states.len();
        loop {
            let member = self.waiting.pop().expect("the root is still waiting");
            self.placed[member as usize] = true;
            states.push(member);
            if member as usize == state {
                break;
            }
        }
        states[begin..].sort_unstable();
        self.components.bounds.push(states.len());
    }
}
