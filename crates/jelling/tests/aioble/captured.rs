//! Captured writes: each arrives once, in order, with its connection.

use crate::support::{OTHER, SERVICE, VALUE, connected, everything, found, play, serve};
use embassy_futures::join::join;
use embassy_time::Timer;
use jelling::{CharacteristicOptions, Error, ErrorCode, Properties};

/// The client writes each 200 ms, the server looks each 500 ms.
#[test]
fn writes_at_200_ms_are_read_at_500_ms() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything().capture(10));
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let writes = async {
            for i in 0..10u8 {
                remote.write(&i).response().await.unwrap();
                Timer::after_millis(200).await;
            }
        };
        let reads = async {
            for i in 0..10u8 {
                let (who, value) = local.written::<u8>().await.unwrap();
                assert_eq!((who == theirs, value), (true, i));
                Timer::after_millis(500).await;
            }
        };
        join(writes, reads).await;
        assert_eq!(local.read::<u8>(), Ok(9));
    });
}

/// Without capture a slow reader sees the newest.
#[test]
fn without_capture_the_newest_wins() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything().capture(10).capture(0));
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        for i in 0..3u8 {
            remote.write(&i).response().await.unwrap();
        }
        let (who, value) = local.written::<u8>().await.unwrap();
        assert_eq!((who == theirs, value), (true, 2));
        let again = local.written::<u8>().timeout(core::time::Duration::from_secs(1)).await;
        assert_eq!(again.map(|_| ()), Err(Error::Timeout));
    });
}

/// Two captured characteristics are awaited in the order opposite to that of their writes, and neither stands in the other's way.
#[test]
fn two_captured_characteristics_are_awaited_in_any_order() {
    play(async |[central, peripheral], _, _| {
        let both = CharacteristicOptions::new(Properties::WRITE).capture(4);
        let mut db = peripheral.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let first = db.characteristic_with(service, VALUE, &both).unwrap();
        let second = db.characteristic_with(service, OTHER, &both).unwrap();
        db.register().unwrap();
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let service = ours.service(SERVICE).await.unwrap();
        let (a, b) = (service.characteristic(VALUE).await.unwrap(), service.characteristic(OTHER).await.unwrap());
        for i in 0..3u8 {
            a.write(&i).await.unwrap();
            b.write(&(i + 100)).await.unwrap();
        }
        for i in 0..3u8 {
            assert_eq!(second.written::<u8>().await.unwrap().1, i + 100);
        }
        for i in 0..3u8 {
            assert_eq!(first.written::<u8>().await.unwrap().1, i);
        }
    });
}

/// Each has a queue of its own, as deep as it was asked for: one that is full refuses, and no other does.
#[test]
fn a_full_queue_refuses_and_the_others_go_on() {
    play(async |[central, peripheral], _, _| {
        let options = CharacteristicOptions::new(Properties::WRITE);
        let mut db = peripheral.services().unwrap();
        let service = db.service(SERVICE).unwrap();
        let small = db.characteristic_with(service, VALUE, &options.capture(2)).unwrap();
        let large = db.characteristic_with(service, OTHER, &options.capture(12)).unwrap();
        db.register().unwrap();
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let service = ours.service(SERVICE).await.unwrap();
        let (a, b) = (service.characteristic(VALUE).await.unwrap(), service.characteristic(OTHER).await.unwrap());
        for i in 0..12u8 {
            let full = Err(Error::Gatt(ErrorCode::INSUFFICIENT_RESOURCES));
            assert_eq!(a.write(&i).await, if i < 2 { Ok(()) } else { full });
            assert_eq!(b.write(&i).await, Ok(()));
        }
        for i in 0..12u8 {
            assert_eq!(large.written::<u8>().await.unwrap().1, i);
        }
        assert_eq!(small.written::<u8>().await.unwrap().1, 0);
        assert_eq!(small.written::<u8>().await.unwrap().1, 1);
    });
}

#[test]
fn each_write_comes_with_its_connection() {
    play(async |[server, one, two], _, _| {
        let local = serve(server, &everything().capture(4));
        let (to_one, from_one) = connected(server, one, 1).await;
        let (to_two, from_two) = connected(server, two, 2).await;
        let (a, b) = join(found(&from_one), found(&from_two)).await;
        for i in 0..2u8 {
            a.write(&i).response().await.unwrap();
            b.write(&(i + 100)).response().await.unwrap();
        }
        for i in 0..2u8 {
            let (who, value) = local.written::<u8>().await.unwrap();
            assert_eq!((who == to_one, value), (true, i));
            let (who, value) = local.written::<u8>().await.unwrap();
            assert_eq!((who == to_two, value), (true, i + 100));
        }
    });
}
