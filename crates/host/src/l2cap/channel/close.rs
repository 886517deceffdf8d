//! How channels end: by either side (4.6 and 4.7), with their link, for a violation, or because nobody wants them any more.

use super::slot::{ChannelHandle, Flags, Phase};
use crate::{Core, counters::count, l2cap::replies::Reply, time::Deadline};
use core::task::Poll;
use jelling_wire::l2cap::ChannelId;

impl Core<'_> {
    /// Closes a channel behind the frames that are queued. What was received can still be taken.
    pub fn close_channel(&mut self, handle: ChannelHandle) {
        if self.find_channel(handle).is_ok() {
            self.close_slot(usize::from(handle.index));
        }
    }

    /// Ready once a channel is not open any more.
    pub fn channel_closed(&mut self, handle: ChannelHandle) -> Poll<()> {
        match self.find_channel(handle).map(|c| c.phase) {
            Ok(Phase::Closed) | Err(_) => Poll::Ready(()),
            Ok(_) => Poll::Pending,
        }
    }

    /// True until either side closes the channel, or its link is lost.
    pub fn is_channel_open(&mut self, handle: ChannelHandle) -> bool {
        self.find_channel(handle).is_ok_and(|c| c.phase == Phase::Open)
    }

    /// The application gives its handle up: the channel is closed, and its slot is free when that is done. What was received is dropped.
    pub fn release_channel(&mut self, handle: ChannelHandle) {
        if self.find_channel(handle).is_ok() {
            self.abandon_channel(usize::from(handle.index));
        }
    }

    pub(super) fn abandon_channel(&mut self, index: usize) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        channel.flags.insert(Flags::ABANDONED);
        self.close_slot(index);
        self.drop_received(index);
        self.settle_channel(index);
    }

    /// Gives back what a channel has received, and the room for more.
    fn drop_received(&mut self, index: usize) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        let mut received = core::mem::take(&mut channel.received);
        (channel.whole, channel.sdus, channel.left) = (0, 0, 0);
        received.close(&mut self.pool());
        self.tell_pool();
    }

    /// Our side wants the end.
    pub(super) fn close_slot(&mut self, index: usize) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        match channel.phase {
            Phase::Open => {
                channel.phase = Phase::Closing;
                channel.grant = 0;
                channel.flags.insert(Flags::END);
                let link = usize::from(channel.link.index);
                self.forget_incoming(index);
                self.tell_channel(index, Flags::NEWS | Flags::ROOM);
                self.look_at_signals(link);
                self.state.work = true;
            }
            Phase::Accepting => self.end_channel(index, Flags::empty()),
            Phase::Connecting if channel.flags.contains(Flags::ASK) => self.end_channel(index, Flags::empty()),
            // The peer's answer decides; a channel that it opens is closed.
            Phase::Connecting => channel.flags.insert(Flags::END),
            Phase::Closing | Phase::Closed | Phase::Listening | Phase::Free => {}
        }
    }

    /// A peer broke the rules of a channel: that one is closed (3.4.3, 10.1).
    pub(super) fn violated(&mut self, index: usize) {
        count(&mut self.state.counters.malformed);
        self.close_slot(index);
    }

    /// It is over. A frame that is sent in part is sent to its end, for its link's sake.
    pub(super) fn end_channel(&mut self, index: usize, why: Flags) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        let link = usize::from(channel.link.index);
        channel.phase = Phase::Closed;
        channel.deadline = Deadline::NEVER;
        channel.flags.remove(Flags::ASK | Flags::ANSWER | Flags::END | Flags::ASKED | Flags::IN_SDU);
        channel.flags.insert(why);
        channel.grant = 0;
        let kept = if channel.sent == 0 || why.contains(Flags::LOST) { 0 } else { 1 };
        let dropped = channel.queued.saturating_sub(kept);
        channel.queued = channel.queued.min(kept);
        if kept == 0 {
            channel.sent = 0;
        }
        if let Some(link) = self.links.get_mut(link) {
            link.turns.frames = link.turns.frames.saturating_sub(u16::from(dropped));
        }
        self.forget_incoming(index);
        self.look_at_signals(link);
        self.tell_channel(index, Flags::NEWS | Flags::ROOM);
        // Of one that nobody has taken yet what came is kept, if anything has.
        if self.channels.get(index).is_some_and(|c| c.listener != 0 && c.sdus == 0) {
            self.abandon_channel(index);
        }
        self.settle_channel(index);
    }

    /// Frees a slot that is over and that nobody has, once nothing is left to be sent of it.
    pub(super) fn settle_channel(&mut self, index: usize) {
        let Some(channel) = self.channels.get(index) else { return };
        let writes = channel.flags.contains(Flags::HOLDS);
        if channel.phase == Phase::Closed && channel.flags.contains(Flags::ABANDONED) && channel.queued == 0 && !writes
        {
            self.free_slot(index);
        }
    }

    /// Frees a slot.
    pub(super) fn free_slot(&mut self, index: usize) {
        self.drop_received(index);
        if let Some(channel) = self.channels.get_mut(index) {
            let (generation, head) = (channel.generation.wrapping_add(1), channel.head);
            let news = channel.flags & Flags::NEWS;
            *channel = super::Channel { generation, head, flags: news, ..super::Channel::NEW };
        }
        self.tell_channel(index, Flags::NEWS);
    }

    /// What is being received for a channel is for nobody any more.
    fn forget_incoming(&mut self, index: usize) {
        let mark = u8::try_from(index).unwrap_or(u8::MAX).saturating_add(1);
        if let Some(channel) = self.channels.get_mut(index) {
            channel.missing = 0;
            channel.flags.remove(Flags::BEGINNING | Flags::HALF_LENGTH);
            if let Some(link) = self.links.get_mut(usize::from(channel.link.index))
                && link.incoming.slot == mark
            {
                link.incoming.slot = 0;
            }
        }
    }

    /// A link is down: its channels are over.
    pub(crate) fn channels_down(&mut self, link: usize) {
        for index in 0..self.channels.len() {
            if self.channels.get(index).is_some_and(|c| c.is_on(link)) {
                self.end_channel(index, Flags::LOST);
            } else if let Some(channel) = self.channels.get_mut(index)
                && channel.phase == Phase::Closed
                && usize::from(channel.link.index) == link
                && channel.queued != 0
            {
                (channel.queued, channel.sent) = (0, 0);
                self.settle_channel(index);
            }
        }
    }

    /// The peer closes a channel (4.6).
    pub(super) fn on_disconnection_request(
        &mut self,
        index: usize,
        identifier: u8,
        destination: ChannelId,
        source: ChannelId,
    ) {
        let slot = self.channels.iter().position(|c| c.is_on(index) && c.is_known() && c.local == destination);
        let Some(slot) = slot else {
            return self.reply(index, Reply::invalid_cid(identifier, destination, source));
        };
        // 4.6: where the ends do not match, the request is discarded.
        if self.channels.get(slot).is_none_or(|c| c.remote != source) {
            return count(&mut self.state.counters.unexpected);
        }
        self.reply(index, Reply::disconnection(identifier, destination, source));
        self.end_channel(slot, Flags::empty());
    }
}
