//! The btsnoop file format: a header, then records with big-endian headers. Datalink 1002 is H4 with its indicator octet.

use crate::Direction;
use jelling_wire::{Malformed, Packet, PacketKind, Reader};

/// "btsnoop", version 1, datalink 1002.
pub const FILE_HEADER: [u8; 16] = [b'b', b't', b's', b'n', b'o', b'o', b'p', 0, 0, 0, 0, 1, 0, 0, 0x03, 0xea];

/// Octets before each packet: the record's header and the H4 indicator.
pub const RECORD_HEADER: usize = 25;

/// Microseconds from the format's epoch, the year 0, to that of Unix.
const UNIX_EPOCH: u64 = 0x00dc_ddb3_0f2f_8000;

/// The octets before a packet in a file; `unix_micros` is the time since 1970.
pub fn record_header(direction: Direction, packet: Packet<'_>, unix_micros: u64) -> [u8; RECORD_HEADER] {
    let length = u32::try_from(packet.data.len()).unwrap_or(u32::MAX).saturating_add(1).to_be_bytes();
    let command_or_event = matches!(packet.kind, PacketKind::Command | PacketKind::Event);
    let flags = u32::from(direction == Direction::FromController) | u32::from(command_or_event) << 1;
    let mut header = [0; RECORD_HEADER];
    let fields: [&[u8]; 6] = [
        &length,
        &length,
        &flags.to_be_bytes(),
        &[0; 4],
        &unix_micros.saturating_add(UNIX_EPOCH).to_be_bytes(),
        &[packet.kind.indicator()],
    ];
    let mut rest = header.as_mut_slice();
    for field in fields {
        let n = jelling_wire::copy(rest, field);
        rest = rest.get_mut(n..).unwrap_or_default();
    }
    header
}

/// A packet of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Which way it went.
    pub direction: Direction,
    /// Microseconds since 1970.
    pub unix_micros: u64,
    /// Packets that were dropped before it.
    pub drops: u32,
    /// The packet.
    pub packet: Packet<'a>,
}

/// The records of a file in memory.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    rest: Reader<'a>,
}

impl<'a> Records<'a> {
    /// A file of datalink 1002.
    pub fn parse(file: &'a [u8]) -> Result<Self, Malformed> {
        let mut rest = Reader::new(file);
        if rest.bytes(FILE_HEADER.len())? == FILE_HEADER { Ok(Records { rest }) } else { Err(Malformed) }
    }

    fn record(&mut self) -> Result<Record<'a>, Malformed> {
        let r = &mut self.rest;
        let _original = r.array::<4>()?;
        let length = usize::try_from(u32::from_be_bytes(r.array()?)).map_err(|_| Malformed)?;
        let flags = u32::from_be_bytes(r.array()?);
        let drops = u32::from_be_bytes(r.array()?);
        let time = u64::from_be_bytes(r.array()?);
        let (indicator, data) = r.bytes(length)?.split_first().ok_or(Malformed)?;
        let kind = PacketKind::from_indicator(*indicator).ok_or(Malformed)?;
        let direction = if flags & 1 == 1 { Direction::FromController } else { Direction::ToController };
        Ok(Record { direction, unix_micros: time.saturating_sub(UNIX_EPOCH), drops, packet: Packet::new(kind, data) })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Malformed>;

    /// The next record; after a malformed one nothing can be found any more.
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            self.rest = Reader::new(&[]);
        }
        Some(record)
    }
}
