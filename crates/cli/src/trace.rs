//! `-vv`: each packet on stderr.

use jelling::{Packet, PacketKind, PacketRead, PacketWrite};
use jelling_wire::hci::{acl::AclPacket, command::CommandPacket, event::Event};
use std::io::Write;

/// A half of a transport that prints what passes through it, if it is on.
pub(crate) struct Trace<T> {
    pub(crate) inner: T,
    pub(crate) on: bool,
}

fn show(arrow: char, packet: Packet<'_>) {
    let text = match packet.kind {
        PacketKind::Command => CommandPacket::parse(packet.data).map(|p| p.to_string()),
        PacketKind::Event => Event::parse(packet.data).map(|p| p.to_string()),
        PacketKind::Acl => AclPacket::parse(packet.data).map(|p| format!("{p} {}", hex::encode(p.data))),
        PacketKind::Sco | PacketKind::Iso => Ok(format!("{:?}", packet.kind)),
    };
    let text = text.unwrap_or_else(|_| format!("malformed {}", hex::encode(packet.data)));
    let _ = writeln!(std::io::stderr(), "{arrow} {text}");
}

impl<T: PacketRead> PacketRead for Trace<T> {
    type Error = T::Error;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, T::Error> {
        let packet = self.inner.read(buffer).await?;
        if self.on {
            show('>', packet);
        }
        Ok(packet)
    }
    fn begin_anew(&mut self) {
        self.inner.begin_anew();
    }
    fn is_noise(error: &Self::Error) -> bool {
        T::is_noise(error)
    }
}

impl<T: PacketWrite> PacketWrite for Trace<T> {
    type Error = T::Error;
    async fn write(&mut self, packet: Packet<'_>) -> Result<(), T::Error> {
        if self.on {
            show('<', packet);
        }
        self.inner.write(packet).await
    }
}
