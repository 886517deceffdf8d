//! What the packets of a captured host imply that its application asked for.

use jelling::PacketKind;
use jelling_host::{AdvertisingSettings, ConnectSettings, OwnAddress, ScanSettings};
use jelling_transport::{Direction, btsnoop::Record};
use jelling_wire::{
    Address, AddressKind,
    att::Pdu,
    hci::{
        Opcode, Switch,
        acl::{AclPacket, Boundary},
        command::CommandPacket,
        event::Event,
    },
    l2cap::{ChannelId, Frame, HEADER_LENGTH},
};
use std::time::Duration;

/// What is asked of the core before a packet is awaited of it.
#[derive(Debug)]
pub(super) enum Verb<'a> {
    /// Nothing: the core sends it by itself, or it is one of the controller.
    Nothing,
    /// Whatever leads to a Reset just now.
    Reset,
    Advertise(AdvertisingSettings<'a>),
    EndAdvertising,
    Scan(ScanSettings),
    EndScan,
    Connect(ConnectSettings),
    EndConnect,
    Disconnect(u16),
    /// On this link, an ATT PDU that is no answer.
    Send(u16, Vec<u8>),
    /// Something that the core has no verb for.
    Unknown(String),
}

/// A capture as it is to be played.
#[derive(Debug)]
pub(super) struct Script<'a> {
    /// One for each record.
    pub(super) verbs: Vec<Verb<'a>>,
    /// What the captured host was configured to go by.
    pub(super) address: OwnAddress,
    /// The random address that it set.
    pub(super) random: Option<[u8; 6]>,
    /// The MTU that it named.
    pub(super) mtu: Option<u16>,
}

/// Where in an answer of LE Rand the random octets stand, if it is one and they are blanked: a capture keeps no secrets.
pub(super) fn blanked(record: &Record<'_>) -> Option<usize> {
    const NOTHING: [u8; 8] = [0; 8];
    match (record.packet.kind, Event::parse(record.packet.data)) {
        (PacketKind::Event, Ok(Event::CommandComplete { opcode: Opcode::LE_RAND, return_parameters, .. })) => {
            (return_parameters.get(1..) == Some(&NOTHING)).then_some(record.packet.data.len() - NOTHING.len())
        }
        _ => None,
    }
}

pub(super) fn read<'a>(records: &[Record<'a>]) -> Script<'a> {
    let mut script = Script { verbs: vec![], address: OwnAddress::Automatic, random: None, mtu: None };
    let mut draws = false;
    for (index, record) in records.iter().enumerate() {
        let rest = records.get(index + 1..).unwrap_or_default();
        let verb = match record.packet.kind {
            _ if record.direction == Direction::FromController => Verb::Nothing,
            PacketKind::Command => {
                let parsed = CommandPacket::parse(record.packet.data);
                if let Ok(CommandPacket::LeSetRandomAddress(command)) = &parsed {
                    script.random.get_or_insert(command.address);
                }
                // What is drawn later is for pairing.
                draws |= script.random.is_none() && parsed.as_ref().is_ok_and(|c| c.opcode() == Opcode::LE_RAND);
                parsed.map_or(Verb::Unknown("malformed commands".into()), |parsed| command(&parsed, rest))
            }
            PacketKind::Acl => data(record, rest, &mut script.mtu),
            _ => Verb::Unknown("data that is not ACL".into()),
        };
        script.verbs.push(verb);
    }
    script.address = match script.random {
        // It drew the address, or was told it.
        Some(_) if draws => OwnAddress::RandomStatic,
        Some(octets) => OwnAddress::Fixed(Address::new(AddressKind::Random, octets)),
        None => OwnAddress::Automatic,
    };
    script
}

fn command<'a>(command: &CommandPacket<'a>, rest: &[Record<'a>]) -> Verb<'a> {
    let slots = |units: u16| Duration::from_micros(u64::from(units) * 625);
    let units = |units: u16| Duration::from_micros(u64::from(units) * 1250);
    match command {
        CommandPacket::Reset(_) => Verb::Reset,
        CommandPacket::LeSetAdvertisingParameters(p) => {
            let (adv_data, resp_data) = advertised(rest);
            let interval = slots(p.interval_min);
            Verb::Advertise(AdvertisingSettings { interval, kind: p.kind, peer: p.peer, adv_data, resp_data })
        }
        CommandPacket::LeSetAdvertisingEnable(p) if p.enable == Switch::Off => Verb::EndAdvertising,
        CommandPacket::LeSetScanParameters(p) => {
            let (interval, window) = (slots(p.interval), slots(p.window));
            Verb::Scan(ScanSettings { kind: p.kind, interval, window, rssi_is_news: false })
        }
        CommandPacket::LeSetScanEnable(p) if p.enable == Switch::Off => Verb::EndScan,
        CommandPacket::LeCreateConnection(p) => Verb::Connect(ConnectSettings {
            peer: p.peer,
            interval_min: units(p.interval_min),
            interval_max: units(p.interval_max),
            latency: p.latency,
            supervision_timeout: Duration::from_millis(u64::from(p.supervision_timeout) * 10),
        }),
        CommandPacket::LeCreateConnectionCancel(_) => Verb::EndConnect,
        CommandPacket::Disconnect(p) => Verb::Disconnect(p.handle.0),
        other if is_automatic(other.opcode()) => Verb::Nothing,
        other => Verb::Unknown(other.opcode().to_string()),
    }
}

/// Commands of the bring-up, those that follow from others, and those that a host of ours sends by itself.
fn is_automatic(opcode: Opcode) -> bool {
    const LIST: [Opcode; 19] = [
        Opcode::READ_LOCAL_VERSION_INFORMATION,
        Opcode::READ_LOCAL_SUPPORTED_COMMANDS,
        Opcode::READ_LOCAL_SUPPORTED_FEATURES,
        Opcode::SET_EVENT_MASK,
        Opcode::LE_SET_EVENT_MASK,
        Opcode::LE_READ_BUFFER_SIZE,
        Opcode::READ_BUFFER_SIZE,
        Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES,
        Opcode::READ_BD_ADDR,
        Opcode::LE_RAND,
        Opcode::LE_SET_RANDOM_ADDRESS,
        Opcode::LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH,
        Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS,
        Opcode::LE_SET_ADVERTISING_DATA,
        Opcode::LE_SET_SCAN_RESPONSE_DATA,
        Opcode::LE_SET_ADVERTISING_ENABLE,
        Opcode::LE_SET_SCAN_ENABLE,
        Opcode::LE_CONNECTION_UPDATE,
        Opcode::READ_RSSI,
    ];
    let replies = [
        Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY,
        Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY,
    ];
    LIST.contains(&opcode) || replies.contains(&opcode)
}

/// The data that the host sets before it next chooses parameters.
fn advertised<'a>(rest: &[Record<'a>]) -> (&'a [u8], &'a [u8]) {
    let (mut adv_data, mut resp_data): (Option<&[u8]>, Option<&[u8]>) = (None, None);
    for record in rest.iter().filter(|r| r.packet.kind == PacketKind::Command) {
        match CommandPacket::parse(record.packet.data) {
            Ok(CommandPacket::LeSetAdvertisingData(command)) => drop(adv_data.get_or_insert(command.data)),
            Ok(CommandPacket::LeSetScanResponseData(command)) => drop(resp_data.get_or_insert(command.data)),
            Ok(CommandPacket::LeSetAdvertisingParameters(_)) => break,
            _ => {}
        }
    }
    (adv_data.unwrap_or_default(), resp_data.unwrap_or_default())
}

/// What the first packet of a frame implies; those that go on with it imply nothing.
fn data<'a>(record: &Record<'a>, rest: &[Record<'a>], mtu: &mut Option<u16>) -> Verb<'a> {
    let malformed = || Verb::Unknown("malformed data".into());
    let Ok(first) = AclPacket::parse(record.packet.data) else { return malformed() };
    if first.boundary == Boundary::Continuing {
        return Verb::Nothing;
    }
    let Some(octets) = whole(&first, rest) else { return Verb::Unknown("frames that were not sent whole".into()) };
    let Ok(frame) = Frame::parse(&octets) else { return malformed() };
    match (frame.channel, frame.payload) {
        (ChannelId::ATT, payload) => match Pdu::parse(payload) {
            Ok(Pdu::ExchangeMtuResponse { mtu: named }) => {
                mtu.get_or_insert(named);
                Verb::Nothing
            }
            Ok(Pdu::ExchangeMtuRequest { mtu: named }) => {
                mtu.get_or_insert(named);
                Verb::Send(first.handle.0, payload.to_vec())
            }
            // Responses have odd opcodes, and the confirmation is one too (Vol 3, Part F, 3.3.1 and 3.4.8).
            Ok(pdu) if pdu.opcode().0 & 1 == 1 && !is_update(&pdu) || pdu == Pdu::HandleValueConfirmation => {
                Verb::Nothing
            }
            Ok(_) => Verb::Send(first.handle.0, payload.to_vec()),
            Err(_) => malformed(),
        },
        // Answers of the signalling channel: Command Reject, and Connection Parameter Update Response.
        (ChannelId::SIGNALLING, [0x01 | 0x13, ..]) => Verb::Nothing,
        // Pairing Failed, which a host without pairing answers with.
        (ChannelId::SMP, [0x05, ..]) => Verb::Nothing,
        (ChannelId::SIGNALLING, _) => Verb::Unknown("requests of the signalling channel".into()),
        (ChannelId::SMP, _) => Verb::Unknown("pairing".into()),
        (channel, _) => Verb::Unknown(format!("frames of channel {}", channel.0)),
    }
}

fn is_update(pdu: &Pdu<'_>) -> bool {
    matches!(
        pdu,
        Pdu::HandleValueNotification { .. }
            | Pdu::HandleValueIndication { .. }
            | Pdu::MultipleHandleValueNotification(_)
    )
}

/// The frame that a packet begins, from the packets that go on with it.
fn whole(first: &AclPacket<'_>, rest: &[Record<'_>]) -> Option<Vec<u8>> {
    let mut octets = first.data.to_vec();
    let ours = rest.iter().filter(|r| r.direction == Direction::ToController && r.packet.kind == PacketKind::Acl);
    let mut parts = ours.filter_map(|r| AclPacket::parse(r.packet.data).ok()).filter(|p| p.handle == first.handle);
    loop {
        if let Some(length) = octets.first_chunk()
            && octets.len() >= usize::from(u16::from_le_bytes(*length)) + HEADER_LENGTH
        {
            return Some(octets);
        }
        let part = parts.next().filter(|part| part.boundary == Boundary::Continuing)?;
        octets.extend(part.data);
    }
}
