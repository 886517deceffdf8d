//! SMP: octets of two Bumble devices that paired, by Secure Connections and by legacy pairing, and sample data of the
//! specification (Vol 3, Part H, 2.2.3, 2.3.5.6.1 and D).
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
    Address, AddressKind, Malformed, Secret, Writer,
    smp::{Code, Features, IoCapability, Keypress, Keys, OobData, Pdu, Reason, Requirements},
};
use proptest::prelude::*;

const KEYS: Keys = Keys::ENCRYPTION.union(Keys::IDENTITY).union(Keys::SIGNING);

const SECURE: Features = Features {
    io_capability: IoCapability::NO_INPUT_NO_OUTPUT,
    oob_data: OobData::NOT_PRESENT,
    requirements: Requirements::BONDING.union(Requirements::SECURE_CONNECTIONS),
    max_key_size: 16,
    initiator_keys: KEYS,
    responder_keys: KEYS,
};

const LEGACY: Features = Features { requirements: Requirements::BONDING, ..SECURE };

/// Hexadecimal digits, in the order of the wire.
fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

fn array<const N: usize>(hex: &str) -> [u8; N] {
    octets(hex).try_into().unwrap()
}

/// As the specification prints a number: most significant octet first.
fn number<const N: usize>(hex: &str) -> [u8; N] {
    let mut octets = array(hex);
    octets.reverse();
    octets
}

table!(
    pdus,
    Pdu,
    [
        ("request", [0x01, 3, 0, 9, 16, 7, 7], Pdu::PairingRequest { features: SECURE }),
        ("response", [0x02, 3, 0, 9, 16, 7, 7], Pdu::PairingResponse { features: SECURE }),
        ("legacy request", [0x01, 3, 0, 1, 16, 7, 7], Pdu::PairingRequest { features: LEGACY }),
        (
            "request of 2.2.3, c1",
            octets("01010000100707"),
            Pdu::PairingRequest {
                features: Features {
                    io_capability: IoCapability::DISPLAY_YES_NO,
                    requirements: Requirements::empty(),
                    ..SECURE
                }
            }
        ),
        (
            "response of 2.2.3, c1",
            octets("02030000080005"),
            Pdu::PairingResponse {
                features: Features {
                    requirements: Requirements::empty(),
                    max_key_size: 8,
                    initiator_keys: Keys::empty(),
                    responder_keys: Keys::ENCRYPTION.union(Keys::SIGNING),
                    ..SECURE
                }
            }
        ),
        (
            "every bit and reserved values",
            [0x01, 5, 2, 0xff, 17, 0xff, 0x0f],
            Pdu::PairingRequest {
                features: Features {
                    io_capability: IoCapability(5),
                    oob_data: OobData(2),
                    requirements: Requirements::from_bits_retain(0xff),
                    max_key_size: 17,
                    initiator_keys: Keys::from_bits_retain(0xff),
                    responder_keys: KEYS.union(Keys::LINK),
                }
            }
        ),
        (
            "confirm",
            octets("0356bf8be49c20de57d42f3462f43c68e4"),
            Pdu::PairingConfirm { value: array("56bf8be49c20de57d42f3462f43c68e4") }
        ),
        (
            "confirm of 2.2.3, c1",
            octets("03863bf1bec54da7d2ea888987ef3f1e1e"),
            Pdu::PairingConfirm { value: number("1e1e3fef878988ead2a74dc5bef13b86") }
        ),
        (
            "random",
            octets("04ee262c5c8e2eada7fc2450672cfcf3bd"),
            Pdu::PairingRandom { value: array("ee262c5c8e2eada7fc2450672cfcf3bd") }
        ),
        ("failed", [0x05, 0x05], Pdu::PairingFailed { reason: Reason::PAIRING_NOT_SUPPORTED }),
        ("failed, for a reason to come", [0x05, 0x42], Pdu::PairingFailed { reason: Reason(0x42) }),
        (
            "long term key",
            octets("06c6251f15a4458ae3712c09ea3c21ec00"),
            Pdu::EncryptionInformation { long_term_key: Secret(array("c6251f15a4458ae3712c09ea3c21ec00")) }
        ),
        (
            "central identification",
            [0x07, 0x34, 0x12, 1, 2, 3, 4, 5, 6, 7, 8],
            Pdu::CentralIdentification { diversifier: 0x1234, random: [1, 2, 3, 4, 5, 6, 7, 8] }
        ),
        (
            "identity resolving key",
            octets("08365095ed7a835fa85c847459cc7f4205"),
            Pdu::IdentityInformation { identity_resolving_key: Secret(array("365095ed7a835fa85c847459cc7f4205")) }
        ),
        (
            "public address",
            octets("0900f0f1f2f3f4f5"),
            Pdu::IdentityAddressInformation {
                address: Address::new(AddressKind::Public, [0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5])
            }
        ),
        (
            "static random address",
            octets("0901f5f4f3f2f1f0"),
            Pdu::IdentityAddressInformation {
                address: Address::new(AddressKind::Random, [0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0])
            }
        ),
        (
            "signature key",
            octets("0a0102030405060708090a0b0c0d0e0f10"),
            Pdu::SigningInformation { signature_key: Secret([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]) }
        ),
        (
            "security request",
            [0x0b, 0x2d],
            Pdu::SecurityRequest {
                requirements: Requirements::BONDING
                    | Requirements::MITM
                    | Requirements::SECURE_CONNECTIONS
                    | Requirements::CT2
            }
        ),
        (
            "public key of 2.3.5.6.1",
            octets(concat!(
                "0c",
                "e69d350e480103ccdbfdf4ac1191f4efb9a5f9e9a7832c5e2cbe97f2d203b020",
                "8bd28915d08e1c742430ed8fc24563765c15525abf9a32636deb2a65499c80dc"
            )),
            Pdu::PairingPublicKey {
                x: number("20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6"),
                y: number("dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b"),
            }
        ),
        (
            "check",
            octets("0df6c0ead5bfcc9a41f082672d079421a7"),
            Pdu::PairingDhKeyCheck { check: array("f6c0ead5bfcc9a41f082672d079421a7") }
        ),
        (
            "check of D.4, f6",
            octets("0d618f95da090b6cd2c5e8d09c9873c4e3"),
            Pdu::PairingDhKeyCheck { check: number("e3c473989cd0e8c5d26c0b09da958f61") }
        ),
        ("keypress", [0x0e, 2], Pdu::PairingKeypressNotification { keypress: Keypress::DIGIT_ERASED }),
        ("unknown", [0x0f, 1, 2], Pdu::Unknown { code: Code(0x0f), parameters: &[1, 2] }),
    ]
);

/// Every PDU's length, its code not counted.
const LENGTHS: [usize; 14] = [6, 6, 16, 16, 1, 16, 10, 16, 7, 16, 1, 64, 16, 1];

#[test]
fn lengths_are_exact() {
    assert_eq!(Pdu::parse(&[]), Err(Malformed));
    for (code, length) in Code::ALL.iter().zip(LENGTHS) {
        for other in 0..80 {
            let mut octets = vec![0; 1 + other];
            octets[0] = code.0;
            assert_eq!(Pdu::parse(&octets).is_ok(), other == length, "{code} with {other} octets");
        }
    }
}

#[test]
fn an_identity_is_public_or_random() {
    for kind in 0..=255 {
        let parsed = Pdu::parse(&[0x09, kind, 1, 2, 3, 4, 5, 0xc6]).map(|pdu| pdu.code());
        let expected = if kind < 2 { Ok(Code::IDENTITY_ADDRESS_INFORMATION) } else { Err(Malformed) };
        assert_eq!(parsed, expected, "{kind}");
    }
}

#[test]
fn what_is_answered_by_invalid_parameters() {
    assert!(SECURE.are_in_range());
    assert!(Features { requirements: Requirements::all(), initiator_keys: Keys::all(), ..SECURE }.are_in_range());
    assert!(Features { max_key_size: 7, io_capability: IoCapability::KEYBOARD_DISPLAY, ..SECURE }.are_in_range());
    for wrong in [
        Features { io_capability: IoCapability(5), ..SECURE },
        Features { oob_data: OobData(2), ..SECURE },
        Features { max_key_size: 6, ..SECURE },
        Features { max_key_size: 17, ..SECURE },
    ] {
        assert!(!wrong.are_in_range(), "{wrong:?}");
    }
}

#[test]
fn lines_are_as_btmon_prints_them() {
    let lines = [
        (
            "01030009100707",
            "SMP: Pairing Request (0x01) len 6 io capability NoInputNoOutput (0x03) oob data Authentication data not present \
             (0x00) requirements Bonding, SC (0x09) max key size 16 initiator keys EncKey, IdKey, Sign (0x07) responder keys \
             EncKey, IdKey, Sign (0x07)",
        ),
        ("0505", "SMP: Pairing Failed (0x05) len 1 reason Pairing Not Supported (0x05)"),
        ("0542", "SMP: Pairing Failed (0x05) len 1 reason Reserved (0x42)"),
        ("0900f0f1f2f3f4f5", "SMP: Identity Address Information (0x09) len 7 address f5:f4:f3:f2:f1:f0/public"),
        ("0b00", "SMP: Security Request (0x0b) len 1 requirements none (0x00)"),
        ("0e01", "SMP: Pairing Keypress Notification (0x0e) len 1 keypress Passkey digit entered (0x01)"),
        ("0fabcd", "SMP: Unknown (0x0f) len 2 abcd"),
    ];
    for (hex, line) in lines {
        assert_eq!(Pdu::parse(&octets(hex)).unwrap().to_string(), line);
    }
}

#[test]
fn no_line_shows_a_key() {
    for code in [Code::ENCRYPTION_INFORMATION, Code::IDENTITY_INFORMATION, Code::SIGNING_INFORMATION] {
        let mut octets = [0xa5; 17];
        octets[0] = code.0;
        let pdu = Pdu::parse(&octets).unwrap();
        for text in [pdu.to_string(), format!("{pdu:?}")] {
            assert!(text.contains("(16 octets)") && !text.contains("a5") && !text.contains("165"), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn any_parameters_of_any_code(index in 0..=Code::ALL.len(), other: u8, parameters in proptest::collection::vec(any::<u8>(), 64)) {
        let code = Code::ALL.get(index).map_or(other, |code| code.0);
        let mut octets = vec![code];
        octets.extend(&parameters[..LENGTHS.get(usize::from(code).wrapping_sub(1)).copied().unwrap_or(9)]);
        if code == Code::IDENTITY_ADDRESS_INFORMATION.0 {
            octets[1] &= 1;
        }
        let pdu = Pdu::parse(&octets).unwrap();
        prop_assert_eq!(pdu.code(), Code(code));
        let mut buffer = [0; 65];
        let mut w = Writer::new(&mut buffer);
        pdu.emit(&mut w);
        prop_assert_eq!(w.finish().unwrap(), &octets[..]);
        prop_assert!(pdu.to_string().starts_with("SMP: "));
    }
}
