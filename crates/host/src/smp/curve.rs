//! P-256 by the controller, where it has the commands: one key pair at a time (Vol 4, Part E, 7.8.36 and 7.8.37).

use super::{pairing::Progress, secrets::Secrets, settings::Curve};
use crate::{
    Core,
    crypto::PublicKey,
    hci::Purpose,
    kept::Kept,
    link::{Link, LinkId},
    time::Instant,
};
use jelling_wire::{
    Secret, Writer,
    hci::{Status, command},
    smp::Reason,
};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Free,
    WantKey,
    KeyAsked,
    HasKey,
    WantSecret,
    SecretAsked,
}

/// For which pairing the controller works.
#[derive(Debug)]
pub(crate) struct ControllerCurve {
    stage: Stage,
    /// None, while it works, when the pairing is over.
    user: Kept<(LinkId, u16)>,
}

impl ControllerCurve {
    pub(crate) const NEW: ControllerCurve =
        ControllerCurve { stage: Stage::Free, user: Kept::none((LinkId { index: 0, generation: 0 }, 0)) };

    /// There is a command to send.
    pub(crate) fn is_wanted(&self) -> bool {
        matches!(self.stage, Stage::WantKey | Stage::WantSecret)
    }

    /// The pairing is over. What the controller was asked it has to answer before it works for another.
    pub(super) fn release(&mut self) {
        self.user.set(None);
        if !matches!(self.stage, Stage::KeyAsked | Stage::SecretAsked) {
            self.stage = Stage::Free;
        }
    }
}

impl Core<'_> {
    /// True when the key pair of a link's pairing is, or will be, the controller's.
    pub(super) fn wants_controller_key(&mut self, index: usize) -> bool {
        let controller = &self.state.controller;
        let can = self.state.security().curve == Curve::Controller
            && controller.supports(34, 1)
            && controller.supports(34, 2)
            && self.state.curve.stage == Stage::Free;
        let (true, Some(id)) = (can, self.link_id(index)) else { return false };
        let Some(Link { pairing, .. }) = self.links.get_mut(index).filter(|l| !l.pairing.avoids_controller) else {
            return false;
        };
        pairing.in_controller = true;
        let _ = pairing.exchange();
        pairing.progress.insert(Progress::PRIVATE);
        self.state.curve =
            ControllerCurve { stage: Stage::WantKey, user: Kept::of(Some((id, pairing.number)), (id, 0)) };
        self.state.work = true;
        true
    }

    /// The controller's key pair is given up for one that the peer knows of out of band.
    pub(super) fn drop_controller_key(&mut self, index: usize) {
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
        if core::mem::take(&mut pairing.in_controller) {
            self.state.curve.release();
        }
    }

    /// The secret is asked for when the peer's key has come.
    pub(super) fn advance_curve(&mut self, index: usize) {
        let Some(Link { pairing, .. }) = self.links.get(index) else { return };
        let ready = Progress::OWN_KEY | Progress::KEY_CHECKED;
        if pairing.in_controller
            && pairing.progress.contains(ready)
            && !pairing.progress.contains(Progress::SHARED)
            && self.state.curve.stage == Stage::HasKey
        {
            self.state.curve.stage = Stage::WantSecret;
            self.state.work = true;
        }
    }

    pub(crate) fn next_curve(&mut self, w: &mut Writer<'_>) -> Option<Purpose> {
        match self.state.curve.stage {
            Stage::WantKey => {
                self.state.curve.stage = Stage::KeyAsked;
                command::open(&command::LeReadLocalP256PublicKey {}, w);
            }
            Stage::WantSecret => {
                let peer = self.curve_user().and_then(|index| match &self.links.get(index)?.pairing.secrets {
                    Secrets::Exchange(exchange) => Some(exchange.peer),
                    _ => None,
                });
                let Some(PublicKey { x, y }) = peer else {
                    self.state.curve.release();
                    return None;
                };
                self.state.curve.stage = Stage::SecretAsked;
                command::open(&command::LeGenerateDhKey { key_x: x, key_y: y }, w);
            }
            _ => return None,
        }
        Some(Purpose::Curve)
    }

    fn curve_user(&self) -> Option<usize> {
        let (id, number) = self.state.curve.user.get()?;
        let link = self.link(id).ok()?;
        (link.pairing.number == number && link.pairing.in_controller).then_some(usize::from(id.index()))
    }

    /// The controller refused one of the commands.
    pub(crate) fn on_curve_refused(&mut self, now: Instant, status: Status) {
        if !status.is_success() {
            match self.state.curve.stage {
                Stage::KeyAsked => self.on_controller_key(now, None),
                Stage::SecretAsked => self.on_controller_secret(now, None),
                _ => {}
            }
        }
    }

    /// The controller's public key. Without one the host makes its own.
    pub(crate) fn on_controller_key(&mut self, now: Instant, public: Option<&PublicKey>) {
        if self.state.curve.stage != Stage::KeyAsked {
            return crate::counters::count(&mut self.state.counters.unexpected);
        }
        let user = self.curve_user();
        self.state.curve.stage = if user.is_some() && public.is_some() { Stage::HasKey } else { Stage::Free };
        let Some(index) = user else { return };
        if public.is_none() {
            let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return };
            pairing.in_controller = false;
            // A controller that cannot is not asked again in this pairing.
            pairing.avoids_controller = true;
        }
        self.on_own_key(now, index, public);
    }

    /// The controller's DHKey.
    pub(crate) fn on_controller_secret(&mut self, now: Instant, secret: Option<&Secret<32>>) {
        if self.state.curve.stage != Stage::SecretAsked {
            return crate::counters::count(&mut self.state.counters.unexpected);
        }
        let user = self.curve_user();
        self.state.curve.stage = Stage::Free;
        let Some(index) = user else { return };
        match secret {
            Some(_) => self.on_shared(now, index, secret),
            None => self.fail_pairing(now, index, Reason::UNSPECIFIED_REASON),
        }
    }
}
