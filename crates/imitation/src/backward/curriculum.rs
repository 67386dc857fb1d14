//! Where episodes begin, when they are cut, and when the beginnings move back.

use mdp::{Rng, index, uniform};
use rl::{Arrays, Error};

use super::config::CurriculumConfig;
use super::demonstration::Demonstration;

/// The start points of all workers: a window on the demonstration that moves back as its points succeed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Curriculum {
    /// The latest start point of a worker.
    latest: usize,
    /// What [`Curriculum::latest`] began with, beyond which it never retreats.
    last: usize,
    /// Distance of each worker's start point from the latest.
    offsets: Vec<usize>,
    /// Share of successes among the episodes that began at each point in the last rounds that had any.
    success: Vec<f64>,
    n_steps: usize,
}

/// One environment's episode.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Worker {
    /// Where the episode began.
    pub(super) start: usize,
    /// Steps since the beginning of the demonstration, as if it had been played up to the start.
    pub(super) step: usize,
    /// What it scored, the demonstration's score up to the start included.
    pub(super) score: f64,
    /// Steps that it goes on for once it has the demonstration's score.
    pub(super) extra: u64,
}

/// How an episode stands after a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// It goes on.
    Going,
    /// It has what there is to get and some more time was given: cut, its worth after the cut is not zero.
    Finished,
    /// It lags the demonstration: cut, as if it had died.
    Lagging,
}

/// An episode that ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Attempt {
    pub(super) start: usize,
    pub(super) succeeded: bool,
}

impl Worker {
    /// Whether the policy's choice is still to come: the demonstration is played back up to the start.
    pub(super) fn is_prior(&self) -> bool {
        self.step < self.start
    }

    /// Takes note of a step that the policy chose.
    pub(super) fn push(
        &mut self,
        reward: f64,
        demonstration: &Demonstration,
        config: &CurriculumConfig,
    ) -> Standing {
        self.step += 1;
        self.score += reward;
        if self.has_succeeded(demonstration) {
            self.extra = self.extra.saturating_sub(1);
            return match self.extra {
                0 => Standing::Finished,
                _ => Standing::Going,
            };
        }
        let earlier = self.step.saturating_sub(config.allowed_lag);
        let expected = demonstration.scores[earlier.min(demonstration.n_steps())];
        if self.step > config.allowed_lag && self.score < expected - tolerance(expected) {
            return Standing::Lagging;
        }
        Standing::Going
    }

    pub(super) fn has_succeeded(&self, demonstration: &Demonstration) -> bool {
        let goal = demonstration.score();
        self.score >= goal - tolerance(goal)
    }
}

/// Sums of the same rewards in another order differ by rounding.
fn tolerance(score: f64) -> f64 {
    1e-9 * score.abs().max(1.0)
}

impl Curriculum {
    /// The workers' points are spread over the window before the last step of the demonstration.
    pub(super) fn new(
        config: &CurriculumConfig,
        n_workers: usize,
        demonstration: &Demonstration,
    ) -> Curriculum {
        let n_steps = demonstration.n_steps();
        let window = config.window.min(n_steps);
        let offsets = (0..n_workers)
            .map(|worker| worker * window / n_workers)
            .collect();
        Curriculum {
            latest: n_steps - 1,
            last: n_steps - 1,
            offsets,
            success: vec![0.0; n_steps],
            n_steps,
        }
    }

    /// The latest start point.
    pub(super) fn latest(&self) -> usize {
        self.latest
    }

    fn start_of(&self, worker: usize) -> usize {
        self.latest.saturating_sub(self.offsets[worker])
    }

    /// Draws where a worker's next episode begins.
    pub(super) fn begin(
        &self,
        worker: usize,
        config: &CurriculumConfig,
        demonstration: &Demonstration,
        rng: &mut Rng,
    ) -> Worker {
        let extra = (config.extra_exponent * uniform(rng)).exp() as u64;
        let own = self.start_of(worker);
        let start = if uniform(rng) < config.sampled_share {
            own + index(self.n_steps - own, rng)
        } else {
            own
        };
        let step = start.saturating_sub(config.prior_steps);
        Worker {
            start,
            step,
            score: demonstration.scores[step],
            extra: extra.max(1),
        }
    }

    /// Moves the window back to the first point up to which the demonstration is matched from a share of its points; where
    /// there is none, forward again. Successes are forgotten only where newer ones come.
    pub(super) fn shift(&mut self, attempts: &[Attempt], config: &CurriculumConfig) {
        let mut counts = vec![(0_u32, 0_u32); self.n_steps];
        for attempt in attempts {
            let (wins, all) = &mut counts[attempt.start];
            *wins += u32::from(attempt.succeeded);
            *all += 1;
        }
        for (success, (wins, all)) in self.success.iter_mut().zip(counts) {
            if all > 0 {
                *success = f64::from(wins) / f64::from(all);
            }
        }
        let spread = self.offsets.iter().max().map_or(1, |offset| offset + 1);
        let enough = config.success_share * spread as f64;
        let mut sum = 0.0;
        let reached = self.success.iter().position(|success| {
            sum += success;
            sum >= enough
        });
        self.latest = match reached {
            Some(point) => point.min(self.last),
            None => (self.latest + config.retreat).min(self.last),
        };
    }

    pub(super) fn save(&self, arrays: &mut Arrays) {
        arrays.put_u64("curriculum.latest", [self.latest as u64]);
        arrays.put_f64("curriculum.success", self.success.as_slice());
    }

    pub(super) fn restore(&mut self, arrays: &mut Arrays) -> Result<(), Error> {
        let latest = arrays.take_u64_of("curriculum.latest", 1)?[0];
        let success = arrays.take_f64_of("curriculum.success", self.n_steps)?;
        let latest = usize::try_from(latest)
            .ok()
            .filter(|latest| *latest <= self.last);
        self.latest = latest.ok_or_else(|| {
            Error::Saved("`curriculum.latest` lies beyond the demonstration".to_owned())
        })?;
        self.success = success;
        Ok(())
    }
}

/// Puts the episodes in progress.
pub(super) fn save_workers(workers: &[Worker], arrays: &mut Arrays) {
    let counts: Vec<u64> = workers
        .iter()
        .flat_map(|worker| [worker.start as u64, worker.step as u64, worker.extra])
        .collect();
    let scores: Vec<f64> = workers.iter().map(|worker| worker.score).collect();
    arrays.put_u64("workers.counts", counts);
    arrays.put_f64("workers.scores", scores);
}

/// Takes the episodes in progress.
pub(super) fn restore_workers(
    arrays: &mut Arrays,
    n: usize,
    demonstration: &Demonstration,
) -> Result<Vec<Worker>, Error> {
    let counts = arrays.take_u64_of("workers.counts", 3 * n)?;
    let scores = arrays.take_f64_of("workers.scores", n)?;
    let workers: Vec<Worker> = counts
        .chunks_exact(3)
        .zip(scores)
        .map(|(counts, score)| Worker {
            start: counts[0] as usize,
            step: counts[1] as usize,
            extra: counts[2],
            score,
        })
        .collect();
    if workers
        .iter()
        .any(|worker| worker.start >= demonstration.n_steps())
    {
        let what = "`workers.counts` holds a start beyond the demonstration";
        return Err(Error::Saved(what.to_owned()));
    }
    Ok(workers)
}
