//! `l2cap` and `bench`.

use super::{Target, help, values};
use clap::{Args, Subcommand};
use std::{path::PathBuf, time::Duration};

#[derive(Subcommand)]
pub(crate) enum L2capCommand {
    /// Advertise, and take channels, one after the other
    #[command(after_help = help::LISTEN)]
    Listen(ListenOptions),
    /// Open a channel: standard input or a file goes out, what comes goes to standard output or a file
    #[command(after_help = help::CONNECT)]
    Connect(ConnectOptions),
}

/// What either side says of its channel.
#[derive(Args, Clone, Copy)]
pub(crate) struct ChannelArguments {
    /// The number that both sides know: 1 to 255, decimal or 0x..
    #[arg(long, value_name = "N", value_parser = values::psm)]
    pub(crate) psm: u16,
    /// Octets of the longest SDU that is taken, 23 to 65535
    #[arg(long, default_value = "2048", value_name = "BYTES", value_parser = values::channel_mtu)]
    pub(crate) mtu: u16,
    /// Octets of the longest frame that is taken, 23 to 65533
    #[arg(long, default_value = "247", value_name = "BYTES", value_parser = values::mps)]
    pub(crate) mps: u16,
    /// Frames that the peer may send before the first is taken; 0: none, then one at a time [default: some 16 kB of them]
    #[arg(long, value_name = "N", value_parser = values::number)]
    pub(crate) credits: Option<u16>,
    /// Octets of the SDUs that are sent, 1 to 65535 [default: the peer's MTU, which is also the most]
    #[arg(long, value_name = "BYTES", value_parser = values::sdu)]
    pub(crate) sdu: Option<u16>,
}

#[derive(Args)]
pub(crate) struct ListenOptions {
    #[command(flatten)]
    pub(crate) channel: ChannelArguments,
    /// Send back what comes
    #[arg(long, conflicts_with = "output")]
    pub(crate) echo: bool,
    /// Write what comes to this file, one channel's after the other's; -: standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// End after the first channel
    #[arg(long)]
    pub(crate) once: bool,
    /// Complete local name
    #[arg(long, value_name = "N")]
    pub(crate) name: Option<String>,
    /// Seconds after which to end
    #[arg(long, value_name = "S", value_parser = values::seconds)]
    pub(crate) duration: Option<Duration>,
}

#[derive(Args)]
pub(crate) struct ConnectOptions {
    /// The peer: aa:bb:cc:dd:ee:ff[/public|/random]
    #[arg(value_name = "ADDR")]
    pub(crate) address: Target,
    #[command(flatten)]
    pub(crate) channel: ChannelArguments,
    /// Send this file [default: standard input, as -]
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Write what comes to this file [default: standard output, as -]
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Seconds without anything from the peer, after the end of the input, that end it
    #[arg(long, default_value = "1", value_name = "S", value_parser = values::seconds)]
    pub(crate) linger: Duration,
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("side").required(true)))]
pub(crate) struct BenchOptions {
    /// The peer, on which `bench --serve` runs: aa:bb:cc:dd:ee:ff[/public|/random]
    #[arg(value_name = "ADDR", group = "side")]
    pub(crate) address: Option<Target>,
    /// Be the peer: advertise, and serve what is measured
    #[arg(long, group = "side")]
    pub(crate) serve: bool,
    /// Octets that each rate is measured with, from 1
    #[arg(long, default_value = "262144", value_name = "BYTES", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) octets: u32,
    /// Round trips that each latency is measured with, 1 to 100000
    #[arg(long, default_value = "100", value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) count: u32,
    /// Octets of an SDU, 16 to 2048
    #[arg(long, default_value = "2048", value_name = "BYTES", value_parser = clap::value_parser!(u16).range(16..=2_048))]
    pub(crate) sdu: u16,
    /// Seconds after which to end
    #[arg(long, value_name = "S", value_parser = values::seconds)]
    pub(crate) duration: Option<Duration>,
}
