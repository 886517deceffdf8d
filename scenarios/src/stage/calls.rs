//! Calls of the face as a scenario makes them: counted, timed, and dropped where a sweep wants it.

use super::{Stage, Trouble};
use core::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
    time::Duration,
};
use embassy_time::Timer;
use jelling::{Connection, Error};

/// How long a call may wait for a peer of which nothing comes: its link is asked after 60 s after the last sign of it, and what is
/// not answered is noticed 2 s later.
const PATIENCE: Duration = Duration::from_secs(80);
/// How long one call may take, whatever happens and however patient it is.
pub const CALL_LIMIT: Duration = Duration::from_secs(81);

/// Which future is dropped, and after how many polls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel {
    /// The number of the call.
    pub call: usize,
    /// Polls before the drop.
    pub polls: usize,
    /// When it is dropped after these polls.
    pub when: When,
}

/// When a future is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// When it would have been polled again: its news is there.
    Woken,
    /// In the same moment as its last poll.
    AtOnce,
    /// So long after its last poll, while the rest goes on.
    After(Duration),
}

/// What calls of a scenario did.
#[derive(Debug, Default)]
pub struct Calls {
    pub(super) cancel: Cell<Option<Cancel>>,
    /// Polls of each call.
    pub(super) polls: RefCell<Vec<usize>>,
    /// The longest that a call took.
    pub(super) longest: Cell<Duration>,
    /// Somebody waited for a link that was gone.
    pub(super) untold: Cell<bool>,
    /// Polls of the runners.
    pub(super) runs: [Cell<usize>; 2],
    /// Data may be damaged on its way.
    damages: bool,
    /// It was.
    pub(super) damaged: Cell<bool>,
    /// What came that had not been sent so, first.
    pub(super) wrong: RefCell<Option<String>>,
}

impl Calls {
    pub(super) fn new(trouble: &Trouble<'_>) -> Self {
        Calls { cancel: Cell::new(trouble.cancel), damages: trouble.damages, ..Calls::default() }
    }
}

impl Stage<'_> {
    /// True when a call is cancelled in this play: a link may be lost with it, and is made again.
    pub(crate) fn cancels(&self) -> bool {
        self.calls.cancel.get().is_some()
    }

    /// What came is not what was sent: the play has failed, whatever becomes of it. Where data may have been damaged between a host and
    /// its controller, its application has noticed, and ends what it does.
    pub(crate) fn differs(&self, what: String) -> Error {
        if self.calls.damages {
            self.calls.damaged.set(true);
        } else {
            self.calls.wrong.borrow_mut().get_or_insert(what);
        }
        Error::InvalidValue
    }

    /// Waits as long as the link is up. The radio may keep a link of which its host does not know, because the event was damaged:
    /// then nobody can tell that nothing will come of it, and patience ends.
    ///
    /// # Errors
    /// `Disconnected` when the link ends first, `Timeout` when patience does, and those of the future.
    pub async fn as_long_as_it_lasts<T>(
        &self,
        connection: &Connection<'_>,
        future: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        match connection.timeout(Some(PATIENCE), future).await {
            Err(Error::Timeout) => {
                let up = self.controllers.iter().all(|c| c.links() > 0);
                self.calls.untold.set(self.calls.untold.get() || !up);
                Err(Error::Timeout)
            }
            result => result?,
        }
    }

    /// Makes a call of the face: where this is the one to be cancelled, it is dropped after so many polls and made again.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn call<T>(&self, mut make: impl AsyncFnMut() -> Result<T, Error>) -> Result<T, Error> {
        let number = {
            let mut polls = self.calls.polls.borrow_mut();
            polls.push(0);
            polls.len() - 1
        };
        if let Some(cancel) = self.calls.cancel.get().filter(|c| c.call == number) {
            let mut left = cancel.polls;
            let future = make();
            let mut future = pin!(future);
            let mut timer: Option<Timer> = None;
            let early = poll_fn(|context| {
                if left == 0 {
                    if let When::After(_) = cancel.when
                        && let Some(timer) = timer.as_mut()
                        && core::pin::Pin::new(timer).poll(context).is_pending()
                    {
                        return Poll::Pending;
                    }
                    return Poll::Ready(None);
                }
                left -= 1;
                if let Poll::Ready(result) = future.as_mut().poll(context) {
                    return Poll::Ready(Some(result));
                }
                match cancel.when {
                    When::AtOnce if left == 0 => Poll::Ready(None),
                    When::After(after) if left == 0 => {
                        let timer = timer.insert(Timer::after_micros(u64::try_from(after.as_micros()).unwrap_or(0)));
                        core::pin::Pin::new(timer).poll(context).map(|()| None)
                    }
                    // The drop comes when the future would have been polled again.
                    _ => Poll::Pending,
                }
            })
            .await;
            if let Some(result) = early {
                return result;
            }
        }
        let mut future = pin!(make());
        let start = embassy_time::Instant::now();
        let result = poll_fn(|context| {
            if let Some(polls) = self.calls.polls.borrow_mut().get_mut(number) {
                *polls += 1;
            }
            future.as_mut().poll(context)
        })
        .await;
        let took = Duration::from_micros(start.elapsed().as_micros());
        self.calls.longest.set(self.calls.longest.get().max(took));
        result
    }
}
