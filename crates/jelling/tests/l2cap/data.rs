//! What goes through a channel: each SDU whole, once and in order.

use crate::support::{MTU, PSM, between, connected, next, octets, opened, play, rest};
use embassy_futures::{
    join::{join, join3, join4},
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Error, Host, Received};

#[test]
fn sdus_of_every_length_come_as_they_were_sent() {
    between(MTU, async |here, there, _ours, _theirs| {
        // Around what a packet, a K-frame and a block hold.
        let lengths = [0, 1, 2, 21, 22, 62, 63, 64, 65, 244, 245, 246, 247, 248, 490, 491, 492, 493, 511, 512];
        let send = async {
            for (seed, length) in lengths.iter().enumerate() {
                here.send(&octets(seed, *length)).await.unwrap();
            }
        };
        let receive = async {
            for (seed, length) in lengths.iter().enumerate() {
                assert_eq!(next(&there).await.unwrap(), octets(seed, *length), "of {length}");
            }
        };
        join(send, receive).await;
        assert_eq!(there.available(), 0);
    });
}

#[test]
fn twenty_of_512_octets() {
    between(512, async |here, there, _ours, _theirs| {
        let data = octets(3, 20 * 512);
        let receive = async {
            let mut came = vec![];
            while came.len() < data.len() {
                let sdu = next(&there).await.unwrap();
                assert_eq!(sdu.len(), 512, "send cuts into SDUs of the peer's MTU");
                came.extend(sdu);
            }
            came
        };
        let (sent, came) = join(here.send(&data), receive).await;
        sent.unwrap();
        assert!(came == data);
    });
}

#[test]
fn sdus_are_as_long_as_chunk_says() {
    between(MTU, async |here, there, _ours, _theirs| {
        let data = octets(0, 1_000);
        for (chunk, lengths) in
            [(400, vec![400, 400, 200]), (1_000, vec![512, 488]), (0, vec![1, 1, 1]), (999, vec![512, 487])]
        {
            let data = &data[..lengths.iter().sum()];
            let send = here.send(data).chunk(chunk);
            let receive = async {
                let mut at = 0;
                for length in &lengths {
                    assert_eq!(next(&there).await.unwrap(), data[at..at + length], "chunks of {chunk}");
                    at += length;
                }
            };
            join(send, receive).await.0.unwrap();
            assert_eq!(there.available(), 0);
        }
    });
}

#[test]
fn an_sdu_is_taken_as_the_buffer_is_and_none_is_crossed() {
    between(MTU, async |here, there, _ours, _theirs| {
        let (first, second) = (octets(0, 300), octets(1, 100));
        here.send(&first).await.unwrap();
        here.send(&second).await.unwrap();
        here.flush().await.unwrap();
        let mut buffer = [0; 128];
        let mut lengths = vec![];
        let mut came = vec![];
        for _ in 0..4 {
            let length = there.recvinto(&mut buffer).await.unwrap();
            lengths.push(length);
            came.extend_from_slice(&buffer[..length]);
        }
        assert_eq!(lengths, [128, 128, 44, 100]);
        assert_eq!(came, [first, second].concat());
    });
}

#[test]
fn receive_tells_where_an_sdu_ends() {
    between(MTU, async |here, there, _ours, _theirs| {
        here.send(&octets(0, 100)).await.unwrap();
        here.send(&[]).await.unwrap();
        here.send(&octets(1, 64)).await.unwrap();
        let mut buffer = [0; 64];
        let mut came = vec![];
        for _ in 0..4 {
            came.push(there.receive(&mut buffer).await.unwrap());
        }
        let received = |length, ends| Received { length, ends };
        assert_eq!(came, [received(64, false), received(36, true), received(0, true), received(64, true)]);
    });
}

#[test]
fn available_tells_what_recvinto_gives() {
    between(MTU, async |here, there, _ours, _theirs| {
        assert_eq!(there.available(), 0);
        here.send(&octets(0, 300)).await.unwrap();
        here.send(&octets(0, 7)).await.unwrap();
        Timer::after_millis(500).await;
        assert_eq!(there.available(), 300, "of the SDU in front");
        assert_eq!(there.recvinto(&mut [0; 100]).await, Ok(100));
        assert_eq!(there.available(), 200);
        assert_eq!(there.recvinto(&mut [0; 300]).await, Ok(200));
        assert_eq!(there.available(), 7);
        assert_eq!(there.recvinto(&mut [0; 300]).await, Ok(7));
        assert_eq!(there.available(), 0);
    });
}

#[test]
fn an_sdu_is_longer_than_the_room_of_all_credits() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let accept = theirs.l2cap_accept(PSM, 65_535).mps(247).credits(2);
        let (there, here) = join(accept, ours.l2cap_connect(PSM, MTU)).await;
        let (here, there) = (here.unwrap(), there.unwrap());
        let data = octets(0, 65_535);
        let receive = async {
            // Into a buffer that has room, and into a small one.
            let whole = next(&there).await.unwrap();
            let mut parts = vec![];
            let mut buffer = [0; 1_000];
            loop {
                let received = there.receive(&mut buffer).await.unwrap();
                parts.extend_from_slice(&buffer[..received.length]);
                if received.ends {
                    break;
                }
            }
            (whole, parts)
        };
        let send = async {
            here.send(&data).await.unwrap();
            here.send(&data).await.unwrap();
        };
        let ((whole, parts), ()) = join(receive, send).await;
        assert!(whole == data && parts == data);
    });
}

#[test]
fn one_credit_at_a_time_and_the_shortest_segments() {
    for (mps, credits) in [(23, 0), (23, 1), (247, 0), (247, 1)] {
        play(async |hosts: [Host<'_>; 2], _, _| {
            let (ours, theirs) = connected(&hosts, 1).await;
            let accept = theirs.l2cap_accept(PSM, MTU).mps(mps).credits(credits);
            let (there, here) = join(accept, ours.l2cap_connect(PSM, MTU)).await;
            let (here, there) = (here.unwrap(), there.unwrap());
            let data = octets(0, 5 * 512);
            let receive = async {
                let mut came = vec![];
                while came.len() < data.len() {
                    came.extend(next(&there).await.unwrap());
                }
                came
            };
            let (sent, came) = join(here.send(&data), receive).await;
            sent.unwrap();
            assert!(came == data, "MPS {mps}, {credits} credits");
        });
    }
}

#[test]
fn both_ways_at_once() {
    between(MTU, async |here, there, _ours, _theirs| {
        let (a, b) = (octets(1, 20_000), octets(2, 20_000));
        let take = async |channel: &jelling::L2capChannel<'_>, length: usize| {
            let mut came = vec![];
            while came.len() < length {
                came.extend(next(channel).await.unwrap());
            }
            came
        };
        let (sent_a, sent_b, came_a, came_b) =
            join4(here.send(&a), there.send(&b), take(&there, a.len()), take(&here, b.len())).await;
        assert_eq!((sent_a, sent_b), (Ok(()), Ok(())));
        assert!(came_a == a && came_b == b);
    });
}

#[test]
fn sdus_of_two_tasks_never_mix() {
    between(MTU, async |here, there, _ours, _theirs| {
        let send = async |octet: u8, length: usize| {
            for _ in 0..30 {
                here.send(&vec![octet; length]).await.unwrap();
            }
        };
        let receive = async {
            let mut counts = [0; 2];
            for _ in 0..60 {
                let sdu = next(&there).await.unwrap();
                let which = usize::from(sdu[0] == b'b');
                assert_eq!(sdu, vec![[b'a', b'b'][which]; [500, 300][which]]);
                counts[which] += 1;
            }
            counts
        };
        let (_, _, counts) = join3(send(b'a', 500), send(b'b', 300), receive).await;
        assert_eq!(counts, [30, 30]);
    });
}

#[test]
fn who_does_not_take_holds_its_own_channel_up_alone() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let (slow, unread) = opened(&ours, &theirs, MTU).await;
        let (fast, read) = opened(&ours, &theirs, MTU).await;
        let data = octets(0, 30_000);
        let stuck = slow.send(&data);
        let goes_on = async {
            let receive = async {
                let mut came = vec![];
                while came.len() < data.len() {
                    came.extend(next(&read).await.unwrap());
                }
                came
            };
            let (sent, came) = join(fast.send(&data), receive).await;
            assert!(sent.is_ok() && came == data);
        };
        assert!(matches!(select(stuck, goes_on).await, Either::Second(())));
        // What came of it is there all the same.
        slow.disconnect().await.unwrap();
        let (sdus, end) = rest(&unread).await;
        assert_eq!(end, Error::ChannelClosed);
        assert!(data.starts_with(&sdus.concat()));
        assert!(!sdus.is_empty());
    });
}

#[test]
fn flush_waits_for_the_controller() {
    between(MTU, async |here, there, _ours, _theirs| {
        here.flush().await.unwrap();
        here.send(&octets(0, 512)).await.unwrap();
        here.flush().await.unwrap();
        // Nothing is left of it on our side: it comes, whatever becomes of the handle.
        drop(here);
        Timer::after_secs(1).await;
        assert_eq!(rest(&there).await, (vec![octets(0, 512)], Error::ChannelClosed));
    });
}

#[test]
fn four_channels_at_once() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let mut channels = vec![];
        for _ in 0..4 {
            channels.push(opened(&ours, &theirs, MTU).await);
        }
        let carry = async |number: usize| {
            let (here, there) = &channels[number];
            let data = octets(number, 10_000);
            let receive = async {
                let mut came = vec![];
                while came.len() < data.len() {
                    came.extend(next(there).await.unwrap());
                }
                came
            };
            let (sent, came) = join(here.send(&data), receive).await;
            sent.is_ok() && came == data
        };
        assert_eq!(join4(carry(0), carry(1), carry(2), carry(3)).await, (true, true, true, true));
    });
}
