//! Data that is no packet: advertisements and captures.

use super::{PLANTED, plant, word};
use jelling_transport::btsnoop::{FILE_HEADER, Records, record_header};
use jelling_wire::ad::{AdType, Builder, Structures};

/// Octets of a structure that a [`Builder`] holds.
const ROOM: usize = 29;

/// Advertising data: its structures, put together again, are the octets they came from.
pub fn ad(octets: &[u8]) {
    let mut structures = Structures::new(octets);
    let mut again = vec![];
    for structure in structures.by_ref() {
        let length = u8::try_from(structure.data.len() + 1).unwrap_or_else(|_| panic!("longer than its length"));
        again.extend_from_slice(&[length, structure.kind.0]);
        again.extend_from_slice(structure.data);
        let listed = structure.uuids().count();
        assert!(listed * 2 <= structure.data.len(), "more UUIDs than octets");
        assert!(structure.service_data().is_none_or(|(_, data)| data.len() + 2 <= structure.data.len()));
        if let Some((company, data)) = structure.manufacturer() {
            plant(word(data) == PLANTED);
            assert_eq!([&company.to_le_bytes(), data].concat(), structure.data);
        }
        let mut builder = Builder::new();
        let built = builder.raw(structure.kind, structure.data);
        assert_eq!(built.is_ok(), structure.data.len() <= ROOM, "{built:?}");
        if built.is_ok() {
            assert!(Structures::new(builder.adv()).eq([structure]));
        }
        assert!(structure.kind.name().is_none_or(|name| !name.is_empty()) && AdType::ALL.len() > 10);
    }
    assert!(octets.starts_with(&again), "{octets:02x?} gave {again:02x?}");
    // What follows is nothing, a length of zero, or a structure that runs over the end.
    let rest = &octets[again.len()..];
    let runs_over = rest.first().is_some_and(|length| usize::from(*length) >= rest.len() && *length != 0);
    assert_eq!(structures.is_malformed(), runs_over);
    assert!(runs_over || rest.first().is_none_or(|length| *length == 0), "ended at {rest:02x?}");
}

/// A capture: each record, written again, reads as it did, and at most the last is malformed.
pub fn btsnoop(octets: &[u8]) {
    let Ok(records) = Records::parse(octets) else {
        return assert!(!octets.starts_with(&FILE_HEADER), "a whole header is refused");
    };
    let mut ended = false;
    for record in records {
        assert!(!ended, "something behind a malformed record");
        let Ok(record) = record else {
            ended = true;
            continue;
        };
        plant(record.drops == PLANTED);
        let head = record_header(record.direction, record.packet, record.unix_micros);
        let file = [&FILE_HEADER[..], &head, record.packet.data].concat();
        let again: Vec<_> = Records::parse(&file).unwrap_or_else(|_| panic!("our own header")).collect();
        assert_eq!(again, [Ok(jelling_transport::btsnoop::Record { drops: 0, ..record })]);
    }
}
