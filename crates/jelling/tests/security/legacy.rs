//! Legacy pairing, for who turns it on (Vol 3, Part H, 2.3.5.2 to 2.3.5.5).

use crate::support::{Did, agreed, connected, pair_of, pairs, play};
use jelling::{Connection, Error, IoCapability, LeSecure, Pair, PeerOob, Reason, Security};

const OLD: Pair = Pair::new().le_secure(LeSecure::Off);
const SHOWS: IoCapability = IoCapability::DISPLAY_ONLY;
const TYPES: IoCapability = IoCapability::KEYBOARD_ONLY;

fn level(authenticated: bool) -> Security {
    Security { encrypted: true, authenticated, secure_connections: false, bonded: true, key_size: 16 }
}

/// Pairs, and encrypts again on another link with the roles as they were, and with the roles changed.
fn pairs_and_comes_back([ours, theirs]: [Pair; 2], authenticated: bool, did: &[(usize, Did)]) {
    play(async |hosts: [jelling::Host<'_>; 2], _, _| {
        let [one, two] = hosts;
        let sides: [Connection<'_>; 2] = connected(one, two, 1).await.into();
        sides[1].allow_pairing(Some(theirs)).unwrap();
        let (result, done) = pairs(hosts, sides[0].pair(ours)).await;
        assert_eq!((result, &done[..]), (Ok(level(authenticated)), did));
        assert_eq!(agreed(&sides).await, level(authenticated));
        for (central, peripheral, number) in [(one, two, 1), (two, one, 0)] {
            for host in hosts {
                for connection in host.connections().collect::<Vec<_>>() {
                    connection.disconnect().await.unwrap();
                }
            }
            let sides: [Connection<'_>; 2] = connected(central, peripheral, number).await.into();
            assert_eq!(sides[0].encrypt().await, Ok(level(authenticated)));
            assert_eq!(agreed(&sides).await, level(authenticated));
        }
    });
}

#[test]
fn just_works() {
    pairs_and_comes_back([OLD, OLD], false, &[]);
}

#[test]
fn one_shows_and_the_other_types() {
    let pair = OLD.mitm();
    pairs_and_comes_back([pair.io(SHOWS), pair.io(TYPES)], true, &[(0, Did::Read), (1, Did::Typed)]);
    pairs_and_comes_back([pair.io(TYPES), pair.io(SHOWS)], true, &[(0, Did::Typed), (1, Did::Read)]);
    pairs_and_comes_back([pair.io(TYPES), pair.io(TYPES)], true, &[(0, Did::Typed), (1, Did::Typed)]);
}

#[test]
fn both_have_the_same_key_out_of_band() {
    let pair = OLD.mitm().oob(PeerOob::Legacy { key: [0x5a; 16] });
    pairs_and_comes_back([pair, pair], true, &[]);
    pair_of(async |_, sides, _| {
        sides[1].allow_pairing(Some(OLD.mitm().oob(PeerOob::Legacy { key: [0xa5; 16] }))).unwrap();
        let result = sides[0].pair(pair).await;
        let reason = Reason::CONFIRM_VALUE_FAILED;
        assert!(
            [Err(Error::PairingFailed(reason)), Err(Error::PairingRejected(reason))].contains(&result),
            "{result:?}"
        );
    });
}

#[test]
fn nobody_falls_back_to_it_who_has_not_said_so() {
    for [ours, theirs] in [[OLD, Pair::new()], [Pair::new(), OLD]] {
        pair_of(async |hosts, sides, _| {
            sides[1].allow_pairing(Some(theirs)).unwrap();
            let result = sides[0].pair(ours).await;
            let reason = Reason::AUTHENTICATION_REQUIREMENTS;
            assert!(
                [Err(Error::PairingFailed(reason)), Err(Error::PairingRejected(reason))].contains(&result),
                "{result:?}"
            );
            assert_eq!(hosts.map(|host| host.bonds().count()), [0, 0]);
        });
    }
}

#[test]
fn who_prefers_the_better_has_it_where_both_can() {
    let prefers = Pair::new().le_secure(LeSecure::Preferred);
    for ([ours, theirs], secure) in [([prefers, prefers], true), ([prefers, OLD], false), ([OLD, prefers], false)] {
        pair_of(async |_, sides, _| {
            sides[1].allow_pairing(Some(theirs)).unwrap();
            assert_eq!(sides[0].pair(ours).await.map(|security| security.secure_connections), Ok(secure));
        });
    }
}
