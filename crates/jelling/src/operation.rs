//! The one future of the face: a step that is taken under the lock again and again until it is done.

use crate::{
    core::Host,
    gate::{self, DynLock, NEVER, Verb, now},
    waiting::{Topic, WaitTicket},
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
    /// What it means for the host.
    const REACH: Reach = Reach::Act;
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
    progress: Progress,
    pub(crate) step: S,
}

impl<'d, S: Step<'d>> Operation<'d, S> {
    pub(crate) fn new(host: Host<'d>, step: S, timeout: Option<Duration>) -> Self {
        Operation { host, step, progress: Progress::new(S::REACH, timeout) }
    }

    /// How long it may take, from its first poll on; then it ends with [`Error::Timeout`].
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.progress.lasts(Some(timeout));
        self
    }

    /// However long it takes.
    pub fn no_timeout(mut self) -> Self {
        self.progress.lasts(None);
        self
    }
}

impl<'d, S: Step<'d>> Unpin for Operation<'d, S> {}

impl<'d, S: Step<'d>> Future for Operation<'d, S> {
    type Output = Result<S::Output, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Operation { host, progress, step } = self.get_mut();
        let mut turn = Turn { step, raw: None };
        match poll(host.lock, progress, &mut turn, context) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) => Poll::Ready(turn.raw.map(|raw| S::finish(*host, raw)).ok_or(Error::Busy)),
        }
    }
}

impl<'d, S: Step<'d>> Drop for Operation<'d, S> {
    fn drop(&mut self) {
        if matches!(self.progress.state, State::Runs | State::Stands) {
            give_up(self.host.lock, &mut self.progress, &mut Turn { step: &mut self.step, raw: None });
        }
    }
}

impl<'d, S: Step<'d>> fmt::Debug for Operation<'d, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (begun, done) = (self.progress.state != State::New, self.progress.state == State::Done);
        f.debug_struct("Operation").field("begun", &begun).field("done", &done).finish_non_exhaustive()
    }
}

/// What an operation means for the host as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Nothing: it waits for what others do.
    Look,
    /// It does something with the host as it is.
    Act,
    /// As `Act`, and the core knows by itself whether that has left something to send.
    Quiet,
    /// The radio is switched on for it.
    Start,
    /// As `Start`; and it waits for another transport when its own has closed.
    Survive,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    New,
    /// It has begun, and its time runs.
    Runs,
    /// It has begun, and its time stands still.
    Stands,
    Done,
}

/// What is the same for operations of all kinds. While one raises the security of a link, which may take a user, its time stands
/// still.
struct Progress {
    /// When to look again at the latest: the end of the time, while it runs.
    wake: Instant,
    /// What is left of it while it stands still, in microseconds.
    left: u64,
    epoch: u16,
    ticket: WaitTicket,
    reach: Reach,
    state: State,
}

impl Progress {
    fn new(reach: Reach, timeout: Option<Duration>) -> Self {
        let mut progress = Progress::looking(None);
        (progress.reach, progress.state) = (reach, State::New);
        progress.lasts(timeout);
        progress
    }

    /// Who only looks has nothing to begin, and knows when it ends.
    fn looking(end: Option<Instant>) -> Self {
        Progress {
            wake: end.unwrap_or(NEVER),
            left: 0,
            epoch: 0,
            ticket: WaitTicket::NONE,
            reach: Reach::Look,
            state: State::Runs,
        }
    }

    /// It takes so long at most, from the first look on: until then the time stands still.
    fn lasts(&mut self, timeout: Option<Duration>) {
        self.left = timeout.map_or(NEVER, |timeout| Instant::ZERO.after(timeout)).as_micros();
    }

    /// True when the time has run out; it stands still until `stands`, or runs.
    fn is_over(&mut self, now: Instant, stands: Option<Instant>) -> bool {
        if let Some(until) = stands {
            if self.state != State::Stands {
                let left = self.wake.as_micros().saturating_sub(now.as_micros());
                self.left = if self.wake == NEVER { u64::MAX } else { left };
            }
            (self.state, self.wake) = (State::Stands, until);
            return false;
        }
        if self.state == State::Stands {
            (self.state, self.wake) = (State::Runs, Instant::from_micros(now.as_micros().saturating_add(self.left)));
        }
        self.wake <= now
    }

    fn go_on(&mut self, turn: &mut dyn AnyTurn, core: &mut Core<'_>, now: Instant) -> Poll<Result<(), Error>> {
        let starts = matches!(self.reach, Reach::Start | Reach::Survive);
        if self.state == State::New {
            self.state = State::Stands;
            if self.reach != Reach::Quiet {
                core.mark_work();
            }
            if starts {
                core.start();
            }
            self.epoch = core.epoch();
        }
        let is_up = if starts && !turn.has_begun() {
            match core.power() {
                _ if core.epoch() != self.epoch => return Poll::Ready(Err(core.why_down())),
                Power::Up => true,
                Power::Failed(fault) if !(self.reach == Reach::Survive && core.resumes()) => {
                    return Poll::Ready(Err(Error::Down(fault)));
                }
                // A host that recovers meanwhile does so for this operation too.
                Power::Failed(_) | Power::Starting | Power::Off | Power::Stopping => false,
            }
        } else {
            true
        };
        if is_up && let Poll::Ready(result) = turn.step(core, now) {
            return Poll::Ready(result);
        }
        if self.is_over(now, turn.stands_until()) { Poll::Ready(Err(Error::Timeout)) } else { Poll::Pending }
    }
}

/// A step, and where its result goes.
struct Turn<'s, S, R> {
    step: &'s mut S,
    raw: Option<R>,
}

/// A turn of whatever step.
trait AnyTurn {
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<(), Error>>;
    fn undo(&mut self, core: &mut Core<'_>);
    fn has_begun(&self) -> bool;
    fn wait_for(&self) -> Wait;
    fn stands_until(&self) -> Option<Instant>;
}

impl<'d, S: Step<'d>> AnyTurn for Turn<'_, S, S::Raw> {
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<(), Error>> {
        self.step.step(core, now).map(|result| result.map(|raw| self.raw = Some(raw)))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.step.undo(core);
    }
    fn has_begun(&self) -> bool {
        self.step.has_begun()
    }
    fn wait_for(&self) -> Wait {
        self.step.wait_for()
    }
    fn stands_until(&self) -> Option<Instant> {
        self.step.stands_until()
    }
}

/// Polls an operation. There is one copy of this for all of them.
#[inline(never)]
fn poll(
    lock: &DynLock<'_>,
    progress: &mut Progress,
    turn: &mut dyn AnyTurn,
    context: &mut Context<'_>,
) -> Poll<Result<(), Error>> {
    let looks = progress.reach == Reach::Look;
    if progress.state == State::Done {
        return Poll::Pending;
    }
    if !looks
        && progress.ticket != WaitTicket::NONE
        && lock.is_waiting(context.waker(), progress.ticket)
        && (progress.wake == NEVER || now() < progress.wake)
    {
        // It was polled for something else, in a join for example.
        return Poll::Pending;
    }
    // Where the lock is taken.
    let mut result = Poll::Ready(Err(Error::Busy));
    let mut displaced = None;
    gate::run(lock, Verb::Look, |core, waiters, now| {
        result = progress.go_on(turn, core, now);
        displaced = match result {
            Poll::Pending => {
                let wake = progress.wake;
                waiters.register(turn.wait_for().0, wake, context.waker(), &mut progress.ticket)
            }
            Poll::Ready(result) => {
                if progress.reach != Reach::Quiet || result.is_err() {
                    core.mark_work();
                }
                progress.state = State::Done;
                if result.is_err() {
                    turn.undo(core);
                }
                waiters.withdraw(&mut progress.ticket)
            }
        };
    });
    if result.is_pending()
        && let Some(waker) = displaced
    {
        waker.wake();
    }
    result
}

/// The end of an operation that is dropped before it is done.
#[inline(never)]
fn give_up(lock: &DynLock<'_>, progress: &mut Progress, turn: &mut dyn AnyTurn) {
    progress.state = State::Done;
    let looks = progress.reach == Reach::Look;
    if looks && progress.ticket == WaitTicket::NONE {
        return;
    }
    // It is dropped with the lock open.
    let mut waker = None;
    gate::run(lock, if looks { Verb::Look } else { Verb::Act }, |core, waiters, _| {
        turn.undo(core);
        waker = waiters.withdraw(&mut progress.ticket);
    });
}

/// Waits under the lock until `look` has a result, or the deadline has come.
pub(crate) fn wait<'d, R, F>(host: Host<'d>, topic: Topic, end: Option<Instant>, look: F) -> Operation<'d, Look<F>>
where
    F: FnMut(&mut Core<'_>) -> Poll<Result<R, Error>>,
{
    Operation { host, progress: Progress::looking(end), step: Look { topic, look } }
}

/// See [`wait`].
pub(crate) struct Look<F> {
    topic: Topic,
    look: F,
}

impl<'d, R, F: FnMut(&mut Core<'_>) -> Poll<Result<R, Error>>> Step<'d> for Look<F> {
    type Raw = R;
    type Output = R;
    const REACH: Reach = Reach::Look;

    fn wait_for(&self) -> Wait {
        Wait(self.topic)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<R, Error>> {
        (self.look)(core)
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, raw: R) -> R {
        raw
    }
}

/// As [`wait`]; `look` tells too until when the time stands still.
#[cfg(feature = "client")]
pub(crate) fn wait_standing<'d, R, F>(
    host: Host<'d>,
    topic: Topic,
    end: Option<Instant>,
    look: F,
) -> Operation<'d, LookStanding<F>>
where
    F: FnMut(&mut Core<'_>, Instant) -> (Poll<Result<R, Error>>, Option<Instant>),
{
    let step = LookStanding { topic, look, stands: None };
    Operation { host, progress: Progress::looking(end), step }
}

/// See [`wait_standing`].
#[cfg(feature = "client")]
pub(crate) struct LookStanding<F> {
    topic: Topic,
    look: F,
    stands: Option<Instant>,
}

#[cfg(feature = "client")]
impl<'d, R, F> Step<'d> for LookStanding<F>
where
    F: FnMut(&mut Core<'_>, Instant) -> (Poll<Result<R, Error>>, Option<Instant>),
{
    type Raw = R;
    type Output = R;
    const REACH: Reach = Reach::Look;

    fn wait_for(&self) -> Wait {
        Wait(self.topic)
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<R, Error>> {
        let (result, stands) = (self.look)(core, now);
        self.stands = stands;
        result
    }
    fn stands_until(&self) -> Option<Instant> {
        self.stands
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, raw: R) -> R {
        raw
    }
}

/// The moment `timeout` from now.
pub(crate) fn deadline(timeout: Option<Duration>) -> Option<Instant> {
    timeout.map(|t| now().after(t))
}
