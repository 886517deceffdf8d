//! PHYs and the length of packets: what is asked of the controller, what comes of it, and what is told.
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

use core::{task::Poll, time::Duration};
use jelling_host::{
    wire::hci::{Opcode, Role, Status},
    *,
};
use support::one::One;

/// Data length extension, 2M PHY, Coded PHY (Vol 6, Part B, 4.6).
const ALL: u16 = 1 << 5 | 1 << 8 | 1 << 11;
const CENTRAL: Role = Role::Central;

fn connected(features: u16) -> One {
    One::connected(CENTRAL, features, Config::default())
}

fn phy(one: &mut One) -> (LinkPhy, DataLength) {
    let link = one.link();
    let info = one.core().link_info(link).unwrap();
    (info.phy, info.data_length)
}

/// LE PHY Update Complete.
fn phys_are(one: &mut One, status: u8, tx: u8, rx: u8) {
    one.event(0x0c, &[status, 0x40, 0, tx, rx]);
}

/// LE Data Length Change.
fn lengths_are(one: &mut One, tx: u8, rx: u8) {
    one.event(0x07, &[0x40, 0, tx, 0, 0x48, 0x08, rx, 0, 0x48, 0x08]);
}

#[test]
fn phys_are_asked_for_and_told() {
    for (tx, rx, octets) in [
        (Phys::LE_2M, Phys::LE_2M, [0, 2, 2]),
        (Phys::LE_1M | Phys::LE_2M, Phys::LE_CODED, [0, 3, 4]),
        (Phys::empty(), Phys::LE_2M, [1, 0, 2]),
        (Phys::LE_CODED, Phys::empty(), [2, 4, 0]),
        (Phys::empty(), Phys::empty(), [3, 0, 0]),
    ] {
        let mut one = connected(ALL);
        let link = one.link();
        assert_eq!(phy(&mut one).0, LinkPhy { tx: Phy::Le1M, rx: Phy::Le1M });
        let ticket = one.core().set_phy(link, tx, rx).unwrap();
        one.settle();
        let asked = [&[0x40, 0][..], &octets, &[0, 0]].concat();
        assert_eq!(one.commands(), [(Opcode::LE_SET_PHY, asked)]);
        assert!(one.core().updated(ticket).is_pending());
        // Whatever the peer makes of it.
        phys_are(&mut one, 0, 2, 3);
        assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
        let now = LinkPhy { tx: Phy::Le2M, rx: Phy::LeCoded };
        assert_eq!(phy(&mut one).0, now);
        assert_eq!(one.core().take_link_event(link), Poll::Ready(Ok(ConnectionEvent::PhyChanged(now))));
        // The peer changes them; the same again is no change, nor is what failed or makes no sense.
        for (status, tx, rx) in [(0, 2, 3), (0x1a, 1, 1), (0, 0, 1), (0, 1, 4)] {
            phys_are(&mut one, status, tx, rx);
            assert!(one.core().take_link_event(link).is_pending());
            assert_eq!(phy(&mut one).0, now);
        }
        phys_are(&mut one, 0, 1, 1);
        let first = LinkPhy::default();
        assert_eq!(one.core().take_link_event(link), Poll::Ready(Ok(ConnectionEvent::PhyChanged(first))));
    }
}

#[test]
fn phys_that_there_are_not_are_not_asked_for() {
    let link = connected(0).link();
    for (features, commands, tx, rx, asked) in [
        (ALL, 0x00, Phys::LE_2M, Phys::LE_2M, None),
        (1 << 8, 0xff, Phys::LE_CODED, Phys::LE_2M, None),
        (1 << 8, 0xff, Phys::LE_2M, Phys::LE_CODED, None),
        (1 << 8, 0xff, Phys::all(), Phys::empty(), Some([2, 3, 0])),
        (1 << 11, 0xff, Phys::all(), Phys::LE_1M, Some([0, 5, 1])),
    ] {
        let mut one = One::on(features, commands, None, Config::default());
        one.meet(CENTRAL, 0x40);
        one.commands();
        let ticket = one.core().set_phy(link, tx, rx);
        one.settle();
        let command = asked.map(|octets: [u8; 3]| [&[0x40, 0][..], &octets, &[0, 0]].concat());
        assert_eq!(one.commands(), command.map(|octets| (Opcode::LE_SET_PHY, octets)).into_iter().collect::<Vec<_>>());
        assert_eq!(ticket.is_err(), asked.is_none());
        assert!(asked.is_some() || ticket == Err(Error::NotSupported));
    }
}

#[test]
fn a_peer_without_other_phys_is_told_of() {
    let mut one = connected(ALL);
    let link = one.link();
    let refused = |status| Poll::Ready(Err(Error::Refused(Opcode::LE_SET_PHY, Status(status))));
    let ticket = one.core().set_phy(link, Phys::LE_2M, Phys::LE_2M).unwrap();
    one.settle();
    phys_are(&mut one, 0x1a, 1, 1);
    assert_eq!(one.core().updated(ticket), refused(0x1a));
    // By the answer to the command: nothing is tried in another way.
    one.refused = Some((Opcode::LE_SET_PHY, 0x1a));
    let ticket = one.core().set_phy(link, Phys::LE_2M, Phys::LE_2M).unwrap();
    one.settle();
    assert_eq!(one.core().updated(ticket), refused(0x1a));
    assert_eq!(one.frames(), []);
}

#[test]
fn lengths_are_asked_for_and_told() {
    let mut one = connected(ALL);
    let link = one.link();
    let length = |tx_octets, rx_octets| DataLength { tx_octets, rx_octets };
    assert_eq!(phy(&mut one).1, length(27, 27));
    let set = |one: &mut One, octets| {
        let ticket = one.core().set_data_length(link, octets).unwrap();
        one.settle();
        (ticket, one.commands())
    };
    // 251 octets take 2,120 us on the 1M PHY.
    let (ticket, asked) = set(&mut one, 251);
    assert_eq!(asked, [(Opcode::LE_SET_DATA_LENGTH, vec![0x40, 0, 251, 0, 0x48, 0x08])]);
    assert!(one.core().updated(ticket).is_pending());
    lengths_are(&mut one, 200, 251);
    assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
    assert_eq!(phy(&mut one).1, length(200, 251));
    let told = ConnectionEvent::DataLengthChanged(length(200, 251));
    assert_eq!(one.core().take_link_event(link), Poll::Ready(Ok(told)));
    lengths_are(&mut one, 200, 251);
    assert!(one.core().take_link_event(link).is_pending());
    // What is as it was wanted is no change, of which no controller tells.
    let (ticket, asked) = set(&mut one, 200);
    assert_eq!(asked, [(Opcode::LE_SET_DATA_LENGTH, vec![0x40, 0, 200, 0, 0xb0, 0x06])]);
    assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
    // 64 us an octet on the Coded PHY, and 976 us.
    phys_are(&mut one, 0, 3, 3);
    let (ticket, asked) = set(&mut one, 251);
    assert_eq!(asked, [(Opcode::LE_SET_DATA_LENGTH, vec![0x40, 0, 251, 0, 0x90, 0x42])]);
    // Nobody waits for it any more: the next may begin at once.
    one.core().end_update(ticket);
    one.refused = Some((Opcode::LE_SET_DATA_LENGTH, 0x12));
    let (ticket, _) = set(&mut one, 27);
    let refused = Err(Error::Refused(Opcode::LE_SET_DATA_LENGTH, Status(0x12)));
    assert_eq!(one.core().updated(ticket), Poll::Ready(refused));
    // What a controller may say that makes no sense.
    lengths_are(&mut one, 0, 255);
    assert_eq!(phy(&mut one).1, length(27, 251));
}

#[test]
fn lengths_that_there_are_not_are_not_asked_for() {
    let mut one = connected(ALL);
    let link = one.link();
    for octets in [0, 26, 252, 0xffff] {
        let error = one.core().set_data_length(link, octets);
        assert_eq!(error, Err(Error::InvalidArgument(Argument::DataLength)));
    }
    for (features, commands) in [(0, 0xff), (ALL, 0x00)] {
        let mut one = One::on(features, commands, None, Config::default());
        one.meet(CENTRAL, 0x40);
        assert_eq!(one.core().set_data_length(link, 251), Err(Error::NotSupported));
    }
}

#[test]
fn updates_of_all_kinds_go_one_at_a_time_and_end_by_their_own_events() {
    let mut one = connected(ALL);
    let link = one.link();
    let fast = ConnectionParameters::new(Duration::from_millis(30), Duration::from_millis(30));
    type Begin = fn(&mut Core<'_>, LinkId, &ConnectionParameters) -> Result<UpdateTicket, Error>;
    let begins: [Begin; 3] = [
        |core, link, fast| core.update_parameters(link, fast),
        |core, link, _| core.set_phy(link, Phys::LE_2M, Phys::LE_2M),
        |core, link, _| core.set_data_length(link, 100),
    ];
    let events: [fn(&mut One); 3] = [
        |one| one.event(0x03, &[0, 0x40, 0, 24, 0, 0, 0, 200, 0]),
        |one| phys_are(one, 0, 2, 2),
        |one| lengths_are(one, 100, 251),
    ];
    for (kind, begin) in begins.iter().enumerate() {
        lengths_are(&mut one, 27, 27);
        let ticket = begin(&mut one.core(), link, &fast).unwrap();
        one.settle();
        for other in begins {
            assert_eq!(other(&mut one.core(), link, &fast), Err(Error::Busy));
        }
        for (other, event) in events.iter().enumerate() {
            if other != kind {
                event(&mut one);
                assert!(one.core().updated(ticket).is_pending(), "{kind} {other}");
            }
        }
        events[kind](&mut one);
        assert_eq!(one.core().updated(ticket), Poll::Ready(Ok(())));
    }
    // One whose event never comes ends after 40 s.
    let ticket = one.core().set_phy(link, Phys::LE_2M, Phys::LE_2M).unwrap();
    one.pass(Duration::from_secs(1));
    one.pass(Duration::from_secs(40));
    assert_eq!(one.core().updated(ticket), Poll::Ready(Err(Error::Timeout)));
}
