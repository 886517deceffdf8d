//! ACL packets become frames in the link's one receive buffer; a frame that came in one packet is not copied at all
//! (Vol 3, Part A, 7.2.2).

use super::transmit::slot_of;
use crate::{Core, counters::count, link::Incoming, state::Stage, time::Instant};
use jelling_wire::{
    att::Opcode,
    copy,
    hci::acl::{AclPacket, Boundary},
    l2cap::{ChannelId, Frame, HEADER_LENGTH, signalling::Code},
};

impl Core<'_> {
    pub(crate) fn on_acl(&mut self, now: Instant, octets: &[u8]) {
        if !matches!(self.state.stage, Stage::Up | Stage::Stopping) {
            return count(&mut self.state.counters.unexpected);
        }
        let Ok(packet) = AclPacket::parse(octets) else {
            return self.drop_malformed("an ACL packet");
        };
        let Some(index) = self.link_of(now, packet.handle) else { return };
        self.packet_taken(index);
        if packet.boundary == Boundary::Continuing {
            return self.on_continuation(now, index, packet.data);
        }
        let Some(link) = self.links.get_mut(index) else { return };
        if link.incoming.filled != 0 {
            // A frame was cut short: it is dropped, the new one begins.
            #[cfg(feature = "l2cap")]
            let slot = link.incoming.slot;
            link.incoming = Incoming::default();
            #[cfg(feature = "l2cap")]
            self.break_segment(slot);
            self.drop_malformed("a frame that was cut short");
        }
        if let Ok(frame) = Frame::parse(packet.data) {
            return self.on_frame(now, index, frame.channel, frame.payload);
        }
        self.on_continuation(now, index, packet.data);
    }

    fn on_continuation(&mut self, now: Instant, index: usize, mut data: &[u8]) {
        let room = self.frame_room;
        let Some(link) = self.links.get_mut(index) else { return };
        let incoming = &mut link.incoming;
        if data.is_empty() {
            return self.drop_malformed("a fragment without octets");
        }
        let filled = incoming.filled;
        if filled < HEADER_LENGTH {
            let taken = copy(incoming.header.get_mut(filled..).unwrap_or_default(), data);
            data = data.get(taken..).unwrap_or_default();
            incoming.filled = filled.saturating_add(taken);
            if incoming.filled < HEADER_LENGTH {
                return;
            }
        }
        let [l0, l1, c0, c1] = incoming.header;
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        let channel = ChannelId(u16::from_le_bytes([c0, c1]));
        let at = incoming.filled.saturating_sub(HEADER_LENGTH);
        let end = at.saturating_add(data.len());
        if end > length {
            // More than the header said: the whole frame is dropped.
            #[cfg(feature = "l2cap")]
            let slot = incoming.slot;
            *incoming = Incoming::default();
            #[cfg(feature = "l2cap")]
            self.break_segment(slot);
            return self.drop_malformed("a frame with more octets than its header says");
        }
        incoming.filled = end.saturating_add(HEADER_LENGTH);
        #[cfg(feature = "l2cap")]
        if channel.is_dynamic() {
            return self.on_segment_part(
                index,
                channel,
                Span { begins: filled < HEADER_LENGTH, length, ends: end >= length },
                data,
            );
        }
        // Of a frame longer than the MTU the beginning is kept: it may be a request, and is to be refused.
        let slot = slot_of(self.receive, room, index, usize::MAX);
        copy(slot.get_mut(at..).unwrap_or_default(), data);
        if end < length {
            return;
        }
        *incoming = Incoming::default();
        if length > room {
            return match (channel, slot.first().copied()) {
                (ChannelId::ATT, Some(first)) => self.on_long_att(index, Opcode(first)),
                // 4.1: it may be a request.
                (ChannelId::SIGNALLING, Some(first)) => {
                    let identifier = slot.get(1).copied().unwrap_or(0);
                    self.on_long_signal(index, Code(first), identifier);
                }
                _ => self.drop_malformed("a frame longer than the MTU"),
            };
        }
        // The buffer leaves the core while its frame is handled, so that the handlers may use all the rest.
        let receive = core::mem::take(&mut self.receive);
        let frame = slot_of(receive, room, index, length);
        self.on_frame(now, index, channel, frame);
        #[cfg(feature = "security")]
        if channel == ChannelId::SMP {
            // It may have been a key.
            crate::crypto::toolbox::wipe(frame);
        }
        self.receive = receive;
    }

    fn on_frame(&mut self, now: Instant, index: usize, channel: ChannelId, payload: &[u8]) {
        match channel {
            ChannelId::ATT => self.on_att(now, index, payload),
            ChannelId::SIGNALLING => self.on_signalling(now, index, payload),
            #[cfg(feature = "security")]
            ChannelId::SMP => self.on_security(now, index, payload),
            #[cfg(not(feature = "security"))]
            ChannelId::SMP => self.on_security(index, payload),
            #[cfg(feature = "l2cap")]
            channel if channel.is_dynamic() => self.on_segment(index, channel, payload),
            _ => count(&mut self.state.counters.unexpected),
        }
    }

    /// A whole frame for a channel.
    #[cfg(feature = "l2cap")]
    fn on_segment(&mut self, index: usize, channel: ChannelId, payload: &[u8]) {
        let slot = self.begin_segment(index, channel, payload.len());
        if slot != 0 && self.segment_octets(slot, payload) {
            self.end_segment(slot);
        }
    }

    /// Octets of a frame for a channel, which do not wait for the others.
    #[cfg(feature = "l2cap")]
    fn on_segment_part(&mut self, index: usize, channel: ChannelId, span: Span, data: &[u8]) {
        let slot = if span.begins {
            self.begin_segment(index, channel, span.length)
        } else {
            self.links.get(index).map_or(0, |link| link.incoming.slot)
        };
        let goes_on = slot != 0 && self.segment_octets(slot, data);
        let Some(link) = self.links.get_mut(index) else { return };
        if span.ends {
            link.incoming = Incoming::default();
            if goes_on {
                self.end_segment(slot);
            }
        } else {
            link.incoming.slot = if goes_on { slot } else { 0 };
        }
    }
}

/// Where octets stand in their frame.
#[cfg(feature = "l2cap")]
struct Span {
    /// They are its first ones.
    begins: bool,
    /// Octets of the frame.
    length: usize,
    /// They are its last ones.
    ends: bool,
}
