//! A file that is whole or not there: it is made beside its place and moved into it at the end.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::writing;
use crate::Error;

/// A file that is being made.
pub(super) struct Staged {
    place: PathBuf,
    part: PathBuf,
    is_moved: bool,
}

impl Staged {
    /// Makes an empty file beside the place.
    pub(super) fn create(place: &Path) -> Result<(Staged, File), Error> {
        let mut name = OsString::from(".");
        name.push(place.file_name().unwrap_or_default());
        name.push(format!(".{}.part", std::process::id()));
        let part = place.with_file_name(name);
        let file = File::create(&part).map_err(|source| writing(place, source))?;
        let staged = Staged {
            place: place.to_owned(),
            part,
            is_moved: false,
        };
        Ok((staged, file))
    }

    pub(super) fn place(&self) -> &Path {
        &self.place
    }

    /// Moves the file into its place, once it is on the disk.
    pub(super) fn finish(mut self) -> Result<(), Error> {
        let moved = File::open(&self.part)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&self.part, &self.place));
        moved.map_err(|source| writing(&self.place, source))?;
        self.is_moved = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.is_moved {
            // Whoever dropped it has an error of its own to report.
            let _ = fs::remove_file(&self.part);
        }
    }
}
