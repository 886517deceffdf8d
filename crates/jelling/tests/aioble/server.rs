//! The server: CCCDs of its own, values before a registration, subscribers told, room waited for, indications one after another.

use crate::support::{OTHER, SERVICE, VALUE, connected, everything, found, play, serve, timed};
use core::time::Duration;
use embassy_futures::{
    join::{join, join3},
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Access, CharacteristicOptions, Device, Error, ErrorCode, Properties, Updates, Uuid, sim};

const CCCD: Uuid = Uuid::new16(0x2902);

#[test]
fn cccds_are_added_where_they_are_needed() {
    play(async |[central, peripheral], _, _| {
        let kinds = [
            (Properties::READ, false),
            (Properties::READ | Properties::NOTIFY, true),
            (Properties::INDICATE, true),
            (Properties::WRITE, false),
        ];
        let mut db = peripheral.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        for (properties, _) in kinds {
            assert_eq!(db.characteristic(service, VALUE, properties).unwrap().properties(), Ok(properties));
        }
        db.register().unwrap();
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let mut all = ours.service(SERVICE).await.unwrap().characteristics(None);
        for (properties, has_one) in kinds {
            let characteristic = all.next().await.unwrap().unwrap();
            assert_eq!((characteristic.properties(), characteristic.uuid()), (properties, VALUE));
            assert_eq!(characteristic.descriptor(CCCD).await.is_ok(), has_one);
        }
    });
}

#[test]
fn values_are_set_before_the_registration() {
    play(async |[central, peripheral], _, _| {
        let mut db = peripheral.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let first = db.characteristic(service, VALUE, Properties::READ).unwrap();
        let second = CharacteristicOptions::new(Properties::READ).initial(b"initial");
        let second = db.characteristic_with(service, OTHER, &second).unwrap();
        first.write("before").unwrap();
        assert_eq!((first.uuid(), second.uuid(), service.uuid()), (Ok(VALUE), Ok(OTHER), Ok(SERVICE)));
        db.register().unwrap();
        assert_eq!(first.read::<[u8; 6]>(), Ok(*b"before"));
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        assert_eq!(found(&ours).await.read::<[u8; 6]>().await, Ok(*b"before"));
        let other = ours.service(SERVICE).await.unwrap().characteristic(OTHER).await.unwrap();
        assert_eq!(other.read::<[u8; 7]>().await, Ok(*b"initial"));
    });
}

#[test]
fn a_new_registration_replaces_the_old_one() {
    play(async |[central, peripheral], _, _| {
        let old = serve(peripheral, &everything());
        let mut db = peripheral.services().unwrap();
        for uuid in [OTHER, SERVICE] {
            let service = db.service(uuid).unwrap();
            db.characteristic(service, OTHER, Properties::READ).unwrap();
        }
        // Nothing has changed before it is in force.
        assert_eq!(old.write(&1u8), Ok(()));
        db.register().unwrap();
        assert_eq!((old.write(&1u8), old.read::<u8>()), (Err(Error::Stale), Err(Error::Stale)));
        let (ours, theirs) = connected(central, peripheral, 1).await;
        assert_eq!(old.notify(&theirs, &1u8).await, Err(Error::Stale));
        assert_eq!(old.written::<u8>().await.map(|_| ()), Err(Error::Stale));
        assert!(ours.service(OTHER).await.is_ok());
        let service = ours.service(SERVICE).await.unwrap();
        assert_eq!(service.characteristic(VALUE).await.map(|_| ()), Err(Error::NotFound));
        assert!(service.characteristic(OTHER).await.is_ok());
    });
}

/// `write` tells nobody, `update` each subscriber, by notification or by indication as it asked.
#[test]
fn an_update_tells_each_subscriber() {
    play(async |[server, notified, indicated, neither], _, _| {
        let local = serve(server, &everything());
        let (_to_one, from_one) = connected(server, notified, 1).await;
        let (_to_two, from_two) = connected(server, indicated, 2).await;
        let (to_three, from_three) = connected(server, neither, 3).await;
        let mut one = found(&from_one).await.subscribe(Updates::NOTIFY).await.unwrap();
        let mut two = found(&from_two).await.subscribe(Updates::INDICATE).await.unwrap();
        let three = found(&from_three).await;
        local.write(&1u8).unwrap();
        let quiet = select(one.notified::<u8>(), two.indicated::<u8>());
        assert!(matches!(select(quiet, Timer::after_secs(1)).await, Either::Second(())));
        local.update(&2u8).unwrap();
        assert_eq!(join(one.notified::<u8>(), two.indicated::<u8>()).await, (Ok(2), Ok(2)));
        assert_eq!(three.read::<u8>().await, Ok(2));
        assert_eq!(local.subscribed(&to_three), Ok(Updates::empty()));
    });
}

#[test]
fn notifications_wait_for_room_and_none_is_lost() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let mut updates = found(&ours).await.subscribe(Updates::NOTIFY).depth(16).max_len(2).await.unwrap();
        let send = async {
            for i in 0..200u16 {
                local.notify(&theirs, &i).await.unwrap();
            }
        };
        let take = async {
            for i in 0..200u16 {
                assert_eq!(updates.notified::<u16>().await, Ok(i));
            }
        };
        join(send, take).await;
        assert_eq!(updates.dropped(), 0);
        // Without waiting: as many as there is room for at this moment.
        let mut sent = 0u16;
        while local.try_notify(&theirs, &sent).is_ok() {
            sent += 1;
        }
        assert_eq!(local.try_notify(&theirs, &sent), Err(Error::Busy));
        assert!(sent >= 1);
        for i in 0..sent {
            assert_eq!(updates.notified::<u16>().await, Ok(i));
        }
        assert_eq!(local.notify(&theirs, &[0; 21][..]).await, Err(Error::TooLong));
    });
}

/// One at a time on each link, over all characteristics; links do not wait for each other.
#[test]
fn indications_go_one_after_another_on_a_link() {
    play(async |[server, one, two], _, _| {
        let mut db = server.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let a = db.characteristic(service, VALUE, Properties::INDICATE).unwrap();
        let b = db.characteristic(service, OTHER, Properties::INDICATE).unwrap();
        db.register().unwrap();
        let (to_one, from_one) = connected(server, one, 1).await;
        let (to_two, from_two) = connected(server, two, 2).await;
        let remote = found(&from_one).await;
        let mut first = remote.subscribe(Updates::INDICATE).await.unwrap();
        let other = remote.service().characteristic(OTHER).await.unwrap();
        let mut second = other.subscribe(Updates::INDICATE).await.unwrap();
        let mut else_where = found(&from_two).await.subscribe(Updates::INDICATE).await.unwrap();
        let slow = Duration::from_millis(400);
        let indicate =
            join3(timed(a.indicate(&to_one, &1u8)), timed(b.indicate(&to_one, &2u8)), timed(a.indicate(&to_two, &3u8)));
        let take = async {
            let quick = async { assert_eq!(else_where.indicated::<u8>().await, Ok(3)) };
            let slow = async {
                Timer::after_millis(400).await;
                assert_eq!(first.indicated::<u8>().await, Ok(1));
                assert_eq!(second.indicated::<u8>().await, Ok(2));
            };
            join(quick, slow).await;
        };
        let (((one, t1), (two, t2), (three, t3)), _) = join(indicate, take).await;
        assert_eq!((one, two, three), (Ok(()), Ok(()), Ok(())));
        assert!(t1 >= slow && t2 > t1 && t3 < slow, "{t1:?} {t2:?} {t3:?}");
    });
}

/// One that was given up is confirmed all the same, and the next one goes after it.
#[test]
fn an_indication_given_up_does_not_stop_the_next() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let mut updates = found(&ours).await.subscribe(Updates::INDICATE).await.unwrap();
        let given_up = local.indicate(&theirs, &1u8).timeout(Duration::from_millis(300)).await;
        assert_eq!(given_up, Err(Error::Timeout));
        let take = async {
            assert_eq!(updates.indicated::<u8>().await, Ok(1));
            assert_eq!(updates.indicated::<u8>().await, Ok(2));
        };
        assert_eq!(join(local.indicate(&theirs, &2u8), take).await.0, Ok(()));
    });
}

/// The function that is asked knows who reads, may set what is read, and may refuse.
#[test]
fn a_function_lets_reads_through_or_refuses_them() {
    fn decide(access: &Access<'_>) -> Result<(), ErrorCode> {
        let peer = access.peer().map_err(|_| ErrorCode::UNLIKELY_ERROR)?;
        match Device::from(peer) == sim::device(1) {
            true => access.set("for one").map_err(|_| ErrorCode::UNLIKELY_ERROR),
            false => Err(ErrorCode(0x85)),
        }
    }
    play(async |[server, one, two], _, _| {
        let local = serve(server, &everything().on_read(decide));
        let (_to_one, from_one) = connected(server, one, 1).await;
        let (_to_two, from_two) = connected(server, two, 2).await;
        assert_eq!(found(&from_one).await.read::<[u8; 7]>().await, Ok(*b"for one"));
        assert_eq!(found(&from_two).await.read::<[u8; 7]>().await, Err(Error::Gatt(ErrorCode(0x85))));
        // The application itself is not asked; neither is who writes.
        assert_eq!(local.read::<[u8; 7]>(), Ok(*b"for one"));
        assert_eq!(found(&from_two).await.write(&1u8).response().await, Ok(()));
    });
}

/// A write that came before `written` was called counts, once.
#[test]
fn a_write_before_the_call_counts() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        remote.write(&7u8).response().await.unwrap();
        Timer::after_secs(1).await;
        let (who, value) = local.written::<u8>().await.unwrap();
        assert_eq!((who == theirs, value), (true, 7));
        let late = local.written::<u8>().timeout(Duration::from_secs(2)).await;
        assert_eq!(late.map(|_| ()), Err(Error::Timeout));
    });
}
