//! The main job, shown: scan, connect, discover and notifications on simulated controllers.

use anyhow::Result;
use std::process::Command;

pub(crate) fn run() -> Result<()> {
    crate::programs()?;
    crate::run(Command::new(format!("{}/debug/jelling", crate::target())).arg("demo"))
}
