//! The slot of a channel, and what an application chooses and learns of one.

use super::{demands::ChannelDemands, fifo::Fifo};
use crate::{
    Core,
    error::{Argument, Error},
    event::HostNews,
    link::LinkId,
    time::Deadline,
};
use bitflags::bitflags;
use jelling_wire::l2cap::{ChannelId, Psm, signalling::LeConnectionResult};

/// The least MTU and MPS (Vol 3, Part A, 4.22).
pub(super) const LEAST: u16 = 23;
/// The longest segment (4.22).
const MOST_MPS: u16 = 65_533;
/// Credits of a channel for which none are chosen.
pub(super) const AUTOMATIC: u16 = u16::MAX;

/// A channel as a handle names it: the slot, and which of its successive channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChannelHandle {
    pub(crate) index: u8,
    pub(crate) generation: u16,
}

impl ChannelHandle {
    /// The slot's number.
    pub const fn index(self) -> u8 {
        self.index
    }
}

/// Who listens for channels on all links, as a handle names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ListenerHandle(pub(crate) ChannelHandle);

impl ListenerHandle {
    /// The slot's number.
    pub const fn index(self) -> u8 {
        self.0.index
    }
}

/// What this side of a channel takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChannelOptions {
    pub(super) mtu: u16,
    pub(super) mps: u16,
    pub(super) credits: u16,
    pub(super) demands: ChannelDemands,
    pub(super) key_size: u8,
}

impl ChannelOptions {
    /// SDUs of up to `mtu` octets, 23 to 65,535; the rest as the methods say.
    pub const fn new(mtu: u16) -> Self {
        ChannelOptions { mtu, mps: 247, credits: AUTOMATIC, demands: ChannelDemands::empty(), key_size: 0 }
    }

    /// The longest segment taken, 23 to 65,533 octets. Default 247, which fills a packet of the controller.
    #[must_use]
    pub const fn mps(mut self, octets: u16) -> Self {
        self.mps = octets;
        self
    }

    /// Segments that the peer may send before some are taken; room for all of them is set apart in blocks of `Pool`. 0: none before the
    /// first take, and one at a time from then on. Default: 16, or as many as the slot's share of the free blocks holds, where each
    /// free slot has the same; one at least.
    #[must_use]
    pub const fn credits(mut self, segments: u16) -> Self {
        self.credits = if segments == AUTOMATIC { AUTOMATIC - 1 } else { segments };
        self
    }

    /// What a link must be for its peer to open the channel. Who connects has nothing to demand.
    #[must_use]
    pub const fn demands(mut self, demands: ChannelDemands) -> Self {
        self.demands = demands;
        self
    }

    /// The smallest encryption key of a peer that opens the channel, 7 to 16 octets. Default 0: any, or none.
    #[must_use]
    pub const fn key_size(mut self, octets: u8) -> Self {
        self.key_size = octets;
        self
    }

    /// The longest segment that may come: an SDU goes with its length.
    pub(super) const fn segment(&self) -> u16 {
        let sdu = self.mtu.saturating_add(2);
        if sdu < self.mps { sdu } else { self.mps }
    }

    /// As said, or the argument that is out of range.
    pub(super) fn check(&self, psm: Psm) -> Result<(), Error> {
        let argument = if !psm.is_valid() {
            Argument::Psm
        } else if self.mtu < LEAST {
            Argument::ChannelMtu
        } else if !(LEAST..=MOST_MPS).contains(&self.mps) {
            Argument::Mps
        } else {
            return Ok(());
        };
        Err(Error::InvalidArgument(argument))
    }
}

/// What a channel is, from its opening on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChannelInfo {
    /// Its link.
    pub link: LinkId,
    /// What it was opened for.
    pub psm: u16,
    /// The longest SDU that we take.
    pub our_mtu: u16,
    /// The longest SDU that the peer takes.
    pub peer_mtu: u16,
    /// The longest segment that we take.
    pub our_mps: u16,
    /// The longest segment that the peer takes.
    pub peer_mps: u16,
}

/// What was taken of a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Received {
    /// Octets.
    pub length: usize,
    /// True where an SDU ends with them.
    pub ends: bool,
}

/// How far a slot is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Free,
    /// It listens on all links.
    Listening,
    /// It waits for a peer's request on its link.
    Accepting,
    /// Our request is to be sent, or to be answered.
    Connecting,
    Open,
    /// Our Disconnection Request is to be sent, or to be answered.
    Closing,
    /// It is over. What was received may still be there.
    Closed,
}

bitflags! {
    /// What is owed for a channel, and what it has been through.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Flags: u16 {
        /// The request to open it.
        const ASK = 1;
        /// The answer that it is open.
        const ANSWER = 1 << 1;
        /// The request to close it, behind the frames that are queued, or behind the answer to the request to open it.
        const END = 1 << 2;
        /// A request of ours is to be answered.
        const ASKED = 1 << 3;
        /// No handle of the application is left.
        const ABANDONED = 1 << 4;
        /// A task found no frame buffer, no credit, or frames that are not sent.
        const MISSED = 1 << 5;
        /// An SDU is sent in part.
        const IN_SDU = 1 << 6;
        /// An SDU is taken in part.
        const TAKING = 1 << 7;
        /// Its link was lost.
        const LOST = 1 << 8;
        /// The peer refused it: `result`.
        const REFUSED = 1 << 9;
        /// Its request was not answered in time.
        const TIMED_OUT = 1 << 10;
        /// The first octet of an SDU's length has come, the second has not.
        const HALF_LENGTH = 1 << 11;
        /// A segment that begins an SDU is being received.
        const BEGINNING = 1 << 12;
        /// `Event::Channel` is to be told.
        const NEWS = 1 << 13;
        /// `Event::ChannelRoom` is to be told.
        const ROOM = 1 << 14;
        /// Parts of its frames are with the transport.
        const HOLDS = 1 << 15;
    }
}

/// The slot of a channel, or of one who listens.
#[derive(Debug)]
pub struct Channel {
    pub(crate) phase: Phase,
    pub(super) generation: u16,
    pub(crate) flags: Flags,
    /// Its link; of one who listens on all links none.
    pub(crate) link: LinkId,
    /// The slot + 1 of who listened, until the application takes it.
    pub(super) listener: u8,
    /// How many came to those who listen before it.
    pub(super) order: u16,
    pub(super) psm: u16,
    pub(super) local: ChannelId,
    pub(super) remote: ChannelId,
    /// Of the request that is to be answered, by either side.
    pub(super) identifier: u8,
    /// The first octet of an SDU's length, where the second has not come.
    pub(super) low: u8,
    pub(super) demands: ChannelDemands,
    pub(super) key_size: u8,
    pub(super) result: LeConnectionResult,
    pub(super) our_mtu: u16,
    pub(super) our_mps: u16,
    pub(super) peer_mtu: u16,
    pub(super) peer_mps: u16,
    /// Segments that the peer may send at most before some are taken.
    pub(super) window: u16,
    /// Segments that it may send now.
    pub(super) peer_credits: u16,
    /// Segments more that it is to be told of.
    pub(super) grant: u16,
    /// Segments that we may send.
    pub(super) credits: u16,
    /// Octets that room was set apart for.
    pub(super) capacity: u16,
    pub(super) received: Fifo,
    /// Octets of `received` that stand in whole segments.
    pub(super) whole: u16,
    /// SDUs that are there to their end.
    pub(super) sdus: u16,
    /// Octets of the SDU being received that have not come.
    pub(super) missing: u16,
    /// Octets of the SDU being taken that are left.
    pub(super) left: u16,
    /// The frame buffer that is sent next.
    pub(super) head: u8,
    /// Frames that are not sent to their end.
    pub(super) queued: u8,
    /// Frame buffers before them whose last part is with the transport.
    pub(super) held: u8,
    /// Octets of the first of them that are sent.
    pub(super) sent: u16,
    /// The shortest target for which there was nothing to take, 0 where nobody has asked since there was something.
    pub(super) wanted: u16,
    pub(crate) deadline: Deadline,
}

impl Channel {
    /// A free slot, all zero.
    pub const NEW: Channel = Channel {
        phase: Phase::Free,
        generation: 0,
        flags: Flags::empty(),
        link: LinkId { index: 0, generation: 0 },
        listener: 0,
        order: 0,
        psm: 0,
        local: ChannelId(0),
        remote: ChannelId(0),
        identifier: 0,
        low: 0,
        demands: ChannelDemands::empty(),
        key_size: 0,
        result: LeConnectionResult(0),
        our_mtu: 0,
        our_mps: 0,
        peer_mtu: 0,
        peer_mps: 0,
        window: 0,
        peer_credits: 0,
        grant: 0,
        credits: 0,
        capacity: 0,
        received: Fifo::NEW,
        whole: 0,
        sdus: 0,
        missing: 0,
        left: 0,
        head: 0,
        queued: 0,
        held: 0,
        sent: 0,
        wanted: 0,
        deadline: Deadline::NEVER,
    };

    /// The longest segment that may come.
    pub(super) fn segment(&self) -> u16 {
        self.our_mps.min(self.our_mtu.saturating_add(2))
    }

    /// True for a channel, in whatever phase, on the link in this slot.
    pub(super) fn is_on(&self, link: usize) -> bool {
        !matches!(self.phase, Phase::Free | Phase::Listening | Phase::Closed) && usize::from(self.link.index) == link
    }

    /// True where the peer has, or is told, an end of it.
    pub(super) fn is_known(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::Closing)
    }

    /// Why it is over.
    pub(super) fn why(&self) -> Error {
        if self.flags.contains(Flags::LOST) {
            Error::Disconnected
        } else if self.flags.contains(Flags::REFUSED) {
            Error::ChannelRefused(self.result)
        } else if self.flags.contains(Flags::TIMED_OUT) {
            Error::Timeout
        } else {
            Error::ChannelClosed
        }
    }

    /// True where a command is to be sent for it.
    pub(super) fn has_to_signal(&self) -> bool {
        self.flags.intersects(Flags::ASK.union(Flags::ANSWER))
            || (self.phase == Phase::Closing && self.flags.contains(Flags::END) && self.queued == 0)
            || self.grant != 0
    }
}

impl Core<'_> {
    /// The number of a free slot, emptied, with its frame buffers as they are.
    pub(super) fn free_channel(&mut self) -> Option<usize> {
        let index = self.channels.iter().position(|c| c.phase == Phase::Free)?;
        let used = self.channels.iter().filter(|c| c.phase != Phase::Free).count().saturating_add(1);
        self.state.channels_high_water = self.state.channels_high_water.max(u8::try_from(used).unwrap_or(u8::MAX));
        Some(index)
    }

    pub(super) fn channel_handle(&self, index: usize) -> Option<ChannelHandle> {
        let channel = self.channels.get(index)?;
        Some(ChannelHandle { index: u8::try_from(index).ok()?, generation: channel.generation })
    }

    /// The slot that a handle names.
    pub(super) fn find_channel(&mut self, handle: ChannelHandle) -> Result<&mut Channel, Error> {
        let channel = self.channels.get_mut(usize::from(handle.index));
        channel.filter(|c| c.phase != Phase::Free && c.generation == handle.generation).ok_or(Error::ChannelClosed)
    }

    /// Who waits for the channel is told.
    pub(super) fn tell_channel(&mut self, index: usize, news: Flags) {
        if let Some(channel) = self.channels.get_mut(index) {
            channel.flags.insert(news);
            self.state.news |= HostNews::CHANNELS;
        }
    }

    /// Frame buffers of each channel.
    pub(super) fn frames_each(&self) -> usize {
        self.frames.len().checked_div(self.channels.len()).unwrap_or(0)
    }

    /// The next slot with news.
    pub(crate) fn next_channel_event(&mut self) -> Option<crate::Event> {
        for (index, channel) in (0u8..).zip(self.channels.iter_mut()) {
            if channel.flags.contains(Flags::NEWS) {
                channel.flags.remove(Flags::NEWS);
                return Some(crate::Event::Channel(index));
            }
            if channel.flags.contains(Flags::ROOM) {
                channel.flags.remove(Flags::ROOM);
                return Some(crate::Event::ChannelRoom(index));
            }
        }
        self.state.news.remove(HostNews::CHANNELS);
        None
    }

    pub(crate) fn channel_usage(&self) -> crate::Usage {
        crate::Usage {
            total: self.channels.len(),
            used: self.channels.iter().filter(|c| c.phase != Phase::Free).count(),
            high_water: usize::from(self.state.channels_high_water),
        }
    }
}
