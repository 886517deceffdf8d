//! Looking for a bonded peer that changes its address: a passive scan goes before the attempt, until the identity address is
//! heard or one that the identity key resolves (Vol 3, Part C, 10.8.2.3). No resolving list of the controller is needed.

use super::{connect::InitiatorStage, scan::is_connectable};
use crate::{
    Core,
    link::Link,
    state::State,
    time::{Deadline, Instant},
};
use core::time::Duration;
use jelling_wire::{Address, hci::event::AdvertisingReport};

/// How long an attempt to an address that was heard may take. Afterwards the peer may have another one: it is looked for again.
const ATTEMPT: Duration = Duration::from_secs(5);

/// Scan interval and window while a peer is looked for: those of LE Create Connection, 60 and 30 ms.
pub(crate) const INTERVAL: u16 = 96;
pub(crate) const WINDOW: u16 = 48;

/// Whether an attempt to connect has to find the peer's address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Search {
    /// It is known.
    #[default]
    None,
    /// The peer has not been heard.
    Listening,
    /// It has, and the attempt goes to the address that it had.
    Trying,
}

impl State {
    /// True while the scanner is to be on, for whoever.
    pub(crate) fn wants_scan(&self) -> bool {
        self.scanning.wanted || self.is_searching()
    }

    fn is_searching(&self) -> bool {
        self.initiator.wanted
            && self.initiator.search == Search::Listening
            && self.initiator.stage == InitiatorStage::Idle
    }

    /// Interval and window of the scan: who looks for a peer looks hard.
    pub(crate) fn scan_times(&self) -> (u16, u16) {
        if self.is_searching() { (INTERVAL, WINDOW) } else { (self.scanning.interval, self.scanning.window) }
    }
}

impl Core<'_> {
    /// Begins to look for the peer.
    pub(super) fn begin_search(&mut self) {
        self.state.initiator.search = Search::Listening;
        self.state.initiator.search_deadline = Deadline::NEVER;
        self.state.scanning.changed = true;
        self.state.work = true;
    }

    /// The peer need not be looked for any more. A scan that goes on has its own interval again.
    pub(super) fn end_search(&mut self) {
        if self.state.initiator.search == Search::Listening {
            self.state.initiator.search = Search::None;
            self.state.scanning.changed = true;
            self.state.work = true;
        }
    }

    /// An advertisement: the one that an attempt waits for?
    pub(super) fn on_heard(&mut self, now: Instant, report: &AdvertisingReport<'_>) {
        if !self.state.is_searching() || !is_connectable(report) {
            return;
        }
        let target = self.state.initiator.target;
        if report.address != target && !self.resolves_to(report.address, target) {
            return;
        }
        self.end_search();
        let initiator = &mut self.state.initiator;
        initiator.peer = report.address;
        initiator.search = Search::Trying;
        self.state.sooner.set(&mut initiator.search_deadline, Deadline::after(now, ATTEMPT));
    }

    /// The attempt has taken too long: the peer is looked for again.
    pub(crate) fn search_timeout(&mut self, now: Instant) {
        let initiator = &mut self.state.initiator;
        if initiator.search_deadline.take_due(now) && initiator.wanted {
            self.begin_search();
        }
    }

    /// An attempt has ended without a connection: true where it was cancelled so that the peer can be looked for again, or only
    /// for the time that a change of our address takes.
    pub(crate) fn initiates_again(&mut self) -> bool {
        let initiator = &mut self.state.initiator;
        let searches = initiator.search == Search::Listening;
        let again = initiator.wanted && (searches || initiator.stage == InitiatorStage::Cancelling);
        if again {
            (initiator.stage, initiator.cancel_deadline) = (InitiatorStage::Idle, Deadline::NEVER);
            self.state.work = true;
            if searches {
                self.begin_search();
            }
        }
        again
    }
}

/// Who goes by which address: a bond knows.
#[cfg(feature = "security")]
impl Core<'_> {
    /// True where the peer of this identity address may go by others.
    pub(super) fn may_hide(&self, identity: Address) -> bool {
        let bond = self.bonds.iter().filter_map(crate::bond::BondSlot::bond).find(|bond| bond.peer == identity);
        bond.is_some_and(|bond| bond.identity_key.is_some_and(|key| key.0 != [0; 16]))
    }

    /// True where an address is one of the peer with this identity address.
    fn resolves_to(&self, address: Address, identity: Address) -> bool {
        let bond = self.bonds.iter().filter_map(crate::bond::BondSlot::bond).find(|bond| bond.peer == identity);
        bond.is_some_and(|bond| bond.is_of(&address))
    }

    /// The links that are up with a peer, by whichever of its addresses.
    pub(super) fn links_to(&self, peer: Address) -> impl Iterator<Item = (usize, &Link)> {
        let slot = self.bond_slot_of(&peer).and_then(|slot| u8::try_from(slot).ok());
        let links = self.links.iter().enumerate().filter(|(_, link)| link.is_up());
        links.filter(move |(_, link)| link.peer == peer || (slot.is_some() && link.bond.get() == slot))
    }

    /// The identity address of the bonded peer that goes by this one.
    pub(super) fn identity_of(&self, address: Address) -> Option<Address> {
        let bond = self.bonds.get(self.bond_slot_of(&address)?)?.bond()?;
        Some(bond.peer)
    }
}

/// Without bonds an address is all that is known of a peer.
#[cfg(not(feature = "security"))]
impl Core<'_> {
    pub(super) fn may_hide(&self, _: Address) -> bool {
        false
    }

    fn resolves_to(&self, _: Address, _: Address) -> bool {
        false
    }

    pub(super) fn links_to(&self, peer: Address) -> impl Iterator<Item = (usize, &Link)> {
        self.links.iter().enumerate().filter(move |(_, link)| link.is_up() && link.peer == peer)
    }

    pub(super) fn identity_of(&self, _: Address) -> Option<Address> {
        None
    }
}
