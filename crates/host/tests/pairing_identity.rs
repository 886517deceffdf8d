//! Identities that belong to somebody else, and bonds that find no room.
#![cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
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

use jelling_host::{wire::smp::Reason, *};
use support::{
    cases::{Case, Way, is_paired},
    pairing::Bench,
    refused::ended,
    smp::*,
};

const JUST_WORKS: [Case; 2] = [
    Case { way: Way::JustWorks, secure: true, central: true },
    Case { way: Way::JustWorks, secure: true, central: false },
];

/// A peer whose address tells nothing says that it is the first one.
fn claims(bench: &mut Bench, case: &Case) -> (usize, Option<PairTicket>) {
    let resolvable = [1, 0x4a, 1, 2, 3, 4, 5];
    let side = bench.connect_peer(case.central, Peer::new(!case.central, resolvable, Bench::OWN, 40));
    bench.sides[side].peer.ours.identity = Some(Bench::address(1));
    let ticket = case.begin(bench, side);
    bench.settle();
    (side, ticket)
}

#[test]
fn who_shows_its_identity_is_no_other() {
    for case in JUST_WORKS {
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(case.central, 2);
        bench.sides[side].peer.ours.identity = Some(Bench::address(1));
        case.begin(&mut bench, side);
        bench.settle();
        let link = bench.sides[side].link;
        assert_eq!(bench.core().bond_of(link).unwrap().peer, Bench::known(Bench::address(2)));
        assert_eq!(bench.core().find_bond(Bench::known(Bench::address(1))), None);
    }
}

#[test]
fn an_identity_that_is_bonded_more_strongly_is_not_taken_over() {
    for central in [true, false] {
        let strong = Case::new(Way::Comparison, central);
        let (mut bench, side) = strong.paired(Config::new());
        let link = bench.sides[side].link;
        let bond = bench.core().bond_of(link).unwrap();
        for there in [true, false] {
            if !there {
                bench.part(side, 0x13);
            }
            let (thief, ticket) = claims(&mut bench, &JUST_WORKS[usize::from(!central)]);
            let error = Some(Error::PairingFailed(Reason(0x03)));
            assert_eq!(ended(&mut bench, thief, ticket), error, "{central} {there}");
            assert_eq!(bench.core().find_bond(bond.peer), Some(bond.clone()));
            let link = bench.sides[thief].link;
            assert_eq!(bench.core().bond_of(link), None);
            assert!(!bench.security(thief).bonded);
            bench.part(thief, 0x13);
        }
        bench.is_idle();
    }
}

#[test]
fn a_bond_does_not_change_under_the_peer_that_is_connected() {
    for central in [true, false] {
        let case = JUST_WORKS[usize::from(!central)];
        let (mut bench, side) = case.paired(Config::new());
        let link = bench.sides[side].link;
        let bond = bench.core().bond_of(link).unwrap();
        // Just as weak, and so it may take the place of the bond; but not while its owner is there and encrypted with it.
        let (thief, ticket) = claims(&mut bench, &case);
        assert_eq!(ended(&mut bench, thief, ticket), Some(Error::PairingFailed(Reason(0x03))));
        assert_eq!(bench.core().bond_of(link), Some(bond));
        assert!(bench.security(side).bonded && !bench.security(thief).bonded);
        bench.part(thief, 0x13);
        bench.part(side, 0x13);
        bench.is_idle();
    }
}

#[test]
fn a_pairing_that_finds_no_room_for_its_bond_says_so() {
    for central in [true, false] {
        let case = JUST_WORKS[usize::from(!central)];
        let memory = Store::<Links<2, 80>, Gatt<8, 256>, Pool<8, 2>, Scan<2>, Bonds<1>>::NEW;
        let mut bench = Bench::on(Box::new(memory), Config::new(), 1);
        let first = bench.connect(central, 1);
        let ticket = case.begin(&mut bench, first);
        bench.settle();
        is_paired(&mut bench, first, ticket, &case);
        let second = bench.connect(central, 2);
        let ticket = case.begin(&mut bench, second);
        bench.settle();
        assert_eq!(ended(&mut bench, second, ticket), Some(Error::Full(Resource::Bonds)));
        let security = bench.security(second);
        assert!(security.encrypted && !security.bonded, "{security:?}");
        // Whose bond it is keeps it.
        assert!(bench.security(first).bonded);
        // The next one drives out a peer that is not there.
        bench.part(first, 0x13);
        bench.part(second, 0x13);
        let third = bench.connect(central, 3);
        let ticket = case.begin(&mut bench, third);
        bench.settle();
        is_paired(&mut bench, third, ticket, &case);
    }
}
