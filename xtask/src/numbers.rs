//! Our names of numbers against Bumble's, and a capture with a packet of each kind against what dissectors call them.

use crate::{run, setup};
use anyhow::{Context, Result, ensure};
use std::{fs, path::Path, process::Command};

/// A line per packet: its name, its kind, its octets.
const TABLES: [&str; 3] = ["interop/packets-commands.tsv", "interop/packets-upper.tsv", "interop/packets-events.tsv"];

pub(crate) fn compare() -> Result<()> {
    setup::all()?;
    crate::programs()?;
    let folder = Path::new(&crate::target()).join("captures");
    fs::create_dir_all(&folder)?;
    let (capture, numbers) = (folder.join("numbers.btsnoop"), folder.join("numbers.tsv"));
    let mut ours = Command::new(format!("{}/debug/numbers", crate::target()));
    let printed = ours.arg(&capture).args(TABLES).output().context("cannot run numbers")?;
    ensure!(printed.status.success(), "numbers failed: {}", String::from_utf8_lossy(&printed.stderr));
    fs::write(&numbers, printed.stdout)?;
    run(Command::new(setup::PYTHON).arg("interop/bumble_numbers.py").args([&numbers, &capture]).args(TABLES))
}
