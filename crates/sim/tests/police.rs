//! Each rule that a host can break is noticed, and nothing else is.

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

use common::{Bench, advertising};
use jelling_sim::{Action, Air, Breach, ControllerConfig, Direction, Fault, Simulation};
use jelling_wire::{
    Packet, PacketKind,
    hci::{
        ConnectionHandle, Opcode, Status, Switch,
        acl::Boundary,
        command::{
            Disconnect, HostBufferSize, HostNumberOfCompletedPackets, LeRand, LeReadPhy, LeSetAdvertisingEnable,
            LeSetAdvertisingParameters, ReadBdAddr, Reset, SetControllerToHostFlowControl,
        },
    },
};

#[test]
fn credits_that_are_overdrawn() {
    let config = ControllerConfig { acl_packets: 2, ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[config, ControllerConfig::default()]);
    bench.connect(0, 1);
    for _ in 0..2 {
        bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    }
    assert_eq!(bench.breaches(), []);
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    assert_eq!(bench.breaches(), [Breach::Overdrawn]);
    // What was given back, but not read yet, is not there for the host.
    bench.air.advance_to(bench.air.now() + 1_000_000);
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    assert_eq!(bench.breaches(), [Breach::Overdrawn]);
    bench.collect();
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    assert_eq!(bench.breaches(), []);
}

#[test]
fn data_that_is_too_long() {
    let config = ControllerConfig { acl_length: 27, ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[config, ControllerConfig::default()]);
    bench.connect(0, 1);
    bench.data(0, Boundary::FirstNonFlushable, &[0; 27]);
    assert_eq!(bench.breaches(), []);
    bench.data(0, Boundary::FirstNonFlushable, &[0; 28]);
    assert_eq!(bench.breaches(), [Breach::TooLong { length: 28 }]);
}

#[test]
fn what_is_thrown_away_frees_its_buffer() {
    let config = ControllerConfig { acl_length: 27, acl_packets: 1, ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[config, ControllerConfig::default()]);
    bench.connect(0, 1);
    for (boundary, length) in
        [(Boundary::FirstNonFlushable, 28), (Boundary::FirstFlushable, 9), (Boundary::Complete, 9)]
    {
        bench.data(0, boundary, &vec![0; length]);
        assert_eq!(bench.breaches().len(), 1);
        bench.collect();
        assert_eq!(bench.completed(0), 1);
    }
}

#[test]
fn data_that_is_for_nobody_in_particular() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    let [low, high] = bench.hosts[0].handle.0.to_le_bytes();
    for flag in [0x40, 0x80] {
        bench.hosts[0].controller.send(Packet::new(PacketKind::Acl, &[low, high | flag, 1, 0, 9]));
        assert_eq!(bench.breaches(), [Breach::Malformed]);
    }
}

#[test]
fn fragments_of_nothing() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    let handle = bench.hosts[0].handle.0;
    bench.data(0, Boundary::Continuing, &[1; 9]);
    assert_eq!(bench.breaches(), [Breach::Fragment { handle }]);
    bench.data(0, Boundary::FirstNonFlushable, &[]);
    assert_eq!(bench.breaches(), [Breach::Fragment { handle }]);
    bench.data(0, Boundary::FirstNonFlushable, &[1; 9]);
    bench.data(0, Boundary::Continuing, &[]);
    bench.data(0, Boundary::Continuing, &[1; 9]);
    assert_eq!(bench.breaches(), []);
}

#[test]
fn flow_control_of_buffers_that_nobody_knows() {
    let mut bench = Bench::new(2);
    bench.ok(0, &SetControllerToHostFlowControl { mode: 1 });
    assert_eq!(bench.breaches(), [Breach::NoHostBuffers]);
    // It is as if there were none.
    bench.connect(0, 1);
    bench.data(1, Boundary::FirstNonFlushable, &[0; 9]);
    bench.run(200_000);
    assert_eq!(bench.hosts[0].frames, [[0; 9]]);
}

#[test]
fn data_on_a_dead_handle() {
    let mut bench = Bench::new(2);
    bench.hosts[0].handle = ConnectionHandle(0x0123);
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    assert_eq!(bench.breaches(), [Breach::DeadHandle { handle: 0x0123 }]);
    bench.connect(0, 1);
    let handle = bench.hosts[1].handle;
    bench.ok(1, &Disconnect { handle, reason: Status::REMOTE_USER_TERMINATED_CONNECTION });
    bench.air.advance_to(bench.air.now() + 1_000_000);
    // The event lies there, unread: the host cannot know.
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    assert_eq!(bench.breaches(), []);
    bench.collect();
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    assert_eq!(bench.breaches(), [Breach::DeadHandle { handle: bench.hosts[0].handle.0 }]);
}

#[test]
fn a_second_command_without_credit() {
    let mut bench = Bench::new(1);
    bench.send(0, &ReadBdAddr {});
    bench.send(0, &LeRand {});
    assert_eq!(bench.breaches(), [Breach::NoCommandCredit { opcode: Opcode::LE_RAND }]);
    bench.collect();
    // Reset goes at any time, and so does what has no answer.
    bench.send(0, &ReadBdAddr {});
    bench.send(0, &HostNumberOfCompletedPackets { handle: ConnectionHandle(0), count: 0 });
    bench.send(0, &Reset {});
    assert_eq!(bench.breaches(), []);
    // But nothing goes before it is answered, save another.
    bench.send(0, &Reset {});
    assert_eq!(bench.breaches(), []);
    bench.send(0, &LeRand {});
    assert_eq!(bench.breaches(), [Breach::NoCommandCredit { opcode: Opcode::LE_RAND }]);
}

#[test]
fn a_command_in_the_wrong_state() {
    let mut bench = Bench::new(2);
    bench.advertise(0);
    assert_eq!(bench.call(0, &advertising()), Status::COMMAND_DISALLOWED);
    let opcode = Opcode::LE_SET_ADVERTISING_PARAMETERS;
    assert_eq!(bench.breaches(), [Breach::WrongState { opcode, status: 0x0c }]);
    let handle = ConnectionHandle(0x0777);
    assert_eq!(bench.call(0, &LeReadPhy { handle }), Status::UNKNOWN_CONNECTION_IDENTIFIER);
    assert_eq!(bench.breaches(), [Breach::WrongState { opcode: Opcode::LE_READ_PHY, status: 0x02 }]);
}

#[test]
fn a_command_that_comes_too_late_through_no_fault_of_the_host() {
    let mut bench = Bench::new(2);
    bench.connect(0, 1);
    let handle = bench.hosts[0].handle;
    bench.hosts[0].controller.lose_links();
    bench.send(0, &LeReadPhy { handle });
    assert_eq!(bench.breaches(), []);
    assert_eq!(bench.answer(0, Opcode::LE_READ_PHY).0, Status::UNKNOWN_CONNECTION_IDENTIFIER);
    bench.send(0, &LeReadPhy { handle });
    assert_eq!(bench.breaches().len(), 1);
}

#[test]
fn parameters_that_are_forbidden() {
    let mut bench = Bench::new(1);
    bench.call(0, &LeSetAdvertisingParameters { interval_min: 1, ..advertising() });
    let opcode = Opcode::LE_SET_ADVERTISING_PARAMETERS;
    assert_eq!(bench.breaches(), [Breach::InvalidParameters { opcode }]);
}

#[test]
fn a_command_that_was_never_claimed() {
    let mut bench = Bench::new(1);
    // LE Set Extended Advertising Parameters.
    bench.hosts[0].controller.send(Packet::new(PacketKind::Command, &[0x36, 0x20, 0]));
    assert_eq!(bench.answer(0, Opcode::new(0x2036)).0, Status::UNKNOWN_HCI_COMMAND);
    assert_eq!(bench.breaches(), [Breach::NotClaimed { opcode: Opcode::new(0x2036) }]);
}

#[test]
fn more_given_back_than_was_received() {
    let mut bench = Bench::new(2);
    bench.ok(0, &HostBufferSize { acl_length: 251, sco_length: 0, acl_packets: 4, sco_packets: 0 });
    bench.ok(0, &SetControllerToHostFlowControl { mode: 1 });
    bench.connect(0, 1);
    bench.data(1, Boundary::FirstNonFlushable, &[0; 9]);
    bench.run(200_000);
    let handle = bench.hosts[0].handle;
    bench.send(0, &HostNumberOfCompletedPackets { handle, count: 1 });
    assert_eq!(bench.breaches(), []);
    bench.send(0, &HostNumberOfCompletedPackets { handle, count: 1 });
    assert_eq!(bench.breaches(), [Breach::FlowControl { handle: handle.0 }]);
    bench.send(0, &HostNumberOfCompletedPackets { handle, count: 0 });
    assert_eq!(bench.breaches(), []);
    let never = ConnectionHandle(0x0777);
    bench.send(0, &HostNumberOfCompletedPackets { handle: never, count: 1 });
    assert_eq!(bench.breaches(), [Breach::FlowControl { handle: never.0 }]);
    bench.hosts[0].controller.send(Packet::new(PacketKind::Command, &[0x35, 0x0c, 2, 0, 0]));
    assert_eq!(bench.breaches(), [Breach::Malformed]);
    // What a link that is gone was given may be given back all the same.
    bench.data(1, Boundary::FirstNonFlushable, &[0; 9]);
    bench.run(200_000);
    bench.hosts[0].controller.lose_links();
    bench.collect();
    bench.send(0, &HostNumberOfCompletedPackets { handle, count: 1 });
    assert_eq!(bench.breaches(), []);
}

#[test]
fn what_is_no_packet_of_a_host() {
    let bench = Bench::new(1);
    let controller = bench.hosts[0].controller.clone();
    for packet in [
        Packet::new(PacketKind::Command, &[0x03]),
        Packet::new(PacketKind::Command, &[0x03, 0x0c, 5]),
        Packet::new(PacketKind::Acl, &[0x40, 0x00, 0x09, 0x00, 1]),
        Packet::new(PacketKind::Event, &[0x0e, 0x00]),
    ] {
        controller.send(packet);
        assert_eq!(bench.breaches(), [Breach::Malformed], "{packet:?}");
    }
}

#[test]
fn a_host_that_met_with_a_fault_is_not_blamed_until_it_resets() {
    let mut bench = Bench::new(1);
    let [_, index] = bench.hosts[0].controller.passed();
    bench.hosts[0].controller.inject(Fault { direction: Direction::FromController, index, action: Action::Drop });
    bench.send(0, &ReadBdAddr {});
    bench.send(0, &ReadBdAddr {});
    assert_eq!(bench.breaches(), []);
    bench.send(0, &Reset {});
    bench.collect();
    bench.send(0, &ReadBdAddr {});
    bench.send(0, &ReadBdAddr {});
    assert_eq!(bench.breaches().len(), 1);
}

#[test]
#[should_panic(expected = "a host broke the rules of HCI")]
fn a_simulation_fails_for_a_breach() {
    let simulation = Simulation::new(1);
    let controller = simulation.air().controller();
    let enable = LeSetAdvertisingEnable { enable: Switch::On };
    let mut buffer = [0; 8];
    let mut w = jelling_wire::Writer::new(&mut buffer);
    jelling_wire::hci::command::emit(&enable, &mut w);
    controller.send(Packet::new(PacketKind::Command, w.written()));
    controller.send(Packet::new(PacketKind::Command, w.written()));
}
