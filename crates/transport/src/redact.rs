//! Keys that cross HCI, and where in their packets they stand. A capture blanks them unless it is told not to.

use core::ops::Range;
use jelling_wire::{Packet, PacketKind};

const NOTHING: Range<usize> = 0..0;

/// Octets of an ACL packet's header.
const ACL_HEADER: usize = 4;

/// Octets of an L2CAP frame that tell whether a key follows: length, channel, and the code of the PDU.
const FRAME_HEADER: usize = 5;

/// Where the key ends in such a frame.
const FRAME_END: usize = FRAME_HEADER + 16;

/// Frames that may be under way at once: one a link. Where there are more, more is blanked than need be.
const FRAMES: usize = 8;

/// Finds the octets that hold a secret, in the packets of one direction as they pass. It knows where in its frame a fragment
/// stands, for a peer may cut what it sends anywhere.
#[derive(Debug, Default)]
pub struct Redaction {
    frames: [Option<Fragmented>; FRAMES],
    /// A frame had no room: any fragment may be of that one.
    lost: bool,
}

/// A frame of which more is to come, and which may hold a key.
#[derive(Clone, Copy, Debug)]
struct Fragmented {
    handle: u16,
    /// Octets that have passed.
    passed: usize,
    header: [u8; FRAME_HEADER],
}

impl Redaction {
    /// Nothing has passed yet.
    pub const fn new() -> Self {
        Redaction { frames: [None; FRAMES], lost: false }
    }

    /// The octets of the next packet that hold a secret; at most 64, and within the packet. An empty range is none.
    pub fn secret(&mut self, packet: Packet<'_>) -> Range<usize> {
        let found = match packet.kind {
            PacketKind::Command => command(packet.data),
            PacketKind::Event => event(packet.data),
            PacketKind::Acl => self.acl(packet.data),
            PacketKind::Sco | PacketKind::Iso => NOTHING,
        };
        let end = found.end.min(packet.data.len());
        found.start.min(end)..end
    }

    /// A fragment of a frame that may be one of SMP (Vol 3, Part A, 3.1; Part H, 3.6).
    fn acl(&mut self, data: &[u8]) -> Range<usize> {
        let Some(([h0, h1, _, _], payload)) = data.split_first_chunk() else { return NOTHING };
        let first = u16::from_le_bytes([*h0, *h1]);
        let handle = first & 0x0fff;
        let known = self.frames.iter_mut().find(|frame| frame.is_some_and(|frame| frame.handle == handle));
        let before = known.and_then(Option::take);
        // Vol 4, Part E, 5.4.2: 0b01 continues a frame, all else begins one.
        let mut frame = match ((first >> 12) & 3 == 1, before) {
            (true, Some(frame)) => frame,
            // It is of another channel; or of a frame that had no room, whose key ends within these octets.
            (true, None) if self.lost => return ACL_HEADER..ACL_HEADER + FRAME_END,
            (true, None) => return NOTHING,
            (false, _) => Fragmented { handle, passed: 0, header: [0; FRAME_HEADER] },
        };
        let begin = frame.passed;
        for (octet, slot) in payload.iter().zip(frame.header.iter_mut().skip(begin)) {
            *slot = *octet;
        }
        frame.passed = begin.saturating_add(payload.len());
        let [l0, l1, channel @ .., code] = frame.header;
        let is_other = frame.passed >= ACL_HEADER && channel != [6, 0];
        // Encryption Information, Identity Information, Signing Information.
        let is_key = frame.passed >= FRAME_HEADER && matches!(code, 0x06 | 0x08 | 0x0a);
        let length = ACL_HEADER.saturating_add(usize::from(u16::from_le_bytes([l0, l1])));
        let may_hold = frame.passed < FRAME_HEADER || is_key && frame.passed < FRAME_END;
        let goes_on = may_hold && frame.passed < length;
        if is_other {
            return NOTHING;
        }
        if goes_on {
            match self.frames.iter_mut().find(|slot| slot.is_none()) {
                Some(slot) => *slot = Some(frame),
                None => self.lost = true,
            }
        }
        let at = |octet: usize| ACL_HEADER.saturating_add(octet.saturating_sub(begin));
        if is_key { at(FRAME_HEADER)..at(FRAME_END) } else { NOTHING }
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
