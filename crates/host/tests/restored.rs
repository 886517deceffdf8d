//! What a bonded client finds again on its next link.
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
use jelling_host::*;
use support::bonded::*;

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
