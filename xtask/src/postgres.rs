//! A private PostgreSQL server for the length of one command: Debian's packages, a folder of its own, a socket and no port.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::Outcome;

/// The variable that tells the command where the server is.
const SERVER: &str = "REWARDLAB_POSTGRES";
/// Where Debian's packages put the programs of each version.
const PACKAGES: &str = "/usr/lib/postgresql";

/// Runs a command with the address of a server in `REWARDLAB_POSTGRES`; the server ends with it.
pub(crate) fn command(words: &[&str]) -> Result<Outcome> {
    let [program, arguments @ ..] = words else {
        bail!(
            "name the command to run: cargo xtask postgres cargo test -p feedback --features postgres"
        );
    };
    let server = Server::start()?;
    let status = Command::new(program)
        .args(arguments)
        .env(SERVER, server.address())
        .status()
        .with_context(|| format!("{program} could not be run"))?;
    Ok(match status.success() {
        true => Outcome::Passed,
        false => Outcome::Failed,
    })
}

/// A server that ends when it is dropped.
pub(crate) struct Server {
    programs: PathBuf,
    folder: PathBuf,
}

impl Server {
    /// Makes a cluster in a temporary folder and starts it; installs PostgreSQL where it is not there.
    pub(crate) fn start() -> Result<Server> {
        let programs = match newest(Path::new(PACKAGES)) {
            Some(programs) => programs,
            None => {
                install()?;
                newest(Path::new(PACKAGES)).context("the packages of PostgreSQL hold no initdb")?
            }
        };
        // The path of a socket may have 107 bytes.
        let folder =
            std::env::temp_dir().join(format!("rewardlab-postgres-{}", std::process::id()));
        fs::create_dir(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let server = Server { programs, folder };
        if is_root()? {
            call(Command::new("chown").arg("postgres").arg(&server.folder))?;
        }
        let data = server.folder.join("data");
        call(server.program("initdb")?.arg("-D").arg(&data).args([
            "-A",
            "trust",
            "-U",
            "rewardlab",
            "-E",
            "UTF8",
            "--no-locale",
        ]))?;
        let options = format!(
            "-k {} -c listen_addresses='' -c max_connections=100",
            server.folder.display()
        );
        let log = server.folder.join("log");
        call(
            server
                .program("pg_ctl")?
                .arg("-D")
                .arg(&data)
                .args(["-w", "-o", &options, "-l"])
                .arg(log)
                .arg("start"),
        )?;
        Ok(server)
    }

    /// Its address.
    pub(crate) fn address(&self) -> String {
        let folder = self.folder.display().to_string().replace('/', "%2F");
        format!("postgresql://rewardlab@{folder}/postgres")
    }

    /// A program of the server's; it refuses to run as root, so root lends it Debian's user.
    fn program(&self, name: &str) -> Result<Command> {
        let path = self.programs.join(name);
        let mut command = match is_root()? {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(path);
                command
            }
            false => Command::new(path),
        };
        // The folder that the caller stands in may be closed to that user.
        command.current_dir("/");
        Ok(command)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let data = self.folder.join("data");
        let stopped = self.program("pg_ctl").and_then(|mut command| {
            call(
                command
                    .arg("-D")
                    .arg(data)
                    .args(["-w", "-m", "immediate", "stop"]),
            )
        });
        if let Err(error) = stopped {
            eprintln!("the server was not stopped: {error:#}");
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn is_root() -> Result<bool> {
    let output = Command::new("id")
        .arg("-u")
        .output()
        .context("id could not be run")?;
    Ok(output.stdout.trim_ascii() == b"0")
}

/// The programs of the newest version that is installed.
fn newest(packages: &Path) -> Option<PathBuf> {
    let versions = fs::read_dir(packages).ok()?.flatten();
    let number = |name: &str| name.parse::<u32>().ok();
    let newest = versions
        .filter(|entry| entry.path().join("bin/initdb").is_file())
        .max_by_key(|entry| entry.file_name().to_str().and_then(number))?;
    Some(newest.path().join("bin"))
}

fn install() -> Result<()> {
    ensure!(
        is_root()?,
        "there is no PostgreSQL in {PACKAGES}; install it (apt-get install postgresql), or run this as root"
    );
    call(Command::new("apt-get").args(["install", "-y", "--no-install-recommends", "postgresql"]))
}

/// Runs a program that is expected to succeed.
fn call(command: &mut Command) -> Result<()> {
    let name = command.get_program().to_owned();
    // What `pg_ctl` starts keeps its output open, so it is not waited for.
    let status = command
        .stdout(std::process::Stdio::null())
        .status()
        .with_context(|| format!("{} could not be run", name.display()))?;
    ensure!(status.success(), "{} failed: {command:?}", name.display());
    Ok(())
}
