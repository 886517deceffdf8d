//! The btsnoop file format: a header, then records with big-endian headers. We write datalink 1002, H4 with its indicator octet;
//! [`Records`] reads that, and what `hcidump` (1001) and `btmon` (2001) write.

mod read;

pub use read::{Datalink, FileError, Record, Records, Truncated};

use crate::Direction;
use jelling_wire::{Packet, PacketKind};

/// "btsnoop", version 1, datalink 1002.
pub const FILE_HEADER: [u8; 16] = [b'b', b't', b's', b'n', b'o', b'o', b'p', 0, 0, 0, 0, 1, 0, 0, 0x03, 0xea];

/// Octets before each packet: the record's header and the H4 indicator.
pub const RECORD_HEADER: usize = 25;

/// Microseconds from the format's epoch, the year 0, to that of Unix.
const UNIX_EPOCH: u64 = 0x00dc_ddb3_0f2f_8000;

/// The octets before a packet in a file; `drops` is how many packets of the capture are missing up to here, `unix_micros` the time
/// since 1970.
pub fn record_header(direction: Direction, packet: Packet<'_>, drops: u32, unix_micros: u64) -> [u8; RECORD_HEADER] {
    let length = u32::try_from(packet.data.len()).unwrap_or(u32::MAX).saturating_add(1).to_be_bytes();
    let command_or_event = matches!(packet.kind, PacketKind::Command | PacketKind::Event);
    let flags = u32::from(direction == Direction::FromController) | u32::from(command_or_event) << 1;
    let mut header = [0; RECORD_HEADER];
    let fields: [&[u8]; 6] = [
        &length,
        &length,
        &flags.to_be_bytes(),
        &drops.to_be_bytes(),
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
