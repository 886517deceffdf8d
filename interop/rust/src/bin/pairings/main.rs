//! Two hosts pair in each method, and what goes wrong does. `pairings WHAT` plays two of ours in the simulator, in virtual time;
//! `pairings WHAT ONE TWO` hosts on other controllers: ours at `ours:tcp:HOST:PORT`, Bumble at `bumble:PORT`.

mod bonded;
mod command;
mod methods;
mod ours;
mod refusals;
mod scene;
mod silence;
mod talk;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use embassy_futures::{
    join::join3,
    select::{Either, select},
};
use jelling::{Bonds, Config, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks};
use jelling_interop::bumble;
use jelling_transport::{Snoop, WriteSink};
use scene::Scene;
use std::{collections::BTreeSet, fs, fs::File, path::PathBuf};
use talk::Player;

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
    /// Whose air it is, as the table tells it
    #[arg(long, default_value = "the simulator")]
    air: String,
    /// Play only what has this in its name
    #[arg(long, default_value = "")]
    only: String,
    /// Where the command has its files
    #[arg(long)]
    folder: Option<PathBuf>,
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
    /// What ends by itself after 30 s
    Silence,
    /// The `jelling` command with Bumble
    Command,
}

type Memory = Resources<Links<4, 247>, Gatt<80, 2048>, Pool<64, 8>, ScanSlots<8>, Bonds<4>, Tasks<16>>;

/// Plays, and gives the keys that there were.
async fn play(arguments: &Arguments, one: Player, two: Player) -> Result<BTreeSet<String>> {
    let mut scene = Scene::new(one, two);
    scene.only.clone_from(&arguments.only);
    match arguments.what {
        What::Methods => methods::play(&mut scene).await,
        What::Refusals => refusals::play(&mut scene).await,
        What::Bonded => bonded::play(&mut scene).await,
        What::Silence => silence::play(&mut scene).await,
        What::Command => bail!("the command pairs with Bumble"),
    }?;
    ensure!(scene.failed.is_empty(), "{}", scene.failed.join("\n"));
    Ok(scene.secrets)
}

/// Two hosts of ours on simulated controllers.
fn simulate(arguments: &Arguments) -> Result<()> {
    let air = &arguments.air;
    jelling::sim::run(1, async |[first, second]| {
        let ((one, first_ends), (two, second_ends)) = (Player::new("jelling"), Player::new(format!("jelling, {air}")));
        let (played, one, two) =
            join3(play(arguments, one, two), ours::play(first, first_ends), ours::play(second, second_ends)).await;
        played.and(one.and(two))
    })
}

/// Our host at this address, with the other.
async fn with_ours(arguments: &Arguments, address: &str, two: Player) -> Result<()> {
    let (reader, writer) = jelling_tcp::connect(address).await.context("no controller there")?;
    let mut memory = Box::new(Memory::new());
    let (host, mut runner) = jelling::new(&mut *memory, Config::default());
    let scenario = pair_with(arguments, host, two);
    let Some(file) = &arguments.snoop else {
        return match select(scenario, runner.run(reader, writer)).await {
            Either::First(result) => result.map(|_| ()),
            Either::Second(end) => bail!("{end}"),
        };
    };
    let sink = WriteSink::new(File::create(file)?)?;
    let secrets = match select(scenario, runner.run(Snoop::new(reader, &sink), Snoop::new(writer, &sink))).await {
        Either::First(result) => result?,
        Either::Second(end) => bail!("{end}"),
    };
    // Neither a key nor half of one.
    let capture = fs::read(file)?;
    for secret in &secrets {
        let key = ours::octets::<16>(secret)?;
        let mut halves = key.chunks(8).filter(|half| half.iter().any(|octet| *octet != 0));
        let shown = halves.any(|half| capture.windows(8).any(|octets| octets == half));
        ensure!(!shown, "{} shows a key", file.display());
    }
    ensure!(!secrets.is_empty() || matches!(arguments.what, What::Refusals | What::Silence), "no keys to look for");
    Ok(())
}

async fn pair_with(arguments: &Arguments, host: Host<'_>, two: Player) -> Result<BTreeSet<String>> {
    let (one, ends) = Player::new("jelling");
    let (played, obeyed) = embassy_futures::join::join(play(arguments, one, two), ours::play(host, ends)).await;
    host.stop().await;
    let secrets = played?;
    obeyed?;
    let pools = host.pools();
    ensure!(pools.blocks.used == 0 && pools.queues.used == 0 && pools.links.used == 0, "leaked: {pools:?}");
    let counters = host.counters();
    ensure!(counters.malformed == 0 && counters.credit_violations == 0, "{counters:?}");
    Ok(secrets)
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let [one, two] = &arguments.hosts[..] else {
        ensure!(arguments.hosts.is_empty(), "two hosts, or none");
        // Virtual time, and so no runtime of tokio, which would count its polls.
        return simulate(&arguments);
    };
    let bumble = |spec: &str| {
        let port = spec.strip_prefix("bumble:").context("a host is `ours:tcp:HOST:PORT` or `bumble:PORT`")?;
        bumble::start(&format!("Bumble, {}", arguments.air), &arguments.python, "interop/pairing.py", port)
    };
    let (mut two, _two) = bumble(two)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        match one.strip_prefix("ours:tcp:") {
            Some(address) if matches!(arguments.what, What::Command) => {
                let folder = arguments.folder.clone().context("--folder")?;
                let place = command::Place { transport: format!("tcp:{address}"), folder };
                command::play(&place, &mut two).await
            }
            Some(address) => with_ours(&arguments, address, two).await,
            None => {
                let (one, _one) = bumble(one)?;
                play(&arguments, one, two).await.map(|_| ())
            }
        }
    })
}
