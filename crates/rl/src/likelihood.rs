//! How likely a policy finds given actions, and how its parameters move that.

#[cfg(test)]
mod tests;

use nn::{HeadInputs, Pool, Statistics, Tile, Workspace};

use crate::NetworkPolicy;
use crate::head::MAX_ACTION_VALUES;

/// Rows whose likelihood is computed together.
const ROWS: usize = 4096;

/// Rows that a loss sees together at most: those of a tile.
const ROWS_OF_TILE: usize = 64;

/// What a loss of actions reads and writes for some rows of a batch; see [`NetworkPolicy::gradient`].
#[derive(Debug)]
pub struct ActionTile<'a> {
    /// Which rows these are.
    pub rows: &'a [u32],
    /// Log-probability (density, for continuous actions) of each row's action.
    pub log_probs: &'a [f32],
    /// Entropy of the policy at each row, nats.
    pub entropies: &'a [f32],
    /// For d loss / d log-probability of each row; zero when the loss is called.
    pub d_log_probs: &'a mut [f32],
    /// For d loss / d entropy of each row; zero when the loss is called.
    pub d_entropies: &'a mut [f32],
}

impl NetworkPolicy {
    /// Log-probabilities (densities, for continuous actions) of `actions`, `[N, A]`, at raw `observations`, `[N, F]`, and
    /// the policy's entropies there, both `[N]`, in nats.
    ///
    /// # Panics
    /// If the lengths do not agree, a discrete action is not one of the policy's, or it acts by values and has no
    /// distribution.
    pub fn evaluate(
        &self,
        observations: &[f32],
        actions: &[f32],
        log_probs: &mut [f32],
        entropies: &mut [f32],
        pool: &Pool,
    ) {
        let (n_features, width) = (self.n_features(), self.n_action_values());
        let n = log_probs.len();
        assert_eq!(observations.len(), n * n_features, "a row of features each");
        assert_eq!(actions.len(), n * width, "an action each");
        assert_eq!(entropies.len(), n, "an entropy each");
        let most = n.min(ROWS);
        let mut normalized = vec![0.0; most * n_features];
        let mut outputs = vec![0.0; most * self.model.n_outputs()];
        let mut latent = vec![0.0; most * self.model.n_latents()];
        let mut workspace = Workspace::new();
        for start in (0..n).step_by(ROWS) {
            let rows = start..n.min(start + ROWS);
            let normalized = &mut normalized[..rows.len() * n_features];
            let outputs = &mut outputs[..rows.len() * self.model.n_outputs()];
            let latent = &mut latent[..rows.len() * self.model.n_latents()];
            let part = rows.start * n_features..rows.end * n_features;
            self.normalize(&observations[part], normalized);
            self.model
                .forward_with_latent(normalized, outputs, latent, &mut workspace, pool);
            self.head.distribution().evaluate(
                &self.head_inputs(outputs, latent),
                &actions[rows.start * width..rows.end * width],
                &mut log_probs[rows.clone()],
                &mut entropies[rows],
            );
        }
    }

    /// The gradient of a sum over `rows` of a loss that depends on log-probabilities and entropies, with respect to all
    /// parameters, and what the loss counted.
    ///
    /// `normalized` is `[any, F]`, observations as the network sees them ([`NetworkPolicy::normalize`]), `actions` is
    /// `[any, A]`; `rows` says which of both make the batch. `loss` is called for at most 64 rows at once, on any thread;
    /// the bits do not depend on the number of threads. `gradient` is overwritten; a value output, if the policy has one,
    /// gets none.
    ///
    /// # Panics
    /// If the lengths do not agree, a row does not exist, a discrete action is not one of the policy's, or it acts by
    /// values and has no distribution.
    #[expect(
        clippy::too_many_arguments,
        reason = "a batch, a loss, where the result goes, and what it is computed with"
    )]
    pub fn gradient<S: Statistics>(
        &self,
        normalized: &[f32],
        actions: &[f32],
        rows: &[u32],
        loss: &(impl Fn(ActionTile<'_>, &mut S) + Sync),
        gradient: &mut [f32],
        workspace: &mut Workspace,
        pool: &Pool,
    ) -> S {
        let likelihood = Likelihood {
            distribution: self.head.distribution(),
            free: self.model.free(),
            n_outputs: self.model.n_outputs(),
            actions,
        };
        let tile =
            |mut tile: Tile<'_>, statistics: &mut S| likelihood.tile(&mut tile, loss, statistics);
        self.model
            .gradient(normalized, rows, &tile, gradient, workspace, pool)
    }
}

/// What turns outputs and actions into log-probabilities and entropies, and their derivatives back.
struct Likelihood<'a> {
    distribution: &'a nn::Head,
    free: &'a [f32],
    n_outputs: usize,
    /// `[any, A]`.
    actions: &'a [f32],
}

impl Likelihood<'_> {
    /// Passes a tile on in parts whose actions fit on the stack.
    fn tile<S>(
        &self,
        tile: &mut Tile<'_>,
        loss: &impl Fn(ActionTile<'_>, &mut S),
        statistics: &mut S,
    ) {
        let n = tile.rows.len();
        let n_latents = tile.latent.len() / n;
        let rows_at_once = (MAX_ACTION_VALUES / self.distribution.action_width()).min(ROWS_OF_TILE);
        for start in (0..n).step_by(rows_at_once) {
            let end = n.min(start + rows_at_once);
            let outputs = start * self.n_outputs..end * self.n_outputs;
            let inputs = HeadInputs {
                outputs: &tile.outputs[outputs.clone()],
                stride: self.n_outputs,
                latent: &tile.latent[start * n_latents..end * n_latents],
                free: self.free,
            };
            let d_outputs = &mut tile.d_outputs[outputs];
            let rows = &tile.rows[start..end];
            self.rows(rows, &inputs, d_outputs, tile.d_free, loss, statistics);
        }
    }

    fn rows<S>(
        &self,
        rows: &[u32],
        inputs: &HeadInputs<'_>,
        d_outputs: &mut [f32],
        d_free: &mut [f32],
        loss: &impl Fn(ActionTile<'_>, &mut S),
        statistics: &mut S,
    ) {
        let (n, width) = (rows.len(), self.distribution.action_width());
        let mut actions = [0.0; MAX_ACTION_VALUES];
        for (action, row) in actions.chunks_exact_mut(width).zip(rows) {
            action.copy_from_slice(&self.actions[*row as usize * width..][..width]);
        }
        let actions = &actions[..n * width];
        let (mut log_probs, mut entropies) = ([0.0; ROWS_OF_TILE], [0.0; ROWS_OF_TILE]);
        self.distribution
            .evaluate(inputs, actions, &mut log_probs[..n], &mut entropies[..n]);
        let (mut d_log_probs, mut d_entropies) = ([0.0; ROWS_OF_TILE], [0.0; ROWS_OF_TILE]);
        let part = ActionTile {
            rows,
            log_probs: &log_probs[..n],
            entropies: &entropies[..n],
            d_log_probs: &mut d_log_probs[..n],
            d_entropies: &mut d_entropies[..n],
        };
        loss(part, statistics);
        let (d_log_probs, d_entropies) = (&d_log_probs[..n], &d_entropies[..n]);
        self.distribution
            .backward(inputs, actions, d_log_probs, d_entropies, d_outputs, d_free);
    }
}
