//! A pairing on a link that has had a better one, or a bond: nothing gets weaker by it, and nothing looks better than it is.
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
    cases::{Case, Way, begin},
    pairing::Bench,
    refused::ended,
    smp::*,
};

/// A link that was paired by Numeric Comparison.
fn compared(central: bool) -> (Bench, usize) {
    let case = Case::new(Way::Comparison, central);
    let (mut bench, side) = case.paired(Config::new());
    bench.sides[side].events.clear();
    bench.sides[side].said.clear();
    (bench, side)
}

/// Another peer with the same address takes the place of the one that was there.
fn stranger(bench: &mut Bench, side: usize, initiates: bool) -> &mut Peer {
    let mut peer = Peer::new(initiates, Bench::address(1), Bench::OWN, 5);
    peer.numbers_from(6);
    bench.sides[side].peer = peer;
    bench.sides[side].begin_anew();
    &mut bench.sides[side].peer
}

#[test]
fn who_pairs_under_the_address_of_a_bonded_peer_without_a_bond_is_not_bonded() {
    // The bond is as weak as can be, so that nothing refuses the new pairing.
    let case = Case::new(Way::JustWorks, false);
    let (mut bench, side) = case.paired(Config::new());
    let link = bench.sides[side].link;
    let bond = bench.core().bond_of(link).unwrap();
    bench.part(side, 0x13);
    let side = bench.connect(false, 1);
    assert!(bench.security(side).bonded);
    let peer = stranger(&mut bench, side, true);
    peer.features.requirements = SC;
    (peer.features.initiator_keys, peer.features.responder_keys) = (0, 0);
    begin(&mut bench, side, &PairSettings::new());
    bench.settle();
    assert_eq!(bench.sides[side].peer.wait, Wait::Done);
    // It has not shown to have the key of the bond.
    let security = bench.security(side);
    assert!(security.encrypted && !security.bonded, "{security:?}");
    let link = bench.sides[side].link;
    assert_eq!(bench.core().bond_of(link), None);
    assert_eq!(bench.core().find_bond(bond.peer), Some(bond), "the bond is as it was");
    bench.is_idle();
}

#[test]
fn who_pairs_under_the_address_of_a_bonded_peer_is_not_bonded_before_its_keys_have_come() {
    let case = Case::new(Way::JustWorks, false);
    let (mut bench, side) = case.paired(Config::new());
    bench.part(side, 0x13);
    let side = bench.connect(false, 1);
    stranger(&mut bench, side, true);
    begin(&mut bench, side, &PairSettings::new());
    while bench.sides[side].key.is_none() {
        assert!(bench.step());
    }
    assert!(bench.security(side).encrypted && !bench.security(side).bonded);
    bench.sides[side].to_host.clear();
    bench.ask(side, &[FAILED, 0x08]);
    let security = bench.security(side);
    assert!(security.encrypted && !security.bonded, "{security:?}");
    assert_eq!(bench.core().bonds().count(), 1);
    bench.is_idle();
}

#[test]
fn an_encrypted_link_is_not_made_weaker_by_another_pairing() {
    for bonds in [true, false] {
        let (mut bench, side) = compared(false);
        let (level, link) = (bench.security(side), bench.sides[side].link);
        let bond = bench.core().bond_of(link);
        let peer = stranger(&mut bench, side, true);
        if !bonds {
            peer.features.requirements = SC;
            (peer.features.initiator_keys, peer.features.responder_keys) = (0, 0);
        }
        begin(&mut bench, side, &PairSettings::new());
        bench.settle();
        assert_eq!(bench.failures(side), [0x03], "with a bond: {bonds}");
        assert_eq!(ended(&mut bench, side, None), Some(Error::PairingFailed(Reason(0x03))));
        assert_eq!(bench.security(side), level);
        assert_eq!(bench.core().bond_of(link), bond);
        bench.is_idle();
    }
}

#[test]
fn a_shorter_key_makes_an_encrypted_link_weaker_too() {
    let (mut bench, side) = compared(false);
    let level = bench.security(side);
    stranger(&mut bench, side, true);
    let case = Case::new(Way::Comparison, false);
    let mut settings = case.prepare(&mut bench, side);
    settings.key_size = 7;
    let features = &mut bench.sides[side].peer.features;
    (features.requirements, features.max_key_size) = (SC | MITM, 15);
    begin(&mut bench, side, &settings);
    bench.settle();
    assert_eq!(bench.failures(side), [0x03]);
    assert_eq!(bench.security(side), level);
    // Where the user has agreed to it, it is as weak as that.
    stranger(&mut bench, side, true);
    settings = case.prepare(&mut bench, side);
    (settings.key_size, settings.overwrite) = (7, Overwrite::Always);
    bench.sides[side].peer.features.max_key_size = 15;
    begin(&mut bench, side, &settings);
    bench.settle();
    assert_eq!(bench.security(side), Security { key_size: 15, ..level });
}

#[test]
fn the_debug_key_encrypts_nothing_in_secure_connections_only_mode() {
    for central in [true, false] {
        let case = Case::new(Way::Comparison, central);
        let config = Config { secure_connections_only: true, debug_keys: true, ..Config::new() };
        let mut bench = Bench::new(config);
        let side = bench.connect(central, 1);
        bench.sides[side].peer.use_private(DEBUG_PRIVATE);
        let ticket = case.begin(&mut bench, side);
        bench.settle();
        assert_eq!(bench.failures(side).len(), 1, "central: {central}");
        assert!(matches!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(_))));
        assert!(!bench.security(side).encrypted);
    }
}

#[test]
fn the_debug_key_takes_the_place_of_no_bond_and_of_no_better_link() {
    let (mut bench, side) = compared(false);
    let mut config = Config { debug_keys: true, ..Config::new() };
    config.link_check = core::time::Duration::from_secs(1_000_000);
    bench.core().configure(config);
    let (level, link) = (bench.security(side), bench.sides[side].link);
    let bond = bench.core().bond_of(link);
    let case = Case::new(Way::Comparison, false);
    stranger(&mut bench, side, true).use_private(DEBUG_PRIVATE);
    case.begin(&mut bench, side);
    bench.settle();
    assert_eq!(bench.security(side), level, "the link was better");
    assert_eq!(bench.core().bond_of(link), bond);
    assert_eq!(bench.failures(side).len(), 1);
}

#[test]
fn just_works_forgives_nothing() {
    let case = Case::new(Way::Comparison, false);
    let mut bench = Bench::new(Config::new());
    let side = bench.connect(false, 1);
    let attempt = |bench: &mut Bench| {
        bench.sides[side].said.clear();
        stranger(bench, side, true);
        support::refused::spoil(bench, CHECK, 0, |pdu| pdu[1] ^= 1);
        case.begin(bench, side);
        bench.settle();
        bench.failures(side)
    };
    let mut waits = 0;
    for _ in 0..3 {
        assert_eq!(attempt(&mut bench), [0x0b]);
    }
    while attempt(&mut bench) == [0x09] {
        bench.pass(core::time::Duration::from_millis(100));
        waits += 1;
    }
    assert!(waits > 0);
    bench.pass(core::time::Duration::from_secs(100));
    // Nobody has authenticated by this.
    stranger(&mut bench, side, true);
    bench.spoil = None;
    begin(&mut bench, side, &PairSettings::new().no_bond());
    bench.settle();
    assert!(bench.security(side).encrypted);
    bench.part(side, 0x13);
    let side = bench.connect(false, 1);
    support::refused::spoil(&mut bench, CHECK, 0, |pdu| pdu[1] ^= 1);
    case.begin(&mut bench, side);
    bench.settle();
    assert_eq!(bench.failures(side), [0x0b]);
    stranger(&mut bench, side, true);
    bench.spoil = None;
    bench.sides[side].said.clear();
    case.begin(&mut bench, side);
    bench.settle();
    assert_eq!(bench.failures(side), [0x09]);
}

#[test]
fn a_bond_of_legacy_pairing_is_not_what_asks_for_secure_connections() {
    for case in
        support::cases::cases().into_iter().filter(|case| !case.secure && case.way == Way::JustWorks && !case.central)
    {
        let (mut bench, side) = case.paired(Config::new());
        let (key, diversifier, random) = bench.sides[side].peer.theirs.long_term.unwrap();
        bench.part(side, 0x13);
        for only_encrypts in [false, true] {
            let side = bench.connect(false, 1);
            bench.sides[side].listens = false;
            let (now, link) = (bench.now, bench.sides[side].link);
            let ticket = match only_encrypts {
                true => bench.core().encrypt(now, link).unwrap(),
                false => bench.core().pair(now, link, &PairSettings::new()).unwrap(),
            };
            bench.work();
            bench.encrypt(side, random, diversifier, key);
            bench.settle();
            assert!(bench.security(side).encrypted);
            let outcome = bench.core().pair_outcome(ticket);
            assert_eq!(outcome.is_ready(), only_encrypts, "{outcome:?}");
            bench.part(side, 0x13);
        }
    }
}

#[test]
fn a_peripheral_does_not_ask_for_what_it_would_not_answer() {
    // Secure Connections Only mode has no use for a weak bond: nobody waits for its key.
    let case = Case::new(Way::JustWorks, false);
    let (mut bench, side) = case.paired(Config::new());
    bench.part(side, 0x13);
    let mut config = Config { secure_connections_only: true, ..Config::new() };
    config.link_check = core::time::Duration::from_secs(1_000_000);
    bench.core().configure(config);
    for central in [true, false] {
        let side = bench.connect(central, 1);
        let (now, link) = (bench.now, bench.sides[side].link);
        let outcome = match bench.core().encrypt(now, link) {
            Ok(ticket) => bench.core().pair_outcome(ticket),
            Err(error) => core::task::Poll::Ready(Err(error)),
        };
        assert_eq!(outcome, core::task::Poll::Ready(Err(Error::NotBonded)), "central: {central}");
        bench.work();
        assert!(bench.sides[side].said.is_empty());
        bench.part(side, 0x13);
    }
}
