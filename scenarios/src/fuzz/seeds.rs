//! Seeds from captures and tables: a session becomes the packets of each target, one of each shape, and tapes for the hosts.

use super::tape::Step;
use jelling_transport::{
    Direction,
    btsnoop::{FILE_HEADER, FileError, Record, Records, record_header},
};
use jelling_wire::{
    PacketKind,
    ad::Structures,
    att::{self, Pdu},
    hci::{
        Opcode,
        acl::{AclPacket, Boundary},
        command,
        event::Event,
    },
    l2cap::{ChannelId, Frame, HEADER_LENGTH},
};
use std::collections::{BTreeMap, btree_map::Entry};

/// Records of a capture in one seed of whole records.
const RECORDS: usize = 12;
/// Octets of a tape.
const TAPE: usize = 600;

/// Seeds: for each target and shape the shortest octets that have it.
#[derive(Debug, Default)]
pub struct Seeds(BTreeMap<(&'static str, String), Vec<u8>>);

impl Seeds {
    /// Each with its target and its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str, &[u8])> {
        self.0.iter().map(|((target, shape), octets)| (*target, &**shape, &**octets))
    }

    fn add(&mut self, target: &'static str, shape: String, octets: &[u8]) {
        match self.0.entry((target, shape)) {
            Entry::Vacant(slot) => drop(slot.insert(octets.to_vec())),
            Entry::Occupied(mut slot) => {
                if octets.len() < slot.get().len() {
                    slot.insert(octets.to_vec());
                }
            }
        }
    }

    /// Takes a btsnoop capture apart, as far as it goes.
    ///
    /// # Errors
    /// It is none.
    pub fn capture(&mut self, name: &str, file: &[u8]) -> Result<(), FileError> {
        let records: Vec<Record<'_>> = Records::parse(file)?.map_while(Result::ok).collect();
        for record in &records {
            let octets = record.packet.data;
            match record.packet.kind {
                PacketKind::Command => self.command(octets),
                PacketKind::Event => self.event(octets),
                PacketKind::Acl => self.acl(octets),
                PacketKind::Sco | PacketKind::Iso => {}
            }
        }
        let mut file = FILE_HEADER.to_vec();
        for record in records.iter().take(RECORDS) {
            file.extend_from_slice(&record_header(record.direction, record.packet, record.drops, record.unix_micros));
            file.extend_from_slice(record.packet.data);
        }
        self.add("btsnoop", name.into(), &file);
        let incoming = records.iter().filter(|record| record.direction == Direction::FromController);
        for (part, shape) in [(0, "begins"), (40, "goes-on")] {
            // In pieces of 1, 7 and 30 octets.
            let mut wire = vec![3, 0, 6, 29];
            for record in incoming.clone().skip(part).take(RECORDS) {
                wire.push(record.packet.kind.indicator());
                wire.extend_from_slice(record.packet.data);
            }
            self.add("h4", format!("{name}-{shape}"), &wire);
        }
        self.frames(name, &frames(&records));
        Ok(())
    }

    /// Takes a table apart: lines of a packet's name, its kind, and its octets in hex.
    pub fn table(&mut self, lines: &str) {
        for line in lines.lines() {
            let mut fields = line.split('\t');
            let (Some(name), Some(kind), Some(hex)) = (fields.next(), fields.next(), fields.next()) else { continue };
            let kind = if kind == "signal" { "signalling" } else { kind };
            let Some((target, _)) = super::TARGETS.iter().find(|(target, _)| *target == kind) else { continue };
            let octets: Option<Vec<u8>> =
                (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()).collect();
            let shape: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
            if let Some(octets) = octets {
                self.add(target, shape.to_lowercase(), &octets);
            }
        }
    }

    fn command(&mut self, octets: &[u8]) {
        let Ok((opcode, parameters)) = command::header(octets) else { return };
        self.add("command", format!("{:04x}-{}", opcode.number(), class(octets.len())), octets);
        if matches!(opcode, Opcode::LE_SET_ADVERTISING_DATA | Opcode::LE_SET_SCAN_RESPONSE_DATA) {
            self.advertisement(&parameters[1..=usize::from(parameters[0]).min(parameters.len() - 1)]);
        }
    }

    fn event(&mut self, octets: &[u8]) {
        let shape = match (Event::parse(octets), octets) {
            (Ok(Event::CommandComplete { opcode, return_parameters, .. }), _) => {
                format!("0e-{:04x}-{:02x}", opcode.number(), return_parameters.first().unwrap_or(&0))
            }
            (Ok(Event::CommandStatus { opcode, status, .. }), _) => {
                format!("0f-{:04x}-{:02x}", opcode.number(), status.0)
            }
            (Ok(Event::LeAdvertisingReport(reports)), _) => {
                reports.iter().for_each(|report| self.advertisement(report.data));
                "3e-02".into()
            }
            (_, [0x3e, _, subevent, ..]) => format!("3e-{subevent:02x}"),
            (_, [code, ..]) => format!("{code:02x}"),
            _ => return,
        };
        self.add("event", shape, octets);
    }

    fn acl(&mut self, octets: &[u8]) {
        let Ok(packet) = AclPacket::parse(octets) else { return };
        self.add("acl", format!("{}-{}", packet.boundary as u8, class(octets.len())), octets);
    }

    fn advertisement(&mut self, octets: &[u8]) {
        let kinds: Vec<String> = Structures::new(octets).map(|s| format!("{:02x}", s.kind.0)).collect();
        self.add("ad", format!("of-{}", kinds.join("-")), octets);
    }

    fn frames(&mut self, name: &str, frames: &[(Direction, ChannelId, Vec<u8>)]) {
        let mut tape = vec![u8::from(name.contains("peripheral"))];
        // On the air: host 1 advertises, host 0 connects, time passes.
        let mut air = vec![7, 1, 1, 2, 0, 0, 0, 7, 0, 0, 14, 200, 20, 0];
        let mut seen = vec![];
        for (direction, channel, payload) in frames {
            let Some(first) = payload.first() else { continue };
            let shape = format!("{first:02x}-{}", class(payload.len()));
            let (target, on) = match *channel {
                ChannelId::ATT => ("att", 0),
                ChannelId::SIGNALLING => ("signalling", 8),
                ChannelId::SMP => ("smp", 12),
                _ => ("", 0x40),
            };
            if !target.is_empty() && super::TARGETS.iter().any(|(name, _)| *name == target) {
                self.add(target, shape.clone(), payload);
            }
            // A tape need not hold what it has held already, but for a few answers.
            let kind = (*direction, *channel, shape);
            if seen.iter().filter(|s| **s == kind).count() > 2 || tape.len() > TAPE {
                continue;
            }
            seen.push(kind);
            if *direction == Direction::FromController {
                Step::Frame { channel: on, piece: 0, octets: payload }.write(&mut tape);
                let length = u8::try_from(payload.len()).unwrap_or(u8::MAX);
                air.extend_from_slice(&[12 | u8::from(seen.len() % 2 == 0), (on / 2).min(7), length, 0]);
                air.extend_from_slice(&payload[..usize::from(length)]);
            } else if let Some(verb) = verb(payload).filter(|_| *channel == ChannelId::ATT) {
                Step::Verb(verb).write(&mut tape);
                air.extend_from_slice(&[0, verb[0], verb[1], verb[2]]);
            }
        }
        if !seen.is_empty() {
            self.add("connected", name.into(), &tape);
            self.add("air", name.into(), &air);
        }
    }
}

/// What counts as one length: powers of two.
fn class(length: usize) -> u32 {
    length.next_power_of_two().trailing_zeros()
}

/// The octets of the verb that makes an application's host send a PDU such as this.
fn verb(pdu: &[u8]) -> Option<[u8; 3]> {
    let short = |handle: u16| u8::try_from(handle % 8).unwrap_or(0);
    let length = |value: &[u8]| u8::try_from(value.len()).unwrap_or(u8::MAX);
    Some(match Pdu::parse(pdu).ok()? {
        Pdu::ExchangeMtuRequest { .. } => [11, 0, 0],
        Pdu::ReadByTypeRequest { start, .. } => [12, short(start), 0],
        Pdu::ReadRequest { handle } => [13, short(handle), 0],
        Pdu::ReadBlobRequest { handle, offset } => [13, short(handle), u8::try_from(offset).unwrap_or(u8::MAX)],
        Pdu::WriteRequest { value: [updates @ 1..=3, 0], .. } => [18, *updates, 0],
        Pdu::WriteRequest { handle, value } => [14, short(handle), length(value)],
        Pdu::WriteCommand { handle, value } => [15, short(handle), length(value)],
        Pdu::PrepareWriteRequest { offset, value, .. } => [16, u8::try_from(offset).unwrap_or(0), length(value)],
        Pdu::ExecuteWriteRequest { flags } => [17, flags, 0],
        Pdu::HandleValueNotification { value, .. } => [22, 0, length(value)],
        Pdu::HandleValueIndication { value, .. } => [23, 0, length(value).min(200)],
        pdu if pdu.opcode() == att::Opcode::FIND_INFORMATION_REQUEST => [12, 1, 0],
        _ => return None,
    })
}

/// The L2CAP frames of a capture, put together from their packets.
fn frames(records: &[Record<'_>]) -> Vec<(Direction, ChannelId, Vec<u8>)> {
    let mut parts: Vec<((Direction, u16), Vec<u8>)> = vec![];
    let mut frames = vec![];
    for record in records.iter().filter(|record| record.packet.kind == PacketKind::Acl) {
        let Ok(packet) = AclPacket::parse(record.packet.data) else { continue };
        let key = (record.direction, packet.handle.0);
        if packet.boundary != Boundary::Continuing {
            parts.retain(|(of, _)| *of != key);
            parts.push((key, vec![]));
        }
        let Some((_, part)) = parts.iter_mut().find(|(of, _)| *of == key) else { continue };
        part.extend_from_slice(packet.data);
        if part.len() >= HEADER_LENGTH
            && let Ok(frame) = Frame::parse(part)
        {
            frames.push((record.direction, frame.channel, frame.payload.to_vec()));
        }
    }
    frames
}
