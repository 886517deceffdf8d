//! Tools that cargo does not bring: installed once, into target/tools where that is possible.

use crate::run;
use anyhow::{Context, Result};
use std::{
    fs::{self, File},
    path::Path,
    process::Command,
};

/// RootCanal, as `interop/rig/setup-rootcanal.sh` leaves it.
pub(crate) const ROOTCANAL: &str = "target/tools/rootcanal/rootcanal";
/// A Python with Bumble.
pub(crate) const PYTHON: &str = "target/tools/venv/bin/python";
/// The runner of gungraun, which must be as old as the library in benches/Cargo.toml.
pub(crate) const GUNGRAUN: &str = "target/tools/gungraun/bin/gungraun-runner";
/// What the venv holds.
const REQUIREMENTS: &str = "interop/requirements.txt";

pub(crate) fn all() -> Result<()> {
    radio()?;
    bumble()?;
    dissectors()
}

/// Only one process at a time sets up; whoever needs the same waits for it. It ends when the file is dropped.
fn alone() -> Result<File> {
    fs::create_dir_all("target/tools")?;
    let file = File::create("target/tools/lock")?;
    file.lock()?;
    Ok(file)
}

/// Does `work` unless `mark` says that it has been done for this version.
fn once(what: &str, mark: &str, version: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    let _alone = alone()?;
    let mark = Path::new("target/tools").join(mark);
    if fs::read_to_string(&mark).is_ok_and(|done| done == version) {
        return Ok(());
    }
    eprintln!("setting up {what} (once)");
    work().with_context(|| format!("{what} could not be set up"))?;
    Ok(fs::write(mark, version)?)
}

/// The controllers alone.
pub(crate) fn radio() -> Result<()> {
    packages(&[("gcc", "gcc"), ("python3", "python3"), ("dpkg-deb", "dpkg"), ("socat", "socat")])?;
    once("RootCanal 1.13.0", "rootcanal.done", "1.13.0", || {
        run(Command::new("interop/rig/setup-rootcanal.sh").arg("target/tools/rootcanal"))
    })
}

/// What counts instructions.
pub(crate) fn gungraun() -> Result<()> {
    const VERSION: &str = "0.20.0";
    packages(&[("valgrind", "valgrind")])?;
    once(&format!("gungraun-runner {VERSION}"), "gungraun.done", VERSION, || {
        let install = ["install", "--quiet", "gungraun-runner", "--version", VERSION, "--locked"];
        run(crate::cargo(&install).args(["--root", "target/tools/gungraun"]))
    })
}

pub(crate) fn bumble() -> Result<()> {
    let requirements = fs::read_to_string(REQUIREMENTS)?;
    once("Bumble", "venv.done", &requirements, || {
        run(Command::new("python3").args(["-m", "venv", "target/tools/venv"]))?;
        run(Command::new(PYTHON).args(["-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS]))
    })
}

fn dissectors() -> Result<()> {
    packages(&[("tshark", "tshark"), ("btmon", "bluez")])
}

/// Installs Debian packages for the programs that are missing.
pub(crate) fn packages(wanted: &[(&str, &str)]) -> Result<()> {
    let _alone = alone()?;
    let missing: Vec<&str> =
        wanted.iter().filter(|(program, _)| !is_there(program)).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("installing {}", missing.join(" "));
    let apt = |arguments: &[&str]| {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive").arg("-qq").args(arguments).stdout(std::process::Stdio::null());
        command
    };
    let install = || -> Result<()> {
        run(&mut apt(&["update"]))?;
        run(apt(&["install", "--yes", "--no-install-recommends"]).args(&missing))
    };
    install().with_context(|| format!("install the Debian packages {} by hand", missing.join(" ")))
}

fn is_there(program: &str) -> bool {
    std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).exists()))
        || Path::new(program).exists()
}
