//! A port as the transport of trouble-host's hosts.

use crate::{ACL, COMMAND, Port};
use bt_hci_transport::{PacketKind, PacketToController, PacketToHost, ReadHciError, Transport};
use core::{convert::Infallible, fmt};

/// What the link's packets were not.
#[derive(Debug)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the packet makes no sense")
    }
}

impl core::error::Error for Malformed {}

impl embedded_io::Error for Malformed {
    fn kind(&self) -> embedded_io::ErrorKind {
        embedded_io::ErrorKind::InvalidData
    }
}

impl From<ReadHciError<Infallible>> for Malformed {
    fn from(_: ReadHciError<Infallible>) -> Self {
        Malformed
    }
}

impl embedded_io::ErrorType for Port<'_> {
    type Error = Malformed;
}

impl Transport for Port<'_> {
    async fn read<'a, P: PacketToHost<'a>>(&self, rx: &'a mut [u8]) -> Result<P, Malformed> {
        self.receive(|kind, mut octets| {
            let kind = if kind == ACL { PacketKind::AclData } else { PacketKind::Event };
            P::read_hci(kind, &mut octets, rx).map_err(Malformed::from)
        })
        .await
    }

    async fn write<P: PacketToController>(&self, packet: &P) -> Result<(), Malformed> {
        self.room().await;
        let kind = if P::KIND as u8 == PacketKind::AclData as u8 { ACL } else { COMMAND };
        self.send(kind, |buffer| {
            let (all, mut rest) = (buffer.len(), buffer);
            packet.write_hci(&mut rest).expect("the buffer holds the longest packet");
            all - rest.len()
        });
        Ok(())
    }
}
