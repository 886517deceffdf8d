//! Two hosts with credit-based channels. `channels WHAT` plays two of ours in the simulator, in virtual time; `channels WHAT ONE TWO`
//! hosts on other controllers: ours at `ours:tcp:HOST:PORT`, Bumble at `bumble:PORT`.

mod endings;
mod lacking;
mod octets;
mod ours;
mod parameters;
mod rates;
mod refusals;
mod scene;
mod talk;
mod transfers;
mod violations;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use embassy_futures::{
    join::{join, join3},
    select::{Either, select},
};
use jelling::{Bonds, Channels, Config, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks};
use jelling_interop::bumble;
use jelling_transport::{Snoop, WriteSink};
use lacking::Lacking;
use scene::Scene;
use std::{fs::File, path::PathBuf};
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
    /// SDUs of which a rate is taken
    #[arg(long, default_value_t = 200)]
    sdus: usize,
    /// Write a capture of our host
    #[arg(long)]
    snoop: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// SDUs of each length, on channels of each kind
    Transfers,
    /// Several channels at once, and streams of octets
    AtOnce,
    /// Channels that are not opened: Bumble refuses in each way, and asks for what it may not have
    Refusals,
    /// How channels end
    Endings,
    /// What Bumble must not do
    Violations,
    /// Parameters of the connection, by L2CAP
    Parameters,
    /// How fast they are
    Rates,
}

type Memory =
    Resources<Links<2, 247>, Gatt<40, 512>, Pool<1200, 8>, ScanSlots<8>, Bonds<4>, Tasks<48>, Channels<10, 4>>;

async fn play(arguments: &Arguments, one: Player, two: Player) -> Result<()> {
    let mut scene = Scene::new(one, two);
    scene.only.clone_from(&arguments.only);
    match arguments.what {
        What::Transfers => transfers::play(&mut scene).await,
        What::AtOnce => transfers::play_at_once(&mut scene).await,
        What::Refusals => refusals::play(&mut scene).await,
        What::Endings => endings::play(&mut scene).await,
        What::Violations => violations::play(&mut scene).await,
        What::Parameters => parameters::play(&mut scene).await,
        What::Rates => rates::play(&mut scene, arguments.sdus).await,
    }
    ensure!(scene.failed.is_empty(), "{}", scene.failed.join("\n"));
    Ok(())
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
    let scenario = played(arguments, host, two);
    let end = match (&arguments.snoop, arguments.what) {
        (None, _) => select(scenario, runner.run(reader, writer)).await,
        (Some(file), what) => {
            let sink = WriteSink::new(File::create(file)?)?;
            let (reader, writer) = (Snoop::new(reader, &sink), Snoop::new(writer, &sink));
            if matches!(what, What::Parameters) {
                select(scenario, runner.run(Lacking::new(reader), writer)).await
            } else {
                select(scenario, runner.run(reader, writer)).await
            }
        }
    };
    match end {
        Either::First(result) => result,
        Either::Second(end) => bail!("{end}"),
    }
}

async fn played(arguments: &Arguments, host: Host<'_>, two: Player) -> Result<()> {
    let (one, ends) = Player::new("jelling");
    let (played, obeyed) = join(play(arguments, one, two), ours::play(host, ends)).await;
    host.stop().await;
    played?;
    obeyed?;
    let (pools, counters) = (host.pools(), host.counters());
    ensure!(pools.blocks.used == 0 && pools.channels.used == 0 && pools.links.used == 0, "leaked: {pools:?}");
    // Only where Bumble does it on purpose.
    let violates = matches!(arguments.what, What::Violations);
    let clean = counters.malformed == 0 && counters.credit_violations == 0;
    ensure!(clean != violates, "{counters:?}");
    Ok(())
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
        let name = format!("Bumble, {}", arguments.air);
        bumble::start(&name, &arguments.python, "interop/channel.py", port)
    };
    let (two, _two) = bumble(two)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        if let Some(address) = one.strip_prefix("ours:tcp:") {
            return with_ours(&arguments, address, two).await;
        }
        let (one, _one) = bumble(one)?;
        play(&arguments, one, two).await
    })
}
