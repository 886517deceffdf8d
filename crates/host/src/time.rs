//! Time as the core sees it: microseconds from an epoch of the caller's choice. The core never asks for it.

use core::time::Duration;

/// A moment: microseconds since an epoch that the caller chooses and keeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// The epoch.
    pub const ZERO: Instant = Instant(0);

    /// The end of time: no deadline.
    pub(crate) const NEVER: Instant = Instant(u64::MAX);

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

/// The earliest deadline that has begun, or come nearer, since somebody asked: a timer that is armed is held against it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sooner(Option<Instant>);

impl Sooner {
    pub(crate) const NEW: Sooner = Sooner(None);

    /// A deadline begins.
    pub(crate) fn note(&mut self, at: Instant) {
        self.0 = Some(self.0.map_or(at, |sooner| sooner.min(at)));
    }

    /// Sets a deadline. One that is put off is no news.
    pub(crate) fn set(&mut self, deadline: &mut Option<Instant>, at: Option<Instant>) {
        if let Some(at) = at
            && deadline.is_none_or(|before| at < before)
        {
            self.note(at);
        }
        *deadline = at;
    }

    pub(crate) fn take(&mut self) -> Option<Instant> {
        self.0.take()
    }
}

/// A deadline; none is never.
pub(crate) fn or_never(deadline: Option<Instant>) -> Instant {
    deadline.unwrap_or(Instant::NEVER)
}
