//! Who fails to authenticate again and again has to wait, and the longer the oftener (Vol 3, Part H, 2.3.6).

use crate::{Core, time::Instant};
use jelling_wire::{Address, AddressKind, smp::Reason};

/// Peers that are remembered.
const PEERS: usize = 4;
/// Failures that are forgiven: somebody has mistyped.
const FORGIVEN: u8 = 2;
/// The first wait, in microseconds; each further one is twice as long, to [`LONGEST`].
const FIRST: u64 = 1_000_000;
const LONGEST: u8 = 6;
/// Without a failure for so long everything is forgotten: microseconds.
const FORGOTTEN: u64 = 600_000_000;

/// What is remembered of a peer.
#[derive(Clone, Copy, Debug)]
struct Strike {
    peer: Address,
    failures: u8,
    last: Instant,
}

/// Peers that failed to authenticate.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Strikes([Strike; PEERS]);

impl Strike {
    /// Since the last failure.
    fn micros(&self, now: Instant) -> u64 {
        now.as_micros().wrapping_sub(self.last.as_micros())
    }
}

impl Strikes {
    pub(crate) const NEW: Strikes =
        Strikes([Strike { peer: Address::new(AddressKind::Public, [0; 6]), failures: 0, last: Instant::ZERO }; PEERS]);

    /// The place of a peer that has failed.
    fn of(&mut self, peer: &Address) -> Option<&mut Strike> {
        self.0.iter_mut().find(|strike| strike.failures != 0 && strike.peer == *peer)
    }

    fn add(&mut self, now: Instant, peer: &Address) {
        self.0.iter_mut().filter(|strike| strike.micros(now) >= FORGOTTEN).for_each(|strike| strike.failures = 0);
        if let Some(strike) = self.of(peer) {
            (strike.failures, strike.last) = (strike.failures.saturating_add(1), now);
            return;
        }
        // A free one, or that of the peer that has been quiet for longest.
        let quiet = |strike: &Strike| if strike.failures == 0 { u64::MAX } else { strike.micros(now) };
        if let Some(place) = self.0.iter_mut().reduce(|a, b| if quiet(a) < quiet(b) { b } else { a }) {
            *place = Strike { peer: *peer, failures: 1, last: now };
        }
    }

    fn wait(&mut self, now: Instant, peer: &Address) -> bool {
        let Some(strike) = self.of(peer) else { return false };
        let more = strike.failures.checked_sub(FORGIVEN.saturating_add(1));
        // No wait is so long that it would be forgotten.
        more.is_some_and(|more| strike.micros(now) < FIRST << more.min(LONGEST))
    }

    fn clear(&mut self, peer: &Address) {
        if let Some(strike) = self.of(peer) {
            strike.failures = 0;
        }
    }
}

impl Core<'_> {
    /// Whom failures count against: the bond, where there is one, else the address.
    #[inline(never)]
    fn claimant(&self, index: usize) -> Option<Address> {
        let peer = self.links.get(index)?.peer;
        Some(self.bond_at(index).map_or(peer, |bond| bond.peer))
    }

    /// A pairing failed: where it was authentication that failed, that counts.
    pub(super) fn strike(&mut self, now: Instant, index: usize, reason: Reason) {
        let counts = matches!(
            reason,
            Reason::CONFIRM_VALUE_FAILED | Reason::DHKEY_CHECK_FAILED | Reason::NUMERIC_COMPARISON_FAILED
        );
        let begun = self.links.get(index).is_some_and(|link| link.pairing.is_pairing());
        if let (true, true, Some(peer)) = (counts, begun, self.claimant(index)) {
            self.state.strikes.add(now, &peer);
        }
    }

    /// True while a peer has to wait.
    pub(super) fn must_wait(&mut self, now: Instant, index: usize) -> bool {
        self.claimant(index).is_some_and(|peer| self.state.strikes.wait(now, &peer))
    }

    /// A peer has authenticated.
    pub(super) fn forgive(&mut self, index: usize) {
        if let Some(peer) = self.claimant(index) {
            self.state.strikes.clear(&peer);
        }
    }
}
