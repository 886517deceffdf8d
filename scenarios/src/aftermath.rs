//! What a play leaves behind: nothing, and hosts that work.

use crate::{scenario, stage::Stage};
use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Timer;
use jelling::{Error, Host, Pools};

/// What is left, to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Left {
    links: usize,
    blocks: usize,
    queues: usize,
    controller_buffers: usize,
    waiting: usize,
    deadline: Option<Duration>,
    idle: bool,
}

impl Left {
    pub(crate) fn of(host: Host<'_>) -> Self {
        let Pools { links, blocks, queues, controller_buffers } = host.pools();
        Left {
            links: links.used,
            blocks: blocks.used,
            queues: queues.used,
            controller_buffers: controller_buffers.used,
            waiting: host.waiting(),
            deadline: host.next_deadline(),
            idle: host.is_idle(),
        }
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

/// Connects, reads and disconnects.
pub(crate) async fn fresh(stage: Stage<'_>) -> Result<(), Error> {
    let serve = async {
        let connection = stage.peripheral.advertise(Duration::from_millis(30)).await?;
        connection.disconnected().await
    };
    let ask = async {
        let connection = stage.central.connect(stage.device).timeout(Duration::from_secs(20)).await?;
        let remote = connection.service(scenario::SERVICE).await?.characteristic(scenario::VALUE).await?;
        remote.read_into(&mut [0; 512]).await?;
        connection.disconnect().await
    };
    let limit = Timer::after_secs(30);
    match select(join(serve, ask), limit).await {
        Either::First((served, asked)) => served.and(asked),
        Either::Second(()) => Err(Error::Timeout),
    }
}
