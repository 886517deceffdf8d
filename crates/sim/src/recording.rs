//! What passed between hosts and controllers, for conversations that a test compares.

use crate::fault::Direction;
use core::fmt;
use jelling_wire::{
    Malformed, PacketKind,
    att::Pdu,
    hci::{acl::AclPacket, command::CommandPacket, event::Event},
    l2cap::{ChannelId, Frame, signalling::Signal},
    smp,
};

/// A packet that passed between a host and its controller, as the host wrote or read it. Shown, it is a line: seconds, the
/// controller's number, `>` to it or `<` from it, and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// When, in microseconds.
    pub micros: u64,
    /// The controller's number.
    pub controller: usize,
    /// Which way.
    pub direction: Direction,
    /// Of what kind.
    pub kind: PacketKind,
    /// Its octets.
    pub octets: Vec<u8>,
}

impl fmt::Display for Passed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = if self.direction == Direction::ToController { '>' } else { '<' };
        write!(f, "{:>10.6} {} {way} ", self.micros as f64 / 1e6, self.controller)?;
        match self.kind {
            PacketKind::Command => match CommandPacket::parse(&self.octets) {
                Ok(command) => write!(f, "{command}"),
                Err(_) => write!(f, "malformed command {:02x?}", self.octets),
            },
            PacketKind::Event => match Event::parse(&self.octets) {
                Ok(event) => write!(f, "{event}"),
                Err(_) => write!(f, "malformed event {:02x?}", self.octets),
            },
            PacketKind::Acl => match AclPacket::parse(&self.octets) {
                Ok(packet) => {
                    write!(f, "{packet}")?;
                    // A frame that came whole tells what is in it.
                    let Ok(frame) = Frame::parse(packet.data) else { return Ok(()) };
                    match frame.channel {
                        ChannelId::ATT => shown(f, &frame, Pdu::parse(frame.payload)),
                        ChannelId::SIGNALLING => shown(f, &frame, Signal::parse(frame.payload)),
                        ChannelId::SMP => shown(f, &frame, smp::Pdu::parse(frame.payload)),
                        _ => write!(f, " {frame}"),
                    }
                }
                Err(_) => write!(f, "malformed ACL data {:02x?}", self.octets),
            },
            kind => write!(f, "{kind:?} {:02x?}", self.octets),
        }
    }
}

/// What a frame carries, or the frame when it is not what its channel carries.
fn shown<T: fmt::Display>(f: &mut fmt::Formatter<'_>, frame: &Frame<'_>, pdu: Result<T, Malformed>) -> fmt::Result {
    match pdu {
        Ok(pdu) => write!(f, " {pdu}"),
        Err(Malformed) => write!(f, " {frame}"),
    }
}
