//! Who fails to authenticate again and again has to wait, and the longer the oftener (Vol 3, Part H, 2.3.6).

use crate::{Core, time::Instant};
use core::time::Duration;
use jelling_wire::{Address, AddressKind, smp::Reason};

/// Peers that are remembered.
const PEERS: usize = 4;
/// Failures that are forgiven: somebody has mistyped.
const FORGIVEN: u8 = 2;
/// The first wait; each further one is twice as long, to [`LONGEST`].
const FIRST: Duration = Duration::from_secs(1);
const LONGEST: u32 = 6;
/// Without a failure for so long everything is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(600);

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

impl Strikes {
    pub(crate) const NEW: Strikes =
        Strikes([Strike { peer: Address::new(AddressKind::Public, [0; 6]), failures: 0, last: Instant::ZERO }; PEERS]);

    fn of(&mut self, now: Instant, peer: Address) -> Option<&mut Strike> {
        for strike in &mut self.0 {
            if now.since(strike.last) >= FORGOTTEN {
                strike.failures = 0;
            }
        }
        self.0.iter_mut().find(|strike| strike.failures != 0 && strike.peer == peer)
    }

    fn add(&mut self, now: Instant, peer: Address) {
        if let Some(strike) = self.of(now, peer) {
            strike.failures = strike.failures.saturating_add(1);
            strike.last = now;
            return;
        }
        // The one that has been quiet for longest makes room.
        let quietest = self.0.iter_mut().min_by_key(|strike| (strike.failures != 0, strike.last));
        if let Some(strike) = quietest {
            *strike = Strike { peer, failures: 1, last: now };
        }
    }

    fn wait(&mut self, now: Instant, peer: Address) -> bool {
        let Some(strike) = self.of(now, peer) else { return false };
        let Some(more) = strike.failures.checked_sub(FORGIVEN.saturating_add(1)) else { return false };
        let wait = FIRST.saturating_mul(1_u32.checked_shl(u32::from(more).min(LONGEST)).unwrap_or(1));
        now.since(strike.last) < wait
    }

    fn clear(&mut self, peer: Address) {
        for strike in self.0.iter_mut().filter(|strike| strike.peer == peer) {
            strike.failures = 0;
        }
    }
}

impl Core<'_> {
    /// Whom failures count against: the bond, where there is one, else the address.
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
            self.state.strikes.add(now, peer);
        }
    }

    /// True while a peer has to wait.
    pub(super) fn must_wait(&mut self, now: Instant, index: usize) -> bool {
        self.claimant(index).is_some_and(|peer| self.state.strikes.wait(now, peer))
    }

    /// A peer has authenticated.
    pub(super) fn forgive(&mut self, index: usize) {
        if let Some(peer) = self.claimant(index) {
            self.state.strikes.clear(peer);
        }
    }
}
