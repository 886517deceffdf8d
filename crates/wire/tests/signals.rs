//! L2CAP: frames, and commands of the signalling channel as Bumble writes them.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

#[macro_use]
mod common;

use common::check;
use jelling_wire::{
    Malformed, Writer,
    l2cap::{
        ChannelId, ChannelIds, Frame, Psm, Segment, segments,
        signalling::{Code, ConnectionResult, LeConnectionResult, ReconfigureResult, Rejection, Signal, UpdateResult},
    },
};
use proptest::prelude::*;

fn ids(ids: &[u16]) -> ChannelIds {
    ChannelIds::new(&ids.iter().copied().map(ChannelId).collect::<Vec<_>>()).unwrap()
}

table!(
    frames,
    Frame,
    [
        ("ATT", [1, 0, 4, 0, 0x13], Frame { channel: ChannelId::ATT, payload: &[0x13] }),
        ("empty", [0, 0, 0x40, 0], Frame { channel: ChannelId(0x40), payload: &[] }),
    ]
);

table!(
    signals,
    Signal,
    [
        ("reject", [1, 5, 2, 0, 0, 0], Signal::CommandReject { identifier: 5, reason: Rejection::NotUnderstood }),
        (
            "reject, for its length",
            [1, 2, 4, 0, 1, 0, 23, 0],
            Signal::CommandReject { identifier: 2, reason: Rejection::MtuExceeded { mtu: 23 } }
        ),
        (
            "reject, for its channel",
            [1, 3, 6, 0, 2, 0, 0x41, 0, 0x40, 0],
            Signal::CommandReject {
                identifier: 3,
                reason: Rejection::InvalidCid { local: ChannelId(0x41), remote: ChannelId(0x40) }
            }
        ),
        (
            "reject, for a reason to come",
            [1, 4, 3, 0, 3, 0, 9],
            Signal::CommandReject { identifier: 4, reason: Rejection::Unknown { reason: 3, data: &[9] } }
        ),
        (
            "disconnection",
            [6, 4, 4, 0, 0x40, 0, 0x41, 0],
            Signal::DisconnectionRequest { identifier: 4, destination: ChannelId(0x40), source: ChannelId(0x41) }
        ),
        (
            "disconnection answer",
            [7, 4, 4, 0, 0x40, 0, 0x41, 0],
            Signal::DisconnectionResponse { identifier: 4, destination: ChannelId(0x40), source: ChannelId(0x41) }
        ),
        (
            "update",
            [0x12, 1, 8, 0, 6, 0, 12, 0, 0, 0, 100, 0],
            Signal::ConnectionParameterUpdateRequest {
                identifier: 1,
                interval_min: 6,
                interval_max: 12,
                latency: 0,
                timeout: 100
            }
        ),
        (
            "update answer",
            [0x13, 1, 2, 0, 1, 0],
            Signal::ConnectionParameterUpdateResponse { identifier: 1, result: UpdateResult::REJECTED }
        ),
        (
            "connection",
            [0x14, 6, 10, 0, 0x80, 0, 0x40, 0, 0, 2, 0xf7, 0, 10, 0],
            Signal::LeCreditBasedConnectionRequest {
                identifier: 6,
                psm: Psm(0x80),
                source: ChannelId(0x40),
                mtu: 512,
                mps: 247,
                credits: 10
            }
        ),
        (
            "connection answer",
            [0x15, 6, 10, 0, 0x41, 0, 0, 1, 0x40, 0, 3, 0, 0, 0],
            Signal::LeCreditBasedConnectionResponse {
                identifier: 6,
                destination: ChannelId(0x41),
                mtu: 256,
                mps: 64,
                credits: 3,
                result: LeConnectionResult::SUCCESSFUL
            }
        ),
        (
            "connection refused",
            [0x15, 6, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0],
            Signal::LeCreditBasedConnectionResponse {
                identifier: 6,
                destination: ChannelId(0),
                mtu: 0,
                mps: 0,
                credits: 0,
                result: LeConnectionResult::PSM_NOT_SUPPORTED
            }
        ),
        (
            "credits",
            [0x16, 7, 4, 0, 0x40, 0, 5, 0],
            Signal::FlowControlCreditIndication { identifier: 7, source: ChannelId(0x40), credits: 5 }
        ),
        (
            "five connections",
            [0x17, 8, 18, 0, 0x27, 0, 64, 0, 64, 0, 1, 0, 0x40, 0, 0x41, 0, 0x42, 0, 0x43, 0, 0x44, 0],
            Signal::CreditBasedConnectionRequest {
                identifier: 8,
                psm: Psm::EATT,
                mtu: 64,
                mps: 64,
                credits: 1,
                sources: ids(&[0x40, 0x41, 0x42, 0x43, 0x44])
            }
        ),
        (
            "one of two connections",
            [0x18, 8, 12, 0, 64, 0, 64, 0, 1, 0, 4, 0, 0x50, 0, 0, 0],
            Signal::CreditBasedConnectionResponse {
                identifier: 8,
                mtu: 64,
                mps: 64,
                credits: 1,
                result: ConnectionResult::SOME_REFUSED_INSUFFICIENT_RESOURCES,
                destinations: ids(&[0x50, 0])
            }
        ),
        (
            "a malformed request answered",
            [0x18, 8, 8, 0, 0, 0, 0, 0, 0, 0, 12, 0],
            Signal::CreditBasedConnectionResponse {
                identifier: 8,
                mtu: 0,
                mps: 0,
                credits: 0,
                result: ConnectionResult::ALL_REFUSED_INVALID_PARAMETERS,
                destinations: ids(&[])
            }
        ),
        (
            "reconfiguration",
            [0x19, 9, 8, 0, 128, 0, 64, 0, 0x40, 0, 0x41, 0],
            Signal::CreditBasedReconfigureRequest {
                identifier: 9,
                mtu: 128,
                mps: 64,
                destinations: ids(&[0x40, 0x41])
            }
        ),
        (
            "reconfiguration answer",
            [0x1a, 9, 2, 0, 2, 0],
            Signal::CreditBasedReconfigureResponse { identifier: 9, result: ReconfigureResult::MPS_REDUCED }
        ),
        ("other", [0x08, 1, 2, 0, 1, 0], Signal::Unknown { code: Code(0x08), identifier: 1, data: &[1, 0] }),
    ]
);

#[test]
fn what_is_malformed() {
    let signals: [(&str, &[u8]); 10] = [
        ("empty", &[]),
        ("length lies", &[0x13, 1, 3, 0, 0, 0]),
        ("two commands", &[0x13, 1, 2, 0, 0, 0, 0x13, 1, 2, 0, 0, 0]),
        ("identifier zero", &[0x13, 0, 2, 0, 0, 0]),
        ("rejected with data that means nothing", &[1, 1, 3, 0, 0, 0, 9]),
        ("no MTU", &[1, 1, 2, 0, 1, 0]),
        ("no channel", &[0x17, 1, 8, 0, 0x27, 0, 64, 0, 64, 0, 1, 0]),
        ("half a channel", &[0x17, 1, 9, 0, 0x27, 0, 64, 0, 64, 0, 1, 0, 0x40]),
        ("no channel to reconfigure", &[0x19, 1, 4, 0, 64, 0, 64, 0]),
        ("six channels", &[0x19, 1, 16, 0, 64, 0, 64, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0]),
    ];
    for (name, octets) in signals {
        assert_eq!(Signal::parse(octets), Err(Malformed), "{name}");
    }
}

#[test]
fn who_serves_few_commands_gets_the_others_as_they_are() {
    let octets = [0x14, 6, 10, 0, 0x80, 0, 0x40, 0, 0, 2, 0xf7, 0, 10, 0];
    let few = Signal::parse_among(&octets, |code| code == Code::DISCONNECTION_REQUEST).unwrap();
    let code = Code::LE_CREDIT_BASED_CONNECTION_REQUEST;
    assert_eq!(few, Signal::Unknown { code, identifier: 6, data: &octets[4..] });
    assert_eq!((few.code(), few.identifier()), (code, 6));
}

#[test]
fn requests_want_an_answer() {
    // Vol 3, Part A, 4: what ends in _REQ, BR/EDR's too.
    let requests = [0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x12, 0x14, 0x17, 0x19];
    for code in 0x01..=0x1a {
        assert_eq!(Code(code).wants_answer(), requests.contains(&code), "{code:#04x}");
    }
    assert!(Code(0x00).wants_answer() && Code(0x1b).wants_answer() && Code(0xff).wants_answer());
}

#[test]
fn a_list_holds_five_channels() {
    assert_eq!(ChannelIds::new(&[ChannelId(0x40); 6]), None);
    assert_eq!(ids(&[1, 2, 3, 4, 5]).as_slice().len(), ChannelIds::MOST);
    assert_eq!(ids(&[]).as_slice(), &[]);
}

#[test]
fn ranges_of_channels_and_services() {
    for (id, dynamic) in [(0x06, false), (0x3f, false), (0x40, true), (0x7f, true), (0x80, false)] {
        assert_eq!(ChannelId(id).is_dynamic(), dynamic, "{id:#06x}");
    }
    for (psm, valid) in [(0, false), (1, true), (0x27, true), (0x7f, true), (0x80, true), (0xff, true), (0x100, false)]
    {
        assert_eq!(Psm(psm).is_valid(), valid, "{psm:#06x}");
    }
    assert_eq!(Psm::EATT.name(), Some("EATT"));
}

#[test]
fn lines_are_as_btmon_prints_them() {
    let lines: [(&[u8], &str); 6] = [
        (&[1, 5, 2, 0, 0, 0], "LE L2CAP: Command Reject (0x01) ident 5 len 2 reason Command not understood (0x0000)"),
        (
            &[1, 3, 6, 0, 2, 0, 0x41, 0, 0x40, 0],
            "LE L2CAP: Command Reject (0x01) ident 3 len 6 reason Invalid CID in request (0x0002) local 65 remote 64",
        ),
        (
            &[0x14, 6, 10, 0, 0x80, 0, 0x40, 0, 0, 2, 0xf7, 0, 10, 0],
            "LE L2CAP: LE Connection Request (0x14) ident 6 len 10 psm 128 (0x0080) source 64 mtu 512 mps 247 credits 10",
        ),
        (
            &[0x18, 8, 12, 0, 64, 0, 64, 0, 1, 0, 4, 0, 0x50, 0, 0, 0],
            "LE L2CAP: Enhanced Credit Connection Response (0x18) ident 8 len 12 mtu 64 mps 64 credits 1 result Some \
             connections refused - insufficient resources available (0x0004) destinations 80,0",
        ),
        (
            &[0x13, 1, 2, 0, 7, 0],
            "LE L2CAP: Connection Parameter Update Response (0x13) ident 1 len 2 result Reserved (0x0007)",
        ),
        (&[0x08, 1, 2, 0, 0xab, 0xcd], "LE L2CAP: Unknown (0x08) ident 1 len 2 abcd"),
    ];
    for (octets, line) in lines {
        assert_eq!(Signal::parse(octets).unwrap().to_string(), line);
    }
}

#[test]
fn the_first_segment_tells_the_length() {
    assert_eq!(Segment::parse_first(&[5, 0, 1, 2]), Ok(Segment::First { sdu_length: 5, data: &[1, 2] }));
    assert_eq!(Segment::parse_first(&[0, 0]), Ok(Segment::First { sdu_length: 0, data: &[] }));
    assert_eq!(Segment::parse_first(&[5]), Err(Malformed));
    assert_eq!(Segment::parse_first(&[1, 0, 1, 2]), Err(Malformed), "more than the SDU has");
    assert_eq!(Segment::parse_following(&[3, 4, 5], 3), Ok(Segment::Following { data: &[3, 4, 5] }));
    assert_eq!(Segment::parse_following(&[3, 4, 5], 2), Err(Malformed), "more than the SDU has");
    assert_eq!(segments(&[0; 4], 2).count(), 0, "no octet of data fits");
    assert_eq!(segments(&vec![0; 65_536], 64).count(), 0, "longer than any SDU");
}

proptest! {
    #[test]
    fn any_parameters_of_any_code(index in 0..=Code::ALL.len(), other: u8, identifier in 1u8.., data in proptest::collection::vec(any::<u8>(), 0..24)) {
        let code = Code::ALL.get(index).map_or(other, |code| code.0);
        let mut octets = vec![code, identifier, data.len() as u8, 0];
        octets.extend(&data);
        if let Ok(signal) = Signal::parse(&octets) {
            prop_assert_eq!((signal.code(), signal.identifier()), (Code(code), identifier));
            let mut buffer = [0; 32];
            let mut w = Writer::new(&mut buffer);
            signal.emit(&mut w);
            prop_assert_eq!(w.finish().unwrap(), &octets[..]);
            let headline = format!("{} ident {identifier} len {}", Code(code), data.len());
            prop_assert!(signal.to_string().contains(&headline));
        }
    }

    #[test]
    fn what_is_put_together_comes_apart(psm: u16, mtu: u16, credits: u16, count in 1usize..=5, id: u16, result: u16) {
        let list = ids(&vec![id; count]);
        let (identifier, psm, mps, source) = (1, Psm(psm), mtu, ChannelId(id));
        let result = ConnectionResult(result);
        for signal in [
            Signal::CreditBasedConnectionRequest { identifier, psm, mtu, mps, credits, sources: list },
            Signal::CreditBasedConnectionResponse { identifier, mtu, mps, credits, result, destinations: list },
            Signal::CreditBasedReconfigureRequest { identifier, mtu, mps, destinations: list },
            Signal::LeCreditBasedConnectionRequest { identifier, psm, source, mtu, mps, credits },
        ] {
            let mut buffer = [0; 32];
            let mut w = Writer::new(&mut buffer);
            signal.emit(&mut w);
            prop_assert_eq!(Signal::parse(w.finish().unwrap()), Ok(signal));
        }
    }

    #[test]
    fn segments_make_the_sdu_again(sdu in proptest::collection::vec(any::<u8>(), 0..300), mps in 3u16..80) {
        let mut again: Vec<u8> = Vec::new();
        for (i, segment) in segments(&sdu, mps).enumerate() {
            let mut buffer = [0; 80];
            let mut w = Writer::new(&mut buffer);
            segment.emit(&mut w);
            let payload = w.finish().unwrap();
            prop_assert!(payload.len() <= usize::from(mps));
            let missing = (sdu.len() - again.len()) as u16;
            let parsed = if i == 0 { Segment::parse_first(payload) } else { Segment::parse_following(payload, missing) };
            prop_assert_eq!(parsed, Ok(segment));
            again.extend(segment.data());
        }
        prop_assert_eq!(again, sdu);
    }
}
