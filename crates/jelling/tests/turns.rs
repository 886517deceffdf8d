//! Tasks that share a connection take turns, however fast one of them asks again.
#![cfg(all(feature = "central", feature = "client", feature = "sim", not(feature = "sync")))]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use core::{cell::Cell, pin::pin, time::Duration};
use embassy_futures::{
    join::{join, join_array},
    select::{Either, select},
    yield_now,
};
use embassy_time::Timer;
use jelling::{ClientCharacteristic, Connection, Error, Uuid};
use support::{Peer, honest, play};

async fn find<'d>(connection: &Connection<'d>, peer: &Peer<'_>) -> ClientCharacteristic<'d> {
    peer.answers(honest::answer);
    let service = connection.service(Uuid::new16(honest::SERVICE)).await.unwrap();
    let found = service.characteristic(Uuid::new16(honest::CHARACTERISTIC)).await.unwrap();
    peer.heard();
    found
}

#[test]
fn readers_in_a_loop_take_turns() {
    play(async |_, connection, peer| {
        let characteristic = find(&connection, peer).await;
        let counts = [const { Cell::new(0) }; 5];
        let readers = counts.each_ref().map(|count| async {
            for _ in 0..40 {
                assert_eq!(characteristic.read::<u16>().await, Ok(0x09c4));
                count.set(count.get() + 1);
                let all = counts.each_ref().map(Cell::get);
                let (least, most) = (all.iter().min().unwrap(), all.iter().max().unwrap());
                assert!(most - least <= 2, "{all:?}");
            }
        });
        join_array(readers).await;
    });
}

#[test]
fn a_read_gets_into_a_long_discovery() {
    for read_first in [false, true] {
        play(async |_, connection, peer| {
            let characteristic = find(&connection, peer).await;
            // A service at every handle.
            peer.answers(|request| match *request {
                [0x10, low, high, ..] => vec![vec![0x11, 6, low, high, low, high, 0x1a, 0x18]],
                _ => honest::answer(request),
            });
            let discover = async {
                let mut services = connection.services(None);
                for _ in 0..300 {
                    assert!(services.next().await.unwrap().is_some());
                }
            };
            let read = async {
                yield_now().await;
                characteristic.read::<u16>().await.unwrap();
            };
            match read_first {
                true => drop(join(read, discover).await),
                false => drop(join(discover, read).await),
            }
            let heard = peer.heard();
            let at = heard.iter().position(|pdu| pdu[0] == 0x0a).expect("a read");
            assert!(at < 5, "the read waited for {at} requests");
        });
    }
}

#[test]
fn a_read_gets_into_a_stream_of_commands() {
    for read_first in [false, true] {
        play(async |_, connection, peer| {
            let characteristic = find(&connection, peer).await;
            let commands = async {
                for i in 0..100u8 {
                    characteristic.write(&i).no_response().await.unwrap();
                }
            };
            let read = async {
                for _ in 0..10 {
                    characteristic.read::<u16>().await.unwrap();
                }
            };
            match read_first {
                true => drop(join(read, commands).await),
                false => drop(join(commands, read).await),
            }
            // The last command is on its way when its call is done.
            Timer::after_millis(1).await;
            let heard = peer.heard();
            let last = heard.iter().rposition(|pdu| pdu[0] == 0x0a).expect("reads");
            assert!(last < 60, "the reads waited for {} commands", last - 9);
            let commands: Vec<u8> = heard.iter().filter(|pdu| pdu[0] == 0x52).map(|pdu| pdu[3]).collect();
            assert!(commands.iter().copied().eq(0..100), "in order: {commands:?}");
        });
    }
}

#[test]
fn who_waits_and_never_comes_back_is_passed_over() {
    play(async |_, connection, peer| {
        let characteristic = find(&connection, peer).await;
        // One read is under way, and two that wait behind it are not polled any more.
        let mut first = pin!(characteristic.read::<u16>());
        let mut second = pin!(characteristic.read::<u16>());
        let mut third = pin!(characteristic.read::<u16>());
        peer.answers(|_| vec![]);
        let all = join(first.as_mut(), join(second.as_mut(), third.as_mut()));
        assert!(matches!(select(all, Timer::after_millis(1)).await, Either::Second(())));
        peer.answers(honest::answer);
        peer.say(&[0x0b, 0xc4, 0x09]);
        assert_eq!(first.await, Ok(0x09c4));
        for _ in 0..3 {
            assert_eq!(characteristic.read::<u16>().timeout(Duration::from_millis(1)).await, Ok(0x09c4));
        }
        assert_eq!(third.await, Ok(0x09c4));
        assert_eq!(second.await, Ok(0x09c4));
    });
}

#[test]
fn who_gives_up_waiting_leaves_no_place() {
    play(async |host, connection, peer| {
        let characteristic = find(&connection, peer).await;
        peer.answers(|_| vec![]);
        let under_way = async { assert_eq!(characteristic.read::<u16>().await, Err(Error::Timeout)) };
        let waiting = [(); 6].map(|()| async {
            let short = Duration::from_millis(5);
            assert_eq!(characteristic.read::<u16>().timeout(short).await, Err(Error::Timeout));
        });
        join(under_way, join_array(waiting)).await;
        peer.answers(honest::answer);
        peer.say(&[0x0b, 0xc4, 0x09]);
        peer.heard();
        assert_eq!(characteristic.read::<u16>().await, Ok(0x09c4));
        assert_eq!(peer.heard().len(), 1);
        assert_eq!(host.waiting(), 0);
    });
}
