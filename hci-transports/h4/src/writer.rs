//! Packets to octets.

use embassy_futures::yield_now;
use embedded_io_async::Write;
use jelling_transport::PacketWrite;
use jelling_wire::{Packet, copy};

/// Octets of the longest packet with its indicator that goes out in one write.
const WHOLE: usize = 264;

/// Writes packets to a device.
#[derive(Debug)]
pub struct H4Writer<W> {
    device: W,
}

impl<W: Write> H4Writer<W> {
    /// A writer to `device`.
    pub const fn new(device: W) -> Self {
        H4Writer { device }
    }

    /// Sends all of them. `write_all`, as `embedded-io-async` has it, panics where a driver says that it took none of them, or
    /// more than there are; here others have their turn, and the rest is tried again.
    async fn all(&mut self, octets: &[u8]) -> Result<(), W::Error> {
        let mut rest = octets;
        while !rest.is_empty() {
            let taken = self.device.write(rest).await?;
            rest = rest.get(taken..).unwrap_or_default();
            if taken == 0 {
                yield_now().await;
            }
        }
        Ok(())
    }
}

impl<W: Write> PacketWrite for H4Writer<W> {
    type Error = W::Error;

    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Self::Error> {
        let mut whole = [0; WHOLE];
        whole[0] = packet.kind.indicator();
        let n = copy(whole.get_mut(1..).unwrap_or_default(), packet.data);
        self.all(whole.get(..n.saturating_add(1)).unwrap_or_default()).await?;
        self.all(packet.data.get(n..).unwrap_or_default()).await?;
        self.device.flush().await
    }
}
