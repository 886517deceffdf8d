//! What a peer may do to a value follows the security of its link.

use crate::support::{AUTHENTICATED, ENCRYPTED, OPEN, agreed, found, pair_of, pairs, serve};
use jelling::{ConnectionEvent, Error, ErrorCode, IoCapability, Pair, Raise, Security, Updates, Uuid};

async fn can_read(connection: &jelling::Connection<'_>, uuid: Uuid) -> Result<u8, Error> {
    found(connection, uuid).await.read::<u8>().await
}

#[test]
fn reads_and_writes_follow_pairing() {
    pair_of(async |hosts, sides, _| {
        let served = serve(hosts[1]);
        let [ours, _] = &sides;
        ours.raise_by(Some(Raise::Never)).unwrap();
        let refused = Err(Error::Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION));
        let all = [OPEN, ENCRYPTED, AUTHENTICATED];
        let mut values = vec![];
        for uuid in all {
            values.push(can_read(ours, uuid).await);
        }
        assert_eq!(values, [Ok(b'0'), refused, refused]);
        let encrypted = found(ours, ENCRYPTED).await;
        assert_eq!(encrypted.write(&1u8).response().await, Err(Error::Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION)));
        assert!(encrypted.subscribe(Updates::NOTIFY).await.is_err());

        ours.pair(Pair::new()).await.unwrap();
        agreed(&sides).await;
        let mut values = vec![];
        for uuid in all {
            values.push(can_read(ours, uuid).await);
        }
        assert_eq!(values, [Ok(b'0'), Ok(b'0'), refused]);
        encrypted.write(&b'1').response().await.unwrap();
        assert_eq!(served.encrypted.read::<u8>(), Ok(b'1'));

        let compares = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);
        sides[1].allow_pairing(Some(compares)).unwrap();
        let (result, _) = pairs([hosts[0], hosts[1]], ours.pair(compares)).await;
        assert!(result.unwrap().authenticated);
        agreed(&sides).await;
        assert_eq!(can_read(ours, AUTHENTICATED).await, Ok(b'0'));
        assert_eq!(served.authenticated.read::<u8>(), Ok(b'0'));
        assert_eq!(served.open.read::<u8>(), Ok(b'0'));
    });
}

#[test]
fn the_level_is_gone_with_the_link() {
    crate::support::play(async |[central, peripheral], _, _| {
        serve(peripheral);
        let (ours, theirs) = crate::support::connected(central, peripheral, 1).await;
        ours.pair(Pair::new().no_bond()).await.unwrap();
        assert_eq!(can_read(&ours, ENCRYPTED).await, Ok(b'0'));
        ours.disconnect().await.unwrap();
        theirs.disconnected().await.unwrap();
        drop((ours, theirs));
        let (ours, theirs) = crate::support::connected(central, peripheral, 1).await;
        assert_eq!([ours.security(), theirs.security()], [Ok(Security::default()); 2]);
        assert_eq!(can_read(&ours, ENCRYPTED).await, Err(Error::Gatt(ErrorCode::INSUFFICIENT_AUTHENTICATION)));
    });
}

#[test]
fn each_side_is_told_of_each_level() {
    pair_of(async |hosts, sides, _| {
        sides[0].pair(Pair::new()).await.unwrap();
        let first = agreed(&sides).await;
        for side in &sides {
            assert_eq!(side.event().await, Ok(ConnectionEvent::SecurityChanged(first)));
        }
        let compares = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);
        sides[1].allow_pairing(Some(compares)).unwrap();
        let (second, _) = pairs(hosts, sides[0].pair(compares)).await;
        for side in &sides {
            assert_eq!(side.event().await, Ok(ConnectionEvent::SecurityChanged(second.unwrap())));
        }
    });
}

#[test]
fn the_level_drops_when_encryption_does() {
    crate::support::play(async |[central, peripheral], air, controllers| {
        serve(peripheral);
        let (ours, theirs) = crate::support::connected(central, peripheral, 1).await;
        ours.raise_by(Some(Raise::Never)).unwrap();
        ours.pair(Pair::new()).await.unwrap();
        let sides = [ours, theirs];
        let before = agreed(&sides).await;
        assert_eq!(sides[1].event().await, Ok(ConnectionEvent::SecurityChanged(before)));
        // LE Connection Complete, behind its status: the handle. Then Encryption Change, off (Vol 4, Part E, 7.7.65.1, 7.7.8).
        let recording = air.recording();
        let mut events = recording.iter().filter(|p| p.controller == 1).map(|p| &p.octets[..]);
        let handle = events.find_map(|octets| octets.strip_prefix(&[0x3e, 19, 0x01, 0])).unwrap();
        let change = [0x08, 4, 0, handle[0], handle[1], 0];
        controllers[1].say(jelling::Packet::new(jelling::PacketKind::Event, &change));
        let after = Security { bonded: true, ..Security::default() };
        assert_eq!(sides[1].event().await, Ok(ConnectionEvent::SecurityChanged(after)));
        assert_eq!(sides[1].security(), Ok(after));
        let refused = Err(Error::Gatt(ErrorCode::INSUFFICIENT_ENCRYPTION));
        assert_eq!(can_read(&sides[0], ENCRYPTED).await, refused);
    });
}
