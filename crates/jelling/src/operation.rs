//! The one future of the face: a step that is taken under the lock again and again until it is done.

use crate::{
    core::Host,
    gate::{self, Verb, enter, now},
    waiting::{Topic, WaitTicket, Waiters},
};
use ::core::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};
use jelling_host::{Core, Error, Instant, Power};

/// What an operation does under the lock.
pub trait Step<'d> {
    /// What the core gives.
    type Raw;
    /// What the caller gets.
    type Output;
    /// Whether the radio is switched on for it.
    const STARTS: bool = false;
    /// Whether it waits for another transport when its own has closed.
    #[doc(hidden)]
    const SURVIVES: bool = false;
    /// True once the core knows of it, and tells how it ends.
    #[doc(hidden)]
    fn has_begun(&self) -> bool {
        false
    }
    /// What to wait for before the next step.
    #[doc(hidden)]
    fn wait_for(&self) -> Wait;
    /// Goes on as far as it can.
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Self::Raw, Error>>;
    /// Takes back what was begun, when it is dropped or its time is up.
    fn undo(&mut self, core: &mut Core<'_>);
    /// Until when the time of the operation stands still, because it raises the security of its link.
    #[doc(hidden)]
    fn stands_until(&self) -> Option<Instant> {
        None
    }
    /// Makes the result the caller's.
    fn finish(host: Host<'d>, raw: Self::Raw) -> Self::Output;
}

/// What a step waits for: see [`Topic`].
#[derive(Clone, Copy, Debug)]
pub struct Wait(pub(crate) Topic);

/// An operation: a builder until its first poll, a future from then on.
///
/// Nothing happens before the first poll. Dropping it undoes what it began: a connection attempt is cancelled, a request's
/// answer is swallowed when it comes, an advertiser or scanner stops. It is unpinned, so it goes into `join` and `select`.
#[must_use = "an operation does nothing until it is awaited"]
pub struct Operation<'d, S: Step<'d>> {
    pub(crate) host: Host<'d>,
    pub(crate) step: S,
    timeout: Option<Duration>,
    limit: Limit,
    epoch: u16,
    ticket: WaitTicket,
    begun: bool,
    done: bool,
}

impl<'d, S: Step<'d>> Operation<'d, S> {
    pub(crate) fn new(host: Host<'d>, step: S, timeout: Option<Duration>) -> Self {
        Operation {
            host,
            step,
            timeout,
            limit: Limit::default(),
            epoch: 0,
            ticket: WaitTicket::default(),
            begun: false,
            done: false,
        }
    }

    /// How long it may take, from its first poll on; then it ends with [`Error::Timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// However long it takes.
    pub fn no_timeout(mut self) -> Self {
        self.timeout = None;
        self
    }

    fn go_on(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<S::Raw, Error>> {
        if !self.begun {
            self.begun = true;
            self.limit.wake = self.timeout.map(|t| now.after(t));
            if S::STARTS {
                core.start();
            }
            self.epoch = core.epoch();
        }
        if S::STARTS && !self.step.has_begun() {
            match core.power() {
                _ if core.epoch() != self.epoch => return Poll::Ready(Err(core.why_down())),
                Power::Up => {}
                Power::Failed(fault) if !(S::SURVIVES && core.resumes()) => {
                    return Poll::Ready(Err(Error::Down(fault)));
                }
                // A host that recovers meanwhile does so for this operation too.
                Power::Failed(_) | Power::Starting | Power::Off | Power::Stopping => return self.in_time(now),
            }
        }
        match self.step.step(core, now) {
            Poll::Pending => self.in_time(now),
            ready => ready,
        }
    }

    fn in_time(&mut self, now: Instant) -> Poll<Result<S::Raw, Error>> {
        if self.limit.is_over(now, self.step.stands_until()) { Poll::Ready(Err(Error::Timeout)) } else { Poll::Pending }
    }
}

/// How long something may take. While it raises the security of a link, which may take a user, the time stands still.
#[derive(Clone, Copy, Debug, Default)]
struct Limit {
    /// When to look again at the latest: the end of the time, while it runs.
    wake: Option<Instant>,
    /// What is left of it, while it stands still.
    left: Option<Option<Duration>>,
}

impl Limit {
    /// True when the time has run out; it stands still until `stands`, or runs.
    fn is_over(&mut self, now: Instant, stands: Option<Instant>) -> bool {
        match (stands, self.left) {
            (Some(until), left) => {
                self.left = left.or(Some(self.wake.map(|end| end.since(now))));
                self.wake = Some(until);
                return false;
            }
            (None, Some(left)) => {
                self.left = None;
                self.wake = left.map(|left| now.after(left));
            }
            (None, None) => {}
        }
        self.wake.is_some_and(|end| end <= now)
    }
}

impl<'d, S: Step<'d>> Unpin for Operation<'d, S> {}

impl<'d, S: Step<'d>> Future for Operation<'d, S> {
    type Output = Result<S::Output, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        if this.done {
            return Poll::Pending;
        }
        let lock = this.host.lock;
        if this.ticket != WaitTicket::default()
            && gate::is_waiting(lock, context.waker(), this.ticket)
            && this.limit.wake.is_none_or(|deadline| now() < deadline)
        {
            // It was polled for something else, in a join for example.
            return Poll::Pending;
        }
        let entered = enter(lock, Verb::Look, |core, waiters, now| {
            let begins = !this.begun;
            let result = this.go_on(core, now);
            if begins || result.is_ready() {
                core.mark_work();
            }
            let displaced = match &result {
                Poll::Pending => {
                    waiters.register(this.step.wait_for().0, this.limit.wake, context.waker(), &mut this.ticket)
                }
                Poll::Ready(result) => {
                    this.done = true;
                    if result.is_err() {
                        this.step.undo(core);
                    }
                    waiters.withdraw(&mut this.ticket)
                }
            };
            (result, displaced)
        });
        let Some((result, displaced)) = entered else { return Poll::Ready(Err(Error::Busy)) };
        if result.is_pending()
            && let Some(waker) = displaced
        {
            waker.wake();
        }
        result.map(|result| result.map(|raw| S::finish(this.host, raw)))
    }
}

impl<'d, S: Step<'d>> Drop for Operation<'d, S> {
    fn drop(&mut self) {
        if self.begun && !self.done {
            self.done = true;
            let undo = |core: &mut Core<'_>, waiters: &mut Waiters<'_>, _| {
                self.step.undo(core);
                waiters.withdraw(&mut self.ticket)
            };
            // The waker is dropped with the lock open.
            drop(enter(self.host.lock, Verb::Act, undo));
        }
    }
}

impl<'d, S: Step<'d>> fmt::Debug for Operation<'d, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Operation").field("begun", &self.begun).field("done", &self.done).finish_non_exhaustive()
    }
}

/// A place among the waiting tasks, given up when it is dropped.
struct Place<'d> {
    host: Host<'d>,
    ticket: WaitTicket,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.ticket != WaitTicket::default() {
            // The waker is dropped with the lock open.
            drop(enter(self.host.lock, Verb::Look, |_, waiters, _| waiters.withdraw(&mut self.ticket)));
        }
    }
}

/// Waits under the lock until `look` has a result, or the deadline has come.
pub(crate) async fn wait<R>(
    host: Host<'_>,
    topic: Topic,
    deadline: Option<Instant>,
    mut look: impl FnMut(&mut Core<'_>) -> Poll<Result<R, Error>>,
) -> Result<R, Error> {
    wait_standing(host, topic, deadline, |core| (look(core), None)).await
}

/// As [`wait`]; `look` tells too until when the time stands still.
pub(crate) async fn wait_standing<R>(
    host: Host<'_>,
    topic: Topic,
    deadline: Option<Instant>,
    mut look: impl FnMut(&mut Core<'_>) -> (Poll<Result<R, Error>>, Option<Instant>),
) -> Result<R, Error> {
    let mut limit = Limit { wake: deadline, left: None };
    let mut place = Place { host, ticket: WaitTicket::default() };
    ::core::future::poll_fn(|context| {
        let ticket = &mut place.ticket;
        let entered = enter(host.lock, Verb::Look, |core, waiters, now| match look(core) {
            (Poll::Pending, stands) if limit.is_over(now, stands) => (Poll::Ready(Err(Error::Timeout)), None),
            (Poll::Pending, _) => (Poll::Pending, waiters.register(topic, limit.wake, context.waker(), ticket)),
            (ready, _) => {
                core.mark_work();
                (ready, None)
            }
        });
        let Some((result, displaced)) = entered else { return Poll::Ready(Err(Error::Busy)) };
        if let Some(waker) = displaced {
            waker.wake();
        }
        result
    })
    .await
}

/// The moment `timeout` from now.
pub(crate) fn deadline(timeout: Option<Duration>) -> Option<Instant> {
    timeout.map(|t| now().after(t))
}
