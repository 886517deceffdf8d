//! The arithmetic of pairing, done with the lock open: by the runner, or by a task with an accelerator.

use crate::{
    core::Host,
    gate::{self, Verb, enter},
    operation::wait,
    waiting::{Due, Topic},
};
use ::core::{convert::Infallible, task::Poll};
use embassy_futures::yield_now;
use jelling_host::{Core, Crypto, JobResult};

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
                finish(self, Verb::Act, job.run(crypto));
            }
            yield_now().await;
        }
    }
}

/// Does a job, if there is one, in the runner's own task. Tells what the runner has to look at then.
pub(crate) fn run_one(host: Host<'_>) -> Due {
    let mut job = None;
    let told = gate::run(host.lock, Verb::Run, |core, _, _| job = core.poll_job());
    let Some(job) = job else { return told.due };
    finish(host, Verb::Run, job.run(&mut jelling_host::Software))
}

fn finish(host: Host<'_>, verb: Verb, result: JobResult) -> Due {
    let mut result = Some(result);
    let told = gate::run(host.lock, verb, |core, _, now| {
        if let Some(result) = result.take() {
            core.finish_job(now, result);
        }
    });
    told.due
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
