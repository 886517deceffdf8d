//! A port as the transport of jelling's hosts.

use crate::{ACL, COMMAND, EVENT, Port};
use core::convert::Infallible;
use jelling_transport::{PacketRead, PacketWrite};
use jelling_wire::{Packet, PacketKind};

impl PacketRead for Port<'_> {
    type Error = Infallible;

    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Infallible> {
        let (kind, length) = self
            .receive(|kind, octets| {
                buffer[..octets.len()].copy_from_slice(octets);
                (kind, octets.len())
            })
            .await;
        let kind = match kind {
            ACL => PacketKind::Acl,
            _ => {
                debug_assert_eq!(kind, EVENT);
                PacketKind::Event
            }
        };
        Ok(Packet::new(kind, &buffer[..length]))
    }
}

impl PacketWrite for Port<'_> {
    type Error = Infallible;

    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Infallible> {
        self.room().await;
        let kind = if packet.kind == PacketKind::Acl { ACL } else { COMMAND };
        self.send(kind, |buffer| {
            buffer[..packet.data.len()].copy_from_slice(packet.data);
            packet.data.len()
        });
        Ok(())
    }
}
