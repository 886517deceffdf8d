//! Developer commands: what CI runs, and what a contributor runs by hand.

mod bench;
mod bridge;
mod channels;
mod ci;
mod command;
mod cost;
mod coverage;
mod demo;
mod embed;
mod export;
mod features;
mod firmware;
mod fuzz;
mod images;
mod interop;
mod judge;
mod lanes;
mod numbers;
mod pairings;
mod panics;
mod players;
mod rig;
mod setup;
mod sizes;
mod sweeps;

use anyhow::{Context, Result, ensure};
use clap::{Parser, Subcommand};
use std::{
    path::{Path, PathBuf},
    process::Command,
};

#[derive(Parser)]
#[command(about, bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install RootCanal, Bumble and the dissectors into target/tools (once)
    Setup,
    /// Show two hosts at work on simulated controllers
    Demo,
    /// Run every test, and each interop scenario once
    Test,
    /// Run interop scenarios against Bumble, on RootCanal and on our own controllers
    Interop {
        /// Only this one
        scenario: Option<interop::Scenario>,
        /// Only on these controllers
        #[arg(long)]
        radio: Option<rig::Kind>,
    },
    /// Call every command of our controllers on them and on RootCanal, and compare with interop/commands.tsv
    Commands {
        /// Write the answers down instead
        #[arg(long)]
        record: bool,
    },
    /// Pair in each method: two hosts of ours in the simulator, then ours with Bumble, and print the table
    Pairings,
    /// Compare our names and a packet of each kind with Bumble, tshark and btmon
    Numbers,
    /// Sweep every scenario with faults at every point, replay sessions, play random ones, measure the simulator
    Sweeps {
        /// Sessions of random octets
        #[arg(long, default_value_t = 5_000)]
        random: u64,
    },
    /// Fuzz each target, several side by side
    Fuzz {
        /// Only this one
        target: Option<String>,
        /// For how long
        #[arg(long, default_value_t = 15)]
        seconds: u32,
        /// Build each with a panic in it, which must be found in that time
        #[arg(long, conflicts_with = "keep")]
        planted: bool,
        /// Put what reaches new code into fuzz/corpus
        #[arg(long)]
        keep: bool,
    },
    /// Take captures apart into seeds in fuzz/corpus
    Corpus {
        /// In btsnoop format; else those of `cargo xtask interop`
        captures: Vec<String>,
    },
    /// Measure the line coverage of `wire` and `host`, by tests and corpora together
    Coverage,
    /// Run something many times in a row
    Soak {
        /// What
        what: Soak,
        /// How often
        count: usize,
    },
    /// Build the no_std crates for thumbv7em
    NoStd,
    /// Build the crate that docs/embed.md shows, and compare its numbers with what the build gives
    Embed {
        /// Write them down instead
        #[arg(long)]
        record: bool,
    },
    /// Find where a panic can begin in images: nowhere in our code, and in that of others where panics.toml says
    NoPanic {
        /// Write down what others have
        #[arg(long)]
        record: bool,
        /// Plant panics into a copy of the repository, each of which must be found
        #[arg(long, conflicts_with = "record")]
        planted: bool,
    },
    /// Check each feature of the host and the face alone, and in pairs
    Features {
        /// How many features together
        #[arg(value_enum, default_value_t = features::Depth::Pairs)]
        depth: features::Depth,
    },
    /// Measure images, one for each combination of features, with trouble-host's beside them, and compare with sizes.toml
    Sizes {
        /// Write them down instead, in README.md too
        #[arg(long)]
        record: bool,
        /// Measure ours alone, and take trouble-host's from sizes.toml, as CI does
        #[arg(long)]
        ours: bool,
        /// Only print the largest symbols of this row
        #[arg(long, value_name = "ROW", conflicts_with_all = ["record", "ours"])]
        symbols: Option<String>,
    },
    /// Build the firmware, and run it in QEMU
    Firmware {
        /// What
        #[command(subcommand)]
        what: Firmware,
    },
    /// Count instructions of a read, a notification and a pairing on a Cortex-M4, beside trouble-host's
    Cost,
    /// Measure jelling and trouble-host on the same instant link: rates, losses, latencies, instructions
    Bench {
        /// For how long each row is measured, three times
        #[arg(long, default_value_t = 500)]
        milliseconds: u32,
        /// Print the table in Markdown
        #[arg(long)]
        markdown: bool,
    },
    /// Everything CI runs, with the time of each stage
    Ci {
        /// Only this one
        stage: Option<String>,
    },
    /// What takes too long for CI: features in pairs, interop twenty times, silent pairings, random sessions, fuzzing, planted panics, coverage, benchmarks
    Full {
        /// Only this one
        stage: Option<String>,
    },
}

#[derive(Clone, Copy, Subcommand)]
enum Firmware {
    /// Build the images
    Build,
    /// Build them, and run them in QEMU on RootCanal and on our controllers, with who talks to them
    Run {
        /// Only this one
        #[arg(long)]
        image: Option<firmware::Image>,
        /// Only with this one
        #[arg(long)]
        peer: Option<firmware::Peer>,
    },
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Soak {
    /// All interop scenarios
    Interop,
    /// Two hosts in the simulator pair, and meet again
    Pairings,
}

fn main() -> Result<()> {
    std::env::set_current_dir(root())?;
    match Arguments::parse().command {
        Task::Setup => setup::all(),
        Task::Demo => demo::run(),
        Task::Test => ci::test(),
        Task::Interop { scenario, radio } => interop::run(scenario, radio, 1),
        Task::Commands { record } => interop::commands(record),
        Task::Pairings => interop::table(),
        Task::Numbers => numbers::compare(),
        Task::Soak { what: Soak::Interop, count } => interop::run(None, None, count),
        Task::Soak { what: Soak::Pairings, count } => sweeps::pairings(count),
        Task::NoStd => images::no_std(),
        Task::Embed { record } => embed::check(record),
        Task::NoPanic { planted: true, .. } => panics::planted(),
        Task::NoPanic { record, .. } => panics::check(record),
        Task::Features { depth } => features::check(depth),
        Task::Firmware { what: Firmware::Build } => firmware::built(),
        Task::Firmware { what: Firmware::Run { image, peer } } => firmware::run(image, peer),
        Task::Sizes { symbols: Some(row), .. } => sizes::largest(&row, 40),
        Task::Sizes { record, ours, .. } => {
            let whose = if ours { sizes::Whose::Ours } else { sizes::Whose::Both };
            if record { sizes::record(whose) } else { sizes::compare(whose) }
        }
        Task::Cost => cost::table(),
        Task::Sweeps { random } => sweeps::all(random),
        Task::Fuzz { target, seconds, planted: true, .. } => fuzz::planted(target.as_deref(), seconds),
        Task::Fuzz { target, seconds, keep, .. } => fuzz::run(target.as_deref(), seconds, keep),
        Task::Corpus { captures } => fuzz::corpus(captures),
        Task::Bench { milliseconds, markdown } => bench::compare(milliseconds, markdown),
        Task::Coverage => coverage::measure(),
        Task::Ci { stage } => ci::all(stage.as_deref()),
        Task::Full { stage } => ci::full(stage.as_deref()),
    }
}

/// The workspace's folder.
fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Where cargo builds.
fn target() -> String {
    std::env::var("CARGO_TARGET_DIR").unwrap_or_else(|_| "target".into())
}

/// Runs a command to its end and wants it to succeed.
fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {command:?}"))?;
    ensure!(status.success(), "{command:?} failed: {status}");
    Ok(())
}

/// `cargo` with these arguments.
fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments);
    command
}

/// Builds our programs as `cargo test` builds them: with a test asked for too, cargo takes the features that tests need, and what
/// is built serves both.
fn programs() -> Result<()> {
    let mut build = cargo(&["build", "--quiet", "--workspace", "--test", "readme_test"]);
    run(build.args(
        [
            "jelling",
            "jelling-interop",
            "channels",
            "commands",
            "file_client",
            "firmware",
            "numbers",
            "pairings",
            "temp_sensor",
        ]
        .map(|name| format!("--bin={name}")),
    ))
}
