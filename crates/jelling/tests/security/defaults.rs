//! aioble's defaults: with a bond and LE Secure Connections, no protection against a man in the middle, no input or output, 20 s.

use crate::support::{agreed, connected, pair_of, play, refusals, said, timed};
use core::time::Duration;
use embassy_futures::join::join;
use jelling::{ConnectionEvent, Error, Pair, Reason, Security};

const JUST_WORKS: Security =
    Security { encrypted: true, authenticated: false, secure_connections: true, bonded: true, key_size: 16 };

#[test]
fn a_pairing_is_bonded_with_secure_connections_and_nothing_else() {
    pair_of(async |_, sides, air| {
        let [ours, theirs] = &sides;
        assert_eq!(ours.security(), Ok(Security::default()));
        assert_eq!(ours.pair(Pair::new()).await, Ok(JUST_WORKS));
        assert_eq!(agreed(&sides).await, JUST_WORKS);
        // Vol 3, Part H, 3.5.1: capability, OOB, requirements (bonding and Secure Connections), key size, keys of both.
        let request = &said(&air.recording(), 0)[0];
        assert_eq!(request[..5], [0x01, 0x03, 0x00, 0x09, 16]);
        assert_eq!(ours.event().await, Ok(ConnectionEvent::SecurityChanged(JUST_WORKS)));
        assert_eq!(theirs.event().await, Ok(ConnectionEvent::SecurityChanged(JUST_WORKS)));
    });
}

#[test]
fn a_peripheral_asks_its_central() {
    pair_of(async |_, sides, air| {
        let asks = join(sides[1].pair(Pair::new()), async {
            assert_eq!(sides[0].event().await, Ok(ConnectionEvent::SecurityRequested));
            sides[0].pair(Pair::new()).await
        });
        assert_eq!(asks.await, (Ok(JUST_WORKS), Ok(JUST_WORKS)));
        assert_eq!(agreed(&sides).await, JUST_WORKS);
        // Vol 3, Part H, 3.6.7: Security Request, with what it wants.
        assert_eq!(said(&air.recording(), 1)[0], [0x0b, 0x09]);
    });
}

#[test]
fn a_central_that_does_not_want_to_lets_a_peripheral_wait() {
    pair_of(async |_, sides, air| {
        let (result, took) = timed(sides[1].pair(Pair::new())).await;
        assert_eq!((result, took.as_millis()), (Err(Error::Timeout), 20_000));
        assert_eq!(said(&air.recording(), 0).len(), 0, "nothing is paired by itself");
        // It may ask again.
        let (one, two) = join(sides[1].pair(Pair::new()), sides[0].pair(Pair::new())).await;
        assert_eq!((one, two), (Ok(JUST_WORKS), Ok(JUST_WORKS)));
    });
}

#[test]
fn without_a_bond_nothing_outlives_the_link() {
    pair_of(async |hosts, sides, _| {
        let security = sides[0].pair(Pair::new().no_bond()).await.unwrap();
        assert_eq!(security, Security { bonded: false, ..JUST_WORKS });
        assert_eq!(agreed(&sides).await, security);
        assert_eq!(sides[0].bond(), None);
        assert_eq!(hosts.map(|host| host.bonds().count()), [0, 0]);
        assert_eq!(sides[0].encrypt().await, Err(Error::NotBonded));
    });
}

#[test]
fn pairing_a_bonded_peer_encrypts_again() {
    play(async |[central, peripheral], air, _| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        ours.pair(Pair::new()).await.unwrap();
        ours.disconnect().await.unwrap();
        drop((ours, theirs));
        let (ours, theirs) = connected(central, peripheral, 1).await;
        assert_eq!(ours.security(), Ok(Security { bonded: true, ..Security::default() }));
        let before = said(&air.recording(), 0).len();
        assert_eq!(ours.pair(Pair::new()).await, Ok(JUST_WORKS));
        assert_eq!(said(&air.recording(), 0).len(), before, "a bond is enough");
        // Again on the same link: there is nothing more to do.
        assert_eq!(ours.pair(Pair::new()).await, Ok(JUST_WORKS));
        assert_eq!(theirs.pair(Pair::new()).await, Ok(JUST_WORKS));
    });
}

#[test]
fn a_pairing_takes_20_s() {
    // Nobody answers the question at the other side.
    pair_of(async |_, sides, air| {
        let asks = Pair::new().mitm().io(jelling::IoCapability::DISPLAY_YES_NO);
        sides[1].allow_pairing(Some(asks)).unwrap();
        let (result, took) = timed(sides[0].pair(asks)).await;
        assert_eq!((result, took.as_millis()), (Err(Error::Timeout), 20_000));
        // The peer is told.
        let reason = Reason::NUMERIC_COMPARISON_FAILED;
        assert_eq!(sides[1].event().await, Ok(ConnectionEvent::PairingFailed(Error::PairingRejected(reason))));
        assert_eq!(refusals(air, 0), [reason.0]);
    });
    pair_of(async |_, sides, _| {
        let asks = Pair::new().mitm().io(jelling::IoCapability::DISPLAY_YES_NO);
        sides[1].allow_pairing(Some(asks)).unwrap();
        let (result, took) = timed(sides[0].pair(asks).timeout(Duration::from_secs(5))).await;
        assert_eq!((result, took.as_millis()), (Err(Error::Timeout), 5_000));
    });
}

#[test]
fn a_pairing_that_stands_still_ends_after_30_s() {
    // Vol 3, Part H, 3.4.
    pair_of(async |_, sides, _| {
        let asks = Pair::new().mitm().io(jelling::IoCapability::DISPLAY_YES_NO);
        sides[1].allow_pairing(Some(asks)).unwrap();
        let (result, took) = timed(sides[0].pair(asks).no_timeout()).await;
        assert_eq!(result, Err(Error::Timeout));
        assert!((30_000..31_000).contains(&took.as_millis()), "{took:?}");
    });
}
