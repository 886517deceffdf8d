//! Octets to packets, straight into the buffer of who reads.

use crate::{
    front::{Front, front, search, to_front},
    reader::{H4Error, NOISE},
};
use embedded_io_async::Read;
use jelling_transport::PacketRead;
use jelling_wire::{Packet, copy};

/// Octets that may be left behind a packet: no more than these are read before it is known to be one.
const LEFT: usize = 7;

/// As [`H4Reader`](crate::H4Reader), for devices that have a buffer themselves, as the driver of a UART has: without one of its own
/// it is some 20 octets long, and reads each packet in a few pieces, into a buffer with room for its indicator too: of 8 octets at
/// least. Dropping a read loses what has come of its packet; a host does so only when it begins anew, and wants none of it then.
#[derive(Debug)]
pub struct H4DirectReader<R> {
    device: R,
    left: [u8; LEFT],
    /// How many of them there are.
    kept: usize,
    skipped: u32,
    noise: u32,
    searching: bool,
}

impl<R: Read> H4DirectReader<R> {
    /// A reader of `device`.
    pub const fn new(device: R) -> Self {
        H4DirectReader { device, left: [0; LEFT], kept: 0, skipped: 0, noise: 0, searching: false }
    }

    /// Octets that were no part of a packet, since the start.
    pub const fn skipped(&self) -> u32 {
        self.skipped
    }

    fn keep(&mut self, octets: &[u8]) {
        self.kept = copy(&mut self.left, octets);
    }
}

impl<R: Read> PacketRead for H4DirectReader<R> {
    type Error = H4Error<R::Error>;

    fn begin_anew(&mut self) {
        self.searching = true;
    }

    fn is_noise(error: &Self::Error) -> bool {
        matches!(error, H4Error::Noise)
    }

    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Self::Error> {
        let mut end = copy(buffer, self.left.get(..self.kept).unwrap_or_default());
        self.kept = 0;
        let (kind, end_of_packet) = loop {
            let octets = buffer.get(..end).unwrap_or_default();
            let limit = buffer.len().saturating_sub(1);
            let front = if self.searching { search(octets) } else { front(octets, limit, self.noise > 0) };
            match front {
                Front::Packet(kind, length) => break (kind, length.saturating_add(1)),
                Front::Partial(wanted) => {
                    let room = buffer.get_mut(end..wanted).unwrap_or_default();
                    match self.device.read(room).await {
                        Ok(0) => return Err(H4Error::End),
                        Ok(n) => end = end.saturating_add(n).min(wanted),
                        Err(error) => return Err(H4Error::Device(error)),
                    }
                }
                Front::Noise => {
                    to_front(buffer, 1..end);
                    end = end.saturating_sub(1);
                    self.skipped = self.skipped.saturating_add(1);
                    self.noise = self.noise.saturating_add(1);
                    // Who searches for the answer of Reset has been told already.
                    if self.noise >= NOISE && !self.searching {
                        self.noise = 1;
                        self.keep(buffer.get(..end).unwrap_or_default());
                        return Err(H4Error::Noise);
                    }
                }
            }
        };
        (self.noise, self.searching) = (0, false);
        self.keep(buffer.get(end_of_packet..end).unwrap_or_default());
        // Over the indicator: a packet stands where its buffer begins.
        to_front(buffer, 1..end_of_packet);
        Ok(Packet::new(kind, buffer.get(..end_of_packet.saturating_sub(1)).unwrap_or_default()))
    }
}
