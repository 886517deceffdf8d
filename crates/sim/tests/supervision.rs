//! Silence and loss: when a link ends of them, and when it does not.

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
use jelling_wire::hci::{Status, acl::Boundary, command::Disconnect, event::Event};

/// The reason for which the last link ended within so many microseconds.
fn gone(bench: &mut Bench, who: usize, micros: u64) -> Option<Status> {
    let of = bench.hosts[who].handle;
    bench.wait_until(micros, who, |event| match event {
        Event::DisconnectionComplete { handle, reason, .. } if *handle == of => Some(*reason),
        _ => None,
    })
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
