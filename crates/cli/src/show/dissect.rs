//! Packets as people read them. Data is put together again: the packet that completes an L2CAP frame shows what is in it.

use jelling::PacketKind;
use jelling_transport::{Direction, btsnoop::Record};
use jelling_wire::{
    att,
    hci::{
        acl::{AclPacket, Boundary},
        command::CommandPacket,
        event::Event,
    },
    l2cap::{ChannelId, Frame, HEADER_LENGTH, signalling::Signal},
    smp,
};
use std::{collections::HashMap, fmt::Display};

/// A packet, as it is shown.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    /// The command, event or PDU.
    pub(crate) name: String,
    /// Its number: a command's opcode, an event's code, the opcode of an ATT or SMP PDU or of a signalling command.
    pub(crate) code: Option<u16>,
    /// The whole line but arrow and time.
    pub(crate) text: String,
    /// The link of a data packet.
    pub(crate) handle: Option<u16>,
    /// Channel and payload of the frame that this packet completes.
    pub(crate) frame: Option<(u16, Vec<u8>)>,
    pub(crate) malformed: bool,
}

/// What a kind of packet is called.
pub(crate) fn kind(kind: PacketKind) -> &'static str {
    match kind {
        PacketKind::Command => "command",
        PacketKind::Acl => "acl",
        PacketKind::Sco => "sco",
        PacketKind::Event => "event",
        PacketKind::Iso => "iso",
    }
}

/// Remembers the frames that are under way.
#[derive(Debug, Default)]
pub(crate) struct Dissector {
    frames: HashMap<(u16, bool), Vec<u8>>,
}

/// What a line of the codec begins with, without its layer and its numbers. Of an LE event it is the subevent.
fn headline(text: &str) -> String {
    let name = |text: &str| {
        let ends = [" (", ":", " plen ", " len "].iter().filter_map(|mark| text.find(mark)).min();
        text.get(..ends.unwrap_or(text.len())).unwrap_or_default().trim().to_owned()
    };
    let after = text.split_once(": ").map_or(text, |(_, rest)| rest);
    match name(after) {
        meta if meta == "LE Meta Event" => {
            let parameters = after.split_once(" plen ").map_or("", |(_, rest)| rest);
            let inner = name(parameters.trim_start_matches(|c: char| c.is_ascii_digit() || c == ' '));
            if inner.is_empty() { meta } else { inner }
        }
        other => other,
    }
}

impl Shown {
    fn of(packet: &impl Display, code: Option<u16>) -> Self {
        let text = packet.to_string();
        Shown { name: headline(&text), code, text, ..Shown::default() }
    }

    fn malformed(layer: &str, octets: &[u8]) -> Self {
        let text = format!("{layer}: malformed {}", hex::encode(octets));
        Shown { name: "malformed".into(), text, malformed: true, ..Shown::default() }
    }
}

impl Dissector {
    pub(crate) fn show(&mut self, record: &Record<'_>) -> Shown {
        let octets = record.packet.data;
        let mut shown = match record.packet.kind {
            PacketKind::Command => match CommandPacket::parse(octets) {
                Ok(command) => Shown::of(&command, Some(command.opcode().number())),
                Err(_) => Shown::malformed("HCI Command", octets),
            },
            PacketKind::Event => match Event::parse(octets) {
                Ok(event) => {
                    self.forget(&event);
                    Shown::of(&event, octets.first().copied().map(u16::from))
                }
                Err(_) => Shown::malformed("HCI Event", octets),
            },
            PacketKind::Acl => match AclPacket::parse(octets) {
                Ok(packet) => self.data(record.direction, &packet),
                Err(_) => Shown::malformed("ACL Data", octets),
            },
            PacketKind::Sco => other("SCO Data", octets),
            PacketKind::Iso => other("ISO Data", octets),
        };
        if record.missing > 0 {
            shown.text += &format!(" ({} octets more are not in the file)", record.missing);
        }
        shown
    }

    /// What was under way on a link ends with it.
    fn forget(&mut self, event: &Event<'_>) {
        if let Event::DisconnectionComplete { handle, .. } = event {
            self.frames.retain(|(of, _), _| *of != handle.0);
        }
    }

    fn data(&mut self, direction: Direction, packet: &AclPacket<'_>) -> Shown {
        let key = (packet.handle.0, direction == Direction::ToController);
        let continues = packet.boundary == Boundary::Continuing;
        let begun = self.frames.remove(&key);
        let header = Shown { text: packet.to_string(), handle: Some(packet.handle.0), ..Shown::default() };
        let note = |name: &str, text: &str| Shown {
            name: name.into(),
            text: format!("{}  {text}", header.text),
            ..Shown { handle: header.handle, ..Shown::default() }
        };
        let (mut octets, lost) = match (begun, continues) {
            (Some(octets), true) => (octets, false),
            (None, true) => return note("fragment", "(continued) of a frame whose beginning is not here"),
            (begun, false) => (vec![], begun.is_some()),
        };
        octets.extend(packet.data);
        let whole = octets.first_chunk().map(|length| usize::from(u16::from_le_bytes(*length)) + HEADER_LENGTH);
        let mut shown = match whole {
            Some(whole) if octets.len() >= whole => {
                let inner = frame(&octets);
                let text = format!("{}  {}", header.text, inner.text);
                Shown { text, handle: header.handle, ..inner }
            }
            _ => {
                let of = whole.map_or(String::new(), |whole| format!(" of {whole}"));
                let word = if continues { "(continued)" } else { "(begins)" };
                let shown = note("fragment", &format!("{word} {}{of} octets of a frame", octets.len()));
                self.frames.insert(key, octets);
                shown
            }
        };
        if lost {
            shown.text += " (the frame before it was never completed)";
        }
        shown
    }
}

/// A whole frame, and what is in it.
fn frame(octets: &[u8]) -> Shown {
    let Ok(frame) = Frame::parse(octets) else { return Shown::malformed("L2CAP", octets) };
    let payload = frame.payload;
    let first = payload.first().copied().map(u16::from);
    let shown = match frame.channel {
        ChannelId::ATT => match att::Pdu::parse(payload) {
            Ok(pdu) => Shown::of(&pdu, first),
            Err(_) => Shown::malformed("ATT", payload),
        },
        ChannelId::SIGNALLING => match Signal::parse(payload) {
            Ok(signal) => Shown::of(&signal, first),
            Err(_) => Shown::malformed("LE L2CAP", payload),
        },
        ChannelId::SMP => match smp::Pdu::parse(payload) {
            Ok(pdu) => Shown::of(&pdu, first),
            Err(_) => Shown::malformed("SMP", payload),
        },
        _ => Shown { name: "channel".into(), text: frame.to_string(), ..Shown::default() },
    };
    Shown { frame: Some((frame.channel.0, payload.to_vec())), ..shown }
}

fn other(layer: &str, octets: &[u8]) -> Shown {
    Shown { name: layer.into(), text: format!("{layer}: len {}", octets.len()), ..Shown::default() }
}
