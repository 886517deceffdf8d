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
        self.after_micros(micros(duration))
    }

    /// This moment and so many microseconds later.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) const fn after_micros(self, micros: u64) -> Self {
        Instant(self.0.saturating_add(micros))
    }

    /// How long after `earlier` this is; zero if it is before.
    pub const fn since(self, earlier: Instant) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0))
    }
}

/// A duration in microseconds; the longest there is where that would overflow.
// Inlined, for most durations are constants.
#[inline(always)]
pub(crate) const fn micros(duration: Duration) -> u64 {
    duration.as_secs().saturating_mul(1_000_000).saturating_add(duration.subsec_micros() as u64)
}

/// A duration in microseconds, for what is at most an hour: a small machine divides them by itself.
#[cfg_attr(target_pointer_width = "32", inline(never))]
pub(crate) const fn short_micros(duration: Duration) -> u32 {
    if duration.as_secs() > 3_600 {
        return u32::MAX;
    }
    (duration.as_secs() as u32).saturating_mul(1_000_000).saturating_add(duration.subsec_micros())
}

/// When something is due, if ever. Kept as what is left of time by then: never is zero, and the earlier of two is the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(u64);

impl Deadline {
    pub(crate) const NEVER: Deadline = Deadline(0);

    pub(crate) const fn at(at: Instant) -> Self {
        Deadline(!at.0)
    }

    pub(crate) const fn after(now: Instant, duration: Duration) -> Self {
        Self::at(now).later(micros(duration))
    }

    /// So many microseconds later.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) const fn later(self, micros: u64) -> Self {
        Deadline(self.0.saturating_sub(micros))
    }

    pub(crate) fn is_never(self) -> bool {
        self == Self::NEVER
    }

    /// True when it is due at `now`, or was before.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn is_due(self, now: Instant) -> bool {
        self.0 >= !now.0 && self.0 != 0
    }

    /// Due, and from now on never.
    pub(crate) fn take_due(&mut self, now: Instant) -> bool {
        let is_due = self.is_due(now);
        if is_due {
            *self = Self::NEVER;
        }
        is_due
    }

    /// The earlier of the two.
    #[must_use]
    pub(crate) fn or_sooner(self, other: Deadline) -> Self {
        Deadline(self.0.max(other.0))
    }

    pub(crate) fn instant(self) -> Option<Instant> {
        if self.is_never() { None } else { Some(Instant(!self.0)) }
    }
}

/// The earliest deadline that has begun, or come nearer, since somebody asked: a timer that is armed is held against it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sooner(Deadline);

impl Sooner {
    pub(crate) const NEW: Sooner = Sooner(Deadline::NEVER);

    /// A deadline begins.
    pub(crate) fn note(&mut self, at: Deadline) {
        self.0 = self.0.or_sooner(at);
    }

    /// Sets a deadline. One that is put off is no news.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn set(&mut self, deadline: &mut Deadline, at: Deadline) {
        if at.0 > deadline.0 {
            self.note(at);
        }
        *deadline = at;
    }

    pub(crate) fn take(&mut self) -> Option<Instant> {
        core::mem::replace(&mut self.0, Deadline::NEVER).instant()
    }
}
