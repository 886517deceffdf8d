//! Segments become SDUs (3.4.3): from the ACL packet straight into the channel's blocks, and from there to the application, whose taking gives
//! the peer its credits back (10.1).

use super::slot::{Channel, ChannelHandle, Flags, Phase, Received};
use crate::{Core, counters::count, error::Error};
use core::task::Poll;
use jelling_wire::l2cap::ChannelId;

impl Core<'_> {
    /// Takes octets of the next SDU, as many as `target` holds, never of two. Pending until the SDU is there to its end, or fills
    /// `target`, or the peer cannot send more of it before some is taken; of an SDU that has been begun, until there is more. What came before the end of a channel is given after it too, in
    /// whole SDUs.
    pub fn receive(&mut self, handle: ChannelHandle, target: &mut [u8]) -> Poll<Result<Received, Error>> {
        let channel = match self.find_channel(handle) {
            Ok(channel) => channel,
            Err(error) => return Poll::Ready(Err(error)),
        };
        let index = usize::from(handle.index);
        if !channel.has_for(target.len()) {
            return match channel.phase {
                Phase::Closing | Phase::Closed => Poll::Ready(Err(channel.why())),
                Phase::Free | Phase::Listening => Poll::Ready(Err(Error::ChannelClosed)),
                Phase::Open | Phase::Accepting | Phase::Connecting => {
                    if channel.is_stuck() {
                        // A length alone may be as much as there is room for.
                        self.take_length(index);
                    }
                    // Where no credits were given at first, this is when the first one is.
                    self.give_credits(index);
                    self.note_wanted(index, target.len());
                    Poll::Pending
                }
            };
        }
        let taken = self.take_octets(index, target);
        self.give_credits(index);
        Poll::Ready(taken)
    }

    /// True when a channel of which nobody has been told yet can receive no more.
    pub(crate) fn has_full_channel(&self) -> bool {
        self.channels.iter().any(|c| c.flags.contains(Flags::NEWS) && c.peer_credits == 0 && c.grant == 0 && c.sdus > 0)
    }

    /// Octets of the next SDU that can be taken at once.
    pub fn available(&mut self, handle: ChannelHandle) -> usize {
        let Ok(channel) = self.find_channel(handle) else { return 0 };
        let is_whole = channel.sdus > 0;
        let there = channel.there();
        if !is_whole || channel.flags.contains(Flags::TAKING) {
            return usize::from(if is_whole || channel.phase == Phase::Open { there } else { 0 });
        }
        let received = channel.received;
        usize::from(received.first_length(&self.pool()).min(there))
    }

    /// Takes the length of the SDU in front, where it stands in a whole segment.
    fn take_length(&mut self, index: usize) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        if channel.flags.contains(Flags::TAKING) || channel.whole < 2 {
            return;
        }
        let mut pool = crate::pool::Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        channel.left = channel.received.pop_length(&mut pool);
        channel.whole = channel.whole.saturating_sub(2);
        channel.flags.insert(Flags::TAKING);
    }

    fn take_octets(&mut self, index: usize, target: &mut [u8]) -> Result<Received, Error> {
        self.take_length(index);
        let channel = self.channels.get_mut(index).ok_or(Error::ChannelClosed)?;
        let before = channel.received.length;
        let mut pool = crate::pool::Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        // Of a segment that has not come to its end nothing is taken.
        let partial = before.saturating_sub(channel.whole);
        let there = before.saturating_sub(partial).min(channel.left);
        let room = target.len().min(usize::from(there));
        let length = channel.received.pop(&mut pool, target.get_mut(..room).unwrap_or_default());
        channel.left = channel.left.saturating_sub(u16::try_from(length).unwrap_or(u16::MAX));
        channel.whole = channel.whole.saturating_sub(before.saturating_sub(channel.received.length));
        let ends = channel.left == 0;
        if ends {
            channel.flags.remove(Flags::TAKING);
            channel.sdus = channel.sdus.saturating_sub(1);
        }
        Ok(Received { length, ends })
    }

    /// Gives the peer the credits for which there is room: not one by one while it has some left.
    fn give_credits(&mut self, index: usize) {
        let Some(channel) = self.channels.get_mut(index) else { return };
        let incoming = self.links.get(usize::from(channel.link.index)).map_or(0, |link| link.incoming.slot);
        // The credit of a segment that has come in part is spent, and its room is needed whole.
        let is_coming = usize::from(incoming) == index.saturating_add(1);
        let used = if is_coming { channel.whole.saturating_add(channel.segment()) } else { channel.received.length };
        let more = channel.grantable(used);
        let known = channel.peer_credits.saturating_add(channel.grant);
        let worth = channel.window.checked_div(2).unwrap_or(0).max(1);
        if channel.phase != Phase::Open || more == 0 || (known != 0 && more < worth) {
            return;
        }
        channel.grant = channel.grant.saturating_add(more);
        let link = usize::from(channel.link.index);
        self.look_at_signals(link);
        self.state.work = true;
    }

    /// A frame for a channel begins: its slot + 1; 0 where its octets are for nobody.
    pub(crate) fn begin_segment(&mut self, link: usize, id: ChannelId, length: usize) -> u8 {
        let Some(index) = self.channels.iter().position(|c| c.is_on(link) && c.is_known() && c.local == id) else {
            count(&mut self.state.counters.unexpected);
            return 0;
        };
        let Some(channel) = self.channels.get_mut(index) else { return 0 };
        // 4.6: what comes after our Disconnection Request is dropped.
        if channel.phase != Phase::Open {
            return 0;
        }
        let begins = channel.missing == 0;
        let fits = length <= usize::from(channel.our_mps)
            && if begins { length >= 2 } else { length <= usize::from(channel.missing) };
        if channel.peer_credits == 0 || !fits {
            if channel.peer_credits == 0 {
                count(&mut self.state.counters.credit_violations);
            }
            self.violated(index);
            return 0;
        }
        channel.peer_credits = channel.peer_credits.saturating_sub(1);
        if begins {
            channel.flags.insert(Flags::BEGINNING);
            // Until the length of the SDU is known: of this frame.
            channel.missing = u16::try_from(length).unwrap_or(u16::MAX);
        }
        u8::try_from(index).unwrap_or(u8::MAX).saturating_add(1)
    }

    /// Octets of that frame come: false where they end the channel.
    pub(crate) fn segment_octets(&mut self, slot: u8, octets: &[u8]) -> bool {
        let index = usize::from(slot).wrapping_sub(1);
        let Some(channel) = self.channels.get_mut(index) else { return false };
        let mut pool = crate::pool::Pool { accounts: &mut self.state.accounts, blocks: self.blocks };
        let stored = channel.received.push(&mut pool, octets).is_some();
        let fits = if channel.flags.contains(Flags::BEGINNING) {
            channel.on_beginning(octets)
        } else {
            channel.missing = channel.missing.saturating_sub(u16::try_from(octets.len()).unwrap_or(u16::MAX));
            true
        };
        if !stored || !fits {
            self.violated(index);
        }
        stored && fits
    }

    /// The frame is there to its end.
    pub(crate) fn end_segment(&mut self, slot: u8) {
        let index = usize::from(slot).wrapping_sub(1);
        let Some(channel) = self.channels.get_mut(index) else { return };
        channel.whole = channel.received.length;
        if channel.missing == 0 {
            channel.sdus = channel.sdus.saturating_add(1);
        } else if channel.sdus == 0 && channel.peer_credits == 0 {
            // An SDU for which there is room comes to its end, whether or not its beginning is taken.
            self.give_credits(index);
        }
        // Who found nothing is told when there is something for a target as long as that one was.
        if let Some(channel) = self.channels.get_mut(index)
            && channel.has_for(usize::from(channel.wanted))
        {
            channel.wanted = 0;
            self.tell_channel(index, Flags::NEWS);
        }
    }

    /// Nothing was there for a target of so many octets.
    fn note_wanted(&mut self, index: usize, room: usize) {
        let room = u16::try_from(room).unwrap_or(u16::MAX).max(1);
        if let Some(channel) = self.channels.get_mut(index) {
            channel.wanted = if channel.wanted == 0 { room } else { channel.wanted.min(room) };
        }
    }

    /// The frame came to no end: what it carried is lost, and so is the channel.
    pub(crate) fn break_segment(&mut self, slot: u8) {
        if slot != 0 {
            self.violated(usize::from(slot).wrapping_sub(1));
        }
    }
}

impl Channel {
    /// Takes notice of the length with which an SDU begins: false where it is too long, or shorter than what came with it.
    fn on_beginning(&mut self, octets: &[u8]) -> bool {
        let half = self.flags.contains(Flags::HALF_LENGTH);
        let (length, data) = match (half, octets) {
            (_, []) => return true,
            (false, [low]) => {
                self.flags.insert(Flags::HALF_LENGTH);
                self.low = *low;
                return true;
            }
            (false, [low, high, data @ ..]) => (u16::from_le_bytes([*low, *high]), data),
            (true, [high, data @ ..]) => (u16::from_le_bytes([self.low, *high]), data),
        };
        self.flags.remove(Flags::HALF_LENGTH | Flags::BEGINNING);
        // The frame's length stood here.
        let carried = self.missing.saturating_sub(2);
        self.missing = length.saturating_sub(u16::try_from(data.len()).unwrap_or(u16::MAX));
        length <= self.our_mtu && carried <= length
    }

    /// True when a take of so many octets has something to give.
    fn has_for(&self, room: usize) -> bool {
        if self.sdus > 0 {
            return true;
        }
        let there = self.there();
        if there == 0 || !matches!(self.phase, Phase::Open) {
            return false;
        }
        // An SDU that is longer than its window, or than the caller's buffer, is given in parts.
        usize::from(there) >= room || self.flags.contains(Flags::TAKING) || self.is_stuck()
    }

    /// True while the peer can send nothing before some is taken.
    fn is_stuck(&self) -> bool {
        self.peer_credits == 0 && self.grant == 0 && self.grantable(self.received.length) == 0
    }

    /// Octets of the SDU in front that stand in whole segments.
    fn there(&self) -> u16 {
        if self.flags.contains(Flags::TAKING) { self.whole.min(self.left) } else { self.whole.saturating_sub(2) }
    }

    /// Credits for which there is room beside so many octets and the credits that the peer has.
    fn grantable(&self, used: u16) -> u16 {
        let known = self.peer_credits.saturating_add(self.grant);
        let room = self.capacity.saturating_sub(used).checked_div(self.segment()).unwrap_or(0);
        room.min(self.window).saturating_sub(known)
    }
}
