//! A host that hides: how it comes by its address, how the address changes whatever goes on, and what a peer learns of it.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
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

use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::{
        Address, AddressKind, Secret,
        hci::{Opcode, ScanKind},
    },
    *,
};
use support::{
    Air,
    cases::{begin, cases, is_paired},
    hidden::{Hidden, PEER, PERIOD},
    pair::advertising,
    pairing::Bench,
    smp::Peer,
};

const SECOND: Duration = Duration::from_secs(1);
const ADV_ENABLE: Opcode = Opcode::LE_SET_ADVERTISING_ENABLE;
const SCAN_ENABLE: Opcode = Opcode::LE_SET_SCAN_ENABLE;
const CONNECT: Opcode = Opcode::LE_CREATE_CONNECTION;
const CANCEL: Opcode = Opcode::LE_CREATE_CONNECTION_CANCEL;
const ADDRESS: Opcode = Opcode::LE_SET_RANDOM_ADDRESS;

fn scan_settings() -> ScanSettings {
    let half = Duration::from_millis(30);
    ScanSettings { kind: ScanKind::Active, interval: half * 2, window: half, rssi_is_news: false }
}

#[test]
fn the_bring_up_draws_a_key_and_an_address() {
    let mut host = Hidden::off(Config::new());
    host.draws.extend([Some([1; 8]), Some([2; 8]), Some([3, 4, 0xff, 9, 9, 9, 9, 9])]);
    host.core().start();
    host.work();
    let sent = host.sent();
    // Behind Read BD_ADDR: LE Rand thrice, and the address.
    let tail: Vec<&[u8]> = sent.iter().map(|packet| &packet[..2]).skip_while(|op| *op != [0x09, 0x10]).collect();
    let expected: [&[u8]; 6] = [&[9, 16], &[24, 32], &[24, 32], &[24, 32], &[5, 32], &[36, 32]];
    assert_eq!(tail, expected);
    let address = host.on_air();
    host.is_ours(address);
    assert_eq!(address.octets[3..], [3, 4, 0x7f]);
    assert_eq!(sent[sent.len() - 2][3..], address.octets);
    let identity = host.core().identity();
    assert_eq!(identity.identity_key.0, [[1; 8], [2; 8]].concat()[..]);
    // The identity is the public address, of which nothing is on air.
    assert_eq!(host.core().controller().unwrap().address, Address::new(AddressKind::Public, Air::address(0)));
    assert_eq!(host.core().take_bond_change(), Some(BondChange::Identity(identity)));

    // The key is there from then on, the address is not.
    host.core().stop();
    host.work();
    assert_eq!(host.core().poll_timeout(), None);
    host.sent();
    host.core().start();
    host.work();
    assert_eq!(host.sent().iter().filter(|packet| packet[..2] == [24, 32]).count(), 1);
    assert_ne!(host.on_air(), address);
    assert_eq!((host.core().identity(), host.core().take_bond_change()), (identity, None));
    let address = host.on_air();
    host.is_ours(address);
}

#[test]
fn a_host_without_a_public_address_has_a_random_static_one_that_is_never_on_air() {
    let mut host = Hidden::off(Config::new());
    host.public = [0; 6];
    host.core().start();
    host.work();
    let identity = host.core().controller().unwrap().address;
    assert!(identity.is_static_random());
    assert_eq!(host.core().identity().address, Some(identity));
    let on_air = host.on_air();
    host.is_ours(on_air);
    let sent = host.sent();
    let told: Vec<_> = sent.iter().filter(|packet| packet[..2] == [5, 32]).map(|packet| &packet[3..]).collect();
    assert_eq!(told, [&on_air.octets[..]]);
}

#[test]
fn octets_that_are_all_alike_make_an_address_all_the_same() {
    for octets in [[0; 8], [0xff; 8], [0, 0, 0xc0, 1, 1, 1, 1, 1], [0xff, 0xff, 0x3f, 1, 1, 1, 1, 1]] {
        let mut host = Hidden::off(Config::new());
        host.draws.extend([Some([1; 8]), Some([2; 8]), Some(octets)]);
        host.core().start();
        host.work();
        let address = host.on_air();
        host.is_ours(address);
    }
}

#[test]
fn a_key_of_zeros_is_none() {
    let mut host = Hidden::off(Config::new());
    host.draws.extend([Some([0; 8]), Some([0; 8])]);
    host.core().start();
    host.work();
    assert_eq!(host.core().power(), Power::Failed(Fault::Nonsense(Opcode::LE_RAND)));
    assert_eq!(host.core().take_bond_change().map(|_| ()), None, "it is not kept");
}

#[test]
fn the_address_changes_when_its_time_is_over() {
    for (timeout, kept) in [
        (Config::new().private_address_timeout, PERIOD),
        (Duration::ZERO, SECOND),
        (Duration::MAX, Duration::from_secs(3_600)),
        (Duration::from_secs(90), Duration::from_secs(90)),
    ] {
        let mut host = Hidden::off(Config { private_address_timeout: timeout, ..Config::new() });
        host.core().start();
        host.work();
        assert_eq!(host.core().config().private_address_timeout, kept);
        host.sent();
        let mut before = vec![host.on_air()];
        for _ in 0..12 {
            host.pass(kept - Duration::from_micros(1));
            assert_eq!(host.sent(), [[0; 0]; 0]);
            host.pass(Duration::from_micros(1));
            let address = host.on_air();
            host.is_ours(address);
            assert!(!before.contains(&address));
            before.push(address);
            let sent = host.sent();
            assert_eq!(sent.last().unwrap()[3..], address.octets);
            assert!(sent[..sent.len() - 1].iter().all(|packet| packet[..2] == [24, 32]), "{sent:02x?}");
        }
        assert!(host.core().is_idle());
    }
}

#[test]
fn advertising_goes_on_under_the_next_address() {
    let mut host = Hidden::up();
    let ticket = host.core().advertise(&advertising()).unwrap();
    host.work();
    for _ in 0..3 {
        let before = host.on_air();
        host.opcodes();
        host.pass(PERIOD);
        assert_eq!(host.opcodes(), [ADV_ENABLE, ADDRESS, ADV_ENABLE]);
        assert_eq!(host.goes_on(), [true, false, false]);
        assert!(host.core().is_advertising(ticket) && host.core().advertised(ticket).is_pending());
        assert_ne!(host.on_air(), before);
        assert_eq!(host.core().advertising_failures(), (0, None));
    }
    host.core().end_advertising(ticket);
    host.work();
    assert!(host.core().is_idle());
}

#[test]
fn a_scan_goes_on_under_the_next_address() {
    let mut host = Hidden::up();
    let ticket = host.core().scan(&scan_settings()).unwrap();
    host.work();
    host.opcodes();
    host.pass(PERIOD);
    assert_eq!(host.opcodes(), [SCAN_ENABLE, ADDRESS, SCAN_ENABLE]);
    assert_eq!(host.goes_on(), [false, true, false]);
    let report = [&[0x3e, 12, 0x02, 1, 0, 0][..], &PEER.octets, &[0, 0xc8]].concat();
    host.hear(&report);
    assert!(matches!(host.core().scanned(ticket), Poll::Ready(Ok(Some(report))) if report.address() == PEER));
    assert!(host.core().scanned(ticket).is_pending());
}

#[test]
fn an_attempt_to_connect_goes_on_under_the_next_address() {
    let mut host = Hidden::up();
    let ticket = host.core().connect(&ConnectSettings::new(PEER)).unwrap();
    host.work();
    for _ in 0..2 {
        host.opcodes();
        host.pass(PERIOD);
        assert_eq!(host.opcodes(), [CANCEL, ADDRESS, CONNECT]);
        assert_eq!(host.goes_on(), [false, false, true]);
        assert!(host.core().connected(ticket).is_pending());
    }
    host.connects(0x40, true);
    assert!(matches!(host.core().connected(ticket), Poll::Ready(Ok(_))));
}

#[test]
fn everything_at_once_goes_on_under_the_next_address() {
    let mut host = Hidden::up();
    let adv = host.core().advertise(&advertising()).unwrap();
    let connect = host.core().connect(&ConnectSettings::new(PEER)).unwrap();
    host.work();
    let scan = host.core().scan(&scan_settings()).unwrap();
    host.work();
    assert_eq!(host.goes_on(), [true; 3]);
    host.opcodes();
    host.pass(PERIOD);
    let off = [ADV_ENABLE, SCAN_ENABLE, CANCEL, ADDRESS];
    assert_eq!(host.opcodes(), [&off[..], &[ADV_ENABLE, CONNECT, SCAN_ENABLE]].concat());
    assert_eq!(host.goes_on(), [true; 3]);
    assert!(host.core().advertised(adv).is_pending() && host.core().connected(connect).is_pending());
    assert!(host.core().scanned(scan).is_pending());
    host.core().stop();
    host.work();
    assert!(host.core().is_idle() && host.core().poll_timeout().is_none());
}

#[test]
fn a_link_is_not_touched_and_keeps_the_address_it_was_made_with() {
    for case in cases() {
        let hour = SECOND * 3_600;
        let config = Config { address: OwnAddress::Resolvable, private_address_timeout: hour, ..Config::new() };
        let mut bench = Bench::new(config);
        let info = bench.core().controller().unwrap();
        assert!(info.on_air.is_resolvable());
        let seven = |address: Address| {
            let mut octets = [0; 7];
            octets[0] = address.kind as u8;
            (0..6).for_each(|at| octets[6 - at] = address.octets[at]);
            octets
        };
        let peer = Peer::new(!case.central, Bench::address(1), seven(info.on_air), 5);
        let side = bench.connect_peer(case.central, peer);
        bench.pass(hour);
        assert_ne!(bench.core().controller().unwrap().on_air, info.on_air);
        // The values that both work out have the addresses in them.
        let settings = case.prepare(&mut bench, side);
        let ticket = begin(&mut bench, side, &settings);
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
        // What the peer was told is who we are.
        let handed = &bench.sides[side].peer.theirs;
        assert_eq!(handed.identity, Some(Bench::OWN));
        let key = handed.identity_key.expect("an IRK");
        for address in [info.on_air, bench.core().controller().unwrap().on_air] {
            let [h0, h1, h2, p0, p1, p2] = address.octets;
            assert_eq!(toolbox::ah(&key, &[p0, p1, p2]), [h0, h1, h2], "{case:?}");
        }
    }
}

#[test]
fn a_connection_that_comes_while_advertising_is_switched_off_counts() {
    let mut host = Hidden::up();
    let ticket = host.core().advertise(&advertising()).unwrap();
    host.work();
    host.opcodes();
    host.holds = Some(ADV_ENABLE);
    host.pass(PERIOD);
    host.connects(0x40, false);
    host.release();
    assert_eq!(host.opcodes(), [ADV_ENABLE, ADDRESS]);
    assert_eq!(host.goes_on(), [false; 3]);
    let Poll::Ready(Ok(link)) = host.core().advertised(ticket) else { panic!("no link") };
    assert!(host.core().link_info(link).is_ok());
}

#[test]
fn a_connection_that_comes_while_the_attempt_is_cancelled_counts() {
    let mut host = Hidden::up();
    let ticket = host.core().connect(&ConnectSettings::new(PEER)).unwrap();
    host.work();
    host.opcodes();
    for before in [true, false] {
        host.holds = Some(CANCEL);
        host.pass(PERIOD);
        if before {
            // Nothing has come of it so far, and the controller has not heard the command.
            host.release();
            assert_eq!(host.opcodes(), [CANCEL, ADDRESS, CONNECT]);
            continue;
        }
        host.connects(0x40, true);
        host.refuses.push(CANCEL);
        host.release();
        assert_eq!(host.opcodes(), [CANCEL, ADDRESS]);
    }
    assert!(matches!(host.core().connected(ticket), Poll::Ready(Ok(_))));
    assert_eq!(host.goes_on(), [false; 3]);
}

#[test]
fn what_nobody_wants_any_more_is_not_begun_again() {
    let mut host = Hidden::up();
    let adv = host.core().advertise(&advertising()).unwrap();
    let connect = host.core().connect(&ConnectSettings::new(PEER)).unwrap();
    host.work();
    let scan = host.core().scan(&scan_settings()).unwrap();
    host.work();
    host.opcodes();
    host.holds = Some(ADDRESS);
    host.pass(PERIOD);
    assert_eq!(host.goes_on(), [false; 3]);
    host.core().end_advertising(adv);
    host.core().end_connect(connect);
    host.core().end_scan(scan);
    host.release();
    assert_eq!(host.opcodes(), [ADV_ENABLE, SCAN_ENABLE, CANCEL, ADDRESS]);
    assert!(host.core().is_idle() && !host.core().may_transmit());
    // Nor what ends while it is switched off.
    let connect = host.core().connect(&ConnectSettings::new(PEER)).unwrap();
    host.work();
    host.opcodes();
    host.holds = Some(CANCEL);
    host.pass(PERIOD);
    host.core().end_connect(connect);
    host.release();
    assert_eq!(host.opcodes(), [CANCEL, ADDRESS]);
    assert!(host.core().is_idle());
}

#[test]
fn what_begins_meanwhile_begins_under_the_next_address() {
    let mut host = Hidden::up();
    host.holds = Some(ADDRESS);
    host.pass(PERIOD);
    host.opcodes();
    let ticket = host.core().advertise(&advertising()).unwrap();
    host.work();
    assert_eq!(host.opcodes(), []);
    host.release();
    assert!(host.core().is_advertising(ticket));
}

#[test]
fn a_controller_that_refuses_leaves_the_address_for_another_period() {
    let mut host = Hidden::up();
    let ticket = host.core().advertise(&advertising()).unwrap();
    host.work();
    let before = host.on_air();
    // Without random octets nothing is switched off.
    host.opcodes();
    host.draws.push_back(None);
    host.pass(PERIOD);
    assert_eq!((host.opcodes(), host.on_air()), (vec![], before));
    assert!(host.core().is_advertising(ticket));
    host.refuses.push(ADDRESS);
    host.pass(PERIOD);
    assert_eq!((host.opcodes(), host.on_air()), (vec![ADV_ENABLE, ADDRESS, ADV_ENABLE], before));
    assert!(host.core().is_advertising(ticket));
    host.pass(PERIOD);
    assert_eq!(host.opcodes(), [ADV_ENABLE, ADDRESS, ADV_ENABLE]);
    assert_ne!(host.on_air(), before);
}

#[test]
fn a_controller_that_was_reset_gets_another_address_before_anything_is_on() {
    let mut host = Hidden::up();
    let ticket = host.core().advertise(&advertising()).unwrap();
    host.work();
    let (before, identity) = (host.on_air(), host.core().identity());
    host.pass(PERIOD / 2);
    host.opcodes();
    // Hardware Error.
    host.hear(&[0x10, 1, 0x42]);
    host.work();
    let opcodes = host.opcodes();
    let at = |wanted: Opcode| opcodes.iter().position(|opcode| *opcode == wanted).unwrap();
    assert!(at(ADDRESS) < at(Opcode::LE_SET_ADVERTISING_PARAMETERS));
    assert_eq!(opcodes.iter().filter(|opcode| **opcode == ADDRESS).count(), 1);
    assert!(host.core().is_advertising(ticket));
    let after = host.on_air();
    host.is_ours(after);
    assert!(after != before && host.core().identity() == identity);
    // It has its whole time.
    host.pass(PERIOD - SECOND);
    assert_eq!(host.on_air(), after);
    host.pass(SECOND);
    assert_ne!(host.on_air(), after);
}

#[test]
fn an_identity_that_is_restored_late_counts_at_once() {
    let mut host = Hidden::up();
    let ticket = host.core().advertise(&advertising()).unwrap();
    host.work();
    let before = host.on_air();
    let restored = Identity { address: None, identity_key: Secret([7; 16]) };
    host.core().restore_identity(&restored).unwrap();
    host.work();
    let after = host.on_air();
    host.is_ours(after);
    assert!(after != before && host.core().identity() == restored && host.core().is_advertising(ticket));
    // Also where an address of the other key is on its way to the controller.
    host.holds = Some(ADDRESS);
    host.pass(PERIOD);
    let restored = Identity { address: None, identity_key: Secret([8; 16]) };
    host.core().restore_identity(&restored).unwrap();
    host.release();
    let last = host.on_air();
    host.is_ours(last);
    // The same again is nothing new.
    host.core().restore_identity(&restored).unwrap();
    host.work();
    assert_eq!(host.on_air(), last);
}

#[test]
fn the_choice_counts_from_the_next_start_on() {
    let mut host = Hidden::up();
    let config = host.core().config();
    assert_eq!(config.address, OwnAddress::Resolvable);
    host.core().configure(Config { address: OwnAddress::Automatic, ..config });
    host.pass(PERIOD);
    assert!(host.on_air().is_resolvable());
    host.core().stop();
    host.work();
    host.core().start();
    host.work();
    let info = host.core().controller().unwrap();
    assert_eq!((info.on_air, info.address), (info.address, Address::new(AddressKind::Public, Air::address(0))));
    assert_eq!(host.core().poll_timeout(), None);
}
