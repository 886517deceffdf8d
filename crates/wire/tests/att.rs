//! ATT: octets of the specification's figures and of captures of other hosts.
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
    Malformed, Uuid, Writer,
    att::{self, ErrorCode, Opcode, Pdu, Request},
};
use proptest::prelude::*;

table!(
    pdus,
    Pdu,
    [
        (
            "error",
            [0x01, 0x10, 0x11, 0x00, 0x0a],
            Pdu::ErrorResponse {
                request: att::Opcode::READ_BY_GROUP_TYPE_REQUEST,
                handle: 0x11,
                code: ErrorCode::ATTRIBUTE_NOT_FOUND
            }
        ),
        ("MTU request", [0x02, 0xf7, 0x00], Pdu::ExchangeMtuRequest { mtu: 247 }),
        ("MTU response", [0x03, 0x05, 0x02], Pdu::ExchangeMtuResponse { mtu: 517 }),
        ("find information", [0x04, 0x01, 0x00, 0xff, 0xff], Pdu::FindInformationRequest { start: 1, end: 0xffff }),
        (
            "information, 16 bits",
            [0x05, 1, 9, 0, 2, 0x29, 10, 0, 1, 0x29],
            Pdu::FindInformationResponse(att::Information::parse(&[1, 9, 0, 2, 0x29, 10, 0, 1, 0x29]).unwrap())
        ),
        (
            "find by value",
            [0x06, 1, 0, 0xff, 0xff, 0, 0x28, 0x1a, 0x18],
            Pdu::FindByTypeValueRequest { start: 1, end: 0xffff, kind: 0x2800, value: &[0x1a, 0x18] }
        ),
        (
            "found by value",
            [0x07, 6, 0, 13, 0],
            Pdu::FindByTypeValueResponse(att::HandleRanges::parse(&[6, 0, 13, 0]).unwrap())
        ),
        (
            "read by type",
            [0x08, 1, 0, 0xff, 0xff, 3, 0x28],
            Pdu::ReadByTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(0x2803) }
        ),
        (
            "read by type, 128 bits",
            [0x08, 1, 0, 9, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
            Pdu::ReadByTypeRequest { start: 1, end: 9, kind: Uuid::new128(0x100f_0e0d_0c0b_0a09_0807_0605_0403_0201) }
        ),
        (
            "characteristics",
            [0x09, 7, 2, 0, 0x12, 3, 0, 0x6e, 0x2a],
            Pdu::ReadByTypeResponse(att::AttributeData::parse(&[7, 2, 0, 0x12, 3, 0, 0x6e, 0x2a]).unwrap())
        ),
        ("read", [0x0a, 3, 0], Pdu::ReadRequest { handle: 3 }),
        ("read answer", [0x0b, 0xc4, 0x09], Pdu::ReadResponse { value: &[0xc4, 0x09] }),
        ("read answer, empty", [0x0b], Pdu::ReadResponse { value: &[] }),
        ("blob", [0x0c, 3, 0, 22, 0], Pdu::ReadBlobRequest { handle: 3, offset: 22 }),
        ("blob answer", [0x0d, 1], Pdu::ReadBlobResponse { value: &[1] }),
        (
            "multiple",
            [0x0e, 3, 0, 5, 0],
            Pdu::ReadMultipleRequest { handles: att::Handles::parse(&[3, 0, 5, 0]).unwrap() }
        ),
        ("multiple answer", [0x0f, 1, 2], Pdu::ReadMultipleResponse { values: &[1, 2] }),
        (
            "groups",
            [0x10, 1, 0, 0xff, 0xff, 0, 0x28],
            Pdu::ReadByGroupTypeRequest { start: 1, end: 0xffff, kind: Uuid::new16(0x2800) }
        ),
        (
            "groups answer",
            [0x11, 6, 1, 0, 5, 0, 0, 0x18],
            Pdu::ReadByGroupTypeResponse(att::GroupData::parse(&[6, 1, 0, 5, 0, 0, 0x18]).unwrap())
        ),
        ("write", [0x12, 9, 0, 1, 0], Pdu::WriteRequest { handle: 9, value: &[1, 0] }),
        ("write answer", [0x13], Pdu::WriteResponse),
        ("write command", [0x52, 9, 0, 7], Pdu::WriteCommand { handle: 9, value: &[7] }),
        (
            "signed write",
            [0xd2, 9, 0, 7, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
            Pdu::SignedWriteCommand { handle: 9, value: &[7], signature: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12] }
        ),
        ("prepare", [0x16, 9, 0, 18, 0, 5], Pdu::PrepareWriteRequest { handle: 9, offset: 18, value: &[5] }),
        ("prepare answer", [0x17, 9, 0, 18, 0, 5], Pdu::PrepareWriteResponse { handle: 9, offset: 18, value: &[5] }),
        ("execute", [0x18, 1], Pdu::ExecuteWriteRequest { flags: 1 }),
        ("execute answer", [0x19], Pdu::ExecuteWriteResponse),
        ("notification", [0x1b, 8, 0, 0xaa], Pdu::HandleValueNotification { handle: 8, value: &[0xaa] }),
        ("indication", [0x1d, 8, 0, 0xaa], Pdu::HandleValueIndication { handle: 8, value: &[0xaa] }),
        ("confirmation", [0x1e], Pdu::HandleValueConfirmation),
        (
            "multiple variable",
            [0x20, 3, 0, 5, 0],
            Pdu::ReadMultipleVariableRequest { handles: att::Handles::new(&[3, 5]).unwrap() }
        ),
        (
            "multiple variable answer",
            [0x21, 2, 0, 1, 2, 1, 0, 3],
            Pdu::ReadMultipleVariableResponse(att::LengthValues::parse(&[2, 0, 1, 2, 1, 0, 3]).unwrap())
        ),
        (
            "multiple notification",
            [0x23, 3, 0, 1, 0, 9],
            Pdu::MultipleHandleValueNotification(att::HandleLengthValues::parse(&[3, 0, 1, 0, 9]).unwrap())
        ),
        ("unknown", [0x3f, 1], Pdu::Unknown { opcode: att::Opcode(0x3f), parameters: &[1] }),
    ]
);

#[test]
fn what_is_malformed() {
    let pdus: [(&str, &[u8]); 8] = [
        ("empty", &[]),
        ("read too long", &[0x0a, 1, 0, 0]),
        ("UUID of three octets", &[0x08, 1, 0, 2, 0, 1, 2, 3]),
        ("one handle", &[0x0e, 1, 0]),
        ("entries of another length", &[0x09, 7, 1, 2, 3]),
        ("entries of no length", &[0x11, 0, 1, 2, 3, 4]),
        ("flags", &[0x18, 2]),
        ("a value that is not there", &[0x23, 1, 0, 9, 0, 1]),
    ];
    for (name, octets) in pdus {
        assert_eq!(Pdu::parse(octets), Err(Malformed), "{name}");
    }
}

#[test]
fn handles_are_the_same_from_octets_and_from_numbers() {
    assert_eq!(att::Handles::parse(&[1, 0, 0xff, 0xff]).ok(), att::Handles::new(&[1, 0xffff]));
    assert_ne!(att::Handles::parse(&[1, 0, 2, 0]).ok(), att::Handles::new(&[1, 2, 3]));
    assert_eq!(att::Handles::new(&[1]), None, "a request for one handle is Read");
}

#[test]
fn lines_are_as_btmon_prints_them() {
    let lines: [(&[u8], &str); 8] = [
        (
            &[0x01, 0x10, 0x11, 0x00, 0x0a],
            "ATT: Error Response (0x01) len 4 request Read By Group Type Request (0x10) handle 0x0011 error Attribute Not \
             Found (0x0a)",
        ),
        (
            &[0x10, 1, 0, 0xff, 0xff, 0, 0x28],
            "ATT: Read By Group Type Request (0x10) len 6 handles 0x0001-0xffff type 2800",
        ),
        (
            &[0x11, 6, 1, 0, 5, 0, 0, 0x18],
            "ATT: Read By Group Type Response (0x11) len 7 handles 0x0001-0x0005 value 0018",
        ),
        (&[0x12, 9, 0, 1, 0], "ATT: Write Request (0x12) len 4 handle 0x0009 value 0100"),
        (&[0x13], "ATT: Write Response (0x13) len 0"),
        (&[0x0b], "ATT: Read Response (0x0b) len 0"),
        (&[0x21, 2, 0, 1, 2], "ATT: Read Multiple Variable Response (0x21) len 4 length 2 value 0102"),
        (&[0x3f, 0xab], "ATT: Unknown (0x3f) len 1 value ab"),
    ];
    for (octets, line) in lines {
        assert_eq!(Pdu::parse(octets).unwrap().to_string(), line);
    }
}

#[test]
fn errors_have_names() {
    // Vol 3, Part F, 3.4.1.1, and Supplement, Part B, 1.2: no gap up to 0x13, and from 0xfc on.
    assert!(ErrorCode::ALL.iter().map(|code| code.0).eq((0x01..=0x13).chain(0xfc..=0xff)));
    for (code, text) in [
        (0x0c, "Encryption Key Size Too Short (0x0c)"),
        (0x14, "Reserved (0x14)"),
        (0x7f, "Reserved (0x7f)"),
        (0x80, "Application Error (0x80)"),
        (0x9f, "Application Error (0x9f)"),
        (0xa0, "Reserved (0xa0)"),
        (0xe0, "Reserved (0xe0)"),
        (0xff, "Out of Range (0xff)"),
    ] {
        assert_eq!(ErrorCode(code).to_string(), text);
    }
}

proptest! {
    #[test]
    fn any_parameters_of_any_opcode(index in 0..=Opcode::ALL.len(), other: u8, parameters in proptest::collection::vec(any::<u8>(), 0..40)) {
        let opcode = Opcode::ALL.get(index).copied().unwrap_or(Opcode(other));
        let octets = [&[opcode.0][..], &parameters].concat();
        if let Ok(pdu) = Pdu::parse(&octets) {
            prop_assert_eq!(pdu.opcode(), opcode);
            let mut buffer = [0; 41];
            let mut w = Writer::new(&mut buffer);
            pdu.emit(&mut w);
            prop_assert_eq!(w.finish().unwrap(), &octets[..]);
            let headline = format!("ATT: {opcode} len {}", parameters.len());
            prop_assert!(pdu.to_string().starts_with(&headline));
        }
    }

    #[test]
    fn a_request_is_judged_as_the_pdu_is(index in 0..=REQUESTS.len(), other: u8, parameters in proptest::collection::vec(any::<u8>(), 0..40)) {
        let opcode = REQUESTS.get(index).copied().unwrap_or(Opcode(other | 0x40));
        let octets = [&[opcode.0][..], &parameters].concat();
        let request = Request::parse(&octets);
        prop_assert_eq!(request.is_ok(), Pdu::parse(&octets).is_ok());
        let Ok(Request { first, second, rest, .. }) = request else { return Ok(()) };
        let (first, second) = (first.to_le_bytes(), second.to_le_bytes());
        let numbers = (octets.len() - 1 - rest.len()) / 2;
        let again = [&[opcode.0], &[first, second][..numbers].concat()[..], rest].concat();
        prop_assert_eq!(again, octets);
    }

    #[test]
    fn the_shortest_form_is_that_of_the_uuid(low: u16, high in 0..2u16, other: [u8; 16]) {
        let short = Uuid::new16(low).as_u128() | (u128::from(high) << 112);
        for octets in [short.to_le_bytes(), other] {
            let uuid = Uuid::from_le_bytes(&octets).unwrap();
            prop_assert_eq!(uuid, Uuid::new128(u128::from_le_bytes(octets)));
            uuid.with_le_bytes(|shortest| assert_eq!(Uuid::shortest(&octets), shortest));
        }
    }
}

/// What a server may be sent.
const REQUESTS: [Opcode; 15] = [
    Opcode::EXCHANGE_MTU_REQUEST,
    Opcode::FIND_INFORMATION_REQUEST,
    Opcode::FIND_BY_TYPE_VALUE_REQUEST,
    Opcode::READ_BY_TYPE_REQUEST,
    Opcode::READ_REQUEST,
    Opcode::READ_BLOB_REQUEST,
    Opcode::READ_MULTIPLE_REQUEST,
    Opcode::READ_BY_GROUP_TYPE_REQUEST,
    Opcode::READ_MULTIPLE_VARIABLE_REQUEST,
    Opcode::WRITE_REQUEST,
    Opcode::WRITE_COMMAND,
    Opcode::SIGNED_WRITE_COMMAND,
    Opcode::PREPARE_WRITE_REQUEST,
    Opcode::EXECUTE_WRITE_REQUEST,
    // One that the specification does not know.
    Opcode(0x3f),
];

#[test]
fn an_error_response_is_its_pdu() {
    let (request, handle, code) = (Opcode::READ_REQUEST, 0x1234, ErrorCode::INVALID_HANDLE);
    let octets = att::error_response(request, handle, code);
    assert_eq!(Pdu::parse(&octets), Ok(Pdu::ErrorResponse { request, handle, code }));
}
