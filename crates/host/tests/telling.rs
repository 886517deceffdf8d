//! What is told, and to whom: that something is free again only where somebody found that it was not, a deadline when it begins.
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

use core::{iter::from_fn, task::Poll};
use jelling_host::{
    wire::{Packet, PacketKind, att::Pdu},
    *,
};
use support::pair::{Pair, VALUE};

const READ: Pdu<'static> = Pdu::ReadRequest { handle: VALUE };

/// What host `who` has to tell.
fn told(pair: &mut Pair, who: usize) -> Vec<Event> {
    let mut core = pair.core(who);
    from_fn(|| core.poll_event()).collect()
}

/// Takes a packet of host `who`, which goes nowhere.
fn transmit(pair: &mut Pair, who: usize) {
    let now = pair.now;
    let mut buffer = [0; TRANSMIT_BUFFER];
    assert!(pair.core(who).poll_transmit(now, &mut buffer).is_some());
}

#[test]
fn a_free_buffer_is_told_to_who_found_it_taken() {
    let (mut pair, central, _, _) = Pair::connected(251);
    let now = pair.now;
    told(&mut pair, 0);
    pair.core(0).write_command(central, VALUE, b"one").unwrap();
    transmit(&mut pair, 0);
    assert_eq!(told(&mut pair, 0), []);
    pair.core(0).write_command(central, VALUE, b"two").unwrap();
    assert_eq!(pair.core(0).write_command(central, VALUE, b"three"), Err(Error::Busy));
    transmit(&mut pair, 0);
    assert_eq!(told(&mut pair, 0), [Event::Transmit(0)]);
    // It was told: the next frame tells nobody.
    pair.core(0).request(now, central, &READ).unwrap();
    transmit(&mut pair, 0);
    assert_eq!(told(&mut pair, 0), []);
}

#[test]
fn a_free_bearer_is_told_to_who_found_it_taken() {
    let (mut pair, central, _, _) = Pair::connected(251);
    let now = pair.now;
    for is_wanted in [false, true, false] {
        let ticket = pair.core(0).request(now, central, &READ).unwrap();
        pair.pump();
        if is_wanted {
            assert_eq!(pair.core(0).request(now, central, &READ), Err(Error::Busy));
        }
        let Poll::Ready(Ok(answer)) = pair.core(0).answer(ticket) else { panic!("no answer") };
        pair.core(0).free_answer(answer);
        let expected: &[Event] = if is_wanted { &[Event::Client(0)] } else { &[] };
        assert_eq!(told(&mut pair, 0), expected);
    }
}

#[test]
fn blocks_that_come_back_are_told_to_who_found_too_few() {
    let (mut pair, central, _, _) = Pair::connected(251);
    let now = pair.now;
    let ticket = pair.core(0).request(now, central, &READ).unwrap();
    pair.pump();
    let Poll::Ready(Ok(answer)) = pair.core(0).answer(ticket) else { panic!("no answer") };
    // 16 values of 177 octets take the other 48 blocks, and one is in use.
    let open = |core: &mut Core<'_>| {
        core.open_subscription(central, VALUE, Updates::NOTIFY, 16, Some(177), Policy::DropOldest)
    };
    assert_eq!(open(&mut pair.core(0)), Err(Error::Full(Resource::Blocks)));
    pair.core(0).free_answer(answer);
    assert_eq!(told(&mut pair, 0), [Event::Pool]);
    assert!(open(&mut pair.core(0)).is_ok());
}

#[test]
fn a_deadline_is_told_when_it_begins() {
    let mut pair = Pair::new(251);
    let now = pair.now;
    assert_eq!(pair.core(0).take_sooner(), None);
    pair.core(0).start();
    transmit(&mut pair, 0);
    let first = pair.core(0).poll_timeout();
    assert!(first.is_some());
    assert_eq!(pair.core(0).take_sooner(), first);
    assert_eq!(pair.core(0).take_sooner(), None);

    let (mut pair, central, _, _) = Pair::connected(251);
    // The bring-up and the connection: none is before this.
    let sooner = pair.core(0).take_sooner().expect("deadlines have begun");
    assert!(pair.core(0).poll_timeout().is_some_and(|at| sooner <= at));
    // 30 s for a request, before the 60 s of the link.
    pair.core(0).request(now, central, &READ).unwrap();
    assert_eq!(pair.core(0).take_sooner(), pair.core(0).poll_timeout());
}

#[test]
fn a_host_that_is_off_waits_for_nothing() {
    let mut pair = Pair::new(251);
    pair.core(0).start();
    pair.pump();
    pair.core(0).stop();
    pair.air.controllers[0].silent = true;
    pair.pump();
    let now = pair.now;
    // Reset is answered by a controller that takes no other command.
    pair.core(0).handle_packet(now, Packet::new(PacketKind::Event, &[0x0e, 4, 0, 0x03, 0x0c, 0]));
    assert_eq!((pair.core(0).power(), pair.core(0).poll_timeout()), (Power::Off, None));
}
