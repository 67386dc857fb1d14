//! Trajectories of the library `imitation` as Hugging Face's `datasets` keep them: a folder of `dataset_info.json`,
//! `state.json` and Arrow streams, a row a trajectory.
//!
//! Columns are `obs` (T + 1 observations), `acts`, `infos` (JSON, one text a step), `terminal` and, where rewards were
//! recorded, `rews`. `terminal` is true where the environment was over, and false where somebody stopped watching.
//! `infos` are never decoded as Python objects; only what rewardlab wrote there itself is read: intents, states, success.
//!
//! The layout does not say which spaces the numbers belong to. What rewardlab writes has a file `rewardlab.json` beside
//! the others, which does; without it they are inferred from all trajectories: floating point numbers are without bounds,
//! bytes reach from 0 to 255, and whole numbers are choices, one more than the greatest that occurs.

mod infer;
mod reader;
mod rows;
mod writer;

use std::path::Path;

pub(crate) use reader::open;
pub(crate) use writer::create;

const INFO: &str = "dataset_info.json";
const STATE: &str = "state.json";
/// What the file says of itself, where rewardlab wrote it.
const ABOUT: &str = "rewardlab.json";
/// Keys of the texts in `infos` that are ours.
const INTENT: &str = "rewardlab_intent";
const STATE_BEFORE: &str = "rewardlab_state";
const FINAL_STATE: &str = "rewardlab_final_state";
const SUCCESS: &str = "rewardlab_success";

const MEND: &str = "write it again with `imitation.data.serialize.save`";

/// Whether a folder is one of them.
pub(crate) fn is_dataset(folder: &Path) -> bool {
    [INFO, STATE].iter().all(|name| folder.join(name).is_file())
}
