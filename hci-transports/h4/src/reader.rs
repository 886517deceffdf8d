//! Octets to packets, with a buffer of its own: one read of the device may bring many packets, or a part of one.

use crate::front::{Front, front, search, to_front};
use core::fmt;
use embedded_io_async::Read;
use jelling_transport::PacketRead;
use jelling_wire::{Packet, copy};

/// Octets skipped with no packet between them that are more than the scars of a fault on the wire: the reader says
/// [`H4Error::Noise`]. Four of the longest packets of LE; a single octet that is lost, added or changed costs less.
pub const NOISE: u32 = 1040;

/// Why there is no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum H4Error<E> {
    /// The device came to its end.
    End,
    /// [`NOISE`] octets made no sense: a wrong baud rate, no flow control, or no controller. Reading can go on; the host
    /// resets the controller.
    Noise,
    /// The device failed.
    Device(E),
}

impl<E: fmt::Debug> fmt::Display for H4Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            H4Error::End => f.write_str("the device was closed"),
            H4Error::Noise => f.write_str("what came made no sense: check the baud rate and RTS/CTS"),
            H4Error::Device(error) => write!(f, "the device failed: {error:?}"),
        }
    }
}

impl<E: fmt::Debug> core::error::Error for H4Error<E> {}

/// Reads packets from a device. `N` octets of buffer: at least one whole packet, 260 for LE with ACL packets of 251 octets.
#[derive(Debug)]
pub struct H4Reader<R, const N: usize = 1028> {
    device: R,
    buffer: [u8; N],
    start: usize,
    end: usize,
    skipped: u32,
    /// Octets skipped since the last packet. Where there are any, what looks like a packet must also be followed by one.
    noise: u32,
    /// Only the answer of Reset, or a hardware error, is looked for.
    searching: bool,
}

impl<R: Read> H4Reader<R> {
    /// A reader with the default buffer.
    pub const fn new(device: R) -> Self {
        Self::with_buffer(device)
    }
}

impl<R: Read, const N: usize> H4Reader<R, N> {
    /// A reader with a buffer of `N` octets.
    pub const fn with_buffer(device: R) -> Self {
        H4Reader { device, buffer: [0; N], start: 0, end: 0, skipped: 0, noise: 0, searching: false }
    }

    /// Octets that were no part of a packet, since the start.
    pub const fn skipped(&self) -> u32 {
        self.skipped
    }

    /// Makes room at the end and reads more.
    async fn fill(&mut self) -> Result<(), H4Error<R::Error>> {
        if self.start != 0 {
            to_front(&mut self.buffer, self.start..self.end);
            self.end = self.end.saturating_sub(self.start);
            self.start = 0;
        }
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.device.read(room).await {
            Ok(0) => Err(H4Error::End),
            Ok(n) => {
                self.end = self.end.saturating_add(n).min(N);
                Ok(())
            }
            Err(error) => Err(H4Error::Device(error)),
        }
    }
}

/// Keeps what has come of a packet when the future is dropped.
impl<R: Read, const N: usize> PacketRead for H4Reader<R, N> {
    type Error = H4Error<R::Error>;

    fn begin_anew(&mut self) {
        self.searching = true;
    }

    fn is_noise(error: &Self::Error) -> bool {
        matches!(error, H4Error::Noise)
    }

    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Self::Error> {
        loop {
            let octets = self.buffer.get(self.start..self.end).unwrap_or_default();
            let limit = buffer.len().min(N.saturating_sub(1));
            let front = if self.searching { search(octets) } else { front(octets, limit, self.noise > 0) };
            match front {
                Front::Packet(kind, length) => {
                    let from = self.start.saturating_add(1);
                    let to = from.saturating_add(length);
                    self.start = to;
                    self.noise = 0;
                    self.searching = false;
                    let octets = self.buffer.get(from..to).unwrap_or_default();
                    let n = copy(buffer, octets);
                    return Ok(Packet::new(kind, buffer.get(..n).unwrap_or_default()));
                }
                Front::Noise => {
                    self.start = self.start.saturating_add(1);
                    self.skipped = self.skipped.saturating_add(1);
                    self.noise = self.noise.saturating_add(1);
                    // Who searches for the answer of Reset has been told already.
                    if self.noise >= NOISE && !self.searching {
                        self.noise = 1;
                        return Err(H4Error::Noise);
                    }
                }
                Front::Partial(_) => self.fill().await?,
            }
        }
    }
}
