//! How channels begin: by our request, by a peer's to one who listens (4.22 and 4.23).

use super::{
    demands::ChannelDemands,
    fifo::Fifo,
    slot::{AUTOMATIC, Channel, ChannelHandle, ChannelInfo, ChannelOptions, Flags, LEAST, ListenerHandle, Phase},
};
use crate::{
    Core,
    error::{Error, Resource},
    l2cap::replies::Reply,
    link::LinkId,
    time::Deadline,
};
use core::task::Poll;
use jelling_wire::l2cap::{ChannelId, Psm, signalling::LeConnectionResult};

/// The most credits that are chosen where the application has not.
const MOST_CREDITS: u32 = 16;

impl Core<'_> {
    /// Opens a channel to a peer that serves `psm`. [`channel`](Core::channel) tells what becomes of it.
    pub fn open_channel(&mut self, link: LinkId, psm: Psm, options: &ChannelOptions) -> Result<ChannelHandle, Error> {
        let handle = self.begin_channel(link, psm, options, Phase::Connecting)?;
        let local = self.next_channel_id(usize::from(link.index)).ok_or(Error::Full(Resource::Channels));
        let (local, index) = match local {
            Ok(local) => (local, usize::from(handle.index)),
            Err(error) => {
                self.free_slot(usize::from(handle.index));
                return Err(error);
            }
        };
        if let Some(channel) = self.channels.get_mut(index) {
            channel.local = local;
            channel.flags.insert(Flags::ASK);
        }
        self.look_at_signals(usize::from(link.index));
        self.state.work = true;
        Ok(handle)
    }

    /// Waits for one channel that the peer of this link opens to `psm`. Memory for it is set apart now.
    pub fn accept_channel(&mut self, link: LinkId, psm: Psm, options: &ChannelOptions) -> Result<ChannelHandle, Error> {
        self.begin_channel(link, psm, options, Phase::Accepting)
    }

    /// Waits for channels that peers open to `psm`, on any link, until [`unlisten`](Core::unlisten). Each takes another slot.
    pub fn listen(&mut self, psm: Psm, options: &ChannelOptions) -> Result<ListenerHandle, Error> {
        options.check(psm)?;
        if self.channels.iter().any(|c| c.phase == Phase::Listening && c.psm == psm.0) {
            return Err(Error::Busy);
        }
        let index = self.free_channel().ok_or(Error::Full(Resource::Channels))?;
        let slot = self.channels.get_mut(index).ok_or(Error::Full(Resource::Channels))?;
        slot.begin(Phase::Listening, psm, options);
        slot.window = options.credits;
        self.channel_handle(index).map(ListenerHandle).ok_or(Error::Full(Resource::Channels))
    }

    /// The next channel that came to who listens; it is open, or has been.
    pub fn take_channel(&mut self, listener: ListenerHandle) -> Poll<Result<ChannelHandle, Error>> {
        if let Err(error) = self.find_channel(listener.0) {
            return Poll::Ready(Err(error));
        }
        let mark = listener.0.index.saturating_add(1);
        let came = self.state.channels_came;
        let waiting = (0usize..).zip(self.channels.iter()).filter(|(_, c)| c.listener == mark);
        let Some((index, _)) = waiting.max_by_key(|(_, c)| came.wrapping_sub(c.order)) else { return Poll::Pending };
        if let Some(channel) = self.channels.get_mut(index) {
            channel.listener = 0;
        }
        Poll::Ready(self.channel_handle(index).ok_or(Error::ChannelClosed))
    }

    /// Listens no more. Channels that came and were not taken are closed.
    pub fn unlisten(&mut self, listener: ListenerHandle) {
        if self.find_channel(listener.0).is_err() {
            return;
        }
        self.free_slot(usize::from(listener.0.index));
        let mark = listener.0.index.saturating_add(1);
        while let Some(index) = self.channels.iter().position(|c| c.listener == mark) {
            if let Some(channel) = self.channels.get_mut(index) {
                channel.listener = 0;
            }
            self.abandon_channel(index);
        }
    }

    /// What a channel is, once it is open; or why it is not.
    pub fn channel(&mut self, handle: ChannelHandle) -> Poll<Result<ChannelInfo, Error>> {
        let channel = match self.find_channel(handle) {
            Ok(channel) => channel,
            Err(error) => return Poll::Ready(Err(error)),
        };
        match channel.phase {
            Phase::Accepting | Phase::Connecting | Phase::Listening | Phase::Free => Poll::Pending,
            Phase::Open => Poll::Ready(Ok(channel.info())),
            // It was open, and something may have come.
            Phase::Closing | Phase::Closed
                if channel.remote != ChannelId(0) && !channel.flags.contains(Flags::REFUSED) =>
            {
                Poll::Ready(Ok(channel.info()))
            }
            Phase::Closing | Phase::Closed => Poll::Ready(Err(channel.why())),
        }
    }

    fn begin_channel(
        &mut self,
        link: LinkId,
        psm: Psm,
        options: &ChannelOptions,
        phase: Phase,
    ) -> Result<ChannelHandle, Error> {
        options.check(psm)?;
        if self.link(link)?.is_leaving() {
            return Err(Error::Disconnected);
        }
        let index = self.free_channel().ok_or(Error::Full(Resource::Channels))?;
        let (received, window, capacity) = self.reserve_for(options).ok_or(Error::Full(Resource::Blocks))?;
        let slot = self.channels.get_mut(index).ok_or(Error::Full(Resource::Channels))?;
        slot.begin(phase, psm, options);
        slot.link = link;
        slot.take_room(received, window, capacity, options);
        self.channel_handle(index).ok_or(Error::Full(Resource::Channels))
    }

    /// Sets room apart for what a channel may receive: its blocks, the credits of its peer, and the octets that have room.
    fn reserve_for(&mut self, options: &ChannelOptions) -> Option<(Fifo, u16, u16)> {
        let (mtu, each) = (u32::from(options.mtu), u32::from(options.segment().max(LEAST)));
        let automatic = options.credits == AUTOMATIC;
        let wanted = if automatic { MOST_CREDITS } else { u32::from(options.credits).max(1) };
        let mut window = wanted.min(u32::from(u16::MAX).checked_div(each).unwrap_or(1)).max(1);
        let unclaimed = self.pool().unclaimed();
        // Each free slot has the same share.
        let free = self.channels.iter().filter(|c| c.phase == Phase::Free).count();
        let share = unclaimed.checked_div(free).unwrap_or(unclaimed);
        loop {
            // An SDU should find room whole, however the peer cuts it, and another segment beside it.
            let least = window.saturating_mul(each);
            let best = least.max(mtu.saturating_add(2).saturating_add(each));
            for capacity in [best, least].into_iter().filter_map(|octets| u16::try_from(octets).ok()) {
                let is_least = window == 1 && u32::from(capacity) == least;
                let most = if automatic && !is_least { share } else { unclaimed };
                let mut fifo = Fifo::NEW;
                if usize::from(Fifo::blocks(capacity)) <= most && fifo.open(&mut self.pool(), capacity).is_some() {
                    return Some((fifo, u16::try_from(window).ok()?, capacity));
                }
            }
            if !automatic || window <= 1 {
                self.state.accounts.missed = true;
                return None;
            }
            window = window.saturating_sub(1);
        }
    }

    /// The next end of a channel on a link: ends of late are not used again soon, so that what comes late for them is noticed.
    fn next_channel_id(&mut self, index: usize) -> Option<ChannelId> {
        let first = *ChannelId::DYNAMIC.start();
        let count = ChannelId::DYNAMIC.end().saturating_sub(first).saturating_add(1);
        for _ in 0..count {
            let link = self.links.get_mut(index)?;
            let id = ChannelId(first.saturating_add(u16::from(link.turns.next_id)));
            link.turns.next_id = link.turns.next_id.wrapping_add(1) % 64;
            if !self.channels.iter().any(|c| c.is_on(index) && c.local == id) {
                return Some(id);
            }
        }
        None
    }

    /// A peer wants a channel (4.22).
    pub(super) fn on_connection_request(&mut self, index: usize, identifier: u8, request: &ConnectionRequest) {
        match self.admit_channel(index, identifier, request) {
            Ok(slot) => {
                self.look_at_signals(index);
                let listener = self.channels.get(slot).map_or(0, |c| c.listener);
                let told = usize::from(listener).checked_sub(1).unwrap_or(slot);
                self.tell_channel(told, Flags::NEWS);
            }
            Err(result) => self.reply(index, Reply::refusal(identifier, result)),
        }
    }

    /// The slot of a channel that a peer may have, or why it may not (4.23).
    fn admit_channel(
        &mut self,
        index: usize,
        identifier: u8,
        r: &ConnectionRequest,
    ) -> Result<usize, LeConnectionResult> {
        let on_link = |c: &&Channel| c.phase == Phase::Accepting && usize::from(c.link.index) == index;
        let slots = || (0usize..).zip(self.channels.iter()).filter(|(_, c)| c.psm == r.psm.0);
        let once = slots().find(|(_, c)| on_link(c));
        let listens = once.or_else(|| slots().find(|(_, c)| c.phase == Phase::Listening));
        let (at, demands, key_size) =
            listens.map(|(at, c)| (at, c.demands, c.key_size)).ok_or(LeConnectionResult::PSM_NOT_SUPPORTED)?;
        let is_once = once.is_some();
        let link = self.links.get(index).ok_or(LeConnectionResult::NO_RESOURCES)?;
        if let Some(lacking) = demands.lacking(key_size, link) {
            return Err(lacking);
        }
        if r.mtu < LEAST || r.mps < LEAST {
            return Err(LeConnectionResult::UNACCEPTABLE_PARAMETERS);
        }
        if !r.source.is_dynamic() {
            return Err(LeConnectionResult::INVALID_SOURCE_CID);
        }
        if self.channels.iter().any(|c| c.is_on(index) && c.is_known() && c.remote == r.source) {
            return Err(LeConnectionResult::SOURCE_CID_ALREADY_ALLOCATED);
        }
        if link.is_leaving() {
            return Err(LeConnectionResult::NO_RESOURCES);
        }
        let slot = if is_once { Some(at) } else { self.channel_of_listener(index, at) };
        let slot = slot.ok_or(LeConnectionResult::NO_RESOURCES)?;
        let Some(local) = self.next_channel_id(index) else { return Err(LeConnectionResult::NO_RESOURCES) };
        let channel = self.channels.get_mut(slot).ok_or(LeConnectionResult::NO_RESOURCES)?;
        channel.phase = Phase::Open;
        channel.flags.insert(Flags::ANSWER);
        (channel.identifier, channel.local, channel.remote) = (identifier, local, r.source);
        (channel.peer_mtu, channel.peer_mps, channel.credits) = (r.mtu, r.mps, r.credits);
        Ok(slot)
    }

    /// A slot with room for a channel that comes to who listens on all links.
    fn channel_of_listener(&mut self, index: usize, listener: usize) -> Option<usize> {
        let link = self.link_id(index)?;
        let c = self.channels.get(listener)?;
        let options = ChannelOptions {
            mtu: c.our_mtu,
            mps: c.our_mps,
            credits: c.window,
            demands: ChannelDemands::empty(),
            key_size: 0,
        };
        let psm = Psm(c.psm);
        let slot = self.free_channel()?;
        let (received, window, capacity) = self.reserve_for(&options)?;
        let channel = self.channels.get_mut(slot)?;
        channel.begin(Phase::Open, psm, &options);
        channel.link = link;
        channel.listener = u8::try_from(listener).ok()?.saturating_add(1);
        channel.order = self.state.channels_came;
        self.state.channels_came = self.state.channels_came.wrapping_add(1);
        channel.take_room(received, window, capacity, &options);
        Some(slot)
    }

    /// The peer's answer to our request (4.23).
    pub(super) fn on_connection_response(&mut self, index: usize, slot: usize, r: &ConnectionResponse) {
        let is_taken = self.channels.iter().any(|c| c.is_on(index) && c.is_known() && c.remote == r.destination);
        let Some(channel) = self.channels.get_mut(slot) else { return };
        channel.flags.remove(Flags::ASKED);
        channel.deadline = Deadline::NEVER;
        if r.result != LeConnectionResult::SUCCESSFUL {
            channel.result = r.result;
            return self.end_channel(slot, Flags::REFUSED);
        }
        if !r.destination.is_dynamic() || is_taken {
            // There is no end of it that could be named.
            channel.result = LeConnectionResult::INVALID_SOURCE_CID;
            return self.end_channel(slot, Flags::REFUSED);
        }
        channel.remote = r.destination;
        (channel.peer_mtu, channel.peer_mps, channel.credits) = (r.mtu, r.mps, r.credits);
        channel.phase = Phase::Open;
        let is_too_small = r.mtu < LEAST || r.mps < LEAST;
        if is_too_small {
            channel.result = LeConnectionResult::UNACCEPTABLE_PARAMETERS;
            channel.flags.insert(Flags::REFUSED);
        }
        if is_too_small || channel.flags.contains(Flags::END) {
            return self.close_slot(slot);
        }
        self.tell_channel(slot, Flags::NEWS);
    }

    /// The peer knows nothing of channels, and says so (4.1).
    pub(super) fn on_connection_rejected(&mut self, slot: usize) {
        if let Some(channel) = self.channels.get_mut(slot) {
            channel.result = LeConnectionResult::PSM_NOT_SUPPORTED;
            self.end_channel(slot, Flags::REFUSED);
        }
    }
}

impl Channel {
    fn begin(&mut self, phase: Phase, psm: Psm, options: &ChannelOptions) {
        let (generation, head) = (self.generation, self.head);
        *self = Channel { generation, head, phase, psm: psm.0, ..Channel::NEW };
        (self.our_mtu, self.our_mps) = (options.mtu, options.mps);
        (self.demands, self.key_size) = (options.demands, options.key_size);
    }

    fn take_room(&mut self, received: Fifo, window: u16, capacity: u16, options: &ChannelOptions) {
        (self.received, self.window, self.capacity) = (received, window, capacity);
        self.peer_credits = if options.credits == 0 { 0 } else { window };
    }

    fn info(&self) -> ChannelInfo {
        ChannelInfo {
            link: self.link,
            psm: self.psm,
            our_mtu: self.our_mtu,
            peer_mtu: self.peer_mtu,
            our_mps: self.our_mps,
            peer_mps: self.peer_mps,
        }
    }
}

/// What a peer asks for (4.22).
pub(super) struct ConnectionRequest {
    pub(super) psm: Psm,
    pub(super) source: ChannelId,
    pub(super) mtu: u16,
    pub(super) mps: u16,
    pub(super) credits: u16,
}

/// What a peer answers (4.23).
pub(super) struct ConnectionResponse {
    pub(super) destination: ChannelId,
    pub(super) mtu: u16,
    pub(super) mps: u16,
    pub(super) credits: u16,
    pub(super) result: LeConnectionResult,
}
