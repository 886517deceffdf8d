//! Data on its way to a host: room, time, and hosts that do not read.

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
use jelling_sim::{Action, Air, ControllerConfig, Direction, Fault};
use jelling_wire::hci::{
    Status,
    acl::Boundary,
    command::{
        Disconnect, HostBufferSize, HostNumberOfCompletedPackets, LeSetDataLength, SetControllerToHostFlowControl,
    },
};

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
