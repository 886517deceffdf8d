//! Frames leave as ACL packets, fragment by fragment from a cursor, link after link (Vol 3, Part A, 7.2.1).

use crate::{
    Core,
    event::LinkNews,
    link::{Outgoing, Owed},
    state::Stage,
    time::{Deadline, Instant},
};
use jelling_wire::{
    Writer,
    att::Opcode,
    hci::acl::{self, Boundary},
    l2cap::{ChannelId, HEADER_LENGTH},
};

/// How long a link may complete no packet: longer than any supervision timeout, which frees what waits for a peer out of reach.
/// A peer that is in reach and takes no data loses the link.
pub(crate) const COMPLETION_TIMEOUT: core::time::Duration = core::time::Duration::from_secs(40);

/// What there is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    None,
    /// A packet, written.
    Packet,
    /// A part of a channel's frame.
    #[cfg(feature = "l2cap")]
    Part(super::FramePart),
}

/// Whose frame is next on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    /// The one in the link's transmit buffer.
    Own,
    /// A channel's.
    #[cfg(feature = "l2cap")]
    Channel(usize),
}

/// Header of an ACL data packet.
const ACL_HEADER: usize = 4;

impl Core<'_> {
    /// Writes the next ACL packet, if a link has one and the controller room for it. Without `w` it gives parts alone: none where a frame
    /// of a link's own is next.
    pub(crate) fn poll_acl(&mut self, now: Instant, mut w: Option<&mut Writer<'_>>) -> Data {
        if !matches!(self.state.stage, Stage::Up | Stage::Stopping) || self.state.controller.acl_room() == 0 {
            return Data::None;
        }
        let count = self.links.len();
        let mut index = usize::from(self.state.turn);
        for _ in 0..count {
            if index >= count {
                index = 0;
            }
            if self.may_take_buffer(index)
                && let Some(source) = self.source(now, index)
            {
                if source == Source::Own && w.is_none() {
                    return Data::None;
                }
                let data = self.emit(index, source, w.as_deref_mut());
                if data == Data::None {
                    index = index.saturating_add(1);
                    continue;
                }
                self.packets_leave(index, 1);
                self.await_completion(now, index);
                self.state.turn = u8::try_from(index.saturating_add(1)).unwrap_or(0);
                return data;
            }
            index = index.saturating_add(1);
        }
        Data::None
    }

    /// True when the link may take one of the controller's buffers: not the last ones, as long as another link has none. A peer
    /// that takes no data would stop the others.
    fn may_take_buffer(&self, index: usize) -> bool {
        let room = usize::from(self.state.controller.acl_room());
        if room > self.links.len() {
            return true;
        }
        let first = self.links.get(index).is_some_and(|l| l.in_flight == 0);
        first || room > self.links.iter().filter(|l| l.is_up() && l.in_flight == 0).count()
    }

    /// Whose frame the link sends next, chosen now if none is under way. Its own and those of its channels take turns.
    fn source(&mut self, now: Instant, index: usize) -> Option<Source> {
        let link = self.links.get(index)?;
        if !link.is_up() || link.owed.contains(Owed::DISCONNECTING) {
            return None;
        }
        if link.outgoing.sent != 0 {
            return Some(Source::Own);
        }
        #[cfg(feature = "l2cap")]
        if (link.turns.sending != 0 || (link.turns.own_last && link.turns.frames != 0))
            && let Some(channel) = self.next_channel(index)
        {
            return Some(Source::Channel(channel));
        }
        let link = self.links.get(index)?;
        let has_own = link.outgoing.active || (link.owes_reply() || link.owes_more()) && self.next_frame(now, index);
        if has_own {
            return Some(Source::Own);
        }
        #[cfg(feature = "l2cap")]
        return self.next_channel(index).map(Source::Channel);
        #[cfg(not(feature = "l2cap"))]
        None
    }

    /// Writes the next packet of a frame.
    fn emit(&mut self, index: usize, source: Source, w: Option<&mut Writer<'_>>) -> Data {
        match source {
            Source::Own if w.is_some_and(|w| self.emit_fragment(index, w)) => Data::Packet,
            Source::Own => Data::None,
            #[cfg(feature = "l2cap")]
            Source::Channel(channel) => {
                let most = self.state.controller.acl_length;
                self.emit_part(index, channel, most).map_or(Data::None, Data::Part)
            }
        }
    }

    /// Packets of a link are on their way to the controller.
    pub(super) fn packets_leave(&mut self, index: usize, packets: u16) {
        let controller = &mut self.state.controller;
        let Some(link) = self.links.get_mut(index) else { return };
        link.in_flight = link.in_flight.saturating_add(packets);
        controller.acl_in_flight = controller.acl_in_flight.saturating_add(packets);
        controller.acl_high_water = controller.acl_high_water.max(controller.acl_in_flight);
    }

    /// They are to be completed in time.
    fn await_completion(&mut self, now: Instant, index: usize) {
        if let Some(link) = self.links.get_mut(index)
            && link.acl_deadline.is_never()
        {
            self.state.sooner.set(&mut link.acl_deadline, Deadline::after(now, COMPLETION_TIMEOUT));
        }
    }

    /// How many packets of one frame may go without another look: as many as there is room for, none where another link has something
    /// to send. The last buffers are for links that have none.
    #[cfg(feature = "l2cap")]
    pub(super) fn packets_at_once(&self, index: usize) -> u16 {
        let mut most = self.state.controller.acl_room();
        for (other, link) in self.links.iter().enumerate() {
            if most == 0 {
                break;
            }
            if link.is_up() && other != index {
                if link.has_to_send() {
                    return 0;
                }
                most = most.saturating_sub(u16::from(link.in_flight == 0));
            }
        }
        most
    }

    fn emit_fragment(&mut self, index: usize, w: &mut Writer<'_>) -> bool {
        let room = self.frame_room;
        let most = usize::from(self.state.controller.acl_length).min(w.room().saturating_sub(ACL_HEADER));
        let Some(link) = self.links.get_mut(index) else { return false };
        let out = &mut link.outgoing;
        let [l0, l1] = out.length.to_le_bytes();
        let [c0, c1] = out.channel.to_le_bytes();
        let header = [l0, l1, c0, c1];
        // Bring-up refuses controllers whose packets hold less than 27 octets, so the header always goes whole.
        let (header, boundary): (&[u8], _) =
            if out.sent == 0 { (&header, Boundary::FirstNonFlushable) } else { (&[], Boundary::Continuing) };
        let slot = slot_of(self.transmit, room, index, out.length.into());
        let left = slot.get(usize::from(out.sent).saturating_sub(HEADER_LENGTH)..).unwrap_or_default();
        let part = left.len().min(most.saturating_sub(header.len()));
        let payload = left.get(..part).unwrap_or_default();
        let sent = u16::try_from(header.len().saturating_add(part)).unwrap_or(0);
        acl::emit_header(link.handle, boundary, 0, sent, w);
        w.bytes(header);
        w.bytes(payload);
        out.sent = out.sent.saturating_add(sent);
        if part == left.len() {
            #[cfg(feature = "security")]
            if out.channel == ChannelId::SMP.0 {
                // It may have been a key.
                crate::crypto::toolbox::wipe(slot_of(self.transmit, room, index, usize::MAX));
            }
            *out = Outgoing::default();
            #[cfg(feature = "l2cap")]
            {
                link.turns.own_last = true;
            }
            if core::mem::take(&mut link.missed) {
                self.tell_link(index, LinkNews::TRANSMIT);
            }
        }
        true
    }

    /// True when a frame of a task may be put into the link's buffer: nothing is under way and no reply is owed. Who finds it taken
    /// is told with `Event::Transmit`.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn can_send(&mut self, index: usize) -> bool {
        self.links.get_mut(index).is_some_and(|link| {
            let can = link.takes_frame() && !link.is_leaving();
            link.missed |= !can;
            can
        })
    }

    /// Puts a frame into the link's buffer, written by `build`. False when it does not fit or says no.
    pub(crate) fn put_frame(
        &mut self,
        index: usize,
        channel: ChannelId,
        limit: usize,
        mut build: impl FnMut(&mut Self, &mut Writer<'_>) -> bool,
    ) -> bool {
        self.build_frame(index, channel, limit, &mut build)
    }

    #[inline(never)]
    fn build_frame(
        &mut self,
        index: usize,
        channel: ChannelId,
        limit: usize,
        build: &mut dyn FnMut(&mut Self, &mut Writer<'_>) -> bool,
    ) -> bool {
        // The buffer leaves the core while it is written, so that `build` may use all the rest.
        let transmit = core::mem::take(&mut self.transmit);
        let mut w = Writer::new(slot_of(transmit, self.frame_room, index, limit));
        let built = build(self, &mut w) && !w.is_overflowed();
        let length = w.len();
        self.transmit = transmit;
        if built {
            self.frame_is_there(index, channel, length);
        }
        built
    }

    /// Puts a frame of these octets into the link's buffer.
    fn put_octets(&mut self, index: usize, channel: ChannelId, octets: &[u8]) -> bool {
        self.put_frame(index, channel, usize::MAX, |_, w| {
            w.bytes(octets);
            true
        })
    }

    /// A frame stands in the link's buffer.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn frame_is_there(&mut self, index: usize, channel: ChannelId, length: usize) {
        if let Some(link) = self.links.get_mut(index) {
            link.outgoing = Outgoing::frame(channel, length);
            self.state.work = true;
        }
    }

    /// Chooses the link's next frame: the replies it owes first, then what `update` left behind.
    fn next_frame(&mut self, now: Instant, index: usize) -> bool {
        let Some(link) = self.links.get_mut(index) else { return false };
        if link.server.owes() && self.send_held_reply(now, index) {
            return true;
        }
        let Some(link) = self.links.get_mut(index) else { return false };
        if link.owed.contains(Owed::CONFIRMATION) {
            link.owed.remove(Owed::CONFIRMATION);
            return self.put_octets(index, ChannelId::ATT, &[Opcode::HANDLE_VALUE_CONFIRMATION.0]);
        }
        if let Some(reply) = link.replies.shift() {
            return self.put_frame(index, ChannelId::SIGNALLING, usize::MAX, |_, w| {
                reply.emit(w);
                true
            });
        }
        #[cfg(feature = "l2cap")]
        if link.turns.signals && self.send_channel_signal(now, index) {
            return true;
        }
        let Some(link) = self.links.get_mut(index) else { return false };
        #[cfg(feature = "security")]
        if link.pairing.owes() {
            return self.send_pairing(now, index);
        }
        #[cfg(not(feature = "security"))]
        if link.owed.contains(Owed::PAIRING_FAILED) {
            link.owed.remove(Owed::PAIRING_FAILED);
            // Vol 3, Part H, 3.5.5: Pairing Failed, Pairing Not Supported.
            return self.put_octets(index, ChannelId::SMP, &[0x05, 0x05]);
        }
        if link.is_leaving() {
            return false;
        }
        #[cfg(feature = "peripheral")]
        if link.owed.contains(Owed::PARAMETER_REQUEST) {
            return self.state.updates.is_some_and(|updates| (updates.signal)(self, now, index));
        }
        #[cfg(feature = "client")]
        {
            let owed = link.owed;
            if owed.contains(Owed::CANCEL_PREPARED) && self.send_cancel_prepared(now, index)
                || owed.contains(Owed::UNSUBSCRIBE) && self.send_unsubscribe(now, index)
            {
                return true;
            }
        }
        #[cfg(feature = "server")]
        if self.send_update(now, index) {
            return true;
        }
        false
    }
}

/// The slot of a link in a buffer of slots, or its first octets up to `limit`.
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub(super) fn slot_of(buffer: &mut [u8], room: usize, index: usize, limit: usize) -> &mut [u8] {
    let start = index.saturating_mul(room);
    buffer.get_mut(start..start.saturating_add(room.min(limit))).unwrap_or_default()
}

impl crate::link::Link {
    /// True while a frame is under way or a reply is owed.
    pub(crate) fn has_to_send(&self) -> bool {
        #[cfg(feature = "l2cap")]
        return self.turns.frames != 0 || self.turns.sending != 0 || !self.takes_frame();
        #[cfg(not(feature = "l2cap"))]
        !self.takes_frame()
    }

    /// True where it owes something that is no reply.
    #[inline]
    pub(crate) fn owes_more(&self) -> bool {
        !self.owed.difference(Owed::DISCONNECTING | Owed::DETACHED).is_empty()
    }

    /// True while the transmit buffer is free and no reply is to go into it.
    fn takes_frame(&self) -> bool {
        !self.outgoing.active && !self.owes_reply()
    }

    #[cfg(feature = "security")]
    fn owes_pairing(&self) -> bool {
        self.pairing.owes()
    }

    #[cfg(not(feature = "security"))]
    fn owes_pairing(&self) -> bool {
        self.owed.contains(Owed::PAIRING_FAILED)
    }

    /// True while a reply waits for the transmit buffer.
    fn owes_reply(&self) -> bool {
        #[cfg(feature = "l2cap")]
        if self.turns.signals {
            return true;
        }
        self.server.owes() || !self.replies.is_empty() || self.owed.contains(Owed::CONFIRMATION) || self.owes_pairing()
    }
}
