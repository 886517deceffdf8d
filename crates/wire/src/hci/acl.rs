//! ACL data packets (Vol 4, Part E, 5.4.2).

use super::ConnectionHandle;
use crate::{Malformed, Reader, Writer};
use core::fmt;

/// Where in a frame a packet stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Boundary {
    /// It begins a frame, host to controller on LE.
    FirstNonFlushable = 0,
    /// It goes on with a frame.
    Continuing = 1,
    /// It begins a frame, controller to host.
    FirstFlushable = 2,
    /// A whole frame, of no use on LE.
    Complete = 3,
}

/// An ACL data packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AclPacket<'a> {
    /// The link.
    pub handle: ConnectionHandle,
    /// Where in a frame it stands.
    pub boundary: Boundary,
    /// Broadcast flag: 0 on LE.
    pub broadcast: u8,
    /// A part of an L2CAP frame.
    pub data: &'a [u8],
}

impl<'a> AclPacket<'a> {
    /// Takes a packet apart; its length must be exact.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let first = r.u16()?;
        let length = r.u16()?;
        let data = r.bytes(usize::from(length))?;
        r.finish()?;
        let boundary = match (first >> 12) & 3 {
            0 => Boundary::FirstNonFlushable,
            1 => Boundary::Continuing,
            2 => Boundary::FirstFlushable,
            _ => Boundary::Complete,
        };
        let broadcast = u8::from(first & 0x4000 != 0) | u8::from(first & 0x8000 != 0) << 1;
        Ok(AclPacket { handle: ConnectionHandle::parse(first)?, boundary, broadcast, data })
    }

    /// Writes the packet.
    pub fn emit(&self, w: &mut Writer<'_>) {
        let length = u16::try_from(self.data.len()).unwrap_or(u16::MAX);
        emit_header(self.handle, self.boundary, self.broadcast, length, w);
        w.bytes(self.data);
    }
}

/// Writes the header of a packet, whose `length` octets of data follow.
#[inline]
pub fn emit_header(handle: ConnectionHandle, boundary: Boundary, broadcast: u8, length: u16, w: &mut Writer<'_>) {
    let flags = u16::from(boundary as u8) << 12 | u16::from(broadcast & 3) << 14;
    let [h0, h1] = ((handle.0 & 0x0fff) | flags).to_le_bytes();
    let [l0, l1] = length.to_le_bytes();
    w.bytes(&[h0, h1, l0, l1]);
}

impl fmt::Display for AclPacket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flags = self.boundary as u8;
        write!(f, "ACL Data: Handle {} flags {flags:#04x} dlen {}", self.handle.0, self.data.len())
    }
}
