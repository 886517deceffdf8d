//! What the simulator is put through: sweeps, replay, sessions of random octets, fuzzing.

use crate::{cargo, run};
use anyhow::{Context, Result, ensure};
use std::{path::Path, process::Command};

/// cargo-fuzz, which cargo brings once.
const CARGO_FUZZ: &str = "target/tools/fuzz/bin/cargo-fuzz";

fn scenarios(arguments: &[&str]) -> Result<()> {
    let mut command = cargo(&["run", "--quiet", "--release", "--package", "jelling-scenarios", "--"]);
    run(command.args(arguments).env("RUST_BACKTRACE", "0"))
}

/// Every point of every sweep, two sessions replayed, and so many of random octets.
pub(crate) fn all(random: u64) -> Result<()> {
    scenarios(&["sweep"])?;
    scenarios(&["replay"])?;
    scenarios(&["random", "--count", &random.to_string()])?;
    scenarios(&["bench"])
}

/// Fuzzes each target for so many seconds. Without a nightly toolchain there is no fuzzing, and it says so.
pub(crate) fn fuzz(seconds: u32) -> Result<()> {
    let nightly = Command::new("rustup").args(["run", "nightly", "rustc", "--version"]).output();
    if !nightly.is_ok_and(|n| n.status.success()) {
        println!("no fuzzing: that needs `rustup toolchain install nightly`");
        return Ok(());
    }
    if !Path::new(CARGO_FUZZ).exists() {
        eprintln!("setting up cargo-fuzz (once)");
        run(&mut cargo(&["install", "--quiet", "cargo-fuzz", "--locked", "--root", "target/tools/fuzz"]))
            .context("cargo-fuzz could not be set up")?;
    }
    for target in targets()? {
        let corpus = format!("target/fuzz/corpus/{target}");
        std::fs::create_dir_all(&corpus)?;
        let mut command = Command::new(CARGO_FUZZ);
        command.env("RUSTUP_TOOLCHAIN", "nightly").env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTDOC");
        command.args(["fuzz", "run", "--target-dir", "target/fuzz", &target, &corpus, "--"]);
        command.arg(format!("-max_total_time={seconds}")).args(["-max_len=1000", "-print_final_stats=1"]);
        let output = command.output().context("cargo-fuzz cannot be run")?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "fuzzing {target} failed:\n{told}");
        let stat = |name: &str| {
            let line = told.lines().find(|line| line.contains(name));
            line.and_then(|line| line.split_whitespace().last()).unwrap_or("?").to_owned()
        };
        let (units, rate) = (stat("number_of_executed_units"), stat("average_exec_per_sec"));
        println!("fuzz {target}: {units} inputs in {seconds} s, {rate} a second, nothing found");
    }
    Ok(())
}

/// The names of the fuzz targets.
fn targets() -> Result<Vec<String>> {
    let mut names = vec![];
    for entry in std::fs::read_dir("fuzz/fuzz_targets")? {
        let path = entry?.path();
        names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
    }
    names.sort();
    Ok(names)
}
