//! What a bonded client finds again on its next link, and what becomes of it where the table has changed (Vol 3, Part G, 2.5.2.1).
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

use core::task::Poll;
use jelling_host::wire::{Address, AddressKind, Uuid, att::ErrorCode};
use jelling_host::*;
use support::raw::Raw;

type Memory = Store<Links<2>, Gatt<128, 2048>, Pool<16, 4>, Scan<1>, Bonds<2>>;

/// Default services: the CCCD of Service Changed, and Client Supported Features.
const CHANGED_CCCD: u16 = 9;
const FEATURES: u16 = 11;
/// The first handle behind the default services, the first value there, and its CCCD.
const OWN: u16 = 16;
const VALUE: u16 = OWN + 2;
const CCCD: u16 = OWN + 3;
/// The peer.
const PEER: Address = Address::new(AddressKind::Random, [1, 2, 3, 4, 5, 0xc6]);

/// A table with so many characteristics, each with a CCCD, behind the default services; gives the first value.
fn register(core: &mut Core<'_>, characteristics: usize) -> AttributeId {
    core.begin_registration().unwrap();
    core.add_default_services().unwrap();
    core.add_service(&ServiceSettings::primary(Uuid::new16(0x181a))).unwrap();
    let properties = Properties::READ | Properties::NOTIFY | Properties::INDICATE;
    let settings = CharacteristicSettings {
        cccd: true,
        ..CharacteristicSettings::new(Uuid::new16(0x2a6e), properties, Storage::Variable(8, b"first"))
    };
    let values: Vec<_> = (0..characteristics).map(|_| core.add_characteristic(&settings).unwrap()).collect();
    core.commit_registration().unwrap();
    values[0]
}

/// A server with one characteristic, and its value.
fn server() -> (Raw, AttributeId) {
    let mut memory: Box<Memory> = Box::new(Store::NEW);
    let value = register(&mut memory.core(), 1);
    (Raw::new(memory, Config::new(), 251, 0), value)
}

/// A server with a client that is connected, encrypted and bonded, of which the store knows.
fn bonded() -> (Raw, AttributeId) {
    let (mut raw, value) = server();
    raw.connect_as(PEER);
    let link = raw.link(0);
    encrypt(&mut raw);
    raw.core().inject_bond(link, Bond::new(PEER)).unwrap();
    assert!(saves(&mut raw) == 1);
    (raw, value)
}

fn encrypt(raw: &mut Raw) {
    let link = raw.link(0);
    raw.core().inject_encryption(link).unwrap();
}

/// The client comes back, and its link is encrypted.
fn back(raw: &mut Raw) {
    raw.reconnect_as(0, PEER);
    encrypt(raw);
}

/// How often the store is to save something by now.
fn saves(raw: &mut Raw) -> usize {
    core::iter::from_fn(|| raw.core().take_bond_change()).count()
}

fn bond(raw: &mut Raw) -> Bond {
    raw.core().find_bond(PEER).unwrap()
}

fn subscriptions(raw: &mut Raw) -> Vec<(u16, u8)> {
    bond(raw).subscriptions.iter().map(|(handle, updates)| (handle, updates.bits())).collect()
}

/// The one answer to what the client says.
fn ask(raw: &mut Raw, pdu: &[u8]) -> Vec<u8> {
    let mut told = raw.ask(0, pdu);
    assert_eq!(told.len(), 1, "{told:02x?}");
    told.remove(0)
}

fn subscribe(raw: &mut Raw, cccd: u16, kinds: u8) {
    let [low, high] = cccd.to_le_bytes();
    assert_eq!(ask(raw, &[0x12, low, high, kinds, 0]), [0x13]);
}

/// The value of a CCCD, as the client reads it.
fn subscribed(raw: &mut Raw, cccd: u16) -> u8 {
    let [low, high] = cccd.to_le_bytes();
    let answer = ask(raw, &[0x0a, low, high]);
    assert_eq!((answer[0], answer[2]), (0x0b, 0), "{answer:02x?}");
    answer[1]
}

/// The range of Service Changed that the client is told, if any. It is not confirmed.
fn changed(raw: &mut Raw) -> Option<[u8; 4]> {
    raw.settle();
    let told = raw.told(0);
    let [indication] = told.as_slice() else {
        assert_eq!(told, [[0; 0]; 0]);
        return None;
    };
    assert_eq!(indication[..3], [0x1d, 8, 0]);
    Some(indication[3..].try_into().unwrap())
}

fn confirm(raw: &mut Raw) {
    assert_eq!(raw.ask(0, &[0x1e]), [[0; 0]; 0]);
}

const ALL: Option<[u8; 4]> = Some([1, 0, 0xff, 0xff]);

#[test]
fn a_subscription_comes_back_when_the_link_is_encrypted_and_not_before() {
    let (mut raw, value) = bonded();
    subscribe(&mut raw, CCCD, 1);
    raw.reconnect_as(0, PEER);
    let link = raw.link(0);
    assert!(raw.core().security(link).unwrap().bonded);
    assert_eq!(subscribed(&mut raw, CCCD), 0);
    assert_eq!(raw.core().subscribed(value, link), Ok(Updates::empty()));
    assert_eq!(raw.core().notify(value, link, b"now"), Err(Error::NotSubscribed));
    assert_eq!(raw.core().update(value, b"later"), Ok(()));
    raw.settle();
    assert_eq!(raw.told(0), [[0; 0]; 0]);
    while raw.core().poll_event().is_some() {}
    assert_eq!(raw.core().take_subscription_change(value), Poll::Pending);
    encrypt(&mut raw);
    // It is as if the client had written it: the application is told, and values go.
    let events: Vec<_> = core::iter::from_fn(|| raw.core().poll_event()).collect();
    assert!(events.contains(&Event::Attribute(VALUE)), "{events:?}");
    assert_eq!(raw.core().take_subscription_change(value), Poll::Ready(Ok((link, Updates::NOTIFY))));
    assert_eq!(raw.core().take_subscription_change(value), Poll::Pending);
    assert_eq!(subscribed(&mut raw, CCCD), 1);
    raw.core().update(value, b"value").unwrap();
    raw.settle();
    assert_eq!(raw.told(0), [[&[0x1b, VALUE as u8, 0][..], b"value"].concat()]);
    // A key that is refreshed restores nothing a second time.
    encrypt(&mut raw);
    assert_eq!(raw.core().take_subscription_change(value), Poll::Pending);
}

#[test]
fn what_was_written_on_the_link_stays_and_is_kept() {
    for (written, before) in [(0, 1), (2, 1), (3, 0), (1, 1)] {
        let (mut raw, _) = bonded();
        subscribe(&mut raw, CCCD, before);
        let _ = saves(&mut raw);
        raw.reconnect_as(0, PEER);
        subscribe(&mut raw, CCCD, written);
        // Whoever wrote it has not shown who it is.
        assert_eq!(saves(&mut raw), 0);
        encrypt(&mut raw);
        assert_eq!(subscribed(&mut raw, CCCD), written);
        let kept: &[_] = if written == 0 { &[] } else { &[(CCCD, written)] };
        assert_eq!(subscriptions(&mut raw), kept);
        assert_eq!(saves(&mut raw), usize::from(written != before));
    }
}

#[test]
fn what_is_written_later_goes_to_the_bond() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CCCD, 3);
    assert_eq!((subscriptions(&mut raw), saves(&mut raw)), (vec![(CCCD, 3)], 1));
    // The same once more is nothing that would have to be written to flash.
    subscribe(&mut raw, CCCD, 3);
    assert_eq!(saves(&mut raw), 0);
    // In a queue of prepared writes too.
    assert_eq!(ask(&mut raw, &[0x16, CHANGED_CCCD as u8, 0, 0, 0, 2, 0])[0], 0x17);
    assert_eq!(ask(&mut raw, &[0x18, 1]), [0x19]);
    assert_eq!((subscriptions(&mut raw), saves(&mut raw)), (vec![(CHANGED_CCCD, 2), (CCCD, 3)], 1));
    subscribe(&mut raw, CCCD, 0);
    assert_eq!((subscriptions(&mut raw), saves(&mut raw)), (vec![(CHANGED_CCCD, 2)], 1));
    // What the client supports.
    assert_eq!(ask(&mut raw, &[0x12, FEATURES as u8, 0, 5]), [0x13]);
    assert_eq!((bond(&mut raw).client_features, saves(&mut raw)), (5, 1));
    raw.reconnect_as(0, PEER);
    assert_eq!(ask(&mut raw, &[0x0a, FEATURES as u8, 0]), [0x0b, 0]);
    // One that it tells before: the rest is still so, as no client may take it back (7.2).
    assert_eq!(ask(&mut raw, &[0x12, FEATURES as u8, 0, 2]), [0x13]);
    encrypt(&mut raw);
    assert_eq!(ask(&mut raw, &[0x0a, FEATURES as u8, 0]), [0x0b, 7]);
    assert_eq!((bond(&mut raw).client_features, saves(&mut raw)), (7, 1));
    // The bond is removed: what the client writes now ends with the link.
    raw.core().remove_bond(PEER).unwrap();
    assert_eq!(saves(&mut raw), 1);
    subscribe(&mut raw, CCCD, 1);
    assert_eq!(saves(&mut raw), 0);
}

#[test]
fn a_bond_that_is_made_has_what_was_written_before() {
    let (mut raw, _) = server();
    raw.connect_as(PEER);
    subscribe(&mut raw, CCCD, 1);
    assert_eq!(ask(&mut raw, &[0x12, FEATURES as u8, 0, 1]), [0x13]);
    let link = raw.link(0);
    encrypt(&mut raw);
    raw.core().inject_bond(link, Bond::new(PEER)).unwrap();
    let made = bond(&mut raw);
    assert_eq!((subscriptions(&mut raw), made.client_features), (vec![(CCCD, 1)], 1));
    // The hash as the client reads it.
    let answer = ask(&mut raw, &[0x08, 1, 0, 0xff, 0xff, 0x2a, 0x2b]);
    assert_eq!(answer[4..], made.database_hash.unwrap());
    // A pairing that replaces the bond begins with the link, not with what the old one had.
    subscribe(&mut raw, CHANGED_CCCD, 2);
    back(&mut raw);
    subscribe(&mut raw, CCCD, 0);
    let link = raw.link(0);
    raw.core().inject_bond(link, Bond::new(PEER)).unwrap();
    assert_eq!(subscriptions(&mut raw), [(CHANGED_CCCD, 2)]);
}

#[test]
fn another_key_than_that_of_the_bond_restores_nothing() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CCCD, 1);
    let _ = saves(&mut raw);
    raw.reconnect_as(0, PEER);
    let link = raw.link(0);
    let security = Security { encrypted: true, key_size: 16, ..Security::default() };
    raw.core().inject_security(link, security).unwrap();
    assert_eq!(subscribed(&mut raw, CCCD), 0);
    subscribe(&mut raw, CCCD, 2);
    assert_eq!(ask(&mut raw, &[0x12, FEATURES as u8, 0, 1]), [0x13]);
    assert_eq!((subscriptions(&mut raw), saves(&mut raw)), (vec![(CCCD, 1)], 0));
    assert_eq!(bond(&mut raw).client_features, 0);
}

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
fn a_key_that_is_refreshed_tells_nothing_a_second_time() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CHANGED_CCCD, 2);
    raw.part(0);
    register(&mut raw.core(), 2);
    back(&mut raw);
    assert_eq!(changed(&mut raw), ALL);
    encrypt(&mut raw);
    confirm(&mut raw);
    assert_eq!(subscriptions(&mut raw), [(CHANGED_CCCD, 2)]);
    back(&mut raw);
    assert_eq!(changed(&mut raw), None);
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
fn a_link_that_is_no_longer_encrypted_keeps_nothing() {
    let (mut raw, _) = bonded();
    subscribe(&mut raw, CCCD, 1);
    let _ = saves(&mut raw);
    let link = raw.link(0);
    let security = raw.core().security(link).unwrap();
    raw.core().inject_security(link, Security { encrypted: false, key_size: 0, ..security }).unwrap();
    subscribe(&mut raw, CCCD, 2);
    assert_eq!((subscriptions(&mut raw), saves(&mut raw)), (vec![(CCCD, 1)], 0));
    // Encrypted again, it is the client's after all.
    encrypt(&mut raw);
    assert_eq!((subscriptions(&mut raw), saves(&mut raw)), (vec![(CCCD, 2)], 1));
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
    let preferred = PreferredParameters {
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

#[test]
fn a_bond_has_room_for_sixteen() {
    let (mut raw, _) = server();
    register(&mut raw.core(), 20);
    raw.connect_as(PEER);
    let link = raw.link(0);
    encrypt(&mut raw);
    raw.core().inject_bond(link, Bond::new(PEER)).unwrap();
    for number in 0..20 {
        subscribe(&mut raw, CCCD + 3 * number, 1);
    }
    // On this link all of them are.
    assert_eq!(subscribed(&mut raw, CCCD + 57), 1);
    back(&mut raw);
    let restored: Vec<_> = (0..20).map(|number| subscribed(&mut raw, CCCD + 3 * number)).collect();
    assert_eq!(restored, [[1; 16].as_slice(), &[0; 4]].concat());
    // One less, and another has room.
    subscribe(&mut raw, CCCD, 0);
    subscribe(&mut raw, CCCD + 57, 2);
    back(&mut raw);
    assert_eq!((subscribed(&mut raw, CCCD), subscribed(&mut raw, CCCD + 57)), (0, 2));
}

#[test]
fn what_a_store_makes_up_is_not_subscribed_to() {
    let (mut raw, _) = bonded();
    let mut odd = bond(&mut raw);
    raw.part(0);
    raw.core().remove_bond(PEER).unwrap();
    assert_eq!(saves(&mut raw), 1);
    // No CCCD, no attribute, and notifications of what can only be indicated.
    for handle in [VALUE, 0x1234, CHANGED_CCCD] {
        assert!(odd.subscriptions.set(handle, Updates::NOTIFY));
    }
    odd.client_features = 0xff;
    raw.core().restore_bond(&odd).unwrap();
    back(&mut raw);
    assert_eq!((subscribed(&mut raw, CHANGED_CCCD), subscribed(&mut raw, CCCD)), (0, 0));
    assert_eq!(ask(&mut raw, &[0x0a, FEATURES as u8, 0]), [0x0b, 7]);
    assert_eq!((subscriptions(&mut raw), bond(&mut raw).client_features), (vec![], 7));
}
