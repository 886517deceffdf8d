//! What CI runs, stage by stage, with the time of each.

use crate::{bench, cargo, coverage, demo, features, fuzz, images, interop, numbers, run, sweeps};
use anyhow::Result;
use std::time::Instant;

/// README's test command.
pub(crate) fn test() -> Result<()> {
    run(&mut cargo(&["test", "--workspace"]))?;
    run(&mut cargo(&["test", "--package", "jelling", "--features", "std,sim,sync"]))?;
    run(&mut cargo(&["test", "--package", "jelling", "--features", "sim,log", "--test", "log"]))?;
    interop::commands(false)?;
    numbers::compare()?;
    interop::run(None, None, 1)
}

/// What is documented links to what is there.
fn documentation() -> Result<()> {
    run(cargo(&["doc", "--quiet", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "--deny warnings"))
}

/// One stage.
type Stage = (&'static str, fn() -> Result<()>);

/// Everything.
pub(crate) fn all() -> Result<()> {
    // Not all features: `defmt` and `log` exclude each other.
    const FEATURES: &str = "jelling/std,jelling/sim,jelling/sync,jelling/log,jelling-transport/std";
    const CLIPPY: [&str; 8] =
        ["clippy", "--workspace", "--all-targets", "--features", FEATURES, "--", "--deny", "warnings"];
    stages(&[
        ("format", || run(&mut cargo(&["fmt", "--all", "--check"]))),
        ("lint", || run(&mut cargo(&CLIPPY))),
        ("documentation", documentation),
        ("features, each alone", || features::check(features::Depth::Alone)),
        ("no_std", images::no_std),
        ("no-panic image", images::no_panic),
        ("sizes", || images::sizes(false)),
        ("tests and interop", test),
        ("sweeps", || sweeps::all(5_000)),
        ("fuzz", || fuzz::run(None, 8, false)),
        ("benchmarks, in small", bench::test),
        ("demo", demo::run),
    ])
}

/// What takes too long for CI.
pub(crate) fn full() -> Result<()> {
    stages(&[
        ("features, in pairs", || features::check(features::Depth::Pairs)),
        ("interop, 20 times", || interop::run(None, None, 20)),
        ("sweeps and random sessions", || sweeps::all(100_000)),
        ("fuzz", || fuzz::run(None, 300, false)),
        ("fuzz, with panics planted", || fuzz::planted(None, 15)),
        ("coverage", coverage::measure),
        ("benchmarks", || bench::compare(500, false)),
    ])
}

/// Runs stages one after the other, and prints the time of each.
fn stages(stages: &[Stage]) -> Result<()> {
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
