//! What the next packet begins with, or what is no packet.

use core::ops::Range;
use jelling_wire::PacketKind;

/// Events that controllers send to an LE host, a bit each, 32 to a word, and 0xff beside them; the code of any other is noise
/// (Vol 4, Part E, 7.7).
const EVENTS: [u32; 3] = [
    bits(&[0x03, 0x05, 0x08, 0x0c, 0x0e, 0x0f, 0x10, 0x13, 0x1a]),
    bits(&[0x20, 0x30, 0x3e]),
    bits(&[0x48, 0x57, 0x59]),
];

const fn bits(mut codes: &[u8]) -> u32 {
    let mut word = 0;
    while let [code, rest @ ..] = codes {
        word |= 1u32.wrapping_shl(*code as u32);
        codes = rest;
    }
    word
}

fn is_event(code: u8) -> bool {
    let word = EVENTS.get(usize::from(code >> 5)).copied().unwrap_or_default();
    code == 0xff || word.wrapping_shr(u32::from(code)) & 1 == 1
}

/// What stands at the front of the buffer.
pub(crate) enum Front {
    /// A packet of so many octets after the indicator.
    Packet(PacketKind, usize),
    /// The beginning of one, perhaps, of which more can be said with so many octets.
    Partial(usize),
    /// No packet begins here.
    Noise,
}

/// What stands at the front of `octets`, where a packet of up to `limit` octets can be taken. After noise, what looks like a
/// packet must also be followed by one.
pub(crate) fn front(octets: &[u8], limit: usize, after_noise: bool) -> Front {
    let Some((indicator, rest)) = octets.split_first() else { return Front::Partial(3) };
    let (kind, header, is_plausible, length) = match (PacketKind::from_indicator(*indicator), rest) {
        (Some(kind @ PacketKind::Event), [code, length, ..]) => (kind, 2, is_event(*code), usize::from(*length)),
        // A handle of 12 bits up to 0x0eff, no broadcast, and no boundary flag of BR/EDR alone.
        (Some(kind @ PacketKind::Acl), [first, second, low, high, ..]) => {
            let first = u16::from_le_bytes([*first, *second]);
            let is_plausible = first & 0x0fff <= 0x0eff && first >> 12 <= 2;
            (kind, 4, is_plausible, usize::from(u16::from_le_bytes([*low, *high])))
        }
        (Some(PacketKind::Event), _) => return Front::Partial(3),
        (Some(PacketKind::Acl), _) => return Front::Partial(5),
        // Controllers send no commands, and only the data they were asked for: this host asks for no other.
        (Some(PacketKind::Command | PacketKind::Sco | PacketKind::Iso) | None, _) => return Front::Noise,
    };
    let whole = length.saturating_add(header);
    // Longer than any packet that was agreed on: the length is noise. To wait for it would swallow what follows.
    if !is_plausible || whole > limit {
        return Front::Noise;
    }
    match rest.get(whole).map(|next| PacketKind::from_indicator(*next)) {
        Some(Some(PacketKind::Acl | PacketKind::Event)) => Front::Packet(kind, whole),
        Some(_) if after_noise => Front::Noise,
        None if rest.len() < whole => Front::Partial(whole.saturating_add(1)),
        _ => Front::Packet(kind, whole),
    }
}

/// Any octet.
const ANY: u16 = 0x100;
/// Vol 4, Part A, 4: what a host that lost step looks for: the answer of Reset.
const ANSWER: [u16; 7] = [0x04, 0x0e, 0x04, ANY, 0x03, 0x0c, ANY];
/// And what a controller says that did not understand it.
const FAILED: [u16; 4] = [0x04, 0x10, 0x01, ANY];

/// What stands at the front of `octets` for a host that lost step.
pub(crate) fn search(octets: &[u8]) -> Front {
    for pattern in [FAILED.as_slice(), &ANSWER] {
        if octets.iter().zip(pattern).all(|(octet, wanted)| *wanted == ANY || *wanted == u16::from(*octet)) {
            let length = pattern.len();
            let is_whole = octets.len() >= length;
            let packet = Front::Packet(PacketKind::Event, length.saturating_sub(1));
            return if is_whole { packet } else { Front::Partial(length) };
        }
    }
    Front::Noise
}

/// Moves octets to the front of their buffer: `rotate_left` and `copy_within` would keep a panic of theirs in the image.
pub(crate) fn to_front(buffer: &mut [u8], octets: Range<usize>) {
    for (to, from) in octets.enumerate() {
        if let Some(octet) = buffer.get(from).copied()
            && let Some(place) = buffer.get_mut(to)
        {
            *place = octet;
        }
    }
}
