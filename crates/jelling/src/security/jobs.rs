//! The arithmetic of pairing, done with the lock open: by the runner, or by a task with an accelerator.

use crate::{
    core::Host,
    gate::{Verb, enter, enter_telling},
    operation::wait,
    waiting::{Due, Topic},
};
use ::core::{convert::Infallible, task::Poll};
use embassy_futures::yield_now;
use jelling_host::{Core, Crypto};

impl Host<'_> {
    /// Does the arithmetic on P-256 that pairings need (Vol 3, Part H, 2.3.5.6.1) with `crypto`, for ever: with an accelerator, or in a task
    /// of less priority, where a multiplication in software keeps nobody waiting. While this runs, the runner leaves it alone;
    /// else it does it itself, with [`Software`](crate::Software), one multiplication at a time when no packet is due.
    ///
    /// Dropping the future hands it back to the runner.
    pub async fn run_jobs(self, crypto: &mut impl Crypto) -> Infallible {
        let _taker = Taker::new(self);
        loop {
            let look = |core: &mut Core<'_>| core.poll_job().map_or(Poll::Pending, |job| Poll::Ready(Ok(job)));
            // Nothing but a lock that is taken can fail here.
            if let Ok(job) = wait(self, Topic::Jobs, None, look).await {
                let result = job.run(crypto);
                self.with(|core| core.finish_job(crate::gate::now(), result));
            }
            yield_now().await;
        }
    }
}

/// Does a job, if there is one, in the runner's own task. Tells what the runner has to look at then.
pub(crate) fn run_one(host: Host<'_>) -> Due {
    let (job, told) = enter_telling(host.lock, Verb::Run, |core, _, _| core.poll_job());
    let Some(job) = job.flatten() else { return told.due };
    let result = job.run(&mut jelling_host::Software);
    enter_telling(host.lock, Verb::Run, |core, _, now| core.finish_job(now, result)).1.due
}

/// While there is one, the runner leaves jobs alone.
struct Taker<'d>(Host<'d>);

impl<'d> Taker<'d> {
    fn new(host: Host<'d>) -> Self {
        enter(host.lock, Verb::Act, |_, waiters, _| {
            let takers = &mut waiters.runner.job_takers;
            *takers = takers.saturating_add(1);
        });
        Taker(host)
    }
}

impl Drop for Taker<'_> {
    fn drop(&mut self) {
        enter(self.0.lock, Verb::Act, |_, waiters, _| {
            let takers = &mut waiters.runner.job_takers;
            *takers = takers.saturating_sub(1);
        });
    }
}
