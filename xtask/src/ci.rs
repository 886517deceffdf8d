//! What CI runs, stage by stage.

use crate::{
    bench, cargo, cost, coverage, demo, embed, features, firmware, fuzz, images, interop,
    lanes::{self, Stage},
    numbers, panics, run, setup, sizes, sweeps,
};
use anyhow::{Context, Result};

/// README's test command.
pub(crate) fn test() -> Result<()> {
    tests()?;
    peers()
}

/// The tests that need cargo alone.
fn tests() -> Result<()> {
    run(&mut cargo(&["test", "--workspace"]))?;
    run(&mut cargo(&["test", "--package", "jelling", "--features", "std,sim,sync"]))?;
    run(&mut cargo(&["test", "--package", "jelling", "--features", "sim,log", "--test", "log"]))
}

/// What is compared and played with Bumble, RootCanal and dissectors.
fn peers() -> Result<()> {
    interop::commands(false)?;
    numbers::compare()?;
    interop::run(None, None, 1)
}

/// Not all features: `defmt` and `log` exclude each other.
const FEATURES: &str =
    "jelling/std,jelling/sim,jelling/sync,jelling/log,jelling/legacy-pairing,jelling-transport/std,jelling-bonds/flash";

fn lint() -> Result<()> {
    run(&mut cargo(&["clippy", "--workspace", "--all-targets", "--features", FEATURES, "--", "--deny", "warnings"]))
}

/// What is documented links to what is there.
fn documentation() -> Result<()> {
    let mut doc = cargo(&["doc", "--quiet", "--workspace", "--no-deps", "--features", FEATURES]);
    run(doc.env("RUSTDOCFLAGS", "--deny warnings"))
}

/// No lane waits for what another builds: the first builds for development, the second in profiles and folders of its own, and the
/// third waits for the network.
const CI: [&[Stage]; 3] = [
    &[
        ("format", || run(&mut cargo(&["fmt", "--all", "--check"]))),
        ("lint", lint),
        ("documentation", documentation),
        ("features, each alone", || features::check(features::Depth::Alone)),
        ("tests", tests),
        ("interop", peers),
        ("firmware", || firmware::run(None, None)),
        ("demo", demo::run),
        ("no panic, with panics planted", panics::planted),
        ("fuzz", || fuzz::run(None, 8, false)),
    ],
    &[
        ("sweeps", || sweeps::all(5_000)),
        ("no_std", images::no_std),
        ("docs/embed.md", || embed::check(false)),
        ("no panic", || panics::check(false)),
        ("sizes", || sizes::compare(sizes::Whose::Ours)),
        ("firmware, built", || firmware::lint().and_then(|()| firmware::built())),
        ("benchmarks, in small", bench::test),
    ],
    &[("tools", || setup::all().and_then(|()| images::tools()).and_then(|()| firmware::tools()))],
];

const FULL: [&[Stage]; 1] = [&[
    ("features, in pairs", || features::check(features::Depth::Pairs)),
    ("interop, 20 times", || interop::run(None, None, 20)),
    ("pairings, silent ones", || interop::run(Some(interop::Scenario::PairingSilence), None, 1)),
    ("sweeps and random sessions", || sweeps::all(100_000)),
    ("pairings, 1,000", || sweeps::pairings(1_000)),
    ("SMP at every length", every_length),
    ("fuzz, for long", || fuzz::run(None, 300, false)),
    ("fuzz, with panics planted", || fuzz::planted(None, 15)),
    ("coverage", coverage::measure),
    ("sizes, and the peer's", || sizes::compare(sizes::Whose::Both)),
    ("instructions on a Cortex-M4", cost::table),
    ("benchmarks", || bench::compare(500, false)),
]];

/// Every opcode of the Security Manager at every length, in every state: CI takes some lengths of each.
fn every_length() -> Result<()> {
    let package = ["test", "--release", "--package", "jelling-host", "--features", "jelling-host/legacy-pairing"];
    run(cargo(&package).args(["--test", "pairing_octets"]).env("EVERY_LENGTH", "1"))
}

/// Everything, or one stage of it.
pub(crate) fn all(stage: Option<&str>) -> Result<()> {
    stage.map_or_else(|| lanes::play("ci", &CI), |name| one(&CI, name))
}

/// What takes too long for CI, or one stage of it.
pub(crate) fn full(stage: Option<&str>) -> Result<()> {
    stage.map_or_else(|| lanes::play("full", &FULL), |name| one(&FULL, name))
}

fn one(lanes: &[&[Stage]], name: &str) -> Result<()> {
    let stages = || lanes.iter().flat_map(|lane| lane.iter());
    let known = || stages().map(|(name, _)| *name).collect::<Vec<_>>().join("; ");
    let (_, work) = stages().find(|(n, _)| *n == name).with_context(|| format!("the stages are: {}", known()))?;
    work()
}
