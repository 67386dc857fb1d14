//! Experience replay: a ring of transitions, drawn uniformly or by priority.

use mdp::{Rng, index, uniform_in};

use crate::checkpoint::Arrays;
use crate::{Error, StepBatch};

/// A ring of transitions of N environments, step after step.
///
/// `terminated` and `ended` are kept apart: the first masks the bootstrap, the second stops an n-step walk.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplayBuffer {
    capacity: usize,
    n_environments: usize,
    n_features: usize,
    /// `[len, F]`.
    observations: Vec<f32>,
    /// `[len, F]`, true successors.
    next_observations: Vec<f32>,
    actions: Vec<u32>,
    rewards: Vec<f32>,
    terminated: Vec<bool>,
    ended: Vec<bool>,
    /// Where the next transition goes.
    next: usize,
    priorities: Option<SumTree>,
}

/// A batch drawn from a replay buffer; one array a field.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// Rows of the buffer.
    pub rows: Vec<usize>,
    /// `[B, F]`.
    pub observations: Vec<f32>,
    /// `[B]`.
    pub actions: Vec<u32>,
    /// `[B]`, `Σ_{k<m} γ^k r_{t+k}`.
    pub rewards: Vec<f32>,
    /// `[B, F]`, the true successor after m steps.
    pub next_observations: Vec<f32>,
    /// `[B]`, `γ^m`, 0 where the environment terminated.
    pub discounts: Vec<f32>,
    /// `[B]`, importance weights, at most 1; all 1 for uniform draws.
    pub weights: Vec<f32>,
}

impl ReplayBuffer {
    /// A ring for about `capacity` transitions (a whole number of steps of `n_environments`).
    #[must_use]
    pub fn new(
        capacity: usize,
        n_environments: usize,
        n_features: usize,
        prioritized: bool,
    ) -> ReplayBuffer {
        let capacity = (capacity / n_environments).max(1) * n_environments;
        ReplayBuffer {
            capacity,
            n_environments,
            n_features,
            observations: vec![],
            next_observations: vec![],
            actions: vec![],
            rewards: vec![],
            terminated: vec![],
            ended: vec![],
            next: 0,
            priorities: prioritized.then(|| SumTree::new(capacity)),
        }
    }

    /// Transitions held.
    #[must_use]
    pub fn len(&self) -> usize {
        self.actions.len()
    }

    /// Whether none is held.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Keeps one step of every environment; `batch.observations` are the true successors.
    pub fn push(&mut self, observations: &[f32], actions: &[f32], batch: &StepBatch) {
        assert_eq!(
            actions.len(),
            self.n_environments,
            "one action an environment"
        );
        let n_features = self.n_features;
        for (i, action) in actions.iter().enumerate() {
            let row = self.next;
            if row == self.actions.len() {
                self.grow();
            }
            let features = i * n_features..(i + 1) * n_features;
            let place = row * n_features..(row + 1) * n_features;
            self.observations[place.clone()].copy_from_slice(&observations[features.clone()]);
            self.next_observations[place].copy_from_slice(&batch.observations[features]);
            self.actions[row] = *action as u32;
            self.rewards[row] = batch.rewards[i] as f32;
            self.terminated[row] = batch.terminated[i];
            self.ended[row] = batch.ended[i];
            if let Some(tree) = &mut self.priorities {
                tree.set(row, tree.greatest);
            }
            self.next = (row + 1) % self.capacity;
        }
    }

    fn grow(&mut self) {
        self.observations
            .resize(self.observations.len() + self.n_features, 0.0);
        self.next_observations
            .resize(self.next_observations.len() + self.n_features, 0.0);
        self.actions.push(0);
        self.rewards.push(0.0);
        self.terminated.push(false);
        self.ended.push(false);
    }

    /// Draws `n` transitions with replacement into `sample`, each summed over up to `n_step` steps.
    ///
    /// Prioritised (Schaul et al., 2016): probability proportional to priority, weights `(1 / (len p))^β` over
    /// their greatest. Returns false, leaving `sample` as it was, if fewer than `n` are held.
    pub fn sample(
        &self,
        n: usize,
        n_step: usize,
        discount: f32,
        beta: f64,
        sample: &mut Sample,
        rng: &mut Rng,
    ) -> bool {
        if self.len() < n {
            return false;
        }
        sample.clear();
        for draw in 0..n {
            let (row, weight) = match &self.priorities {
                None => (index(self.len(), rng), 1.0),
                Some(tree) => {
                    // One draw from each of n equal parts of the whole priority.
                    let part = tree.total() / n as f64;
                    let row = tree.find(uniform_in(
                        part * draw as f64,
                        part * (draw + 1) as f64,
                        rng,
                    ));
                    let probability = tree.get(row) / tree.total();
                    (row, (1.0 / (self.len() as f64 * probability)).powf(beta))
                }
            };
            self.append(row, n_step, discount, sample);
            sample.weights.push(weight as f32);
        }
        let greatest = sample
            .weights
            .iter()
            .copied()
            .fold(f32::MIN_POSITIVE, f32::max);
        for weight in &mut sample.weights {
            *weight /= greatest;
        }
        true
    }

    fn append(&self, row: usize, n_step: usize, discount: f32, sample: &mut Sample) {
        let n_features = self.n_features;
        let (mut sum, mut power, mut at) = (0.0, 1.0, row);
        for step in 1..=n_step {
            sum += power * self.rewards[at];
            power *= discount;
            let following = (at + self.n_environments) % self.capacity;
            if step == n_step || self.ended[at] || self.is_newest(at) || following >= self.len() {
                break;
            }
            at = following;
        }
        sample.rows.push(row);
        sample
            .observations
            .extend_from_slice(&self.observations[row * n_features..][..n_features]);
        sample.actions.push(self.actions[row]);
        sample.rewards.push(sum);
        sample
            .next_observations
            .extend_from_slice(&self.next_observations[at * n_features..][..n_features]);
        sample
            .discounts
            .push(if self.terminated[at] { 0.0 } else { power });
    }

    /// Whether a row is of the last step that was pushed.
    fn is_newest(&self, row: usize) -> bool {
        (self.next + self.capacity - 1 - row) % self.capacity < self.n_environments
    }

    /// Sets the priorities of drawn rows to `(|error| + 1e-6)^α`.
    pub fn prioritize(&mut self, rows: &[usize], errors: &[f32], alpha: f64) {
        if let Some(tree) = &mut self.priorities {
            for (row, error) in rows.iter().zip(errors) {
                let priority = (f64::from(error.abs()) + 1e-6).powf(alpha);
                tree.greatest = tree.greatest.max(priority);
                tree.set(*row, priority);
            }
        }
    }

    pub(crate) fn save(&self, arrays: &mut Arrays) {
        let flags: Vec<u64> = self
            .terminated
            .iter()
            .zip(&self.ended)
            .map(|(terminated, ended)| u64::from(*terminated) | u64::from(*ended) << 1)
            .collect();
        let actions: Vec<u64> = self
            .actions
            .iter()
            .map(|action| u64::from(*action))
            .collect();
        arrays.put_f32("replay.observations", self.observations.as_slice());
        arrays.put_f32(
            "replay.next_observations",
            self.next_observations.as_slice(),
        );
        arrays.put_u64("replay.actions", actions);
        arrays.put_f32("replay.rewards", self.rewards.as_slice());
        arrays.put_u64("replay.flags", flags);
        arrays.put_u64("replay.next", [self.next as u64]);
        if let Some(tree) = &self.priorities {
            arrays.put_f64(
                "replay.priorities",
                &tree.nodes[tree.n_leaves..][..self.len()],
            );
            arrays.put_f64("replay.greatest", [tree.greatest]);
        }
    }

    pub(crate) fn restore(&mut self, arrays: &mut Arrays) -> Result<(), Error> {
        let flags = arrays.take_u64("replay.flags")?;
        let n = flags.len();
        let next = arrays.take_u64_of("replay.next", 1)?[0] as usize;
        if n > self.capacity
            || next != n % self.capacity && n < self.capacity
            || next >= self.capacity
        {
            return Err(Error::Saved(
                "the replay buffer is of another size".to_owned(),
            ));
        }
        let mut restored = ReplayBuffer {
            observations: arrays.take_f32_of("replay.observations", n * self.n_features)?,
            next_observations: arrays
                .take_f32_of("replay.next_observations", n * self.n_features)?,
            actions: arrays
                .take_u64_of("replay.actions", n)?
                .iter()
                .map(|a| *a as u32)
                .collect(),
            rewards: arrays.take_f32_of("replay.rewards", n)?,
            terminated: flags.iter().map(|flag| flag & 1 != 0).collect(),
            ended: flags.iter().map(|flag| flag & 2 != 0).collect(),
            next,
            priorities: self
                .priorities
                .as_ref()
                .map(|_| SumTree::new(self.capacity)),
            ..*self
        };
        if let Some(tree) = &mut restored.priorities {
            for (row, priority) in arrays
                .take_f64_of("replay.priorities", n)?
                .iter()
                .enumerate()
            {
                tree.set(row, *priority);
            }
            tree.greatest = arrays.take_f64_of("replay.greatest", 1)?[0];
        }
        *self = restored;
        Ok(())
    }
}

impl Sample {
    fn clear(&mut self) {
        self.rows.clear();
        self.observations.clear();
        self.actions.clear();
        self.rewards.clear();
        self.next_observations.clear();
        self.discounts.clear();
        self.weights.clear();
    }
}

/// Priorities under a binary tree of their sums: drawing and changing one take log time.
#[derive(Clone, Debug, PartialEq)]
struct SumTree {
    n_leaves: usize,
    nodes: Vec<f64>,
    greatest: f64,
}

impl SumTree {
    fn new(capacity: usize) -> SumTree {
        let n_leaves = capacity.next_power_of_two();
        SumTree {
            n_leaves,
            nodes: vec![0.0; 2 * n_leaves],
            greatest: 1.0,
        }
    }

    fn total(&self) -> f64 {
        self.nodes[1]
    }

    fn get(&self, leaf: usize) -> f64 {
        self.nodes[self.n_leaves + leaf]
    }

    fn set(&mut self, leaf: usize, priority: f64) {
        let mut node = self.n_leaves + leaf;
        self.nodes[node] = priority;
        while node > 1 {
            node /= 2;
            self.nodes[node] = self.nodes[2 * node] + self.nodes[2 * node + 1];
        }
    }

    /// The leaf in whose part of the whole sum `target` falls; never one of priority 0.
    fn find(&self, mut target: f64) -> usize {
        let mut node = 1;
        while node < self.n_leaves {
            let left = self.nodes[2 * node];
            if target < left || self.nodes[2 * node + 1] == 0.0 {
                node *= 2;
            } else {
                target -= left;
                node = 2 * node + 1;
            }
        }
        node - self.n_leaves
    }
}
