//! A PC's side of the firmware's scenarios: what it does is told line by line, and the line `reset` asks whoever reads it to reset
//! the MCU.

mod battery;
mod sensor;
mod stream;

use anyhow::{Context, Result, bail, ensure};
use clap::Parser;
use core::time::Duration;
use jelling::{Bonds, Config, Connection, Gatt, Host, Links, Pool, Resources, ScanSlots, Tasks};
use jelling_transport::{Snoop, WriteSink};
use std::{fs::File, path::PathBuf};

#[derive(Parser)]
struct Arguments {
    /// What is played
    #[arg(value_enum)]
    what: What,
    /// The port of the controller
    port: u16,
    /// Write a capture
    #[arg(long)]
    snoop: PathBuf,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum What {
    /// Read, subscribe and pair; after a reset of the MCU encrypt with the bond
    Sensor,
    /// Read and write, and be told of what was written
    Battery,
    /// Count notifications and writes
    Stream,
}

type Memory = Resources<Links<2, 247>, Gatt<24, 64>, Pool<200, 8>, ScanSlots<8>, Bonds<2>, Tasks<16>>;

/// Connects to who advertises under this name, with the shortest interval.
async fn connect<'d>(host: Host<'d>, name: &str) -> Result<Connection<'d>> {
    let step = Duration::from_millis(30);
    let mut scanner = host.scan(Duration::from_secs(10)).active().interval(step).window(step).await?;
    let device = loop {
        let result = scanner.try_next().await?.with_context(|| format!("{name} was not found"))?;
        if result.name() == Some(name) && result.connectable() {
            break result.device();
        }
    };
    drop(scanner);
    println!("found {name} at {device}");
    let interval = Duration::from_micros(7_500);
    host.connect(device).interval(interval, interval).await.context("connect")
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let address = format!("127.0.0.1:{}", arguments.port);
    let (reader, writer) = jelling_tcp::connect(&address).await.context("no controller there")?;
    let mut resources = Box::new(Memory::new());
    let (host, mut runner) = jelling::new(&mut *resources, Config::default());
    let scenario = async {
        match arguments.what {
            What::Sensor => sensor::play(host).await,
            What::Battery => battery::play(host).await,
            What::Stream => stream::play(host).await,
        }?;
        host.stop().await;
        let (pools, counters) = (host.pools(), host.counters());
        ensure!(pools.blocks.used == 0 && pools.queues.used == 0 && pools.links.used == 0, "leaked: {pools:?}");
        ensure!(counters.malformed == 0 && counters.credit_violations == 0, "{counters:?}");
        Ok(())
    };
    let sink = WriteSink::new(File::create(&arguments.snoop)?)?;
    tokio::select! {
        result = scenario => result,
        end = runner.run(Snoop::new(reader, &sink), Snoop::new(writer, &sink)) => bail!("{end}"),
    }
}
