//! Captures of interop scenarios, judged by two dissectors and by what their scenario implies.

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use std::{
    borrow::BorrowMut,
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::{Command, Stdio},
};

/// Opcodes that a capture must hold, and what dissectors may say of it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Implied<'a> {
    pub(crate) commands: &'a [u16],
    /// HCI events, beside those of each scenario.
    pub(crate) events: &'a [u8],
    pub(crate) att: &'a [u8],
    pub(crate) smp: &'a [u8],
    /// Commands of the signalling channel.
    pub(crate) signals: &'a [u8],
    /// What they say of what the peer sends to be refused.
    pub(crate) wrong: &'a [&'a str],
}

/// Of each scenario with a link.
const EVENTS: [u8; 4] = [0x05, 0x0e, 0x13, 0x3e];
const ATT_CHANNEL: u32 = 4;
const SIGNALLING_CHANNEL: u32 = 5;
const SMP_CHANNEL: u32 = 6;
/// LE Credit Based Connection Request.
const CONNECTION_REQUEST: u8 = 0x14;
/// Channels that are opened and closed.
const DYNAMIC: std::ops::RangeInclusive<u64> = 0x40..=0x7f;

/// Two dissectors must find nothing wrong with a capture, and all the opcodes that the scenario implies.
pub(crate) fn judge(file: &Path, implied: Implied<'_>) -> Result<()> {
    // tshark wants a UUID in every include; one of 128 bits is not there (Vol 3, Part G, 3.2), and the entry has six octets.
    let filter = "(_ws.malformed || _ws.expert.severity >= 4194304) && !(btatt.opcode == 0x09 && btatt.length == 6)";
    let fields = ["-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message"];
    let wrong = output(Command::new("tshark").arg("-r").arg(file).args(["-Y", filter]).args(fields))?;
    let is_meant = |line: &&str| implied.wrong.iter().any(|wrong| line.contains(wrong));
    let wrong: Vec<&str> = wrong.lines().filter(|line| !is_known(line) && !is_meant(line)).collect();
    ensure!(wrong.is_empty(), "tshark on {}: {wrong:?}", file.display());
    let dump = output(Command::new("btmon").arg("-r").arg(file))?;
    let suspicious = |line: &&str| ["invalid", "unknown", "malformed"].iter().any(|w| line.to_lowercase().contains(w));
    // RootCanal's own answers hold names that btmon does not know: features of the controller, not packets of ours; and the signal
    // strengths that it makes up are at times weaker than there are. And a pairing may fail for a reason of that name.
    let known = |line: &&str| {
        ["feature", "Features", "Reason: Invalid parameters (0x0a)", "RSSI: invalid"].iter().any(|w| line.contains(w))
    };
    let wrong: Vec<&str> = dump.lines().filter(suspicious).filter(|line| !known(line) && !is_meant(line)).collect();
    ensure!(wrong.is_empty(), "btmon on {}: {wrong:?}", file.display());
    // All in one go: captures with channels are long.
    let fields =
        ["bthci_cmd.opcode", "bthci_evt.code", "btl2cap.cid", "btatt.opcode", "btsmp.opcode", "btl2cap.cmd_code"];
    let text = output(tshark(file, &fields))?;
    let seen = |column: usize| -> BTreeSet<u32> {
        let number = |t: &str| u32::from_str_radix(t.trim().trim_start_matches("0x"), 16).ok();
        let cells = text.lines().filter_map(|line| line.split('\t').nth(column));
        cells.flat_map(|cell| cell.split(',')).filter_map(number).collect()
    };
    let check = |what: &str, column: usize, wanted: &[u32]| -> Result<()> {
        let seen = seen(column);
        let missing: Vec<String> = wanted.iter().filter(|w| !seen.contains(w)).map(|w| format!("{w:#x}")).collect();
        ensure!(missing.is_empty(), "{}: no {what} {}", file.display(), missing.join(", "));
        Ok(())
    };
    let octets = |list: &[u8]| list.iter().copied().map(u32::from).collect::<Vec<_>>();
    check("command", 0, &implied.commands.iter().copied().map(u32::from).collect::<Vec<_>>())?;
    check("event", 1, &octets(&[&EVENTS, implied.events].concat()))?;
    for (channel, what, column, wanted) in [
        (ATT_CHANNEL, "ATT PDU", 3, implied.att),
        (SMP_CHANNEL, "SMP PDU", 4, implied.smp),
        (SIGNALLING_CHANNEL, "signalling command", 5, implied.signals),
    ] {
        if !wanted.is_empty() {
            check("L2CAP channel", 2, &[channel])?;
            check(what, column, &octets(wanted))?;
        }
    }
    agree(file)
}

/// `jelling show` and tshark must tell the same packets: how many, and of each its kind and its number.
fn agree(file: &Path) -> Result<()> {
    let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let fields =
        ["hci_h4.type", "bthci_cmd.opcode", "bthci_evt.code", "btatt.opcode", "btsmp.opcode", "btl2cap.cmd_code"];
    let text = output(tshark(file, &fields))?;
    let theirs = text.lines().map(|line| {
        let mut columns = line.split('\t').map(|column| column.split(',').next().and_then(number));
        let [kind, command, event, att, smp, signal] = std::array::from_fn(|_| columns.next().flatten());
        match kind {
            Some(1) => ("command", command),
            Some(2) => ("acl", att.or(smp).or(signal)),
            Some(4) => ("event", event),
            _ => ("other", None),
        }
    });
    let theirs: Vec<_> = theirs.collect();
    let packets = shown(file)?;
    ensure!(packets.len() == theirs.len(), "{}: show has {}, tshark {}", file.display(), packets.len(), theirs.len());
    for (packet, theirs) in packets.iter().zip(theirs) {
        let ours = (packet["kind"].as_str().unwrap_or_default(), packet["code"].as_u64());
        ensure!(ours == theirs, "{}: show has {ours:x?}, tshark {theirs:x?}, of {packet}", file.display());
    }
    Ok(())
}

/// What `jelling show` tells of each packet.
fn shown(file: &Path) -> Result<Vec<Value>> {
    let text = output(Command::new(format!("{}/debug/jelling", crate::target())).args(["--json", "show"]).arg(file))?;
    Ok(text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?)
}

fn tshark(file: &Path, fields: &[&str]) -> Command {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(["-T", "fields"]).args(fields.iter().flat_map(|field| ["-e", field]));
    command
}

/// tshark must see the SDUs of channels that the frames of `jelling show` make, each to its end. Of a channel that the peer has
/// opened, tshark 4.0 does not follow what the peer sends.
pub(crate) fn reassembled(file: &Path) -> Result<()> {
    const FROM_PEER: &str = "controller";
    // Of each channel and direction: the length of the SDU that comes, and what is missing of it.
    let (mut coming, mut begun, mut ended) = (BTreeMap::<_, (usize, usize)>::new(), vec![], vec![]);
    let mut opened_by_peer = false;
    for packet in shown(file)? {
        let is_from_peer = packet["direction"] == FROM_PEER;
        let Some(channel) = packet["channel"].as_u64() else { continue };
        if channel == u64::from(SIGNALLING_CHANNEL) && packet["code"] == CONNECTION_REQUEST {
            opened_by_peer = is_from_peer;
        }
        if !DYNAMIC.contains(&channel) {
            continue;
        }
        let payload = packet["payload"].as_str().unwrap_or_default();
        let (length, missing) = coming.entry((is_from_peer, channel)).or_default();
        let (is_first, is_followed) = (*missing == 0, !(opened_by_peer && is_from_peer));
        let mut carried = payload.len() / 2;
        if is_first {
            *length = u16::from_str_radix(payload.get(..4).context("a frame without length")?, 16)?.swap_bytes().into();
            (*missing, carried) = (*length, carried - 2);
            begun.extend(is_followed.then_some(*length));
        }
        *missing = missing.checked_sub(carried).with_context(|| format!("{packet}: more than its SDU"))?;
        ended.extend((*missing == 0 && !is_first && is_followed).then_some(*length));
    }
    ensure!(coming.values().all(|(_, missing)| *missing == 0), "{}: SDUs without end", file.display());
    ensure!(!begun.is_empty() && !ended.is_empty(), "{}: no SDUs", file.display());
    let text = output(tshark(file, &["btl2cap.le_sdu_length", "btl2cap.le_sdu.reassembled.length"]))?;
    let column = |at: usize| text.lines().filter_map(move |line| line.split('\t').nth(at)?.parse().ok());
    let theirs: [Vec<usize>; 2] = [column(0).collect(), column(1).collect()];
    ensure!(theirs == [begun, ended], "{}: tshark has other SDUs than show", file.display());
    Ok(())
}

/// What tshark says of packets that are right. An answer as long as the MTU is how long values are read (Vol 3, Part G, 4.8.3).
/// And it keeps one dictionary of attributes for all links of a host: with a table discovered on one link it judges the use of
/// the host's own handles on another, and gives up on the value.
const KNOWN: [&str; 3] = [
    "Reached ATT_MTU. Attribute value may be longer.",
    "Invalid usage of this characteristic with this opcode",
    "Bad Data",
];

/// Whether a line of frame number and messages holds only what is known.
fn is_known(line: &str) -> bool {
    let (_, messages) = line.split_once('\t').unwrap_or(("", line));
    !messages.is_empty() && messages.split(',').all(|m| KNOWN.contains(&m))
}

fn output(mut command: impl BorrowMut<Command>) -> Result<String> {
    let command = command.borrow_mut();
    let output = command.stderr(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
