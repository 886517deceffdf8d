//! Captures of interop scenarios, judged by two dissectors and by what their scenario implies.

use anyhow::{Context, Result, ensure};
use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Stdio},
};

/// Opcodes that a capture must hold.
#[derive(Clone, Copy)]
pub(crate) struct Implied<'a> {
    pub(crate) commands: &'a [u16],
    /// HCI events, beside those of each scenario.
    pub(crate) events: &'a [u8],
    pub(crate) att: &'a [u8],
    pub(crate) smp: &'a [u8],
}

/// Of each scenario with a link.
const EVENTS: [u8; 4] = [0x05, 0x0e, 0x13, 0x3e];
const ATT_CHANNEL: u32 = 4;
const SMP_CHANNEL: u32 = 6;

/// Two dissectors must find nothing wrong with a capture, and all the opcodes that the scenario implies.
pub(crate) fn judge(file: &Path, implied: Implied<'_>) -> Result<()> {
    // tshark wants a UUID in every include; one of 128 bits is not there (Vol 3, Part G, 3.2), and the entry has six octets.
    let filter = "(_ws.malformed || _ws.expert.severity >= 4194304) && !(btatt.opcode == 0x09 && btatt.length == 6)";
    let fields = ["-T", "fields", "-e", "frame.number", "-e", "_ws.expert.message"];
    let wrong = output(Command::new("tshark").arg("-r").arg(file).args(["-Y", filter]).args(fields))?;
    let wrong: Vec<&str> = wrong.lines().filter(|line| !is_known(line)).collect();
    ensure!(wrong.is_empty(), "tshark on {}: {wrong:?}", file.display());
    let dump = output(Command::new("btmon").arg("-r").arg(file))?;
    let suspicious = |line: &&str| ["invalid", "unknown", "malformed"].iter().any(|w| line.to_lowercase().contains(w));
    // RootCanal's own answers hold names that btmon does not know: features of the controller, not packets of ours; and the signal
    // strengths that it makes up are at times weaker than there are. And a pairing may fail for a reason of that name.
    let known = |line: &&str| {
        ["feature", "Features", "Reason: Invalid parameters (0x0a)", "RSSI: invalid"].iter().any(|w| line.contains(w))
    };
    let wrong: Vec<&str> = dump.lines().filter(suspicious).filter(|line| !known(line)).collect();
    ensure!(wrong.is_empty(), "btmon on {}: {wrong:?}", file.display());
    let seen = |field: &str| -> Result<BTreeSet<u32>> {
        let text = output(Command::new("tshark").arg("-r").arg(file).args(["-T", "fields", "-e", field]))?;
        let number = |t: &str| u32::from_str_radix(t.trim().trim_start_matches("0x"), 16).ok();
        Ok(text.split([',', '\n']).filter_map(number).collect())
    };
    let check = |what: &str, field: &str, wanted: &[u32]| -> Result<()> {
        let seen = seen(field)?;
        let missing: Vec<String> = wanted.iter().filter(|w| !seen.contains(w)).map(|w| format!("{w:#x}")).collect();
        ensure!(missing.is_empty(), "{}: no {what} {}", file.display(), missing.join(", "));
        Ok(())
    };
    let octets = |list: &[u8]| list.iter().copied().map(u32::from).collect::<Vec<_>>();
    check("command", "bthci_cmd.opcode", &implied.commands.iter().copied().map(u32::from).collect::<Vec<_>>())?;
    check("event", "bthci_evt.code", &octets(&[&EVENTS, implied.events].concat()))?;
    if !implied.att.is_empty() {
        check("L2CAP channel", "btl2cap.cid", &[ATT_CHANNEL])?;
        check("ATT PDU", "btatt.opcode", &octets(implied.att))?;
    }
    if !implied.smp.is_empty() {
        check("L2CAP channel", "btl2cap.cid", &[SMP_CHANNEL])?;
        check("SMP PDU", "btsmp.opcode", &octets(implied.smp))?;
    }
    agree(file)
}

/// `jelling show` and tshark must tell the same packets: how many, and of each its kind and its number.
fn agree(file: &Path) -> Result<()> {
    let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).ok();
    let fields = ["hci_h4.type", "bthci_cmd.opcode", "bthci_evt.code", "btatt.opcode", "btsmp.opcode"];
    let fields = fields.map(|field| ["-e", field]);
    let text = output(Command::new("tshark").arg("-r").arg(file).args(["-T", "fields"]).args(fields.as_flattened()))?;
    let theirs = text.lines().map(|line| {
        let mut columns = line.split('\t').map(|column| column.split(',').next().and_then(number));
        let [kind, command, event, att, smp] = std::array::from_fn(|_| columns.next().flatten());
        match kind {
            Some(1) => ("command", command),
            Some(2) => ("acl", att.or(smp)),
            Some(4) => ("event", event),
            _ => ("other", None),
        }
    });
    let theirs: Vec<_> = theirs.collect();
    let show = format!("{}/debug/jelling", crate::target());
    let text = output(Command::new(show).args(["--json", "show"]).arg(file))?;
    let packets = text.lines().map(serde_json::from_str).collect::<Result<Vec<serde_json::Value>, _>>()?;
    ensure!(packets.len() == theirs.len(), "{}: show has {}, tshark {}", file.display(), packets.len(), theirs.len());
    for (packet, theirs) in packets.iter().zip(theirs) {
        // Of data that is neither ATT nor SMP tshark has other fields.
        let told = packet["kind"] != "acl" || packet["channel"] == ATT_CHANNEL || packet["channel"] == SMP_CHANNEL;
        let code = packet["code"].as_u64().filter(|_| told);
        let ours = (packet["kind"].as_str().unwrap_or_default(), code);
        ensure!(ours == theirs, "{}: show has {ours:x?}, tshark {theirs:x?}, of {packet}", file.display());
    }
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

fn output(command: &mut Command) -> Result<String> {
    let output = command.stderr(Stdio::null()).output().with_context(|| format!("cannot run {command:?}"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
