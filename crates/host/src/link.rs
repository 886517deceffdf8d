//! A link's slot: the connection, its one frame each way, and its ATT bearer.

#[cfg(feature = "client")]
use crate::att::Client;
#[cfg(feature = "server")]
use crate::att::Indication;
#[cfg(all(feature = "security", any(feature = "client", feature = "server")))]
use crate::att::Signing;
#[cfg(feature = "server")]
use crate::gatt::Changes;
#[cfg(feature = "l2cap")]
use crate::l2cap::Turns;
#[cfg(all(feature = "client", feature = "security"))]
use crate::smp::Policy;
#[cfg(feature = "security")]
use crate::smp::{Encryption, Pairing};
use crate::{
    att::Server,
    event::{Event, Happened, LinkNews},
    gap::{DataLength, Lengths, LinkPhy, ParameterRule, Phy, Update},
    kept::Kept,
    l2cap::Replies,
    security::{Authorisation, Security},
    time::Deadline,
};
use bitflags::bitflags;
use core::time::Duration;
use jelling_wire::{
    Address,
    hci::{ConnectionHandle, Role, Status},
    l2cap::ChannelId,
};

/// A link as a handle names it: the slot, and which of its successive links.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LinkId {
    pub(crate) index: u8,
    pub(crate) generation: u16,
}

impl LinkId {
    /// The slot's number.
    pub const fn index(self) -> u8 {
        self.index
    }

    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) fn to_octets(self) -> [u8; 3] {
        let [low, high] = self.generation.to_le_bytes();
        [self.index, low, high]
    }

    #[cfg(feature = "server")]
    pub(crate) fn from_octets([index, low, high]: [u8; 3]) -> Self {
        LinkId { index, generation: u16::from_le_bytes([low, high]) }
    }
}

/// How a link is just now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    #[default]
    Free,
    Up,
}

bitflags! {
    /// What the host owes for this link and has not sent yet.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Owed: u16 {
        /// The Disconnect command.
        const DISCONNECT = 1;
        /// Disconnect was sent: no second one.
        const DISCONNECTING = 2;
        /// The command of `update`.
        const UPDATE = 4;
        /// The answer to LE Remote Connection Parameter Request.
        const PARAMETER_REPLY = 8;
        /// Connection Parameter Update Request on the signalling channel.
        const PARAMETER_REQUEST = 32768;
        /// Handle Value Confirmation.
        const CONFIRMATION = 32;
        /// Notifications of values that `update` changed.
        const UPDATES = 64;
        /// Pairing Failed (Pairing Not Supported), of a host that does not pair.
        #[cfg(not(feature = "security"))]
        const PAIRING_FAILED = 128;
        /// LE Long Term Key Request Negative Reply.
        const KEY_REFUSAL = 16;
        /// The link stays when its last handle is dropped.
        const DETACHED = 256;
        /// CCCD writes of dropped subscriptions.
        const UNSUBSCRIBE = 1024;
        /// Its data does not get through: it is ended without waiting for what is owed.
        const STALLED = 2048;
        /// The question whether the controller still has it.
        const CHECK = 4096;
        /// LE Enable Encryption.
        #[cfg(feature = "security")]
        const ENCRYPT = 512;
        /// LE Long Term Key Request Reply.
        #[cfg(feature = "security")]
        const KEY_REPLY = 16384;
        /// Execute Write Request that throws away what a task of ours has prepared.
        const CANCEL_PREPARED = 8192;
    }
}

/// Connection parameters in the units of HCI (Vol 4, Part E, 7.8.12).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Parameters {
    /// 1.25 ms each.
    pub interval_min: u16,
    /// 1.25 ms each.
    pub interval_max: u16,
    /// Connection events.
    pub latency: u16,
    /// 10 ms each.
    pub supervision_timeout: u16,
}

impl Parameters {
    pub(crate) const ZERO: Parameters =
        Parameters { interval_min: 0, interval_max: 0, latency: 0, supervision_timeout: 0 };

    /// True when a controller may be asked for these (Vol 4, Part E, 7.8.18).
    pub(crate) fn are_valid(&self) -> bool {
        let slowest = u32::from(self.interval_max).saturating_mul(u32::from(self.latency).saturating_add(1));
        (6..=3200).contains(&self.interval_min)
            && (self.interval_min..=3200).contains(&self.interval_max)
            && self.latency <= 499
            && (10..=3200).contains(&self.supervision_timeout)
            // The timeout in 10 ms is more than twice the slowest interval in 1.25 ms.
            && u32::from(self.supervision_timeout).saturating_mul(4) > slowest
    }
}

/// The frame being sent: it leaves fragment by fragment, and no other may come between.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Outgoing {
    pub(crate) active: bool,
    pub(crate) channel: u16,
    pub(crate) length: u16,
    /// Octets sent, the four of the header among them.
    pub(crate) sent: u16,
}

impl Outgoing {
    pub(crate) fn frame(channel: ChannelId, length: usize) -> Self {
        Outgoing { active: true, channel: channel.0, length: u16::try_from(length).unwrap_or(0), sent: 0 }
    }
}

/// The frame being put together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Incoming {
    pub(crate) header: [u8; 4],
    /// Octets received, the four of the header among them; 0 when no frame is under way.
    pub(crate) filled: usize,
    /// The slot + 1 of the channel that it is for; 0 where it is for none, or for nobody.
    #[cfg(feature = "l2cap")]
    pub(crate) slot: u8,
}

/// The slot of a link.
#[derive(Debug)]
pub struct Link {
    pub(crate) phase: Phase,
    pub(crate) generation: u16,
    pub(crate) references: u16,
    pub(crate) handle: ConnectionHandle,
    pub(crate) role: Role,
    pub(crate) peer: Address,
    /// Our own address on this link.
    #[cfg(feature = "security")]
    pub(crate) own: Address,
    #[cfg(feature = "security")]
    pub(crate) pairing: Pairing,
    #[cfg(feature = "security")]
    pub(crate) encryption: Encryption,
    pub(crate) interval: u16,
    pub(crate) latency: u16,
    pub(crate) supervision_timeout: u16,
    pub(crate) phy: LinkPhy,
    pub(crate) lengths: Lengths,
    /// Why the last link of this slot ended.
    pub(crate) reason: Status,
    pub(crate) owed: Owed,
    /// When the link must be down, or Disconnect sent at the latest.
    pub(crate) disconnect_deadline: Deadline,
    /// When a link that completes no packet counts as stalled.
    pub(crate) acl_deadline: Deadline,
    /// When the controller is asked whether it still has the link, unless it says something of it before.
    pub(crate) check_at: Deadline,
    /// What is answered to LE Remote Connection Parameter Request; zeros where that is refused.
    pub(crate) requested: Parameters,
    pub(crate) update: Update,
    /// What becomes of what the peer asks for, if the application has said so of this link.
    pub(crate) parameter_rule: Kept<ParameterRule>,
    pub(crate) in_flight: u16,
    /// Packets of it that we have taken, and that the controller does not know of.
    pub(crate) taken: u8,
    pub(crate) outgoing: Outgoing,
    /// A task found the transmit buffer taken: it is told when that is free.
    pub(crate) missed: bool,
    pub(crate) incoming: Incoming,
    /// The identifier of our last request on the signalling channel.
    #[cfg(any(feature = "l2cap", feature = "peripheral"))]
    pub(crate) identifier: u8,
    /// Answers on it that are owed.
    pub(crate) replies: Replies,
    #[cfg(feature = "l2cap")]
    pub(crate) turns: Turns,
    pub(crate) mtu: u16,
    /// The largest MTU of ours as the peer was told, in a request or an answer; 0 as long as it was not.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) told_mtu: u16,
    /// A request or an indication of ours was not answered in time: see `may_begin`.
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) att_is_dead: bool,
    pub(crate) security: Security,
    /// What is done where the peer wants more, if the application has said so of this link.
    #[cfg(all(feature = "client", feature = "security"))]
    pub(crate) raise: Kept<Policy>,
    pub(crate) authorisation: Authorisation,
    #[cfg(feature = "client")]
    pub(crate) client: Client,
    pub(crate) server: Server,
    #[cfg(feature = "server")]
    pub(crate) indication: Indication,
    #[cfg(feature = "server")]
    pub(crate) changes: Changes,
    #[cfg(all(feature = "security", any(feature = "client", feature = "server")))]
    pub(crate) signing: Signing,
    /// The slot of its peer's bond.
    #[cfg(feature = "security")]
    pub(crate) bond: Kept<u8>,
    /// It is encrypted with the key of that bond.
    #[cfg(feature = "security")]
    pub(crate) uses_bond: bool,
    pub(crate) news: LinkNews,
    /// What `take_link_event` has not told yet.
    pub(crate) happened: Happened,
}

impl Link {
    /// A free slot, all zero.
    pub const NEW: Link = Link {
        phase: Phase::Free,
        generation: 0,
        references: 0,
        handle: ConnectionHandle(0),
        role: Role::Central,
        peer: Address::new(jelling_wire::AddressKind::Public, [0; 6]),
        #[cfg(feature = "security")]
        own: Address::new(jelling_wire::AddressKind::Public, [0; 6]),
        #[cfg(feature = "security")]
        pairing: Pairing::NEW,
        #[cfg(feature = "security")]
        encryption: Encryption::NEW,
        interval: 0,
        latency: 0,
        supervision_timeout: 0,
        phy: LinkPhy { tx: Phy::Le1M, rx: Phy::Le1M },
        lengths: Lengths::NEW,
        reason: Status(0),
        owed: Owed::empty(),
        disconnect_deadline: Deadline::NEVER,
        acl_deadline: Deadline::NEVER,
        check_at: Deadline::NEVER,
        requested: Parameters::ZERO,
        update: Update::NEW,
        parameter_rule: Kept::none(ParameterRule::NEW),
        in_flight: 0,
        taken: 0,
        missed: false,
        outgoing: Outgoing { active: false, channel: 0, length: 0, sent: 0 },
        incoming: Incoming {
            header: [0; 4],
            filled: 0,
            #[cfg(feature = "l2cap")]
            slot: 0,
        },
        #[cfg(any(feature = "l2cap", feature = "peripheral"))]
        identifier: 0,
        replies: Replies::NEW,
        #[cfg(feature = "l2cap")]
        turns: Turns::NEW,
        mtu: 0,
        #[cfg(any(feature = "client", feature = "server"))]
        told_mtu: 0,
        #[cfg(any(feature = "client", feature = "server"))]
        att_is_dead: false,
        security: Security::NONE,
        #[cfg(all(feature = "client", feature = "security"))]
        raise: Kept::none(Policy::NEW),
        authorisation: Authorisation::Refused,
        #[cfg(feature = "client")]
        client: Client::NEW,
        server: Server::NEW,
        #[cfg(feature = "server")]
        indication: Indication::NEW,
        #[cfg(feature = "server")]
        changes: Changes::empty(),
        #[cfg(all(feature = "security", any(feature = "client", feature = "server")))]
        signing: Signing::NEW,
        #[cfg(feature = "security")]
        bond: Kept::none(0),
        #[cfg(feature = "security")]
        uses_bond: false,
        news: LinkNews::empty(),
        happened: Happened::empty(),
    };

    pub(crate) fn is_up(&self) -> bool {
        self.phase == Phase::Up
    }

    pub(crate) fn supervision_micros(&self) -> u64 {
        u64::from(self.supervision_timeout).saturating_mul(10_000)
    }

    pub(crate) fn tell(&mut self, news: LinkNews) {
        self.news |= news;
    }

    /// The next news as the event of the link in slot `index`, and whether there may be more.
    pub(crate) fn take_news(&mut self, index: u8) -> Option<(Event, bool)> {
        let (news, event) = if self.news.contains(LinkNews::LINK) {
            (LinkNews::LINK, Event::Link(index))
        } else if self.news.contains(LinkNews::TRANSMIT) {
            (LinkNews::TRANSMIT, Event::Transmit(index))
        } else if cfg!(feature = "client") && self.news.contains(LinkNews::CLIENT) {
            (LinkNews::CLIENT, Event::Client(index))
        } else if cfg!(feature = "server") && self.news.contains(LinkNews::INDICATION) {
            (LinkNews::INDICATION, Event::Indication(index))
        } else {
            self.news = LinkNews::empty();
            return None;
        };
        self.news.remove(news);
        Some((event, !self.news.is_empty()))
    }
}

/// So many connection intervals of 1.25 ms.
pub(crate) fn interval(units: u16) -> Duration {
    // It fits 32 bits, in which a small machine divides by itself.
    Duration::from_micros(u64::from(u32::from(units).saturating_mul(1_250)))
}

/// So many supervision timeouts of 10 ms.
pub(crate) fn timeout(units: u16) -> Duration {
    Duration::from_millis(u64::from(u32::from(units).saturating_mul(10)))
}

/// What a link is, at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LinkInfo {
    /// The peer's address.
    pub peer: Address,
    /// Our role.
    pub role: Role,
    /// The ATT MTU: 23 until an exchange.
    pub mtu: u16,
    /// The connection interval.
    pub interval: Duration,
    /// Connection events the peripheral may skip.
    pub latency: u16,
    /// How long the link survives silence.
    pub supervision_timeout: Duration,
    /// The PHYs.
    pub phy: LinkPhy,
    /// How long packets are.
    pub data_length: DataLength,
}

impl Link {
    pub(crate) fn info(&self) -> LinkInfo {
        LinkInfo {
            peer: self.peer,
            role: self.role,
            mtu: self.mtu,
            interval: interval(self.interval),
            latency: self.latency,
            supervision_timeout: timeout(self.supervision_timeout),
            phy: self.phy,
            data_length: self.lengths.get(),
        }
    }
}
