//! A PostgreSQL server of our own in a temporary folder, for this machine alone.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, ensure};

use crate::browser::free_port;

/// Where Debian puts the programs that are not for everyone.
const DEBIAN: &str = "/usr/lib/postgresql";
/// Whose server it is where we are root, which PostgreSQL refuses to run as.
const SERVANT: &str = "postgres";

/// A server that ends with us.
pub(super) struct Cluster {
    programs: PathBuf,
    folder: PathBuf,
    port: u16,
}

impl Cluster {
    /// Installs PostgreSQL where it is not there and can be, and starts a server with an empty database.
    pub(super) fn start(scratch: &Path) -> Result<Cluster> {
        let programs = match programs() {
            Some(programs) => programs,
            None => {
                install()?;
                programs().context("PostgreSQL is not there after it was installed")?
            }
        };
        // Not in the scratch folder: whoever runs the server must reach it through every folder above it.
        let folder =
            std::env::temp_dir().join(format!("rewardlab-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        if is_root()? {
            run(Command::new("chown").arg(SERVANT).arg(&folder))?;
        }
        let cluster = Cluster {
            programs,
            folder,
            port: free_port()?,
        };
        run(cluster
            .command("initdb")?
            .args([
                "--auth=trust",
                "--username=lab",
                "--encoding=UTF8",
                "--pgdata",
            ])
            .arg(cluster.data()))?;
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=on",
            cluster.port
        );
        run(cluster
            .command("pg_ctl")?
            .args(["start", "--wait", "--silent", "--pgdata"])
            .arg(cluster.data())
            .arg("--log")
            .arg(cluster.folder.join("log"))
            .args(["--options", &options]))?;
        std::fs::write(scratch.join("postgres.txt"), cluster.address())?;
        Ok(cluster)
    }

    /// Where a store connects to.
    pub(super) fn address(&self) -> String {
        format!("postgres://lab@127.0.0.1:{}/postgres", self.port)
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn command(&self, program: &str) -> Result<Command> {
        let path = self.programs.join(program);
        if !is_root()? {
            return Ok(Command::new(path));
        }
        let mut command = Command::new("runuser");
        command.args(["-u", SERVANT, "--"]).arg(path);
        command.current_dir(&self.folder);
        Ok(command)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Ok(mut command) = self.command("pg_ctl") {
            // What cannot be stopped or removed lies in a temporary folder.
            let _ = command
                .args(["stop", "--mode=immediate", "--silent", "--pgdata"])
                .arg(self.data())
                .status();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder of `initdb` and `pg_ctl`: the newest version of Debian's, or one in the path.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    folders.sort();
    let in_path = std::env::var_os("PATH").unwrap_or_default();
    let mut all = folders
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&in_path));
    all.find(|folder| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
}

fn install() -> Result<()> {
    eprintln!("installing postgresql");
    run(Command::new("apt-get").args(["install", "--yes", "--no-install-recommends", "postgresql"]))
        .context(
            "PostgreSQL is not there and could not be installed; install it, and run this again",
        )
}

fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output()?;
    Ok(output.stdout.trim_ascii() == b"0")
}

fn run(command: &mut Command) -> Result<()> {
    // The server goes on with what it inherits, so nothing of ours is given to it.
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .status();
    let line = crate::process::describe(command);
    let status = status.with_context(|| format!("could not start {line}"))?;
    ensure!(status.success(), "{line} ended with {status}");
    Ok(())
}
