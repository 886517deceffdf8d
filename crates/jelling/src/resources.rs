//! The memory of a host behind its lock, and the tasks that wait for it.

use crate::{
    gate::{Lock, Locked, RawLock},
    waiting::{Due, RunnerWakers, WaitTicket, Waiter, Waiters},
};
use ::core::{cell::RefCell, task::Waker};
use embassy_sync::blocking_mutex::Mutex;
use jelling_host::{BondGroup, Bonds, Gatt, GattGroup, LinkGroup, Links, Pool, PoolGroup, Scan, ScanGroup, Store};

/// Tasks that can wait at once. With more of them nothing is lost: they wake each other and try again.
#[derive(Debug)]
pub struct Tasks<const N: usize = 16>([Waiter; N]);

/// The memory of the waiting tasks.
pub trait TaskGroup {
    /// All zero.
    const NEW: Self;
    #[doc(hidden)]
    fn parts(&mut self) -> &mut [Waiter];
}

impl<const N: usize> TaskGroup for Tasks<N> {
    const NEW: Self = {
        assert!(N >= 1, "Tasks has at least one slot");
        Tasks([const { Waiter::NEW }; N])
    };
    fn parts(&mut self) -> &mut [Waiter] {
        &mut self.0
    }
}

struct Contents<L, G, P, S, B, T> {
    store: Store<L, G, P, S, B>,
    tasks: T,
    runner: RunnerWakers,
}

/// The contents behind the lock.
type Cell<L, G, P, S, B, T> = Mutex<RawLock, RefCell<Contents<L, G, P, S, B, T>>>;

/// All the memory of a host: links, GATT server, pool, scan reports, bonds and waiting tasks, each a group with a size of its own.
///
/// All zero before [`new`](crate::new), so that a static one takes no flash. `size_of::<Resources<..>>()` is what it costs.
pub struct Resources<L = Links, G = Gatt, P = Pool, S = Scan, B = Bonds, T = Tasks> {
    cell: Cell<L, G, P, S, B, T>,
}

impl<L: LinkGroup, G: GattGroup, P: PoolGroup, S: ScanGroup, B: BondGroup, T: TaskGroup> Resources<L, G, P, S, B, T> {
    /// A host's memory.
    pub const fn new() -> Self {
        let contents = Contents { store: Store::NEW, tasks: T::NEW, runner: RunnerWakers::NEW };
        Resources { cell: Mutex::new(RefCell::new(contents)) }
    }
}

impl<L, G, P, S, B, T> Resources<L, G, P, S, B, T> {
    /// Does something with the contents, or nothing.
    fn with<R: Default>(&self, f: impl FnOnce(&mut Contents<L, G, P, S, B, T>) -> R) -> R {
        // Nothing calls back in from here: no user code and no waker runs under the lock.
        self.cell.lock(|cell| cell.try_borrow_mut().map(|mut contents| f(&mut contents)).unwrap_or_default())
    }
}

impl<L: LinkGroup, G: GattGroup, P: PoolGroup, S: ScanGroup, B: BondGroup, T: TaskGroup> Default
    for Resources<L, G, P, S, B, T>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<L, G, P, S, B, T> ::core::fmt::Debug for Resources<L, G, P, S, B, T> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("Resources").finish_non_exhaustive()
    }
}

impl<L: LinkGroup, G: GattGroup, P: PoolGroup, S: ScanGroup, B: BondGroup, T: TaskGroup> Lock
    for Resources<L, G, P, S, B, T>
{
    fn lock(&self, f: &mut dyn Locked) {
        self.with(|Contents { store, tasks, runner }| {
            f.locked(&mut store.core(), &mut Waiters { tasks: tasks.parts(), runner });
        });
    }

    fn look(&self, waker: &Waker) -> (Due, Option<Waker>) {
        self.with(|Contents { tasks, runner, .. }| Waiters { tasks: tasks.parts(), runner }.look(waker))
    }

    fn is_waiting(&self, waker: &Waker, ticket: WaitTicket) -> bool {
        self.with(|Contents { tasks, runner, .. }| Waiters { tasks: tasks.parts(), runner }.is_waiting(waker, ticket))
    }
}
