//! The exchange of the MTU in both directions (Vol 3, Part F, 3.4.2.2).
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

use core::task::Poll;
use jelling_host::*;
use support::{pair::serve, raw::Raw};

type Memory = Store<Links<1, 247>, Gatt<24, 2048>, Pool<16, 2>, Scan<1>>;

fn host() -> (Raw, LinkId) {
    let raw = Raw::new(Box::new(Memory::NEW), Config::new(), 251, 1);
    let link = raw.link(0);
    (raw, link)
}

fn mtu(raw: &mut Raw, link: LinkId) -> u16 {
    raw.core().link_info(link).unwrap().mtu
}

/// The host asks, and the peer answers this.
fn exchange(raw: &mut Raw, link: LinkId, asked: Option<u16>, answer: u8) -> Vec<Vec<u8>> {
    let now = raw.now;
    let ticket = raw.core().exchange_mtu(now, link, asked).unwrap();
    raw.settle();
    let told = raw.told(0);
    raw.ask(0, &[0x03, answer, 0]);
    let Poll::Ready(Ok(answer)) = raw.core().answer(ticket) else { panic!("no answer") };
    raw.core().free_answer(answer);
    told
}

#[test]
fn the_peer_is_told_the_same_in_both_directions() {
    // The host asks first.
    let (mut raw, link) = host();
    assert_eq!(exchange(&mut raw, link, Some(50), 200), [[0x02, 50, 0]]);
    assert_eq!(raw.ask(0, &[0x02, 200, 0]), [[0x03, 50, 0]]);
    assert_eq!(mtu(&mut raw, link), 50);
    // The peer asks first.
    let (mut raw, link) = host();
    assert_eq!(raw.ask(0, &[0x02, 200, 0]), [[0x03, 247, 0]]);
    assert_eq!(exchange(&mut raw, link, Some(50), 200), [[0x02, 247, 0]]);
    assert_eq!(mtu(&mut raw, link), 200);
    // Another link begins anew.
    raw.reconnect(0);
    let link = raw.link(0);
    assert_eq!(exchange(&mut raw, link, Some(50), 200), [[0x02, 50, 0]]);
}

#[test]
fn an_answer_that_waits_fits_though_the_mtu_has_become_smaller() {
    let (mut raw, link) = host();
    serve(&mut raw.core(), 512);
    raw.ask(0, &[0x02, 200, 0]);
    let now = raw.now;
    let ticket = raw.core().exchange_mtu(now, link, None).unwrap();
    let part = [&[0x16, 3, 0, 0, 0][..], &[7; 100]].concat();
    raw.say(0, &part);
    raw.say(0, &[0x03, 23, 0]);
    assert_eq!(mtu(&mut raw, link), 23);
    raw.settle();
    assert_eq!(raw.told(0), [vec![0x02, 247, 0], [&[0x17][..], &part[1..]].concat()]);
    let Poll::Ready(Ok(answer)) = raw.core().answer(ticket) else { panic!("no answer") };
    raw.core().free_answer(answer);
    raw.is_whole(0);
}
