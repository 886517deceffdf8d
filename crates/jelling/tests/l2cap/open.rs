//! How channels begin.

use crate::support::{MTU, PSM, between, connected, next, octets, opened, play, rest};
use core::time::Duration;
use embassy_futures::join::{join, join3};
use embassy_time::Timer;
use jelling::{Argument, Error, Host, L2capChannel, LeConnectionResult, Resource};

#[test]
fn both_sides_know_what_it_is() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let (there, here) = join(theirs.l2cap_accept(0x93, 600), ours.l2cap_connect(0x93, 100)).await;
        let (here, there) = (here.unwrap(), there.unwrap());
        assert_eq!((here.psm(), here.our_mtu(), here.peer_mtu()), (0x93, 100, 600));
        assert_eq!((there.psm(), there.our_mtu(), there.peer_mtu()), (0x93, 600, 100));
        assert!(here.connection() == ours && there.connection() == theirs);
        assert!(here.is_connected() && there.is_connected());
    });
}

#[test]
fn either_role_opens_it() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        for (from, to) in [(&ours, &theirs), (&theirs, &ours)] {
            let (here, there) = opened(from, to, MTU).await;
            here.send(b"there").await.unwrap();
            assert_eq!(next(&there).await.unwrap(), b"there");
            there.send(b"back").await.unwrap();
            assert_eq!(next(&here).await.unwrap(), b"back");
        }
    });
}

#[test]
fn a_connection_has_several_and_each_its_own_data() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let mut channels = vec![];
        for number in 0..4u16 {
            let (there, here) =
                join(theirs.l2cap_accept(PSM + number, 64 + number), ours.l2cap_connect(PSM + number, MTU)).await;
            channels.push((here.unwrap(), there.unwrap()));
        }
        for (number, (here, there)) in channels.iter().enumerate() {
            assert_eq!(usize::from(here.peer_mtu()), 64 + number, "each accept has its own parameters");
            here.send(&octets(number, 50)).await.unwrap();
            there.send(&octets(number + 10, 60)).await.unwrap();
        }
        for (number, (here, there)) in channels.iter().enumerate().rev() {
            assert_eq!(next(there).await.unwrap(), octets(number, 50));
            assert_eq!(next(here).await.unwrap(), octets(number + 10, 60));
        }
        // The end of one is not the others'.
        let (here, there) = channels.swap_remove(1);
        here.disconnect().await.unwrap();
        assert_eq!(next(&there).await, Err(Error::ChannelClosed));
        for (here, there) in &channels {
            here.send(b"still").await.unwrap();
            assert_eq!(next(there).await.unwrap(), b"still");
        }
    });
}

#[test]
fn several_on_one_psm() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let accept = join(theirs.l2cap_accept(PSM, MTU), theirs.l2cap_accept(PSM, MTU));
        let connect = async {
            let first = ours.l2cap_connect(PSM, MTU).await.unwrap();
            let second = ours.l2cap_connect(PSM, MTU).await.unwrap();
            (first, second)
        };
        let ((a, b), (first, second)) = join(accept, connect).await;
        let (a, b) = (a.unwrap(), b.unwrap());
        first.send(b"first").await.unwrap();
        second.send(b"second").await.unwrap();
        let mut came = [next(&a).await.unwrap(), next(&b).await.unwrap()];
        came.sort();
        assert_eq!(came, [b"first".to_vec(), b"second".to_vec()]);
    });
}

#[test]
fn a_host_connects_while_it_listens() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let theirs_listens = async {
            Timer::after_millis(200).await;
            theirs.l2cap_connect(0x81, MTU).await.unwrap()
        };
        let both = join(theirs.l2cap_accept(0x80, MTU), theirs_listens);
        let ours_do = async {
            let accepted = ours.l2cap_accept(0x81, MTU).await.unwrap();
            (ours.l2cap_connect(0x80, MTU).await.unwrap(), accepted)
        };
        let ((there, their_own), (here, accepted)) = join(both, ours_do).await;
        here.send(b"one").await.unwrap();
        their_own.send(b"two").await.unwrap();
        assert_eq!(next(&there.unwrap()).await.unwrap(), b"one");
        assert_eq!(next(&accepted).await.unwrap(), b"two");
    });
}

#[test]
fn both_open_one_in_the_same_moment() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let accepts = join(ours.l2cap_accept(PSM, MTU), theirs.l2cap_accept(PSM, MTU));
        let (accepted, a, b) = join3(accepts, ours.l2cap_connect(PSM, MTU), theirs.l2cap_connect(PSM, MTU)).await;
        let (a, b) = (a.unwrap(), b.unwrap());
        a.send(b"a").await.unwrap();
        b.send(b"b").await.unwrap();
        assert_eq!(next(&accepted.1.unwrap()).await.unwrap(), b"a");
        assert_eq!(next(&accepted.0.unwrap()).await.unwrap(), b"b");
    });
}

#[test]
fn what_is_out_of_range_is_an_error_at_once() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let error = |result: Result<L2capChannel<'_>, Error>| result.map(|_| ()).unwrap_err();
        for psm in [0, 0x100, 0xffff] {
            assert_eq!(error(ours.l2cap_connect(psm, MTU).await), Error::InvalidArgument(Argument::Psm));
            assert_eq!(error(theirs.l2cap_accept(psm, MTU).await), Error::InvalidArgument(Argument::Psm));
        }
        assert_eq!(error(ours.l2cap_connect(PSM, 22).await), Error::InvalidArgument(Argument::ChannelMtu));
        assert_eq!(error(theirs.l2cap_accept(PSM, 22).await), Error::InvalidArgument(Argument::ChannelMtu));
        for mps in [22, 65_534] {
            assert_eq!(error(ours.l2cap_connect(PSM, MTU).mps(mps).await), Error::InvalidArgument(Argument::Mps));
            assert_eq!(error(theirs.l2cap_accept(PSM, MTU).mps(mps).await), Error::InvalidArgument(Argument::Mps));
        }
        for result in [ours.l2cap_connect(1, 23).mps(23).await, ours.l2cap_connect(0xff, 23).mps(23).await] {
            assert_eq!(error(result), Error::ChannelRefused(LeConnectionResult::PSM_NOT_SUPPORTED));
        }
    });
}

#[test]
fn what_has_no_room_is_an_error_at_once() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        // 65,535 octets are more than the pool of a simulation has.
        let error = theirs.l2cap_accept(PSM, u16::MAX).mps(4_096).credits(15).await.map(|_| ()).unwrap_err();
        assert_eq!(error, Error::Full(Resource::Blocks));
        let total = hosts[1].capabilities().channels;
        let listeners: Vec<_> = (1..=total as u16)
            .map(|psm| hosts[1].l2cap_listen(psm, &jelling::ChannelOptions::new(MTU)).unwrap())
            .collect();
        let error = theirs.l2cap_accept(PSM, MTU).await.map(|_| ()).unwrap_err();
        assert_eq!(error, Error::Full(Resource::Channels));
        drop(listeners);
        drop(opened(&ours, &theirs, MTU).await);
    });
}

#[test]
fn a_host_tells_what_it_has() {
    play(async |[host]: [Host<'_>; 1], _, _| {
        let capabilities = host.capabilities();
        assert!(capabilities.l2cap && capabilities.central && capabilities.peripheral);
        assert_eq!((capabilities.connections, capabilities.channels), (8, 16));
    });
}

#[test]
fn who_is_not_connected_any_more_has_no_channels() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let accept = async { theirs.l2cap_accept(PSM, MTU).await.map(|_| ()) };
        let end = async {
            Timer::after_millis(300).await;
            ours.disconnect().await
        };
        assert_eq!(join(accept, end).await, (Err(Error::Disconnected), Ok(())));
        assert_eq!(ours.l2cap_connect(PSM, MTU).await.map(|_| ()), Err(Error::Disconnected));
        assert_eq!(theirs.l2cap_accept(PSM, MTU).await.map(|_| ()), Err(Error::Disconnected));
    });
}

#[test]
fn mps_and_credits_are_as_said() {
    for (mps, credits) in [(23, 1), (23, 8), (100, 0), (247, 3)] {
        play(async |hosts: [Host<'_>; 2], _, _| {
            let (ours, theirs) = connected(&hosts, 1).await;
            let accept = theirs.l2cap_accept(PSM, MTU).mps(mps).credits(credits);
            let (there, here) = join(accept, ours.l2cap_connect(PSM, MTU)).await;
            let (here, there) = (here.unwrap(), there.unwrap());
            // SDUs of a segment each. Nobody takes any: so many leave as there are credits.
            let (data, each) = (octets(0, 2_000), usize::from(mps) - 2);
            let sent = here.send(&data).chunk(each).timeout(Duration::from_secs(2)).await;
            assert_eq!(sent, Err(Error::Timeout));
            assert_eq!(there.available(), if credits == 0 { 0 } else { each });
            here.disconnect().await.unwrap();
            let (sdus, end) = rest(&there).await;
            assert_eq!((sdus.len(), end), (usize::from(credits), Error::ChannelClosed));
            assert!(sdus.concat() == data[..sdus.len() * each]);
        });
    }
}

#[test]
fn who_connects_chooses_too() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let connect = ours.l2cap_connect(PSM, MTU).mps(50).credits(2);
        let (there, here) = join(theirs.l2cap_accept(PSM, MTU), connect).await;
        let (here, there) = (here.unwrap(), there.unwrap());
        let sent = there.send(&octets(0, 480)).chunk(48).timeout(Duration::from_secs(2)).await;
        assert_eq!(sent, Err(Error::Timeout));
        there.disconnect().await.unwrap();
        assert_eq!(rest(&here).await.0.concat(), octets(0, 96));
    });
}

#[test]
fn with_the_connection_dropped_the_channel_is_down() {
    between(MTU, async |here, there, ours, theirs| {
        drop(ours);
        theirs.disconnected().await.unwrap();
        assert_eq!(next(&there).await, Err(Error::Disconnected));
        assert_eq!(next(&here).await, Err(Error::Disconnected));
        assert!(!here.is_connected() && !there.is_connected());
    });
}
