//! What may stand on the command line. Whatever cannot be parsed ends with exit 2.

mod channel;
mod help;
mod pairing;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use channel::{BenchOptions, ChannelArguments, ConnectOptions, L2capCommand, ListenOptions};
pub(crate) use pairing::{Io, Oob, PairingOptions, most_significant_first};
pub(crate) use values::{Characteristic, Hex, Manufacturer, Target};

use crate::spec::Spec;
use clap::{Args, Parser, Subcommand};
use jelling::Uuid;
use std::{path::PathBuf, time::Duration};
use values::{millis, number, part, seconds};

/// Bluetooth LE on any HCI controller.
#[derive(Parser)]
#[command(
    name = "jelling",
    version,
    about,
    after_help = "Example: jelling -t tcp:127.0.0.1:6402 scan --active --duration 5"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Args)]
pub(crate) struct Global {
    /// The controller: serial:PATH[,BAUD[,noflow]], tcp:HOST:PORT or sim: [env: JELLING_TRANSPORT]
    #[arg(short, long, global = true, value_name = "SPEC")]
    pub(crate) transport: Option<Spec>,
    /// Write a btsnoop capture of everything on HCI, keys blanked
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) snoop: Option<PathBuf>,
    /// Seconds for connecting and for the controller to answer
    #[arg(long, global = true, default_value = "10", value_name = "S", value_parser = seconds)]
    pub(crate) timeout: Duration,
    /// One JSON object a line on stdout
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Where bonds are kept; without it none is. What connects encrypts towards a bonded peer
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) bonds: Option<PathBuf>,
    /// Go by a resolvable private address, which bonded peers alone know for ours
    #[arg(long, global = true)]
    pub(crate) privacy: bool,
    /// Log to stderr; twice: each packet too
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Bring the controller up and tell what it is and can
    #[command(after_help = "Example: jelling -t tcp:127.0.0.1:6402 info")]
    Info,
    /// List the serial ports of this computer
    #[command(after_help = "Example: jelling ports")]
    Ports,
    /// List devices that advertise, each again when its data changes
    #[command(after_help = "Example: jelling scan --active --name thermo --duration 5")]
    Scan(ScanOptions),
    /// Advertise until stopped, again after each connection
    #[command(after_help = "Example: jelling advertise --name beacon --manufacturer 0xffff:0102 --non-connectable")]
    Advertise(AdvertiseOptions),
    /// Show a peer's services, characteristics and values
    #[command(after_help = help::EXPLORE)]
    Explore(ExploreOptions),
    /// Read a value, whole
    #[command(after_help = "Example: jelling read da:4c:10:de:00:01 2a6e")]
    Read {
        /// The peer: aa:bb:cc:dd:ee:ff[/public|/random]
        #[arg(value_name = "ADDR")]
        address: Target,
        /// The characteristic: a UUID, or its value's handle
        #[arg(value_name = "CHAR")]
        characteristic: Characteristic,
    },
    /// Write a value, whole
    #[command(after_help = "Example: jelling write da:4c:10:de:00:01 0x0013 c409")]
    Write(WriteOptions),
    /// Print a characteristic's notifications or indications
    #[command(after_help = "Example: jelling subscribe da:4c:10:de:00:01 2a6e --count 3")]
    Subscribe(SubscribeOptions),
    /// Show the main job on simulated controllers: scan, connect, discover, notifications
    #[command(after_help = "Example: jelling demo")]
    Demo,
    /// Simulated controllers on one air, for any host: each on a port or a pty of its own
    #[command(after_help = "Example: jelling sim --tcp 6402 6403 --json")]
    Sim(SimOptions),
    /// Serve a GATT database from a file
    #[command(after_help = help::SERVE)]
    Serve(ServeOptions),
    /// Pair with a peer, or encrypt towards one that is bonded, and disconnect
    #[command(after_help = help::PAIR)]
    Pair(PairOptions),
    /// Octets over a channel: LE credit based connections
    #[command(after_help = help::L2CAP)]
    L2cap {
        #[command(subcommand)]
        what: L2capCommand,
    },
    /// Rates and latencies between two computers: GATT notifications, GATT writes, channels
    #[command(after_help = help::BENCH)]
    Bench(BenchOptions),
    /// What is in the bond store of --bonds FILE; needs no controller
    #[command(after_help = "Example: jelling --bonds bonds.json bonds list --json")]
    Bonds {
        #[command(subcommand)]
        what: BondsCommand,
    },
    /// Show a capture, one line a packet: `<` from the host, `>` from the controller, seconds at the end
    #[command(after_help = help::SHOW)]
    Show {
        /// The capture: btsnoop of H4, HCI or the Linux monitor; -: standard input
        #[arg(value_name = "FILE.btsnoop")]
        file: PathBuf,
    },
    /// Feed a capture's controller to a fresh host, in no time, and compare what the host sends
    #[command(after_help = help::REPLAY)]
    Replay(ReplayOptions),
    /// Print the completions of a shell
    #[command(after_help = "Example: jelling completions bash\n\nTo have them: put the output into \
                            ~/.local/share/bash-completion/completions/jelling, or where your shell looks for them.")]
    Completions {
        /// Which shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page, or write one for each command
    #[command(after_help = "Example: jelling man --output target/man")]
    Man {
        /// Write jelling.1, jelling-scan.1 and the others into this directory
        #[arg(long, value_name = "DIR")]
        output: Option<PathBuf>,
    },
}

#[derive(Args)]
pub(crate) struct ScanOptions {
    /// Ask for scan responses
    #[arg(long)]
    pub(crate) active: bool,
    /// Seconds to scan; 0: until stopped
    #[arg(long, default_value = "5", value_name = "S", value_parser = seconds)]
    pub(crate) duration: Duration,
    /// From one window to the next
    #[arg(long, default_value = "100", value_name = "MS", value_parser = millis)]
    pub(crate) interval: Duration,
    /// How long each window is
    #[arg(long, default_value = "100", value_name = "MS", value_parser = millis)]
    pub(crate) window: Duration,
    /// Only devices of this name
    #[arg(long, value_name = "N")]
    pub(crate) name: Option<String>,
    /// Only devices with this service
    #[arg(long, value_name = "UUID")]
    pub(crate) service: Option<Uuid>,
}

#[derive(Args)]
pub(crate) struct AdvertiseOptions {
    /// Complete local name
    #[arg(long, value_name = "N")]
    pub(crate) name: Option<String>,
    /// A service; may stand several times
    #[arg(long, value_name = "UUID")]
    pub(crate) service: Vec<Uuid>,
    /// Appearance
    #[arg(long, value_name = "N", value_parser = number)]
    pub(crate) appearance: Option<u16>,
    /// Manufacturer specific data, after the company's identifier
    #[arg(long, value_name = "ID:HEX")]
    pub(crate) manufacturer: Option<Manufacturer>,
    /// Advertising interval
    #[arg(long, default_value = "100", value_name = "MS", value_parser = millis)]
    pub(crate) interval: Duration,
    /// Limited discoverable
    #[arg(long)]
    pub(crate) limited: bool,
    /// Nobody may connect
    #[arg(long)]
    pub(crate) non_connectable: bool,
    /// The whole advertisement, in place of the fields
    #[arg(long, value_name = "HEX")]
    pub(crate) adv_data: Option<Hex>,
    /// The whole scan response
    #[arg(long, value_name = "HEX")]
    pub(crate) resp_data: Option<Hex>,
    /// Seconds after which to end
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,
}

#[derive(Args)]
pub(crate) struct ExploreOptions {
    /// The peer: aa:bb:cc:dd:ee:ff[/public|/random]
    #[arg(value_name = "ADDR")]
    pub(crate) address: Target,
    /// Write the table as a file of `serve`, too
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) export: Option<PathBuf>,
}

#[derive(Args)]
pub(crate) struct WriteOptions {
    /// The peer: aa:bb:cc:dd:ee:ff[/public|/random]
    #[arg(value_name = "ADDR")]
    pub(crate) address: Target,
    /// The characteristic: a UUID, or its value's handle
    #[arg(value_name = "CHAR")]
    pub(crate) characteristic: Characteristic,
    /// The value
    #[arg(value_name = "HEX", required_unless_present = "text", conflicts_with = "text")]
    pub(crate) value: Option<Hex>,
    /// The value, as UTF-8
    #[arg(long, value_name = "T")]
    pub(crate) text: Option<String>,
    /// Without an answer
    #[arg(long)]
    pub(crate) no_response: bool,
}

#[derive(Args)]
pub(crate) struct SubscribeOptions {
    /// The peer: aa:bb:cc:dd:ee:ff[/public|/random]
    #[arg(value_name = "ADDR")]
    pub(crate) address: Target,
    /// The characteristic: a UUID, or its value's handle
    #[arg(value_name = "CHAR")]
    pub(crate) characteristic: Characteristic,
    /// Indications in place of notifications
    #[arg(long)]
    pub(crate) indicate: bool,
    /// End after so many values
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<u64>,
    /// Seconds after which to end
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,
}

#[derive(Args)]
pub(crate) struct ServeOptions {
    /// The database
    #[arg(value_name = "FILE.toml")]
    pub(crate) file: PathBuf,
    /// Let peers pair, with what the user can see and type here; else pairing is refused
    #[arg(long, value_name = "IO")]
    pub(crate) pairing: Option<Io>,
    #[command(flatten)]
    pub(crate) how: PairingOptions,
    /// Take lines `set CHAR HEX`, `notify CHAR HEX`, `indicate CHAR HEX` from standard input
    #[arg(long)]
    pub(crate) stdin: bool,
    /// Seconds after which to end
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,
}

#[derive(Args)]
pub(crate) struct PairOptions {
    /// The peer: aa:bb:cc:dd:ee:ff[/public|/random]
    #[arg(value_name = "ADDR")]
    pub(crate) address: Target,
    /// What the user can see and type here
    #[arg(long, value_name = "IO", default_value = "none")]
    pub(crate) io: Io,
    #[command(flatten)]
    pub(crate) how: PairingOptions,
}

#[derive(Subcommand)]
pub(crate) enum BondsCommand {
    /// The peers
    #[command(after_help = "Example: jelling --bonds bonds.json bonds list --json")]
    List,
    /// Forget a peer
    #[command(after_help = "Example: jelling --bonds bonds.json bonds remove da:4c:10:de:00:01")]
    Remove {
        /// The peer's identity address: aa:bb:cc:dd:ee:ff[/public|/random]
        #[arg(value_name = "ADDR")]
        address: Target,
    },
    /// Everything that is kept, WITH THE KEYS: whoever has them can pose as either side and decrypt what was captured
    #[command(after_help = help::BONDS_EXPORT)]
    Export,
}

#[derive(Args)]
pub(crate) struct ReplayOptions {
    /// The capture: btsnoop of H4, HCI or the Linux monitor; -: standard input
    #[arg(value_name = "FILE.btsnoop")]
    pub(crate) file: PathBuf,
    /// The database that the captured host served
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) serve: Option<PathBuf>,
}

#[derive(Args)]
#[command(group(clap::ArgGroup::new("ports").required(true).multiple(true)))]
pub(crate) struct SimOptions {
    /// TCP ports on 127.0.0.1, one for each controller; 0: any free one
    #[arg(long, value_name = "PORT", num_args = 1.., group = "ports")]
    pub(crate) tcp: Vec<u16>,
    /// So many ptys, one for each controller
    #[arg(long, value_name = "N", group = "ports", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) pty: Option<u16>,
    /// What the air's randomness follows from
    #[arg(long, default_value = "1", value_name = "N")]
    pub(crate) seed: u64,
    /// Part of all packets on the air that is lost: 0.0 to 1.0
    #[arg(long, default_value = "0", value_name = "PART", value_parser = part)]
    pub(crate) loss: f64,
    /// Octets of data in an ACL packet of the controllers, from 27
    #[arg(long, default_value = "251", value_name = "BYTES", value_parser = clap::value_parser!(u16).range(27..))]
    pub(crate) acl_length: u16,
    /// Seconds after which to end
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub(crate) duration: Option<Duration>,
}
