//! Data that is no packet: advertisements and captures.

use super::{codec::is_one_line, is_planted, plant};
use jelling_transport::btsnoop::{FILE_HEADER, Record, Records, record_header};
use jelling_wire::ad::{AdWrite, Builder, Structure, Structures};

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
            plant(is_planted(data));
            assert_eq!([&company.to_le_bytes(), data].concat(), structure.data);
        }
        let mut builder = Builder::new();
        let built = builder.raw(structure.kind, structure.data);
        assert_eq!(built.is_ok(), structure.data.len() <= ROOM, "{built:?}");
        if built.is_ok() {
            assert!(Structures::new(builder.adv()).eq([structure]));
        }
        is_one_line(&structure);
        typed(&structure);
    }
    assert!(octets.starts_with(&again), "{octets:02x?} gave {again:02x?}");
    // What follows is nothing, a length of zero, or a structure that runs over the end.
    let rest = &octets[again.len()..];
    let runs_over = rest.first().is_some_and(|length| usize::from(*length) >= rest.len() && *length != 0);
    assert_eq!(structures.is_malformed(), runs_over);
    assert!(runs_over || rest.first().is_none_or(|length| *length == 0), "ended at {rest:02x?}");
}

/// What an accessor gives, written again, is what it was read from.
fn typed(structure: &Structure<'_>) {
    let mut builder = Builder::new();
    if let Some(flags) = structure.flags() {
        assert_eq!(builder.flags(flags), Ok(()));
    } else if let Some(interval) = structure.peripheral_connection_interval_range() {
        assert_eq!(builder.peripheral_connection_interval_range(interval), Ok(()));
    } else if let Some(role) = structure.le_role() {
        assert_eq!(builder.le_role(role), Ok(()));
    } else if let Some(address) = structure.le_device_address() {
        assert_eq!(builder.le_device_address(address), Ok(()));
    } else {
        let blocks = structure.transport_blocks().count() + structure.targets().count() + structure.solicited().count();
        assert!(blocks <= structure.data.len(), "more parts than octets");
        let _ = (structure.uri(), structure.encrypted_data(), structure.le_supported_features());
        let _ = structure.advertising_interval();
        return;
    }
    let written = Structures::new(builder.adv()).next();
    // Flags may have any number of octets, of which the first has a meaning; so may the bits beside a device's type of address.
    let reads = |s: &Structure<'_>| (s.flags(), s.le_device_address());
    let is_same = |w: Structure<'_>| w == *structure || w.kind == structure.kind && reads(&w) == reads(structure);
    assert!(written.is_some_and(is_same), "{structure:?} became {written:?}");
}

/// A capture: each record, written again, reads as it did; where the file ends within one, that is the last.
pub fn btsnoop(octets: &[u8]) {
    let mut records = match Records::parse(octets) {
        Ok(records) => records,
        Err(error) => {
            is_one_line(&error);
            return assert!(!octets.starts_with(&FILE_HEADER), "a whole header is refused");
        }
    };
    let (mut count, mut ended) = (0, None);
    for record in records.by_ref() {
        assert_eq!(ended, None, "something behind the end");
        match record {
            Ok(record) => again(&record),
            Err(error) => {
                is_one_line(&error);
                ended = Some(error.record);
            }
        }
        count += 1;
    }
    assert!(ended.is_none_or(|record| record == count + records.skipped()), "{ended:?} of {count}");
}

fn again(record: &Record<'_>) {
    plant(is_planted(record.packet.data) && record.missing > 0);
    let head = record_header(record.direction, record.packet, record.drops, record.unix_micros);
    let file = [&FILE_HEADER[..], &head, record.packet.data].concat();
    let again: Vec<_> = Records::parse(&file).unwrap_or_else(|_| panic!("our own header")).collect();
    assert_eq!(again, [Ok(Record { missing: 0, ..*record })]);
}
