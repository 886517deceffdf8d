//! Sweeps from the command line.

use anyhow::{Context, Result, bail, ensure};
use clap::{Parser, Subcommand};
use jelling_scenarios::{
    bench, fuzz, pairings, replay,
    scenario::{self, Scenario},
    sweep, uart,
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Instant,
};

/// Scenarios of two hosts on simulated controllers, with everything that can go wrong
#[derive(Parser)]
#[command(name = "jelling-scenarios")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Let something go wrong at each point of each scenario
    Sweep {
        /// disconnect, cancel, silence, fault or byte; else all
        #[arg(long)]
        sweep: Option<String>,
        /// Only this scenario
        #[arg(long)]
        scenario: Option<String>,
        /// Only each so many-th point
        #[arg(long, default_value_t = 1)]
        stride: usize,
    },
    /// Record a session of two hosts, play it again, and compare what came out
    Replay {
        /// Packets at least
        #[arg(long, default_value_t = 10_000)]
        packets: usize,
    },
    /// Measure the simulator: packets a second on an instant air, simulated seconds a second of a busy link
    Bench,
    /// Measure how near two hosts come to what the framing leaves of their UARTs
    Uart,
    /// Pair again and again, in each way in turn, and find the bond each time
    Pairings {
        /// How often
        #[arg(long, default_value_t = 1_000)]
        count: usize,
        /// What randomness follows from
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Take captures and tables of packets apart into seeds of the fuzz targets
    Corpus {
        /// The folder of the corpora
        #[arg(long)]
        into: PathBuf,
        /// Files in btsnoop format, and tables (.tsv)
        captures: Vec<PathBuf>,
    },
    /// Play sessions of random octets, as the fuzz target does
    Random {
        /// How many
        #[arg(long, default_value_t = 2_000)]
        count: u64,
        /// The first one's number
        #[arg(long, default_value_t = 0)]
        from: u64,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Sweep { sweep, scenario, stride } => sweeps(sweep.as_deref(), scenario.as_deref(), stride),
        Command::Replay { packets } => replays(packets),
        Command::Bench => bench::run(),
        Command::Uart => uart::run(),
        Command::Pairings { count, seed } => pair(count, seed),
        Command::Corpus { into, captures } => corpus(&into, &captures),
        Command::Random { count, from } => {
            for number in from..from + count {
                let mut octets = vec![0; 400];
                ChaCha8Rng::seed_from_u64(number).fill_bytes(&mut octets);
                let played = std::panic::catch_unwind(|| fuzz::air(&octets));
                if played.is_err() {
                    bail!("session {number} failed");
                }
            }
            println!("{count} random sessions, everything whole after each");
            Ok(())
        }
    }
}

fn pair(count: usize, seed: u64) -> Result<()> {
    let start = Instant::now();
    let pairings::Pairings { count, authenticated, packets, took } =
        pairings::run(seed, count).map_err(anyhow::Error::msg)?;
    println!(
        "{count} pairings, {authenticated} of them authenticated, each with an encrypted reconnect: {packets} HCI packets, {:.0} s of virtual time, in {:.1} s; pools as at the start",
        took.as_secs_f32(),
        start.elapsed().as_secs_f32()
    );
    Ok(())
}

fn corpus(into: &Path, captures: &[PathBuf]) -> Result<()> {
    let mut seeds = fuzz::seeds::Seeds::default();
    for path in captures {
        let name = path.file_stem().context("a capture has a name")?.to_string_lossy();
        let file = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        if path.extension().is_some_and(|end| end == "tsv") {
            seeds.table(&String::from_utf8_lossy(&file));
            continue;
        }
        seeds.capture(&name, &file).with_context(|| format!("{} is no capture", path.display()))?;
    }
    let (mut count, mut octets) = (0, 0);
    for (target, name, seed) in seeds.iter() {
        let folder = into.join(target);
        fs::create_dir_all(&folder)?;
        fs::write(folder.join(format!("seed-{name}")), seed)?;
        (count, octets) = (count + 1, octets + seed.len());
    }
    println!("{count} seeds, {octets} octets, from {} files", captures.len());
    Ok(())
}

fn replays(packets: usize) -> Result<()> {
    let mut hashes = vec![];
    for seed in [1, 2] {
        let (session, peer) = replay::record(seed, packets).map_err(anyhow::Error::msg)?;
        let (count, again) = replay::again(&session, peer);
        println!(
            "seed {seed}: {} packets, host octets {:016x}, played again {again:016x}",
            session.packets, session.hash
        );
        ensure!((count, again) == (session.packets, session.hash), "the replay differs");
        hashes.push(again);
    }
    ensure!(hashes[0] != hashes[1], "another seed gives the same session");
    Ok(())
}

/// What became of a sweep of a scenario, as a line, and how many points it had.
fn swept(name: &str, run: sweep::Sweep, scenario: &Scenario, stride: usize) -> (String, Option<usize>) {
    let begin = Instant::now();
    match run(scenario, stride) {
        Ok(swept) => {
            let line = format!(
                "{name:10} {:10} {:6} points recovered, {:6} unharmed, {:3} by use, {:3} by restart, {:3} damaged, longest {:6.1} s, call {:5.1} s of virtual time, in {:.1} s",
                scenario.name,
                swept.points,
                swept.unharmed,
                swept.by_use,
                swept.by_restart,
                swept.damaged,
                swept.longest.as_secs_f32(),
                swept.longest_call.as_secs_f32(),
                begin.elapsed().as_secs_f32()
            );
            (line, Some(swept.points))
        }
        Err(error) => (format!("{name:10} {:10} FAILED: {error}", scenario.name), None),
    }
}

/// Each sweep of each scenario, on as many threads as there are processors: virtual time is the thread's own.
fn sweeps(only: Option<&str>, of: Option<&str>, stride: usize) -> Result<()> {
    let chosen = sweep::ALL.iter().filter(|(name, _)| only.is_none_or(|o| o == *name));
    let scenarios = || scenario::ALL.iter().filter(|s| of.is_none_or(|o| o == s.name));
    let work: Vec<_> = chosen.flat_map(|(name, run)| scenarios().map(move |s| (*name, *run, s))).collect();
    let start = Instant::now();
    let (next, total, failed) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((name, run, scenario)) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (line, points) = swept(name, *run, scenario, stride.max(1));
                    println!("{line}");
                    match points {
                        Some(points) => total.fetch_add(points, Ordering::Relaxed),
                        None => failed.fetch_add(1, Ordering::Relaxed),
                    };
                }
            });
        }
    });
    println!("{} points recovered in {:.1} s", total.into_inner(), start.elapsed().as_secs_f32());
    match failed.into_inner() {
        0 => Ok(()),
        failed => bail!("{failed} sweeps failed"),
    }
}
