//! How a session of two hosts ends: nothing is kept, and the next connection and the next pairing work.

use crate::{
    actor::{Asked, VALUE, Verb},
    table::Table,
};
use jelling_host::{Error, Security};

/// Wants everything whole: no host talks in circles, keeps something, or has broken HCI without having been provoked.
pub(super) fn ends(mut table: Table, provoked: bool) {
    let violations = table.air.take_violations();
    assert!(provoked || violations.is_empty(), "HCI was broken: {violations:?}");
    for (actor, controller) in table.actors.iter_mut().zip(&table.controllers) {
        // Its controller forgets everything without a word.
        controller.power_cycle();
        actor.let_go(table.now);
        actor.core().stop();
    }
    // Longer than any wait of a host, and than it lets a peer wait that failed to authenticate.
    assert!(table.advance(150_000_000), "the end: circles");
    is_whole(&mut table);
    // Whatever went before, the next connection works.
    table.air.set_loss(0.0);
    table.act(0, Verb::Start);
    table.act(1, Verb::Start);
    assert!(table.advance(1_000), "a fresh start: circles");
    table.introduce();
    connects(&mut table);
    table.act(0, Verb::Read { handle: VALUE, offset: 0 });
    assert!(table.advance(5_000_000), "a fresh read: circles");
    let answered = table.actors[0].answered();
    assert!(answered, "no fresh connection");
    pairs(&mut table);
    table.act(0, Verb::Disconnect);
    assert!(table.advance(10_000_000), "a fresh disconnect: circles");
    for actor in &mut table.actors {
        actor.let_go(table.now);
        actor.core().stop();
    }
    assert!(table.advance(10_000_000), "the last end: circles");
    is_whole(&mut table);
    let violations = table.air.take_violations();
    assert!(violations.is_empty(), "HCI was broken by a fresh connection: {violations:?}");
}

pub(super) fn connects(table: &mut Table) {
    table.act(1, Verb::Advertise);
    table.act(0, Verb::Connect);
    assert!(table.advance(5_000_000), "a fresh connection: circles");
}

/// Whatever bonds there are, on one side or on both, they pair: who has lost its bond says so, and its user agrees to another.
fn pairs(table: &mut Table) {
    let agreed = |table: &mut Table| -> Option<Result<Security, Error>> {
        // Just Works, and whatever bond there is gives way.
        table.act(1, Verb::Security(Asked::Allow { settings: 8, io: 3 }));
        table.act(0, Verb::Security(Asked::Pair { settings: 8, io: 3 }));
        assert!(table.advance(10_000_000), "a fresh pairing: circles");
        table.actors[0].take_paired()
    };
    // An identity that was changed on its way is nobody's.
    let knows = |table: &mut Table, who: usize| {
        let peer = table.actors[1 - who].address();
        peer.is_some_and(|peer| table.actors[who].core().find_bond(peer).is_some())
    };
    let bonded = [0, 1].map(|who| knows(table, who));
    let first = agreed(table);
    match (first, bonded) {
        (Some(Ok(_)), _) => {}
        (Some(Err(Error::BondLost)), [true, false]) => {}
        // The keys are of different pairings: the link is lost of it.
        (Some(Err(Error::Disconnected)), [true, true]) => connects(table),
        (other, _) => panic!("no fresh pairing: {other:?}, bonded: {bonded:?}"),
    }
    if !matches!(first, Some(Ok(_))) {
        table.act(0, Verb::Security(Asked::Forget));
        let again = agreed(table);
        assert!(matches!(again, Some(Ok(_))), "no fresh pairing without the bond: {again:?}");
    }
    let bonded = [0, 1].map(|who| knows(table, who));
    assert_eq!(bonded, [true, true], "no fresh bond");
}

fn is_whole(table: &mut Table) {
    for actor in &mut table.actors {
        let pools = actor.core().pools();
        let kept = pools.links.used + pools.queues.used + pools.blocks.used + pools.channels.used;
        assert_eq!((kept, pools.controller_buffers.used), (0, 0), "kept: {pools:?}");
        assert!(actor.deadline().is_none(), "time still runs");
        assert!(actor.core().is_idle(), "something goes on");
        assert!(!actor.core().has_job() || actor.core().poll_job().is_none(), "something is to be worked out");
        assert!(actor.core().take_passkey_action().is_pending(), "a user is asked");
    }
}
