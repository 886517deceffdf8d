//! Arithmetic between packets, where no task does it.

use super::{READS, Shared, WRITES};
use crate::waiting::Due;
use ::core::task::Context;

/// Rounds after which a job is done though packets still come: a peer that never stops keeps nobody from pairing.
const PATIENCE: u16 = 256;

/// Does the arithmetic of pairings that no task has taken upon itself, with the lock open. Before each job what has come is taken
/// in, and what is to go out goes, so that a packet waits for one at most.
#[derive(Default)]
pub(super) struct Jobs {
    /// Rounds that the job at hand has waited.
    rounds: Option<u16>,
}

impl Jobs {
    pub(super) fn poll(&mut self, shared: &Shared<'_>, context: &mut Context<'_>) {
        while self.rounds.is_some() || shared.is_due(Due::JOB) {
            let rounds = self.rounds.get_or_insert(0);
            // The end of a write is a reason to look again.
            if shared.waits(WRITES) {
                return;
            }
            let is_quiet = shared.waits(READS) && !shared.is_due(Due::TRANSMIT);
            // Two, for what the last packet woke: see `pause`.
            if *rounds < PATIENCE && !(is_quiet && *rounds >= 2) {
                *rounds = rounds.saturating_add(1);
                context.waker().wake_by_ref();
                return;
            }
            self.rounds = None;
            shared.set_due(crate::security::run_one(shared.host()));
        }
    }
}
