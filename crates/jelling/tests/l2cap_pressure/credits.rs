//! A peer that gives no credits.

use super::{
    raw::{FIRST, Raw},
    support::{PSM, beside, connect, held, octets, play, timed},
};
use core::{cell::Cell, time::Duration};
use embassy_futures::join::join;
use embassy_time::Timer;
use jelling::{Error, L2capChannel};

const PATIENCE: Duration = Duration::from_secs(7);
const LENGTH: usize = 100;

/// Never before the moment, and a tick of the clock behind it at most.
fn is_exact(took: Duration) {
    assert!(took >= PATIENCE && took <= PATIENCE + Duration::from_micros(1), "{took:?}");
}

/// Sends on a channel until `done` says so.
async fn meanwhile(channel: &L2capChannel<'_>, done: &Cell<bool>) -> usize {
    let mut sent = 0;
    while !done.get() {
        channel.send(&octets(sent * LENGTH, LENGTH)).await.unwrap();
        channel.flush().await.unwrap();
        sent += 1;
    }
    sent
}

#[test]
fn a_send_without_credits_ends_in_its_time_and_the_rest_goes_on() {
    play::<1, 1>(async |[host], _, [miser]| {
        let raw = Raw::new(miser);
        let work = async {
            let connection = connect(host, 1).await;
            let before = held(host);
            let open = async || connection.l2cap_connect(PSM, 100).mps(100).credits(2).await.unwrap();
            let starved = open().await;
            raw.credits.set(60_000);
            let fed = open().await;
            let both = held(host);

            // Nothing was sent, so the channel is as it was.
            let done = Cell::new(false);
            let wait = async {
                let (result, took) = timed(starved.send(b"hello?").timeout(PATIENCE)).await;
                assert_eq!(result, Err(Error::Timeout));
                is_exact(took);
                done.set(true);
            };
            let ((), sent) = join(wait, meanwhile(&fed, &done)).await;
            assert!(sent > 50, "{sent} SDUs beside it");
            raw.until(|raw| raw.count(FIRST + 1) == sent).await;
            assert!(starved.is_connected());
            assert_eq!(held(host), both, "{:?}", host.pools());
            assert_eq!(raw.count(FIRST), 0);

            // What it sends later is whole.
            let (sent, ()) = join(starved.send(b"now"), async {
                Timer::after_secs(1).await;
                raw.give(FIRST, 1);
            })
            .await;
            sent.unwrap();
            raw.until(|raw| raw.count(FIRST) == 1).await;
            assert_eq!(raw.heard.borrow().last(), Some(&(FIRST, b"\x03\x00now".to_vec())));
            assert_eq!(timed(starved.flush()).await.0, Ok(()));

            // In the middle of an SDU the channel ends with it: the peer would take what comes next for the rest.
            raw.give(FIRST, 1);
            let (result, took) = timed(starved.send(&[7; 400]).timeout(PATIENCE)).await;
            assert_eq!(result, Err(Error::Timeout));
            is_exact(took);
            raw.until(|raw| raw.ends() == 1).await;
            assert_eq!(raw.count(FIRST), 2);
            assert_eq!(starved.send(b"more").await, Err(Error::ChannelClosed));
            fed.send(b"goes on").await.unwrap();
            raw.until(|raw| raw.heard.borrow().last() == Some(&(FIRST + 1, b"\x07\x00goes on".to_vec()))).await;
            drop((starved, fed));
            Timer::after_secs(1).await;
            assert_eq!(held(host), before, "{:?}", host.pools());
            connection.disconnect().await.unwrap();
        };
        beside(work, raw.run()).await;
    });
}

/// Without a timeout it waits as long as the link is there, and the channel can be closed meanwhile.
#[test]
fn who_waits_for_credits_is_told_of_every_end() {
    play::<1, 1>(async |[host], _, [miser]| {
        let raw = Raw::new(miser);
        let work = async {
            for end in 0..3 {
                let connection = connect(host, 1).await;
                let channel = connection.l2cap_connect(PSM, 100).await.unwrap();
                let to = raw.opened(end).await;
                let ends = async {
                    Timer::after_secs(100).await;
                    match end {
                        0 => channel.disconnect().await.unwrap(),
                        // Disconnection Request: our CID, then its own.
                        1 => raw.end(FIRST + 1, to.cid),
                        _ => miser.lose_links(),
                    }
                };
                let (sent, ()) = join(timed(channel.send(b"hello?")), ends).await;
                let error = if end == 2 { Error::Disconnected } else { Error::ChannelClosed };
                assert_eq!(sent.0, Err(error));
                assert!(sent.1 >= Duration::from_secs(100) && sent.1 < Duration::from_secs(102), "{:?}", sent.1);
                drop(channel);
                let _ = connection.disconnect().await;
                drop(connection);
                Timer::after_secs(1).await;
                assert_eq!(held(host), [0; 5], "{:?}", host.pools());
                raw.advertise();
            }
        };
        beside(work, raw.run()).await;
    });
}
