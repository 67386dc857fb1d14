//! Files and folders that are whole or not there: they are made beside their place and moved into it at the end.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::Error;

/// A place beside the final one; what was made there is removed unless it is moved.
#[derive(Debug)]
pub(crate) struct Staged {
    place: PathBuf,
    part: PathBuf,
    is_moved: bool,
}

impl Staged {
    /// Picks the place; makes nothing yet.
    pub(crate) fn new(place: &Path) -> Staged {
        let mut name = OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        name.push(format!(".{}.part", std::process::id()));
        Staged {
            place: place.to_owned(),
            part: place.with_file_name(name),
            is_moved: false,
        }
    }

    /// Where it will be.
    pub(crate) fn place(&self) -> &Path {
        &self.place
    }

    /// Where to write.
    pub(crate) fn part(&self) -> &Path {
        &self.part
    }

    /// Moves what was made into its place, where a file may be replaced and a folder may not.
    pub(crate) fn finish(mut self) -> Result<(), Error> {
        let sync_and_move = || {
            if self.part.is_file() {
                File::open(&self.part)?.sync_all()?;
            }
            fs::rename(&self.part, &self.place)
        };
        sync_and_move().map_err(Error::writing(&self.place))?;
        self.is_moved = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.is_moved {
            return;
        }
        // There is nobody to tell should this fail, too: whoever dropped it has an error of its own to report.
        let _ = match self.part.is_dir() {
            true => fs::remove_dir_all(&self.part),
            false => fs::remove_file(&self.part),
        };
    }
}
