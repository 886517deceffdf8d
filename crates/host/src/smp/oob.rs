//! What a peer is to know of us out of band: a key pair made in advance, for one pairing (Vol 3, Part H, 2.3.5.6.4).

use super::{OwnOob, job::Task, secrets::Exchange};
use crate::{
    Core,
    crypto::{PublicKey, toolbox},
    error::Error,
    event::HostNews,
};
use core::task::Poll;
use jelling_wire::Secret;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    None,
    /// Octets are drawn.
    Drawing,
    /// The public key is worked out.
    Job,
    Taken,
    Ready,
    /// The controller has no random octets.
    Failed,
}

/// The key pair whose public key a peer will have been told about.
#[derive(Clone, Copy)]
pub(crate) struct KeyPair {
    pub(crate) private: [u8; 32],
    pub(crate) public: PublicKey,
    pub(crate) random: [u8; 16],
}

/// Where it stands until that pairing.
pub(crate) struct OobSlot {
    stage: Stage,
    has_random: bool,
    pair: KeyPair,
}

impl core::fmt::Debug for OobSlot {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.stage.fmt(f)
    }
}

impl OobSlot {
    pub(crate) const NEW: OobSlot = OobSlot {
        stage: Stage::None,
        has_random: false,
        pair: KeyPair { private: [0; 32], public: PublicKey { x: [0; 32], y: [0; 32] }, random: [0; 16] },
    };

    /// Gives the key pair, which is used once. False where there is none.
    pub(super) fn give(&mut self, exchange: &mut Exchange) -> bool {
        let is_ready = self.stage == Stage::Ready;
        if is_ready {
            let KeyPair { private, public, random } = &self.pair;
            (exchange.private, exchange.own, exchange.own_oob) = (*private, *public, *random);
            self.clear();
        }
        is_ready
    }

    fn clear(&mut self) {
        toolbox::wipe(&mut self.pair.private);
        toolbox::wipe(&mut self.pair.random);
        // Zeros are not what was drawn.
        self.has_random = false;
        self.stage = Stage::None;
    }

    pub(super) fn fail(&mut self) {
        if self.stage == Stage::Drawing {
            self.clear();
            self.stage = Stage::Failed;
        }
    }

    pub(super) fn has_job(&self) -> bool {
        self.stage == Stage::Job
    }

    pub(super) fn take_task(&mut self) -> Option<Task> {
        if !self.has_job() {
            return None;
        }
        self.stage = Stage::Taken;
        Some(Task::PublicKey(Secret(self.pair.private)))
    }
}

impl Core<'_> {
    /// What the peer has to know of us to pair out of band: of a key pair for the next pairing whose peer says that it knows. The
    /// same until then. Pending while it is made: wait for [`Event::Host`](crate::Event::Host) and ask again.
    pub fn own_oob(&mut self) -> Poll<Result<OwnOob, Error>> {
        let slot = &mut self.state.own_oob;
        match slot.stage {
            Stage::None => {
                slot.stage = Stage::Drawing;
                self.advance_oob();
                self.state.work = true;
                Poll::Pending
            }
            Stage::Drawing | Stage::Job | Stage::Taken => Poll::Pending,
            Stage::Failed => {
                slot.stage = Stage::None;
                Poll::Ready(Err(Error::NotSupported))
            }
            Stage::Ready => {
                let KeyPair { public, random, .. } = slot.pair;
                Poll::Ready(Ok(OwnOob { confirm: toolbox::f4(&public.x, &public.x, &random, 0), random }))
            }
        }
    }

    /// Draws what is missing.
    pub(super) fn advance_oob(&mut self) {
        let slot = &mut self.state.own_oob;
        if slot.stage != Stage::Drawing {
            return;
        }
        if !slot.has_random {
            slot.has_random = self.state.random.fill(&mut slot.pair.random);
        }
        if !slot.has_random || !self.state.random.fill(&mut slot.pair.private) {
            return;
        }
        slot.has_random = false;
        slot.stage = Stage::Job;
        self.tell_jobs();
    }

    /// The public key is worked out; not every number is a private key.
    pub(super) fn on_oob_key(&mut self, public: Option<&PublicKey>) {
        let slot = &mut self.state.own_oob;
        if slot.stage != Stage::Taken {
            return;
        }
        match public {
            Some(public) => {
                slot.pair.public = *public;
                slot.stage = Stage::Ready;
                self.state.news |= HostNews::HOST;
            }
            None => {
                slot.has_random = true;
                slot.stage = Stage::Drawing;
                self.advance_oob();
            }
        }
    }
}
