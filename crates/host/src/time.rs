//! Time as the core sees it: microseconds from an epoch of the caller's choice. The core never asks for it.

use core::time::Duration;

/// A moment: microseconds since an epoch that the caller chooses and keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The epoch.
    pub const ZERO: Instant = Instant(0);

    /// The moment `micros` microseconds after the epoch.
    pub const fn from_micros(micros: u64) -> Self {
        Instant(micros)
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> u64 {
        self.0
    }

    /// This moment and `duration` later; the end of time where that would overflow.
    #[must_use]
    pub const fn after(self, duration: Duration) -> Self {
        let seconds = duration.as_secs().saturating_mul(1_000_000);
        Instant(self.0.saturating_add(seconds).saturating_add(duration.subsec_micros() as u64))
    }

    /// This moment and so many microseconds later.
    pub(crate) const fn after_micros(self, micros: u64) -> Self {
        Instant(self.0.saturating_add(micros))
    }

    /// How long after `earlier` this is; zero if it is before.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// The earlier of two deadlines, where none means never.
pub(crate) fn earlier(a: Option<Instant>, b: Option<Instant>) -> Option<Instant> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
