//! How long each operation takes at most: aioble's times, and those of a caller.

use crate::support::{MTU, PSM, connected, next, octets, opened, play, tight, timed};
use core::{future::Future, time::Duration};
use embassy_futures::select::{Either, select};
use embassy_time::Timer;
use jelling::{ChannelOptions, Connection, Error, Host, L2capChannel};

/// Longer than any default, and as good as for ever.
const LONG: u64 = 600;
const OTHER: Duration = Duration::from_millis(250);

/// Channels whose hosts are out of each other's range from then on, on a link that outlives it for half a minute.
fn cut_off(application: impl AsyncFnOnce(&Connection<'_>, L2capChannel<'_>, L2capChannel<'_>)) {
    play(async |hosts: [Host<'_>; 2], air, controllers| {
        let connect = hosts[0].connect(jelling::sim::device(1)).supervision_timeout(Duration::from_secs(30));
        let advertise = hosts[1].advertise(Duration::from_millis(50));
        let (ours, theirs) = embassy_futures::join::join(connect, advertise).await;
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        let (here, there) = opened(&ours, &theirs, MTU).await;
        air.set_in_range(&controllers[0], &controllers[1], false);
        application(&ours, here, there).await;
    });
}

/// It ends with `Timeout` after so long, to the millisecond.
async fn times_out<T>(millis: u128, future: impl Future<Output = Result<T, Error>>) {
    let (ended, took) = timed(future).await;
    assert_eq!((ended.map(|_| ()), took.as_millis()), (Err(Error::Timeout), millis));
}

/// It does not end, however long it is waited for.
async fn for_ever<T>(future: impl Future<Output = T>) {
    assert!(matches!(select(future, Timer::after_secs(LONG)).await, Either::Second(())));
}

#[test]
fn connecting_takes_1_s() {
    cut_off(async |ours, _here, _there| {
        times_out(1_000, ours.l2cap_connect(PSM, MTU)).await;
        times_out(OTHER.as_millis(), ours.l2cap_connect(PSM, MTU).timeout(OTHER)).await;
    });
}

#[test]
fn disconnecting_takes_1_s() {
    cut_off(async |_, here, there| {
        times_out(1_000, here.disconnect()).await;
        times_out(OTHER.as_millis(), there.disconnect().timeout(OTHER)).await;
        // Vol 3, Part A, 6.2.1: an answer that does not come is waited for no longer than 2 s, and the channel is over.
        let (ended, took) = timed(here.disconnected()).await;
        assert_eq!((ended, took < Duration::from_secs(2)), (Ok(()), true), "{took:?}");
    });
}

#[test]
fn what_comes_from_the_peer_is_waited_for_for_ever() {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let (here, there) = opened(&ours, &theirs, MTU).await;
        let listener = hosts[1].l2cap_listen(PSM + 1, &ChannelOptions::new(MTU)).unwrap();
        let data = octets(0, 100_000);
        for_ever(theirs.l2cap_accept(PSM, MTU)).await;
        for_ever(listener.accept()).await;
        for_ever(there.disconnected()).await;
        for_ever(here.recvinto(&mut [0; 4])).await;
        for_ever(here.receive(&mut [0; 4])).await;
        times_out(OTHER.as_millis(), theirs.l2cap_accept(PSM, MTU).timeout(OTHER)).await;
        times_out(OTHER.as_millis(), listener.accept().timeout(OTHER)).await;
        times_out(OTHER.as_millis(), there.disconnected().timeout(OTHER)).await;
        times_out(OTHER.as_millis(), here.recvinto(&mut [0; 4]).timeout(OTHER)).await;
        times_out(OTHER.as_millis(), here.receive(&mut [0; 4]).timeout(OTHER)).await;
        for_ever(here.send(&data)).await;
    });
}

#[test]
fn sending_takes_as_long_as_it_may() {
    tight(async |here, there, _ours, _theirs| {
        let (sdu, behind) = (octets(0, 512), octets(1, 512));
        // As much as there are credits for; then there are none.
        here.send(&sdu).await.unwrap();
        times_out(OTHER.as_millis(), here.send(&behind).timeout(OTHER)).await;
        // The peer takes the first: nothing of the other had left.
        assert_eq!(next(&there).await.unwrap(), sdu);
        here.send(&behind).await.unwrap();
        assert_eq!(next(&there).await.unwrap(), behind);
        assert!(here.is_connected());
    });
}

#[test]
fn flushing_takes_as_long_as_it_may() {
    cut_off(async |_, here, _there| {
        here.send(&octets(0, 40)).await.unwrap();
        // The controller has buffers, and completes none.
        let (flushed, _) = timed(here.flush().timeout(OTHER)).await;
        assert_eq!(flushed, Ok(()), "it is with the controller");
    });
}
