//! What a play leaves behind: nothing, and hosts that work.

use crate::{scenario, stage::Stage, users::Users};
use core::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};
use embassy_futures::{
    join::join,
    select::{Either, Either3, select, select3},
};
use embassy_time::Timer;
use jelling::{Connection, Device, Error, Host, Pools};

/// What is left, to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    links: usize,
    blocks: usize,
    queues: usize,
    channels: usize,
    controller_buffers: usize,
    waiting: usize,
    deadline: Option<Duration>,
    idle: bool,
    /// A user is asked for something.
    asks: bool,
}

impl Left {
    /// With so many more tasks that wait.
    pub(crate) fn and_waiting(mut self, more: usize) -> Self {
        self.waiting += more;
        self
    }

    pub(crate) fn of(host: Host<'_>) -> Self {
        let Pools { links, blocks, queues, channels, controller_buffers } = host.pools();
        Left {
            links: links.used,
            blocks: blocks.used,
            queues: queues.used,
            channels: channels.used,
            controller_buffers: controller_buffers.used,
            waiting: host.waiting(),
            deadline: host.next_deadline(),
            idle: host.is_idle(),
            asks: pin!(host.passkey_action()).as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready(),
        }
    }
}

/// Removes all bonds of a host.
pub(crate) fn forget_all(host: Host<'_>) {
    for bond in host.bonds().collect::<Vec<_>>() {
        // Nobody else removes them.
        let _ = host.remove_bond(bond.peer.into());
    }
}

/// Waits until both hosts have nothing to do, and wants what they hold to be what they held.
pub(crate) async fn settle(hosts: [Host<'_>; 2], before: [Left; 2]) -> Result<(), String> {
    let now = || hosts.map(Left::of);
    let mut calm = 0;
    for _ in 0..150 {
        Timer::after_secs(1).await;
        calm = if now() == before { calm + 1 } else { 0 };
        // Longer than a command may take.
        if calm == 3 {
            return Ok(());
        }
    }
    Err(format!("not as before: {:?}, which was {before:?}", now()))
}

/// Connects, reads and disconnects; where the scenario opens channels or pairs, it does so too, and finds the bond again.
pub(crate) async fn fresh(stage: Stage<'_>) -> Result<(), Error> {
    meet(stage, async |connection| {
        let remote = connection.service(scenario::SERVICE).await?.characteristic(scenario::VALUE).await?;
        remote.read_into(&mut [0; 512]).await.map(|_| ())
    })
    .await?;
    if stage.transfers {
        let limit = Timer::after_secs(30);
        match select(scenario::transfers::echo(&stage), limit).await {
            Either::First(echoed) => echoed?,
            Either::Second(()) => return Err(Error::Timeout),
        }
    }
    if stage.pairs.is_none() {
        return Ok(());
    }
    let hosts = [(stage.central, stage.device), (stage.peripheral, stage.other)];
    // An identity that was damaged on its way is nobody's.
    let bonded = hosts.map(|(host, peer)| host.bonds().any(|bond| Device::from(bond.peer) == peer));
    let pair = async |connection: &Connection<'_>| connection.pair(stage.wish()).await;
    let first = meet(stage, async |connection| match pair(connection).await {
        // The user agrees to another bond.
        Err(Error::BondLost) if bonded == [true, false] => {
            forget_all(stage.central);
            pair(connection).await.map(|_| ())
        }
        paired => paired.map(|_| ()),
    });
    match first.await {
        // The keys are of different pairings, so that no word of the other side is understood.
        Err(Error::Disconnected) if bonded == [true, true] => {
            forget_all(stage.central);
            meet(stage, async |connection| pair(connection).await.map(|_| ())).await?;
        }
        result => result?,
    }
    meet(stage, async |connection| connection.encrypt().await.map(|_| ())).await?;
    hosts.iter().for_each(|(host, _)| forget_all(*host));
    Ok(())
}

/// Connects, lets the central do something, and disconnects. Both sides' users are there.
async fn meet(stage: Stage<'_>, ask: impl AsyncFn(&Connection<'_>) -> Result<(), Error>) -> Result<(), Error> {
    let serve = async {
        let connection = stage.peripheral.advertise(Duration::from_millis(30)).await?;
        connection.disconnected().await
    };
    let ask = async {
        let connection = stage.central.connect(stage.device).timeout(Duration::from_secs(20)).await?;
        ask(&connection).await?;
        connection.disconnect().await
    };
    let users = Users::default();
    let limit = Timer::after_secs(30);
    match select3(join(serve, ask), limit, users.answer([stage.central, stage.peripheral], Users::asked)).await {
        Either3::First((served, asked)) => asked.and(served),
        Either3::Second(()) => Err(Error::Timeout),
        Either3::Third(never) => match never {},
    }
}
