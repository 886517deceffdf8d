//! Events: octets that Bumble 0.0.236 wrote, or by hand from the specification's tables where Bumble does not know the event.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

#[path = "../common/mod.rs"]
#[macro_use]
mod common;

/// A table of [`table!`], whose octets are hexadecimal and are kept as `ROWS`.
macro_rules! rows {
    ($([$name:literal, $hex:literal, $value:expr]),+ $(,)?) => {
        pub(crate) const ROWS: &[(&str, &str)] = &[$(($name, $hex)),+];

        table!(both_ways, Event, [$(($name, crate::octets($hex), $value)),+]);
    };
}

mod advertising;
mod links;
mod malformed;
mod names;
mod plain;
mod properties;

use jelling_wire::{
    Address, AddressKind,
    hci::{
        ConnectionHandle,
        event::{Event, ReportedAddress},
    },
};

const HANDLE: ConnectionHandle = ConnectionHandle(0x0040);
const RANDOM: Address = Address::new(AddressKind::Random, [0xf5, 0xf4, 0xf3, 0xf2, 0xf1, 0xf0]);
const PUBLIC: Address = Address::new(AddressKind::Public, [0x55, 0x44, 0x33, 0x22, 0x11, 0x00]);
const ADVERTISER: ReportedAddress = ReportedAddress { kind: ReportedAddress::RANDOM, octets: RANDOM.octets };

fn octets(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

/// Every row of every table.
fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
    [plain::ROWS, links::ROWS, advertising::ROWS].concat().into_iter()
}

/// The name of an event, and whether this crate takes it apart.
fn name(event: &Event<'_>) -> (Option<&'static str>, bool) {
    let name = event.subevent().map_or(event.code().name(), |subevent| subevent.name());
    (name, !matches!(event, Event::Unknown { .. } | Event::LeUnknown { .. }))
}
