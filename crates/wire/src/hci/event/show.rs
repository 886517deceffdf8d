//! Events written, and shown as a line with btmon's headline.

use super::Event;
use crate::{
    Malformed, Writer,
    hci::{Opcode, command::Returned, parameter::pair},
};
use core::fmt;

impl Event<'_> {
    /// Writes the whole packet.
    pub fn emit(&self, w: &mut Writer<'_>) {
        let start = w.len();
        w.u8(self.code().0);
        w.u8(0);
        if let Some(subevent) = self.subevent() {
            w.u8(subevent.0);
        }
        self.emit_parameters(w);
        let length = w.len().saturating_sub(start).saturating_sub(2);
        w.patch_u8(start.saturating_add(1), u8::try_from(length).unwrap_or(u8::MAX));
    }
}

/// What a command returned, by its opcode; as octets when it is not what the command returns.
fn show_return(f: &mut fmt::Formatter<'_>, opcode: Opcode, octets: &[u8]) -> fmt::Result {
    match Returned::parse(opcode, octets) {
        Ok(returned) => write!(f, "{returned}"),
        Err(Malformed) => pair(f, "return_parameters", &octets),
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; 257];
        let mut w = Writer::new(&mut buffer);
        self.emit(&mut w);
        let (code, length) = (self.code(), w.len().saturating_sub(2));
        write!(f, "HCI Event: {} ({:#04x}) plen {length}", code.name().unwrap_or("Unknown"), code.0)?;
        if let Some(subevent) = self.subevent() {
            write!(f, " {} ({:#04x})", subevent.name().unwrap_or("Unknown"), subevent.0)?;
        }
        match self {
            Event::CommandComplete { credits, opcode, return_parameters } => {
                write!(f, " {opcode} ncmd {credits}")?;
                show_return(f, *opcode, return_parameters)
            }
            Event::CommandStatus { status, credits, opcode } => {
                write!(f, " {opcode} ncmd {credits}")?;
                pair(f, "status", status)
            }
            _ => self.show_parameters(f),
        }
    }
}
