//! The folder of a run, and writing to it so that a kill at any moment loses nothing that was recorded.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::Error;
use crate::experiment::Experiment;

/// The folder of a run, held by this process alone.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    /// Locked while the run is held; the operating system lets go when the process ends, however it ends.
    _lock: File,
}

impl RunFolder {
    /// Makes `root/<experiment>/<time>-<seed>/` and writes the resolved experiment to it, and what `fill` adds.
    ///
    /// # Errors
    /// If the operating system refuses.
    pub fn create(
        root: &Path,
        experiment: &Experiment,
        fill: impl FnOnce(&RunFolder) -> Result<(), Error>,
    ) -> Result<RunFolder, Error> {
        let parent = root.join(&experiment.name);
        fs::create_dir_all(&parent).map_err(Error::io(&parent, "make the folder of runs"))?;
        let name = format!("{}-{}", timestamp(SystemTime::now()), experiment.seed);
        // Under a name of its own until it can be resumed: no kill leaves half a run's folder.
        let part = parent.join(format!(".{name}.{}.part", std::process::id()));
        let checkpoints = part.join("checkpoints");
        fs::create_dir_all(&checkpoints).map_err(Error::io(&checkpoints, "make the folder"))?;
        let mut folder = RunFolder {
            _lock: lock(&part)?,
            path: part,
        };
        let toml = experiment.to_toml(crate::VERSION, nn::instruction_set());
        folder.write("experiment.toml", toml.as_bytes())?;
        fill(&folder)?;
        folder.path = rename_free(&folder.path, &parent, &name)?;
        Ok(folder)
    }

    /// Takes hold of a run's folder that is there.
    ///
    /// # Errors
    /// If it is no run's folder, or another process holds it.
    pub fn open(path: &Path) -> Result<RunFolder, Error> {
        if !path.join("experiment.toml").is_file() {
            return Err(not_a_run(path));
        }
        let checkpoints = path.join("checkpoints");
        fs::create_dir_all(&checkpoints).map_err(Error::io(&checkpoints, "make the folder"))?;
        let lock = lock(path)?;
        Ok(RunFolder {
            path: path.to_owned(),
            _lock: lock,
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file whole: either all of it is there afterwards, or what was there before.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        write_whole(&self.file(name), |file| file.write_all(bytes))
    }

    /// As [`RunFolder::write`], for content that is made while it is written.
    pub(super) fn write_with(
        &self,
        name: &str,
        content: impl FnOnce(&mut File) -> std::io::Result<()>,
    ) -> Result<(), Error> {
        write_whole(&self.file(name), content)
    }

    /// Appends to a file, and returns only when the bytes are on the disk. Gives the file's length.
    pub(super) fn append(&self, name: &str, bytes: &[u8]) -> Result<u64, Error> {
        let path = self.file(name);
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(Error::io(&path, "open the file"))?;
        file.write_all(bytes)
            .and_then(|()| file.sync_data())
            .and_then(|()| Ok(file.metadata()?.len()))
            .map_err(Error::io(&path, "append to the file"))
    }

    /// Cuts a file back to a length that it had; a file that is not there stays so.
    pub(super) fn trim(&self, name: &str, length: u64) -> Result<(), Error> {
        let path = self.file(name);
        let Ok(file) = OpenOptions::new().write(true).open(&path) else {
            return Ok(());
        };
        let trim = || {
            if file.metadata()?.len() > length {
                file.set_len(length)?;
                file.sync_all()?;
            }
            Ok(())
        };
        trim().map_err(Error::io(&path, "cut the file back"))
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &str) {
        // What is left over is overwritten by the next run of the folder.
        let _ = fs::remove_file(self.file(name));
    }
}

/// Renames a folder to `name`, or, where that is taken, to `name` with a letter: two runs of one experiment and seed
/// may begin in one second.
fn rename_free(from: &Path, parent: &Path, name: &str) -> Result<PathBuf, Error> {
    let mut path = parent.join(name);
    for letter in 'b'..='z' {
        // A folder that is there holds files, so that nothing can be renamed onto it.
        match fs::rename(from, &path) {
            Ok(()) => return Ok(path),
            Err(_) if path.exists() => path = parent.join(format!("{name}{letter}")),
            Err(error) => return Err(Error::io(path, "make the folder of the run")(error)),
        }
    }
    Err(Error::file(
        path,
        "is taken, and so are all names like it; wait a second",
    ))
}

/// Reads a file of at most `most` bytes.
pub(crate) fn read_bytes(path: &Path, most: u64, doing: &'static str) -> Result<Vec<u8>, Error> {
    let file = File::open(path).map_err(Error::io(path, doing))?;
    let mut bytes = vec![];
    file.take(most + 1)
        .read_to_end(&mut bytes)
        .map_err(Error::io(path, doing))?;
    if bytes.len() as u64 > most {
        return Err(Error::file(
            path,
            format!("is larger than {most} bytes, which no such file is"),
        ));
    }
    Ok(bytes)
}

/// The error for a path that is no run.
pub(crate) fn not_a_run(path: &Path) -> Error {
    let problem = if path.exists() {
        "is no run: it holds no experiment.toml; name a folder such as runs/coast-runners/…"
    } else {
        "is not there; name a folder such as runs/coast-runners/…"
    };
    Error::file(path, problem)
}

fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join("run.lock");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(Error::io(&path, "open the lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(fs::TryLockError::WouldBlock) => Err(Error::file(
            folder,
            "is being written by another process; wait for it to end, or end it",
        )),
        Err(fs::TryLockError::Error(source)) => Err(Error::io(path, "take the lock")(source)),
    }
}

/// Writes a file anywhere, whole or not at all.
pub(super) fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if path.file_name().is_none() {
        return Err(Error::file(
            path,
            "is no file name; name a file to be written",
        ));
    }
    write_whole(path, |file| file.write_all(bytes))
}

fn write_whole(
    path: &Path,
    content: impl FnOnce(&mut File) -> std::io::Result<()>,
) -> Result<(), Error> {
    let mut name = path.file_name().expect("a file has a name").to_owned();
    name.push(".part");
    let part = path.with_file_name(name);
    let write = || {
        let mut file = File::create(&part)?;
        content(&mut file)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        // The rename itself is only safe once the folder is on the disk.
        let parent = path.parent().expect("a file has a folder");
        File::open(if parent.as_os_str().is_empty() {
            Path::new(".")
        } else {
            parent
        })?
        .sync_all()
    };
    write().map_err(Error::io(path, "write the file"))
}

/// `20261124T065046Z`, in coordinated universal time.
fn timestamp(time: SystemTime) -> String {
    let seconds = time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs());
    let (year, month, day) = civil(seconds / 86_400);
    let second = seconds % 86_400;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}Z")
}

/// Year, month and day of a day since 1970-01-01 (Hinnant, "chrono-compatible low-level date algorithms").
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_date() {
        let check = |seconds, expected: &str| {
            let time = UNIX_EPOCH + std::time::Duration::from_secs(seconds);
            assert_eq!(timestamp(time), expected);
        };
        check(0, "19700101T000000Z");
        check(951_782_399, "20000228T235959Z");
        check(951_782_400, "20000229T000000Z");
        check(1_795_503_046, "20261124T065046Z");
    }
}
