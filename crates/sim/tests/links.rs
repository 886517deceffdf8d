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

use common::Bench;
use jelling_sim::{Action, Air, ControllerConfig, Direction, Fault};
use jelling_wire::hci::{
    AdvertisingKind, Status, Switch,
    acl::Boundary,
    command::{
        Disconnect, HostBufferSize, HostNumberOfCompletedPackets, LeConnectionUpdate, LeReadChannelMap, LeReadPhy,
        LeReadRemoteFeatures, LeRemoteConnectionParameterRequestNegativeReply, LeRemoteConnectionParameterRequestReply,
        LeSetAdvertisingEnable, LeSetAdvertisingParameters, LeSetDataLength, LeSetEventMask,
        LeSetHostChannelClassification, LeSetPhy, ReadRemoteVersionInformation, ReadRssi,
        SetControllerToHostFlowControl, SetEventMask,
    },
    event::Event,
};

fn frame(length: usize) -> Vec<u8> {
    (0..length).map(|i| (i % 251) as u8).collect()
}

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
fn a_link_out_of_range_ends_with_its_supervision_timeout() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 24, 200);
    bench.run(500_000);
    let (a, b) = (bench.hosts[0].controller.clone(), bench.hosts[1].controller.clone());
    bench.air.set_in_range(&a, &b, false);
    let before = bench.air.now();
    assert_eq!(bench.disconnected(0), Status::CONNECTION_TIMEOUT);
    assert_eq!(bench.disconnected(1), Status::CONNECTION_TIMEOUT);
    assert_eq!(bench.air.now() - before, 2_000_000);
}

#[test]
fn a_link_out_of_range_for_less_than_that_goes_on() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 24, 200);
    bench.run(100_000);
    let (a, b) = (bench.hosts[0].controller.clone(), bench.hosts[1].controller.clone());
    bench.air.set_in_range(&a, &b, false);
    bench.data(0, Boundary::FirstNonFlushable, &frame(9));
    bench.run(1_500_000);
    assert_eq!(bench.hosts[1].frames, Vec::<Vec<u8>>::new());
    bench.air.set_in_range(&a, &b, true);
    bench.run(1_500_000);
    assert_eq!(bench.hosts[1].frames, [frame(9)]);
}

#[test]
fn a_peer_that_loses_power_is_missed_after_the_supervision_timeout() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 24, 100);
    bench.run(100_000);
    bench.hosts[1].controller.power_cycle();
    assert_eq!(bench.disconnected(0), Status::CONNECTION_TIMEOUT);
    bench.begin(1);
    bench.connect(0, 1);
}

/// The reason for which the last link ended within so many microseconds.
fn gone(bench: &mut Bench, who: usize, micros: u64) -> Option<Status> {
    let of = bench.hosts[who].handle;
    bench.wait_until(micros, who, |event| match event {
        Event::DisconnectionComplete { handle, reason, .. } if *handle == of => Some(*reason),
        _ => None,
    })
}

#[test]
fn a_silent_link_ends_whatever_is_sent_on_it() {
    for power in [false, true] {
        let mut bench = Bench::new(2);
        bench.connect_with(0, 1, 24, 200);
        bench.run(100_000);
        let (a, b) = (bench.hosts[0].controller.clone(), bench.hosts[1].controller.clone());
        if power {
            b.power_cycle();
        } else {
            bench.air.set_in_range(&a, &b, false);
        }
        let before = bench.air.now();
        for _ in 0..3 {
            bench.run(500_000);
            bench.data(0, Boundary::FirstNonFlushable, &frame(9));
        }
        assert_eq!(gone(&mut bench, 0, 10_000_000), Some(Status::CONNECTION_TIMEOUT));
        assert_eq!(bench.air.now() - before, 2_000_000);
    }
}

#[test]
fn what_happens_between_others_prolongs_no_silence() {
    let mut bench = Bench::new(4);
    bench.connect_with(0, 1, 24, 200);
    bench.run(100_000);
    let c: Vec<_> = bench.hosts.iter().map(|h| h.controller.clone()).collect();
    bench.air.set_in_range(&c[0], &c[1], false);
    let before = bench.air.now();
    for n in 0..3 {
        bench.run(500_000);
        bench.air.set_in_range(&c[2], &c[3], n % 2 == 0);
    }
    assert_eq!(gone(&mut bench, 0, 10_000_000), Some(Status::CONNECTION_TIMEOUT));
    assert_eq!(bench.air.now() - before, 2_000_000);
}

#[test]
fn a_disconnect_out_of_range_prolongs_no_silence() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 24, 200);
    bench.run(100_000);
    let (a, b) = (bench.hosts[0].controller.clone(), bench.hosts[1].controller.clone());
    bench.air.set_in_range(&a, &b, false);
    let before = bench.air.now();
    bench.run(1_000_000);
    let handle = bench.hosts[0].handle;
    bench.ok(0, &Disconnect { handle, reason: Status::REMOTE_USER_TERMINATED_CONNECTION });
    for who in [0, 1] {
        assert_eq!(gone(&mut bench, who, 10_000_000), Some(Status::CONNECTION_TIMEOUT));
        assert_eq!(bench.air.now() - before, 2_000_000);
    }
}

#[test]
fn a_link_whose_ends_never_hear_each_other_was_never_established() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 24, 3200);
    let before = bench.air.now();
    let (a, b) = (bench.hosts[0].controller.clone(), bench.hosts[1].controller.clone());
    bench.air.set_in_range(&a, &b, false);
    bench.data(0, Boundary::FirstNonFlushable, &frame(9));
    for who in [0, 1] {
        assert_eq!(bench.disconnected(who), Status::CONNECTION_FAILED_TO_BE_ESTABLISHED);
        assert_eq!(bench.air.now() - before, 6 * 30_000);
    }
    // Once they do, it is a link that lasts as long as any.
    bench.air.set_in_range(&a, &b, true);
    bench.connect_with(0, 1, 24, 3200);
    bench.run(5_000);
    bench.air.set_in_range(&a, &b, false);
    assert_eq!(gone(&mut bench, 0, 31_000_000), None);
    assert_eq!(bench.disconnected(0), Status::CONNECTION_TIMEOUT);
    bench.disconnected(1);
}

#[test]
fn each_pdu_is_lost_by_itself() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 6, 3200);
    bench.run(100_000);
    bench.air.set_loss(0.5);
    // What has come may not be acknowledged yet, and comes no second time.
    let mut early = 0;
    for n in 0..100u8 {
        bench.data(0, Boundary::FirstNonFlushable, &[n; 20]);
        while bench.hosts[1].frames.len() == usize::from(n) {
            let next = bench.air.next_time().unwrap();
            bench.air.advance_to(next);
            bench.collect();
        }
        let acknowledged = bench.completed(0);
        early += 1 - acknowledged;
        if acknowledged == 0 {
            bench.wait(0, |event| matches!(event, Event::NumberOfCompletedPackets(_)).then_some(()));
        }
        bench.collect();
        assert_eq!(bench.hosts[1].frames.len(), usize::from(n) + 1);
    }
    assert!((30..70).contains(&early), "{early} of 100");
}

#[test]
fn an_idle_link_on_which_all_is_lost_ends() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 24, 200);
    bench.run(100_000);
    bench.air.set_loss(1.0);
    assert_eq!(gone(&mut bench, 0, 10_000_000), Some(Status::CONNECTION_TIMEOUT));
    assert_eq!(gone(&mut bench, 1, 0), Some(Status::CONNECTION_TIMEOUT));
}

#[test]
fn what_is_lost_is_sent_again_and_in_order() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 6, 3200);
    bench.air.set_loss(0.3);
    let (mut sent, mut credits) = (vec![], 6);
    for i in 0..200u32 {
        let octets = i.to_le_bytes().repeat(10);
        while credits == 0 {
            bench.run(7_500);
            credits += bench.completed(0);
        }
        credits -= 1;
        bench.data(0, Boundary::FirstNonFlushable, &octets);
        sent.push(octets);
    }
    bench.run(5_000_000);
    // Packets of 27 octets: each frame came in two, put together.
    assert_eq!(bench.hosts[1].frames, sent);
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

/// Octets a second in packets of `octets` from the central, on a PHY as LE Set PHY names it.
fn through(octets: u16, phy: u8, interval: u16) -> usize {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, interval, 300);
    let handle = bench.hosts[0].handle;
    if octets > 27 {
        bench.ok(0, &LeSetDataLength { handle, tx_octets: octets, tx_time: 17040 });
    }
    if phy != 1 {
        bench.ok(0, &LeSetPhy { handle, all_phys: 0, tx_phys: phy, rx_phys: phy, options: 0 });
        for who in [0, 1] {
            let phys = bench.wait(who, |event| match event {
                Event::LePhyUpdateComplete { status, tx_phy, rx_phy, .. } => Some((*status, *tx_phy, *rx_phy)),
                _ => None,
            });
            let phy = if phy == 4 { 3 } else { phy };
            assert_eq!(phys, (Status::SUCCESS, phy, phy));
            let handle = bench.hosts[who].handle;
            let phys = bench.get(who, &LeReadPhy { handle });
            assert_eq!((phys.tx_phy, phys.rx_phy), (phy, phy));
        }
    }
    bench.run(1_000_000);
    bench.completed(0);
    bench.hosts[1].packets.clear();
    let (end, mut credits) = (bench.air.now() + 2_000_000, 6);
    while bench.air.now() < end {
        while credits > 0 {
            credits -= 1;
            bench.data(0, Boundary::FirstNonFlushable, &frame(usize::from(octets)));
        }
        let next = bench.air.next_time().unwrap();
        bench.air.advance_to(next);
        bench.collect();
        credits += bench.completed(0);
    }
    bench.hosts[1].packets.iter().map(|(_, length)| length).sum::<usize>() / 2
}

#[test]
fn longer_packets_and_a_faster_phy_carry_more() {
    // As many pairs of a full and an empty PDU as fit between two events, with room for an answer of the length agreed on,
    // Vol 6, Part B, 2.1, 2.2 and 4.1.1: on 1M 676 us
    // with 27 octets and 2,468 us with 251, on 2M about half of it, with S=8 five times as much.
    for (octets, phy, interval, least, most) in [
        (27, 1, 6, 35_500, 39_700),
        (27, 1, 24, 38_500, 39_700),
        (251, 1, 6, 66_500, 67_500),
        (251, 1, 24, 98_000, 100_500),
        (251, 2, 6, 165_000, 167_500),
        (251, 2, 24, 165_000, 176_000),
        (27, 4, 24, 7_000, 7_300),
        (251, 4, 24, 8_300, 8_500),
    ] {
        let got = through(octets, phy, interval);
        assert!((least..=most).contains(&got), "{octets} octets, PHY {phy}, interval {interval}: {got} a second");
    }
}

/// Octets and time, to send and to receive, of the LE Data Length Change that comes.
fn lengths(bench: &mut Bench, who: usize) -> [u16; 4] {
    bench.wait(who, |event| match event {
        Event::LeDataLengthChange { tx_octets, tx_time, rx_octets, rx_time, .. } => {
            Some([*tx_octets, *tx_time, *rx_octets, *rx_time])
        }
        _ => None,
    })
}

#[test]
fn lengths_are_agreed_each_way() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    let handle = bench.hosts[0].handle;
    bench.ok(0, &LeSetDataLength { handle, tx_octets: 251, tx_time: 17040 });
    assert_eq!(lengths(&mut bench, 0), [251, 17040, 27, 328]);
    assert_eq!(lengths(&mut bench, 1), [27, 328, 251, 17040]);
}

#[test]
fn a_pdu_takes_no_longer_than_was_agreed() {
    // Vol 6, Part B, 4.5.10: 328 us are 27 octets on 1M, and 67 on 2M.
    for (phy, most) in [(1, 27), (2, 67)] {
        let mut bench = Bench::new(2);
        bench.connect(0, 1);
        let handle = bench.hosts[0].handle;
        bench.ok(0, &LeSetDataLength { handle, tx_octets: 251, tx_time: 328 });
        bench.ok(0, &LeSetPhy { handle, all_phys: 0, tx_phys: phy, rx_phys: phy, options: 0 });
        bench.run(1_000_000);
        bench.data(0, Boundary::FirstNonFlushable, &frame(251));
        bench.run(1_000_000);
        assert_eq!(bench.hosts[1].frames, [frame(251)]);
        assert_eq!(bench.hosts[1].packets.iter().map(|(_, length)| *length).max(), Some(most));
    }
}

#[test]
fn the_coded_phy_takes_the_time_it_needs() {
    let mut bench = Bench::new(2);
    bench.connect_with(0, 1, 24, 300);
    let handle = bench.hosts[0].handle;
    bench.ok(0, &LeSetPhy { handle, all_phys: 0, tx_phys: 4, rx_phys: 4, options: 0 });
    for who in [0, 1] {
        assert_eq!(lengths(&mut bench, who), [27, 2704, 27, 2704]);
    }
    bench.ok(0, &LeSetPhy { handle, all_phys: 0, tx_phys: 2, rx_phys: 2, options: 0 });
    for who in [0, 1] {
        assert_eq!(lengths(&mut bench, who), [27, 328, 27, 328]);
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
fn a_latency_without_end_is_no_trouble() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    bench.air.set_latency(core::time::Duration::MAX);
    let [_, index] = bench.hosts[0].controller.passed();
    let action = Action::Delay(core::time::Duration::MAX);
    bench.hosts[0].controller.inject(Fault { direction: Direction::FromController, index, action });
    bench.hosts[1].controller.inject(Fault {
        direction: Direction::ToController,
        index: bench.hosts[1].controller.passed()[0],
        action,
    });
    bench.data(0, Boundary::FirstNonFlushable, &frame(9));
    bench.data(1, Boundary::FirstNonFlushable, &frame(9));
    bench.run(3_600_000_000);
    assert!(bench.hosts.iter().all(|host| host.frames.is_empty()));
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
fn a_host_with_little_room_is_given_no_more_than_it_has_room_for() {
    let mut bench = Bench::new(2);
    bench.ok(1, &HostBufferSize { acl_length: 27, sco_length: 0, acl_packets: 3, sco_packets: 0 });
    bench.ok(1, &SetControllerToHostFlowControl { mode: 1 });
    bench.connect(0, 1);
    let (sent, mut credits) = ((0..20u8).map(|n| vec![n; 20]).collect::<Vec<_>>(), 6);
    let mut waiting = sent.clone().into_iter();
    let mut taken = 0;
    for _ in 0..200 {
        bench.run(30_000);
        credits += bench.completed(0);
        while credits > 0 {
            let Some(next) = waiting.next() else { break };
            credits -= 1;
            bench.data(0, Boundary::FirstNonFlushable, &next);
        }
        let held = bench.hosts[1].packets.len() - taken;
        assert!(held <= 3, "{held} packets for three buffers");
        if held == 3 || bench.hosts[1].packets.len() == sent.len() {
            taken = bench.hosts[1].packets.len();
            let handle = bench.hosts[1].handle;
            bench.send(1, &HostNumberOfCompletedPackets { handle, count: held as u16 });
        }
    }
    assert_eq!(bench.hosts[1].frames, sent);
}

#[test]
fn latency_of_the_host_is_added() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    bench.air.set_latency(core::time::Duration::from_millis(200));
    bench.data(0, Boundary::FirstNonFlushable, &frame(9));
    bench.run(150_000);
    assert!(bench.hosts[1].frames.is_empty());
    bench.run(150_000);
    assert_eq!(bench.hosts[1].frames.len(), 1);
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

#[test]
fn buffers_smaller_than_a_pdu_are_filled_as_they_come_back() {
    let mut bench = Bench::new(2);
    bench.ok(1, &HostBufferSize { acl_length: 27, sco_length: 0, acl_packets: 3, sco_packets: 0 });
    bench.ok(1, &SetControllerToHostFlowControl { mode: 1 });
    bench.connect(0, 1);
    let handle = bench.hosts[0].handle;
    bench.ok(0, &LeSetDataLength { handle, tx_octets: 251, tx_time: 17040 });
    bench.run(200_000);
    bench.data(0, Boundary::FirstNonFlushable, &frame(251));
    let handle = bench.hosts[1].handle;
    for received in [3, 6, 9, 10] {
        bench.run(200_000);
        assert_eq!(bench.hosts[1].packets.len(), received);
        bench.send(1, &HostNumberOfCompletedPackets { handle, count: if received == 10 { 1 } else { 3 } });
    }
    assert_eq!(bench.hosts[1].frames, [frame(251)]);
}

#[test]
fn a_full_host_stops_its_own_direction_alone() {
    for air in [Air::instant(1), Air::new(1)] {
        let mut bench = Bench::on(air, &[ControllerConfig::default(); 2]);
        bench.ok(0, &HostBufferSize { acl_length: 27, sco_length: 0, acl_packets: 1, sco_packets: 0 });
        bench.ok(0, &SetControllerToHostFlowControl { mode: 1 });
        bench.connect(0, 1);
        for n in 0..3 {
            bench.data(1, Boundary::FirstNonFlushable, &[n; 20]);
        }
        bench.run(1_000_000);
        assert_eq!(bench.hosts[0].frames, [[0; 20]]);
        bench.data(0, Boundary::FirstNonFlushable, &[7; 200]);
        bench.run(1_000_000);
        assert_eq!(bench.hosts[1].frames, [vec![7; 200]]);
    }
}

#[test]
fn a_handle_is_not_used_again_before_its_end_was_read() {
    let mut bench = Bench::new(3);
    bench.ok(0, &HostBufferSize { acl_length: 251, sco_length: 0, acl_packets: 3, sco_packets: 0 });
    bench.ok(0, &SetControllerToHostFlowControl { mode: 1 });
    bench.connect(0, 1);
    bench.data(1, Boundary::FirstNonFlushable, &[1; 9]);
    bench.run(200_000);
    let (old, handle) = (bench.hosts[0].handle, bench.hosts[1].handle);
    bench.advertise(0);
    let reads_nothing = |bench: &Bench, micros| bench.air.advance_to(bench.air.now() + micros);
    bench.send(1, &Disconnect { handle, reason: Status::REMOTE_USER_TERMINATED_CONNECTION });
    reads_nothing(&bench, 200_000);
    bench.send(2, &common::initiate(bench.address(0)));
    reads_nothing(&bench, 1_000_000);
    // Neither what it sends to the first peer nor what it gives back reaches the second.
    bench.data(0, Boundary::FirstNonFlushable, &[0xaa; 9]);
    bench.send(0, &HostNumberOfCompletedPackets { handle: old, count: 1 });
    reads_nothing(&bench, 1_000_000);
    assert_eq!(bench.disconnected(0), Status::REMOTE_USER_TERMINATED_CONNECTION);
    assert_ne!(bench.connected(0).handle, old);
    assert_eq!(bench.hosts[2].frames, Vec::<Vec<u8>>::new());
    // Once it has read that, the handle is free.
    bench.connect(0, 1);
    assert_eq!(bench.hosts[0].handle, old);
}

#[test]
fn a_host_that_does_not_read_is_not_told_without_end() {
    let mut bench = Bench::on(Air::instant(1), &[ControllerConfig::default(); 2]);
    bench.connect(0, 1);
    let (sender, receiver) = (bench.hosts[0].controller.clone(), bench.hosts[1].controller.clone());
    let (mut sent, mut credits) = (0u32, 6);
    // Only the sender reads.
    for _ in 0..1_000 {
        while credits > 0 {
            credits -= 1;
            bench.data(0, Boundary::FirstNonFlushable, &sent.to_le_bytes());
            sent += 1;
        }
        while let Some((_, octets)) = sender.receive() {
            bench.hosts[0].events.push(octets);
        }
        credits += bench.completed(0);
    }
    assert!((64..200).contains(&sent), "{sent} packets for a host that does not read");
    // Now it does: nothing was lost, and the link goes on.
    bench.collect();
    bench.run(0);
    assert_eq!(bench.hosts[1].frames, (0..sent).map(|n| n.to_le_bytes().to_vec()).collect::<Vec<_>>());
    assert!(receiver.receive().is_none());
    assert_eq!(bench.completed(0), 6);
}
