//! Operations that are dropped, at each point at which they wait: what they began is undone, and nothing is lost.

use crate::support::{MTU, PSM, between, connected, next, octets, opened, play, polled, rest, tight};
use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Error, Host, L2capChannel};

/// More often than any operation here is polled.
const POLLS: usize = 12;

#[test]
fn a_connect_at_each_point() {
    for polls in 0..POLLS {
        play(async |hosts: [Host<'_>; 2], _, _| {
            let (ours, theirs) = connected(&hosts, 1).await;
            let accept = async { theirs.l2cap_accept(PSM, MTU).timeout(Duration::from_secs(1)).await };
            let (there, here) = join(accept, polled(polls, ours.l2cap_connect(PSM, MTU))).await;
            // What the peer has accepted is closed again.
            let is_given_up = !matches!(here, Some(Ok(_)));
            if let Ok(there) = &there
                && is_given_up
            {
                there.disconnected().timeout(Duration::from_secs(3)).await.unwrap();
            }
            drop((here, there));
            let (here, there) = opened(&ours, &theirs, MTU).await;
            here.send(b"next").await.unwrap();
            assert_eq!(next(&there).await.unwrap(), b"next", "after {polls} polls");
        });
    }
}

#[test]
fn an_accept_at_each_point() {
    for polls in 0..POLLS {
        play(async |hosts: [Host<'_>; 2], _, _| {
            let (ours, theirs) = connected(&hosts, 1).await;
            let connect = async { ours.l2cap_connect(PSM, MTU).await };
            let (there, here) = join(polled(polls, theirs.l2cap_accept(PSM, MTU)), connect).await;
            if let (None, Ok(here)) = (&there, &here) {
                here.disconnected().timeout(Duration::from_secs(3)).await.unwrap();
            }
            drop((here, there));
            let (here, there) = opened(&ours, &theirs, MTU).await;
            here.send(b"next").await.unwrap();
            assert_eq!(next(&there).await.unwrap(), b"next", "after {polls} polls");
        });
    }
}

#[test]
fn an_accept_that_is_dropped_listens_no_more() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        assert!(polled(1, theirs.l2cap_accept(PSM, MTU)).await.is_none());
        assert!(matches!(ours.l2cap_connect(PSM, MTU).await, Err(Error::ChannelRefused(_))));
    });
}

/// Sends, and drops the future after so many polls; gives the SDUs that came and whether the channel has outlived it.
async fn cut(here: &L2capChannel<'_>, there: &L2capChannel<'_>, data: &[u8], polls: usize) -> (Vec<u8>, bool) {
    let mut came = vec![];
    let send = async {
        let sent = polled(polls, here.send(data)).await;
        Timer::after_secs(2).await;
        sent.is_some()
    };
    let receive = async {
        loop {
            match next(there).await {
                Ok(sdu) => came.extend(sdu),
                Err(error) => return error,
            }
        }
    };
    let outlived = match select(receive, send).await {
        Either::First(error) => {
            assert_eq!(error, Error::ChannelClosed);
            false
        }
        Either::Second(_) => here.is_connected(),
    };
    (came, outlived)
}

#[test]
fn a_send_at_each_point() {
    let (mut outlived, mut died) = (0, 0);
    for polls in 0..60 {
        tight(async |here, there, ours, theirs| {
            let data = octets(0, 6 * 512);
            let (came, lives) = cut(&here, &there, &data, polls).await;
            // SDUs come whole, and in order.
            assert_eq!(came.len() % 512, 0, "after {polls} polls");
            assert!(data.starts_with(&came));
            if lives {
                outlived += 1;
                here.send(b"next").await.unwrap();
                assert_eq!(next(&there).await.unwrap(), b"next");
            } else {
                died += 1;
                drop((here, there));
                drop(opened(&ours, &theirs, MTU).await);
            }
        });
    }
    assert!(outlived > 0 && died > 0, "{outlived} times between SDUs, {died} times in the middle of one");
}

#[test]
fn a_send_that_has_not_begun_its_sdu() {
    tight(async |here, there, _ours, _theirs| {
        // Nobody takes: no credit is left behind the first.
        here.send(&octets(0, 512)).await.unwrap();
        for _ in 0..5 {
            assert!(select(here.send(&octets(1, 512)), Timer::after_millis(100)).await.is_second());
        }
        assert_eq!(next(&there).await.unwrap(), octets(0, 512));
        here.send(&octets(2, 512)).await.unwrap();
        assert_eq!(next(&there).await.unwrap(), octets(2, 512));
    });
}

#[test]
fn another_task_goes_on_when_a_send_is_dropped_before_its_sdu() {
    tight(async |here, there, _ours, _theirs| {
        here.send(&octets(0, 512)).await.unwrap();
        let waits = here.send(b"other");
        let never = octets(1, 512);
        let dropped = select(here.send(&never), Timer::after_millis(100));
        let take = async {
            Timer::after_millis(200).await;
            (next(&there).await.unwrap(), next(&there).await.unwrap())
        };
        let ((sent, _), came) = join(join(waits, dropped), take).await;
        sent.unwrap();
        assert_eq!(came, (octets(0, 512), b"other".to_vec()));
    });
}

#[test]
fn a_receive_at_each_point() {
    between(MTU, async |here, there, _ours, _theirs| {
        let data = octets(0, 40 * 300);
        let receive = async {
            let (mut came, mut polls) = (vec![], 0);
            let mut buffer = [0; 512];
            while came.len() < data.len() {
                polls = polls % 3 + 1;
                let length = if polls == 2 {
                    polled(polls, there.receive(&mut buffer)).await.map(|r| r.map(|r| r.length))
                } else {
                    polled(polls, there.recvinto(&mut buffer)).await
                };
                match length {
                    Some(length) => came.extend_from_slice(&buffer[..length.unwrap()]),
                    None => Timer::after_micros(700).await,
                }
            }
            came
        };
        let (sent, came) = join(here.send(&data).chunk(300), receive).await;
        sent.unwrap();
        assert!(came == data);
    });
}

#[test]
fn a_disconnect_goes_on_when_it_is_dropped() {
    between(MTU, async |here, there, _ours, _theirs| {
        here.send(b"before").await.unwrap();
        assert!(polled(1, here.disconnect()).await.is_none());
        assert_eq!(rest(&there).await, (vec![b"before".to_vec()], Error::ChannelClosed));
        here.disconnected().await.unwrap();
    });
}

#[test]
fn what_has_not_been_polled_does_nothing() {
    between(MTU, async |here, there, ours, theirs| {
        drop(here.send(b"no"));
        drop(here.disconnect());
        drop(theirs.l2cap_accept(PSM, MTU));
        drop(ours.l2cap_connect(PSM, MTU));
        here.send(b"yes").await.unwrap();
        assert_eq!(next(&there).await.unwrap(), b"yes");
    });
}
