//! Requests that raise security and take long, or are given up.

use crate::support::{AUTHENTICATED, ENCRYPTED, OPEN, beside, bonded, found, pair_of, play, refusals, serve};
use core::{convert::Infallible, future::pending};
use embassy_futures::join::join;
use embassy_time::Timer;
use jelling::{Error, Host, IoCapability, Pair, Raise, Reason};

const COMPARES: Pair = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);

/// Both users compare for longer than a read takes, agree, and do nothing more.
async fn thinks(hosts: [Host<'_>; 2]) -> Infallible {
    let (one, two) = join(hosts[0].passkey_action(), hosts[1].passkey_action()).await;
    Timer::after_secs(8).await;
    one.confirm().unwrap();
    two.confirm().unwrap();
    pending().await
}

#[test]
fn the_time_of_a_request_stands_still_while_a_user_is_asked() {
    pair_of(async |hosts, sides, _| {
        serve(hosts[1]);
        sides[0].raise_by(Some(Raise::Pair(COMPARES))).unwrap();
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let value = found(&sides[0], AUTHENTICATED).await;
        let user = thinks(hosts);
        assert_eq!(beside(value.read::<u8>(), user).await, Ok(b'0'));
    });
}

#[test]
fn a_user_who_does_not_answer_ends_the_request_after_20_s() {
    pair_of(async |hosts, sides, air| {
        serve(hosts[1]);
        sides[0].raise_by(Some(Raise::Pair(COMPARES))).unwrap();
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let value = found(&sides[0], AUTHENTICATED).await;
        let (result, took) = crate::support::timed(value.read::<u8>()).await;
        assert_eq!(result, Err(Error::Timeout));
        assert!((20_000..20_500).contains(&took.as_millis()), "{took:?}");
        Timer::after_millis(200).await;
        assert_eq!(refusals(air, 0), [Reason::NUMERIC_COMPARISON_FAILED.0]);
    });
}

#[test]
fn a_request_that_is_dropped_cancels_what_it_began() {
    pair_of(async |hosts, sides, air| {
        serve(hosts[1]);
        sides[0].raise_by(Some(Raise::Pair(COMPARES))).unwrap();
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let value = found(&sides[0], AUTHENTICATED).await;
        let read = embassy_futures::select::select(value.read::<u8>(), Timer::after_secs(3));
        let (_, request) = join(read, hosts[1].passkey_action()).await;
        request.closed().await;
        assert_eq!(refusals(air, 0), [Reason::NUMERIC_COMPARISON_FAILED.0]);
        assert_eq!(found(&sides[0], OPEN).await.read::<u8>().await, Ok(b'0'), "the bearer is free");
    });
}

#[test]
fn a_read_that_times_out_by_itself_still_takes_1_s() {
    play(async |hosts: [Host<'_>; 2], air, controllers| {
        serve(hosts[1]);
        let [ours, _theirs] = bonded(hosts).await;
        let encrypted = found(&ours, ENCRYPTED).await;
        assert_eq!(encrypted.read::<u8>().await, Ok(b'0'));
        air.set_in_range(&controllers[0], &controllers[1], false);
        let (result, took) = crate::support::timed(encrypted.read::<u8>()).await;
        assert_eq!((result, took.as_millis()), (Err(Error::Timeout), 1_000));
    });
}

#[test]
fn a_search_that_is_given_up_raises_again_when_it_goes_on() {
    pair_of(async |hosts, sides, _| {
        serve(hosts[1]);
        sides[0].raise_by(Some(Raise::Pair(COMPARES))).unwrap();
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let mut values = sides[0].read_by_uuid(AUTHENTICATED);
        let mut buffer = [0; 512];
        let step = embassy_futures::select::select(values.next_into(&mut buffer), Timer::after_secs(3));
        let (_, request) = join(step, hosts[1].passkey_action()).await;
        request.closed().await;
        Timer::after_secs(1).await;
        let user = crate::support::User::default();
        let found = beside(values.next_into(&mut buffer), user.obey(hosts)).await;
        assert_eq!(found.map(|found| found.map(|(_, length)| length)), Ok(Some(1)));
    });
}

#[test]
fn a_link_that_ends_ends_the_request_that_raises() {
    pair_of(async |hosts, sides, _| {
        serve(hosts[1]);
        sides[0].raise_by(Some(Raise::Pair(COMPARES))).unwrap();
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let encrypted = found(&sides[0], ENCRYPTED).await;
        let leave = async {
            let request = hosts[1].passkey_action().await;
            sides[1].disconnect().await.unwrap();
            request.closed().await;
        };
        let (result, ()) = join(encrypted.read::<u8>(), leave).await;
        assert_eq!(result, Err(Error::Disconnected));
    });
}

#[test]
fn the_time_that_was_left_is_left_when_the_security_is_raised() {
    pair_of(async |hosts, sides, _| {
        // Who may read waits for a word of the application, which does not come.
        let mut db = hosts[1].services().unwrap();
        let service = db.service(crate::support::SERVICE).unwrap();
        let options = jelling::CharacteristicOptions::new(jelling::Properties::READ);
        let options = options.permissions(jelling::Permissions::READ_AUTHENTICATED).defer_reads();
        db.characteristic_with(service, AUTHENTICATED, &options).unwrap();
        db.register().unwrap();
        sides[0].raise_by(Some(Raise::Pair(COMPARES))).unwrap();
        sides[1].allow_pairing(Some(COMPARES)).unwrap();
        let value = found(&sides[0], AUTHENTICATED).await;
        let user = thinks(hosts);
        let (result, took) = crate::support::timed(beside(value.read::<u8>(), user)).await;
        assert_eq!(result, Err(Error::Timeout));
        assert!((9_000..10_000).contains(&took.as_millis()), "{took:?}");
    });
}
