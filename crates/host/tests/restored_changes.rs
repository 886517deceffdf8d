//! What becomes of what a bonded client knows where the table has changed meanwhile (Vol 3, Part G, 2.5.2.1).
#![cfg(all(feature = "peripheral", feature = "server", feature = "security"))]
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

use jelling_host::{wire::att::ErrorCode, *};
use support::bonded::*;

#[test]
fn who_follows_changes_is_told_until_it_confirms() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CCCD, 1);
    subscribe(&mut raw, CHANGED_CCCD, 2);
    let _ = saves(&mut raw);
    let known = bond(&mut raw);
    raw.part(0);
    register(&mut raw.core(), 2);
    for _ in 0..2 {
        back(&mut raw);
        // The handles of the rest are somebody else's.
        assert_eq!(changed(&mut raw), ALL);
        assert_eq!((subscribed(&mut raw, CCCD), subscribed(&mut raw, CHANGED_CCCD)), (0, 2));
        // It has not confirmed when the link ends: nothing has been told.
        assert_eq!((bond(&mut raw), saves(&mut raw)), (known.clone(), 0));
    }
    back(&mut raw);
    assert_eq!(changed(&mut raw), ALL);
    confirm(&mut raw);
    assert_eq!((subscriptions(&mut raw), saves(&mut raw)), (vec![(CHANGED_CCCD, 2)], 1));
    assert_ne!(bond(&mut raw).database_hash, known.database_hash);
    subscribe(&mut raw, CCCD + 3, 2);
    back(&mut raw);
    assert_eq!(changed(&mut raw), None);
    assert_eq!((subscribed(&mut raw, CCCD), subscribed(&mut raw, CCCD + 3)), (0, 2));
}

#[test]
fn a_confirmation_of_less_does_not_count() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CHANGED_CCCD, 2);
    let known = bond(&mut raw).database_hash;
    raw.part(0);
    register(&mut raw.core(), 2);
    raw.reconnect_as(0, PEER);
    subscribe(&mut raw, CHANGED_CCCD, 2);
    // It changes once more before the link is encrypted, and the client is told of that alone.
    register(&mut raw.core(), 3);
    assert_eq!(changed(&mut raw), Some([OWN as u8, 0, OWN as u8 + 9, 0]));
    encrypt(&mut raw);
    assert_eq!(raw.ask(0, &[0x1e]), [[0x1d, 8, 0, 1, 0, 0xff, 0xff]]);
    assert_eq!(bond(&mut raw).database_hash, known);
    confirm(&mut raw);
    assert_ne!(bond(&mut raw).database_hash, known);
}

#[test]
fn a_table_that_is_what_it_was_has_not_changed() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CCCD, 1);
    subscribe(&mut raw, CHANGED_CCCD, 2);
    raw.part(0);
    register(&mut raw.core(), 3);
    // It came while there was another table, was told, and left before it confirmed.
    back(&mut raw);
    assert_eq!(changed(&mut raw), ALL);
    raw.part(0);
    register(&mut raw.core(), 1);
    back(&mut raw);
    assert_eq!(changed(&mut raw), None);
    assert_eq!((subscribed(&mut raw, CCCD), subscribed(&mut raw, CHANGED_CCCD)), (1, 2));
}

#[test]
fn who_caches_and_does_not_follow_is_held_back() {
    let (mut raw, value) = bonded();
    assert_eq!(ask(&mut raw, &[0x12, FEATURES as u8, 0, 1]), [0x13]);
    let known = bond(&mut raw);
    let _ = saves(&mut raw);
    raw.part(0);
    // The same table once more.
    register(&mut raw.core(), 1);
    back(&mut raw);
    assert_eq!(ask(&mut raw, &[0x0a, VALUE as u8, 0])[0], 0x0b);
    raw.part(0);
    register(&mut raw.core(), 2);
    raw.reconnect_as(0, PEER);
    // Who it is is not known yet.
    assert_eq!(ask(&mut raw, &[0x0a, VALUE as u8, 0])[0], 0x0b);
    encrypt(&mut raw);
    let out_of_sync = ErrorCode::DATABASE_OUT_OF_SYNC.0;
    assert_eq!(ask(&mut raw, &[0x0a, VALUE as u8, 0]), [0x01, 0x0a, VALUE as u8, 0, out_of_sync]);
    assert_eq!((bond(&mut raw).database_hash, saves(&mut raw)), (known.database_hash, 0));
    // It does not come back to that, and has still to be told.
    back(&mut raw);
    assert_eq!(ask(&mut raw, &[0x12, CCCD as u8, 0, 1, 0])[4], out_of_sync);
    assert_eq!(ask(&mut raw, &[0x12, CCCD as u8, 0, 1, 0]), [0x13]);
    assert_ne!(bond(&mut raw).database_hash, known.database_hash);
    assert_eq!(subscriptions(&mut raw), [(CCCD, 1)]);
    back(&mut raw);
    assert_eq!(subscribed(&mut raw, CCCD), 1);
    // By the hash it learns as well.
    raw.part(0);
    register(&mut raw.core(), 3);
    back(&mut raw);
    let link = raw.link(0);
    assert_eq!(ask(&mut raw, &[0x08, 1, 0, 0xff, 0xff, 0x2a, 0x2b])[0], 0x09);
    assert_ne!(bond(&mut raw).database_hash.unwrap(), ask(&mut raw, &[0x08, 1, 0, 0xff, 0xff, 0x2a, 0x2b])[4..]);
    assert_eq!(raw.core().subscribed(value, link), Err(Error::Stale));
    assert_eq!(ask(&mut raw, &[0x0a, VALUE as u8, 0])[0], 0x0b);
    assert_eq!(bond(&mut raw).database_hash.unwrap(), ask(&mut raw, &[0x08, 1, 0, 0xff, 0xff, 0x2a, 0x2b])[4..]);
}

#[test]
fn who_wants_to_be_told_nothing_begins_anew() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CCCD, 1);
    let known = bond(&mut raw).database_hash;
    raw.part(0);
    register(&mut raw.core(), 2);
    back(&mut raw);
    assert_eq!(changed(&mut raw), None);
    assert_eq!(subscribed(&mut raw, CCCD), 0);
    assert_eq!(subscriptions(&mut raw), []);
    assert_ne!(bond(&mut raw).database_hash, known);
    // A bond that has never said what table it knows.
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CCCD, 1);
    let mut unknown = bond(&mut raw);
    raw.part(0);
    raw.core().remove_bond(PEER).unwrap();
    assert_eq!(saves(&mut raw), 1);
    unknown.database_hash = None;
    raw.core().restore_bond(&unknown).unwrap();
    back(&mut raw);
    assert_eq!(subscribed(&mut raw, CCCD), 0);
    assert_eq!(bond(&mut raw).database_hash, known);
}

#[test]
fn a_table_that_changes_under_a_client_is_kept_when_it_knows() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CCCD, 1);
    let before = bond(&mut raw).database_hash;
    let _ = saves(&mut raw);
    // Nobody tells it: the bond is of the new table at once.
    register(&mut raw.core(), 2);
    assert_eq!((subscriptions(&mut raw), saves(&mut raw)), (vec![], 1));
    let second = bond(&mut raw).database_hash;
    assert_ne!(second, before);
    // It follows: the bond is of the old one until it has confirmed.
    subscribe(&mut raw, CHANGED_CCCD, 2);
    subscribe(&mut raw, CCCD, 1);
    let _ = saves(&mut raw);
    register(&mut raw.core(), 1);
    assert_eq!(changed(&mut raw), Some([OWN as u8, 0, OWN as u8 + 6, 0]));
    assert_eq!((bond(&mut raw).database_hash, saves(&mut raw)), (second, 0));
    // It changes once more: what it confirms then is the change before.
    register(&mut raw.core(), 3);
    assert_eq!(raw.ask(0, &[0x1e]), [[0x1d, 8, 0, OWN as u8, 0, OWN as u8 + 9, 0]]);
    assert_eq!((bond(&mut raw).database_hash, saves(&mut raw)), (second, 0));
    confirm(&mut raw);
    assert_eq!((subscriptions(&mut raw), saves(&mut raw)), (vec![(CHANGED_CCCD, 2)], 1));
    let third = bond(&mut raw).database_hash;
    // It no longer wants to be told, in the middle of it.
    register(&mut raw.core(), 1);
    assert_eq!(changed(&mut raw), Some([OWN as u8, 0, OWN as u8 + 9, 0]));
    subscribe(&mut raw, CHANGED_CCCD, 0);
    assert_ne!(bond(&mut raw).database_hash, third);
    assert_eq!((subscriptions(&mut raw), bond(&mut raw).database_hash), (vec![], before));
}

#[test]
fn a_change_that_was_not_told_yet_is_told_to_the_bond_of_a_new_pairing() {
    let (mut raw, _) = server();
    raw.connect_as(PEER);
    subscribe(&mut raw, CHANGED_CCCD, 2);
    register(&mut raw.core(), 2);
    assert!(changed(&mut raw).is_some());
    let link = raw.link(0);
    encrypt(&mut raw);
    raw.core().inject_bond(link, Bond::new(PEER)).unwrap();
    assert_eq!(bond(&mut raw).database_hash, None);
    // It leaves without a confirmation, and is told on the next link.
    back(&mut raw);
    assert_eq!(changed(&mut raw), ALL);
    confirm(&mut raw);
    assert!(bond(&mut raw).database_hash.is_some());
}

#[test]
fn service_changed_that_is_elsewhere_is_not_restored() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CHANGED_CCCD, 2);
    raw.part(0);
    let preferred = ConnectionParameters {
        interval_min: core::time::Duration::from_millis(10),
        interval_max: core::time::Duration::from_millis(20),
        latency: 0,
        supervision_timeout: core::time::Duration::from_secs(2),
    };
    raw.core().configure(Config { preferred_parameters: Some(preferred), ..Config::new() });
    register(&mut raw.core(), 1);
    back(&mut raw);
    // The characteristic of the preferred parameters stands before it.
    assert_eq!(changed(&mut raw), None);
    assert_eq!(subscribed(&mut raw, CHANGED_CCCD + 2), 0);
}

#[test]
fn a_table_without_the_characteristic_holds_nobody_back() {
    let (mut raw, _) = bonded();
    assert_eq!(ask(&mut raw, &[0x12, FEATURES as u8, 0, 1]), [0x13]);
    raw.part(0);
    raw.core().configure(Config { default_services: false, ..Config::new() });
    register(&mut raw.core(), 1);
    back(&mut raw);
    assert_eq!(ask(&mut raw, &[0x0a, 3, 0]), [&[0x0b][..], b"first"].concat());
    assert_eq!(bond(&mut raw).client_features, 1);
    // There it is again, and so is what the client wants.
    raw.part(0);
    raw.core().configure(Config::new());
    register(&mut raw.core(), 1);
    back(&mut raw);
    assert_eq!(ask(&mut raw, &[0x0a, 3, 0])[4], ErrorCode::DATABASE_OUT_OF_SYNC.0);
}
