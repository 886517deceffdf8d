//! L2CAP on LE: basic frames, those of credit based channels, and the signalling channel (Vol 3, Part A, 3 and 4).

mod channel;
mod codes;
mod segment;
pub mod signalling;

pub use channel::{ChannelId, ChannelIds, Psm};
pub use segment::{Segment, segments};

use crate::{Malformed, Reader, Writer};
use core::fmt;

/// Octets before a frame's payload.
pub const HEADER_LENGTH: usize = 4;

/// A basic frame (3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// Its channel.
    pub channel: ChannelId,
    /// Its payload.
    pub payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Takes a whole frame apart; its length must be exact.
    pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(octets);
        let length = r.u16()?;
        let channel = ChannelId(r.u16()?);
        let payload = r.bytes(usize::from(length))?;
        r.finish()?;
        Ok(Frame { channel, payload })
    }

    /// Writes the frame.
    pub fn emit(&self, w: &mut Writer<'_>) {
        w.u16(u16::try_from(self.payload.len()).unwrap_or(u16::MAX));
        w.u16(self.channel.0);
        w.bytes(self.payload);
    }
}

impl fmt::Display for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Channel: {} len {}", self.channel.0, self.payload.len())
    }
}
