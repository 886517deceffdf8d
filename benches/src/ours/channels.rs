//! Channels of jelling.

use crate::channels::{Crowd, Place, Shape, Tally};
use core::time::Duration;
use jelling::{
    AddressKind, Bonds, ChannelOptions, Channels, Config, Device, Error, Gatt, Host, L2capChannel, Links, Pool,
    Resources, ScanSlots, Tasks,
};
use jelling_bench_link::{Air, Port};

const PSM: u16 = 0x80;

/// K-frames that the sender may send before the receiver takes some: 8 or 16 kB of them.
const fn credits(shape: Shape) -> u16 {
    if shape.sdu > 1_000 { 8 } else { 32 }
}

/// The host that sends.
type Hub<const LINKS: usize, const CHANNELS: usize, const TASKS: usize, const FRAMES: usize, const PACKET: usize> =
    Resources<Links<LINKS>, Gatt, Pool<128>, ScanSlots, Bonds, Tasks<TASKS>, Channels<CHANNELS, FRAMES, PACKET>>;
/// A host that receives: room for the credits of four channels, and a place for who listens.
type Leaf<const BLOCKS: usize> = Resources<Links<1>, Gatt, Pool<BLOCKS>, ScanSlots, Bonds, Tasks, Channels<5>>;

pub(crate) fn transfer(air: &Air, shape: Shape, tally: &Tally) {
    // An SDU is one K-frame.
    match (shape.sdu, shape.links, shape.channels) {
        (..=242, 1, 1) => of::<1, 1, 16, 7, 255, 560>(air, shape, tally),
        (..=242, 1, _) => of::<1, 4, 16, 7, 255, 560>(air, shape, tally),
        (..=242, _, 1) => of::<8, 8, 32, 7, 255, 560>(air, shape, tally),
        (..=242, _, _) => of::<8, 32, 64, 7, 255, 560>(air, shape, tally),
        (_, 1, 1) => of::<1, 1, 16, 2, 2058, 1120>(air, shape, tally),
        (_, 1, _) => of::<1, 4, 16, 2, 2058, 1120>(air, shape, tally),
        (_, _, 1) => of::<8, 8, 32, 2, 2058, 1120>(air, shape, tally),
        (_, _, _) => of::<8, 32, 64, 2, 2058, 1120>(air, shape, tally),
    }
}

fn of<
    const LINKS: usize,
    const CHANNELS: usize,
    const TASKS: usize,
    const FRAMES: usize,
    const PACKET: usize,
    const BLOCKS: usize,
>(
    air: &Air,
    shape: Shape,
    tally: &Tally,
) {
    let mut memory: Box<Hub<LINKS, CHANNELS, TASKS, FRAMES, PACKET>> = Box::default();
    let (hub, mut runner) = jelling::new(&mut *memory, Config::default());
    let mut memories: Vec<Leaf<BLOCKS>> = (0..shape.links).map(|_| Resources::new()).collect();
    let (senders, receivers) = (Place::many(shape.streams()), Place::many(shape.streams()));
    let mut crowd = Crowd::default();
    let port = Port { air, side: 0 };
    crowd.spawn(async move {
        runner.run(port, port).await;
    });
    for (number, (memory, places)) in memories.iter_mut().zip(receivers.chunks(shape.channels)).enumerate() {
        let (leaf, mut runner) = jelling::new(memory, Config::default());
        let port = Port { air, side: 1 + number };
        crowd.spawn(async move {
            runner.run(port, port).await;
        });
        crowd.spawn(async move { accept(leaf, shape, places).await.expect("it accepts") });
    }
    crowd.spawn(async { connect(hub, shape, &senders).await.expect("it connects") });
    for (stream, place) in receivers.iter().enumerate() {
        crowd.spawn(async move { receive(shape, stream, place, tally).await.expect("it is received") });
    }
    for (stream, place) in senders.iter().enumerate() {
        crowd.spawn(async move { send(shape, stream, place, tally).await.expect("it is sent") });
    }
    crowd.run(tally);
}

async fn accept<'d>(leaf: Host<'d>, shape: Shape, places: &[Place<L2capChannel<'d>>]) -> Result<(), Error> {
    let listener = leaf
        .l2cap_listen(PSM, &ChannelOptions::new(shape.sdu as u16).mps(shape.sdu as u16 + 2).credits(credits(shape)))?;
    let _connection = leaf.advertise(Duration::from_millis(100)).await?;
    for place in places {
        place.put(listener.accept().await?);
    }
    core::future::pending().await
}

async fn connect<'d>(hub: Host<'d>, shape: Shape, places: &[Place<L2capChannel<'d>>]) -> Result<(), Error> {
    let mut connections = vec![];
    for places in places.chunks(shape.channels) {
        let [a, b, c, d, e, f] = Air::address(1 + connections.len());
        let connection = hub.connect(Device::new(AddressKind::Public, [f, e, d, c, b, a])).await?;
        for place in places {
            // It receives nothing.
            place.put(connection.l2cap_connect(PSM, 23).mps(23).credits(0).await?);
        }
        connections.push(connection);
    }
    core::future::pending().await
}

async fn receive(shape: Shape, stream: usize, place: &Place<L2capChannel<'_>>, tally: &Tally) -> Result<(), Error> {
    let channel = place.take().await;
    let mut octets = vec![0; shape.sdu];
    tally.open().await;
    loop {
        let length = channel.recvinto(&mut octets).await?;
        tally.received(stream, &octets[..length]);
    }
}

async fn send(shape: Shape, stream: usize, place: &Place<L2capChannel<'_>>, tally: &Tally) -> Result<(), Error> {
    let channel = place.take().await;
    let mut octets = vec![0; shape.sdu];
    tally.open().await;
    while tally.next(stream, &mut octets) {
        channel.send(&octets).await?;
        tally.sent(stream);
    }
    // The channel ends when it is dropped.
    core::future::pending().await
}
