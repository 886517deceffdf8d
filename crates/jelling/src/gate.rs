//! The one way in: a closure under the lock. It settles afterwards: what has news wakes who waits for it, and wakers are
//! woken, and dropped, only when the lock is open again.

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

/// What a task waits for. Everybody hears of the host going up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Host,
    #[cfg(feature = "central")]
    Scan,
    #[cfg(feature = "peripheral")]
    Advertising,
    #[cfg(feature = "central")]
    Initiator,
    /// Anything about this link, and room in the pool.
    Link(u8),
    /// The end of this link.
    Down(u8),
    /// The answer to a request that is under way on this link.
    #[cfg(feature = "client")]
    Answer(u8),
    #[cfg(feature = "server")]
    Attribute(u16),
    /// A queue of captured writes, or else its attribute.
    #[cfg(feature = "server")]
    Captured(u8, u16),
    /// Queue or link.
    #[cfg(feature = "client")]
    QueueOfLink(u8, u8),
}

impl Topic {
    fn hears(self, event: Event) -> bool {
        match (self, event) {
            (_, Event::Host) => true,
            #[cfg(feature = "central")]
            (Topic::Scan, Event::Scan) | (Topic::Initiator, Event::Initiator) => true,
            #[cfg(feature = "peripheral")]
            (Topic::Advertising, Event::Advertising) => true,
            (Topic::Link(link), event) => event == Event::Pool || of_link(event) == Some(link),
            (Topic::Down(link), event) => event == Event::Link(link),
            #[cfg(feature = "client")]
            (Topic::Answer(link), event) => event == Event::Client(link) || event == Event::Link(link),
            #[cfg(feature = "server")]
            (Topic::Attribute(handle), event) => event == Event::Attribute(handle),
            #[cfg(feature = "server")]
            (Topic::Captured(queue, handle), event) => {
                event == Event::Queue(queue) || event == Event::Attribute(handle)
            }
            #[cfg(feature = "client")]
            (Topic::QueueOfLink(queue, link), event) => event == Event::Queue(queue) || of_link(event) == Some(link),
            _ => false,
        }
    }
}

/// The link that an event is about.
fn of_link(event: Event) -> Option<u8> {
    match event {
        Event::Link(link) | Event::Transmit(link) | Event::Client(link) | Event::Indication(link) => Some(link),
        _ => None,
    }
}

/// The slot of a waiting task.
#[derive(Debug)]
pub struct Waiter {
    topic: Topic,
    deadline: Option<Instant>,
    waker: Option<Waker>,
    /// Which use of the slot this is, and how many futures of the task share it.
    ticket: WaitTicket,
    sharers: u16,
}

impl Waiter {
    pub(crate) const NEW: Waiter =
        Waiter { topic: Topic::Host, deadline: None, waker: None, ticket: WaitTicket(0), sharers: 0 };
}

/// One use of a waiting slot, as a future remembers it; zero is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WaitTicket(u32);

/// What the runner has to look at, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due(pub(crate) u8);

impl Due {
    pub(crate) const NOTHING: Due = Due(0);
    /// Something may be to send.
    pub(crate) const TRANSMIT: Due = Due(1);
    /// A deadline stands before the one that the timer is armed for.
    pub(crate) const TIMER: Due = Due(2);
    /// The host begins anew with Reset.
    pub(crate) const ANEW: Due = Due(4);

    pub(crate) fn has(self, part: Due) -> bool {
        self.0 & part.0 != 0
    }

    pub(crate) fn set(&mut self, part: Due, is_due: bool) {
        self.0 = if is_due { self.0 | part.0 } else { self.0 & !part.0 };
    }
}

/// The runner's own slots.
#[derive(Debug)]
pub(crate) struct RunnerWakers {
    /// The runner's task, while it waits.
    pub(crate) waker: Option<Waker>,
    pub(crate) due: Due,
    /// When the timer fires as things stand.
    pub(crate) armed: Option<Instant>,
    /// No task that waits has a deadline before this: none has any where it is `None`.
    first_deadline: Option<Instant>,
    /// No slot of a task from here on holds a waker.
    occupied: usize,
    last_ticket: WaitTicket,
}

impl RunnerWakers {
    pub(crate) const NEW: RunnerWakers = RunnerWakers {
        waker: None,
        due: Due::NOTHING,
        armed: None,
        first_deadline: None,
        occupied: 0,
        last_ticket: WaitTicket(0),
    };

    /// The timer is to be armed for this, if it is for later.
    fn hurry(&mut self, deadline: Instant) {
        if self.armed.is_none_or(|armed| deadline < armed) {
            self.due.set(Due::TIMER, true);
        }
    }
}

/// Who waits.
pub(crate) struct Waiters<'a> {
    pub(crate) tasks: &'a mut [Waiter],
    pub(crate) runner: &'a mut RunnerWakers,
}

impl Waiters<'_> {
    /// Waits, until `deadline` at most. Returns a waker that had to make room: it is to be woken with the lock open.
    pub(crate) fn register(
        &mut self,
        topic: Topic,
        deadline: Option<Instant>,
        waker: &Waker,
        ticket: &mut WaitTicket,
    ) -> Option<Waker> {
        if let Some(deadline) = deadline {
            let first = &mut self.runner.first_deadline;
            *first = Some(first.map_or(deadline, |first| first.min(deadline)));
            self.runner.hurry(deadline);
        }
        let same = |w: &Waiter| w.topic == topic && w.waker.as_ref().is_some_and(|k| k.will_wake(waker));
        let mut occupied = self.tasks.iter().take(self.runner.occupied);
        let index = occupied.position(same).or_else(|| self.tasks.iter().position(|w| w.waker.is_none()));
        if index.is_none() {
            self.tasks.rotate_left(1);
        }
        let at = index.unwrap_or(self.tasks.len().saturating_sub(1));
        self.runner.occupied = self.runner.occupied.max(at.saturating_add(1));
        let slot = self.tasks.get_mut(at)?;
        if index.is_some() && slot.waker.is_some() {
            // One task may wait for the same thing twice, as in a join: the earlier deadline counts.
            slot.deadline = match (slot.deadline, deadline) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
            if *ticket != slot.ticket {
                *ticket = slot.ticket;
                slot.sharers = slot.sharers.saturating_add(1);
            }
            return None;
        }
        let next = &mut self.runner.last_ticket.0;
        *next = next.wrapping_add(1).max(1);
        *ticket = WaitTicket(*next);
        (slot.topic, slot.deadline, slot.ticket, slot.sharers) = (topic, deadline, *ticket, 1);
        slot.waker.replace(waker.clone())
    }

    /// A future waits no more. The last one of a slot takes its waker away, which is to be dropped with the lock open.
    pub(crate) fn withdraw(&mut self, ticket: &mut WaitTicket) -> Option<Waker> {
        let ticket = core::mem::take(ticket);
        if ticket == WaitTicket(0) {
            return None;
        }
        let mut slots = self.tasks.iter_mut().take(self.runner.occupied);
        let slot = slots.find(|w| w.waker.is_some() && w.ticket == ticket)?;
        slot.sharers = slot.sharers.saturating_sub(1);
        if slot.sharers == 0 { slot.waker.take() } else { None }
    }

    /// Tasks that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.tasks.iter().filter(|w| w.waker.is_some()).count()
    }

    /// Takes the wakers of who hears of an event: false when `news` has no room for more of them.
    fn hear(&mut self, event: Event, news: &mut News) -> bool {
        let mut occupied = 0;
        for (slot, next) in self.tasks.iter_mut().take(self.runner.occupied).zip(1usize..) {
            if slot.waker.is_none() {
                continue;
            }
            if !slot.topic.hears(event) {
                occupied = next;
                continue;
            }
            if let Some(waker) = slot.waker.take() {
                news.told.woke |= !matches!(event, Event::Queue(_));
                if !news.put(waker) {
                    return false;
                }
            }
        }
        self.runner.occupied = occupied;
        true
    }

    /// True while a future's slot keeps its waker: nothing that it waits for has happened.
    pub(crate) fn is_waiting(&self, waker: &Waker, ticket: WaitTicket) -> bool {
        let occupied = self.tasks.get(..self.runner.occupied).unwrap_or_default();
        ticket != WaitTicket(0)
            && occupied.iter().any(|w| w.ticket == ticket && w.waker.as_ref().is_some_and(|k| k.will_wake(waker)))
    }

    /// A waiter whose deadline has come.
    fn take_due(&mut self, now: Instant) -> Option<Waker> {
        if self.runner.first_deadline.is_none_or(|first| now < first) {
            return None;
        }
        let due = |w: &&mut Waiter| w.waker.is_some() && w.deadline.is_some_and(|d| d <= now);
        let waker = self.tasks.iter_mut().find(due).and_then(|w| w.waker.take());
        if waker.is_none() {
            self.runner.first_deadline = self.deadline();
        }
        waker
    }

    /// The earliest deadline of all.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.tasks.iter().filter(|w| w.waker.is_some()).filter_map(|w| w.deadline).min()
    }
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
struct News {
    wakers: [Option<Waker>; BATCH],
    /// How many of them there are.
    taken: usize,
    /// There may be more of them.
    more: bool,
    /// Whom this is for is not known to the last yet.
    event: Option<Event>,
    told: Told,
}

impl News {
    /// True while there is room for another, and for the runner's.
    fn put(&mut self, waker: Waker) -> bool {
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
