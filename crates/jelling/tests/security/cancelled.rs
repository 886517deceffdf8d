//! Pairings that are given up, and links that end in the middle of one.

use crate::support::{User, beside, connected, pair_of, pairs, play, refusals};
use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{ConnectionEvent, Error, IoCapability, Pair, Reason, Security};

const COMPARES: Pair = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);

#[test]
fn dropping_the_future_cancels_at_any_point() {
    // Every 5 ms of a pairing, until one is done before it is dropped.
    let mut cancelled = 0;
    for step in 0.. {
        let mut done = false;
        play(async |[central, peripheral], air, _| {
            let (ours, theirs) = connected(central, peripheral, 1).await;
            let pairing = ours.pair(Pair::new());
            let end = select(pairing, Timer::after_millis(5 * step)).await;
            done = matches!(end, Either::First(_));
            Timer::after_secs(1).await;
            let [one, two] = [ours.security().unwrap(), theirs.security().unwrap()];
            assert_eq!(one, two, "after {} ms", 5 * step);
            if done {
                assert!(one.encrypted && one.bonded);
            } else if !refusals(air, 0).is_empty() {
                cancelled += 1;
                assert_eq!(refusals(air, 0), [Reason::UNSPECIFIED_REASON.0]);
                assert!(!two.bonded);
            }
            // Whatever was left behind, a pairing works.
            assert!(ours.pair(Pair::new()).await.unwrap().bonded, "after {} ms", 5 * step);
        });
        if done {
            break;
        }
    }
    assert!(cancelled > 5, "{cancelled}");
}

#[test]
fn a_cancelled_pairing_closes_the_questions_of_both_sides() {
    pair_of(async |hosts, sides, _| {
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let pairing = sides[0].pair(COMPARES).timeout(Duration::from_secs(3));
        let questions = join(hosts[0].passkey_action(), hosts[1].passkey_action());
        let (result, (one, two)) = join(pairing, questions).await;
        assert_eq!(result, Err(Error::Timeout));
        two.closed().await;
        assert!(!one.is_open());
        assert_eq!([one.confirm(), two.confirm()], [Err(Error::Stale); 2]);
        let event = sides[1].event().await;
        let reason = Reason::NUMERIC_COMPARISON_FAILED;
        assert_eq!(event, Ok(ConnectionEvent::PairingFailed(Error::PairingRejected(reason))));
    });
}

#[test]
fn a_disconnect_ends_the_pairing_and_its_question() {
    for who in 0..2 {
        pair_of(async |hosts, sides, _| {
            sides[1].allow_pairing(Some(COMPARES)).unwrap();
            let questions = join(hosts[0].passkey_action(), hosts[1].passkey_action());
            let ending = async {
                let (one, two) = questions.await;
                sides[who].disconnect().await.unwrap();
                one.closed().await;
                two.closed().await;
                [one.confirm(), two.confirm()]
            };
            let (result, answers) = join(sides[0].pair(COMPARES), ending).await;
            assert_eq!(result, Err(Error::Disconnected));
            assert_eq!(answers, [Err(Error::Disconnected); 2]);
            assert_eq!(hosts.map(|host| host.bonds().count()), [0, 0]);
            assert_eq!(sides[0].encrypt().await, Err(Error::Disconnected));
            assert_eq!(sides[0].pair(COMPARES).await, Err(Error::Disconnected));
            assert_eq!(sides[0].security(), Err(Error::Disconnected));
        });
    }
}

#[test]
fn a_link_that_is_lost_ends_the_pairing() {
    play(async |[central, peripheral], air, controllers| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let lose = async {
            Timer::after_millis(60).await;
            air.set_in_range(&controllers[0], &controllers[1], false);
            theirs.disconnected().await.unwrap();
        };
        let (result, ()) = join(ours.pair(Pair::new()), lose).await;
        assert_eq!(result, Err(Error::Disconnected));
        air.set_in_range(&controllers[0], &controllers[1], true);
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        assert_eq!(ours.security(), Ok(Security::default()));
        assert!(ours.pair(Pair::new()).await.is_ok());
    });
}

#[test]
fn stopping_the_host_ends_the_pairing() {
    pair_of(async |hosts, sides, _| {
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let stop = async {
            let request = hosts[0].passkey_action().await;
            hosts[0].stop().await;
            request.closed().await;
            request.confirm()
        };
        let (result, answer) = join(sides[0].pair(COMPARES), stop).await;
        assert_eq!((result, answer), (Err(Error::Disconnected), Err(Error::Disconnected)));
    });
}

#[test]
fn both_sides_may_ask_at_once() {
    pair_of(async |hosts, sides, _| {
        sides.iter().for_each(|side| side.allow_pairing(Some(COMPARES)).unwrap());
        let user = User::default();
        let both = join(sides[0].pair(COMPARES), sides[1].pair(COMPARES));
        let (one, two) = beside(both, user.obey(hosts)).await;
        assert_eq!(one, two);
        assert!(one.unwrap().authenticated);
        // One of the tasks of a side may do the same again.
        let (result, did) = pairs(hosts, sides[0].pair(COMPARES)).await;
        assert!(result.is_ok() && did.is_empty());
    });
}
