//! The codes' names, the lines that are shown, and what other dissectors are given to judge.

use crate::{name, octets, rows};
use jelling_wire::hci::event::{Event, EventCode, Subevent};
use std::collections::BTreeSet;

/// `interop/packets-events.tsv`: a row for each event that is taken apart.
const JUDGED: &str = include_str!("../../../../interop/packets-events.tsv");

#[test]
fn other_dissectors_are_given_every_row_that_has_an_events_name() {
    let mut expected = String::new();
    for (row, hex) in rows() {
        if (Some(row), true) == name(&Event::parse(&octets(hex)).unwrap()) {
            expected += &format!("{row}\tevent\t{hex}\n");
        }
    }
    assert_eq!(JUDGED, expected);
}

#[test]
fn every_event_that_is_taken_apart_has_a_row() {
    let rows: BTreeSet<_> = rows().map(|(name, _)| name).collect();
    // Without parameters, whatever is taken apart is malformed, or an event of its own.
    let is_raw = |octets: &[u8]| matches!(Event::parse(octets), Ok(Event::Unknown { .. } | Event::LeUnknown { .. }));
    for code in EventCode::ALL.iter().filter(|code| **code != EventCode::LE_META && !is_raw(&[code.0, 0])) {
        assert!(rows.contains(code.name().unwrap()), "{code:?}");
    }
    for subevent in Subevent::ALL.iter().filter(|subevent| !is_raw(&[0x3e, 1, subevent.0])) {
        assert!(rows.contains(subevent.name().unwrap()), "{subevent:?}");
    }
}

#[test]
fn what_is_not_wanted_is_not_taken_apart() {
    for (_, hex) in rows() {
        let octets = octets(hex);
        let event = Event::parse(&octets).unwrap();
        let (code, subevent) = (event.code(), event.subevent());
        assert_eq!(Event::parse_among(&octets, |c, s| (c, s) == (code, subevent)), Ok(event));
        let other = Event::parse_among(&octets, |c, s| (c, s) != (code, subevent)).unwrap();
        assert_eq!((name(&other).1, other.code(), other.subevent()), (false, code, subevent));
    }
}

#[test]
fn a_line_begins_as_btmons_and_names_each_parameter() {
    for (hex, line) in [
        (
            "050400400013",
            "HCI Event: Disconnect Complete (0x05) plen 4 status Success (0x00) handle 64 \
             reason Remote User Terminated Connection (0x13)",
        ),
        (
            "0e04010c2000",
            "HCI Event: Command Complete (0x0e) plen 4 LE Set Scan Enable (0x08|0x000c) ncmd 1 status Success (0x00)",
        ),
        (
            "0f040c010604",
            "HCI Event: Command Status (0x0f) plen 4 Disconnect (0x01|0x0006) ncmd 1 status Command Disallowed (0x0c)",
        ),
        (
            "1309024000020041000301",
            "HCI Event: Number of Completed Packets (0x13) plen 9 handle 64 count 2 handle 65 count 259",
        ),
        (
            "3e13010040000101f5f4f3f2f1f0180001002a0005",
            "HCI Event: LE Meta Event (0x3e) plen 19 LE Connection Complete (0x01) status Success (0x00) handle 64 \
             role Peripheral peer f0:f1:f2:f3:f4:f5/random interval 24 latency 1 supervision timeout 42 clock accuracy 5",
        ),
        (
            "3e0c02010001f5f4f3f2f1f000c8",
            "HCI Event: LE Meta Event (0x3e) plen 12 LE Advertising Report (0x02) type 0 \
             address f0:f1:f2:f3:f4:f5/random data none rssi -56",
        ),
        (
            "3e1a0d010000ff0000000000000101077fc80000fe05040302014100",
            "HCI Event: LE Meta Event (0x3e) plen 26 LE Extended Advertising Report (0x0d) kind 0 address anonymous \
             primary phy 1 secondary phy 1 sid 7 tx power 127 rssi -56 periodic interval 0 \
             target 41:01:02:03:04:05/unresolved data none",
        ),
        ("3e0111", "HCI Event: LE Meta Event (0x3e) plen 1 LE Scan Timeout (0x11)"),
        ("3e031e0113", "HCI Event: LE Meta Event (0x3e) plen 3 LE Broadcast Isochronous Group Sync Lost (0x1e) 0113"),
        ("ff020102", "HCI Event: Vendor (0xff) plen 2 0102"),
        ("7e00", "HCI Event: Unknown (0x7e) plen 0"),
    ] {
        assert_eq!(Event::parse(&octets(hex)).unwrap().to_string(), line);
    }
}

#[test]
fn a_key_is_not_shown() {
    let hex = rows().find(|(name, _)| *name == "LE Generate DHKey Complete").unwrap().1;
    let octets = octets(hex);
    let event = Event::parse(&octets).unwrap();
    assert!(!event.to_string().contains("0303"), "{event}");
    assert!(!format!("{event:?}").contains("3, 3"), "{event:?}");
}
