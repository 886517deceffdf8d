//! What the controller has told of completed packets, and the core not been told of: a controller tells of each by itself, often of several in
//! a row.

use ::core::sync::atomic::{AtomicU32, Ordering};
use jelling_host::wire::{Packet, PacketKind};

/// Their number, and above it their connection. Atomic only so that the runner's task may go from one thread to another.
#[derive(Debug, Default)]
pub(super) struct Completed(AtomicU32);

impl Completed {
    /// True for Number Of Completed Packets of one connection (Vol 4, Part E, 7.7.19), of which the core is told with the next
    /// packet, or when there is none: a controller tells of each packet.
    pub(super) fn add(&self, packet: Packet<'_>) -> bool {
        let [0x13, 5, 1, h0, h1, n0, n1] = *packet.data else { return false };
        if packet.kind != PacketKind::Event {
            return false;
        }
        let [n2, n3, h2, h3] = self.0.load(Ordering::Relaxed).to_le_bytes();
        let before = u16::from_le_bytes([n2, n3]);
        let Some(count) =
            before.checked_add(u16::from_le_bytes([n0, n1])).filter(|_| [h0, h1] == [h2, h3] || before == 0)
        else {
            return false;
        };
        let [n0, n1] = count.to_le_bytes();
        self.0.store(u32::from_le_bytes([n0, n1, h0, h1]), Ordering::Relaxed);
        true
    }

    /// The event that tells of what has been completed.
    pub(super) fn take(&self) -> Option<[u8; 7]> {
        let completed = self.0.load(Ordering::Relaxed);
        if completed == 0 {
            return None;
        }
        self.0.store(0, Ordering::Relaxed);
        let [n0, n1, h0, h1] = completed.to_le_bytes();
        Some([0x13, 5, 1, h0, h1, n0, n1])
    }
}

#[cfg(test)]
mod tests;
