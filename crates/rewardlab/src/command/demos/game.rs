//! A person's episodes: what was done so far, and what can be done next.

use anyhow::Result;
use mdp::{Rng, Seed, Space};

use crate::registry::{RecordedEpisode, Task};

/// Episodes that a person plays one after the other.
///
/// # Design
/// An environment's rules do not change, so the episode so far is its seed and the actions that were chosen: playing
/// them again gives the same situation to the last bit. Nothing else has to be kept, a step can be taken back, and the
/// player needs no way into the environment that policies do not have. The price is a replay for each step, some
/// milliseconds after ten thousand.
pub(super) struct Game<'t> {
    environment: &'static str,
    task: &'t dyn Task,
    seed: u64,
    max_episodes: u64,
    max_steps: usize,
    actions: Vec<Vec<f32>>,
    recorded: RecordedEpisode,
    /// Episodes begun before this one.
    n_before: u64,
    n_kept: u64,
}

/// What becomes of an episode.
pub(super) enum Verdict<'e> {
    /// It is recorded.
    Kept(&'e RecordedEpisode),
    /// It is forgotten.
    Dropped,
}

impl<'t> Game<'t> {
    pub(super) fn new(
        environment: &'static str,
        task: &'t dyn Task,
        seed: u64,
        max_episodes: u64,
        max_steps: usize,
    ) -> Game<'t> {
        let mut game = Game {
            environment,
            task,
            seed,
            max_episodes,
            max_steps,
            actions: vec![],
            recorded: RecordedEpisode::default(),
            n_before: 0,
            n_kept: 0,
        };
        game.replay();
        game
    }

    /// The environment's name.
    pub(super) fn environment(&self) -> &'static str {
        self.environment
    }

    pub(super) fn task(&self) -> &dyn Task {
        self.task
    }

    /// The episode so far.
    pub(super) fn recorded(&self) -> &RecordedEpisode {
        &self.recorded
    }

    /// Number of the episode, from 1, and of those that were kept.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.n_before + 1, self.n_kept)
    }

    /// Whether as many episodes as were asked for are kept.
    pub(super) fn has_ended(&self) -> bool {
        self.n_kept >= self.max_episodes
    }

    /// Whether the episode can go on.
    pub(super) fn is_over(&self) -> bool {
        let trajectory = &self.recorded.trajectory;
        trajectory.end().is_some() || trajectory.steps.len() >= self.max_steps
    }

    /// Takes a step, if the episode can go on and the action is one.
    pub(super) fn act(&mut self, action: Vec<f32>) -> bool {
        let is_possible = !self.is_over() && self.task.action_space().contains(&action);
        if is_possible {
            self.actions.push(action);
            self.replay();
        }
        is_possible
    }

    /// Takes the last step back.
    pub(super) fn take_back(&mut self) {
        self.actions.pop();
        self.replay();
    }

    /// Ends the episode, and begins the next.
    pub(super) fn next(
        &mut self,
        is_kept: bool,
        judge: &mut dyn FnMut(Verdict<'_>) -> Result<()>,
    ) -> Result<()> {
        if is_kept && !self.actions.is_empty() {
            judge(Verdict::Kept(&self.recorded))?;
            self.n_kept += 1;
        } else {
            judge(Verdict::Dropped)?;
        }
        self.n_before += 1;
        self.actions.clear();
        self.replay();
        Ok(())
    }

    fn replay(&mut self) {
        let rng = Seed(self.seed).stream("demonstration", self.n_before);
        let actions = &self.actions;
        let mut next = |step: usize, _: &[f32], _: &mut Rng| actions.get(step).cloned();
        self.recorded = self.task.play_with(&mut next, self.max_steps, rng);
    }

    /// What the actions are called, where they are choices.
    pub(super) fn choices(&self) -> Vec<String> {
        match self.task.action_space() {
            Space::Discrete { n } => {
                let names = self.task.action_names();
                (0..n)
                    .map(|number| {
                        names
                            .get(number)
                            .map_or_else(|| number.to_string(), |name| (*name).to_owned())
                    })
                    .collect()
            }
            _ => vec![],
        }
    }
}

/// The choice that an arrow means, by what the actions are called: `up` and `north` for the upper one.
pub(super) fn choice_of_arrow(choices: &[String], arrow: &str) -> Option<usize> {
    let words: &[&str] = match arrow {
        "up" => &["up", "north", "forward", "accelerate"],
        "down" => &["down", "south", "back", "brake"],
        "left" => &["left", "west"],
        _ => &["right", "east"],
    };
    let names: Vec<String> = choices.iter().map(|name| name.to_lowercase()).collect();
    let is = |name: &String| words.contains(&name.as_str());
    let has = |name: &String| {
        name.split([' ', '-', '_'])
            .any(|part| words.contains(&part))
    };
    names
        .iter()
        .position(is)
        .or_else(|| names.iter().position(has))
}
