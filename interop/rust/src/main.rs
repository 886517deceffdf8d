//! Our side of the interop scenarios: a central, a peripheral, or both at once, on the controller of a transport.
//! It ends with success only when everything happened as the scenario says.

mod central;
mod client;
mod peripheral;
mod server;

use anyhow::{Context, Result, bail};
use clap::{Parser, Subcommand};
use jelling::{Bonds, Config, Gatt, Host, Links, PacketRead, PacketWrite, Pool, Resources, ScanSlots, Tasks, Uuid};
use jelling_serial::Settings;
use jelling_transport::{Snoop, WriteSink};
use std::{fs::File, path::PathBuf};

const SERVICE: Uuid = Uuid::new16(0x181a);
const LONG: Uuid = Uuid::new128(0x7d2e_0001_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const WRITABLE: Uuid = Uuid::new128(0x7d2e_0002_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const NOTIFYING: Uuid = Uuid::new128(0x7d2e_0003_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const INDICATING: Uuid = Uuid::new128(0x7d2e_0004_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const REFUSED: Uuid = Uuid::new128(0x7d2e_0005_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const INCLUDED: Uuid = Uuid::new16(0x180f);
const INCLUDED_WIDE: Uuid = Uuid::new128(0x7d2e_0009_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const LEVEL: Uuid = Uuid::new16(0x2a19);

const NOTIFICATIONS: u32 = 100;
const INDICATIONS: u32 = 20;

/// What the long value holds.
fn long_value() -> Vec<u8> {
    (0..300u32).map(|i| (i % 251) as u8).collect()
}

#[derive(Parser)]
struct Arguments {
    /// tcp:HOST:PORT, or serial:PATH
    #[arg(long)]
    transport: String,
    /// Write a capture
    #[arg(long)]
    snoop: Option<PathBuf>,
    #[command(subcommand)]
    role: Role,
}

#[derive(Subcommand)]
enum Role {
    /// Connect to a peripheral of this name
    Central {
        /// Its name
        name: String,
        /// Let the peer end the link
        #[arg(long)]
        peer_disconnects: bool,
    },
    /// Do everything that a client can do with a server of this name
    Client {
        /// Its name
        name: String,
    },
    /// Serve one central under this name
    Peripheral {
        /// Our name
        name: String,
    },
    /// Serve one central, which tries everything a server does, under this name
    Server {
        /// Our name
        name: String,
    },
    /// Serve one central under a name, and connect to a peripheral of another, at once
    Both {
        /// Our name
        name: String,
        /// The peer's name
        peer: String,
    },
    /// Measure the round trip of a read
    Rtt {
        /// The peer's name
        name: String,
    },
}

type Memory = Resources<Links<4, 247>, Gatt<80, 2048>, Pool<64, 8>, ScanSlots<8>, Bonds<16>, Tasks<16>>;

async fn play(host: Host<'_>, role: &Role) -> Result<()> {
    match role {
        Role::Central { name, peer_disconnects } => {
            let end = if *peer_disconnects { central::End::Theirs } else { central::End::Ours };
            central::play(host, name, end).await
        }
        Role::Client { name } => client::play(host, name).await,
        Role::Peripheral { name } => peripheral::play(host, name).await,
        Role::Server { name } => server::play(host, name).await,
        Role::Both { name, peer } => {
            let (served, used) =
                tokio::join!(peripheral::play(host, name), central::play(host, peer, central::End::Ours));
            served.and(used)
        }
        Role::Rtt { name } => central::round_trips(host, name).await,
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    match arguments.transport.split_once(':') {
        Some(("tcp", address)) => {
            let (reader, writer) = jelling_tcp::connect(address).await.context("no controller there")?;
            run(&arguments, reader, writer).await
        }
        Some(("serial", path)) => {
            let (reader, writer) = jelling_serial::open(path, &Settings::default())?;
            run(&arguments, reader, writer).await
        }
        _ => bail!("expected tcp:HOST:PORT or serial:PATH"),
    }
}

async fn run(arguments: &Arguments, reader: impl PacketRead, writer: impl PacketWrite) -> Result<()> {
    let mut resources = Box::new(Memory::new());
    let (host, mut runner) = jelling::new(&mut *resources, Config::default());
    let scenario = async {
        let result = play(host, &arguments.role).await;
        host.stop().await;
        result?;
        let pools = host.pools();
        anyhow::ensure!(pools.blocks.used == 0 && pools.queues.used == 0 && pools.links.used == 0, "leaked: {pools:?}");
        let counters = host.counters();
        anyhow::ensure!(counters.malformed == 0 && counters.credit_violations == 0, "{counters:?}");
        Ok(())
    };
    match &arguments.snoop {
        None => tokio::select! {
            result = scenario => result,
            end = runner.run(reader, writer) => bail!("{end}"),
        },
        Some(file) => {
            let sink = WriteSink::new(File::create(file)?)?;
            tokio::select! {
                result = scenario => result,
                end = runner.run(Snoop::new(reader, &sink), Snoop::new(writer, &sink)) => bail!("{end}"),
            }
        }
    }
}
