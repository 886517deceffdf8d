//! The memory of a host, in groups with defaults; and the core that stands on it.
//!
//! Sizes are types and nothing else: no feature with a number in it, no environment variable. The group of a feature that is
//! switched off has no octets, whatever its sizes.

#[cfg(feature = "security")]
use crate::bond::BondSlot;
#[cfg(feature = "central")]
use crate::gap::Report;
#[cfg(feature = "server")]
use crate::gatt::Attribute;
#[cfg(any(feature = "client", feature = "server"))]
use crate::gatt::Queue;
#[cfg(feature = "l2cap")]
use crate::l2cap::Channel;
#[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
use crate::pool::Block;
use crate::{link::Link, state::State};

/// The links: how many, and the largest ATT MTU of each (23 to 517).
#[derive(Debug)]
pub struct Links<const N: usize = 4, const MTU: usize = 247> {
    links: [Link; N],
    receive: [[u8; MTU]; N],
    transmit: [[u8; MTU]; N],
}

/// The GATT server: attributes, and octets for the values that can change. The GAP and GATT services take 15 attributes, and 23
/// octets with one for each link; two less, and 16 octets less, without feature `security`; with preferred parameters two more, and 8
/// octets.
#[derive(Debug)]
pub struct Gatt<const A: usize = 48, const V: usize = 512> {
    #[cfg(feature = "server")]
    attributes: [Attribute; A],
    #[cfg(feature = "server")]
    values: [u8; V],
}

/// Blocks of 64 octets for everything that queues, and the queues themselves
/// (one for each subscription and each captured characteristic).
#[derive(Debug)]
pub struct Pool<const B: usize = 16, const Q: usize = 8> {
    #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
    blocks: [Block; B],
    #[cfg(any(feature = "client", feature = "server"))]
    queues: [Queue; Q],
}

/// Scan reports that wait to be read, one for each device.
#[derive(Debug)]
pub struct Scan<const N: usize = 8> {
    #[cfg(feature = "central")]
    reports: [Report; N],
}

/// The bonds that are known at once, of 216 octets each on 64 bits. With the peer of one that is only in the store, no link can be
/// encrypted. Where a pairing finds no free slot, the bond that was used least recently makes room, and goes from the store too; never
/// that of a peer who is connected.
#[derive(Debug)]
pub struct Bonds<const N: usize = 4> {
    #[cfg(feature = "security")]
    bonds: [BondSlot; N],
}

/// L2CAP channels: how many at once, those who listen for them among them, and how many frames of each wait to be sent. What is received
/// stands in blocks of `Pool`.
#[derive(Debug)]
pub struct Channels<const N: usize = 2, const FRAMES: usize = 2> {
    #[cfg(feature = "l2cap")]
    channels: [Channel; N],
    /// The length of the frame in each frame buffer.
    #[cfg(feature = "l2cap")]
    frames: [[u16; FRAMES]; N],
}

/// The memory of the links, whatever their number.
pub trait LinkGroup {
    /// All zero.
    const NEW: Self;
    /// The slots, their receive and their transmit buffers.
    fn parts(&mut self) -> (&mut [Link], &mut [u8], &mut [u8]);
}

impl<const N: usize, const MTU: usize> LinkGroup for Links<N, MTU> {
    const NEW: Self = {
        assert!(MTU >= 23 && MTU <= 517, "the MTU of Links is 23 to 517");
        assert!(N <= 250, "Links has at most 250 links");
        Links { links: [const { Link::NEW }; N], receive: [[0; MTU]; N], transmit: [[0; MTU]; N] }
    };
    fn parts(&mut self) -> (&mut [Link], &mut [u8], &mut [u8]) {
        (&mut self.links, self.receive.as_flattened_mut(), self.transmit.as_flattened_mut())
    }
}

/// The memory of the GATT server.
pub trait GattGroup {
    /// All zero.
    const NEW: Self;
    /// The attributes and the octets of their values.
    #[cfg(feature = "server")]
    fn parts(&mut self) -> (&mut [Attribute], &mut [u8]);
}

impl<const A: usize, const V: usize> GattGroup for Gatt<A, V> {
    const NEW: Self = {
        assert!(V <= 0xffff, "Gatt has at most 65,535 octets of values");
        Gatt {
            #[cfg(feature = "server")]
            attributes: [const { Attribute::NEW }; A],
            #[cfg(feature = "server")]
            values: [0; V],
        }
    };
    #[cfg(feature = "server")]
    fn parts(&mut self) -> (&mut [Attribute], &mut [u8]) {
        (&mut self.attributes, &mut self.values)
    }
}

/// The memory of everything that queues.
pub trait PoolGroup {
    /// All zero.
    const NEW: Self;
    /// The blocks.
    #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
    fn blocks(&mut self) -> &mut [Block];
    /// The blocks and the queues.
    #[cfg(any(feature = "client", feature = "server"))]
    fn parts(&mut self) -> (&mut [Block], &mut [Queue]);
}

impl<const B: usize, const Q: usize> PoolGroup for Pool<B, Q> {
    const NEW: Self = {
        assert!(B <= 0xfffe && Q <= 250, "Pool has at most 65,534 blocks and 250 queues");
        Pool {
            #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
            blocks: [Block::NEW; B],
            #[cfg(any(feature = "client", feature = "server"))]
            queues: [const { Queue::NEW }; Q],
        }
    };
    #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
    fn blocks(&mut self) -> &mut [Block] {
        &mut self.blocks
    }
    #[cfg(any(feature = "client", feature = "server"))]
    fn parts(&mut self) -> (&mut [Block], &mut [Queue]) {
        (&mut self.blocks, &mut self.queues)
    }
}

/// The memory of a scan.
pub trait ScanGroup {
    /// All zero.
    const NEW: Self;
    /// The reports.
    #[cfg(feature = "central")]
    fn parts(&mut self) -> &mut [Report];
}

impl<const N: usize> ScanGroup for Scan<N> {
    const NEW: Self = Scan {
        #[cfg(feature = "central")]
        reports: [Report::NEW; N],
    };
    #[cfg(feature = "central")]
    fn parts(&mut self) -> &mut [Report] {
        &mut self.reports
    }
}

/// The memory of the bonds.
pub trait BondGroup {
    /// All zero.
    const NEW: Self;
    /// The slots.
    #[cfg(feature = "security")]
    fn parts(&mut self) -> &mut [BondSlot];
}

impl<const N: usize> BondGroup for Bonds<N> {
    const NEW: Self = {
        assert!(N <= 250, "Bonds has at most 250 bonds");
        Bonds {
            #[cfg(feature = "security")]
            bonds: [const { BondSlot::NEW }; N],
        }
    };
    #[cfg(feature = "security")]
    fn parts(&mut self) -> &mut [BondSlot] {
        &mut self.bonds
    }
}

/// The memory of the channels.
pub trait ChannelGroup {
    /// All zero.
    const NEW: Self;
    /// The slots, and the lengths of the frames that wait, channel after channel.
    #[cfg(feature = "l2cap")]
    fn parts(&mut self) -> (&mut [Channel], &mut [u16]);
}

impl<const N: usize, const FRAMES: usize> ChannelGroup for Channels<N, FRAMES> {
    const NEW: Self = {
        assert!(N <= 120 && FRAMES >= 1 && FRAMES * N <= 250, "Channels has at most 120 channels and 250 frames");
        Channels {
            #[cfg(feature = "l2cap")]
            channels: [const { Channel::NEW }; N],
            #[cfg(feature = "l2cap")]
            frames: [[0; FRAMES]; N],
        }
    };
    #[cfg(feature = "l2cap")]
    fn parts(&mut self) -> (&mut [Channel], &mut [u16]) {
        (&mut self.channels, self.frames.as_flattened_mut())
    }
}

/// The whole memory of a host.
pub struct Store<L = Links, G = Gatt, P = Pool, S = Scan, B = Bonds, C = Channels> {
    state: State,
    links: L,
    #[cfg_attr(not(feature = "server"), expect(dead_code, reason = "it has no octets"))]
    gatt: G,
    #[cfg_attr(
        not(any(feature = "client", feature = "server", feature = "l2cap")),
        expect(dead_code, reason = "it has no octets")
    )]
    pool: P,
    #[cfg_attr(not(feature = "central"), expect(dead_code, reason = "it has no octets"))]
    scan: S,
    #[cfg_attr(not(feature = "security"), expect(dead_code, reason = "it has no octets"))]
    bonds: B,
    #[cfg_attr(not(feature = "l2cap"), expect(dead_code, reason = "it has no octets"))]
    channels: C,
}

impl<L: LinkGroup, G: GattGroup, P: PoolGroup, S: ScanGroup, B: BondGroup, C: ChannelGroup> Store<L, G, P, S, B, C> {
    /// All zero, so that a static one takes no flash.
    pub const NEW: Self = Store {
        state: State::NEW,
        links: L::NEW,
        gatt: G::NEW,
        pool: P::NEW,
        scan: S::NEW,
        bonds: B::NEW,
        channels: C::NEW,
    };

    /// The core, as a struct of slices with no capacity in its type.
    pub fn core(&mut self) -> Core<'_> {
        let (links, receive, transmit) = self.links.parts();
        #[cfg(feature = "server")]
        let (attributes, values) = self.gatt.parts();
        #[cfg(any(feature = "client", feature = "server"))]
        let (blocks, queues) = self.pool.parts();
        #[cfg(all(feature = "l2cap", not(any(feature = "client", feature = "server"))))]
        let blocks = self.pool.blocks();
        #[cfg(feature = "l2cap")]
        let (channels, frames) = self.channels.parts();
        Core {
            state: &mut self.state,
            frame_room: receive.len().checked_div(links.len()).unwrap_or(0),
            links,
            receive,
            transmit,
            #[cfg(feature = "server")]
            attributes,
            #[cfg(feature = "server")]
            values,
            #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
            blocks,
            #[cfg(any(feature = "client", feature = "server"))]
            queues,
            #[cfg(feature = "central")]
            reports: self.scan.parts(),
            #[cfg(feature = "security")]
            bonds: self.bonds.parts(),
            #[cfg(feature = "l2cap")]
            channels,
            #[cfg(feature = "l2cap")]
            frames,
        }
    }
}

/// The core at the gate: every table at once, and no number in its type. All verbs are its methods.
pub struct Core<'a> {
    pub(crate) state: &'a mut State,
    pub(crate) links: &'a mut [Link],
    /// Octets each link has for a frame's payload, in each direction.
    pub(crate) frame_room: usize,
    pub(crate) receive: &'a mut [u8],
    pub(crate) transmit: &'a mut [u8],
    #[cfg(feature = "server")]
    pub(crate) attributes: &'a mut [Attribute],
    #[cfg(feature = "server")]
    pub(crate) values: &'a mut [u8],
    #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
    pub(crate) blocks: &'a mut [Block],
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) queues: &'a mut [Queue],
    #[cfg(feature = "central")]
    pub(crate) reports: &'a mut [Report],
    #[cfg(feature = "security")]
    pub(crate) bonds: &'a mut [BondSlot],
    #[cfg(feature = "l2cap")]
    pub(crate) channels: &'a mut [Channel],
    /// The length of the frame in each frame buffer, channel after channel.
    #[cfg(feature = "l2cap")]
    pub(crate) frames: &'a mut [u16],
}

// Frames and values may be secret: neither shows what it holds.
impl core::fmt::Debug for Core<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Core").field("power", &self.state.power()).finish_non_exhaustive()
    }
}

impl<L, G, P, S, B, C> core::fmt::Debug for Store<L, G, P, S, B, C> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}
