//! Who listens on all connections.

use crate::support::{MTU, PSM, connected, next, octets, play};
use core::time::Duration;
use embassy_futures::{
    join::{join, join3},
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Argument, ChannelOptions, Error, Host, LeConnectionResult, sim};

#[test]
fn it_accepts_on_every_connection() {
    play(async |hosts: [Host<'_>; 3], _, _| {
        // Before there is any.
        let listener = hosts[0].l2cap_listen(PSM, &ChannelOptions::new(100)).unwrap();
        let (ours, first) = connected(&hosts, 1).await;
        let (our_other, second) = connected(&hosts, 2).await;
        let accept = async { (listener.accept().await.unwrap(), listener.accept().await.unwrap()) };
        let connects = join(first.l2cap_connect(PSM, MTU), second.l2cap_connect(PSM, MTU));
        let ((a, b), (first, second)) = join(accept, connects).await;
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!((first.peer_mtu(), second.peer_mtu(), a.our_mtu(), a.psm()), (100, 100, 100, PSM));
        assert!(a.connection() != b.connection());
        for (connection, channel) in [(&ours, &first), (&our_other, &second)] {
            let there = if a.connection() == *connection { &a } else { &b };
            assert!(there.connection() == *connection);
            channel.send(b"hello").await.unwrap();
            assert_eq!(next(there).await.unwrap(), b"hello");
        }
    });
}

#[test]
fn what_came_before_it_was_asked_is_there() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, _theirs) = connected(&hosts, 1).await;
        let listener = hosts[1].l2cap_listen(PSM, &ChannelOptions::new(MTU)).unwrap();
        let here = ours.l2cap_connect(PSM, MTU).await.unwrap();
        here.send(b"early").await.unwrap();
        Timer::after_secs(1).await;
        let there = listener.accept().await.unwrap();
        assert_eq!(next(&there).await.unwrap(), b"early");
        // A time that is up loses none.
        assert_eq!(listener.accept().timeout(Duration::from_secs(1)).await.map(|_| ()), Err(Error::Timeout));
        let (accepted, here) = join(listener.accept(), ours.l2cap_connect(PSM, MTU)).await;
        assert!(accepted.is_ok() && here.is_ok());
    });
}

#[test]
fn it_goes_on_over_the_end_of_a_connection() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let listener = hosts[1].l2cap_listen(PSM, &ChannelOptions::new(MTU)).unwrap();
        for round in 0..3 {
            let (ours, theirs) = connected(&hosts, 1).await;
            let (there, here) = join(listener.accept(), ours.l2cap_connect(PSM, MTU)).await;
            let (here, there) = (here.unwrap(), there.unwrap());
            here.send(&octets(round, 40)).await.unwrap();
            assert_eq!(next(&there).await.unwrap(), octets(round, 40));
            ours.disconnect().await.unwrap();
            theirs.disconnected().await.unwrap();
            assert_eq!(next(&there).await, Err(Error::Disconnected));
        }
    });
}

#[test]
fn dropping_it_ends_listening() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, _theirs) = connected(&hosts, 1).await;
        let listener = hosts[1].l2cap_listen(PSM, &ChannelOptions::new(MTU)).unwrap();
        let (taken, here) = join(listener.accept(), ours.l2cap_connect(PSM, MTU)).await;
        let (here, taken) = (here.unwrap(), taken.unwrap());
        // Of two, one has been accepted; the other goes with the listener.
        let left = ours.l2cap_connect(PSM, MTU).await.unwrap();
        drop(listener);
        left.disconnected().timeout(Duration::from_secs(1)).await.unwrap();
        let error = ours.l2cap_connect(PSM, MTU).await.unwrap_err();
        assert_eq!(error, Error::ChannelRefused(LeConnectionResult::PSM_NOT_SUPPORTED));
        here.send(b"stays").await.unwrap();
        assert_eq!(next(&taken).await.unwrap(), b"stays");
    });
}

#[test]
fn one_listens_on_a_psm() {
    play(async |[host]: [Host<'_>; 1], _, _| {
        let options = ChannelOptions::new(MTU);
        let listener = host.l2cap_listen(PSM, &options).unwrap();
        assert_eq!(host.l2cap_listen(PSM, &options).map(|_| ()), Err(Error::Busy));
        let _other = host.l2cap_listen(PSM + 1, &options).unwrap();
        drop(listener);
        let _again = host.l2cap_listen(PSM, &options).unwrap();
        for (psm, options, argument) in [
            (0, options, Argument::Psm),
            (0x100, options, Argument::Psm),
            (PSM + 2, ChannelOptions::new(22), Argument::ChannelMtu),
            (PSM + 2, options.mps(22), Argument::Mps),
        ] {
            assert_eq!(host.l2cap_listen(psm, &options).map(|_| ()), Err(Error::InvalidArgument(argument)));
        }
    });
}

#[test]
fn one_accept_on_a_connection_goes_before_it() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let listener = hosts[1].l2cap_listen(PSM, &ChannelOptions::new(100)).unwrap();
        let (own, here) = join(theirs.l2cap_accept(PSM, 200), ours.l2cap_connect(PSM, MTU)).await;
        assert_eq!((own.unwrap().our_mtu(), here.unwrap().peer_mtu()), (200, 200));
        let (any, here) = join(listener.accept(), ours.l2cap_connect(PSM, MTU)).await;
        assert_eq!((any.unwrap().our_mtu(), here.unwrap().peer_mtu()), (100, 100));
    });
}

#[test]
fn an_accept_that_is_dropped_loses_nothing() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, _theirs) = connected(&hosts, 1).await;
        let listener = hosts[1].l2cap_listen(PSM, &ChannelOptions::new(MTU)).unwrap();
        let connects = async {
            let mut channels = vec![];
            for seed in 0..5 {
                let channel = ours.l2cap_connect(PSM, MTU).await.unwrap();
                channel.send(&octets(seed, 30)).await.unwrap();
                channels.push(channel);
                Timer::after_millis(70).await;
            }
            channels
        };
        let accepts = async {
            let mut channels = vec![];
            while channels.len() < 5 {
                if let Either::First(channel) = select(listener.accept(), Timer::after_millis(13)).await {
                    channels.push(channel.unwrap());
                }
            }
            channels
        };
        let (_here, there) = join(connects, accepts).await;
        let mut came = vec![];
        for channel in &there {
            came.push(next(channel).await.unwrap());
        }
        came.sort();
        let mut sent: Vec<_> = (0..5).map(|seed| octets(seed, 30)).collect();
        sent.sort();
        assert_eq!(came, sent);
    });
}

#[test]
fn several_connections_send_to_one_host_at_once() {
    play(async |hosts: [Host<'_>; 3], _, _| {
        let listener = hosts[0].l2cap_listen(PSM, &ChannelOptions::new(MTU)).unwrap();
        let (_a, first) = connected(&hosts, 1).await;
        let (_b, second) = connected(&hosts, 2).await;
        let send = async |connection: &jelling::Connection<'_>, seed: usize| {
            let channel = connection.l2cap_connect(PSM, MTU).await.unwrap();
            channel.send(&octets(seed, 8_000)).await.unwrap();
            channel.disconnect().timeout(Duration::from_secs(60)).await.unwrap();
        };
        let receive = async {
            let (one, two) = (listener.accept().await.unwrap(), listener.accept().await.unwrap());
            let (a, b) = join(crate::support::rest(&one), crate::support::rest(&two)).await;
            let mut came = [a.0.concat(), b.0.concat()];
            came.sort();
            came
        };
        let ((), (), came) = join3(send(&first, 1), send(&second, 2), receive).await;
        let mut sent = [octets(1, 8_000), octets(2, 8_000)];
        sent.sort();
        assert!(came == sent);
        assert_eq!(first.device().unwrap(), sim::device(0));
    });
}

#[test]
fn it_outlives_a_stop_of_the_host() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let listener = hosts[1].l2cap_listen(PSM, &ChannelOptions::new(MTU)).unwrap();
        let (ours, theirs) = connected(&hosts, 1).await;
        let again = async {
            Timer::after_millis(100).await;
            hosts[1].stop().await;
            ours.disconnected().await.unwrap();
            drop((ours, theirs));
            let (ours, theirs) = connected(&hosts, 1).await;
            let channel = ours.l2cap_connect(PSM, MTU).await.unwrap();
            channel.send(b"again").await.unwrap();
            channel.flush().await.unwrap();
            (ours, theirs, channel)
        };
        // Who waited all the while has it.
        let (there, kept) = join(listener.accept(), again).await;
        assert_eq!(next(&there.unwrap()).await.unwrap(), b"again");
        drop(kept);
    });
}
