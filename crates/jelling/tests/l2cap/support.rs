//! Hosts that are connected, with channels between them.

use core::{array, future::Future, pin::pin, task::Poll, time::Duration};
use embassy_futures::join::join;
use embassy_time::Instant;
use jelling::{
    Connection, Error, Host, L2capChannel,
    sim::{self, Air, Controller, Simulation},
};

pub(crate) const PSM: u16 = 0x80;
pub(crate) const MTU: u16 = 512;

/// Runs an application with as many hosts as it takes, each on the controller of its number. Afterwards nothing may be left in
/// the pools.
pub(crate) fn play<const N: usize>(application: impl AsyncFnOnce([Host<'_>; N], &Air, &[Controller; N])) {
    let air = Air::new(1);
    air.record();
    let controllers: [Controller; N] = array::from_fn(|_| air.controller());
    let simulation = Simulation::on(air);
    sim::on(&simulation, &controllers, async |hosts| {
        application(hosts, simulation.air(), &controllers).await;
        for host in hosts {
            host.stop().await;
            let pools = host.pools();
            let pools = [pools.links, pools.blocks, pools.queues, pools.channels, pools.controller_buffers];
            assert_eq!(pools.map(|pool| pool.used), [0; 5], "{pools:?}");
            assert_eq!(host.waiting(), 0, "a task waits");
        }
    });
}

/// The connection of host 0, a central, to host `number`, a peripheral; and the other's to it.
pub(crate) async fn connected<'d, const N: usize>(
    hosts: &[Host<'d>; N],
    number: u8,
) -> (Connection<'d>, Connection<'d>) {
    let advertise = hosts[usize::from(number)].advertise(Duration::from_millis(50));
    let (ours, theirs) = join(hosts[0].connect(sim::device(number)), advertise).await;
    (ours.unwrap(), theirs.unwrap())
}

/// A channel from the first connection to the second, each with this MTU, and with credits for one SDU.
pub(crate) async fn opened<'d>(
    from: &Connection<'d>,
    to: &Connection<'d>,
    mtu: u16,
) -> (L2capChannel<'d>, L2capChannel<'d>) {
    let credits = (mtu + 2).div_ceil(247).clamp(2, 8);
    let (accept, connect) = (to.l2cap_accept(PSM, mtu), from.l2cap_connect(PSM, mtu));
    let (there, here) = join(accept.credits(credits), connect.credits(credits)).await;
    (here.unwrap(), there.unwrap())
}

/// Two hosts with a channel between them: the application gets its ends and the connections, ours first.
pub(crate) fn between(
    mtu: u16,
    application: impl AsyncFnOnce(L2capChannel<'_>, L2capChannel<'_>, Connection<'_>, Connection<'_>),
) {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let (here, there) = opened(&ours, &theirs, mtu).await;
        application(here, there, ours, theirs).await;
    });
}

/// As [`between`], where an SDU of 512 octets takes all the credits that there are from us to them.
pub(crate) fn tight(application: impl AsyncFnOnce(L2capChannel<'_>, L2capChannel<'_>, Connection<'_>, Connection<'_>)) {
    play(async |hosts: [Host<'_>; 2], _, _| {
        let (ours, theirs) = connected(&hosts, 1).await;
        let accept = theirs.l2cap_accept(PSM, MTU).credits(3);
        let (there, here) = join(accept, ours.l2cap_connect(PSM, MTU)).await;
        application(here.unwrap(), there.unwrap(), ours, theirs).await;
    });
}

/// Octets that differ from their neighbours, and from those of another seed.
pub(crate) fn octets(seed: usize, length: usize) -> Vec<u8> {
    (0..length).map(|n| (n * 7 + n / 251 + seed * 31) as u8).collect()
}

/// The next SDU.
pub(crate) async fn next(channel: &L2capChannel<'_>) -> Result<Vec<u8>, Error> {
    let mut buffer = vec![0; usize::from(channel.our_mtu())];
    let length = channel.recvinto(&mut buffer).await?;
    buffer.truncate(length);
    Ok(buffer)
}

/// The SDUs that come until the channel ends, and how it does.
pub(crate) async fn rest(channel: &L2capChannel<'_>) -> (Vec<Vec<u8>>, Error) {
    let mut sdus = vec![];
    loop {
        match next(channel).await {
            Ok(sdu) => sdus.push(sdu),
            Err(error) => return (sdus, error),
        }
    }
}

/// What a future gives, and how long it took.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let output = future.await;
    (output, Duration::from_micros(start.elapsed().as_micros()))
}

/// What a future gives when it is polled so often at most; then it is dropped.
pub(crate) async fn polled<F: Future>(polls: usize, future: F) -> Option<F::Output> {
    let mut future = pin!(future);
    let mut left = polls;
    core::future::poll_fn(move |context| {
        if left == 0 {
            return Poll::Ready(None);
        }
        left -= 1;
        match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending if left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
