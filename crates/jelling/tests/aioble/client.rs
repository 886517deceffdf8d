//! The client: discovery that may be dropped, whole values, aioble's choice of write, queues of updates.

use crate::support::{OTHER, SERVICE, VALUE, connected, everything, found, play, sent, serve};
use core::time::Duration;
use embassy_futures::{
    join::{join, join_array},
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{CharacteristicOptions, ClientCharacteristic, Connection, Error, Host, Properties, Updates, Uuid};

/// Eight services of four characteristics.
fn serve_many(host: Host<'_>) {
    let mut db = host.services().unwrap();
    for _ in 0..8 {
        let service = db.service(SERVICE).unwrap();
        for uuid in [VALUE, OTHER, VALUE, OTHER] {
            db.characteristic(service, uuid, Properties::READ).unwrap();
        }
    }
    db.register().unwrap();
}

/// Handles of all characteristics there are.
async fn walk(connection: &Connection<'_>) -> Result<Vec<u16>, Error> {
    let mut handles = vec![];
    let mut services = connection.services(Some(SERVICE));
    while let Some(service) = services.next().await? {
        let mut characteristics = service.characteristics(None);
        while let Some(characteristic) = characteristics.next().await? {
            handles.push(characteristic.handle());
        }
    }
    Ok(handles)
}

#[test]
fn discovery_comes_in_the_order_of_handles_to_several_at_once() {
    play(async |[central, peripheral], _, _| {
        serve_many(peripheral);
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let all = join_array([(); 3].map(|()| walk(&ours))).await.map(Result::unwrap);
        assert_eq!(all[0].len(), 32);
        assert!(all[0].is_sorted() && all.iter().all(|handles| *handles == all[0]));
    });
}

/// At whatever moment a discovery is dropped, the next one is whole.
#[test]
fn a_discovery_is_dropped_at_any_point() {
    play(async |[central, peripheral], _, _| {
        serve_many(peripheral);
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        for millis in (0..3_000).step_by(35) {
            select(walk(&ours), Timer::after_millis(millis)).await;
            let left = async {
                let mut services = ours.services(None);
                services.next().await.map(drop)
            };
            left.await.unwrap();
        }
        assert_eq!(walk(&ours).await.unwrap().len(), 32);
        assert_eq!(central.pools().blocks.used, 0);
    });
}

/// Between two things found the application may do as it likes, for as long as it likes.
#[test]
fn a_discovery_that_rests_keeps_nobody_from_the_bearer() {
    play(async |[central, peripheral], _, _| {
        serve_many(peripheral);
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        for millis in (0..400).step_by(7) {
            let mut services = ours.services(None);
            select(services.next(), Timer::after_millis(millis)).await;
            assert_eq!(remote.read::<[u8; 0]>().await, Ok([]), "after {millis} ms");
            let rest = async {
                let mut count = 0;
                while services.next().await.unwrap().is_some() {
                    count += 1;
                }
                count
            };
            // All of them but the one that may have been found before.
            assert!(rest.await >= 8, "after {millis} ms");
        }
    });
}

/// Twelve tasks ask again and again: each has its turn.
#[test]
fn tasks_that_ask_again_and_again_take_turns() {
    play(async |[central, peripheral], _, _| {
        serve(peripheral, &everything().initial(b"x"));
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let counts = [const { core::cell::Cell::new(0u32) }; 12];
        let tasks = counts.each_ref().map(async |count| {
            loop {
                remote.read::<u8>().timeout(Duration::from_secs(5)).await.unwrap();
                count.set(count.get() + 1);
            }
        });
        let late = async {
            Timer::after_secs(30).await;
            assert_eq!(ours.exchange_mtu().timeout(Duration::from_secs(5)).await, Ok(517));
            Timer::after_secs(30).await;
        };
        select(join_array(tasks), late).await;
        let counts = counts.map(core::cell::Cell::into_inner);
        let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
        assert!(*least >= 40 && most - least <= 1, "{counts:?}");
    });
}

/// What a task leaves behind, a subscription or a part of a long write, goes before the next request of another task that has
/// one under way, and neither stays.
#[test]
fn what_is_left_behind_goes_between_requests() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything().initial(&[9; 200]).max_len(200));
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        for millis in (0..700).step_by(10) {
            let mut buffer = [0; 200];
            let read = remote.read_into(&mut buffer).timeout(Duration::from_secs(5));
            let updates = remote.subscribe(Updates::NOTIFY).await.unwrap();
            let leave = async {
                select(remote.write(&[8; 200]).response(), Timer::after_millis(millis)).await;
                drop(updates);
            };
            assert_eq!(join(read, leave).await.0, Ok(200), "after {millis} ms");
            Timer::after_secs(1).await;
            assert_eq!(local.subscribed(&theirs), Ok(Updates::empty()), "after {millis} ms");
            assert_eq!(local.read::<[u8; 200]>(), Ok([9; 200]), "after {millis} ms");
        }
    });
}

#[test]
fn discovery_finds_one_some_or_none() {
    play(async |[central, peripheral], _, _| {
        serve_many(peripheral);
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let none = Uuid::new16(0x1234);
        let service = ours.service(SERVICE).await.unwrap();
        assert!(service.connection() == ours && service.is_primary());
        assert_eq!(ours.service(none).await.map(|_| ()), Err(Error::NotFound));
        assert!(ours.services(Some(none)).next().await.unwrap().is_none());
        let first = service.characteristic(OTHER).await.unwrap();
        assert_eq!(service.characteristic(none).await.map(|_| ()), Err(Error::NotFound));
        let mut some = service.characteristics(Some(OTHER));
        assert_eq!(some.next().await.unwrap().map(|c| c.handle()), Some(first.handle()));
        assert!(some.next().await.unwrap().is_some_and(|c| c.uuid() == OTHER && c.handle() > first.handle()));
        assert!(some.next().await.unwrap().is_none());
        assert!(service.characteristics(Some(none)).next().await.unwrap().is_none());
        assert_eq!(first.descriptor(none).await.map(|_| ()), Err(Error::NotFound));
        assert!(first.descriptors().next().await.unwrap().is_none());
        let mut services = 0;
        let mut all = ours.services(None);
        while all.next().await.unwrap().is_some() {
            services += 1;
        }
        assert!(services > 8, "GAP is there too");
    });
}

#[test]
fn values_are_read_and_written_whole() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything().max_len(512));
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let octets: Vec<u8> = (0..512).map(|i| i as u8).collect();
        let mut buffer = [0; 512];
        for length in [0, 1, 20, 21, 22, 23, 44, 45, 511, 512] {
            remote.write(&octets[..length]).response().timeout(Duration::from_secs(30)).await.unwrap();
            assert_eq!(local.read_into(&mut buffer), Ok(length));
            assert_eq!(buffer[..length], octets[..length]);
            buffer = [0; 512];
            let read = remote.read_into(&mut buffer).timeout(Duration::from_secs(30)).await;
            assert_eq!((read, &buffer[..length]), (Ok(length), &octets[..length]));
        }
        // What has no answer goes in one PDU or not at all.
        assert_eq!(remote.write(&octets[..21]).no_response().await, Err(Error::TooLong));
        remote.write(&octets[..20]).no_response().await.unwrap();
        assert_eq!(remote.read_into(&mut buffer).await, Ok(20));
    });
}

async fn written_so(remote: ClientCharacteristic<'_>, air: &jelling::sim::Air) -> [usize; 2] {
    air.recording();
    remote.write(&1u8).await.unwrap();
    Timer::after_secs(1).await;
    let recording = air.recording();
    // Write Request and Write Command, in an ACL packet of eight octets on the first handle.
    let count = |opcode| {
        let handle = remote.value_handle().to_le_bytes();
        let is = |octets: &Vec<u8>| octets.ends_with(&[4, 0, 4, 0, opcode, handle[0], handle[1], 1]);
        sent(&recording, 0, &[]).iter().filter(|o| is(o)).count()
    };
    [count(0x12), count(0x52)]
}

/// With an answer only where Write is offered and Write Without Response is not.
#[test]
fn a_write_without_a_choice_is_aiobles() {
    play(async |[central, peripheral], air, _| {
        let (with, without) = (Properties::WRITE, Properties::WRITE_WITHOUT_RESPONSE);
        for (properties, expected) in [(with, [1, 0]), (without, [0, 1]), (with | without, [0, 1])] {
            serve(peripheral, &CharacteristicOptions::new(properties));
            let (ours, _theirs) = connected(central, peripheral, 1).await;
            assert_eq!(written_so(found(&ours).await, air).await, expected, "{properties:?}");
            ours.disconnect().await.unwrap();
        }
    });
}

#[test]
fn reads_at_the_same_time_take_turns() {
    play(async |[central, peripheral], _, _| {
        serve(peripheral, &everything().initial(&[9; 60]).max_len(60));
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let reads = [(); 4].map(|()| remote.read::<[u8; 60]>().timeout(Duration::from_secs(5)));
        assert_eq!(join_array(reads).await, [Ok([9; 60]); 4]);
    });
}

#[test]
fn updates_are_there_when_they_are_asked_for() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let mut updates = found(&ours).await.subscribe(Updates::NOTIFY).depth(2).await.unwrap();
        // Before the first call.
        for value in 1..=3u8 {
            local.notify(&theirs, &value).await.unwrap();
        }
        Timer::after_secs(1).await;
        assert_eq!(updates.dropped(), 1);
        for value in [2, 3u8] {
            let (now, took) = crate::support::timed(updates.notified::<u8>()).await;
            assert_eq!((now, took), (Ok(value), Duration::ZERO));
        }
        let mut buffer = [0; 4];
        local.notify(&theirs, "abc").await.unwrap();
        assert_eq!(updates.notified_into(&mut buffer).await, Ok(3));
        assert_eq!(&buffer[..3], b"abc");
    });
}

/// An indication is confirmed when it is taken, and the server's wait ends then.
#[test]
fn indications_are_confirmed_when_taken() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let mut updates = found(&ours).await.subscribe(Updates::INDICATE).await.unwrap();
        let indicate = local.indicate(&theirs, &1u8).no_timeout();
        let take = async {
            Timer::after_secs(5).await;
            updates.indicated::<u8>().await
        };
        let ((confirmed, took), value) = join(crate::support::timed(indicate), take).await;
        assert_eq!((confirmed, value), (Ok(()), Ok(1)));
        assert!(took >= Duration::from_secs(5));
        let late = updates.indicated::<u8>().timeout(Duration::from_secs(2)).await;
        assert_eq!(late, Err(Error::Timeout));
    });
}

/// What is not offered fails at once, and nothing is sent.
#[test]
fn what_is_not_offered_is_an_error_at_once() {
    play(async |[central, peripheral], air, _| {
        let mut db = peripheral.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let nothing = db.characteristic(service, VALUE, Properties::BROADCAST).unwrap();
        let bare = CharacteristicOptions::new(Properties::NOTIFY).without_cccd();
        db.characteristic_with(service, OTHER, &bare).unwrap();
        db.register().unwrap();
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let other = remote.service().characteristic(OTHER).await.unwrap();
        Timer::after_secs(1).await;
        air.recording();
        let not = Some(Error::NotSupported);
        assert_eq!(remote.read::<u8>().await.err(), not);
        assert_eq!(remote.write(&1u8).await.err(), not);
        assert_eq!(remote.write(&1u8).response().await.err(), not);
        assert_eq!(remote.write(&1u8).no_response().await.err(), not);
        assert_eq!(remote.subscribe(Updates::NOTIFY).await.err(), not);
        assert_eq!(other.subscribe(Updates::INDICATE).await.err(), not);
        assert!(sent(&air.recording(), 0, &[]).is_empty());
        assert_eq!(other.subscribe(Updates::NOTIFY).await.err(), Some(Error::NoCccd));
        // Nor can the server tell anybody of what it does not offer.
        assert!(nothing.notify(&theirs, &1u8).await.is_err() && nothing.indicate(&theirs, &1u8).await.is_err());
        // Without a subscription to the other kind there is nothing to wait for.
        assert!(matches!(select(ours.disconnected(), Timer::after_secs(1)).await, Either::Second(())));
    });
}
