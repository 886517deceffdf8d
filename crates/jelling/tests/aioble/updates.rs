//! Notifications and indications: of the stored value, of other data, in bursts, back and forth.

use crate::support::{connected, everything, found, play, serve};
use core::time::Duration;
use embassy_futures::join::join;
use embassy_time::Timer;
use jelling::{Error, Updates};

#[test]
fn the_stored_value_is_notified() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        // Nobody has subscribed: the value is set, and nobody is told.
        local.update("early").unwrap();
        let mut updates = remote.subscribe(Updates::NOTIFY).await.unwrap();
        let early = updates.notified::<[u8; 5]>().timeout(Duration::from_secs(1)).await;
        assert_eq!(early, Err(Error::Timeout));
        local.update("fresh").unwrap();
        assert_eq!(updates.notified::<[u8; 5]>().await, Ok(*b"fresh"));
        assert_eq!(local.read::<[u8; 5]>(), Ok(*b"fresh"));
        assert_eq!(remote.read::<[u8; 5]>().await, Ok(*b"fresh"));
    });
}

/// One subscriber is told what is stored, as it is when it leaves.
#[test]
fn the_stored_value_is_told_to_one() {
    play(async |[server, one, two], _, _| {
        let local = serve(server, &everything().initial(b"first"));
        let (to_one, from_one) = connected(server, one, 1).await;
        let (_to_two, from_two) = connected(server, two, 2).await;
        let both = Updates::NOTIFY | Updates::INDICATE;
        let mut updates = found(&from_one).await.subscribe(both).await.unwrap();
        let mut others = found(&from_two).await.subscribe(both).await.unwrap();
        local.notify_stored(&to_one).await.unwrap();
        assert_eq!(updates.notified::<[u8; 5]>().await, Ok(*b"first"));
        local.write("second").unwrap();
        let (sent, got) = join(local.indicate_stored(&to_one), updates.indicated::<[u8; 6]>()).await;
        assert_eq!((sent, got), (Ok(()), Ok(*b"second")));
        let quiet = others.notified::<u8>().timeout(Duration::from_secs(1)).await;
        assert_eq!(quiet, Err(Error::Timeout));
    });
}

#[test]
fn other_data_is_notified_and_the_stored_value_stays() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything().initial(b"stored"));
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let mut updates = remote.subscribe(Updates::NOTIFY).await.unwrap();
        local.notify(&theirs, "other").await.unwrap();
        assert_eq!(updates.notified::<[u8; 5]>().await, Ok(*b"other"));
        assert_eq!(remote.read::<[u8; 6]>().await, Ok(*b"stored"));
        assert_eq!(local.read::<[u8; 6]>(), Ok(*b"stored"));
    });
}

#[test]
fn an_indication_ends_when_it_is_confirmed() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything().initial(b"stored"));
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let mut updates = remote.subscribe(Updates::INDICATE).await.unwrap();
        let confirmed = async { local.indicate(&theirs, "told").await };
        let (sent, got) = join(confirmed, updates.indicated::<[u8; 4]>()).await;
        assert_eq!((sent, got), (Ok(()), Ok(*b"told")));
        // Taken late: confirmed late.
        let late = async {
            Timer::after_millis(700).await;
            updates.indicated::<[u8; 4]>().await
        };
        let (sent, got) = join(local.indicate(&theirs, "late"), late).await;
        assert_eq!((sent, got), (Ok(()), Ok(*b"late")));
        assert_eq!(remote.read::<[u8; 6]>().await, Ok(*b"stored"));
    });
}

#[test]
fn subscribers_alone_are_told() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        assert_eq!(local.notify(&theirs, "0").await, Err(Error::NotSubscribed));
        assert_eq!(local.indicate(&theirs, "0").await, Err(Error::NotSubscribed));
        let mut updates = remote.subscribe(Updates::NOTIFY).await.unwrap();
        local.notify(&theirs, "1").await.unwrap();
        assert_eq!(updates.notified::<[u8; 1]>().await, Ok(*b"1"));
        assert_eq!(local.indicate(&theirs, "i").await, Err(Error::NotSubscribed));
        // Unsubscribed, and subscribed again.
        drop(updates);
        Timer::after_secs(1).await;
        assert_eq!(local.subscribed(&theirs), Ok(Updates::empty()));
        assert_eq!(local.notify(&theirs, "2").await, Err(Error::NotSubscribed));
        assert_eq!(local.notify(&theirs, "2").forced().await, Ok(()));
        let mut updates = remote.subscribe(Updates::NOTIFY | Updates::INDICATE).await.unwrap();
        local.notify(&theirs, "3").await.unwrap();
        assert_eq!(updates.notified::<[u8; 1]>().await, Ok(*b"3"));
        let (sent, got) = join(local.indicate(&theirs, "4"), updates.indicated::<[u8; 1]>()).await;
        assert_eq!((sent, got), (Ok(()), Ok(*b"4")));
    });
}

/// With room for three all of them are there; with aioble's room for one, the newest, and the others are counted.
#[test]
fn a_burst_of_three_notifications() {
    play(async |[central, peripheral], _, _| {
        let local = serve(peripheral, &everything());
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let remote = found(&ours).await;
        let mut all = remote.subscribe(Updates::NOTIFY).depth(3).await.unwrap();
        let mut newest = remote.subscribe(Updates::NOTIFY).await.unwrap();
        for value in 1..=3u8 {
            local.notify(&theirs, &value).await.unwrap();
        }
        Timer::after_secs(1).await;
        for value in 1..=3u8 {
            assert_eq!(all.notified::<u8>().await, Ok(value));
        }
        assert_eq!(newest.notified::<u8>().await, Ok(3));
        assert_eq!((all.dropped(), newest.dropped()), (0, 2));
        assert_eq!(newest.notified::<u8>().timeout(Duration::from_secs(1)).await, Err(Error::Timeout));
    });
}

/// Each side answers the other's value with the next one.
#[test]
fn fifty_notifications_back_and_forth() {
    play(async |[central, peripheral], _, _| {
        let (here, there) = (serve(central, &everything()), serve(peripheral, &everything()));
        let (ours, theirs) = connected(central, peripheral, 1).await;
        let ((from_there, back), (from_here, forth)) =
            join(async { (found(&ours).await.subscribe(Updates::NOTIFY).await.unwrap(), &here) }, async {
                (found(&theirs).await.subscribe(Updates::NOTIFY).await.unwrap(), &there)
            })
            .await;
        let (mut from_there, mut from_here) = (from_there, from_here);
        let pings = async {
            for i in 0..50u32 {
                back.notify(&ours, &i).await.unwrap();
                assert_eq!(from_there.notified::<u32>().await, Ok(i + 1_000));
            }
        };
        let pongs = async {
            for _ in 0..50 {
                let i = from_here.notified::<u32>().await.unwrap();
                forth.notify(&theirs, &(i + 1_000)).await.unwrap();
            }
        };
        join(pings, pongs).await;
    });
}
