//! A peer that sends without credits.

use super::{
    raw::{FIRST, Raw},
    support::{PSM, beside, channel, connect, connected, held, octets, play},
};
use core::time::Duration;
use embassy_time::Timer;
use jelling::Error;

const LENGTH: usize = 60;

/// Vol 3, Part A, 10.1: a frame for which there is no credit ends its channel.
#[test]
fn who_sends_without_credits_loses_that_channel_alone() {
    play::<2, 1>(async |[host, other], _, [rogue]| {
        let raw = Raw::new(rogue);
        raw.credits.set(100);
        let work = async {
            let connection = connect(host, 2).await;
            let second = connected(host, other, 1).await;
            let honest = channel(&second, PSM, 500, 4).await;
            let before = held(host);
            let spared = connection.l2cap_connect(PSM, 200).mps(100).credits(3).await.unwrap();
            let to_spared = raw.opened(0).await;
            let between = held(host);
            for round in 0..3 {
                let flooded = connection.l2cap_connect(PSM, 200).mps(100).credits(3).await.unwrap();
                let to = raw.opened(1 + round).await;
                assert_eq!((to.mtu, to.mps, to.credits), (200, 100, 3));
                let open = held(host);
                for number in 0..40 {
                    raw.sdu(to.cid, &octets(number * LENGTH, LENGTH));
                }
                // Its room is what was set apart.
                while raw.ends() <= round {
                    assert_eq!(held(host)[1], open[1]);
                    Timer::after_millis(5).await;
                }
                // What came within its credits is there.
                let mut buffer = [0; 200];
                for number in 0..3 {
                    assert_eq!(flooded.recvinto(&mut buffer).await, Ok(LENGTH));
                    assert_eq!(buffer[..LENGTH], octets(number * LENGTH, LENGTH));
                }
                assert_eq!(flooded.recvinto(&mut buffer).await, Err(Error::ChannelClosed));
                assert_eq!(flooded.send(b"more").await, Err(Error::ChannelClosed));
                assert!(!flooded.is_connected());
                // The other channel of the link, both ways.
                raw.sdu(to_spared.cid, b"we are here");
                assert_eq!(spared.recvinto(&mut buffer).await, Ok(11));
                spared.send(b"so are we").await.unwrap();
                raw.until(|raw| raw.count(FIRST) == round + 1).await;
                // And the other link.
                honest[0].send(b"what is it?").await.unwrap();
                assert_eq!(honest[1].recvinto(&mut buffer).await, Ok(11));
                drop(flooded);
                Timer::after(embassy_time::Duration::from_secs(1)).await;
                assert_eq!(held(host), between, "{:?}", host.pools());
            }
            drop(spared);
            Timer::after(embassy_time::Duration::from_secs(1)).await;
            assert_eq!(held(host), before, "{:?}", host.pools());
            connection.disconnect().await.unwrap();
        };
        beside(work, raw.run()).await;
    });
}

/// It has credits, and uses all of them again and again, while nobody takes anything.
#[test]
fn who_sends_all_that_it_may_fills_what_was_set_apart() {
    play::<2, 1>(async |[host, other], _, [eager]| {
        let raw = Raw::new(eager);
        let work = async {
            let connection = connect(host, 2).await;
            let second = connected(host, other, 1).await;
            let honest = channel(&second, PSM, 500, 4).await;
            // As many as the host has slots for.
            let mut full = vec![];
            loop {
                match connection.l2cap_connect(PSM, 200).mps(100).credits(8).timeout(Duration::from_secs(2)).await {
                    Ok(channel) => full.push(channel),
                    Err(Error::Full(_)) => break,
                    Err(error) => panic!("{error}"),
                }
            }
            let open = held(host);
            for number in 0..full.len() {
                let to = raw.opened(number).await;
                (0..to.credits).for_each(|number| raw.sdu(to.cid, &octets(usize::from(number) * 98, 98)));
            }
            Timer::after_secs(20).await;
            assert_eq!(held(host), open, "{:?}", host.pools());
            // Nobody is punished, and the honest ones have room.
            honest[0].send(b"room for us").await.unwrap();
            assert_eq!(honest[1].recvinto(&mut [0; 20]).await, Ok(11));
            honest[1].send(b"and back").await.unwrap();
            assert_eq!(honest[0].recvinto(&mut [0; 20]).await, Ok(8));
            for channel in &full {
                let mut buffer = [0; 98];
                for number in 0..8 {
                    assert_eq!(channel.recvinto(&mut buffer).await, Ok(98));
                    assert_eq!(buffer[..], octets(number * 98, 98));
                }
                assert!(channel.is_connected());
            }
            assert_eq!(held(host), open, "{:?}", host.pools());
            drop(full);
            connection.disconnect().await.unwrap();
        };
        beside(work, raw.run()).await;
    });
}
