//! Hosts that are connected, with channels between them, and what their peers serve beside.

use core::{array, cell::Cell, convert::Infallible, future::Future, time::Duration};
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::{Instant, Timer};
use jelling::{
    Characteristic, Connection, Error, Host, L2capChannel, Properties, Updates, Uuid,
    sim::{self, Air, Controller, Simulation},
};

pub(crate) const PSM: u16 = 0x80;
const SERVICE: Uuid = Uuid::new16(0x181a);
const VALUE: Uuid = Uuid::new16(0x2a6e);

/// Runs an application with `N` hosts on the first controllers of an air that has `M` more behind them. Afterwards nothing may be
/// left in the pools of the hosts.
pub(crate) fn play<const N: usize, const M: usize>(
    application: impl AsyncFnOnce([Host<'_>; N], &[Controller; N], &[Controller; M]),
) {
    let air = Air::new(1);
    let controllers: [Controller; N] = array::from_fn(|_| air.controller());
    let more: [Controller; M] = array::from_fn(|_| air.controller());
    let simulation = Simulation::on(air);
    sim::on(&simulation, &controllers, async |hosts| {
        application(hosts, &controllers, &more).await;
        for host in hosts {
            host.stop().await;
            assert_eq!(held(host), [0; 5], "{:?}", host.pools());
        }
    });
}

/// What a host holds: links, blocks, queues, buffers of its controller, channels.
pub(crate) fn held(host: Host<'_>) -> [usize; 5] {
    let pools = host.pools();
    [pools.links, pools.blocks, pools.queues, pools.controller_buffers, pools.channels].map(|pool| pool.used)
}

/// A connection to the controller with this number, whoever it is.
pub(crate) async fn connect<'d>(central: Host<'d>, number: usize) -> Connection<'d> {
    central.connect(sim::device(u8::try_from(number).unwrap())).await.unwrap()
}

/// The central's connection to the peripheral with this number, and the peripheral's to it.
pub(crate) async fn connected<'d>(central: Host<'d>, peripheral: Host<'d>, number: usize) -> [Connection<'d>; 2] {
    let advertise = async { peripheral.advertise(Duration::from_millis(50)).await.unwrap() };
    let (ours, theirs) = join(connect(central, number), advertise).await;
    [ours, theirs]
}

/// A channel of both sides of a link: who opens it, who listened.
pub(crate) async fn channel<'d>(
    sides: &[Connection<'d>; 2],
    psm: u16,
    mtu: u16,
    credits: u16,
) -> [L2capChannel<'d>; 2] {
    let [ours, theirs] = sides;
    let accept = async { theirs.l2cap_accept(psm, mtu).credits(credits).await.unwrap() };
    let (opened, accepted) = join(open(ours, psm, mtu, credits), accept).await;
    [opened, accepted]
}

/// Opens a channel; it is refused until the peer listens.
pub(crate) async fn open<'d>(connection: &Connection<'d>, psm: u16, mtu: u16, credits: u16) -> L2capChannel<'d> {
    loop {
        match connection.l2cap_connect(psm, mtu).credits(credits).await {
            Err(Error::ChannelRefused(_)) => Timer::after_millis(100).await,
            opened => break opened.unwrap(),
        }
    }
}

/// What a future gives before the other ends.
pub(crate) async fn beside<T>(future: impl Future<Output = T>, other: impl Future<Output = Infallible>) -> T {
    match select(future, other).await {
        Either::First(output) => output,
        Either::Second(never) => match never {},
    }
}

/// What a future gives, and how long it took.
pub(crate) async fn timed<T>(future: impl Future<Output = T>) -> (T, Duration) {
    let start = Instant::now();
    let output = future.await;
    (output, Duration::from_micros(start.elapsed().as_micros()))
}

/// A value that can be read and notified.
pub(crate) fn serve(host: Host<'_>) -> Characteristic<'_> {
    let mut db = host.services().unwrap();
    let service = db.service(SERVICE).unwrap();
    let value = db.characteristic(service, VALUE, Properties::READ | Properties::NOTIFY).unwrap();
    db.register().unwrap();
    value.write(&0u16).unwrap();
    value
}

/// Octets that both sides know, by their place.
pub(crate) fn octets(place: usize, length: usize) -> Vec<u8> {
    (place..place + length).map(|place| ((place as u32).wrapping_mul(0x9e37_79b9) >> 24) as u8).collect()
}

/// Sends SDUs of a length for ever, and counts them in `sent`.
pub(crate) async fn pour(channel: &L2capChannel<'_>, length: usize, sent: &Cell<usize>) -> Infallible {
    loop {
        channel.send(&octets(sent.get() * length, length)).await.unwrap();
        sent.set(sent.get() + 1);
    }
}

/// Takes SDUs of that length for ever, holds them against what was sent, and counts them in `taken`.
pub(crate) async fn drain(channel: &L2capChannel<'_>, length: usize, taken: &Cell<usize>) -> Infallible {
    let mut buffer = vec![0; length + 1];
    loop {
        let n = channel.recvinto(&mut buffer).await.unwrap();
        assert_eq!(buffer[..n], octets(taken.get() * length, length), "SDU {}", taken.get());
        taken.set(taken.get() + 1);
    }
}

/// Reads the value over and over, and takes each notification that the server sends meanwhile: it sends one after each.
pub(crate) async fn read_and_listen(
    connection: &Connection<'_>,
    server: (&Characteristic<'_>, &Connection<'_>),
    reads: &Cell<usize>,
) -> Infallible {
    let service = connection.service(SERVICE).await.unwrap();
    let value = service.characteristic(VALUE).await.unwrap();
    let mut updates = value.subscribe(Updates::NOTIFY).await.unwrap();
    loop {
        value.read::<u16>().await.unwrap();
        let number = u16::try_from(reads.get()).unwrap();
        let (told, heard) = join(server.0.notify(server.1, &number), updates.notified::<u16>()).await;
        told.unwrap();
        assert_eq!(heard, Ok(number));
        reads.set(reads.get() + 1);
    }
}

/// Lets things go on for so long.
pub(crate) async fn during(time: Duration, things: impl Future<Output = Infallible>) {
    beside(Timer::after_micros(time.as_micros() as u64), things).await;
}

/// Two things that go on for ever.
pub(crate) async fn both(one: impl Future<Output = Infallible>, other: impl Future<Output = Infallible>) -> Infallible {
    let (never, _) = join(one, other).await;
    never
}
