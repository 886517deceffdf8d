//! A waker may have anything behind it, also what uses the host: none is dropped while the lock is taken.
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(clippy::arithmetic_side_effects, clippy::unwrap_used, missing_docs, reason = "tests")]

use core::{
    cell::Cell,
    convert::Infallible,
    future::{Future, pending},
    pin::pin,
    task::Context,
};
use jelling::{Config, Host, Packet, PacketRead, PacketWrite, sim};
use std::{
    sync::Arc,
    task::{Wake, Waker},
};

const MTU: u16 = 99;

thread_local! {
    static HOST: Cell<Option<Host<'static>>> = const { Cell::new(None) };
    static DROPPED: Cell<u32> = const { Cell::new(0) };
}

/// Looks at the host as it goes.
struct Last;

impl Wake for Last {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Last {
    fn drop(&mut self) {
        // With the lock taken a host does not even know this.
        assert_eq!(HOST.get().unwrap().config().mtu, MTU);
        DROPPED.set(DROPPED.get() + 1);
    }
}

/// A transport that keeps no waker.
struct Silent;

impl PacketRead for Silent {
    type Error = Infallible;
    async fn read<'b>(&mut self, _: &'b mut [u8]) -> Result<Packet<'b>, Infallible> {
        pending().await
    }
}

impl PacketWrite for Silent {
    type Error = Infallible;
    async fn write(&mut self, _: Packet<'_>) -> Result<(), Infallible> {
        pending().await
    }
}

#[test]
fn a_runner_that_goes_on_in_another_task_drops_the_waker_of_the_first_with_the_lock_open() {
    let memory = Box::leak(Box::new(sim::Memory::new()));
    let (host, mut runner) = jelling::new(memory, Config { mtu: MTU, ..Config::default() });
    HOST.set(Some(host));
    let mut run = pin!(runner.run(Silent, Silent));
    for others in 0..3 {
        assert_eq!(DROPPED.get(), u32::max(others, 1) - 1);
        let waker = Waker::from(Arc::new(Last));
        // Once more, for it may have woken itself.
        for _ in 0..2 {
            assert!(run.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
        }
    }
}
