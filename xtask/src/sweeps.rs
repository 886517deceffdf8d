//! What the simulator is put through: sweeps, replay, sessions of random octets.

use crate::{cargo, run};
use anyhow::Result;

/// The program of `scenarios/`.
pub(crate) fn scenarios(arguments: &[&str]) -> Result<()> {
    let mut command = cargo(&["run", "--quiet", "--profile", "sweeps", "--package", "jelling-scenarios", "--"]);
    run(command.args(arguments).env("RUST_BACKTRACE", "0"))
}

/// So many pairings, one after the other.
pub(crate) fn pairings(count: usize) -> Result<()> {
    scenarios(&["pairings", "--count", &count.to_string()])
}

/// Every point of every sweep, two sessions replayed, and so many of random octets.
pub(crate) fn all(random: u64) -> Result<()> {
    scenarios(&["sweep"])?;
    scenarios(&["replay"])?;
    scenarios(&["random", "--count", &random.to_string()])?;
    scenarios(&["bench"])
}
