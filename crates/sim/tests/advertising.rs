//! Advertisers, scanners and initiators.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod common;

use common::{Bench, Report, advertising, data, initiate, nobody, scanning};
use jelling_sim::{Air, Breach, ControllerConfig};
use jelling_wire::{
    Address, AddressKind, Packet, PacketKind,
    hci::{
        AdvertisingKind, Opcode, ScanKind, Status, Switch,
        command::{
            LeAddDeviceToFilterAcceptList, LeClearFilterAcceptList, LeCreateConnection, LeCreateConnectionCancel,
            LeReadFilterAcceptListSize, LeSetAdvertisingEnable, LeSetAdvertisingParameters, LeSetRandomAddress,
            LeSetScanEnable, LeSetScanParameters, LeSetScanResponseData,
        },
        event::Event,
    },
};

const ON: LeSetAdvertisingEnable = LeSetAdvertisingEnable { enable: Switch::On };

fn advertiser(kind: AdvertisingKind) -> Bench {
    let mut bench = Bench::new(2);
    bench.ok(0, &LeSetAdvertisingParameters { kind, peer: bench.address(1), ..advertising() });
    bench.ok(0, &data(&[2, 1, 6]));
    bench.ok(0, &LeSetScanResponseData { data: &[2, 10, 4] });
    bench.ok(0, &ON);
    bench
}

fn of_kind(reports: &[Report], kind: u8) -> Vec<&Report> {
    reports.iter().filter(|r| r.kind == kind).collect()
}

#[test]
fn every_type_of_advertising_is_reported_as_what_it_is() {
    let kinds = [
        (AdvertisingKind::ConnectableUndirected, 0, true),
        (AdvertisingKind::ConnectableDirectedHighDuty, 1, false),
        (AdvertisingKind::ScannableUndirected, 2, true),
        (AdvertisingKind::NonConnectableUndirected, 3, false),
        (AdvertisingKind::ConnectableDirectedLowDuty, 1, false),
    ];
    for (kind, reported, scannable) in kinds {
        let mut bench = advertiser(kind);
        let address = bench.address(0);
        let reports = bench.scan(1, scanning(ScanKind::Active), Switch::On, 300_000);
        let found = of_kind(&reports, reported);
        assert_eq!(found.len(), 1, "{kind:?}: {reports:?}");
        assert_eq!((found[0].address, found[0].rssi), (address, -60));
        assert_eq!(found[0].data, if reported == 1 { vec![] } else { vec![2, 1, 6] });
        let answers = of_kind(&reports, 4);
        assert_eq!(answers.len(), usize::from(scannable), "{kind:?}");
        assert!(answers.iter().all(|r| r.data == [2, 10, 4]));
    }
}

#[test]
fn a_passive_scanner_asks_nobody() {
    let mut bench = advertiser(AdvertisingKind::ConnectableUndirected);
    let reports = bench.scan(1, scanning(ScanKind::Passive), Switch::On, 300_000);
    assert_eq!(reports.len(), 1);
}

#[test]
fn without_the_filter_every_advertisement_is_reported() {
    let mut bench = advertiser(AdvertisingKind::ConnectableUndirected);
    let reports = bench.scan(1, scanning(ScanKind::Passive), Switch::Off, 1_000_000);
    // Each 20 ms, and up to 10 ms at random (Vol 6, Part B, 4.4.2.2.1).
    assert!((33..=50).contains(&reports.len()), "{}", reports.len());
}

#[test]
fn a_scanner_hears_in_its_window_only() {
    let mut bench = advertiser(AdvertisingKind::ConnectableUndirected);
    let all = bench.scan(1, scanning(ScanKind::Passive), Switch::Off, 10_000_000).len();
    let tenth = LeSetScanParameters { interval: 160, window: 16, ..scanning(ScanKind::Passive) };
    let some = bench.scan(1, tenth, Switch::Off, 10_000_000).len();
    assert!(some > 0 && some * 5 < all, "{some} of {all}");
}

#[test]
fn a_directed_advertisement_is_for_one_scanner() {
    let mut bench = Bench::new(3);
    let kind = AdvertisingKind::ConnectableDirectedLowDuty;
    bench.ok(0, &LeSetAdvertisingParameters { kind, peer: bench.address(1), ..advertising() });
    bench.ok(0, &ON);
    assert_eq!(bench.scan(1, scanning(ScanKind::Passive), Switch::On, 300_000).len(), 1);
    assert_eq!(bench.scan(2, scanning(ScanKind::Passive), Switch::On, 300_000), []);
}

#[test]
fn high_duty_directed_advertising_ends_after_1280_ms() {
    let mut bench = advertiser(AdvertisingKind::ConnectableDirectedHighDuty);
    let began = bench.air.now();
    let failed = bench.connected(0);
    assert_eq!(failed.status, Status::ADVERTISING_TIMEOUT);
    assert_eq!(bench.air.now() - began, 1_280_000);
    // It is off: its parameters can be set again.
    bench.ok(0, &advertising());
}

#[test]
fn the_accept_list_says_whom_a_scanner_hears() {
    let mut bench = Bench::new(3);
    bench.advertise(0);
    bench.advertise(1);
    let address = bench.address(1);
    bench.ok(2, &LeAddDeviceToFilterAcceptList { address });
    let parameters = LeSetScanParameters { filter_policy: 1, ..scanning(ScanKind::Passive) };
    let reports = bench.scan(2, parameters, Switch::On, 300_000);
    assert_eq!(reports.iter().map(|r| r.address).collect::<Vec<_>>(), [address]);
}

#[test]
fn the_accept_list_says_whom_an_initiator_takes() {
    let mut bench = Bench::new(3);
    bench.advertise(0);
    bench.advertise(1);
    let address = bench.address(1);
    bench.ok(2, &LeAddDeviceToFilterAcceptList { address });
    bench.ok(2, &LeCreateConnection { filter_policy: 1, ..initiate(nobody()) });
    assert_eq!(bench.connected(2).peer, address.into());
}

#[test]
fn the_accept_list_says_who_may_scan_and_connect() {
    for (policy, scanned, connected) in [(0, 1, true), (1, 0, true), (2, 1, false), (3, 0, false)] {
        let mut bench = Bench::new(2);
        bench.ok(0, &LeSetAdvertisingParameters { filter_policy: policy, ..advertising() });
        bench.ok(0, &ON);
        let reports = bench.scan(1, scanning(ScanKind::Active), Switch::On, 300_000);
        assert_eq!(of_kind(&reports, 4).len(), scanned, "policy {policy}");
        bench.ok(1, &initiate(bench.address(0)));
        let complete = bench.wait_until(1_000_000, 1, |event| match event {
            Event::LeConnectionComplete(complete) => Some(complete.status),
            _ => None,
        });
        assert_eq!(complete.is_some(), connected, "policy {policy}");
    }
}

#[test]
fn the_accept_list_is_as_long_as_it_says() {
    let config = ControllerConfig { accept_list: 2, ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[config]);
    assert_eq!(bench.get(0, &LeReadFilterAcceptListSize {}), 2);
    for (n, status) in
        [(0, Status::SUCCESS), (1, Status::SUCCESS), (0, Status::SUCCESS), (2, Status::MEMORY_CAPACITY_EXCEEDED)]
    {
        let address = Address::new(AddressKind::Public, [n; 6]);
        assert_eq!(bench.call(0, &LeAddDeviceToFilterAcceptList { address }), status);
    }
}

#[test]
fn a_random_address_is_advertised_once_it_is_set() {
    let mut bench = Bench::new(2);
    bench.ok(0, &LeSetAdvertisingParameters { own_address_kind: 1, ..advertising() });
    assert_eq!(bench.call(0, &ON), Status::INVALID_HCI_COMMAND_PARAMETERS);
    assert_eq!(bench.breaches().len(), 1);
    let address = [1, 2, 3, 4, 5, 0xc6];
    bench.ok(0, &LeSetRandomAddress { address });
    bench.ok(0, &ON);
    let reports = bench.scan(1, scanning(ScanKind::Passive), Switch::On, 300_000);
    assert_eq!(reports[0].address, Address::new(AddressKind::Random, address));
}

#[test]
fn nobody_is_active_without_an_address() {
    let mut bench =
        Bench::on(Air::new(1), &[ControllerConfig { address: Some([0; 6]), ..ControllerConfig::default() }]);
    let enable = LeSetScanEnable { enable: Switch::On, filter_duplicates: Switch::On };
    bench.ok(0, &advertising());
    let create = initiate(Address::new(AddressKind::Public, [1; 6]));
    for own_address_kind in [0, 1] {
        bench.ok(0, &LeSetAdvertisingParameters { own_address_kind, ..advertising() });
        bench.ok(0, &LeSetScanParameters { own_address_kind, ..scanning(ScanKind::Passive) });
        for status in [
            bench.call(0, &ON),
            bench.call(0, &enable),
            bench.call(0, &LeCreateConnection { own_address_kind, ..create }),
        ] {
            assert_eq!(status, Status::INVALID_HCI_COMMAND_PARAMETERS);
        }
        assert_eq!(bench.breaches().len(), 3);
    }
    bench.ok(0, &LeSetRandomAddress { address: [1, 2, 3, 4, 5, 0xc6] });
    bench.ok(0, &ON);
    bench.ok(0, &enable);
    bench.ok(0, &LeCreateConnection { own_address_kind: 1, ..create });
}

#[test]
fn an_attempt_whose_cancelling_was_refused_goes_on() {
    let mut bench = Bench::new(2);
    bench.ok(0, &initiate(bench.address(1)));
    bench.hosts[0].controller.send(Packet::new(PacketKind::Command, &[0x0e, 0x20, 1, 0]));
    let opcode = Opcode::LE_CREATE_CONNECTION_CANCEL;
    assert_eq!(bench.answer(0, opcode).0, Status::INVALID_HCI_COMMAND_PARAMETERS);
    assert_eq!(bench.breaches(), [Breach::InvalidParameters { opcode }]);
    bench.advertise(1);
    assert_eq!(bench.connected(0).status, Status::SUCCESS);
}

#[test]
fn an_initiator_takes_nobody_twice() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    bench.advertise(1);
    let address = bench.address(1);
    bench.ok(0, &LeAddDeviceToFilterAcceptList { address });
    bench.ok(0, &LeCreateConnection { filter_policy: 1, ..initiate(nobody()) });
    let again = bench.wait_until(2_000_000, 0, |event| match event {
        Event::LeConnectionComplete(complete) => Some(complete.handle),
        _ => None,
    });
    assert_eq!(again, None);
}

#[test]
fn a_host_that_does_not_read_misses_reports() {
    let mut bench = Bench::new(2);
    bench.advertise(0);
    bench.ok(1, &scanning(ScanKind::Passive));
    bench.ok(1, &LeSetScanEnable { enable: Switch::On, filter_duplicates: Switch::Off });
    bench.air.advance_to(bench.air.now() + 60_000_000);
    bench.collect();
    assert_eq!(bench.hosts[1].events.len(), 64);
    // It hears again as soon as it reads.
    bench.run(100_000);
    assert!(bench.hosts[1].events.len() > 64);
}

#[test]
fn a_list_that_is_not_consulted_may_change() {
    let mut bench = Bench::new(2);
    let kind = AdvertisingKind::ConnectableDirectedLowDuty;
    // 7.8.5: directed advertising ignores the policy.
    bench.ok(0, &LeSetAdvertisingParameters { kind, filter_policy: 3, peer: bench.address(1), ..advertising() });
    bench.ok(0, &ON);
    bench.ok(0, &LeClearFilterAcceptList {});
}

#[test]
fn the_type_of_an_address_that_is_not_used_may_be_anything() {
    let mut bench = Bench::new(1);
    let mut call = |opcode, parameters: &[u8]| {
        bench.hosts[0].controller.send(Packet::new(PacketKind::Command, parameters));
        bench.answer(0, opcode).0
    };
    let create = |policy| {
        let peer = [policy, 0xff, 0, 0, 0, 0, 0, 0];
        [&[0x0d, 0x20, 25, 0x10, 0, 0x10, 0], &peer[..], &[0, 24, 0, 24, 0, 0, 0, 42, 0, 0, 0, 0, 0]].concat()
    };
    let advertise = |kind| {
        let peer = [kind, 0, 0xff, 0, 0, 0, 0, 0, 0];
        [&[0x06, 0x20, 15, 0x20, 0, 0x20, 0], &peer[..], &[7, 0]].concat()
    };
    let (initiator, advertiser) = (Opcode::LE_CREATE_CONNECTION, Opcode::LE_SET_ADVERTISING_PARAMETERS);
    assert_eq!(call(initiator, &create(1)), Status::SUCCESS);
    assert_eq!(call(advertiser, &advertise(0)), Status::SUCCESS);
    // Where it is, it may not.
    assert_eq!(call(advertiser, &advertise(4)), Status::INVALID_HCI_COMMAND_PARAMETERS);
    assert_eq!(call(Opcode::LE_CREATE_CONNECTION_CANCEL, &[0x0e, 0x20, 0]), Status::SUCCESS);
    assert_eq!(call(initiator, &create(0)), Status::INVALID_HCI_COMMAND_PARAMETERS);
    assert_eq!(bench.breaches().len(), 2);
}

#[test]
fn an_attempt_that_is_cancelled_fails_at_once() {
    let mut bench = Bench::new(2);
    bench.ok(1, &initiate(bench.address(0)));
    bench.run(1_000_000);
    bench.ok(1, &LeCreateConnectionCancel {});
    assert_eq!(bench.connected(1).status, Status::UNKNOWN_CONNECTION_IDENTIFIER);
    bench.connect(1, 0);
}

#[test]
fn loss_takes_its_part_of_the_advertisements() {
    let mut bench = advertiser(AdvertisingKind::NonConnectableUndirected);
    let all = bench.scan(1, scanning(ScanKind::Passive), Switch::Off, 20_000_000).len();
    bench.air.set_loss(0.25);
    let some = bench.scan(1, scanning(ScanKind::Passive), Switch::Off, 20_000_000).len();
    assert!((65..=85).contains(&(some * 100 / all)), "{some} of {all}");
    bench.air.set_loss(1.0);
    assert_eq!(bench.scan(1, scanning(ScanKind::Passive), Switch::Off, 20_000_000), []);
}

#[test]
fn who_is_out_of_range_is_not_heard_and_strength_is_what_was_set() {
    let mut bench = advertiser(AdvertisingKind::NonConnectableUndirected);
    let (a, b) = (bench.hosts[0].controller.clone(), bench.hosts[1].controller.clone());
    bench.air.set_rssi(&a, &b, -85);
    assert_eq!(bench.scan(1, scanning(ScanKind::Passive), Switch::On, 300_000)[0].rssi, -85);
    bench.air.set_in_range(&a, &b, false);
    assert_eq!(bench.scan(1, scanning(ScanKind::Passive), Switch::On, 300_000), []);
    bench.air.set_in_range(&a, &b, true);
    assert_eq!(bench.scan(1, scanning(ScanKind::Passive), Switch::On, 300_000).len(), 1);
}
