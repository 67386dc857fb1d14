//! The space of values that a file does not name: whole numbers are choices, all others may be any number.

use mdp::Space;

use crate::{Episode, Error, ReadEpisodes};

/// The greatest of each of some numbers, where all are whole and none is negative.
#[derive(Debug)]
struct Greatest(Option<Vec<f32>>);

impl Greatest {
    fn see(&mut self, values: &[f32]) {
        /// An `f32` tells whole numbers apart up to here.
        const MOST: f32 = 16_777_216.0;
        let is_choice = |value: &f32| value.fract() == 0.0 && (0.0..MOST).contains(value);
        let Some(most) = &mut self.0 else { return };
        if !values.iter().all(is_choice) {
            self.0 = None;
            return;
        }
        for row in values.chunks_exact(most.len()) {
            for (most, value) in most.iter_mut().zip(row) {
                *most = most.max(*value);
            }
        }
    }

    fn choices(self) -> Option<Space> {
        let sizes: Vec<usize> = self.0?.iter().map(|most| *most as usize + 1).collect();
        Some(match sizes[..] {
            [n] => Space::Discrete { n },
            _ => Space::MultiDiscrete { sizes },
        })
    }
}

/// Numbers of any size.
pub(crate) fn unbounded(shape: &[usize]) -> Space {
    let n = shape.iter().product();
    Space::Continuous {
        low: vec![f32::NEG_INFINITY; n],
        high: vec![f32::INFINITY; n],
        shape: shape.to_vec(),
    }
}

/// The spaces of observations and of actions that hold choices, as many as the greatest that occurs asks for; none
/// where some value is no choice. Reads all episodes.
pub(crate) fn choices(
    reader: &mut dyn ReadEpisodes,
) -> Result<(Option<Space>, Option<Space>), Error> {
    let of = |space: &Space| Greatest(Some(vec![0.0; space.n_values()]));
    let mut observations = of(&reader.about().observation_space);
    let mut actions = of(&reader.about().action_space);
    let mut episode = Episode::default();
    while reader.next_episode(&mut episode)? {
        observations.see(&episode.observations);
        actions.see(&episode.actions);
    }
    Ok((observations.choices(), actions.choices()))
}
