//! Interop scenarios: our hosts and Bumble's on the controllers of RootCanal and on our own, each run captured and judged by
//! dissectors.

use crate::{
    channels,
    judge::{Implied, judge},
    pairings,
    players::{Player, finish},
    rig::{Kind, Radio, SerialPort, Sim},
    setup,
};
use anyhow::{Context, Result, ensure};
use std::{
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

/// What is played.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Scenario {
    /// Our central, Bumble's peripheral; we end the link
    Central,
    /// The same; the peer ends the link
    CentralLeft,
    /// Everything our client can do, with Bumble's server: includes, UUIDs of both sizes, Read Multiple of both kinds, long and
    /// reliable writes, descriptors, errors. Signed writes are not among it: Bumble's server takes none
    Client,
    /// Our peripheral, Bumble's central; it ends the link
    Peripheral,
    /// The same; we end the link
    PeripheralLeft,
    /// Our server with everything it has, Bumble's client
    Server,
    /// Our central on a serial port of 1 Mbaud, a pty that leads to the controller; Bumble's peripheral
    SerialCentral,
    /// Our peripheral on such a port, Bumble's central
    SerialPeripheral,
    /// Two of ours, each central and peripheral at once, between a Bumble central and a Bumble peripheral
    Both,
    /// Median round trip of a read: ours, and Bumble's, on one RootCanal
    Rtt,
    /// The `jelling` command against itself, and what it says when something is wrong
    Command,
    /// A table of every kind by `jelling serve`, and what `jelling explore` exports of it: Bumble's dumps of both are one
    Export,
    /// Ours and Bumble pair in each method in both roles: the same keys on both sides, then encrypted with them in either role
    Pairings,
    /// Pairings of ours with Bumble that must not come about, and the reason that each side is told
    PairingRefusals,
    /// Bonds of ours with Bumble: forgotten on either side, found again behind a resolvable address
    Bonds,
    /// The `jelling` command and Bumble pair in both roles; another process of it encrypts with its file of bonds
    CommandPairs,
    /// Bumble falls silent in the middle of a pairing, for the 30 s of the Security Manager: not among all of them
    PairingSilence,
    /// `jelling l2cap` and `bumble-l2cap-bridge`, each in both roles
    CommandChannels,
    /// Credit-based channels of ours with Bumble's, opened by either in either role: SDUs of each length up to 65,535 octets, one credit at
    /// a time, none at first, MPS 23
    Channels,
    /// Four at once, of one PSM and of several; and streams of octets
    ChannelsAtOnce,
    /// Channels that are refused, with each result, on either side
    ChannelRefusals,
    /// Closed by either side, by both at once, with data unread, in the middle of an SDU, by a lost link
    ChannelEndings,
    /// What Bumble must not do with a channel: that one is closed, and no other
    ChannelViolations,
    /// A peripheral asks for other parameters by L2CAP: Bumble ours, and ours Bumble
    ChannelParameters,
    /// Octets a second and round trips of a channel: ours with Bumble, and Bumble with Bumble; on RootCanal
    ChannelRates,
    /// Two Bumble hosts pair with LE Secure Connections, encrypt, refresh, and encrypt again
    BumblePair,
    /// The same with legacy pairing
    BumblePairLegacy,
    /// Two Bumble hosts with a credit-based channel
    BumbleChannel,
    /// The same on ptys, which only our own controllers have
    BumblePty,
}

const ALL: [Scenario; 28] = [
    Scenario::Central,
    Scenario::CentralLeft,
    Scenario::Client,
    Scenario::Peripheral,
    Scenario::PeripheralLeft,
    Scenario::Server,
    Scenario::SerialCentral,
    Scenario::SerialPeripheral,
    Scenario::Both,
    Scenario::Rtt,
    Scenario::Command,
    Scenario::Export,
    Scenario::Pairings,
    Scenario::PairingRefusals,
    Scenario::Bonds,
    Scenario::CommandPairs,
    Scenario::CommandChannels,
    Scenario::Channels,
    Scenario::ChannelsAtOnce,
    Scenario::ChannelRefusals,
    Scenario::ChannelEndings,
    Scenario::ChannelViolations,
    Scenario::ChannelParameters,
    Scenario::ChannelRates,
    Scenario::BumblePair,
    Scenario::BumblePairLegacy,
    Scenario::BumbleChannel,
    Scenario::BumblePty,
];

/// Those in which ours and Bumble pair, but for one that takes minutes.
const PAIRINGS: [Scenario; 4] =
    [Scenario::Pairings, Scenario::PairingRefusals, Scenario::Bonds, Scenario::CommandPairs];

/// Those with channels, but for the rates, which are taken when nothing else is played.
const CHANNELS: [Scenario; 6] = [
    Scenario::Channels,
    Scenario::ChannelsAtOnce,
    Scenario::ChannelRefusals,
    Scenario::ChannelEndings,
    Scenario::ChannelViolations,
    Scenario::ChannelParameters,
];

pub(crate) const RADIOS: [Kind; 2] = [Kind::Rootcanal, Kind::Sim];

/// How the tool ends when RootCanal ended on a call that is being recorded: the next one goes on.
const ENDED: i32 = 3;

/// Opcodes that a capture of a role must hold: HCI commands, ATT opcodes.
pub(crate) const BRING_UP: [u16; 9] = [0x0c03, 0x1001, 0x1002, 0x1003, 0x0c01, 0x2001, 0x2002, 0x2003, 0x1009];
const CENTRAL_COMMANDS: [u16; 3] = [0x200b, 0x200c, 0x200d];
pub(crate) const PERIPHERAL_COMMANDS: [u16; 4] = [0x2006, 0x2008, 0x2009, 0x200a];
pub(crate) const DISCONNECT: u16 = 0x0406;
const ATT: [u8; 21] = [
    0x01, 0x02, 0x03, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x10, 0x11, 0x12, 0x13, 0x1b, 0x1d, 0x1e, 0x52, 0x04, 0x05,
    0x06, 0x07,
];
/// Long writes: Bumble's plain central sends none.
const LONG_WRITE: [u8; 4] = [0x16, 0x17, 0x18, 0x19];
/// Read Multiple of both kinds.
const READ_MULTIPLE: [u8; 4] = [0x0e, 0x0f, 0x20, 0x21];

/// Plays one scenario, or all, so many times on these controllers, or on all.
pub(crate) fn run(scenario: Option<Scenario>, radio: Option<Kind>, count: usize) -> Result<()> {
    setup::all()?;
    crate::programs()?;
    let chosen = scenario.map_or(ALL.to_vec(), |one| vec![one]);
    if chosen.iter().any(|scenario| PAIRINGS.contains(scenario)) {
        pairings::simulated()?;
    }
    if chosen.iter().any(|scenario| CHANNELS.contains(scenario)) {
        channels::simulated()?;
    }
    let is_long = |scenario: &Scenario| PAIRINGS.contains(scenario) || CHANNELS.contains(scenario);
    let (long, others): (Vec<_>, Vec<_>) = chosen.into_iter().partition(is_long);
    // They mostly wait: the kinds of controllers have an air each, and are played on side by side. So are the scenarios that take
    // longest: of pairing, and of channels.
    let kinds = RADIOS.into_iter().filter(|k| radio.is_none_or(|r| r == *k));
    side_by_side(kinds.map(|kind| {
        let (long, others) = (&long, &others);
        move || {
            run_on(kind, others, count)?;
            side_by_side(long.iter().map(|one| move || run_on(kind, &[*one], count)))
        }
    }))
}

fn side_by_side<F: FnOnce() -> Result<()> + Send>(jobs: impl Iterator<Item = F>) -> Result<()> {
    thread::scope(|scope| {
        let runs: Vec<_> = jobs.map(|job| scope.spawn(job)).collect();
        let ends: Vec<_> = runs.into_iter().map(thread::ScopedJoinHandle::join).collect();
        ends.into_iter().try_for_each(|end| end.map_err(|_| anyhow::anyhow!("a panic"))?)
    })
}

/// The table of pairings: ours in the simulator, then with Bumble.
pub(crate) fn table() -> Result<()> {
    setup::all()?;
    crate::programs()?;
    println!("| what | we are | peer | end |\n|---|---|---|---|");
    pairings::simulated()?;
    for kind in RADIOS {
        run_on(kind, &PAIRINGS, 1)?;
    }
    Ok(())
}

fn run_on(kind: Kind, chosen: &[Scenario], count: usize) -> Result<()> {
    let is_for = |scenario: &Scenario| match scenario {
        Scenario::BumblePty => kind == Kind::Sim,
        // Our controllers take as long as a radio does.
        Scenario::ChannelRates => kind == Kind::Rootcanal,
        _ => true,
    };
    for scenario in chosen.iter().copied().filter(is_for) {
        let mut slowest = Duration::ZERO;
        for round in 1..=count {
            let start = Instant::now();
            play(scenario, kind).with_context(|| format!("{scenario:?} on {kind:?}, round {round} of {count}"))?;
            slowest = slowest.max(start.elapsed());
        }
        let slowest = slowest.as_secs_f32();
        println!("interop {scenario:?} on {kind:?}: {count} of {count} passed, slowest {slowest:.2} s");
    }
    Ok(())
}

/// Where a kind of controllers leaves its captures.
pub(crate) fn captures(kind: Kind) -> PathBuf {
    Path::new(&crate::target()).join(format!("captures/{kind:?}").to_lowercase())
}

fn play(scenario: Scenario, kind: Kind) -> Result<()> {
    let serial = matches!(scenario, Scenario::SerialCentral | Scenario::SerialPeripheral);
    let rig = Rig { radio: Radio::start(kind)?, captures: captures(kind), serial };
    std::fs::create_dir_all(&rig.captures)?;
    match scenario {
        Scenario::Central | Scenario::CentralLeft | Scenario::SerialCentral => {
            let mut ours = vec!["central", "bumble-peer"];
            ours.extend((scenario == Scenario::CentralLeft).then_some("--peer-disconnects"));
            let peer = rig.bumble("peripheral.py", &["bumble-peer"])?;
            let ours = rig.ours("central", &ours)?;
            finish([ours, peer])?;
            let mut commands = [&BRING_UP[..], &CENTRAL_COMMANDS].concat();
            commands.extend((scenario != Scenario::CentralLeft).then_some(DISCONNECT));
            rig.judge("central", &commands, &[&ATT[..], &LONG_WRITE].concat())
        }
        Scenario::Client => {
            let peer = rig.bumble("server.py", &["bumble-server"])?;
            let ours = rig.ours("client", &["client", "bumble-server"])?;
            finish([ours, peer])?;
            let commands = [&BRING_UP[..], &CENTRAL_COMMANDS, &[DISCONNECT]].concat();
            rig.judge("client", &commands, &[&ATT[..], &LONG_WRITE, &READ_MULTIPLE].concat())
        }
        Scenario::Peripheral | Scenario::PeripheralLeft | Scenario::SerialPeripheral => {
            let ours = rig.ours("peripheral", &["peripheral", "our-peer"])?;
            let mut options = vec!["our-peer"];
            options.extend((scenario == Scenario::PeripheralLeft).then_some("--peer-disconnects"));
            let peer = rig.bumble("central.py", &options)?;
            finish([ours, peer])?;
            let mut commands = [&BRING_UP[..], &PERIPHERAL_COMMANDS].concat();
            commands.extend((scenario == Scenario::PeripheralLeft).then_some(DISCONNECT));
            let att: Vec<u8> = ATT.iter().copied().filter(|opcode| !matches!(opcode, 0x06 | 0x07)).collect();
            rig.judge("peripheral", &commands, &att)
        }
        Scenario::Server => {
            let ours = rig.ours("server", &["server", "our-peer"])?;
            let peer = rig.bumble("client.py", &["our-peer"])?;
            finish([ours, peer])?;
            let commands = [&BRING_UP[..], &PERIPHERAL_COMMANDS].concat();
            rig.judge("server", &commands, &[&ATT[..], &LONG_WRITE, &READ_MULTIPLE].concat())
        }
        Scenario::Both => {
            let end = rig.bumble("peripheral.py", &["end"])?;
            let one = rig.ours("one", &["both", "one", "end"])?;
            let two = rig.ours("two", &["both", "two", "one"])?;
            let start = rig.bumble("central.py", &["two"])?;
            finish([one, two, end, start])?;
            let commands = [&BRING_UP[..], &CENTRAL_COMMANDS, &PERIPHERAL_COMMANDS, &[DISCONNECT]].concat();
            let att = [&ATT[..], &LONG_WRITE].concat();
            rig.judge("one", &commands, &att)?;
            rig.judge("two", &commands, &att)
        }
        Scenario::Command => crate::command::play(&rig.radio),
        Scenario::Export => crate::export::play(&rig.radio, &rig.captures),
        Scenario::Pairings => pairings::play(pairings::METHODS, kind, &rig.radio, &rig.captures),
        Scenario::PairingRefusals => pairings::play(pairings::REFUSALS, kind, &rig.radio, &rig.captures),
        Scenario::Bonds => pairings::play(pairings::BONDS, kind, &rig.radio, &rig.captures),
        Scenario::CommandPairs => pairings::command(kind, &rig.radio, &rig.captures),
        Scenario::CommandChannels => crate::bridge::play(&rig.radio, &rig.captures),
        Scenario::PairingSilence => pairings::play(pairings::SILENCE, kind, &rig.radio, &rig.captures),
        Scenario::Channels => channels::play(&channels::TRANSFERS, kind, &rig.radio, &rig.captures),
        Scenario::ChannelsAtOnce => channels::play(&channels::AT_ONCE, kind, &rig.radio, &rig.captures),
        Scenario::ChannelRefusals => channels::play(&channels::REFUSALS, kind, &rig.radio, &rig.captures),
        Scenario::ChannelEndings => channels::play(&channels::ENDINGS, kind, &rig.radio, &rig.captures),
        Scenario::ChannelViolations => channels::play(&channels::VIOLATIONS, kind, &rig.radio, &rig.captures),
        Scenario::ChannelParameters => channels::play(&channels::PARAMETERS, kind, &rig.radio, &rig.captures),
        Scenario::ChannelRates => channels::rates(kind, &rig.radio),
        Scenario::BumblePair => rig.bumbles("pair"),
        Scenario::BumblePairLegacy => rig.bumbles("pair-legacy"),
        Scenario::BumbleChannel => rig.bumbles("channel"),
        Scenario::BumblePty => {
            let ptys = Sim::ptys()?;
            bumbles([0, 1].map(|i| format!("serial:{}", ptys.paths()[i])), "channel", &rig.captures)
        }
        Scenario::Rtt => {
            let peer = rig.bumble("peripheral.py", &["bumble-peer"])?;
            let ours = rig.ours("rtt", &["rtt", "bumble-peer"])?;
            let ours = finish([ours, peer])?;
            let peer = rig.bumble("peripheral.py", &["bumble-peer"])?;
            let bumble = rig.bumble("central.py", &["bumble-peer", "--rtt"])?;
            let theirs = finish([bumble, peer])?;
            println!("median ATT read round trip: ours {} us, Bumble's {} us", ours.trim(), theirs.trim());
            Ok(())
        }
    }
}

/// Every command that our controllers claim, called on them and on RootCanal: the answers must be those of the table.
pub(crate) fn commands(record: bool) -> Result<()> {
    setup::all()?;
    crate::programs()?;
    loop {
        let (ours, theirs) = (Radio::start(Kind::Sim)?, Radio::start(Kind::Rootcanal)?);
        let mut command = Command::new(format!("{}/debug/commands", crate::target()));
        command.arg("interop/commands.tsv").args(record.then_some("--record")).env("RUST_BACKTRACE", "0");
        for (option, radio) in [("--ours", &ours), ("--rootcanal", &theirs)] {
            command.arg(option).args([radio.port(), radio.port()].map(|p| p.to_string()));
        }
        let status = command.status()?;
        if record && status.code() == Some(ENDED) {
            continue;
        }
        ensure!(status.success(), "the commands are not answered as interop/commands.tsv says");
        return Ok(());
    }
}

struct Rig {
    radio: Radio,
    captures: PathBuf,
    /// Our side reaches its controller by a serial port.
    serial: bool,
}

impl Rig {
    fn ours(&self, name: &str, arguments: &[&str]) -> Result<Player> {
        let mut command = Command::new(format!("{}/debug/jelling-interop", crate::target()));
        let port = self.serial.then(|| SerialPort::start(&self.captures.join(name), &self.radio)).transpose()?;
        let spec = port.as_ref().map_or_else(|| self.radio.spec(), SerialPort::spec);
        command.args(["--transport", &spec, "--snoop"]).arg(self.capture(name)).args(arguments);
        let mut player = Player::spawn(name, &mut command)?;
        player.port = port;
        Ok(player)
    }

    fn bumble(&self, script: &str, arguments: &[&str]) -> Result<Player> {
        let mut command = Command::new(setup::PYTHON);
        command.arg(format!("interop/{script}")).arg(self.radio.port().to_string()).args(arguments);
        Player::spawn(script, &mut command)
    }

    fn bumbles(&self, what: &str) -> Result<()> {
        bumbles([0, 1].map(|_| format!("tcp-client:127.0.0.1:{}", self.radio.port())), what, &self.captures)
    }

    fn capture(&self, name: &str) -> PathBuf {
        self.captures.join(format!("{name}.btsnoop"))
    }

    fn judge(&self, name: &str, commands: &[u16], att: &[u8]) -> Result<()> {
        judge(&self.capture(name), Implied { commands, att, ..Implied::default() })
    }
}

/// Two Bumble hosts on the controllers at two of Bumble's SPECs.
fn bumbles(specs: [String; 2], what: &str, captures: &Path) -> Result<()> {
    let mut command = Command::new(setup::PYTHON);
    command.arg("interop/bumbles.py").args(specs).arg(what);
    let captures = format!("btsnoop:file:{}/bumble-{what}-{{instance}}.btsnoop", captures.display());
    command.env("BUMBLE_SNOOPER", captures);
    finish([Player::spawn(what, &mut command)?]).map(|_| ())
}
