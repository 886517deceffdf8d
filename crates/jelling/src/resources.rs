//! The memory of a host behind its lock, and the tasks that wait for it.

#[cfg(feature = "l2cap")]
use crate::l2cap::FrameBuffer;
use crate::{
    gate::{Lock, Locked, RawLock, Visit},
    waiting::{Due, RunnerWakers, WaitTicket, Waiter, Waiters},
};
use ::core::{cell::RefCell, task::Waker};
use embassy_sync::blocking_mutex::Mutex;
use jelling_host::{
    BondGroup, Bonds, ChannelGroup as SlotGroup, Channels as Slots, Gatt, GattGroup, LinkGroup, Links, Pool, PoolGroup,
    Scan, ScanGroup, Store,
};

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

/// L2CAP channels: how many, with the listeners; the frame buffers of each, which K-frames leave from; and the octets of each of
/// them, 8 more than the longest K-frame's payload that we send. All bearers of a host share `Pool` for what they receive.
#[derive(Debug)]
pub struct Channels<const N: usize = 2, const FRAMES: usize = 2, const PACKET: usize = 255>;

/// The memory of the channels: their slots are the core's, their frame buffers stand beside it.
pub trait ChannelGroup {
    #[doc(hidden)]
    type Slots: SlotGroup;
    #[doc(hidden)]
    type Frames: FrameGroup;
}

impl<const N: usize, const FRAMES: usize, const PACKET: usize> ChannelGroup for Channels<N, FRAMES, PACKET> {
    type Slots = Slots<N, FRAMES>;
    type Frames = Frames<N, FRAMES, PACKET>;
}

/// The frame buffers of all channels.
#[derive(Debug)]
pub struct Frames<const N: usize, const FRAMES: usize, const PACKET: usize> {
    #[cfg(feature = "l2cap")]
    buffers: [[FrameBuffer<[u8; PACKET]>; FRAMES]; N],
}

/// The memory of the frame buffers.
pub trait FrameGroup {
    /// All zero.
    const NEW: Self;
    #[doc(hidden)]
    #[cfg(feature = "l2cap")]
    fn frame(&self, number: u8) -> Option<&FrameBuffer>;
}

impl<const N: usize, const FRAMES: usize, const PACKET: usize> FrameGroup for Frames<N, FRAMES, PACKET> {
    const NEW: Self = {
        // Vol 3, Part A, 4.22: an MPS is 23 octets at least, and 65,533 at most.
        assert!(PACKET >= 31 && PACKET <= 65_541, "a frame buffer of Channels has 31 to 65,541 octets");
        Frames {
            #[cfg(feature = "l2cap")]
            buffers: [const { [const { FrameBuffer::new() }; FRAMES] }; N],
        }
    };
    #[cfg(feature = "l2cap")]
    fn frame(&self, number: u8) -> Option<&FrameBuffer> {
        let buffer: &FrameBuffer = self.buffers.as_flattened().get(usize::from(number))?;
        Some(buffer)
    }
}

struct Contents<L, G, P, S, B, T, C> {
    store: Store<L, G, P, S, B, C>,
    tasks: T,
    runner: RunnerWakers,
}

/// The contents behind the lock.
type Cell<L, G, P, S, B, T, C> = Mutex<RawLock, RefCell<Contents<L, G, P, S, B, T, C>>>;

/// All the memory of a host: links, GATT server, pool, scan reports, bonds, waiting tasks and channels, each a group with a size of its own.
///
/// All zero before [`new`](crate::new), so that a static one takes no flash. `size_of::<Resources<..>>()` is what it costs.
pub struct Resources<L = Links, G = Gatt, P = Pool, S = Scan, B = Bonds, T = Tasks, C: ChannelGroup = Channels> {
    cell: Cell<L, G, P, S, B, T, C::Slots>,
    #[cfg_attr(not(feature = "l2cap"), expect(dead_code, reason = "they have no octets"))]
    frames: C::Frames,
}

impl<L: LinkGroup, G: GattGroup, P: PoolGroup, S: ScanGroup, B: BondGroup, T: TaskGroup, C: ChannelGroup>
    Resources<L, G, P, S, B, T, C>
{
    /// A host's memory.
    pub const fn new() -> Self {
        let contents = Contents { store: Store::NEW, tasks: T::NEW, runner: RunnerWakers::NEW };
        Resources { cell: Mutex::new(RefCell::new(contents)), frames: C::Frames::NEW }
    }
}

impl<L, G, P, S, B, T, C: ChannelGroup> Resources<L, G, P, S, B, T, C> {
    /// Does something with the contents, or nothing.
    fn with<R: Default>(&self, f: impl FnOnce(&mut Contents<L, G, P, S, B, T, C::Slots>) -> R) -> R {
        // Nothing calls back in from here: no user code and no waker runs under the lock.
        self.cell.lock(|cell| cell.try_borrow_mut().map(|mut contents| f(&mut contents)).unwrap_or_default())
    }
}

impl<L: LinkGroup, G: GattGroup, P: PoolGroup, S: ScanGroup, B: BondGroup, T: TaskGroup, C: ChannelGroup> Default
    for Resources<L, G, P, S, B, T, C>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<L, G, P, S, B, T, C: ChannelGroup> ::core::fmt::Debug for Resources<L, G, P, S, B, T, C> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("Resources").finish_non_exhaustive()
    }
}

impl<L: LinkGroup, G: GattGroup, P: PoolGroup, S: ScanGroup, B: BondGroup, T: TaskGroup, C: ChannelGroup> Lock
    for Resources<L, G, P, S, B, T, C>
{
    fn lock(&self, f: &mut dyn Locked) {
        self.with(|Contents { store, tasks, runner }| {
            f.locked(&mut store.core(), &mut Waiters { tasks: tasks.parts(), runner });
        });
    }

    fn visit(&self, visit: &mut Visit<'_>) {
        self.with(|Contents { store, tasks, runner }| {
            visit.locked(&mut store.core(), &mut Waiters { tasks: tasks.parts(), runner });
        });
    }

    fn look(&self, waker: &Waker) -> (Due, Option<Waker>) {
        self.with(|Contents { tasks, runner, .. }| Waiters { tasks: tasks.parts(), runner }.look(waker))
    }

    fn is_waiting(&self, waker: &Waker, ticket: WaitTicket) -> bool {
        self.with(|Contents { tasks, runner, .. }| Waiters { tasks: tasks.parts(), runner }.is_waiting(waker, ticket))
    }

    #[cfg(feature = "l2cap")]
    fn frame(&self, number: u8) -> Option<&FrameBuffer> {
        self.frames.frame(number)
    }
}
