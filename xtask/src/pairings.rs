//! Our host and Bumble's pair, by the program `pairings` of interop/rust, which is the user of both.

use crate::{
    interop::{BRING_UP, CENTRAL_COMMANDS, DISCONNECT, PERIPHERAL_COMMANDS},
    judge::{Implied, judge},
    rig::{Kind, Radio},
    run, setup,
};
use anyhow::Result;
use std::{path::Path, process::Command};

/// What is played, and the opcodes that are implied beside those of the roles.
pub(crate) struct Part {
    name: &'static str,
    commands: &'static [u16],
    smp: &'static [u8],
}

const ENABLE_ENCRYPTION: u16 = 0x2019;
const LONG_TERM_KEY_REPLY: u16 = 0x201a;
const LONG_TERM_KEY_NEGATIVE_REPLY: u16 = 0x201b;
const ENCRYPTION_CHANGE: u8 = 0x08;
/// Error, Read By Type.
const ATT: [u8; 3] = [0x01, 0x08, 0x09];

/// Everything but Pairing Failed, and what Bumble does not have: signing keys, keypresses.
pub(crate) const METHODS: Part = Part {
    name: "methods",
    commands: &[ENABLE_ENCRYPTION, LONG_TERM_KEY_REPLY],
    smp: &[0x01, 0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0b, 0x0c, 0x0d],
};
pub(crate) const REFUSALS: Part =
    Part { name: "refusals", commands: &[], smp: &[0x01, 0x02, 0x03, 0x04, 0x05, 0x0c, 0x0d] };
pub(crate) const BONDS: Part = Part {
    name: "bonded",
    commands: &[ENABLE_ENCRYPTION, LONG_TERM_KEY_REPLY, LONG_TERM_KEY_NEGATIVE_REPLY],
    smp: &[0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x0d],
};

fn program() -> Command {
    let mut command = Command::new(format!("{}/debug/pairings", crate::target()));
    command.env("RUST_BACKTRACE", "0");
    command
}

/// A part of ours with Bumble, whose rows are printed.
pub(crate) fn play(part: Part, kind: Kind, radio: &Radio, captures: &Path) -> Result<()> {
    let capture = captures.join(format!("pairings-{}.btsnoop", part.name));
    let (ours, bumble) = (format!("ours:{}", radio.spec()), format!("bumble:{}", radio.port()));
    let air = if kind == Kind::Rootcanal { "RootCanal" } else { "our controllers" };
    let mut command = program();
    command.args([part.name, &ours, &bumble, "--python", setup::PYTHON, "--air", air]);
    run(command.arg("--snoop").arg(&capture))?;
    let commands = [&BRING_UP[..], &CENTRAL_COMMANDS, &PERIPHERAL_COMMANDS, &[DISCONNECT], part.commands].concat();
    judge(&capture, Implied { commands: &commands, events: &[ENCRYPTION_CHANGE], att: &ATT, smp: part.smp })
}

/// Two hosts of ours in the simulator, in each method, in virtual time.
pub(crate) fn simulated() -> Result<()> {
    crate::programs()?;
    run(program().arg("methods"))
}
