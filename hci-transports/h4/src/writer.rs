//! Packets to octets.

use embassy_futures::yield_now;
use embedded_io_async::Write;
use jelling_transport::PacketWrite;
use jelling_wire::{Packet, copy};

/// Octets that go out in one write, the indicator the first of them. Where a write is a call of an operating system, or a packet
/// of a network, the longest packet goes in one; the driver of a UART takes octets as they come, and they need no copy.
const TOGETHER: usize = if cfg!(target_os = "none") { 1 } else { 264 };

/// Writes packets to a device, as long as that takes: where the device says that it took none of the octets, other tasks of the executor
/// have their turn, and then it is tried again.
#[derive(Debug)]
pub struct H4Writer<W> {
    device: W,
}

impl<W: Write> H4Writer<W> {
    /// A writer to `device`.
    pub const fn new(device: W) -> Self {
        H4Writer { device }
    }
}

impl<W: Write> PacketWrite for H4Writer<W> {
    type Error = W::Error;

    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Self::Error> {
        write::<_, TOGETHER>(&mut self.device, packet).await
    }
}

/// Writes a packet, its first `N` octets together.
pub(crate) async fn write<W: Write, const N: usize>(device: &mut W, packet: Packet<'_>) -> Result<(), W::Error> {
    let mut first = [0; N];
    let mut n = 0;
    if let Some((indicator, rest)) = first.split_first_mut() {
        *indicator = packet.kind.indicator();
        n = copy(rest, packet.data);
    }
    let mut rest = first.get(..n.saturating_add(1)).unwrap_or_default();
    let mut behind = packet.data.get(n..).unwrap_or_default();
    // `write_all`, as `embedded-io-async` has it, panics where a driver says that it took none of them, or more than there are; here
    // others have their turn, and the rest is tried again.
    while !rest.is_empty() {
        let taken = device.write(rest).await?;
        if taken == 0 {
            yield_now().await;
        }
        rest = rest.get(taken..).unwrap_or_default();
        if rest.is_empty() {
            rest = core::mem::take(&mut behind);
        }
    }
    device.flush().await
}
