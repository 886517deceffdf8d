//! Two hosts pair in each method, with what goes wrong too. `pairings WHAT ONE TWO`: a host is `bumble:PORT`, or ours at a
//! transport `tcp:HOST:PORT`; `pairings WHAT` plays two of ours in the simulator, in virtual time.

use jelling as _;
mod bonded;
mod bumble;
mod methods;
mod refusals;
mod scene;
mod talk;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use scene::Scene;
use std::path::PathBuf;

#[derive(Parser)]
struct Arguments {
    /// What is played
    #[arg(value_enum)]
    what: What,
    /// The two hosts
    hosts: Vec<String>,
    /// The Python that has Bumble
    #[arg(long, default_value = "python3")]
    python: String,
    /// Write a capture of our host
    #[arg(long)]
    snoop: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// Each method in both roles
    Methods,
    /// What must not come about
    Refusals,
    /// What becomes of bonds
    Bonded,
}

async fn play(what: What, scene: &mut Scene) -> Result<()> {
    match what {
        What::Methods => methods::play(scene).await,
        What::Refusals => refusals::play(scene).await,
        What::Bonded => bonded::play(scene).await,
    }?;
    ensure!(scene.failed.is_empty(), "{}", scene.failed.join("\n"));
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let [one, two] = &arguments.hosts[..] else { bail!("two hosts") };
    let start = |spec: &str| bumble::start(&arguments.python, spec.strip_prefix("bumble:").context("bumble:PORT")?);
    let ((one, _one), (two, _two)) = (start(one)?, start(two)?);
    play(arguments.what, &mut Scene::new(one, two)).await
}
