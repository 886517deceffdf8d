//! What a controller and a peer may say of a link beside its data: parameters, and links that nobody has room for.
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

use core::time::Duration;
use jelling_host::wire::{
    Packet, PacketKind,
    hci::{Opcode, command},
};
use support::pair::Pair;

/// Gives host `who` an event, and what it sends for it.
fn told(pair: &mut Pair, who: usize, kind: PacketKind, octets: &[u8]) -> Vec<Vec<u8>> {
    let before = pair.air.controllers[who].sent.len();
    let now = pair.now;
    pair.core(who).handle_packet(now, Packet::new(kind, octets));
    pair.pump();
    pair.air.controllers[who].sent[before..].iter().map(|(_, octets)| octets.clone()).collect()
}

/// The parameters of the one packet, which must be this command.
fn parameters(sent: &[Vec<u8>], opcode: Opcode) -> Vec<u8> {
    let [only] = sent else { panic!("{sent:02x?} is not one packet") };
    let (found, parameters) = command::header(only).unwrap();
    assert_eq!(found, opcode);
    parameters.to_vec()
}

#[test]
fn a_controller_that_asks_for_parameters_is_answered() {
    let (mut pair, ..) = Pair::connected(27);
    // Vol 4, Part E, 7.7.65.6: 30 to 50 ms, latency 2, 2 s.
    let wanted = [24, 0, 40, 0, 2, 0, 200, 0];
    let request = [&[0x3e, 11, 0x06, 0x40, 0][..], &wanted].concat();
    let sent = told(&mut pair, 0, PacketKind::Event, &request);
    let reply = parameters(&sent, Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY);
    assert_eq!(reply, [&[0x40, 0][..], &wanted, &[0; 4]].concat());
    // The least interval is above the greatest.
    let request = [0x3e, 11, 0x06, 0x40, 0, 40, 0, 24, 0, 2, 0, 200, 0];
    let sent = told(&mut pair, 0, PacketKind::Event, &request);
    let reply = parameters(&sent, Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY);
    assert_eq!(reply, [0x40, 0, 0x3b]);
}

#[test]
fn a_peripheral_that_asks_for_parameters_is_answered_and_has_them() {
    let (mut pair, central, ..) = Pair::connected(27);
    let wanted = [24, 0, 40, 0, 2, 0, 200, 0];
    let request = [&[0x40, 0x20, 16, 0, 12, 0, 5, 0, 0x12, 7, 8, 0][..], &wanted].concat();
    let sent = told(&mut pair, 0, PacketKind::Acl, &request);
    // Vol 3, Part A, 4.20: the answer, and the update of the link.
    let [update, answer] = &sent[..] else { panic!("{sent:02x?}") };
    assert_eq!(answer[4..], [6, 0, 5, 0, 0x13, 7, 2, 0, 0, 0]);
    let update = parameters(core::slice::from_ref(update), Opcode::LE_CONNECTION_UPDATE);
    assert_eq!(update, [&[0x40, 0][..], &wanted, &[0; 4]].concat());
    // One that cannot be is refused, and nothing is updated.
    let request = [0x40, 0x20, 16, 0, 12, 0, 5, 0, 0x12, 8, 8, 0, 40, 0, 24, 0, 2, 0, 200, 0];
    let sent = told(&mut pair, 0, PacketKind::Acl, &request);
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0][4..], [6, 0, 5, 0, 0x13, 8, 2, 0, 1, 0]);
    // The link has what the controller says it has, and keeps it where the update failed.
    for status in [0, 0x3b] {
        let complete = [0x3e, 10, 0x03, status, 0x40, 0, 40, status, 2, 0, 200, 0];
        assert_eq!(told(&mut pair, 0, PacketKind::Event, &complete), [[0; 0]; 0]);
        let info = pair.core(0).link_info(central).unwrap();
        let have = (info.interval, info.latency, info.supervision_timeout);
        assert_eq!(have, (Duration::from_millis(50), 2, Duration::from_secs(2)));
    }
}

#[test]
fn a_link_that_there_is_no_room_for_is_ended() {
    let (mut pair, ..) = Pair::connected(27);
    let complete = |handle: u8| [0x3e, 19, 1, 0, handle, 0, 0, 0, 9, 9, 9, 9, 9, 9, 24, 0, 0, 0, 200, 0, 0];
    // The second of two: the application has not asked for it, and nobody will take it.
    for handle in [0x41, 0x42] {
        let sent = told(&mut pair, 0, PacketKind::Event, &complete(handle));
        assert_eq!(parameters(&sent, Opcode::DISCONNECT), [handle, 0, 0x13]);
    }
}
