//! Credit-based channels of our host with Bumble's, by the program `channels` of interop/rust.

use crate::{
    interop::{BRING_UP, DISCONNECT, PERIPHERAL_COMMANDS},
    judge::{Implied, judge, reassembled},
    rig::{Kind, Radio},
    setup,
};
use anyhow::{Result, ensure};
use std::{path::Path, process::Command};

/// What is played.
pub(crate) struct Part {
    name: &'static str,
    /// Commands of the signalling channel that are implied.
    signals: &'static [u8],
    /// Every SDU comes to its end.
    whole: bool,
    /// What Bumble sends that no dissector takes for right.
    wrong: &'static [&'static str],
}

const CREATE_CONNECTION: u16 = 0x200d;
/// Of each channel: Disconnection Request and Response, Connection Request and Response, Flow Control Credit.
const CHANNEL: [u8; 5] = [0x06, 0x07, 0x14, 0x15, 0x16];
/// And Command Reject.
const REJECTED: [u8; 6] = [0x01, 0x06, 0x07, 0x14, 0x15, 0x16];

pub(crate) const TRANSFERS: Part = Part { name: "transfers", signals: &CHANNEL, whole: true, wrong: &[] };
pub(crate) const AT_ONCE: Part = Part { name: "at-once", signals: &CHANNEL, whole: true, wrong: &[] };
pub(crate) const ENDINGS: Part = Part { name: "endings", signals: &CHANNEL, whole: false, wrong: &[] };
/// A result of that name is among those that Bumble gives.
pub(crate) const REFUSALS: Part =
    Part { name: "refusals", signals: &REJECTED, whole: false, wrong: &["refused - Invalid Source CID (0x0009)"] };
/// A frame that has no length, and the answer to a command that names no channel.
pub(crate) const VIOLATIONS: Part = Part {
    name: "violations",
    signals: &REJECTED,
    whole: false,
    wrong: &["Malformed Packet (Exception occurred)", "Reason: Invalid CID in request (0x0002)"],
};

/// Connection Parameter Update Request and Response too.
pub(crate) const PARAMETERS: Part =
    Part { name: "parameters", signals: &[0x06, 0x07, 0x12, 0x13, 0x14, 0x15, 0x16], whole: true, wrong: &[] };

/// What a call of the program printed: rows of the table.
fn rows(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(format!("{}/debug/channels", crate::target()));
    let output = command.args(arguments).env("RUST_BACKTRACE", "0").output()?;
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "channels {arguments:?} failed: {told}{errors}");
    Ok(told.into_owned())
}

/// A part of ours with Bumble, whose rows are printed.
pub(crate) fn play(part: &Part, kind: Kind, radio: &Radio, captures: &Path) -> Result<()> {
    let capture = captures.join(format!("channels-{}.btsnoop", part.name));
    let (ours, bumble) = (format!("ours:{}", radio.spec()), format!("bumble:{}", radio.port()));
    let snoop = capture.to_string_lossy();
    let arguments = [part.name, &ours, &bumble, "--python", setup::PYTHON, "--air", kind.air(), "--snoop", &snoop];
    print!("{}", rows(&arguments)?);
    let commands = [&BRING_UP[..], &PERIPHERAL_COMMANDS, &[CREATE_CONNECTION, DISCONNECT]].concat();
    let implied = Implied { commands: &commands, signals: part.signals, wrong: part.wrong, ..Implied::default() };
    judge(&capture, implied)?;
    if part.whole { reassembled(&capture) } else { Ok(()) }
}

/// Two hosts of ours in the simulator, in virtual time.
pub(crate) fn simulated() -> Result<()> {
    for part in [TRANSFERS, AT_ONCE] {
        print!("{}", rows(&[part.name])?);
    }
    Ok(())
}

/// How fast ours is with Bumble, and Bumble with Bumble, on one air.
pub(crate) fn rates(kind: Kind, radio: &Radio) -> Result<()> {
    for ours in [true, false] {
        let one = if ours { format!("ours:{}", radio.spec()) } else { format!("bumble:{}", radio.port()) };
        let two = format!("bumble:{}", radio.port());
        let told = rows(&["rates", &one, &two, "--python", setup::PYTHON, "--air", kind.air()])?;
        print!("{}:\n{told}", if ours { "ours with Bumble" } else { "Bumble with Bumble" });
    }
    Ok(())
}
