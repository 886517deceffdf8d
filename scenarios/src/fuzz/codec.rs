//! Packets: what is taken apart is written as it was, or as what reads the same; cut short or made longer it is nothing, or
//! another packet of which that holds too; it is shown in one line.

use super::{is_planted, plant};
use jelling_wire::{
    Writer,
    att::Pdu,
    hci::{
        acl::{AclPacket, Boundary},
        command::CommandPacket,
        event::Event,
    },
    l2cap::{Frame, Segment, signalling::Signal},
    smp::Pdu as Smp,
};

/// Room for any packet: ACL data and L2CAP frames of 65,535 octets.
const LONGEST: usize = 0x1_0004;

/// Wants a `Display` to be one line that is not empty.
pub(super) fn is_one_line(shown: &impl core::fmt::Display) {
    let line = shown.to_string();
    assert!(!line.is_empty() && !line.contains(['\n', '\r']), "shown as {line:?}");
}

macro_rules! codec {
    ($vis:vis $name:ident, $type:ident, $doc:literal, |$value:ident| $planted:expr) => {
        #[doc = $doc]
        $vis fn $name(octets: &[u8]) {
            fn written(value: &$type<'_>) -> Vec<u8> {
                let mut buffer = [0; 600];
                let mut w = Writer::new(&mut buffer);
                value.emit(&mut w);
                if let Ok(octets) = w.finish() {
                    return octets.to_vec();
                }
                let mut buffer = vec![0; LONGEST];
                let mut w = Writer::new(&mut buffer);
                value.emit(&mut w);
                w.finish().map(<[u8]>::to_vec).unwrap_or_else(|_| panic!("{value:?} does not fit"))
            }
            let check = |octets: &[u8]| {
                let Ok($value) = $type::parse(octets) else { return };
                let written = written(&$value);
                assert_eq!($type::parse(&written), Ok($value), "{octets:02x?} became {written:02x?}");
            };
            let Ok($value) = $type::parse(octets) else { return };
            check(octets);
            is_one_line(&$value);
            assert!(!format!("{:?}", $value).is_empty());
            plant($planted);
            for length in 0..octets.len().min(80) {
                check(&octets[..length]);
            }
            check(&[octets, &[0]].concat());
        }
    };
}

codec!(pub event, Event, "An HCI event.", |value| {
    matches!(value, Event::CommandComplete { return_parameters, .. } if is_planted(return_parameters))
});
codec!(pub command, CommandPacket, "An HCI command.", |value| {
    matches!(value, CommandPacket::Unknown { parameters, .. } if is_planted(parameters))
});
codec!(pub att, Pdu, "An ATT PDU.", |value| {
    items(&value);
    is_planted(value_of(&value))
});
codec!(pub signalling, Signal, "A command of the signalling channel.", |value| {
    matches!(value, Signal::Unknown { data, .. } if is_planted(data))
});
codec!(pub smp, Smp, "An SMP PDU.", |value| {
    matches!(value, Smp::Unknown { parameters, .. } if is_planted(parameters))
});
codec!(packet, AclPacket, "An ACL data packet.", |value| {
    frame(value.data);
    value.boundary == Boundary::Continuing && is_planted(value.data)
});
codec!(frame, Frame, "An L2CAP frame.", |_value| false);

/// An ACL data packet, a frame in it or in its octets, and a segment of a channel.
pub fn acl(octets: &[u8]) {
    packet(octets);
    frame(octets);
    let parsed = [Segment::parse_first(octets), Segment::parse_following(octets, u16::MAX)];
    for segment in parsed.into_iter().flatten() {
        let mut buffer = vec![0; octets.len()];
        let mut w = Writer::new(&mut buffer);
        segment.emit(&mut w);
        assert_eq!(w.finish(), Ok(octets));
    }
}

/// The attribute value in a PDU, if it has one.
fn value_of<'a>(pdu: &Pdu<'a>) -> &'a [u8] {
    match *pdu {
        Pdu::ReadResponse { value }
        | Pdu::WriteRequest { value, .. }
        | Pdu::WriteCommand { value, .. }
        | Pdu::PrepareWriteRequest { value, .. }
        | Pdu::HandleValueNotification { value, .. }
        | Pdu::HandleValueIndication { value, .. } => value,
        _ => &[],
    }
}

/// Takes every item of a PDU's lists: as many as its octets say.
fn items(pdu: &Pdu<'_>) {
    let (items, octets) = match pdu {
        Pdu::FindInformationResponse(list) => (list.iter().count(), 0),
        Pdu::FindByTypeValueResponse(list) => (list.iter().count(), 0),
        Pdu::ReadByTypeResponse(list) => (list.iter().count(), list.iter().map(|(_, value)| value.len()).sum()),
        Pdu::ReadByGroupTypeResponse(list) => (list.iter().count(), list.iter().map(|(.., value)| value.len()).sum()),
        Pdu::ReadMultipleRequest { handles } | Pdu::ReadMultipleVariableRequest { handles } => {
            (handles.iter().count(), 0)
        }
        Pdu::MultipleHandleValueNotification(list) => (list.iter().count(), list.iter().map(|(_, v)| v.len()).sum()),
        _ => return,
    };
    assert!(items > 0 && octets < 0x1_0000, "a list of nothing: {pdu:?}");
}
