//! `-vv`: each packet on stderr, keys blanked.

use jelling::{Packet, PacketKind, PacketRead, PacketWrite};
use jelling_transport::Redaction;
use jelling_wire::hci::{acl::AclPacket, command::CommandPacket, event::Event};
use std::io::Write;

/// A half of a transport that prints what passes through it, if it is on.
pub(crate) struct Trace<T> {
    inner: T,
    on: bool,
    redaction: Redaction,
}

impl<T> Trace<T> {
    pub(crate) fn new(inner: T, on: bool) -> Self {
        Trace { inner, on, redaction: Redaction::new() }
    }
}

fn show(redaction: &mut Redaction, arrow: char, packet: Packet<'_>) {
    let mut octets = packet.data.to_vec();
    let secret = octets.get_mut(redaction.secret(packet));
    secret.unwrap_or_default().fill(0);
    let text = match packet.kind {
        PacketKind::Command => CommandPacket::parse(&octets).map(|p| p.to_string()),
        PacketKind::Event => Event::parse(&octets).map(|p| p.to_string()),
        PacketKind::Acl => AclPacket::parse(&octets).map(|p| format!("{p} {}", hex::encode(p.data))),
        PacketKind::Sco | PacketKind::Iso => Ok(format!("{:?}", packet.kind)),
    };
    let text = text.unwrap_or_else(|_| format!("malformed {}", hex::encode(&octets)));
    let _ = writeln!(std::io::stderr(), "{arrow} {text}");
}

impl<T: PacketRead> PacketRead for Trace<T> {
    type Error = T::Error;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, T::Error> {
        let packet = self.inner.read(buffer).await?;
        if self.on {
            show(&mut self.redaction, '>', packet);
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
            show(&mut self.redaction, '<', packet);
        }
        self.inner.write(packet).await
    }
}
