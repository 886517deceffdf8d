//! How channels end, and what is left then.

use crate::support::{MTU, PSM, between, connected, next, octets, opened, play, rest};
use core::time::Duration;
use embassy_futures::join::{join, join3, join4};
use embassy_time::Timer;
use jelling::{Error, Host};

#[test]
fn either_side_disconnects_it() {
    for side in 0..2 {
        between(MTU, async |here, there, ours, theirs| {
            let (first, other) = if side == 0 { (here, there) } else { (there, here) };
            let (ended, told) = join(first.disconnect(), other.disconnected()).await;
            assert_eq!((ended, told), (Ok(()), Ok(())));
            for channel in [&first, &other] {
                assert!(!channel.is_connected());
                assert_eq!(next(channel).await, Err(Error::ChannelClosed));
                assert_eq!(channel.send(b"no").await, Err(Error::ChannelClosed));
                assert_eq!(channel.flush().await, Err(Error::ChannelClosed));
                assert_eq!(channel.disconnect().await, Ok(()), "no error when it is closed already");
                assert_eq!(channel.disconnected().await, Ok(()));
            }
            assert!(ours.is_connected() && theirs.is_connected());
        });
    }
}

#[test]
fn both_sides_disconnect_it_at_once() {
    between(MTU, async |here, there, ours, theirs| {
        assert_eq!(join(here.disconnect(), there.disconnect()).await, (Ok(()), Ok(())));
        assert!(!here.is_connected() && !there.is_connected());
        // And the next one works.
        let (here, there) = opened(&ours, &theirs, MTU).await;
        here.send(b"next").await.unwrap();
        assert_eq!(next(&there).await.unwrap(), b"next");
    });
}

#[test]
fn what_was_sent_goes_before_the_end() {
    between(MTU, async |here, there, _ours, _theirs| {
        let data = octets(0, 400);
        here.send(&data).chunk(200).await.unwrap();
        // Nobody flushed: it stands in frame buffers.
        here.disconnect().await.unwrap();
        assert_eq!(rest(&there).await, (vec![data[..200].to_vec(), data[200..].to_vec()], Error::ChannelClosed));
    });
}

#[test]
fn unread_data_are_read_after_either_side_has_closed() {
    for side in 0..2 {
        between(MTU, async |here, there, _ours, _theirs| {
            here.send(&octets(0, 300)).await.unwrap();
            here.send(&octets(1, 200)).await.unwrap();
            here.flush().await.unwrap();
            Timer::after_millis(500).await;
            if side == 0 {
                here.disconnect().await.unwrap()
            } else {
                there.disconnect().await.unwrap()
            }
            assert!(!there.is_connected());
            assert_eq!(there.available(), 300);
            let mut buffer = [0; 100];
            assert_eq!(there.recvinto(&mut buffer).await, Ok(100));
            assert_eq!(there.available(), 200);
            let (sdus, end) = rest(&there).await;
            assert_eq!(sdus, [octets(0, 300)[100..].to_vec(), octets(1, 200)]);
            assert_eq!(end, Error::ChannelClosed);
        });
    }
}

#[test]
fn unread_data_are_read_after_the_link_is_lost() {
    play(async |hosts: [Host<'_>; 2], air, controllers| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let (here, there) = opened(&ours, &theirs, MTU).await;
        here.send(&octets(0, 300)).await.unwrap();
        Timer::after_millis(500).await;
        air.set_in_range(&controllers[0], &controllers[1], false);
        theirs.disconnected().await.unwrap();
        assert_eq!(rest(&there).await, (vec![octets(0, 300)], Error::Disconnected));
    });
}

#[test]
fn link_loss_is_one_error_everywhere() {
    play(async |hosts: [Host<'_>; 2], air, controllers| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let (here, there) = opened(&ours, &theirs, MTU).await;
        let data = octets(0, 100_000);
        let (mut one, mut two) = ([0; 10], [0; 10]);
        let waits = join4(here.send(&data), here.recvinto(&mut one), here.receive(&mut two), here.disconnected());
        let lose = async {
            Timer::after_secs(1).await;
            air.set_in_range(&controllers[0], &controllers[1], false);
        };
        let accept = async { theirs.l2cap_accept(PSM, MTU).await.map(|_| ()) };
        let ((sent, came, received, ended), accepted, ()) = join3(waits, accept, lose).await;
        assert_eq!(sent, Err(Error::Disconnected));
        assert_eq!(came, Err(Error::Disconnected));
        assert_eq!(received.map(|_| ()), Err(Error::Disconnected));
        assert_eq!(accepted, Err(Error::Disconnected));
        assert_eq!(ended, Ok(()), "that is what it waited for");
        // And afterwards.
        assert_eq!(here.send(b"").await, Err(Error::Disconnected));
        assert_eq!(here.flush().await, Err(Error::Disconnected));
        assert_eq!(next(&here).await, Err(Error::Disconnected));
        assert_eq!(here.disconnect().await, Ok(()));
        assert_eq!(rest(&there).await.1, Error::Disconnected);
    });
}

#[test]
fn a_disconnect_of_the_channel_ends_every_wait() {
    for by_peer in [false, true] {
        between(MTU, async |here, there, _ours, _theirs| {
            let data = octets(0, 100_000);
            let (mut one, mut two) = ([0; 10], [0; 10]);
            let waits = join4(here.send(&data), here.recvinto(&mut one), here.receive(&mut two), here.disconnected());
            let end = async {
                Timer::after_secs(2).await;
                if by_peer { there.disconnect().await.unwrap() } else { here.disconnect().await.unwrap() }
            };
            let ((sent, came, received, ended), ()) = join(waits, end).await;
            assert_eq!(sent, Err(Error::ChannelClosed), "by the peer: {by_peer}");
            assert_eq!(came, Err(Error::ChannelClosed));
            assert_eq!(received.map(|_| ()), Err(Error::ChannelClosed));
            assert_eq!(ended, Ok(()));
        });
    }
}

#[test]
fn dropping_it_disconnects_it() {
    for side in 0..2 {
        between(MTU, async |here, there, ours, theirs| {
            let other = if side == 0 {
                drop(here);
                there
            } else {
                drop(there);
                here
            };
            other.disconnected().timeout(Duration::from_secs(1)).await.unwrap();
            assert_eq!(next(&other).await, Err(Error::ChannelClosed));
            drop(other);
            drop(opened(&ours, &theirs, MTU).await);
        });
    }
}

#[test]
fn stop_ends_channels() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let (here, there) = opened(&ours, &theirs, MTU).await;
        let waits = join(async { next(&here).await }, async { next(&there).await });
        let stop = async {
            Timer::after_millis(100).await;
            hosts[0].stop().await;
        };
        let (came, ()) = join(waits, stop).await;
        assert_eq!(came, (Err(Error::Disconnected), Err(Error::Disconnected)));
        assert!(!here.is_connected() && !there.is_connected());
    });
}

#[test]
fn a_channel_of_an_earlier_connection_is_never_the_next_ones() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let (old, old_there) = opened(&ours, &theirs, MTU).await;
        ours.disconnect().await.unwrap();
        theirs.disconnected().await.unwrap();
        drop((ours, theirs));
        let (ours, theirs) = connected(&hosts, 1).await;
        let (here, there) = opened(&ours, &theirs, MTU).await;
        assert_eq!(old.send(b"old").await, Err(Error::Disconnected));
        assert_eq!(next(&old).await, Err(Error::Disconnected));
        old.disconnect().await.unwrap();
        drop((old, old_there));
        here.send(b"new").await.unwrap();
        assert_eq!(next(&there).await.unwrap(), b"new");
        assert!(here.is_connected() && there.is_connected());
    });
}
