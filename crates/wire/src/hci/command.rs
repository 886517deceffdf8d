//! Commands and what answers them (Vol 4, Part E, 7). A command is a struct of its parameters in the specification's units.

mod advertising;
mod baseband;
mod connection;
mod controller;
mod direction;
mod extended;
mod macros;
mod packet;
mod parameter;
mod periodic;
mod phy;
mod power;
mod privacy;
mod returns;
mod scanning;
mod security;
mod sync;

pub use {
    advertising::*,
    baseband::*,
    connection::*,
    controller::*,
    direction::*,
    extended::*,
    packet::{CommandPacket, Returned, header},
    parameter::{Decibels10, List, PerPhy, U24},
    periodic::*,
    phy::*,
    power::*,
    privacy::*,
    returns::*,
    scanning::*,
    security::*,
    sync::*,
};

use super::Opcode;
use crate::{Malformed, Writer};

/// A command: its opcode, its parameters, and what follows the status in its answer.
pub trait Command: Sized {
    /// The opcode.
    const OPCODE: Opcode;
    /// What Command Complete returns after the status; nothing for commands answered by Command Status.
    type Return;
    /// Writes the parameters.
    fn emit_parameters(&self, w: &mut Writer<'_>);
    /// Takes the octets after the status apart.
    fn parse_return(parameters: &[u8]) -> Result<Self::Return, Malformed>;
}

/// Writes a whole command packet: opcode, length, parameters.
pub fn emit<C: Command>(command: &C, w: &mut Writer<'_>) {
    let start = w.len();
    open(command, w);
    close(start, w);
}

/// Writes a command packet but for its length, which [`close`] writes: who has many commands closes them in one place.
// Inlined, so that nobody puts the parameters into a struct first.
#[inline(always)]
pub fn open<C: Command>(command: &C, w: &mut Writer<'_>) {
    begin(C::OPCODE, w);
    command.emit_parameters(w);
}

/// Writes the header, its length still to come.
#[cfg_attr(target_pointer_width = "32", inline(never))]
fn begin(opcode: Opcode, w: &mut Writer<'_>) {
    w.u16(opcode.0);
    w.u8(0);
}

/// Writes the length of the command packet that begins at `start`.
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub fn close(start: usize, w: &mut Writer<'_>) {
    let length = w.len().saturating_sub(start).saturating_sub(3);
    w.patch_u8(start.saturating_add(2), u8::try_from(length).unwrap_or(u8::MAX));
}
