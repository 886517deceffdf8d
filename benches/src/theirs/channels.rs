//! Channels of trouble-host.

mod pool;

use super::Controller;
use crate::channels::{Crowd, Place, Shape, Tally};
use embassy_futures::yield_now;
use jelling_bench_link::{Air, Port};
use pool::{Hub, Leaf, Length, Pool};
use trouble_host::prelude::*;

const SPSM: u16 = 0x80;

pub(crate) fn transfer(air: &Air, shape: Shape, tally: &Tally) {
    // A packet of a pool has room for an SDU: a whole one is put together in it.
    match (shape.sdu, shape.links, shape.channels) {
        (..=242, 1, 1) => of::<Short, 1, 1>(air, shape, tally),
        (..=242, 1, _) => of::<Short, 1, 4>(air, shape, tally),
        (..=242, _, 1) => of::<Short, 8, 8>(air, shape, tally),
        (..=242, _, _) => of::<Short, 8, 32>(air, shape, tally),
        (_, 1, 1) => of::<Long, 1, 1>(air, shape, tally),
        (_, 1, _) => of::<Long, 1, 4>(air, shape, tally),
        (_, _, 1) => of::<Long, 8, 8>(air, shape, tally),
        (_, _, _) => of::<Long, 8, 32>(air, shape, tally),
    }
}

/// trouble-host's default.
enum Short {}
/// What its example for throughput takes.
enum Long {}

impl Length for Short {
    const MTU: usize = 251;
    const POOL: usize = 0;
}

impl Length for Long {
    const MTU: usize = 2_510;
    const POOL: usize = 1;
}

/// What the receiver allows: the defaults but for the MTU of long SDUs; or what its documentation advises for throughput, as far
/// as its queues hold what was allowed.
fn config(shape: Shape) -> L2capChannelConfig {
    let mtu = (shape.sdu > 242).then_some(shape.sdu as u16);
    if cfg!(feature = "best") {
        L2capChannelConfig { mtu, mps: None, flow_policy: CreditFlowPolicy::Every(32), initial_credits: Some(64) }
    } else {
        L2capChannelConfig { mtu, ..Default::default() }
    }
}

fn of<S: Length, const LINKS: usize, const CHANNELS: usize>(air: &Air, shape: Shape, tally: &Tally) {
    let mut memory: Box<HostResources<Pool<Hub, S>, LINKS, CHANNELS>> = Box::default();
    let hub = trouble_host::new(Controller::new(Port { air, side: 0 }), &mut *memory).build();
    let mut memories: Vec<HostResources<Pool<Leaf, S>, 1, 4>> =
        (0..shape.links).map(|_| HostResources::new()).collect();
    let leaves = memories.iter_mut().enumerate().map(|(number, memory)| {
        let controller = Controller::new(Port { air, side: 1 + number });
        trouble_host::new(controller, memory).register_l2cap_spsm(SPSM).build()
    });
    let leaves: Vec<_> = leaves.collect();
    let (senders, receivers) = (Place::many(shape.streams()), Place::many(shape.streams()));
    let mut crowd = Crowd::default();
    crowd.spawn(async { hub.runner().run().await.expect("the sender runs") });
    for leaf in &leaves {
        crowd.spawn(async { leaf.runner().run().await.expect("the receiver runs") });
    }
    for (leaf, places) in leaves.iter().zip(receivers.chunks(shape.channels)) {
        crowd.spawn(accept(leaf, shape, places));
    }
    crowd.spawn(connect(&hub, shape, &senders));
    for (stream, place) in receivers.iter().enumerate() {
        crowd.spawn(receive(&leaves[stream / shape.channels], shape, stream, place, tally));
    }
    for (stream, place) in senders.iter().enumerate() {
        crowd.spawn(send(&hub, shape, stream, place, tally));
    }
    crowd.run(tally);
}

async fn accept<'s, P: PacketPool>(
    stack: &'s Stack<'_, Controller<'_>, P>,
    shape: Shape,
    places: &[Place<L2capChannel<'s, P>>],
) {
    let data = Advertisement::ConnectableScannableUndirected { adv_data: &[2, 1, 6], scan_data: &[] };
    let advertiser = stack.peripheral().advertise(&Default::default(), data).await.expect("it advertises");
    let connection = advertiser.accept().await.expect("it connects");
    let listener = L2capChannel::listen(stack, &connection);
    for place in places {
        place.put(listener.accept(&config(shape)).await.expect("it is a channel"));
    }
    core::future::pending().await
}

async fn connect<'s, P: PacketPool>(
    stack: &'s Stack<'_, Controller<'_>, P>,
    shape: Shape,
    places: &[Place<L2capChannel<'s, P>>],
) {
    let mut connections = Vec::new();
    for places in places.chunks(shape.channels) {
        // The air connects to whoever advertises; the hosts learn who that is.
        let peer = Address::new(AddrKind::PUBLIC, BdAddr::new(Air::address(1 + connections.len())));
        let connect_config = ConnectConfig {
            connect_params: Default::default(),
            scan_config: ScanConfig { filter_accept_list: &[peer], ..Default::default() },
        };
        let connection = stack.central().connect(&connect_config).await.expect("it connects");
        // Until the peer listens it refuses.
        embassy_futures::yield_now().await;
        for place in places {
            let channel = L2capChannel::create(stack, &connection, SPSM, &config(shape)).await;
            place.put(channel.expect("it is a channel"));
        }
        connections.push(connection);
    }
    core::future::pending().await
}

async fn receive<P: PacketPool>(
    stack: &Stack<'_, Controller<'_>, P>,
    shape: Shape,
    stream: usize,
    place: &Place<L2capChannel<'_, P>>,
    tally: &Tally,
) {
    let mut channel = place.take().await;
    let mut octets = vec![0; shape.sdu];
    tally.open().await;
    loop {
        let length = channel.receive(stack, &mut octets).await.expect("the channel is open");
        tally.received(stream, &octets[..length]);
    }
}

async fn send<P: PacketPool>(
    stack: &Stack<'_, Controller<'_>, P>,
    shape: Shape,
    stream: usize,
    place: &Place<L2capChannel<'_, P>>,
    tally: &Tally,
) {
    let mut channel = place.take().await;
    let mut octets = vec![0; shape.sdu];
    tally.open().await;
    while tally.next(stream, &mut octets) {
        while let Err(error) = channel.send(stack, &octets).await {
            // The pool is empty just now: an application tries again.
            assert!(matches!(error, BleHostError::BleHost(Error::OutOfMemory)), "it is not sent: {error:?}");
            yield_now().await;
        }
        tally.sent(stream);
    }
    // The channel ends when it is dropped.
    core::future::pending().await
}
