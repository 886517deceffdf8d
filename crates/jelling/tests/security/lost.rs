//! A bond that one side has lost: told as an event and as an error, and never made anew by itself.

use crate::support::{ENCRYPTED, connected, found, pairs, play, said, serve};
use jelling::{Connection, ConnectionEvent, Error, Host, Pair, Raise, Security};

/// Two hosts of which `who` has lost its bond, connected again: the central's side first.
async fn lost<'d>(hosts: [Host<'d>; 2], who: usize) -> [Connection<'d>; 2] {
    let [central, peripheral] = hosts;
    let (ours, theirs) = connected(central, peripheral, 1).await;
    ours.pair(Pair::new()).await.unwrap();
    crate::support::agreed(&[ours.clone(), theirs.clone()]).await;
    ours.disconnect().await.unwrap();
    theirs.disconnected().await.unwrap();
    drop((ours, theirs));
    let bond = hosts[who].bonds().next().unwrap();
    hosts[who].remove_bond(bond.peer.into()).unwrap();
    let (ours, theirs) = connected(central, peripheral, 1).await;
    [ours, theirs]
}

/// Codes that this host's security channel said since.
fn codes(air: &crate::support::Tape, controller: usize, before: usize) -> Vec<u8> {
    said(&air.recording(), controller)[before..].iter().map(|pdu| pdu[0]).collect()
}

#[test]
fn the_peripheral_has_lost_it() {
    play(async |hosts: [Host<'_>; 2], air, _| {
        let [ours, theirs] = lost(hosts, 1).await;
        let before = said(&air.recording(), 0).len();
        assert_eq!(ours.encrypt().await, Err(Error::BondLost));
        assert_eq!(ours.pair(Pair::new()).await, Err(Error::BondLost));
        assert_eq!(codes(air, 0, before), [0u8; 0], "it does not pair by itself");
        assert!(ours.is_connected() && !ours.security().unwrap().encrypted);
        assert_eq!(ours.event().await, Ok(ConnectionEvent::BondLost));
        assert_eq!(theirs.security(), Ok(Security::default()));
        // The bond is still there: it is the application that forgets it.
        assert_eq!(hosts[0].bonds().count(), 1);
        hosts[0].remove_bond(ours.identity().unwrap()).unwrap();
        assert!(ours.pair(Pair::new()).await.unwrap().bonded);
        crate::support::agreed(&[ours, theirs]).await;
        assert_eq!(hosts.map(|host| host.bonds().count()), [1, 1]);
    });
}

#[test]
fn a_request_that_wants_the_bond_tells_that_it_is_lost() {
    for raise in [Raise::Encrypt, Raise::Pair(Pair::new())] {
        play(async |hosts: [Host<'_>; 2], air, _| {
            serve(hosts[1]);
            let [ours, _theirs] = lost(hosts, 1).await;
            ours.raise_by(Some(raise)).unwrap();
            let remote = found(&ours, ENCRYPTED).await;
            let before = said(&air.recording(), 0).len();
            assert_eq!(remote.read::<u8>().await, Err(Error::BondLost));
            assert_eq!(codes(air, 0, before), [0u8; 0], "it does not pair by itself");
        });
    }
}

#[test]
fn the_central_has_lost_it() {
    play(async |hosts: [Host<'_>; 2], air, _| {
        let [ours, theirs] = lost(hosts, 0).await;
        // It pairs as with a stranger: the peripheral, which has a bond, wants one that is as strong.
        assert_eq!(ours.encrypt().await, Err(Error::NotBonded));
        ours.allow_pairing(None).unwrap();
        let before = said(&air.recording(), 0).len();
        assert!(theirs.encrypt().await.is_err());
        assert!(!codes(air, 0, before).contains(&1), "it does not pair by itself");
        assert_eq!(hosts[1].bonds().count(), 1);
        ours.allow_pairing(Some(Pair::new())).unwrap();
        assert!(ours.pair(Pair::new()).await.unwrap().bonded);
        assert_eq!(hosts.map(|host| host.bonds().count()), [1, 1]);
    });
}

#[test]
fn a_peripheral_learns_that_its_central_has_lost_it() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let [ours, theirs] = lost(hosts, 0).await;
        // It asks for encryption, and the central pairs in its place.
        let (asked, paired) = embassy_futures::join::join(theirs.encrypt(), ours.pair(Pair::new())).await;
        assert_eq!((asked, paired.map(|security| security.bonded)), (Err(Error::BondLost), Ok(true)));
        let events = [theirs.event().await, theirs.event().await];
        assert!(events.contains(&Ok(ConnectionEvent::BondLost)), "{events:?}");
    });
}

#[test]
fn a_weaker_pairing_does_not_take_the_place_of_a_bond() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let [central, peripheral] = hosts;
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let compares = Pair::new().mitm().io(jelling::IoCapability::DISPLAY_YES_NO);
        theirs.allow_pairing(Some(compares)).unwrap();
        pairs(hosts, ours.pair(compares)).await.0.unwrap();
        crate::support::agreed(&[ours.clone(), theirs.clone()]).await;
        ours.disconnect().await.unwrap();
        theirs.disconnected().await.unwrap();
        central.remove_bond(ours_bond(central)).unwrap();
        drop((ours, theirs));
        // The central comes back as one that cannot compare.
        let (ours, theirs) = connected(central, peripheral, 1).await;
        assert!(ours.pair(Pair::new()).await.is_err());
        assert!(peripheral.bonds().next().unwrap().authenticated);
        // With the application's consent it may.
        theirs.allow_pairing(Some(Pair::new().replace_bond())).unwrap();
        assert!(ours.pair(Pair::new()).await.unwrap().bonded);
        embassy_time::Timer::after_millis(500).await;
        assert!(!peripheral.bonds().next().unwrap().authenticated);
    });
}

fn ours_bond(host: Host<'_>) -> jelling::Device {
    host.bonds().next().unwrap().peer.into()
}
