//! The main job, shown: scan, connect, discover and notifications on simulated controllers.

use crate::cargo;
use anyhow::Result;

pub(crate) fn run() -> Result<()> {
    crate::run(&mut cargo(&["run", "--quiet", "--package", "jelling-cli", "--", "demo"]))
}
