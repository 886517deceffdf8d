//! Sweeps from the command line.

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use jelling_scenarios::{scenario, sweep};
use std::time::Instant;

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
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Sweep { sweep, scenario, stride } => sweeps(sweep.as_deref(), scenario.as_deref(), stride),
    }
}

fn sweeps(only: Option<&str>, of: Option<&str>, stride: usize) -> Result<()> {
    let (mut total, start, mut failed) = (0, Instant::now(), 0);
    for (name, run) in sweep::ALL.iter().filter(|(name, _)| only.is_none_or(|o| o == *name)) {
        for scenario in scenario::ALL.iter().filter(|s| of.is_none_or(|o| o == s.name)) {
            let begin = Instant::now();
            match run(scenario, stride.max(1)) {
                Ok(swept) => {
                    total += swept.points;
                    println!(
                        "{name:10} {:10} {:6} points recovered, {:6} unharmed, {:3} by use, {:3} by restart, longest {:6.1} s of virtual time, in {:.1} s",
                        scenario.name,
                        swept.points,
                        swept.unharmed,
                        swept.by_use,
                        swept.by_restart,
                        swept.longest.as_secs_f32(),
                        begin.elapsed().as_secs_f32()
                    );
                }
                Err(error) => {
                    failed += 1;
                    println!("{name:10} {:10} FAILED: {error}", scenario.name);
                }
            }
        }
    }
    println!("{total} points recovered in {:.1} s", start.elapsed().as_secs_f32());
    if failed > 0 {
        bail!("{failed} sweeps failed");
    }
    Ok(())
}
