//! Links to a bonded peer: encrypted again in both roles, with what the bond remembers.

use crate::support::{ENCRYPTED, agreed, connected, found, pair_of, play, said, serve};
use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use jelling::{Connection, ConnectionEvent, Error, ErrorCode, Host, Pair, Security, Updates};

/// Two hosts that have paired and are connected again, the first as the central.
async fn again<'d>(central: Host<'d>, peripheral: Host<'d>) -> [Connection<'d>; 2] {
    let (ours, theirs) = connected(central, peripheral, 1).await;
    ours.pair(Pair::new()).await.unwrap();
    let (one, two) = (ours.disconnect().await, theirs.disconnected().await);
    assert_eq!((one, two), (Ok(()), Ok(())));
    drop((ours, theirs));
    let (ours, theirs) = connected(central, peripheral, 1).await;
    [ours, theirs]
}

const BEFORE: Security =
    Security { encrypted: false, authenticated: false, secure_connections: false, bonded: true, key_size: 0 };

#[test]
fn a_central_encrypts() {
    play(async |[central, peripheral], air, _| {
        let [ours, theirs] = again(central, peripheral).await;
        assert_eq!([ours.security(), theirs.security()], [Ok(BEFORE); 2]);
        let before = said(&air.recording(), 0).len();
        let security = ours.encrypt().await.unwrap();
        assert!(security.encrypted && security.bonded && security.secure_connections && security.key_size == 16);
        assert_eq!(agreed(&[ours.clone(), theirs.clone()]).await, security);
        assert_eq!(said(&air.recording(), 0).len(), before, "nothing is said but to the controller");
        assert_eq!(theirs.event().await, Ok(ConnectionEvent::SecurityChanged(security)));
    });
}

#[test]
fn a_peripheral_asks_its_central_to() {
    play(async |[central, peripheral], air, _| {
        let [ours, theirs] = again(central, peripheral).await;
        let before = said(&air.recording(), 1).len();
        let security = theirs.encrypt().await.unwrap();
        assert!(security.encrypted && security.bonded);
        assert_eq!(agreed(&[ours, theirs]).await, security);
        let asked = said(&air.recording(), 1);
        assert_eq!(asked[before..].iter().map(|pdu| pdu[0]).collect::<Vec<_>>(), [0x0b]);
    });
}

#[test]
fn the_roles_change_and_the_bond_stays() {
    play(async |[one, two], _, _| {
        let (ours, theirs) = connected(one, two, 1).await;
        let security = ours.pair(Pair::new()).await.unwrap();
        ours.disconnect().await.unwrap();
        theirs.disconnected().await.unwrap();
        let (ours, theirs) = connected(two, one, 0).await;
        assert_eq!(ours.encrypt().await, Ok(security));
        assert_eq!(agreed(&[ours, theirs]).await, security);
    });
}

#[test]
fn without_a_bond_there_is_nothing_to_encrypt_with() {
    pair_of(async |_, sides, _| {
        assert_eq!(sides[0].encrypt().await, Err(Error::NotBonded));
        assert_eq!(sides[1].encrypt().await, Err(Error::NotBonded));
    });
}

#[test]
fn what_the_peer_subscribed_to_comes_back_after_encryption_and_not_before() {
    play(async |[central, peripheral], _, _| {
        let served = serve(peripheral);
        let (ours, theirs) = connected(central, peripheral, 1).await;
        ours.pair(Pair::new()).await.unwrap();
        let remote = found(&ours, ENCRYPTED).await;
        let updates = remote.subscribe(Updates::NOTIFY).await.unwrap();
        // The link goes first: the peer is not told to stop.
        ours.disconnect().await.unwrap();
        theirs.disconnected().await.unwrap();
        drop(updates);
        drop((ours, theirs));

        let (ours, theirs) = connected(central, peripheral, 1).await;
        assert_eq!(served.encrypted.subscribed(&theirs), Ok(Updates::empty()));
        assert_eq!(served.encrypted.notify(&theirs, &1u8).await, Err(Error::NotSubscribed));
        ours.encrypt().await.unwrap();
        agreed(&[ours.clone(), theirs.clone()]).await;
        assert_eq!(served.encrypted.subscribed(&theirs), Ok(Updates::NOTIFY));
        served.encrypted.notify(&theirs, &1u8).await.unwrap();
        let cccd = remote_cccd(&ours).await;
        assert_eq!(cccd, 1);
    });
}

/// What the peer says that we are subscribed to.
async fn remote_cccd(ours: &Connection<'_>) -> u16 {
    let descriptor = found(ours, ENCRYPTED).await.descriptor(jelling::Uuid::new16(0x2902)).await.unwrap();
    descriptor.read::<u16>().await.unwrap()
}

#[test]
fn a_bond_that_is_removed_takes_its_part_of_the_security_with_it() {
    play(async |[central, peripheral], _, _| {
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let security = ours.pair(Pair::new()).await.unwrap();
        agreed(&[ours.clone(), theirs.clone()]).await;
        let device = ours.identity().unwrap();
        assert_eq!(central.bonds().map(|bond| jelling::Device::from(bond.peer)).collect::<Vec<_>>(), [device]);
        central.remove_bond(device).unwrap();
        assert_eq!(central.remove_bond(device), Err(Error::NotBonded));
        // The link stays encrypted, and is no longer bonded.
        assert_eq!(ours.security(), Ok(Security { bonded: false, ..security }));
        assert_eq!((ours.bond(), ours.encrypt().await), (None, Err(Error::NotBonded)));
        assert!(theirs.security().unwrap().bonded);
    });
}

#[test]
fn several_tasks_encrypt_at_once() {
    play(async |[central, peripheral], _, _| {
        let [ours, theirs] = again(central, peripheral).await;
        let all = embassy_futures::join::join3(ours.encrypt(), ours.pair(Pair::new()), theirs.encrypt()).await;
        let security = ours.security();
        assert!(security.unwrap().encrypted);
        assert_eq!(all, (security, security, security));
    });
}

#[test]
fn an_encryption_that_nobody_answers_ends() {
    play(async |[central, peripheral], air, controllers| {
        let [ours, _theirs] = again(central, peripheral).await;
        air.set_in_range(&controllers[0], &controllers[1], false);
        match select(ours.encrypt(), Timer::after_secs(60)).await {
            Either::First(result) => assert_eq!(result, Err(Error::Disconnected)),
            Either::Second(()) => panic!("it waits for ever"),
        }
    });
}

#[test]
fn what_is_read_follows_the_security() {
    play(async |[central, peripheral], _, _| {
        serve(peripheral);
        let [ours, _theirs] = again(central, peripheral).await;
        ours.raise_by(Some(jelling::Raise::Never)).unwrap();
        let remote = found(&ours, ENCRYPTED).await;
        assert_eq!(remote.read::<u8>().await, Err(Error::Gatt(ErrorCode::INSUFFICIENT_ENCRYPTION)));
        ours.encrypt().await.unwrap();
        assert_eq!(remote.read::<u8>().await, Ok(b'0'));
    });
}
