//! What CI runs, stage by stage, with the time of each.

use crate::{cargo, demo, images, interop, run};
use anyhow::Result;
use std::time::Instant;

/// README's test command.
pub(crate) fn test() -> Result<()> {
    run(&mut cargo(&["test", "--workspace"]))?;
    run(&mut cargo(&["test", "--package", "jelling", "--features", "std,sync"]))?;
    interop::commands(false)?;
    interop::run(None, None, 1)
}

/// One stage of CI.
type Stage = (&'static str, fn() -> Result<()>);

/// Everything.
pub(crate) fn all() -> Result<()> {
    let stages: [Stage; 7] = [
        ("format", || run(&mut cargo(&["fmt", "--all", "--check"]))),
        ("lint", || run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"]))),
        ("no_std", images::no_std),
        ("no-panic image", images::no_panic),
        ("sizes", || images::sizes(false)),
        ("tests and interop", test),
        ("demo", demo::run),
    ];
    let mut times = vec![];
    for (name, stage) in stages {
        println!("== {name}");
        let start = Instant::now();
        stage()?;
        times.push((name, start.elapsed()));
    }
    for (name, time) in times {
        println!("{:>7.1} s  {name}", time.as_secs_f32());
    }
    Ok(())
}
