//! Our host and Bumble's pair, by the program `pairings` of interop/rust, which is the user of both.

use crate::{
    interop::{BRING_UP, DISCONNECT, PERIPHERAL_COMMANDS},
    judge::{Implied, judge},
    rig::{Kind, Radio},
    setup,
};
use anyhow::{Result, ensure};
use std::{path::Path, process::Command};

/// What is played, and the opcodes that are implied beside those of the roles.
pub(crate) struct Part {
    name: &'static str,
    commands: &'static [u16],
    events: &'static [u8],
    att: &'static [u8],
    smp: &'static [u8],
}

const CREATE_CONNECTION: u16 = 0x200d;
const ENABLE_ENCRYPTION: u16 = 0x2019;
const LONG_TERM_KEY_REPLY: u16 = 0x201a;
const LONG_TERM_KEY_NEGATIVE_REPLY: u16 = 0x201b;
const ENCRYPTION_CHANGE: u8 = 0x08;
/// Error, Read By Type.
const REFUSED_READS: [u8; 2] = [0x01, 0x08];
const READS: [u8; 3] = [0x01, 0x08, 0x09];

/// Everything but Pairing Failed, and what Bumble does not have: signing keys, keypresses.
pub(crate) const METHODS: Part = Part {
    name: "methods",
    commands: &[ENABLE_ENCRYPTION, LONG_TERM_KEY_REPLY],
    events: &[ENCRYPTION_CHANGE],
    att: &READS,
    smp: &[0x01, 0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0c, 0x0d],
};
pub(crate) const REFUSALS: Part = Part {
    name: "refusals",
    commands: &[],
    events: &[],
    att: &REFUSED_READS,
    smp: &[0x01, 0x02, 0x03, 0x04, 0x05, 0x0c, 0x0d],
};
pub(crate) const BONDS: Part = Part {
    name: "bonded",
    commands: &[ENABLE_ENCRYPTION, LONG_TERM_KEY_REPLY, LONG_TERM_KEY_NEGATIVE_REPLY],
    events: &[ENCRYPTION_CHANGE],
    att: &[0x01, 0x08, 0x09, 0x12, 0x13, 0x1b],
    smp: &[0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x0d],
};

/// What a call of the program printed: rows of the table.
fn rows(arguments: &[&str]) -> Result<String> {
    let mut command = Command::new(format!("{}/debug/pairings", crate::target()));
    let output = command.args(arguments).env("RUST_BACKTRACE", "0").output()?;
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure!(output.status.success(), "pairings {arguments:?} failed: {told}{errors}");
    Ok(told.into_owned())
}

/// What ends by itself: minutes, which only `cargo xtask full` takes.
pub(crate) const SILENCE: Part = Part {
    name: "silence",
    commands: &[ENABLE_ENCRYPTION],
    events: &[ENCRYPTION_CHANGE],
    att: &REFUSED_READS,
    smp: &[0x01, 0x02, 0x03, 0x04, 0x0c, 0x0d],
};

/// The `jelling` command with Bumble. What is left of it is a file of bonds.
pub(crate) fn command(kind: Kind, radio: &Radio, folder: &Path) -> Result<()> {
    let (ours, bumble) = (format!("ours:{}", radio.spec()), format!("bumble:{}", radio.port()));
    let folder = folder.join("command");
    let folder = folder.to_string_lossy();
    let arguments = ["command", &ours, &bumble, "--python", setup::PYTHON, "--air", kind.air(), "--folder", &folder];
    print!("{}", rows(&arguments)?);
    Ok(())
}

/// A part of ours with Bumble, whose rows are printed.
pub(crate) fn play(part: Part, kind: Kind, radio: &Radio, captures: &Path) -> Result<()> {
    let capture = captures.join(format!("pairings-{}.btsnoop", part.name));
    let (ours, bumble) = (format!("ours:{}", radio.spec()), format!("bumble:{}", radio.port()));
    let snoop = capture.to_string_lossy();
    let arguments = [part.name, &ours, &bumble, "--python", setup::PYTHON, "--air", kind.air(), "--snoop", &snoop];
    print!("{}", rows(&arguments)?);
    let links = [CREATE_CONNECTION, DISCONNECT];
    let commands = [&BRING_UP[..], &PERIPHERAL_COMMANDS, &links, part.commands].concat();
    judge(
        &capture,
        Implied { commands: &commands, events: part.events, att: part.att, smp: part.smp, ..Implied::default() },
    )
}

/// Two hosts of ours in the simulator, in virtual time.
pub(crate) fn simulated() -> Result<()> {
    for part in ["methods", "refusals", "bonded", "silence"] {
        print!("{}", rows(&[part])?);
    }
    Ok(())
}
