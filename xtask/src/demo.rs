//! The main job, shown: a sensor of ours and a client of ours, each on a controller of RootCanal.

use crate::{cargo, rig::RootCanal, setup};
use anyhow::Result;
use std::process::{Child, Command};

/// A program that is ended when it is no longer needed.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn run() -> Result<()> {
    setup::radio()?;
    crate::run(&mut cargo(&["build", "--quiet", "--package", "jelling-examples-desktop"]))?;
    let rootcanal = RootCanal::start()?;
    let spec = rootcanal.spec();
    let program = |name: &str| Command::new(format!("{}/debug/{name}", crate::target()));
    let _sensor = Ended(program("temp_sensor").arg(&spec).spawn()?);
    crate::run(program("temp_client").args([&spec, "5"]))?;
    println!("demo ok");
    Ok(())
}
