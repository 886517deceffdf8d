//! Many tasks at once on one connection, and what happens beside them.

use crate::{
    served::{polled, text, with_server},
    support::{honest, play},
};
use core::{cell::Cell, time::Duration};
use embassy_futures::join::{join, join_array, join4};
use embassy_time::Timer;
use jelling::{ConnectionEvent, Error, Updates};

#[test]
fn eight_tasks_of_all_kinds_share_a_connection() {
    with_server(async |ours, theirs, local| {
        let second = Duration::from_secs(20);
        let done = Cell::new(0);
        let text = text();
        let reads = async |count: usize| {
            for _ in 0..count {
                let mut buffer = [0; 512];
                assert_eq!(ours.text.read_into(&mut buffer).timeout(second).await, Ok(300));
                assert_eq!(buffer[..300], text);
            }
            done.set(done.get() + 1);
        };
        let dropped = async {
            // A discovery that is dropped in the middle, again and again.
            for patience in 1..15 {
                let mut characteristics = ours.service.characteristics(None).timeout(second);
                let _ = polled(patience, characteristics.next()).await;
                Timer::after_millis(7).await;
            }
            done.set(done.get() + 1);
        };
        let discovery = async {
            let mut attributes = ours.connection.attributes(1..=0xffff).timeout(second);
            let mut last = 0;
            while let Some(attribute) = attributes.next().await.unwrap() {
                assert!(attribute.handle() > last);
                last = attribute.handle();
                // Others get between, and it rests.
                Timer::after_millis(3).await;
            }
            assert_eq!(last, 0x4d);
            done.set(done.get() + 1);
        };
        let subscription = async {
            let kinds = Updates::NOTIFY | Updates::INDICATE;
            let mut updates = ours.level.subscribe(kinds).depth(16).timeout(second).await.unwrap();
            let send = async {
                for i in 0..16u8 {
                    local[0].notify(&theirs, &i).await.unwrap();
                    local[0].indicate(&theirs, &i).timeout(second).await.unwrap();
                }
            };
            let receive = async {
                for i in 0..16u8 {
                    assert_eq!(updates.notified::<u8>().timeout(second).await, Ok(i));
                    assert_eq!(updates.indicated::<u8>().timeout(second).await, Ok(i));
                }
            };
            join(send, receive).await;
            done.set(done.get() + 1);
        };
        let writes = async {
            for i in 0..10u8 {
                ours.other.write(&[i; 20]).timeout(second).await.unwrap();
                let values = [(ours.other, &[i; 20][..]), (ours.level, &[i])];
                ours.connection.reliable_write(&values).timeout(second).await.unwrap();
                assert_eq!(ours.other.read::<[u8; 20]>().timeout(second).await, Ok([i; 20]));
            }
            done.set(done.get() + 1);
        };
        let long_writes = async |count: usize| {
            for _ in 0..count {
                ours.text.write(&text[..]).timeout(second).await.unwrap();
            }
            done.set(done.get() + 1);
        };
        let exchange = async {
            // Theirs, in the middle of it all.
            Timer::after_millis(500).await;
            assert!(theirs.exchange_mtu().timeout(second).await.is_ok_and(|mtu| mtu > 23));
            assert_eq!(theirs.event().await, Ok(ConnectionEvent::MtuChanged(theirs.mtu().unwrap())));
            assert_eq!(ours.connection.event().await, Ok(ConnectionEvent::MtuChanged(theirs.mtu().unwrap())));
            done.set(done.get() + 1);
        };
        // Two read the same at once, two write it; each value is what it was, and never a mixture.
        join4(
            join_array([reads(5), reads(5)]),
            join_array([long_writes(3), long_writes(3)]),
            join(join(dropped, discovery), join(subscription, writes)),
            exchange,
        )
        .await;
        assert_eq!(done.get(), 9);
    });
}

#[test]
fn subscriptions_to_one_characteristic_take_nothing_from_each_other() {
    with_server(async |ours, theirs, local| {
        let both = Updates::NOTIFY | Updates::INDICATE;
        let mut first = ours.level.subscribe(Updates::NOTIFY).await.unwrap();
        let mut second = ours.level.subscribe(Updates::INDICATE).await.unwrap();
        assert_eq!(local[0].subscribed(&theirs), Ok(both));
        local[0].notify(&theirs, &1u8).await.unwrap();
        assert_eq!(first.notified::<u8>().await, Ok(1));
        let (told, taken) = join(local[0].indicate(&theirs, &2u8), second.indicated::<u8>()).await;
        assert_eq!((told, taken), (Ok(()), Ok(2)));
        // At once, in either order, and one that is given up on its way.
        drop((first, second));
        let (first, second) = join(ours.level.subscribe(Updates::INDICATE), ours.level.subscribe(both)).await;
        let first = first.unwrap();
        drop(second.unwrap());
        for patience in 1..10 {
            let _ = polled(patience, ours.level.subscribe(Updates::NOTIFY)).await;
            Timer::after_secs(1).await;
            assert_eq!(local[0].subscribed(&theirs), Ok(Updates::INDICATE), "{patience}");
        }
        drop(first);
        Timer::after_secs(1).await;
        assert_eq!(local[0].subscribed(&theirs), Ok(Updates::empty()));
    });
}

#[test]
fn what_happens_beside_a_call_is_told() {
    play(async |_, connection, peer| {
        peer.answers(honest::answer);
        // LE Connection Update Complete.
        let update = |interval| peer.event(0x3e, &[0x03, 0, 0x40, 0, interval, 0, 1, 0, 200, 0]);
        let changed = |interval| {
            let (interval, supervision_timeout) = (Duration::from_millis(interval), Duration::from_secs(2));
            Ok(ConnectionEvent::ParametersChanged { interval, latency: 1, supervision_timeout })
        };
        let change = async {
            Timer::after_millis(10).await;
            update(12);
        };
        assert_eq!(join(connection.event(), change).await.0, changed(15));
        // Of two that nobody awaited the latest is told.
        update(16);
        update(24);
        Timer::after_millis(1).await;
        assert_eq!(connection.event().await, changed(30));
        assert_eq!(connection.interval(), Ok(Duration::from_millis(30)));
        // Nothing is lost by a future that is dropped, and nothing is told twice.
        assert_eq!(connection.timeout(Some(Duration::from_millis(1)), connection.event()).await, Err(Error::Timeout));
        peer.say(&[0x02, 100, 0]);
        Timer::after_millis(1).await;
        assert_eq!(connection.event().await, Ok(ConnectionEvent::MtuChanged(100)));
        // The same again is no change.
        peer.say(&[0x02, 100, 0]);
        assert_eq!(connection.timeout(Some(Duration::from_millis(1)), connection.event()).await, Err(Error::Timeout));
        let ended = join(connection.event(), connection.disconnect()).await;
        assert_eq!(ended.0, Err(Error::Disconnected));
    });
}
