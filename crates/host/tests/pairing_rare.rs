//! What seldom befalls a pairing: things that cross, a controller or an accelerator that refuses, buffers that are too small.
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

use core::task::Poll;
use jelling_host::{
    wire::{
        Secret,
        hci::Status,
        smp::{IoCapability, Keypress, Reason},
    },
    *,
};
use support::{
    cases::{Case, Way, begin, cases, is_paired, own_oob, still_pairs},
    pairing::Bench,
    refused::{ended, is_refused, nothing_is_left},
    smp::*,
};

const JUST_WORKS: [Case; 2] = [
    Case { way: Way::JustWorks, secure: true, central: true },
    Case { way: Way::JustWorks, secure: true, central: false },
];

#[test]
fn a_link_may_refuse_what_the_host_allows() {
    let mut bench = Bench::new(Config::new());
    let side = bench.connect(false, 1);
    let link = bench.sides[side].link;
    bench.core().allow_pairing(link, None).unwrap();
    let request = bench.sides[side].peer.begin();
    bench.send(side, request);
    is_refused(&mut bench, side, None, 0x05, "refused");
}

#[test]
fn an_answer_before_the_question_is_none() {
    let case = JUST_WORKS[0];
    let mut bench = Bench::new(Config::new());
    let side = bench.connect(true, 1);
    let ticket = case.begin(&mut bench, side);
    // Pairing Request has not left.
    bench.say(side, &[RESPONSE, 3, 0, 9, 16, 3, 3]);
    bench.sides[side].listens = false;
    is_refused(&mut bench, side, ticket, 0x08, "too early");
}

#[test]
fn a_public_key_needs_a_buffer_of_its_length() {
    for central in [true, false] {
        let memory = Store::<Links<2, 64>, Gatt<8, 256>, Pool<8, 2>, Scan<2>, Bonds<2>>::NEW;
        let mut bench = Bench::on(Box::new(memory), Config::new(), 1);
        let side = bench.connect(central, 1);
        let ticket = JUST_WORKS[usize::from(!central)].begin(&mut bench, side);
        bench.settle();
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(0x05))));
        nothing_is_left(&mut bench, side, "no room");
        // With that room it goes.
        let memory = Store::<Links<2, 65>, Gatt<8, 256>, Pool<8, 2>, Scan<2>, Bonds<2>>::NEW;
        let mut bench = Bench::on(Box::new(memory), Config::new(), 1);
        let side = bench.connect(central, 1);
        let ticket = JUST_WORKS[usize::from(!central)].begin(&mut bench, side);
        bench.settle();
        is_paired(&mut bench, side, ticket, &JUST_WORKS[usize::from(!central)]);
    }
}

#[cfg(feature = "legacy-pairing")]
#[test]
fn data_out_of_band_are_for_one_kind_of_pairing() {
    for central in [true, false] {
        // The host has those of LE Secure Connections, the peer can do legacy pairing alone.
        let case = Case { way: Way::OutOfBand { host: true, peer: true }, secure: false, central };
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(central, 1);
        let mut settings = case.prepare(&mut bench, side);
        settings.le_secure = LeSecure::Preferred;
        settings.oob = Some(PeerOob::SecureConnections { confirm: [1; 16], random: [2; 16] });
        let ticket = begin(&mut bench, side, &settings);
        is_refused(&mut bench, side, ticket, 0x02, "of the other kind");
    }
}

#[test]
fn a_key_that_has_not_reached_the_controller_does_not_any_more() {
    // Central: the last check has come, and a refusal right behind it.
    for case in cases() {
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_encryption = true;
        loop {
            let next = bench.sides[side].to_host.front().map(|pdu| pdu[0]);
            let last = if case.secure { CHECK } else { RANDOM };
            let passkey = case.secure && matches!(case.way, Way::HostShows | Way::HostTypes | Way::BothType);
            let is_last = next == Some(last) && (!passkey || last == CHECK);
            if case.central && is_last {
                break;
            }
            if !case.central && bench.sides[side].peer.wait == Wait::Encryption && bench.sides[side].to_host.is_empty()
            {
                break;
            }
            assert!(bench.step(), "{case:?}");
        }
        let before = bench.commands.len();
        bench.sides[side].listens = false;
        if case.central {
            let pdu = bench.sides[side].to_host.pop_front().unwrap();
            bench.say(side, &pdu);
        } else {
            let key = bench.sides[side].peer.key.unwrap();
            bench.asks_for_key(side, [0; 8], [0; 2], key);
        }
        bench.say(side, &[FAILED, 0x08]);
        bench.sides[side].peer.stop();
        bench.settle();
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingRejected(Reason(0x08))), "{case:?}");
        if case.central {
            assert_eq!(bench.commands.len(), before, "{case:?}");
        } else {
            assert_eq!(bench.sides[side].refused, 1, "{case:?}");
        }
        assert!(!bench.security(side).encrypted, "{case:?}");
        bench.sides[side].asked = None;
        still_pairs(&mut bench);
    }
}

#[test]
fn a_controller_that_does_not_encrypt_says_so_at_once() {
    for case in cases().into_iter().filter(|case| case.central) {
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.encryption_status = 0x1a;
        bench.settle();
        let error = Error::EncryptionFailed(Status(0x1a));
        assert_eq!(ended(&mut bench, side, ticket), Some(error), "{case:?}");
        assert!(!bench.security(side).encrypted && bench.core().bonds().count() == 0);
        bench.encryption_status = 0;
        still_pairs(&mut bench);
    }
}

/// An accelerator that finds fault with everything.
struct Broken;

impl Crypto for Broken {
    fn public_key(&mut self, private: &[u8; 32]) -> Option<PublicKey> {
        support::pairing::Curve.public_key(private)
    }

    fn shared_secret(&mut self, _: &[u8; 32], _: &PublicKey) -> Option<Secret<32>> {
        None
    }

    fn is_on_curve(&mut self, _: &PublicKey) -> bool {
        true
    }
}

#[test]
fn an_accelerator_that_has_no_secret_ends_the_pairing() {
    for case in cases().into_iter().filter(|case| case.secure) {
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_jobs = true;
        for _ in 0..10 {
            bench.settle();
            let Some(job) = bench.core().poll_job() else { break };
            let (now, result) = (bench.now, job.run(&mut Broken));
            bench.core().finish_job(now, result);
        }
        is_refused(&mut bench, side, ticket, 0x0a, &format!("{case:?}"));
    }
}

#[test]
fn data_out_of_band_need_numbers() {
    let mut bench = Bench::new(Config::new());
    // What is no private key is drawn anew.
    bench.draws(vec![Some(vec![0; 8]); 10]);
    let own = own_oob(&mut bench);
    assert_ne!(own.random, own.confirm);
    let mut bench = Bench::new(Config::new());
    bench.draws(vec![None; 100]);
    let mut outcome = Poll::Pending;
    for _ in 0..4 {
        outcome = bench.core().own_oob();
        if outcome.is_ready() {
            break;
        }
        bench.work();
        bench.run_job();
    }
    assert_eq!(outcome, Poll::Ready(Err(Error::NotSupported)));
    bench.draws(vec![]);
    own_oob(&mut bench);
}

#[test]
fn a_passkey_that_is_shown_is_confirmed_for_nothing_and_keypresses_are_its_typist_s() {
    let case = Case::new(Way::HostShows, true);
    let mut bench = Bench::new(Config::new());
    let side = bench.connect(true, 1);
    let mut settings = case.prepare(&mut bench, side);
    settings.keypress = true;
    bench.sides[side].peer.features.requirements |= KEYPRESSES;
    let ticket = begin(&mut bench, side, &settings);
    bench.holds_user = true;
    bench.settle();
    let now = bench.now;
    let (question, _) = bench.sides[side].question.unwrap();
    assert_eq!(bench.core().send_keypress(question, Keypress::CLEARED), Err(Error::NotSupported));
    bench.core().answer_passkey(now, question, PasskeyAnswer::Confirm).unwrap();
    assert!(bench.core().passkey_is_open(question));
    bench.holds_user = false;
    bench.settle();
    is_paired(&mut bench, side, ticket, &case);
    // Typed in here: one word after the other, and none where the peer does not want them.
    let case = Case::new(Way::HostTypes, true);
    for wanted in [true, false] {
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(true, 1);
        let mut settings = case.prepare(&mut bench, side);
        settings.keypress = true;
        if wanted {
            bench.sides[side].peer.features.requirements |= KEYPRESSES;
        }
        let ticket = begin(&mut bench, side, &settings);
        bench.holds_user = true;
        bench.settle();
        let (question, _) = bench.sides[side].question.unwrap();
        let first = bench.core().send_keypress(question, Keypress::ENTRY_STARTED);
        assert_eq!(first, if wanted { Ok(()) } else { Err(Error::NotSupported) });
        if wanted {
            assert_eq!(bench.core().send_keypress(question, Keypress::DIGIT_ENTERED), Err(Error::Busy));
        }
        bench.holds_user = false;
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
        assert_eq!(bench.core().send_keypress(question, Keypress::CLEARED), Err(Error::Stale));
    }
}

#[test]
fn a_size_out_of_range_is_the_nearest_that_is_not() {
    for (asked, size, pairs) in [(0, 7, true), (6, 7, true), (17, 15, false), (17, 16, true), (255, 16, true)] {
        let mut bench = Bench::new(Config::new());
        let side = bench.connect(true, 1);
        let mut settings = JUST_WORKS[0].prepare(&mut bench, side);
        settings.key_size = asked;
        bench.sides[side].peer.features.max_key_size = size;
        begin(&mut bench, side, &settings);
        bench.settle();
        assert_eq!(bench.security(side).encrypted, pairs, "{asked} {size}");
    }
}

#[test]
fn tickets_of_the_past_are_stale_and_cancel_nothing() {
    let case = JUST_WORKS[0];
    let (mut bench, side, ticket) = case.begun(Config::new());
    let (now, link, first) = (bench.now, bench.sides[side].link, ticket.unwrap());
    bench.work();
    bench.core().cancel_pair(now, first);
    bench.sides[side].begin_anew();
    bench.settle();
    bench.sides[side].peer = Peer::new(false, Bench::address(1), Bench::OWN, 9);
    let second = case.begin(&mut bench, side);
    bench.work();
    assert_eq!(bench.core().pair_outcome(first), Poll::Ready(Err(Error::Stale)));
    bench.core().cancel_pair(now, first);
    bench.settle();
    is_paired(&mut bench, side, second, &case);
    // A link that is being ended begins nothing.
    bench.core().disconnect(link);
    assert_eq!(bench.core().pair(now, link, &PairSettings::new()), Err(Error::Disconnected));
    assert_eq!(bench.core().encrypt(now, link), Err(Error::Disconnected));
    bench.settle();
    assert_eq!(bench.core().pair(now, link, &PairSettings::new()), Err(Error::Disconnected));
}

#[test]
fn encryption_with_a_bond_goes_on_when_nobody_waits_for_it() {
    let case = JUST_WORKS[0];
    let (mut bench, side) = case.paired(Config::new());
    let key = bench.sides[side].key.unwrap();
    bench.part(side, 0x13);
    let side = bench.connect(true, 1);
    bench.sides[side].old_keys.push(([0; 8], [0; 2], key));
    let (now, link) = (bench.now, bench.sides[side].link);
    let ticket = bench.core().encrypt(now, link).unwrap();
    bench.work();
    bench.core().cancel_pair(now, ticket);
    bench.settle();
    assert!(bench.security(side).encrypted);
    // Once it is, a Security Request asks for nothing.
    bench.say(side, &[SECURITY_REQUEST, BONDING | SC]);
    bench.settle();
    assert!(!bench.sides[side].events.contains(&ConnectionEvent::SecurityRequested));
    bench.is_idle();
}

#[test]
fn settings_say_nothing_of_what_is_secret() {
    let mut settings = PairSettings::new();
    settings.oob = Some(PeerOob::SecureConnections { confirm: [0x77; 16], random: [0x88; 16] });
    settings.io = IoCapability::DISPLAY_ONLY;
    let text = format!("{settings:?} {:?} {:?}", PasskeyAction::Display(123_456), PasskeyAnswer::Input(123_456));
    assert!(
        ["119", "136", "77, 77", "88, 88", "123456", "123_456"].iter().all(|secret| !text.contains(secret)),
        "{text}"
    );
}
