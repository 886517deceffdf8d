//! SDUs become segments (3.4.3), one credit each (10.1), straight into buffers out of which the transport writes. Channels of a link take turns,
//! a frame at a time, with the link's own frames.

use super::slot::{ChannelHandle, Flags, Phase};
use crate::{Core, counters::count, error::Error};
use core::task::Poll;
use jelling_wire::{
    Packet, PacketKind, Writer, copy,
    hci::{
        ConnectionHandle,
        acl::{self, Boundary},
    },
    l2cap::HEADER_LENGTH,
};

/// Headers of ACL packet and frame, with which a frame buffer begins.
const HEADERS: usize = 8;

/// Whose turn it is on a link, and what its channels have to send.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Turns {
    /// Frames that its channels have queued.
    pub(crate) frames: u16,
    /// A channel has a command to send.
    pub(crate) signals: bool,
    /// The last frame was the link's own, not a channel's.
    pub(crate) own_last: bool,
    /// The slot + 1 of the channel of which a frame is sent in part.
    pub(crate) sending: u8,
    /// The channel whose turn it is.
    pub(super) next: u8,
    /// The end of a channel that is given out next, from the first one on.
    pub(super) next_id: u8,
}

impl Turns {
    /// All zero.
    pub(crate) const NEW: Turns = Turns { frames: 0, signals: false, own_last: false, sending: 0, next: 0, next_id: 0 };
}

/// An ACL data packet in a frame buffer, and those behind it that may go at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FramePart {
    frame: u8,
    /// Where the packet's octets of the frame begin and end, and where those of the last one do.
    at: u16,
    end: u16,
    last: u16,
    handle: ConnectionHandle,
}

impl FramePart {
    /// The number of the frame buffer: those of the first channel come first.
    pub const fn frame(&self) -> u8 {
        self.frame
    }

    /// The packet, in the octets of its frame buffer. Its header is written over what has been sent before it.
    pub fn packet<'f>(&self, frame: &'f mut [u8]) -> Packet<'f> {
        let end = usize::from(self.end).saturating_add(4);
        let octets = frame.get_mut(usize::from(self.at)..end).unwrap_or_default();
        let mut w = Writer::new(octets);
        let boundary = if self.at == 0 { Boundary::FirstNonFlushable } else { Boundary::Continuing };
        acl::emit_header(self.handle, boundary, 0, self.end.saturating_sub(self.at), &mut w);
        Packet::new(PacketKind::Acl, octets)
    }

    /// The packet behind it, which is written next: none unless [`extend_part`](Core::extend_part) has given some.
    #[must_use]
    pub fn following(self) -> Option<Self> {
        let length = self.end.saturating_sub(self.at);
        let next = FramePart { at: self.end, end: self.end.saturating_add(length).min(self.last), ..self };
        (next.at < next.end).then_some(next)
    }
}

impl Core<'_> {
    /// The number of the frame buffer that the channel's next frame goes into. `Busy` while there is none, or no credit: `Event::ChannelRoom`
    /// tells.
    pub fn free_frame(&mut self, handle: ChannelHandle) -> Result<u8, Error> {
        let each = self.frames_each();
        let channel = self.find_channel(handle)?;
        match channel.phase {
            Phase::Open => {}
            Phase::Closing | Phase::Closed => return Err(channel.why()),
            _ => return Err(Error::Busy),
        }
        let held = usize::from(channel.held);
        let queued = usize::from(channel.queued);
        if channel.credits == 0 || queued.saturating_add(held) >= each {
            channel.flags.insert(Flags::MISSED);
            return Err(Error::Busy);
        }
        let place = usize::from(channel.head).saturating_add(queued).checked_rem(each).unwrap_or(0);
        let first = usize::from(handle.index).saturating_mul(each);
        u8::try_from(first.saturating_add(place)).map_err(|_| Error::Busy)
    }

    /// Puts the next segment of an SDU, of which `done` octets have gone before, into the frame buffer that [`free_frame`](Core::free_frame) names,
    /// and tells how many octets of the SDU that were. Who has begun an SDU goes on with it: until its end others find the channel `Busy`.
    /// `TooLong` where it is longer than the peer's MTU.
    pub fn send_frame(
        &mut self,
        handle: ChannelHandle,
        sdu: &[u8],
        done: usize,
        frame: &mut [u8],
    ) -> Result<usize, Error> {
        let peer_mtu = self.find_channel(handle)?.peer_mtu;
        if sdu.len() > usize::from(peer_mtu) && peer_mtu != 0 {
            return Err(Error::TooLong);
        }
        let number = self.free_frame(handle)?;
        self.fill_frame(handle, number, sdu, done, frame)
    }

    /// As [`send_frame`](Core::send_frame), where [`free_frame`](Core::free_frame) has just given this number.
    pub fn fill_frame(
        &mut self,
        handle: ChannelHandle,
        number: u8,
        sdu: &[u8],
        done: usize,
        frame: &mut [u8],
    ) -> Result<usize, Error> {
        let channel = self.find_channel(handle)?;
        let length = u16::try_from(sdu.len()).ok().filter(|length| *length <= channel.peer_mtu);
        let length = length.ok_or(Error::TooLong)?;
        let begins = done == 0;
        if begins && channel.flags.contains(Flags::IN_SDU) {
            channel.flags.insert(Flags::MISSED);
            return Err(Error::Busy);
        }
        let rest = sdu.get(done..).unwrap_or_default();
        let first = if begins { 2 } else { 0 };
        let room = frame.len().saturating_sub(HEADERS).min(usize::from(channel.peer_mps)).saturating_sub(first);
        let part = rest.get(..room).unwrap_or(rest);
        let payload = part.len().saturating_add(first);
        let mut header = [0; HEADER_LENGTH + 2];
        let mut w = Writer::new(&mut header);
        w.u16(u16::try_from(payload).unwrap_or(0));
        w.u16(channel.remote.0);
        w.u16(length);
        let at = HEADERS.saturating_add(first);
        copy(frame.get_mut(4..at).unwrap_or_default(), &header);
        copy(frame.get_mut(at..).unwrap_or_default(), part);
        channel.credits = channel.credits.saturating_sub(1);
        channel.queued = channel.queued.saturating_add(1);
        channel.flags.set(Flags::IN_SDU, part.len() < rest.len());
        let link = usize::from(channel.link.index);
        if let Some(length) = self.frames.get_mut(usize::from(number)) {
            *length = u16::try_from(payload.saturating_add(HEADER_LENGTH)).unwrap_or(0);
        }
        if let Some(link) = self.links.get_mut(link) {
            link.turns.frames = link.turns.frames.saturating_add(1);
        }
        self.state.work = true;
        Ok(part.len())
    }

    /// Ready when every frame of a channel has been given to the controller.
    pub fn flushed(&mut self, handle: ChannelHandle) -> Poll<Result<(), Error>> {
        match self.find_channel(handle) {
            Err(error) => Poll::Ready(Err(error)),
            Ok(channel) if channel.queued == 0 && channel.held == 0 => match channel.phase {
                Phase::Open => Poll::Ready(Ok(())),
                Phase::Closing | Phase::Closed => Poll::Ready(Err(channel.why())),
                _ => Poll::Pending,
            },
            Ok(channel) => {
                channel.flags.insert(Flags::MISSED);
                Poll::Pending
            }
        }
    }

    /// The transport has written all parts that it was given.
    #[inline]
    pub(crate) fn parts_are_written(&mut self) {
        if core::mem::take(&mut self.state.parts_out) {
            for index in 0..self.channels.len() {
                self.channel_is_written(index);
            }
        }
    }

    fn channel_is_written(&mut self, index: usize) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        if !channel.flags.contains(Flags::HOLDS) {
            return;
        }
        channel.flags.remove(Flags::HOLDS);
        if core::mem::take(&mut channel.held) != 0 {
            self.tell_room(index);
        }
        if self.channels.get(index).is_some_and(|c| c.phase == Phase::Closed) {
            self.settle_channel(index);
        }
    }

    /// True where a part that was given, and is not written yet, is not to be written: its link was lost meanwhile.
    pub fn is_part_lost(&self, part: &FramePart) -> bool {
        let index = usize::from(part.frame).checked_div(self.frames_each());
        index.and_then(|index| self.channels.get(index)).is_none_or(|c| self.link(c.link).is_err())
    }

    /// Somebody who found no room, or waited for frames to go, may go on.
    pub(super) fn tell_room(&mut self, index: usize) {
        let each = self.frames_each();
        let Some(channel) = self.channels.get_mut(index) else { return };
        let held = usize::from(channel.held);
        let used = usize::from(channel.queued).saturating_add(held);
        // Not for each buffer, where there are several.
        let has_room = used <= each.checked_div(2).unwrap_or(0) && channel.credits > 0;
        if channel.flags.contains(Flags::MISSED) && (has_room || used == 0) {
            channel.flags.remove(Flags::MISSED);
            self.tell_channel(index, Flags::ROOM);
        }
    }

    /// The peer gives credits (4.24).
    pub(super) fn on_credits(&mut self, index: usize, more: u16) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        match channel.credits.checked_add(more) {
            // Zero says nothing.
            Some(credits) if more != 0 => {
                channel.credits = credits;
                self.tell_room(index);
            }
            Some(_) => count(&mut self.state.counters.malformed),
            // 10.1: more than 65,535 end the channel.
            None => {
                count(&mut self.state.counters.credit_violations);
                self.violated(index);
            }
        }
    }

    /// The channel of a link whose frame is next, or goes on; none whose answer, by which its peer learns of it, has not gone (4.23).
    pub(crate) fn next_channel(&mut self, link: usize) -> Option<usize> {
        let turns = self.links.get(link)?.turns;
        if turns.sending != 0 {
            return usize::from(turns.sending).checked_sub(1);
        }
        if turns.frames == 0 {
            return None;
        }
        let count = self.channels.len();
        let mut index = usize::from(turns.next);
        for _ in 0..count {
            if index >= count {
                index = 0;
            }
            let has = |c: &super::Channel| {
                let is_known = !matches!(c.phase, Phase::Free | Phase::Listening) && !c.flags.contains(Flags::ANSWER);
                c.queued > 0 && usize::from(c.link.index) == link && is_known
            };
            if self.channels.get(index).is_some_and(has) {
                return Some(index);
            }
            index = index.saturating_add(1);
        }
        None
    }

    /// The next part of the channel's first frame, of so many octets at most.
    pub(crate) fn emit_part(&mut self, link: usize, index: usize, most: u16) -> Option<FramePart> {
        let each = self.frames_each();
        let channel = self.channels.get_mut(index)?;
        let frame = index.saturating_mul(each).saturating_add(usize::from(channel.head));
        let total = self.frames.get(frame).copied()?;
        let slot = self.links.get_mut(link)?;
        let at = channel.sent;
        let end = at.saturating_add(most).min(total);
        let handle = slot.handle;
        channel.flags.insert(Flags::HOLDS);
        self.state.parts_out = true;
        slot.turns.own_last = false;
        self.sent_up_to(link, index, end, total)?;
        Some(FramePart { frame: u8::try_from(frame).ok()?, at, end, last: end, handle })
    }

    /// Gives more packets of the frame that a part is of, as many as may go without another look, to be written behind it.
    pub fn extend_part(&mut self, part: &mut FramePart) {
        let index = usize::from(part.frame).checked_div(self.frames_each()).unwrap_or(0);
        let Some(channel) = self.channels.get(index) else { return };
        let link = usize::from(channel.link.index);
        let is_begun = self.links.get(link).is_some_and(|l| usize::from(l.turns.sending) == index.saturating_add(1));
        let packets = if is_begun { self.packets_at_once(link) } else { 0 };
        if packets == 0 || self.may_command() || self.state.controller.is_owed_packets() {
            return;
        }
        let Some(total) = self.frames.get(usize::from(part.frame)).copied() else { return };
        let (most, sent) = (self.state.controller.acl_length, channel.sent);
        let packets = total.saturating_sub(sent).div_ceil(most.max(1)).min(packets);
        part.last = sent.saturating_add(most.saturating_mul(packets)).min(total);
        self.sent_up_to(link, index, part.last, total);
        self.packets_leave(link, packets);
    }

    /// Octets of a channel's first frame have been given to the transport.
    fn sent_up_to(&mut self, link: usize, index: usize, end: u16, total: u16) -> Option<()> {
        let each = self.frames_each();
        let channel = self.channels.get_mut(index)?;
        let slot = self.links.get_mut(link)?;
        channel.sent = end;
        let mark = u8::try_from(index).ok()?.saturating_add(1);
        let is_last = end >= total;
        if is_last {
            channel.sent = 0;
            channel.head = u8::try_from(usize::from(channel.head).saturating_add(1).checked_rem(each)?).ok()?;
            channel.queued = channel.queued.saturating_sub(1);
            channel.held = channel.held.saturating_add(1);
            slot.turns.frames = slot.turns.frames.saturating_sub(1);
        }
        slot.turns.sending = if is_last { 0 } else { mark };
        slot.turns.next = mark;
        if is_last && channel.flags.contains(Flags::END) {
            self.look_at_signals(link);
        }
        Some(())
    }
}
