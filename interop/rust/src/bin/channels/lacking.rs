//! A controller that does not have the Connection Parameters Request Procedure, as far as its host knows: that one asks by L2CAP
//! (Vol 3, Part A, 4.20).

use jelling::PacketRead;
use jelling_wire::{Packet, PacketKind};

/// Command Complete of LE Read Local Supported Features, up to the status; where the features begin, and the bit (Vol 6, Part B, 4.6).
const ANSWER: [u8; 3] = [1, 0x03, 0x20];
const FEATURES: usize = 6;
const PARAMETERS_REQUEST: u8 = 1 << 1;

pub(crate) struct Lacking<R> {
    reader: R,
    buffer: Box<[u8; 4096]>,
}

impl<R> Lacking<R> {
    pub(crate) fn new(reader: R) -> Self {
        Lacking { reader, buffer: Box::new([0; 4096]) }
    }
}

impl<R: PacketRead> PacketRead for Lacking<R> {
    type Error = R::Error;

    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, R::Error> {
        let room = buffer.len().min(self.buffer.len());
        let packet = self.reader.read(&mut self.buffer[..room]).await?;
        let (kind, length) = (packet.kind, packet.data.len());
        buffer[..length].copy_from_slice(packet.data);
        if kind == PacketKind::Event && buffer[0] == 0x0e && length > FEATURES && buffer[2..5] == ANSWER {
            buffer[FEATURES] &= !PARAMETERS_REQUEST;
        }
        Ok(Packet::new(kind, &buffer[..length]))
    }

    fn begin_anew(&mut self) {
        self.reader.begin_anew();
    }

    fn is_noise(error: &R::Error) -> bool {
        R::is_noise(error)
    }
}
