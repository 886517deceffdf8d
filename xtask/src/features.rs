//! Every feature of the host and of the face: alone, in pairs, and what is left of the host without it.

use crate::{cargo, run, setup};
use anyhow::Result;
use std::{path::Path, process::Command, time::Instant};

/// Combinations whose answers to what they lack are tested.
const REFUSING: [&str; 5] =
    ["central,client", "peripheral,server", "central,client,peripheral,server", "peripheral", "central"];

/// How many features together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Depth {
    /// Each alone
    Alone,
    /// Each alone, and each pair
    Pairs,
}

/// Checks the crates with features in each combination; what is unused in any of them is an error.
pub(crate) fn check(depth: Depth) -> Result<()> {
    setup::cargo_hack()?;
    let start = Instant::now();
    let depth = match depth {
        Depth::Alone => "1",
        Depth::Pairs => "2",
    };
    let mut hack = Command::new(std::path::absolute(Path::new(setup::CARGO_HACK))?);
    hack.args([
        "hack",
        "check",
        "--quiet",
        "--package",
        "jelling-wire",
        "--package",
        "jelling-host",
        "--package",
        "jelling",
    ]);
    hack.args(["--feature-powerset", "--depth", depth, "--mutually-exclusive-features", "defmt,log"]);
    run(own(&mut hack)?)?;
    for features in REFUSING {
        let mut test = cargo(&["test", "--quiet", "--package", "jelling-host", "--test", "refusals"]);
        test.args(["--no-default-features", "--features", features]);
        run(own(&mut test)?)?;
    }
    println!("features: every combination of depth {depth} builds, in {:.0} s", start.elapsed().as_secs_f32());
    Ok(())
}

/// A folder of its own, so that nothing else is built anew.
fn own(command: &mut Command) -> Result<&mut Command> {
    let folder = std::path::absolute(format!("{}/features", crate::target()))?;
    Ok(command.env("CARGO_TARGET_DIR", folder).env("RUSTFLAGS", "-Dwarnings"))
}
