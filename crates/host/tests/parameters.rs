//! Connection parameters: our updates, by the link layer and by L2CAP, and what a peer may have of those that it asks for.
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
mod parameters {
    mod policy;
}

use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::hci::{Opcode, Role, Status},
    *,
};
use support::one::One;

/// 30 to 50 ms, latency 2, 2 s.
const WANTED: ConnectionParameters = ConnectionParameters {
    interval_min: Duration::from_millis(30),
    interval_max: Duration::from_millis(50),
    latency: 2,
    supervision_timeout: Duration::from_secs(2),
};
/// The same in units.
const OCTETS: [u8; 8] = [24, 0, 40, 0, 2, 0, 200, 0];
/// LE Connection Update Complete without its status, with 50 ms of that.
const IN_FORCE: [u8; 8] = [0x40, 0, 40, 0, 2, 0, 200, 0];
/// The features of a controller with the procedure of the link layer, and of one without it.
const ABLE: u16 = 0x22;
const OLD: u16 = 0x20;
const SIGNALLING: u16 = 5;

fn connected(role: Role, le_features: u16) -> One {
    One::connected(role, le_features, Config::default())
}

/// What LE Connection Update and LE Remote Connection Parameter Request Reply have for parameters.
fn asked(octets: [u8; 8]) -> Vec<u8> {
    [&[0x40, 0][..], &octets, &[0; 4]].concat()
}

fn begin(one: &mut One) -> UpdateTicket {
    let link = one.link();
    let ticket = one.core().update_parameters(link, &WANTED).unwrap();
    one.settle();
    ticket
}

fn updated(one: &mut One, status: u8) {
    one.event(0x03, &[&[status][..], &IN_FORCE].concat());
}

/// The request of ours that the peer has just got: its identifier.
fn request(one: &mut One) -> u8 {
    let frames = one.frames();
    let [(SIGNALLING, request)] = &frames[..] else { panic!("{frames:02x?} is not one request") };
    assert_eq!((request[0], &request[2..4], &request[4..]), (0x12, &[8, 0][..], &OCTETS[..]));
    request[1]
}

#[test]
fn a_central_updates_by_command() {
    for features in [ABLE, OLD] {
        let mut one = connected(Role::Central, features);
        let ticket = begin(&mut one);
        assert_eq!(one.commands(), [(Opcode::LE_CONNECTION_UPDATE, asked(OCTETS))]);
        assert!(one.core().updated(ticket).is_pending());
        updated(&mut one, 0);
        assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
        let link = one.link();
        assert_eq!(one.core().link_info(link).unwrap().interval, Duration::from_millis(50));
        assert_eq!(one.frames(), []);
    }
}

#[test]
fn a_peripheral_asks_by_the_link_layer_where_its_controller_can() {
    let mut one = connected(Role::Peripheral, ABLE);
    let ticket = begin(&mut one);
    assert_eq!(one.commands(), [(Opcode::LE_CONNECTION_UPDATE, asked(OCTETS))]);
    updated(&mut one, 0);
    assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
    assert_eq!(one.frames(), []);
}

#[test]
fn a_peripheral_whose_controller_cannot_asks_by_l2cap() {
    let mut one = connected(Role::Peripheral, OLD);
    let ticket = begin(&mut one);
    assert_eq!(one.commands(), []);
    let identifier = request(&mut one);
    assert_ne!(identifier, 0);
    one.say(5, &[0x13, identifier, 2, 0, 0, 0]);
    // Agreed on, and not in force yet.
    assert!(one.core().updated(ticket).is_pending());
    updated(&mut one, 0);
    assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
    // The next request has another identifier; what is in force is so as soon as it is agreed to.
    let ticket = begin(&mut one);
    let next = request(&mut one);
    assert_ne!(next, identifier);
    one.say(5, &[0x13, next, 2, 0, 0, 0]);
    assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
}

#[test]
fn what_the_link_layer_does_not_know_l2cap_may() {
    // By the event, as of a peer that does not know the procedure, or by the answer to the command.
    for (by_answer, status) in [(false, 0x1a), (false, 0x19), (false, 0x20), (true, 0x01), (true, 0x11), (true, 0x1a)] {
        let mut one = connected(Role::Peripheral, ABLE);
        if by_answer {
            one.refused = Some((Opcode::LE_CONNECTION_UPDATE, status));
        }
        let ticket = begin(&mut one);
        if !by_answer {
            assert_eq!(one.frames(), []);
            updated(&mut one, status);
        }
        let identifier = request(&mut one);
        one.say(5, &[0x13, identifier, 2, 0, 0, 0]);
        updated(&mut one, 0);
        assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())), "{status:#04x}");
    }
}

#[test]
fn what_the_peer_refuses_is_not_asked_for_again() {
    // Vol 6, Part B, 5.1.7: LL_REJECT_EXT_IND of the peer.
    for (role, status) in [(Role::Peripheral, 0x3b), (Role::Central, 0x3b), (Role::Central, 0x1a)] {
        let mut one = connected(role, ABLE);
        let ticket = begin(&mut one);
        updated(&mut one, status);
        let refused = Err(Error::ParametersRefused(Status(status)));
        assert_eq!(one.core().updated(ticket), Poll::Ready(refused));
        assert_eq!(one.frames(), []);
    }
    let mut one = connected(Role::Central, ABLE);
    one.refused = Some((Opcode::LE_CONNECTION_UPDATE, 0x0c));
    let ticket = begin(&mut one);
    let refused = Err(Error::Refused(Opcode::LE_CONNECTION_UPDATE, Status(0x0c)));
    assert_eq!(one.core().updated(ticket), Poll::Ready(refused));
    // By L2CAP: rejected; a result that there is not; Command Reject, whatever its reason.
    let unknown = Status::UNSUPPORTED_REMOTE_FEATURE;
    let cases: [(&[u8], Status); 4] = [
        (&[0x13, 0, 2, 0, 1, 0], Status::UNACCEPTABLE_CONNECTION_PARAMETERS),
        (&[0x13, 0, 2, 0, 7, 7], Status::UNACCEPTABLE_CONNECTION_PARAMETERS),
        (&[0x01, 0, 2, 0, 0, 0], unknown),
        (&[0x01, 0, 4, 0, 1, 0, 23, 0], unknown),
    ];
    for (answer, status) in cases {
        let mut one = connected(Role::Peripheral, OLD);
        let ticket = begin(&mut one);
        let mut answer = answer.to_vec();
        answer[1] = request(&mut one);
        one.say(5, &answer);
        assert_eq!(one.core().updated(ticket), Poll::Ready(Err(Error::ParametersRefused(status))));
    }
}

#[test]
fn responses_to_nothing_are_ignored() {
    let mut one = connected(Role::Peripheral, OLD);
    let unexpected = |one: &mut One| one.core().counters().unexpected;
    one.say(5, &[0x13, 1, 2, 0, 0, 0]);
    one.say(5, &[0x01, 1, 2, 0, 0, 0]);
    assert_eq!(unexpected(&mut one), 2);
    let ticket = begin(&mut one);
    let identifier = request(&mut one);
    // Another identifier, none, and a response of another kind.
    one.say(5, &[0x13, identifier + 1, 2, 0, 1, 0]);
    one.say(5, &[0x01, (identifier - 1) | 0x80, 2, 0, 0, 0]);
    one.say(5, &[0x13, 0, 2, 0, 1, 0]);
    one.say(5, &[0x15, identifier, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // Too short, and too long.
    one.say(5, &[0x13, identifier, 1, 0, 0]);
    one.say(5, &[0x13, identifier, 3, 0, 0, 0, 0]);
    assert!(one.core().updated(ticket).is_pending());
    assert_eq!(one.frames(), []);
    one.say(5, &[0x13, identifier, 2, 0, 1, 0]);
    assert!(one.core().updated(ticket).is_ready());
    // Once more, when it has been taken.
    let before = unexpected(&mut one);
    one.say(5, &[0x13, identifier, 2, 0, 0, 0]);
    assert_eq!(unexpected(&mut one), before + 1);
}

#[test]
fn an_update_without_an_end_ends_in_time() {
    // By L2CAP after 30 s, twice as long where the central has agreed, by the link layer after 40 s.
    for (features, agrees, seconds) in [(OLD, false, 30), (OLD, true, 30), (ABLE, false, 40)] {
        let mut one = connected(Role::Peripheral, features);
        let ticket = begin(&mut one);
        one.pass(Duration::from_secs(10));
        let mut left = seconds - 10;
        if agrees {
            let identifier = request(&mut one);
            one.say(5, &[0x13, identifier, 2, 0, 0, 0]);
            left = seconds;
        }
        one.pass(Duration::from_secs(left) - Duration::from_micros(1));
        assert!(one.core().updated(ticket).is_pending());
        assert_eq!(one.core().poll_timeout(), Some(one.now.after(Duration::from_micros(1))));
        one.pass(Duration::from_micros(1));
        assert_eq!(one.core().updated(ticket), Poll::Ready(Err(Error::Timeout)));
        assert_eq!(one.core().counters().timeouts, 1);
        // The next one may begin.
        begin(&mut one);
    }
}

#[test]
fn updates_go_one_at_a_time_and_one_that_is_given_up_goes_on_in_the_controller() {
    let mut one = connected(Role::Peripheral, ABLE);
    let link = one.link();
    // Not asked for yet: it never is.
    let ticket = one.core().update_parameters(link, &WANTED).unwrap();
    assert_eq!(one.core().update_parameters(link, &WANTED), Err(Error::Busy));
    one.core().end_update(ticket);
    one.settle();
    assert_eq!(one.commands(), []);
    let first = begin(&mut one);
    one.core().end_update(first);
    assert_eq!(one.core().update_parameters(link, &WANTED), Err(Error::Busy));
    // Nobody waits for it: L2CAP is not tried.
    updated(&mut one, 0x1a);
    assert_eq!(one.frames(), []);
    let second = begin(&mut one);
    assert_eq!(one.core().updated(first), Poll::Ready(Err(Error::Stale)));
    one.core().end_update(first);
    updated(&mut one, 0);
    // Until its outcome is taken.
    assert_eq!(one.core().update_parameters(link, &WANTED), Err(Error::Busy));
    assert_eq!(one.core().updated(second), Poll::Ready(Ok(())));
    assert!(one.core().update_parameters(link, &WANTED).is_ok());
}

#[test]
fn a_link_that_ends_takes_its_update_along() {
    for features in [ABLE, OLD] {
        let mut one = connected(Role::Peripheral, features);
        let ticket = begin(&mut one);
        one.hear(wire::PacketKind::Event, &[0x05, 4, 0, 0x40, 0, 0x13]);
        assert_eq!(one.core().updated(ticket), Poll::Ready(Err(Error::Disconnected)));
        one.core().end_update(ticket);
        let link = one.link();
        assert_eq!(one.core().update_parameters(link, &WANTED), Err(Error::Disconnected));
        one.settle();
        assert_eq!(one.core().poll_timeout(), None);
    }
}

#[test]
fn what_no_controller_may_be_asked_for_is_not() {
    let mut one = connected(Role::Central, ABLE);
    let link = one.link();
    let ms = Duration::from_millis;
    for wrong in [
        ConnectionParameters { interval_min: ms(7), ..WANTED },
        ConnectionParameters { interval_max: ms(4_002), ..WANTED },
        ConnectionParameters { interval_min: ms(60), ..WANTED },
        ConnectionParameters { latency: 500, supervision_timeout: ms(32_000), ..WANTED },
        ConnectionParameters { supervision_timeout: ms(99), latency: 0, ..WANTED },
        ConnectionParameters { supervision_timeout: ms(32_010), ..WANTED },
        // Twice 3 times 50 ms.
        ConnectionParameters { supervision_timeout: ms(300), ..WANTED },
    ] {
        let error = one.core().update_parameters(link, &wrong);
        assert_eq!(error, Err(Error::InvalidArgument(Argument::ConnectionParameters)), "{wrong:?}");
    }
    one.settle();
    assert_eq!(one.commands(), []);
}

#[test]
fn identifiers_are_never_zero() {
    let mut one = connected(Role::Peripheral, OLD);
    let mut seen = vec![];
    for _ in 0..600 {
        let ticket = begin(&mut one);
        let identifier = request(&mut one);
        one.say(5, &[0x13, identifier, 2, 0, 1, 0]);
        assert!(one.core().updated(ticket).is_ready());
        seen.push(identifier);
    }
    assert_eq!(seen[..510], [(1..=255).collect::<Vec<u8>>(), (1..=255).collect()].concat());
}
