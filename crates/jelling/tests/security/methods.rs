//! Which method two hosts come to, by what they can show and take in, and which side asks (Vol 3, Part H, 2.3.5.1).

use crate::support::{Did, agreed, beside, follows, pair_of, pairs};
use jelling::{Error, IoCapability, Pair, Reason, Security};

const ALL: [IoCapability; 5] = [
    IoCapability::DISPLAY_ONLY,
    IoCapability::DISPLAY_YES_NO,
    IoCapability::KEYBOARD_ONLY,
    IoCapability::NO_INPUT_NO_OUTPUT,
    IoCapability::KEYBOARD_DISPLAY,
];

/// What the users of initiator and responder do; nothing is Just Works.
const NONE: &[(usize, Did)] = &[];
const COMPARE: &[(usize, Did)] = &[(0, Did::Compared), (1, Did::Compared)];
const SHOW: &[(usize, Did)] = &[(0, Did::Read), (1, Did::Typed)];
const TYPE: &[(usize, Did)] = &[(0, Did::Typed), (1, Did::Read)];
const BOTH: &[(usize, Did)] = &[(0, Did::Typed), (1, Did::Typed)];

/// Table 2.8 for LE Secure Connections: rows are the responder's, columns the initiator's, in the order of `ALL`.
const TABLE: [[&[(usize, Did)]; 5]; 5] = [
    [NONE, NONE, TYPE, NONE, TYPE],
    [NONE, COMPARE, TYPE, NONE, COMPARE],
    [SHOW, SHOW, BOTH, NONE, SHOW],
    [NONE, NONE, NONE, NONE, NONE],
    [SHOW, COMPARE, TYPE, NONE, COMPARE],
];

/// Whether the central or the peripheral asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    Central,
    Peripheral,
}

/// A pairing of a central and a peripheral with these, both protected against a man in the middle or neither.
fn pairing(asks: Asks, [central, peripheral]: [Pair; 2]) -> (Result<Security, Error>, Vec<(usize, Did)>) {
    let mut outcome = None;
    pair_of(async |hosts, sides, _| {
        let [ours, theirs] = &sides;
        ours.allow_pairing(Some(central)).unwrap();
        theirs.allow_pairing(Some(peripheral)).unwrap();
        let (result, did) = match asks {
            Asks::Central => pairs(hosts, ours.pair(central)).await,
            Asks::Peripheral => pairs(hosts, beside(theirs.pair(peripheral), follows(ours, central))).await,
        };
        if let Ok(security) = result {
            assert_eq!(agreed(&sides).await, security);
            assert_eq!((security.encrypted, security.bonded, security.key_size), (true, true, 16));
            assert!(security.secure_connections);
            let [one, two] = sides.each_ref().map(|side| side.bond().unwrap());
            assert_eq!([one.authenticated, two.authenticated], [security.authenticated; 2]);
            assert_eq!([one.peer, two.peer], [theirs_address(ours), theirs_address(theirs)]);
        }
        outcome = Some((result, did));
    });
    outcome.unwrap()
}

fn theirs_address(side: &jelling::Connection<'_>) -> jelling_wire::Address {
    let device = side.identity().unwrap();
    let mut octets = device.octets();
    octets.reverse();
    jelling_wire::Address::new(device.kind(), octets)
}

#[test]
fn each_pair_of_capabilities_has_its_method_whoever_asks() {
    for asks in [Asks::Central, Asks::Peripheral] {
        for (row, responder) in TABLE.iter().zip(ALL) {
            for (wanted, initiator) in row.iter().zip(ALL) {
                let pair = Pair::new().mitm();
                let (result, did) = pairing(asks, [pair.io(initiator), pair.io(responder)]);
                let case = format!("{asks:?}: {initiator:?} {responder:?} {result:?}");
                assert_eq!(&did, wanted, "{case}");
                match result {
                    Ok(security) => assert!(security.authenticated && !wanted.is_empty(), "{case}"),
                    // Both want protection, and there is none to have.
                    Err(Error::PairingFailed(reason) | Error::PairingRejected(reason)) => {
                        assert_eq!((reason, wanted.is_empty()), (Reason::AUTHENTICATION_REQUIREMENTS, true), "{case}");
                    }
                    Err(_) => panic!("{case}"),
                }
            }
        }
    }
}

#[test]
fn without_protection_nobody_is_asked_whatever_there_is() {
    for asks in [Asks::Central, Asks::Peripheral] {
        for io in ALL {
            let (result, did) = pairing(asks, [Pair::new().io(io); 2]);
            assert_eq!((result.map(|security| security.authenticated), did), (Ok(false), vec![]), "{asks:?} {io:?}");
        }
    }
}

#[test]
fn one_side_that_wants_protection_is_enough() {
    let wants = Pair::new().io(IoCapability::DISPLAY_YES_NO);
    for pairs in [[wants.mitm(), wants], [wants, wants.mitm()]] {
        for asks in [Asks::Central, Asks::Peripheral] {
            let (result, did) = pairing(asks, pairs);
            assert_eq!((result.map(|security| security.authenticated), &did[..]), (Ok(true), COMPARE), "{asks:?}");
        }
    }
}
