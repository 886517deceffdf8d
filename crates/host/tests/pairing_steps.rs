//! What can befall a pairing at each of its steps: the link ends, nobody says anything more, one of the two gives up.
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

use core::{task::Poll, time::Duration};
use jelling_host::{wire::smp::Reason, *};
use support::{
    cases::{Case, Way, begin, cases, is_paired, still_pairs},
    pairing::Bench,
    refused::ended,
    smp::*,
};

/// Plays a pairing again and again, and does something after each of its steps while it is not over; of 20 rounds of a passkey after
/// those of the first and the last. Where the peer is central, it begins by itself, and because the host has asked for it.
fn at_each_step(case: &Case, mut act: impl FnMut(&mut Bench, usize, Option<PairTicket>, usize)) {
    for asks in [false, true].into_iter().filter(|asks| !asks || !case.central) {
        let begun = || if asks { asked(case) } else { case.begun(Config::new()) };
        let is_over = |bench: &mut Bench, side: usize| {
            bench.work();
            bench.sides[side].peer.wait == Wait::Done && bench.core().bonds().count() == 1
        };
        let (mut bench, side, _) = begun();
        let all = (0..200).find(|_| is_over(&mut bench, side) || !bench.step()).expect("an end");
        assert!(all > 3, "{case:?}");
        for steps in (0..all).filter(|steps| *steps < 14 || steps + 12 > all) {
            let (mut bench, side, ticket) = begun();
            (0..steps).for_each(|_| _ = bench.step());
            assert!(!is_over(&mut bench, side), "{case:?}");
            // Before the first PDU of the central there is no pairing.
            if case.central || bench.sides[side].said.iter().any(|pdu| pdu[0] == RESPONSE) {
                act(&mut bench, side, ticket, steps);
            }
        }
    }
}

/// The host, as peripheral, asks its central to begin.
fn asked(case: &Case) -> (Bench, usize, Option<PairTicket>) {
    let mut bench = Bench::new(Config::new());
    let side = bench.connect(false, 1);
    let settings = case.prepare(&mut bench, side);
    let (now, link) = (bench.now, bench.sides[side].link);
    let ticket = bench.core().pair(now, link, &settings).unwrap();
    (bench, side, Some(ticket))
}

#[test]
fn the_link_ends_at_each_step() {
    for case in cases() {
        at_each_step(&case, |bench, side, ticket, step| {
            let question = bench.sides[side].question;
            bench.part(side, 0x08);
            let now = bench.now;
            if let Some(ticket) = ticket {
                let outcome = bench.core().pair_outcome(ticket);
                assert_eq!(outcome, Poll::Ready(Err(Error::Disconnected)), "{case:?} after {step}");
            }
            if let Some((question, _)) = question {
                assert!(!bench.core().passkey_is_open(question));
                let late = bench.core().answer_passkey(now, question, PasskeyAnswer::Confirm);
                assert_eq!(late, Err(Error::Disconnected), "{case:?} after {step}");
            }
            assert_eq!(bench.core().bonds().count(), 0, "{case:?} after {step}");
            still_pairs(bench);
        });
    }
}

#[test]
fn the_controller_fails_at_each_step() {
    for case in cases() {
        at_each_step(&case, |bench, side, ticket, step| {
            let question = bench.sides[side].question;
            bench.fail_controller();
            if let Some(ticket) = ticket {
                let outcome = bench.core().pair_outcome(ticket);
                assert_eq!(outcome, Poll::Ready(Err(Error::Disconnected)), "{case:?} after {step}");
            }
            assert!(question.is_none_or(|(question, _)| !bench.core().passkey_is_open(question)));
            assert_eq!(bench.core().bonds().count(), 0, "{case:?} after {step}");
            // So long it counts how often that happens.
            bench.pass(Duration::from_secs(10));
            still_pairs(bench);
        });
    }
}

#[test]
fn nobody_says_anything_more_at_each_step() {
    for case in cases() {
        at_each_step(&case, |bench, side, ticket, step| {
            bench.sides[side].to_host.clear();
            bench.sides[side].listens = false;
            (bench.holds_user, bench.holds_encryption) = (true, true);
            while bench.step() {}
            let question = bench.sides[side].question;
            let said = bench.sides[side].said.len();
            let before = bench.security(side);
            bench.pass(Duration::from_secs(29));
            assert_eq!(ended(bench, side, ticket), None, "{case:?} after {step}");
            bench.pass(Duration::from_secs(2));
            assert_eq!(ended(bench, side, ticket), Some(Error::Timeout), "{case:?} after {step}");
            // Vol 3, Part H, 3.4: nothing more is said, and no pairing begins on this link.
            assert_eq!(bench.sides[side].said.len(), said, "{case:?} after {step}");
            for pdu in [&[REQUEST, 3, 0, 9, 16, 3, 3][..], &[RESPONSE, 3, 0, 9, 16, 3, 3], &[CONFIRM; 17], &[0x0f], &[]]
            {
                assert!(bench.ask(side, pdu).is_empty(), "{case:?} after {step}");
            }
            let (now, link) = (bench.now, bench.sides[side].link);
            assert_eq!(bench.core().pair(now, link, &PairSettings::new()), Err(Error::Timeout));
            if let Some((question, _)) = question {
                let late = bench.core().answer_passkey(now, question, PasskeyAnswer::Reject);
                assert_eq!(late, Err(Error::Stale), "{case:?} after {step}");
            }
            assert_eq!(bench.security(side), before, "{case:?} after {step}");
            assert_eq!(bench.core().bonds().count(), 0, "{case:?} after {step}");
            bench.is_idle();
            still_pairs(bench);
        });
    }
}

#[test]
fn the_peer_gives_up_at_each_step() {
    for case in cases() {
        at_each_step(&case, |bench, side, ticket, step| {
            bench.sides[side].to_host.clear();
            bench.sides[side].listens = false;
            assert!(bench.ask(side, &[FAILED, 0x08]).is_empty(), "a refusal is not refused: {case:?} after {step}");
            while bench.run_job() {}
            assert!(bench.failures(side).is_empty(), "{case:?} after {step}");
            let error = Error::PairingRejected(Reason(0x08));
            assert_eq!(ended(bench, side, ticket), Some(error), "{case:?} after {step}");
            assert_eq!(bench.core().bonds().count(), 0, "{case:?} after {step}");
            again(bench, side, &case);
        });
    }
}

/// On the same link, with a peer that has forgotten all about it.
fn again(bench: &mut Bench, side: usize, case: &Case) {
    // What the controller was asked for before takes its course.
    if bench.sides[side].asked.is_some() {
        bench.conclude(side);
    }
    bench.work();
    bench.is_idle();
    let mut peer = Peer::new(!case.central, Bench::address(1), Bench::OWN, 77);
    peer.numbers_from(78);
    let at = &mut bench.sides[side];
    (at.peer, at.listens) = (peer, true);
    at.said.clear();
    at.events.clear();
    at.begin_anew();
    let ticket = case.begin(bench, side);
    bench.settle();
    is_paired(bench, side, ticket, case);
}

#[test]
fn the_host_gives_up_at_each_step() {
    for case in cases() {
        at_each_step(&case, |bench, side, ticket, step| {
            let now = bench.now;
            let Some(ticket) = ticket else { return };
            // The last PDUs are on their way: what has begun cannot be stopped any more where the pairing is over for the host.
            if bench.core().pair_outcome(ticket).is_ready() {
                return;
            }
            bench.core().cancel_pair(now, ticket);
            bench.work();
            bench.sides[side].to_host.clear();
            while bench.run_job() {}
            assert_eq!(bench.failures(side).len(), 1, "{case:?} after {step}");
            assert_eq!(bench.core().pair_outcome(ticket), Poll::Ready(Err(Error::Stale)));
            assert!(bench.sides[side].events.iter().all(|event| !matches!(event, ConnectionEvent::PairingFailed(_))));
            assert_eq!(bench.core().bonds().count(), 0, "{case:?} after {step}");
            again(bench, side, &case);
        });
    }
}

#[test]
fn what_was_on_its_way_when_the_host_gave_up_does_not_spoil_the_next_pairing() {
    for (case, goes_out_first) in cases().into_iter().flat_map(|case| [false, true].map(|first| (case, first))) {
        if !case.central {
            continue;
        }
        at_each_step(&case, |bench, side, ticket, _| {
            let now = bench.now;
            let ticket = ticket.expect("the host is central");
            if bench.core().pair_outcome(ticket).is_ready() {
                return;
            }
            bench.core().cancel_pair(now, ticket);
            if bench.sides[side].asked.is_some() {
                bench.conclude(side);
            }
            if goes_out_first {
                bench.work();
            }
            let mut late = core::mem::take(&mut bench.sides[side].to_host);
            let mut peer = Peer::new(false, Bench::address(1), Bench::OWN, 77);
            peer.numbers_from(78);
            let at = &mut bench.sides[side];
            at.peer = peer;
            at.said.clear();
            at.begin_anew();
            let ticket = case.begin(bench, side);
            if !goes_out_first && let Some(pdu) = late.pop_front() {
                bench.say(side, &pdu);
            }
            bench.work();
            late.append(&mut bench.sides[side].to_host);
            bench.sides[side].to_host = late;
            bench.settle();
            is_paired(bench, side, ticket, &case);
        });
    }
}

#[test]
fn a_job_that_is_done_when_its_pairing_is_over_changes_nothing() {
    for case in cases() {
        at_each_step(&case, |bench, side, ticket, step| {
            bench.holds_jobs = true;
            let Some(job) = bench.core().poll_job() else { return };
            // The pairing fails, another begins on the link, and asks for a job of its own.
            bench.sides[side].to_host.clear();
            bench.ask(side, &[FAILED, 0x08]);
            assert_eq!(ended(bench, side, ticket), Some(Error::PairingRejected(Reason(0x08))));
            let mut peer = Peer::new(!case.central, Bench::address(1), Bench::OWN, 77);
            peer.numbers_from(78);
            let at = &mut bench.sides[side];
            at.peer = peer;
            at.said.clear();
            at.events.clear();
            at.begin_anew();
            let ticket = case.begin(bench, side);
            bench.settle();
            let (now, result) = (bench.now, job.run(&mut support::pairing::Curve));
            bench.core().finish_job(now, result);
            bench.holds_jobs = false;
            bench.settle();
            assert!(bench.failures(side).is_empty(), "{case:?} after {step}");
            is_paired(bench, side, ticket, &case);
        });
    }
}

#[test]
fn users_reject_answer_late_and_answer_nonsense() {
    for case in cases() {
        let reason = match case.way {
            Way::Comparison => 0x0c,
            Way::HostShows | Way::HostTypes | Way::BothType => 0x01,
            _ => continue,
        };
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_user = true;
        bench.settle();
        let now = bench.now;
        let (question, action) = bench.sides[side].question.expect("a question");
        let nonsense: &[PasskeyAnswer] = match action {
            PasskeyAction::Input => {
                &[PasskeyAnswer::Confirm, PasskeyAnswer::Input(1_000_000), PasskeyAnswer::Input(u32::MAX)]
            }
            PasskeyAction::Compare(_) => &[PasskeyAnswer::Input(123_456)],
            PasskeyAction::Display(_) => &[PasskeyAnswer::Input(123_456)],
        };
        for answer in nonsense {
            let refused = bench.core().answer_passkey(now, question, *answer);
            assert!(matches!(refused, Err(Error::InvalidArgument(_))), "{case:?}: {refused:?}");
            assert!(bench.core().passkey_is_open(question));
        }
        bench.core().answer_passkey(now, question, PasskeyAnswer::Reject).unwrap();
        assert!(!bench.core().passkey_is_open(question));
        assert_eq!(bench.core().answer_passkey(now, question, PasskeyAnswer::Reject), Err(Error::Stale), "{case:?}");
        bench.settle();
        assert_eq!(bench.failures(side), [reason], "{case:?}");
        assert_eq!(bench.sides[side].peer.got_failure, Some(reason));
        assert_eq!(ended(&mut bench, side, ticket), Some(Error::PairingFailed(Reason(reason))));
        assert!(!bench.security(side).encrypted);
        still_pairs(&mut bench);
    }
}

#[test]
fn one_thing_at_a_time_is_begun_on_a_link() {
    for case in cases().into_iter().filter(|case| case.central) {
        at_each_step(&case, |bench, side, ticket, step| {
            let (now, link, ticket) = (bench.now, bench.sides[side].link, ticket.unwrap());
            let settings = case.settings();
            assert_eq!(bench.core().pair(now, link, &settings), Err(Error::Busy), "{case:?} after {step}");
            assert_eq!(bench.core().encrypt(now, link), Err(Error::Busy), "{case:?} after {step}");
            bench.settle();
            is_paired(bench, side, Some(ticket), &case);
            // Encrypted, and as well as is asked for: there is nothing to do.
            let said = bench.sides[side].said.len();
            let ticket = bench.core().pair(now, link, &settings).unwrap();
            bench.settle();
            assert!(bench.core().pair_outcome(ticket).is_ready() && bench.sides[side].said.len() == said);
        });
    }
}

#[test]
fn a_security_request_that_nobody_follows_ends_after_its_time() {
    let case = Case::new(Way::JustWorks, false);
    let mut bench = Bench::new(Config::new());
    let side = bench.connect(false, 1);
    let settings = case.prepare(&mut bench, side);
    bench.sides[side].listens = false;
    let (now, link) = (bench.now, bench.sides[side].link);
    let ticket = bench.core().pair(now, link, &settings).unwrap();
    bench.settle();
    assert_eq!(bench.sides[side].said, [[SECURITY_REQUEST, BONDING | SC]]);
    bench.pass(Duration::from_secs(31));
    assert_eq!(bench.core().pair_outcome(ticket), Poll::Ready(Err(Error::Timeout)));
    bench.is_idle();
    still_pairs(&mut bench);
}

#[test]
fn a_pairing_request_again_ends_the_pairing() {
    for case in cases().into_iter().filter(|case| !case.central) {
        at_each_step(&case, |bench, side, ticket, step| {
            let request = bench.sides[side].peer.request;
            bench.sides[side].to_host.clear();
            let answers = bench.ask(side, &request);
            assert_eq!(answers, [[FAILED, 0x08]], "{case:?} after {step}");
            while bench.run_job() {}
            assert_eq!(ended(bench, side, ticket), Some(Error::PairingFailed(Reason(0x08))), "{case:?} after {step}");
            assert_eq!(bench.core().bonds().count(), 0);
            again(bench, side, &case);
        });
    }
}

#[test]
fn a_bond_gives_way_to_nothing_weaker() {
    for central in [true, false] {
        let strong = Case::new(Way::Comparison, central);
        let (mut bench, side) = strong.paired(Config::new());
        let key = bench.sides[side].key;
        let link = bench.sides[side].link;
        let bond = bench.core().bond_of(link).unwrap();
        // On a fresh link a peer with this address that can only do Just Works; or, asked for it, with a shorter key.
        bench.part(side, 0x13);
        let weaker: [(Case, u8); 2] = [(Case::new(Way::JustWorks, central), 16), (strong, 15)];
        for (case, size) in weaker {
            let side = bench.connect(central, 1);
            let mut settings = case.prepare(&mut bench, side);
            settings.key_size = 7;
            if central {
                // Pairing is asked for in vain: there is a bond, and the peer has lost its key.
                let (now, link) = (bench.now, bench.sides[side].link);
                let ticket = bench.core().pair(now, link, &settings).unwrap();
                bench.settle();
                assert_eq!(bench.core().pair_outcome(ticket), Poll::Ready(Err(Error::BondLost)));
                assert!(bench.sides[side].events.contains(&ConnectionEvent::BondLost));
                assert!(bench.sides[side].said.is_empty(), "nothing is paired anew by itself");
            } else {
                bench.sides[side].peer.features.max_key_size = size;
                begin(&mut bench, side, &settings);
                bench.settle();
                assert_eq!(bench.failures(side), [0x03], "{case:?} {size}");
            }
            let link = bench.sides[side].link;
            assert_eq!(bench.core().bond_of(link), Some(bond.clone()));
            assert!(!bench.security(side).encrypted);
            bench.part(side, 0x13);
            bench.is_idle();
        }
        // As strong a one takes its place, and so does a weaker one where that was agreed to.
        if !central {
            let side = bench.connect(false, 1);
            strong.begin(&mut bench, side);
            bench.settle();
            is_paired(&mut bench, side, None, &strong);
            assert_ne!(bench.sides[side].key, key);
            bench.part(side, 0x13);
            let case = Case::new(Way::JustWorks, false);
            let side = bench.connect(false, 1);
            let mut settings = case.prepare(&mut bench, side);
            settings.overwrite = Overwrite::Always;
            begin(&mut bench, side, &settings);
            bench.settle();
            is_paired(&mut bench, side, None, &case);
        }
    }
}
