//! Flow control from the controller to the host: what it is told of the host's buffers, and when it learns what has been taken.
#![cfg(all(feature = "central", feature = "peripheral"))]
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

use core::time::Duration;
use jelling_host::{
    wire::{
        PacketKind,
        hci::{Opcode, Role},
    },
    *,
};
use support::one::One;

const FEATURES: u16 = 0x22;

fn config(acl_length: u16, acl_packets: u8) -> Config {
    Config { flow_control: Some(HostBuffers { acl_length, acl_packets }), ..Config::default() }
}

fn connected(acl_packets: u8) -> One {
    One::connected(Role::Peripheral, FEATURES, config(251, acl_packets))
}

/// A packet comes in on a link, with a frame that means nothing, or with no frame at all.
fn packet(one: &mut One, handle: u8, data: &[u8]) {
    let length = data.len() as u8;
    one.hear(PacketKind::Acl, &[&[handle, 0x20, length, 0][..], data].concat());
}

fn nonsense(one: &mut One, handle: u8) {
    packet(one, handle, &[1, 0, 0x3f, 0, 0]);
}

/// What the controller has learned: link by link, how many.
fn completed(one: &mut One) -> Vec<(u8, u8)> {
    one.settle();
    let mut learned = vec![];
    for (opcode, parameters) in one.commands() {
        assert_eq!(opcode, Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS);
        assert_eq!(parameters.len(), 1 + 4 * usize::from(parameters[0]));
        learned.extend(parameters[1..].chunks(4).map(|link| (link[0], link[2])));
    }
    learned
}

#[test]
fn the_controller_is_told_of_the_buffers() {
    for (buffers, told) in
        [((251, 4), [251, 0, 0, 4, 0, 0, 0]), ((0, 0), [27, 0, 0, 1, 0, 0, 0]), ((999, 255), [251, 0, 0, 255, 0, 0, 0])]
    {
        let mut one = One::up(FEATURES, config(buffers.0, buffers.1));
        let commands = one.commands();
        let [.., size, on] = &commands[..] else { panic!("{commands:02x?}") };
        assert_eq!(size, &(Opcode::HOST_BUFFER_SIZE, told.to_vec()));
        assert_eq!(on, &(Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL, vec![1]));
        assert!(one.core().controller().unwrap().flow_control);
        let HostBuffers { acl_length, acl_packets } = one.core().config().flow_control.unwrap();
        assert_eq!([acl_length.to_le_bytes()[0], acl_packets], [told[0], told[3]]);
    }
}

#[test]
fn a_host_comes_up_without_where_it_is_not_wanted_or_not_there() {
    let is_of_it =
        |opcode: Opcode| matches!(opcode, Opcode::HOST_BUFFER_SIZE | Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL);
    let unwanted = One::up(FEATURES, Config::default());
    // Without one of the commands; refused.
    let missing = One::on(FEATURES, 0x7f, None, config(251, 1));
    let no_buffers = One::on(FEATURES, 0xff, Some((Opcode::HOST_BUFFER_SIZE, 0x12)), config(251, 1));
    let off = One::on(FEATURES, 0xff, Some((Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL, 0x0c)), config(251, 1));
    for (mut one, sent) in [(unwanted, 0), (missing, 0), (no_buffers, 1), (off, 2)] {
        assert_eq!(one.commands().iter().filter(|(opcode, _)| is_of_it(*opcode)).count(), sent);
        assert!(!one.core().controller().unwrap().flow_control);
        one.meet(Role::Peripheral, 0x40);
        one.commands();
        for _ in 0..300 {
            nonsense(&mut one, 0x40);
        }
        assert_eq!(completed(&mut one), []);
    }
}

#[test]
fn it_learns_what_has_been_taken_when_half_of_its_packets_have() {
    for (packets, most) in [(1, 1), (2, 1), (3, 1), (4, 2), (9, 4), (255, 127)] {
        let mut one = connected(packets);
        for round in 0..3 {
            for n in 1..most {
                // Whatever there is in it.
                let data: &[u8] = [&[1, 0, 0x3f, 0, 0][..], &[], &[9, 9], &[0, 0, 4, 0, 1, 1]][n % 4];
                packet(&mut one, 0x40, data);
                assert_eq!(completed(&mut one), [], "{packets} {round}");
            }
            nonsense(&mut one, 0x40);
            assert!(one.core().take_work());
            assert_eq!(completed(&mut one), [(0x40, most as u8)]);
        }
    }
}

#[test]
fn several_links_are_told_of_in_one_command() {
    let mut one = connected(6);
    one.meet(Role::Central, 0x41);
    one.commands();
    nonsense(&mut one, 0x40);
    nonsense(&mut one, 0x41);
    assert_eq!(completed(&mut one), []);
    // More have come before the transport takes another packet.
    nonsense(&mut one, 0x41);
    nonsense(&mut one, 0x40);
    nonsense(&mut one, 0x41);
    one.settle();
    let [(_, only)] = &one.commands()[..] else { panic!("not one command") };
    assert_eq!(only[..], [2, 0x40, 0, 2, 0, 0x41, 0, 3, 0]);
    // A link that nobody knows is none of ours.
    for _ in 0..9 {
        nonsense(&mut one, 0x50);
    }
    assert_eq!(completed(&mut one), []);
}

#[test]
fn it_needs_no_command_credit_and_waits_for_no_answer() {
    let mut one = connected(2);
    one.air.controllers[0].silent = true;
    let link = one.link();
    let fast = ConnectionParameters::new(Duration::from_millis(30), Duration::from_millis(30));
    one.core().update_parameters(link, &fast).unwrap();
    one.settle();
    assert_eq!(one.commands().len(), 1);
    for _ in 0..3 {
        nonsense(&mut one, 0x40);
        assert_eq!(completed(&mut one), [(0x40, 1)]);
    }
}

#[test]
fn what_a_link_has_taken_ends_with_it() {
    let mut one = connected(8);
    one.meet(Role::Central, 0x41);
    one.commands();
    (0..3).for_each(|_| nonsense(&mut one, 0x40));
    // Vol 4, Part E, 4.2: its packets count as taken, and nothing more is said of them.
    one.hear(PacketKind::Event, &[0x05, 4, 0, 0x40, 0, 0x13]);
    (0..3).for_each(|_| nonsense(&mut one, 0x41));
    assert_eq!(completed(&mut one), []);
    nonsense(&mut one, 0x41);
    assert_eq!(completed(&mut one), [(0x41, 4)]);
    // Another link with the same handle begins anew; so does a controller.
    one.meet(Role::Peripheral, 0x40);
    one.commands();
    (0..3).for_each(|_| nonsense(&mut one, 0x40));
    assert_eq!(completed(&mut one), []);
    one.hear(PacketKind::Event, &[0x10, 1, 0]);
    one.settle();
    one.meet(Role::Peripheral, 0x40);
    one.commands();
    (0..3).for_each(|_| nonsense(&mut one, 0x40));
    assert_eq!(completed(&mut one), []);
    nonsense(&mut one, 0x40);
    assert_eq!(completed(&mut one), [(0x40, 4)]);
}
