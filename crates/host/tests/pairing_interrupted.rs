//! Pairings whose host is stopped, whose controller fails, whose user or number generator takes its time: they end, or go on, as they should.
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
use jelling_host::{wire::PacketKind, *};
use support::{
    cases::{Case, Way, cases, is_paired, own_oob, still_pairs},
    pairing::Bench,
    refused::ended,
    smp::*,
};

#[test]
fn the_time_begins_anew_with_each_pdu_of_ours() {
    // Vol 3, Part H, 3.4: also with one that had to wait for a user, or for a multiplication.
    for case in cases().into_iter().filter(|case| matches!(case.way, Way::HostTypes | Way::Comparison) && case.central)
    {
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_user = true;
        bench.settle();
        bench.pass(Duration::from_secs(29));
        assert!(bench.sides[side].question.is_some());
        // The user acts; what the host says of it is answered two seconds later.
        bench.holds_user = false;
        let said = bench.sides[side].said.len();
        while bench.sides[side].said.len() == said {
            assert!(bench.step());
        }
        bench.pass(Duration::from_secs(29));
        assert_eq!(ended(&mut bench, side, ticket), None, "{case:?}");
        bench.settle();
        is_paired(&mut bench, side, ticket, &case);
    }
    for case in cases().into_iter().filter(|case| case.secure && case.central) {
        let (mut bench, side, ticket) = case.begun(Config::new());
        bench.holds_jobs = true;
        loop {
            bench.settle();
            bench.pass(Duration::from_secs(20));
            let said = bench.sides[side].said.len();
            if !bench.run_job() {
                break;
            }
            if bench.sides[side].said.len() > said {
                bench.pass(Duration::from_secs(20));
            }
        }
        is_paired(&mut bench, side, ticket, &case);
    }
}

/// Plays a pairing again and again, and does something after each of its steps.
fn after_each_step(case: &Case, mut act: impl FnMut(&mut Bench, usize, Option<PairTicket>, usize)) {
    for steps in 0..200 {
        let (mut bench, side, ticket) = case.begun(Config::new());
        (0..steps).for_each(|_| _ = bench.step());
        if bench.sides[side].peer.wait == Wait::Done && bench.core().bonds().count() == 1 {
            return assert!(steps > 3);
        }
        act(&mut bench, side, ticket, steps);
    }
    panic!("{case:?} is never over");
}

#[test]
fn the_host_is_stopped_at_each_step() {
    for case in cases() {
        after_each_step(&case, |bench, side, ticket, step| {
            let question = bench.sides[side].question;
            bench.core().stop();
            bench.work();
            // No time has passed.
            assert_eq!(bench.core().power(), Power::Off, "{case:?} after {step}");
            if let Some(ticket) = ticket {
                let outcome = bench.core().pair_outcome(ticket);
                assert_eq!(outcome, Poll::Ready(Err(Error::Disconnected)), "{case:?} after {step}");
            }
            if let Some((question, _)) = question {
                assert!(!bench.core().passkey_is_open(question));
            }
            assert!(bench.core().bonds().count() == 0 && bench.core().poll_timeout().is_none());
            bench.core().start();
            bench.work();
            bench.sides[side].up = false;
            still_pairs(bench);
        });
    }
}

#[test]
fn the_controller_fails_at_each_step() {
    for case in cases() {
        after_each_step(&case, |bench, side, ticket, step| {
            let job = bench.core().poll_job();
            bench.sides[side].up = false;
            bench.hear(PacketKind::Event, &[0x10, 1, 0x42]);
            bench.work();
            assert_eq!(bench.core().power(), Power::Up, "{case:?} after {step}");
            if let Some(ticket) = ticket {
                let outcome = bench.core().pair_outcome(ticket);
                assert_eq!(outcome, Poll::Ready(Err(Error::Disconnected)), "{case:?} after {step}");
            }
            assert_eq!(bench.core().bonds().count(), 0);
            // A job that was taken before comes to nothing, but for one of a key pair out of band.
            if let Some(job) = job {
                let (now, result) = (bench.now, job.run(&mut support::pairing::Curve));
                bench.core().finish_job(now, result);
            }
            while bench.run_job() {}
            // After that the next fault is another one.
            bench.pass(Duration::from_secs(11));
            still_pairs(bench);
        });
    }
}

#[test]
fn what_is_told_out_of_band_is_random_after_a_failure_too() {
    for drawn in 0..6 {
        let mut bench = Bench::new(Config::new());
        let mut draws: Vec<Option<Vec<u8>>> = (0..drawn).map(|number| Some(vec![number + 1; 8])).collect();
        draws.push(None);
        bench.draws(draws);
        let mut failed = false;
        for _ in 0..10 {
            match bench.core().own_oob() {
                Poll::Ready(Err(_)) => failed = true,
                Poll::Ready(Ok(_)) => break,
                Poll::Pending => {}
            }
            bench.work();
            bench.run_job();
        }
        let own = own_oob(&mut bench);
        assert!(failed, "after {drawn}");
        assert_ne!(own.random, [0; 16], "after {drawn}");
        assert!(own.random.chunks(8).all(|half| half != [0; 8]), "after {drawn}");
    }
}

#[test]
fn a_disconnect_that_is_owed_ends_what_goes_on() {
    for case in cases() {
        after_each_step(&case, |bench, side, ticket, step| {
            let (link, said) = (bench.sides[side].link, bench.sides[side].said.len());
            bench.core().disconnect(link);
            // The peer goes on meanwhile.
            while let Some(pdu) = bench.sides[side].to_host.pop_front() {
                bench.say(side, &pdu);
            }
            let request = bench.sides[side].peer.begin();
            bench.say(side, &request[0]);
            while let Some(job) = bench.core().poll_job() {
                let (now, result) = (bench.now, job.run(&mut support::pairing::Curve));
                bench.core().finish_job(now, result);
            }
            bench.work();
            assert!(!bench.sides[side].up && bench.sides[side].said.len() <= said + 1, "{case:?} after {step}");
            if let Some(ticket) = ticket {
                let outcome = bench.core().pair_outcome(ticket);
                assert_eq!(outcome, Poll::Ready(Err(Error::Disconnected)), "{case:?} after {step}");
            }
            assert_eq!(bench.core().bonds().count(), 0);
            still_pairs(bench);
        });
    }
}
