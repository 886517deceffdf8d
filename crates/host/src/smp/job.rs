//! The arithmetic of P-256, which takes long: jobs that are done with the lock open.

use super::{
    pairing::{Pairing, Progress},
    secrets::Secrets,
};
use crate::{
    Core,
    crypto::{Crypto, PublicKey, toolbox},
    event::HostNews,
    link::{Link, LinkId},
    time::Instant,
};
use jelling_wire::{Secret, smp::Reason};

/// What has to be worked out.
#[derive(Clone, Copy)]
pub(crate) enum Task {
    /// The public key of a private one.
    PublicKey(Secret<32>),
    /// Whether the peer's key is one.
    Check(PublicKey),
    /// The secret that both have.
    SharedSecret(Secret<32>, PublicKey),
}

/// A job of one pairing. Whoever takes it runs it, with nothing locked, and hands the result in.
pub struct Job {
    pub(crate) link: Option<(LinkId, u16)>,
    pub(crate) task: Task,
}

impl core::fmt::Debug for Job {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self.task {
            Task::PublicKey(_) => "Job: a public key",
            Task::Check(_) => "Job: is this a public key",
            Task::SharedSecret(..) => "Job: a shared secret",
        })
    }
}

#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    PublicKey(Option<PublicKey>),
    Check(bool),
    SharedSecret(Option<Secret<32>>),
}

/// What came of a job.
pub struct JobResult {
    pub(crate) link: Option<(LinkId, u16)>,
    pub(crate) outcome: Outcome,
}

impl core::fmt::Debug for JobResult {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("JobResult")
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        if let Task::PublicKey(Secret(private)) | Task::SharedSecret(Secret(private), _) = &mut self.task {
            toolbox::wipe(private);
        }
    }
}

impl Drop for JobResult {
    fn drop(&mut self) {
        if let Outcome::SharedSecret(Some(Secret(shared))) = &mut self.outcome {
            toolbox::wipe(shared);
        }
    }
}

impl Job {
    /// Does the job: some 150 ms on a small microcontroller.
    pub fn run(self, crypto: &mut dyn Crypto) -> JobResult {
        let outcome = match &self.task {
            Task::PublicKey(private) => Outcome::PublicKey(crypto.public_key(&private.0)),
            Task::Check(peer) => Outcome::Check(crypto.is_on_curve(peer)),
            Task::SharedSecret(private, peer) => Outcome::SharedSecret(crypto.shared_secret(&private.0, peer)),
        };
        JobResult { link: self.link, outcome }
    }
}

impl Core<'_> {
    /// True when `poll_job` may have something.
    pub fn has_job(&self) -> bool {
        self.state.has_jobs
    }

    pub(super) fn tell_jobs(&mut self) {
        self.state.has_jobs = true;
        self.state.news |= HostNews::JOBS;
    }

    /// The next job.
    pub fn poll_job(&mut self) -> Option<Job> {
        if !self.state.has_jobs {
            return None;
        }
        for index in 0..self.links.len() {
            let Some(id) = self.link_id(index) else { continue };
            if let Some(Link { pairing, .. }) = self.links.get_mut(index)
                && let Some(task) = pairing.take_task()
            {
                return Some(Job { link: Some((id, pairing.number)), task });
            }
        }
        let task = self.state.own_oob.take_task();
        self.state.has_jobs = task.is_some();
        task.map(|task| Job { link: None, task })
    }

    /// Takes in what came of a job. One of a pairing that is over changes nothing.
    pub fn finish_job(&mut self, now: Instant, result: JobResult) {
        let Some((id, number)) = result.link else {
            if let Outcome::PublicKey(public) = &result.outcome {
                self.on_oob_key(public.as_ref());
            }
            return;
        };
        let Ok(link) = self.link_mut(id) else { return };
        let pairing = &mut link.pairing;
        if pairing.number != number || !pairing.progress.contains(Progress::JOB_TAKEN) {
            return;
        }
        pairing.progress.remove(Progress::JOB_TAKEN);
        self.tell_jobs();
        let index = usize::from(id.index());
        match &result.outcome {
            Outcome::PublicKey(public) => self.on_own_key(now, index, public.as_ref()),
            Outcome::Check(is_point) => self.on_key_checked(now, index, *is_point),
            Outcome::SharedSecret(shared) => self.on_shared(now, index, shared.as_ref()),
        }
        self.state.work = true;
    }

    /// Our public key is worked out. Not every number is a private key: then another is drawn.
    pub(super) fn on_own_key(&mut self, now: Instant, index: usize, public: Option<&PublicKey>) {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        // Meanwhile the peer may have said that it has another key of ours, out of band.
        if pairing.wants_key_pair() && !pairing.progress.contains(Progress::OWN_KEY) {
            match public {
                Some(public) => {
                    let Some(exchange) = pairing.exchange() else { return };
                    exchange.own = *public;
                    pairing.progress.insert(Progress::OWN_KEY);
                    if pairing.progress.contains(Progress::KEY_GOT) && !self.may_use_key(now, index) {
                        return;
                    }
                }
                None => pairing.progress.remove(Progress::PRIVATE),
            }
        }
        self.advance(now, index);
    }

    fn on_key_checked(&mut self, now: Instant, index: usize, is_point: bool) {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        if !is_point {
            return self.fail_pairing(now, index, Reason::INVALID_PARAMETERS);
        }
        pairing.progress.insert(Progress::KEY_CHECKED);
        self.advance(now, index);
    }

    pub(super) fn on_shared(&mut self, now: Instant, index: usize, shared: Option<&Secret<32>>) {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        let Some(Secret(shared)) = shared else {
            return self.fail_pairing(now, index, Reason::INVALID_PARAMETERS);
        };
        if let Some(exchange) = pairing.exchange() {
            exchange.shared = *shared;
        }
        pairing.progress.insert(Progress::SHARED);
        self.advance(now, index);
    }
}

impl Pairing {
    /// What is due, of one at a time.
    fn take_task(&mut self) -> Option<Task> {
        if !self.wants_key_pair() || self.progress.contains(Progress::JOB_TAKEN) {
            return None;
        }
        let has = |progress| self.progress.contains(progress);
        let Secrets::Exchange(e) = &self.secrets else { return None };
        let task = if has(Progress::PRIVATE) && !has(Progress::OWN_KEY) && !self.in_controller {
            Task::PublicKey(Secret(e.private))
        } else if has(Progress::KEY_GOT) && !has(Progress::KEY_CHECKED) {
            Task::Check(e.peer)
        } else if has(Progress::PRIVATE | Progress::OWN_KEY | Progress::KEY_CHECKED)
            && !has(Progress::SHARED)
            && !self.in_controller
        {
            Task::SharedSecret(Secret(e.private), e.peer)
        } else {
            return None;
        };
        self.progress.insert(Progress::JOB_TAKEN);
        Some(task)
    }
}
