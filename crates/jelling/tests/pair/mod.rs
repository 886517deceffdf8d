//! Two transports in memory, joined by the thin controllers of the core's own tests.
#![allow(dead_code, reason = "each test uses a part of it")]

#[path = "../../../host/tests/support/mod.rs"]
mod support;

use core::{
    convert::Infallible,
    future::poll_fn,
    task::{Poll, Waker},
};
use jelling::{Packet, PacketRead, PacketWrite};
use std::sync::{Arc, Mutex};
use support::Air;

struct Shared {
    air: Air,
    readers: [Option<Waker>; 2],
}

/// One host's way to its controller; both halves at once.
#[derive(Clone)]
pub(crate) struct Wire {
    shared: Arc<Mutex<Shared>>,
    who: usize,
}

/// The ways of two hosts whose controllers hear each other.
pub(crate) fn wires() -> [Wire; 2] {
    let shared = Arc::new(Mutex::new(Shared { air: Air::new(27), readers: [None, None] }));
    [Wire { shared: shared.clone(), who: 0 }, Wire { shared, who: 1 }]
}

impl Wire {
    /// The link ends on the air.
    pub(crate) fn lose_link(&self) {
        let mut shared = self.shared.lock().unwrap();
        shared.air.part([0x08, 0x08]);
        shared.readers.iter_mut().filter_map(Option::take).for_each(Waker::wake);
    }

    /// The controller answers nothing any more.
    pub(crate) fn silence(&self) {
        self.shared.lock().unwrap().air.controllers[self.who].silent = true;
    }
}

impl PacketRead for Wire {
    type Error = Infallible;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Infallible> {
        let (kind, data) = poll_fn(|context| {
            let mut shared = self.shared.lock().unwrap();
            match shared.air.controllers[self.who].to_host.pop_front() {
                Some(packet) => Poll::Ready(packet),
                None => {
                    shared.readers[self.who] = Some(context.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await;
        buffer[..data.len()].copy_from_slice(&data);
        Ok(Packet::new(kind, &buffer[..data.len()]))
    }
}

impl PacketWrite for Wire {
    type Error = Infallible;
    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Infallible> {
        let mut shared = self.shared.lock().unwrap();
        shared.air.take(self.who, packet);
        shared.readers.iter_mut().filter_map(Option::take).for_each(Waker::wake);
        Ok(())
    }
}
