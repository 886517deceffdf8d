//! A host that leaves too much unread has to wait with what it sends, as RTS makes it wait on a UART.

use crate::{air::Controller, data::UNREAD, world::World};
use core::{
    future::poll_fn,
    task::{Poll, Waker},
};

/// Unread packets at which a controller takes nothing more of its host. What comes off the air stops at half of it, so that a
/// host which does one thing after the other can always send its command, whatever lies unread.
const FULL: usize = 2 * UNREAD;

impl World {
    fn takes(&self, who: usize) -> bool {
        self.controllers[who].to_host.len() < FULL
    }

    /// Those who may go on writing.
    pub(crate) fn writers(&mut self) -> Vec<Waker> {
        let roomy = self.controllers.iter_mut().filter(|c| !c.writers.is_empty() && c.to_host.len() < FULL);
        roomy.flat_map(|c| core::mem::take(&mut c.writers)).collect()
    }
}

/// Waits until the controller takes another packet of its host.
pub(crate) async fn room(controller: &Controller) {
    poll_fn(|context| {
        controller.air.with(|world| {
            if world.takes(controller.who) {
                return Poll::Ready(());
            }
            let writers = &mut world.controllers[controller.who].writers;
            if !writers.iter().any(|waker| waker.will_wake(context.waker())) {
                writers.push(context.waker().clone());
            }
            Poll::Pending
        })
    })
    .await;
}
