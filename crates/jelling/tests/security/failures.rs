//! Pairings that fail: at once, with their reason at both sides, and nothing changes.

use crate::support::{User, beside, pair_of, refusals, timed};
use core::{convert::Infallible, future::Future};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Connection, ConnectionEvent, Error, Host, IoCapability, Pair, PasskeyAction, Reason, Security};

/// The error of a pairing that one side begins, and what the other is told. It takes less than a second.
async fn fails([ours, theirs]: &[Connection<'_>; 2], pair: Pair, user: impl Future<Output = Infallible>) -> [Error; 2] {
    let both = join(timed(ours.pair(pair)), theirs.event());
    let ((result, took), event) = beside(both, user).await;
    assert!(took.as_millis() < 1_000, "{took:?}");
    let Ok(ConnectionEvent::PairingFailed(told)) = event else { panic!("{event:?}") };
    assert_eq!([ours, theirs].map(|side| side.security()), [Ok(Security::default()); 2]);
    [result.unwrap_err(), told]
}

async fn nobody() -> Infallible {
    core::future::pending().await
}

/// A user who does so at this host, and what is right at the other.
async fn answers(host: Host<'_>, other: Host<'_>, answer: impl Fn(jelling::PasskeyRequest<'_>)) -> Infallible {
    let user = User::default();
    let right = user.obey([other]);
    let wrong = async {
        loop {
            answer(host.passkey_action().await);
        }
    };
    match select(right, wrong).await {
        Either::First(never) | Either::Second(never) => match never {},
    }
}

const COMPARES: Pair = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);
const TYPES: Pair = Pair::new().mitm().io(IoCapability::KEYBOARD_ONLY);
const SHOWS: Pair = Pair::new().mitm().io(IoCapability::DISPLAY_ONLY);

#[test]
fn a_rejected_comparison() {
    for who in 0..2 {
        pair_of(async |hosts, sides, air| {
            sides[1].allow_pairing(Some(COMPARES)).unwrap();
            let reason = Reason::NUMERIC_COMPARISON_FAILED;
            let user = answers(hosts[who], hosts[1 - who], |request| request.reject().unwrap());
            let [error, told] = fails(&sides, COMPARES, user).await;
            let (mine, theirs) = (Error::PairingFailed(reason), Error::PairingRejected(reason));
            assert_eq!([error, told], if who == 0 { [mine, theirs] } else { [theirs, mine] });
            assert_eq!(refusals(air, who), [reason.0]);
        });
    }
}

#[test]
fn a_question_that_is_dropped_rejects() {
    for (ours, theirs, reason) in
        [(COMPARES, COMPARES, Reason::NUMERIC_COMPARISON_FAILED), (TYPES, SHOWS, Reason::PASSKEY_ENTRY_FAILED)]
    {
        pair_of(async |hosts, sides, _| {
            sides[1].allow_pairing(Some(theirs)).unwrap();
            let user = answers(hosts[0], hosts[1], |request| drop(request));
            let errors = fails(&sides, ours, user).await;
            assert_eq!(errors, [Error::PairingFailed(reason), Error::PairingRejected(reason)]);
        });
    }
}

#[test]
fn digits_to_display_are_dropped_without_harm() {
    pair_of(async |hosts, sides, _| {
        sides[1].allow_pairing(Some(TYPES)).unwrap();
        let user = async {
            let shown = hosts[0].passkey_action().await;
            let PasskeyAction::Display(digits) = shown.action() else { panic!("{shown:?}") };
            drop(shown);
            hosts[1].passkey_action().await.input(digits).unwrap();
            nobody().await
        };
        let security = beside(sides[0].pair(SHOWS), user).await.unwrap();
        assert!(security.authenticated);
    });
}

#[test]
fn a_wrong_passkey() {
    pair_of(async |hosts, sides, air| {
        sides[1].allow_pairing(Some(SHOWS)).unwrap();
        let user = async {
            let shown = hosts[1].passkey_action().await;
            let PasskeyAction::Display(digits) = shown.action() else { panic!("{shown:?}") };
            // The last bit is compared last.
            hosts[0].passkey_action().await.input((digits + 1) % 1_000_000).unwrap();
            nobody().await
        };
        let both = join(sides[0].pair(TYPES), sides[1].event());
        let (result, event) = beside(both, user).await;
        let reason = Reason::CONFIRM_VALUE_FAILED;
        let seen: [Vec<u8>; 2] = [refusals(air, 0), refusals(air, 1)];
        match seen.each_ref().map(|seen| &seen[..]) {
            [[found], []] => {
                assert_eq!(*found, reason.0);
                assert_eq!(result, Err(Error::PairingFailed(reason)));
                assert_eq!(event, Ok(ConnectionEvent::PairingFailed(Error::PairingRejected(reason))));
            }
            [[], [found]] => {
                assert_eq!(*found, reason.0);
                assert_eq!(result, Err(Error::PairingRejected(reason)));
                assert_eq!(event, Ok(ConnectionEvent::PairingFailed(Error::PairingFailed(reason))));
            }
            _ => panic!("{seen:?}"),
        }
    });
}

#[test]
fn a_peer_that_does_not_pair() {
    pair_of(async |_, sides, air| {
        sides[1].allow_pairing(None).unwrap();
        let result = sides[0].pair(Pair::new()).await;
        assert_eq!(result, Err(Error::PairingRejected(Reason::PAIRING_NOT_SUPPORTED)));
        assert_eq!(refusals(air, 1), [Reason::PAIRING_NOT_SUPPORTED.0]);
        assert_eq!(sides[1].security(), Ok(Security::default()));
        // The central may still, when it is this side that wants to.
        sides[1].allow_pairing(Some(Pair::new())).unwrap();
        assert!(sides[0].pair(Pair::new()).await.is_ok());
    });
}

#[test]
fn a_host_that_lets_nobody_pair() {
    crate::support::play(async |[central, peripheral], _, _| {
        peripheral.configure(jelling::Config { pairing: None, ..peripheral.config() });
        let (ours, theirs) = crate::support::connected(central, peripheral, 1).await;
        let result = ours.pair(Pair::new()).await;
        assert_eq!(result, Err(Error::PairingRejected(Reason::PAIRING_NOT_SUPPORTED)));
        // One connection may.
        theirs.allow_pairing(Some(Pair::new())).unwrap();
        assert!(ours.pair(Pair::new()).await.is_ok());
    });
}

#[test]
fn who_fails_again_and_again_has_to_wait() {
    pair_of(async |hosts, sides, _| {
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        for _ in 0..3 {
            let user = answers(hosts[1], hosts[0], |request| request.reject().unwrap());
            fails(&sides, COMPARES, user).await;
        }
        // Vol 3, Part H, 2.3.6: at once it is refused, later it is not.
        let again = sides[0].pair(COMPARES).await;
        assert_eq!(again, Err(Error::PairingFailed(Reason::REPEATED_ATTEMPTS)));
        Timer::after_secs(2).await;
        let user = User::default();
        assert!(beside(sides[0].pair(COMPARES), user.obey(hosts)).await.unwrap().authenticated);
    });
}

#[test]
fn an_answer_that_comes_too_late_is_an_error() {
    pair_of(async |hosts, sides, _| {
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let pairing = sides[0].pair(COMPARES).timeout(core::time::Duration::from_secs(5));
        let (result, request) = join(pairing, async {
            let request = hosts[1].passkey_action().await;
            assert!(request.is_open() && request.connection() == sides[1]);
            request.closed().await;
            request
        })
        .await;
        assert_eq!(result, Err(Error::Timeout));
        assert!(!request.is_open());
        assert_eq!(request.confirm(), Err(Error::Stale));
    });
}

#[test]
fn who_waits_for_another_pairing_begins_when_that_has_failed() {
    pair_of(async |_, sides, _| {
        sides[1].allow_pairing(None).unwrap();
        // It is polled before the one that it waits for.
        let second = async {
            Timer::after_millis(20).await;
            sides[0].pair(Pair::new()).await
        };
        let (second, first) = join(timed(second), sides[0].pair(Pair::new())).await;
        let rejected = Err(Error::PairingRejected(Reason::PAIRING_NOT_SUPPORTED));
        assert_eq!((first, second.0), (rejected, rejected));
        assert!(second.1.as_millis() < 1_000, "{second:?}");
    });
}
