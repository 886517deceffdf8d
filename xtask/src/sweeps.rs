//! What the simulator is put through: sweeps, replay, sessions of random octets.

use crate::{cargo, run};
use anyhow::Result;

/// The program of `scenarios/`.
pub(crate) fn scenarios(arguments: &[&str]) -> Result<()> {
    let mut command = cargo(&["run", "--quiet", "--profile", "sweeps", "--package", "jelling-scenarios", "--"]);
    run(command.args(arguments).env("RUST_BACKTRACE", "0"))
}

/// Every point of every sweep, two sessions replayed, and so many of random octets.
pub(crate) fn all(random: u64) -> Result<()> {
    scenarios(&["sweep"])?;
    scenarios(&["replay"])?;
    scenarios(&["random", "--count", &random.to_string()])?;
    scenarios(&["bench"])
}
