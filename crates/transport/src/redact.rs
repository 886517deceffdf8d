//! Keys that cross HCI, and where in their packets they stand. A capture blanks them unless it is told not to.

use core::ops::Range;
use jelling_wire::{Packet, PacketKind};

const NOTHING: Range<usize> = 0..0;

/// The octets of a packet that hold a secret.
pub(crate) fn secret(packet: Packet<'_>) -> Range<usize> {
    match packet.kind {
        PacketKind::Command => command(packet.data),
        PacketKind::Event => event(packet.data),
        PacketKind::Acl => security(packet.data),
        PacketKind::Sco | PacketKind::Iso => NOTHING,
    }
}

fn command(data: &[u8]) -> Range<usize> {
    let [low, high, _, ..] = data else { return NOTHING };
    match u16::from_le_bytes([*low, *high]) {
        // Link Key Request Reply: after the address.
        0x040b => 9..25,
        // LE Encrypt: key and plaintext. LE Generate DHKey takes the peer's public key, which is none.
        0x2017 => 3..35,
        // LE Enable Encryption: after handle, random number and diversifier.
        0x2019 => 15..31,
        // LE Long Term Key Request Reply: after the handle.
        0x201a => 5..21,
        // LE Add Device To Resolving List: both identity keys, after type and address.
        0x2027 => 10..42,
        _ => NOTHING,
    }
}

fn event(data: &[u8]) -> Range<usize> {
    match data {
        // Command Complete of LE Rand and LE Encrypt: after the status.
        [0x0e, _, _, 0x18, 0x20, ..] => 6..14,
        [0x0e, _, _, 0x17, 0x20, ..] => 6..22,
        // LE Generate DHKey Complete: after the status.
        [0x3e, _, 0x09, ..] => 4..36,
        // Link Key Notification: after the address.
        [0x18, ..] => 8..24,
        _ => NOTHING,
    }
}

/// Encryption Information, Identity Information, Signing Information (Vol 3, Part H, 3.6), in a packet of their own.
fn security(data: &[u8]) -> Range<usize> {
    match data {
        [_, _, _, _, _, _, 0x06, 0x00, 0x06 | 0x08 | 0x0a, ..] => 9..25,
        _ => NOTHING,
    }
}
