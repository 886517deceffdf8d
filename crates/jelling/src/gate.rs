//! The one way in: a closure under the lock. It settles afterwards: what has news wakes who waits for it, and wakers are
//! woken, and dropped, only when the lock is open again.

use crate::waiting::{Due, WaitTicket, Waiters};
use ::core::task::Waker;
use embassy_time::Instant as Clock;
use jelling_host::{Core, Event, Instant};

#[cfg(not(feature = "sync"))]
pub(crate) type RawLock = embassy_sync::blocking_mutex::raw::NoopRawMutex;
#[cfg(feature = "sync")]
pub(crate) type RawLock = embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;

#[cfg(not(feature = "sync"))]
pub(crate) type DynLock<'d> = dyn Lock + 'd;
#[cfg(feature = "sync")]
pub(crate) type DynLock<'d> = dyn Lock + Sync + 'd;

/// The lock that hides every capacity.
pub(crate) trait Lock {
    fn lock(&self, f: &mut dyn FnMut(&mut Core<'_>, &mut Waiters<'_>));
    /// For who needs no core.
    fn waiters(&self, f: &mut dyn FnMut(&mut Waiters<'_>));
}

/// What is due as the runner begins to look; from now on `waker` is woken for what else comes.
pub(crate) fn look(lock: &DynLock<'_>, waker: &Waker) -> Due {
    let mut due = Due::default();
    lock.waiters(&mut |waiters| {
        due = waiters.runner.due;
        match &mut waiters.runner.waker {
            Some(known) => known.clone_from(waker),
            none => *none = Some(waker.clone()),
        }
    });
    due
}

/// True while nothing has happened that the holder of the ticket waits for.
pub(crate) fn is_waiting(lock: &DynLock<'_>, waker: &Waker, ticket: WaitTicket) -> bool {
    let mut waiting = false;
    lock.waiters(&mut |waiters| waiting = waiters.is_waiting(waker, ticket));
    waiting
}

/// When the host, or somebody who waits for it, has to be looked at next.
pub(crate) fn next_deadline(core: &Core<'_>, waiters: &Waiters<'_>) -> Option<Instant> {
    match (core.poll_timeout(), waiters.deadline()) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The time now, as the core counts it.
pub(crate) fn now() -> Instant {
    Instant::from_micros(Clock::now().as_micros())
}

/// Runs `f` under the lock and settles. `verb` says that something may be to send.
pub(crate) fn enter<R>(
    lock: &DynLock<'_>,
    verb: Verb,
    f: impl FnOnce(&mut Core<'_>, &mut Waiters<'_>, Instant) -> R,
) -> Option<R> {
    enter_telling(lock, verb, f).0
}

/// What an entry led to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// A task was woken, not only for a value that queued.
    pub(crate) woke: bool,
    /// What the runner has to look at from now on.
    pub(crate) due: Due,
}

/// As [`enter`]; tells too what it led to.
pub(crate) fn enter_telling<R>(
    lock: &DynLock<'_>,
    verb: Verb,
    f: impl FnOnce(&mut Core<'_>, &mut Waiters<'_>, Instant) -> R,
) -> (Option<R>, Told) {
    let now = now();
    let mut f = Some(f);
    let mut result = None;
    let mut news = News::default();
    lock.lock(&mut |core, waiters| {
        let before = waiters.runner.due;
        if let Some(f) = f.take() {
            result = Some(f(core, waiters, now));
        }
        settle(core, waiters, verb, now, before, &mut news);
    });
    if news.taken != 0 {
        news.wake_all(lock, verb, now);
    }
    (result, news.told)
}

/// Whether the closure may have given the runner something to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// It may have.
    Act,
    /// It only looked, unless the core says otherwise. What is polled again and again must not act each time: in one task with
    /// its runner it would wake itself for ever.
    Look,
    /// It may have, but the runner itself did it, and looks at what is due before it waits.
    Run,
    /// The runner sent what was to send, unless the core says otherwise. Deadlines may have begun.
    Send,
}

/// Wakers that are taken out under the lock, to be woken when it is open.
const BATCH: usize = 3;

/// What an entry leaves behind when the lock is open.
#[derive(Default)]
pub(crate) struct News {
    wakers: [Option<Waker>; BATCH],
    /// How many of them there are.
    taken: usize,
    /// There may be more of them.
    more: bool,
    /// Whom this is for is not known to the last yet.
    event: Option<Event>,
    pub(crate) told: Told,
}

impl News {
    /// True while there is room for another, and for the runner's.
    pub(crate) fn put(&mut self, waker: Waker) -> bool {
        if let Some(slot) = self.wakers.get_mut(self.taken) {
            *slot = Some(waker);
            self.taken = self.taken.saturating_add(1);
        }
        self.taken.saturating_add(1) < BATCH
    }

    /// Wakes them, and whoever else is to be.
    #[inline(never)]
    fn wake_all(&mut self, lock: &DynLock<'_>, verb: Verb, now: Instant) {
        loop {
            self.wakers.iter_mut().filter_map(Option::take).for_each(Waker::wake);
            self.taken = 0;
            if !::core::mem::take(&mut self.more) {
                return;
            }
            lock.lock(&mut |core, waiters| settle(core, waiters, verb, now, waiters.runner.due, self));
        }
    }
}

/// Hands the news out, as far as there is room for wakers, and tells the runner what is due that was not `before` the entry.
#[inline(never)]
fn settle(core: &mut Core<'_>, waiters: &mut Waiters<'_>, verb: Verb, now: Instant, before: Due, news: &mut News) {
    // Most entries find nothing to hand out.
    if core.has_news() || news.event.is_some() || waiters.runner.first_deadline.is_some_and(|first| first <= now) {
        news.more = hand_out(core, waiters, now, news);
    }
    let runner = &mut *waiters.runner;
    if (core.take_work() || matches!(verb, Verb::Act | Verb::Run)) && !runner.due.has(Due::TRANSMIT) {
        runner.due.set(Due::TRANSMIT, core.may_transmit());
    }
    if let Some(sooner) = core.take_sooner() {
        runner.hurry(sooner);
    }
    debug_assert!(
        runner.due.has(Due::TIMER)
            || core.poll_timeout().is_none_or(|at| runner.armed.is_some_and(|armed| armed <= at)),
        "no deadline begins without a word"
    );
    runner.due.set(Due::ANEW, core.begins_anew());
    #[cfg(feature = "security")]
    runner.due.set(Due::JOB, runner.job_takers == 0 && core.has_job());
    // For what was due before the runner has been woken.
    if runner.due != before
        && matches!(verb, Verb::Act | Verb::Look)
        && let Some(waker) = runner.waker.take()
    {
        news.put(waker);
    }
    news.told.due = runner.due;
}

/// Takes the wakers of tasks that have news or whose time has come: true when there may be more of them.
#[inline(never)]
fn hand_out(core: &mut Core<'_>, waiters: &mut Waiters<'_>, now: Instant, news: &mut News) -> bool {
    loop {
        if let Some(event) = news.event
            && !waiters.hear(event, news)
        {
            return true;
        }
        news.event = core.poll_event();
        if news.event.is_none() {
            break;
        }
    }
    while let Some(waker) = waiters.take_due(now) {
        news.told.woke = true;
        if !news.put(waker) {
            return true;
        }
    }
    false
}
