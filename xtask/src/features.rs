//! Every feature of the host, the face and the stores of bonds: alone, in pairs, and what is left of the host without it.

use crate::{cargo, run};
use anyhow::{Context, Result, ensure};
use std::time::Instant;

const PACKAGES: [&str; 4] = ["jelling-wire", "jelling-host", "jelling", "jelling-bonds"];

/// They exclude each other.
const EXCLUSIVE: [&str; 2] = ["defmt", "log"];

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
    let start = Instant::now();
    let mut count = 0;
    for package in PACKAGES {
        for features in combinations(&features_of(package)?, depth) {
            alone(package, &features)?;
            count += 1;
        }
    }
    for features in REFUSING {
        alone("jelling-host", features)?;
        let test = ["test", "--quiet", "--package", "jelling-host", "--test", "refusals"];
        run(cargo(&test).args(["--no-default-features", "--features", features]))?;
        count += 1;
    }
    println!("features: {count} combinations build, in {:.0} s", start.elapsed().as_secs_f32());
    Ok(())
}

/// Checks one library. Flags for it alone leave what it needs as other commands build it: a combination of the face is one of
/// the host, which is checked by itself.
fn alone(package: &str, features: &str) -> Result<()> {
    let mut check = cargo(&["rustc", "--quiet", "--package", package, "--lib", "--profile", "check"]);
    check.args(["--no-default-features", "--features", features, "--", "-Dwarnings"]);
    run(&mut check).with_context(|| format!("{package} with the features {features:?}"))
}

/// The names of a crate's features.
fn features_of(package: &str) -> Result<Vec<String>> {
    let output = cargo(&["metadata", "--no-deps", "--format-version", "1"]).output().context("cannot run cargo")?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let packages = metadata["packages"].as_array().context("no packages")?;
    let found = packages.iter().find(|found| found["name"] == package);
    let features = found.and_then(|found| found["features"].as_object()).context("no such package")?;
    Ok(features.keys().cloned().collect())
}

/// None, each, and perhaps each pair, but those that exclude each other.
fn combinations(features: &[String], depth: Depth) -> Vec<String> {
    let mut list = vec![String::new()];
    list.extend_from_slice(features);
    if depth == Depth::Pairs {
        for (i, one) in features.iter().enumerate() {
            let others = features.iter().skip(i + 1);
            let others = others.filter(|other| !EXCLUSIVE.map(|e| [one.as_str(), other].contains(&e)).eq(&[true; 2]));
            list.extend(others.map(|other| format!("{one},{other}")));
        }
    }
    list
}
