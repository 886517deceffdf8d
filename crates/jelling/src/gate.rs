//! The one way in: a closure under the lock. It settles afterwards: what has news wakes who waits for it, and wakers are
//! woken, and dropped, only when the lock is open again.

#[cfg(feature = "l2cap")]
use crate::l2cap::FrameBuffer;
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
    fn lock(&self, f: &mut dyn Locked);
    /// As `lock`, of what is settled behind it: of all that is done, most is this.
    fn visit(&self, visit: &mut Visit<'_>);
    /// As [`Waiters::look`].
    fn look(&self, waker: &Waker) -> (Due, Option<Waker>);
    /// As [`Waiters::is_waiting`].
    fn is_waiting(&self, waker: &Waker, ticket: WaitTicket) -> bool;
    /// The frame buffer with this number. It has a lock of its own.
    #[cfg(feature = "l2cap")]
    fn frame(&self, number: u8) -> Option<&FrameBuffer>;
}

/// What is done while the lock is taken. Not `dyn FnMut`: the table of one has a second copy of each closure, for `FnOnce`.
pub(crate) trait Locked {
    fn locked(&mut self, core: &mut Core<'_>, waiters: &mut Waiters<'_>);
}

/// What is done in an entry.
pub(crate) trait Entry {
    fn enter(&mut self, core: &mut Core<'_>, waiters: &mut Waiters<'_>, now: Instant);
}

impl<F: FnMut(&mut Core<'_>, &mut Waiters<'_>, Instant)> Entry for F {
    fn enter(&mut self, core: &mut Core<'_>, waiters: &mut Waiters<'_>, now: Instant) {
        self(core, waiters, now);
    }
}

/// The end of time: no deadline.
pub(crate) const NEVER: Instant = Instant::from_micros(u64::MAX);

/// When the host, or somebody who waits for it, has to be looked at next.
pub(crate) fn next_deadline(core: &Core<'_>, waiters: &Waiters<'_>) -> Instant {
    core.poll_timeout().unwrap_or(NEVER).min(waiters.deadline())
}

/// The time now, as the core counts it.
pub(crate) fn now() -> Instant {
    Instant::from_micros(Clock::now().as_micros())
}

/// Runs `f` under the lock and settles; gives nothing where the lock is taken. `verb` says that something may be to send.
pub(crate) fn enter<R>(
    lock: &DynLock<'_>,
    verb: Verb,
    mut f: impl FnMut(&mut Core<'_>, &mut Waiters<'_>, Instant) -> R,
) -> Option<R> {
    let mut result = None;
    run(lock, verb, |core, waiters, now| result = Some(f(core, waiters, now)));
    result
}

/// What an entry led to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Told {
    /// A task was woken, not only for a value that queued.
    pub(crate) woke: bool,
    /// What the runner has to look at from now on.
    pub(crate) due: Due,
}

/// As [`enter`]; tells what it led to.
pub(crate) fn run(lock: &DynLock<'_>, verb: Verb, mut f: impl FnMut(&mut Core<'_>, &mut Waiters<'_>, Instant)) -> Told {
    run_entry(lock, verb, &mut f)
}

#[inline(never)]
fn run_entry(lock: &DynLock<'_>, verb: Verb, entry: &mut dyn Entry) -> Told {
    let mut visit = Visit { entry: Some(entry), verb, now: now(), news: News::default() };
    lock.visit(&mut visit);
    if visit.news.taken != 0 {
        visit.wake_all(lock);
    }
    visit.news.told
}

/// An entry, and what is settled behind it.
pub(crate) struct Visit<'e> {
    entry: Option<&'e mut dyn Entry>,
    verb: Verb,
    now: Instant,
    news: News,
}

impl Visit<'_> {
    #[inline]
    pub(crate) fn locked(&mut self, core: &mut Core<'_>, waiters: &mut Waiters<'_>) {
        let before = waiters.runner.due;
        if let Some(entry) = self.entry.take() {
            entry.enter(core, waiters, self.now);
        }
        settle(core, waiters, self.verb, self.now, before, &mut self.news);
    }

    /// Wakes who has news, and whoever else is to be woken.
    #[inline(never)]
    fn wake_all(&mut self, lock: &DynLock<'_>) {
        loop {
            self.news.wakers.iter_mut().filter_map(Option::take).for_each(Waker::wake);
            self.news.taken = 0;
            if !::core::mem::take(&mut self.news.more) {
                return;
            }
            lock.visit(self);
        }
    }
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
}

/// Hands the news out, as far as there is room for wakers, and tells the runner what is due that was not `before` the entry.
#[inline(never)]
fn settle(core: &mut Core<'_>, waiters: &mut Waiters<'_>, verb: Verb, now: Instant, before: Due, news: &mut News) {
    // Most entries find nothing to hand out.
    if core.has_news() || news.event.is_some() || waiters.runner.first_deadline.get() <= now {
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
        runner.due.has(Due::TIMER) || core.poll_timeout().is_none_or(|at| runner.armed.get() <= at),
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
