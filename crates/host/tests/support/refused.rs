//! A pairing that fails, and what must be left of it: nothing.

use super::{
    cases::still_pairs,
    pairing::Bench,
    smp::{FAILED, Features},
};
use core::task::Poll;
use jelling_host::{wire::smp::Reason, *};

/// How a pairing ended.
pub(crate) fn ended(bench: &mut Bench, side: usize, ticket: Option<PairTicket>) -> Option<Error> {
    if let Some(ticket) = ticket {
        return match bench.core().pair_outcome(ticket) {
            Poll::Ready(Err(error)) => Some(error),
            _ => None,
        };
    }
    bench.sides[side].events.iter().find_map(|event| match event {
        ConnectionEvent::PairingFailed(error) => Some(*error),
        _ => None,
    })
}

/// The host ended the pairing with this reason, once; nothing is encrypted or kept, and another pairing works.
pub(crate) fn is_refused(bench: &mut Bench, side: usize, ticket: Option<PairTicket>, reason: u8, what: &str) {
    bench.settle();
    assert_eq!(bench.failures(side), [reason], "{what}");
    assert_eq!(ended(bench, side, ticket), Some(Error::PairingFailed(Reason(reason))), "{what}");
    nothing_is_left(bench, side, what);
    still_pairs(bench);
}

/// One of the two ended it for one of these reasons.
pub(crate) fn is_ended(bench: &mut Bench, side: usize, ticket: Option<PairTicket>, reasons: &[u8], what: &str) {
    bench.settle();
    let error = ended(bench, side, ticket);
    let (ours, theirs) = (bench.failures(side), bench.sides[side].peer.sent_failure);
    match error {
        Some(Error::PairingFailed(Reason(reason))) => {
            assert!(reasons.contains(&reason) && ours == [reason] && theirs.is_none(), "{what}: {ours:?} {theirs:?}");
        }
        Some(Error::PairingRejected(Reason(reason))) => {
            assert!(
                reasons.contains(&reason) && ours.is_empty() && theirs == Some(reason),
                "{what}: {ours:?} {theirs:?}"
            );
        }
        other => panic!("{what}: {other:?} {ours:?} {theirs:?}"),
    }
    nothing_is_left(bench, side, what);
    still_pairs(bench);
}

pub(crate) fn nothing_is_left(bench: &mut Bench, side: usize, what: &str) {
    let link = bench.sides[side].link;
    if bench.sides[side].up {
        assert_eq!(bench.security(side), Security::default(), "{what}");
        assert!(bench.core().bond_of(link).is_none(), "{what}");
    }
    assert_eq!(bench.core().bonds().count(), 0, "{what}");
    let told = |opcode: u8| bench.commands.iter().filter(|command| command[..2] == [opcode, 0x20]).count();
    assert_eq!((told(0x19), told(0x1a)), (0, 0), "{what}: no key reached the controller");
    bench.is_idle();
}

/// Spoils the `number`th PDU of a code (from 0).
pub(crate) fn spoil(bench: &mut Bench, code: u8, number: usize, change: impl Fn(&mut Vec<u8>) + 'static) {
    let mut seen = 0;
    bench.spoil = Some(Box::new(move |_, mut pdu| {
        if pdu[0] == code {
            if seen == number {
                change(&mut pdu);
            }
            seen += 1;
        }
        vec![pdu]
    }));
}

/// A Pairing Request, or another PDU of features.
pub(crate) fn features(code: u8, features: &Features) -> [u8; 7] {
    let Features { io, oob, requirements, max_key_size, initiator_keys, responder_keys } = *features;
    [code, io, oob, requirements, max_key_size, initiator_keys, responder_keys]
}

/// What the peer says to end a pairing.
pub(crate) const REJECTS: [u8; 2] = [FAILED, 0x08];
