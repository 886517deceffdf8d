//! A channel, as its peer and the application know it.

use crate::support::channels::far::Far;
use jelling_host::ChannelHandle;

/// What the peer thinks of a channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Phase {
    /// The application wants it, and the peer has not been asked.
    Wanted,
    /// It has asked, with this identifier.
    Asking(u8),
    /// The host has.
    Asked(u8),
    Open,
    /// The peer wants its end.
    Leaving(u8),
    /// The host does, and has not been answered.
    Left(u8),
    Over,
}

pub(crate) struct Channel {
    pub(crate) handle: Option<ChannelHandle>,
    pub(crate) phase: Phase,
    /// The application wants it to end, or has let go of it.
    pub(crate) unwanted: bool,
    pub(crate) far: Far,
    /// What the application has begun to send, and how far it is with the last.
    pub(crate) ours: Vec<Vec<u8>>,
    pub(crate) doing: Option<usize>,
    /// What the peer has begun to send, and the frames that have not gone.
    pub(crate) theirs: Vec<Vec<u8>>,
    pub(crate) frames: Vec<Vec<u8>>,
    /// What the application has received: SDUs, and a part of one.
    pub(crate) got: Vec<Vec<u8>>,
    pub(crate) part: Vec<u8>,
    /// It waits for octets, with so much room, or to send: since so many events.
    pub(crate) waits_for_data: Option<(usize, usize)>,
    pub(crate) waits_for_room: Option<usize>,
}

impl Channel {
    pub(crate) fn new(phase: Phase, far: Far, handle: Option<ChannelHandle>) -> Self {
        let (ours, theirs, frames, got, part) = Default::default();
        let (doing, waits_for_data, waits_for_room) = Default::default();
        let unwanted = false;
        Channel { handle, phase, unwanted, far, ours, doing, theirs, frames, got, part, waits_for_data, waits_for_room }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open) && self.handle.is_some() && !self.unwanted
    }

    pub(crate) fn holds(&self) {
        assert!(self.theirs.starts_with(&self.got), "received what was not sent");
        let next = self.theirs.get(self.got.len()).map_or(&[][..], |sdu| sdu);
        assert!(next.starts_with(&self.part), "a part of what was not sent");
        assert!(self.ours.starts_with(&self.far.sdus), "sent what was not given");
        let next = self.ours.iter().skip(self.far.sdus.len()).flatten();
        let octets = self.far.octets();
        let behind = &octets[self.far.sdus.iter().map(Vec::len).sum()..];
        assert!(next.copied().take(behind.len()).eq(behind.iter().copied()), "sent a part of what was not given");
    }
}
