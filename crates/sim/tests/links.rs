//! Links: what they carry, how long that takes, and how they end.

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

use common::{Bench, frame};
use jelling_sim::{Air, ControllerConfig};
use jelling_wire::hci::{
    AdvertisingKind, Status, Switch,
    acl::Boundary,
    command::{
        Disconnect, LeConnectionUpdate, LeReadChannelMap, LeReadRemoteFeatures,
        LeRemoteConnectionParameterRequestNegativeReply, LeRemoteConnectionParameterRequestReply,
        LeSetAdvertisingEnable, LeSetAdvertisingParameters, LeSetEventMask, LeSetHostChannelClassification,
        ReadRemoteVersionInformation, ReadRssi, SetEventMask,
    },
    event::Event,
};

#[test]
fn data_arrives_whole_at_the_next_connection_event() {
    let mut bench = Bench::new(2);
    let complete = bench.connect(0, 1);
    let interval = u64::from(complete.interval) * 1_250;
    bench.run(1_000_000);
    let before = bench.air.now();
    bench.data(0, Boundary::FirstNonFlushable, &frame(20));
    while bench.hosts[1].frames.is_empty() {
        let next = bench.air.next_time().unwrap();
        bench.air.advance_to(next);
        bench.collect();
    }
    assert!(bench.air.now() - before <= interval, "{} us", bench.air.now() - before);
    assert_eq!(bench.hosts[1].frames, [frame(20)]);
    assert_eq!(bench.completed(0), 1);
}

#[test]
fn a_frame_of_many_packets_is_put_together() {
    let config = ControllerConfig { acl_length: 27, acl_packets: 20, ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[config, ControllerConfig::default()]);
    bench.connect(0, 1);
    let sent = frame(300);
    for (i, part) in sent.chunks(27).enumerate() {
        bench.data(0, if i == 0 { Boundary::FirstNonFlushable } else { Boundary::Continuing }, part);
    }
    bench.run(1_000_000);
    assert_eq!(bench.hosts[1].frames, [sent]);
    assert_eq!(bench.completed(0), 12);
    assert!(bench.hosts[1].packets.iter().all(|(_, length)| *length <= 27));
}

#[test]
fn a_link_ends_with_the_reason_that_was_given() {
    for reason in [0x13, 0x14, 0x15, 0x05] {
        let mut bench = Bench::new(2);
        bench.connect(0, 1);
        let handle = bench.hosts[1].handle;
        bench.ok(1, &Disconnect { handle, reason: Status(reason) });
        assert_eq!(bench.disconnected(1), Status::CONNECTION_TERMINATED_BY_LOCAL_HOST);
        assert_eq!(bench.disconnected(0), Status(reason));
        bench.connect(0, 1);
    }
}

#[test]
fn several_links_in_both_roles() {
    let mut bench = Bench::new(4);
    bench.connect(0, 1);
    let to_first = bench.hosts[0].handle;
    bench.connect(0, 2);
    let to_second = bench.hosts[0].handle;
    bench.connect(3, 0);
    let from_third = bench.hosts[0].handle;
    for (handle, octet) in [(to_first, 1), (to_second, 2), (from_third, 3)] {
        bench.hosts[0].handle = handle;
        bench.data(0, Boundary::FirstNonFlushable, &[octet; 9]);
    }
    bench.run(200_000);
    for (who, octet) in [(1, 1), (2, 2), (3, 3)] {
        assert_eq!(bench.hosts[who].frames, [vec![octet; 9]]);
    }
    bench.ok(0, &Disconnect { handle: to_second, reason: Status::REMOTE_USER_TERMINATED_CONNECTION });
    assert_eq!(bench.disconnected(2), Status::REMOTE_USER_TERMINATED_CONNECTION);
    bench.data(3, Boundary::FirstNonFlushable, &[4; 9]);
    bench.run(200_000);
    assert_eq!(bench.hosts[0].frames, [vec![4; 9]]);
}

#[test]
fn no_more_links_than_the_controller_has() {
    let config = ControllerConfig { links: 1, ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[config, ControllerConfig::default(), ControllerConfig::default()]);
    bench.connect(0, 1);
    bench.advertise(2);
    let again = common::initiate(bench.address(2));
    assert_eq!(bench.call(0, &again), Status::CONNECTION_LIMIT_EXCEEDED);
    let twice = common::initiate(bench.address(0));
    assert_eq!(bench.call(1, &twice), Status::CONNECTION_ALREADY_EXISTS);
}

#[test]
fn a_place_for_a_link_is_given_once() {
    let config = ControllerConfig { links: 1, ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[config, ControllerConfig::default(), ControllerConfig::default()]);
    bench.advertise(0);
    bench.advertise(1);
    let initiate = common::initiate(bench.address(1));
    assert_eq!(bench.call(0, &initiate), Status::CONNECTION_LIMIT_EXCEEDED);
    let (on, off) = (LeSetAdvertisingEnable { enable: Switch::On }, LeSetAdvertisingEnable { enable: Switch::Off });
    bench.ok(0, &off);
    bench.hosts[1].controller.power_cycle();
    bench.ok(0, &initiate);
    assert_eq!(bench.call(0, &on), Status::CONNECTION_LIMIT_EXCEEDED);
    // What cannot become a link needs no place.
    let kind = AdvertisingKind::ScannableUndirected;
    bench.ok(0, &LeSetAdvertisingParameters { kind, ..common::advertising() });
    bench.ok(0, &on);
}

/// Status, interval, latency and timeout of LE Connection Update Complete.
fn updated(bench: &mut Bench, who: usize) -> (Status, u16, u16, u16) {
    bench.wait(who, |event| match event {
        Event::LeConnectionUpdateComplete { status, interval, latency, supervision_timeout, .. } => {
            Some((*status, *interval, *latency, *supervision_timeout))
        }
        _ => None,
    })
}

fn update(bench: &Bench, who: usize) -> LeConnectionUpdate {
    LeConnectionUpdate {
        handle: bench.hosts[who].handle,
        interval_min: 80,
        interval_max: 80,
        latency: 4,
        supervision_timeout: 600,
        ce_length_min: 0,
        ce_length_max: 0,
    }
}

#[test]
fn a_central_updates_the_parameters() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    bench.ok(0, &update(&bench, 0));
    for who in [0, 1] {
        assert_eq!(updated(&mut bench, who), (Status::SUCCESS, 80, 4, 600));
    }
    // The interval is 100 ms from now on, and the peripheral listens to each fifth event.
    let before = bench.air.now();
    for n in 0..3 {
        bench.data(0, Boundary::FirstNonFlushable, &[n; 9]);
        while bench.completed(0) == 0 {
            let next = bench.air.next_time().unwrap();
            bench.air.advance_to(next);
            bench.collect();
        }
    }
    let took = bench.air.now() - before;
    assert!((1_000_000..=1_600_000).contains(&took), "{took}");
}

#[test]
fn a_peripheral_asks_for_parameters_and_the_central_decides() {
    let asked = |bench: &mut Bench| {
        bench.wait(0, |event| match event {
            Event::LeRemoteConnectionParameterRequest {
                interval_min,
                interval_max,
                latency,
                supervision_timeout,
                ..
            } => Some((*interval_min, *interval_max, *latency, *supervision_timeout)),
            _ => None,
        })
    };
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    bench.ok(1, &update(&bench, 1));
    assert_eq!(asked(&mut bench), (80, 80, 4, 600));
    let handle = bench.hosts[0].handle;
    bench.ok(
        0,
        &LeRemoteConnectionParameterRequestNegativeReply { handle, reason: Status::UNACCEPTABLE_CONNECTION_PARAMETERS },
    );
    assert_eq!(updated(&mut bench, 1).0, Status::UNACCEPTABLE_CONNECTION_PARAMETERS);
    bench.ok(1, &update(&bench, 1));
    assert_eq!(asked(&mut bench), (80, 80, 4, 600));
    bench.ok(
        0,
        &LeRemoteConnectionParameterRequestReply {
            handle,
            interval_min: 72,
            interval_max: 80,
            latency: 2,
            supervision_timeout: 500,
            ce_length_min: 0,
            ce_length_max: 0,
        },
    );
    for who in [0, 1] {
        assert_eq!(updated(&mut bench, who), (Status::SUCCESS, 80, 2, 500));
    }
}

#[test]
fn a_central_that_does_not_want_to_be_asked_has_it_refused() {
    for (mask, le_mask) in [(u64::MAX, 0x1f), (0x0000_1fff_ffff_ffff, 0x3f)] {
        let mut bench = Bench::new(2);
        bench.connect(0, 1);
        bench.ok(0, &SetEventMask { mask });
        bench.ok(0, &LeSetEventMask { mask: le_mask });
        bench.ok(1, &update(&bench, 1));
        assert_eq!(updated(&mut bench, 1).0, Status::UNSUPPORTED_REMOTE_FEATURE);
    }
}

#[test]
fn versions_and_features_are_exchanged_either_way() {
    for who in [0, 1] {
        let mut bench = Bench::new(2);
        bench.connect(0, 1);
        let handle = bench.hosts[who].handle;
        for _ in 0..2 {
            bench.ok(who, &ReadRemoteVersionInformation { handle });
            let version = bench.wait(who, |event| match event {
                Event::ReadRemoteVersionInformationComplete { status, version, manufacturer, .. } => {
                    Some((*status, *version, *manufacturer))
                }
                _ => None,
            });
            assert_eq!(version, (Status::SUCCESS, 0x0c, 0xffff));
            bench.ok(who, &LeReadRemoteFeatures { handle });
            let features = bench.wait(who, |event| match event {
                Event::LeReadRemoteFeaturesComplete { status, features, .. } => Some((*status, *features)),
                _ => None,
            });
            assert_eq!(features.0, Status::SUCCESS);
            // Encryption, and longer packets (Vol 6, Part B, 4.6).
            assert_eq!(features.1 & 0x21, 0x21);
        }
    }
}

#[test]
fn a_peripheral_that_has_something_to_send_uses_the_next_event() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    bench.ok(0, &LeConnectionUpdate { latency: 9, ..update(&bench, 0) });
    bench.run(5_000_000);
    bench.data(1, Boundary::FirstNonFlushable, &[1; 9]);
    bench.run(110_000);
    assert_eq!(bench.hosts[0].frames.len(), 1);
    // So it is when something of the central waits for it to listen.
    bench.data(0, Boundary::FirstNonFlushable, &[2; 9]);
    bench.data(1, Boundary::FirstNonFlushable, &[3; 9]);
    bench.run(110_000);
    assert_eq!(bench.hosts[0].frames.len(), 2);
    assert_eq!(bench.hosts[1].frames.len(), 1);
}

#[test]
fn the_channel_map_of_the_central_is_that_of_the_link() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    let map = [0xff, 0, 0xff, 0, 0x10];
    bench.ok(0, &LeSetHostChannelClassification { map });
    bench.run(1_000_000);
    for who in [0, 1] {
        let handle = bench.hosts[who].handle;
        assert_eq!(bench.get(who, &LeReadChannelMap { handle }).map, map);
    }
}

#[test]
fn a_channel_map_has_two_channels_and_no_reserved_bit() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    bench.ok(0, &LeSetHostChannelClassification { map: [3, 0, 0, 0, 0xe0] });
    bench.run(1_000_000);
    let handle = bench.hosts[0].handle;
    assert_eq!(bench.get(0, &LeReadChannelMap { handle }).map, [3, 0, 0, 0, 0]);
    // One is too few for a link (Vol 6, Part B, 4.5.8.1), though a host may say so; none is too few for either.
    let one = LeSetHostChannelClassification { map: [0, 1, 0, 0, 0xe0] };
    assert_eq!(bench.call(0, &one), Status::INVALID_HCI_COMMAND_PARAMETERS);
    assert_eq!(bench.breaches(), []);
    let none = LeSetHostChannelClassification { map: [0, 0, 0, 0, 0xe0] };
    assert_eq!(bench.call(0, &none), Status::INVALID_HCI_COMMAND_PARAMETERS);
    assert_eq!(bench.breaches().len(), 1);
}

#[test]
fn strength_is_that_of_the_peer() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    let (a, b) = (bench.hosts[0].controller.clone(), bench.hosts[1].controller.clone());
    bench.air.set_rssi(&a, &b, -71);
    let handle = bench.hosts[0].handle;
    assert_eq!(bench.get(0, &ReadRssi { handle }).rssi, -71);
}

#[test]
fn on_an_instant_air_nothing_takes_time() {
    let mut bench = Bench::on(Air::instant(1), &[ControllerConfig::default(); 2]);
    let complete = bench.connect(0, 1);
    assert_eq!(complete.status, Status::SUCCESS);
    let before = bench.air.now();
    for n in 0..100u8 {
        bench.data(0, Boundary::FirstNonFlushable, &[n; 200]);
        bench.wait(0, |event| matches!(event, Event::NumberOfCompletedPackets(_)).then_some(()));
    }
    bench.collect();
    assert_eq!(bench.hosts[1].frames.len(), 100);
    let handle = bench.hosts[0].handle;
    bench.ok(0, &Disconnect { handle, reason: Status::REMOTE_USER_TERMINATED_CONNECTION });
    bench.disconnected(0);
    bench.disconnected(1);
    assert_eq!(bench.air.now(), before);
}
