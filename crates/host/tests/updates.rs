//! What `update` owes to those who have subscribed.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use jelling_host::*;
use support::{pair::serve, raw::Raw};

type Memory = Store<Links<1, 247>, Gatt<48, 2048>, Pool<16, 2>, Scan<1>>;

fn host() -> Raw {
    Raw::new(Box::new(Memory::NEW), Config::new(), 251, 1)
}

#[test]
fn who_subscribes_again_is_told_what_is_owed_and_who_no_longer_does_is_not() {
    let (mut raw, write) = (host(), |cccd: u8| [0x12, 4, 0, cccd, 0]);
    let id = serve(&mut raw.core(), 20);
    let told = |opcode| vec![vec![0x13], [&[opcode, 3, 0][..], b"new"].concat()];
    for (before, after, opcode) in [(1, 1, 0x1b), (1, 3, 0x1b), (1, 2, 0x1d), (2, 2, 0x1d)] {
        raw.ask(0, &write(before));
        raw.core().update(id, b"new").unwrap();
        assert_eq!(raw.ask(0, &write(after)), told(opcode), "{before} {after}");
        if opcode == 0x1d {
            raw.ask(0, &[0x1e]);
        }
    }
    raw.core().update(id, b"new").unwrap();
    assert_eq!(raw.ask(0, &write(0)), [[0x13]]);
    assert_eq!(raw.ask(0, &write(1)), [[0x13]]);
}

#[test]
fn who_subscribes_to_service_changed_again_is_told_of_the_change() {
    let mut raw = host();
    raw.core().install_default_services().unwrap();
    let subscribe = [0x12, 9, 0, 2, 0];
    raw.ask(0, &subscribe);
    let mut core = raw.core();
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    support::pair::add(&mut core, 20);
    core.commit_registration().unwrap();
    let told = raw.ask(0, &subscribe);
    assert_eq!((&told[0][..], &told[1][..3]), (&[0x13][..], &[0x1d, 8, 0][..]));
}

/// A table of its own with Service Changed at this handle and so many services behind it.
fn own_table(core: &mut Core<'_>, handle: u16, services: usize) {
    core.begin_registration().unwrap();
    let uuid = wire::Uuid::new16(0x1801);
    let first = Some(handle - 2);
    core.add_service(&ServiceSettings { uuid, primary: true, handle: first, end_handle: None }).unwrap();
    let settings = CharacteristicSettings {
        value_handle: Some(handle),
        cccd: true,
        ..CharacteristicSettings::new(wire::Uuid::new16(0x2a05), Properties::INDICATE, Storage::Fixed(&[0; 4]))
    };
    core.add_characteristic(&settings).unwrap();
    (0..services).for_each(|_| _ = support::pair::add(core, 20));
    core.commit_registration().unwrap();
}

/// Vol 3, Part G, 7.1: it is indicated when the table changes, though the whole table is another one.
#[test]
fn who_has_subscribed_to_service_changed_is_told_that_everything_has_changed() {
    let mut raw = host();
    own_table(&mut raw.core(), 3, 1);
    raw.ask(0, &[0x12, 4, 0, 2, 0]);
    raw.ask(0, &[0x12, 8, 0, 3, 0]);
    own_table(&mut raw.core(), 3, 2);
    raw.settle();
    assert_eq!(raw.told(0), [[0x1d, 3, 0, 1, 0, 12, 0]]);
    raw.ask(0, &[0x1e]);
    // It is still subscribed to that, and to nothing else.
    assert_eq!(raw.ask(0, &[0x0a, 4, 0]), [[0x0b, 2, 0]]);
    assert_eq!(raw.ask(0, &[0x0a, 8, 0]), [[0x0b, 0, 0]]);
    // At another handle it is another one.
    own_table(&mut raw.core(), 5, 2);
    raw.settle();
    assert!(raw.told(0).is_empty());
    assert_eq!(raw.ask(0, &[0x0a, 6, 0]), [[0x0b, 0, 0]]);
    // Nor does another link inherit it.
    raw.ask(0, &[0x12, 6, 0, 2, 0]);
    raw.reconnect(0);
    own_table(&mut raw.core(), 5, 2);
    raw.settle();
    assert!(raw.told(0).is_empty());
}
