//! Packets for hosts of trouble-host: a pool for each side, as on two devices, where its own is one for the whole process.
//! As in its own, there are 16 for each host, and each is cleared when it is taken; `best` has 128, and does not clear them.

use core::{cell::RefCell, marker::PhantomData};
use trouble_host::{Packet, PacketPool};

/// Packets that a host has.
const COUNT: usize = if cfg!(feature = "best") { 128 } else { 16 };

/// How long packets are.
pub(super) trait Length: 'static {
    const MTU: usize;
    /// Which of the pools of a side.
    const POOL: usize;
}

/// Whose packets they are.
pub(super) trait Side: 'static {
    /// How many hosts share them.
    const HOSTS: usize;
    const POOL: usize;
}

/// The host that sends.
pub(super) enum Hub {}
/// All hosts that receive.
pub(super) enum Leaf {}

impl Side for Hub {
    const HOSTS: usize = 1;
    const POOL: usize = 0;
}

impl Side for Leaf {
    const HOSTS: usize = 8;
    const POOL: usize = 1;
}

#[derive(Default)]
struct State {
    made: usize,
    free: Vec<Box<[u8]>>,
}

thread_local! {
    /// By side and length.
    static POOLS: [RefCell<State>; 4] = Default::default();
}

/// A pool.
pub(super) struct Pool<S, L>(PhantomData<(S, L)>);

/// A packet of it.
pub(super) struct Taken {
    octets: Box<[u8]>,
    pool: usize,
}

impl<S: Side, L: Length> PacketPool for Pool<S, L> {
    type Packet = Taken;
    const MTU: usize = L::MTU;

    fn allocate() -> Option<Taken> {
        let pool = 2 * S::POOL + L::POOL;
        let mut octets = POOLS.with(|pools| {
            let pool = &mut *pools[pool].borrow_mut();
            pool.free.pop().or_else(|| {
                let more = pool.made < COUNT * S::HOSTS;
                pool.made += usize::from(more);
                more.then(|| vec![0; L::MTU].into_boxed_slice())
            })
        })?;
        if cfg!(not(feature = "best")) {
            octets.fill(0);
        }
        Some(Taken { octets, pool })
    }

    fn capacity() -> usize {
        COUNT
    }
}

impl Packet for Taken {}

impl AsRef<[u8]> for Taken {
    fn as_ref(&self) -> &[u8] {
        &self.octets
    }
}

impl AsMut<[u8]> for Taken {
    fn as_mut(&mut self) -> &mut [u8] {
        &mut self.octets
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let octets = core::mem::take(&mut self.octets);
        POOLS.with(|pools| pools[self.pool].borrow_mut().free.push(octets));
    }
}
