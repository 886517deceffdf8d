//! What the user is asked and told while two devices pair: a passkey or a comparison (Vol 3, Part H, 2.3.5.6.2 and 2.3.5.6.3).

use super::{
    pairing::{Method, Progress, Prompt, Send},
    secrets::Secrets,
};
use crate::{
    Core,
    error::{Argument, Error},
    link::{Link, LinkId},
    time::Instant,
};
use core::{fmt, task::Poll};
use jelling_wire::smp::{Keypress, Reason};

/// What the user has to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PasskeyAction {
    /// Show these six digits: the user types them in at the peer. Nothing is to be answered.
    Display(u32),
    /// Ask the user for the six digits that the peer shows.
    Input,
    /// Show these six digits, and ask whether the peer shows the same.
    Compare(u32),
}

impl fmt::Debug for PasskeyAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The digits are a secret as long as the pairing lasts.
        f.write_str(match self {
            PasskeyAction::Display(_) => "Display",
            PasskeyAction::Input => "Input",
            PasskeyAction::Compare(_) => "Compare",
        })
    }
}

/// What the user did.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum PasskeyAnswer {
    /// Typed these digits: 0 to 999,999.
    Input(u32),
    /// Both show the same.
    Confirm,
    /// They do not, or the user wants no pairing.
    Reject,
}

impl fmt::Debug for PasskeyAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            PasskeyAnswer::Input(_) => "Input",
            PasskeyAnswer::Confirm => "Confirm",
            PasskeyAnswer::Reject => "Reject",
        })
    }
}

/// One question to the user, or one passkey shown, of one pairing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PasskeyTicket {
    pub(crate) link: LinkId,
    pub(crate) number: u16,
}

impl PasskeyTicket {
    /// The link that pairs.
    pub const fn link(self) -> LinkId {
        self.link
    }
}

impl Core<'_> {
    /// The next question to the user, or passkey to show.
    pub fn take_passkey_action(&mut self) -> Poll<(PasskeyTicket, PasskeyAction)> {
        for index in 0..self.links.len() {
            let waits = self.links.get(index).is_some_and(|l| l.is_up() && l.pairing.prompt == Prompt::Waiting);
            let (true, Some(link)) = (waits, self.link_id(index)) else { continue };
            let comparison = self.comparison(index).unwrap_or(0);
            let Some(Link { pairing, .. }) = self.links.get_mut(index) else { continue };
            pairing.prompt = Prompt::Open;
            let action = match (pairing.method, &pairing.secrets) {
                (Method::Comparison, _) => PasskeyAction::Compare(comparison),
                (Method::Show, Secrets::Exchange(exchange)) => {
                    let [a, b, c, d, ..] = exchange.secret;
                    PasskeyAction::Display(u32::from_le_bytes([a, b, c, d]))
                }
                _ => PasskeyAction::Input,
            };
            return Poll::Ready((PasskeyTicket { link, number: pairing.number }, action));
        }
        Poll::Pending
    }

    /// True while a question waits for its answer, or a passkey is to be shown.
    pub fn passkey_is_open(&self, ticket: PasskeyTicket) -> bool {
        self.link(ticket.link)
            .is_ok_and(|link| link.pairing.number == ticket.number && link.pairing.prompt == Prompt::Open)
    }

    fn prompt(&self, ticket: PasskeyTicket) -> Result<usize, Error> {
        self.link(ticket.link)?;
        if self.passkey_is_open(ticket) { Ok(usize::from(ticket.link.index())) } else { Err(Error::Stale) }
    }

    /// The user's answer. `Stale` where it came too late, `InvalidArgument` where it answers another question, or is no passkey:
    /// then the question stays open. A passkey that is shown can be rejected; to confirm it changes nothing.
    pub fn answer_passkey(&mut self, now: Instant, ticket: PasskeyTicket, answer: PasskeyAnswer) -> Result<(), Error> {
        let index = self.prompt(ticket)?;
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return Err(Error::Stale) };
        match (answer, pairing.method) {
            (PasskeyAnswer::Reject, method) => {
                let reason = match method {
                    Method::Comparison => Reason::NUMERIC_COMPARISON_FAILED,
                    _ => Reason::PASSKEY_ENTRY_FAILED,
                };
                self.fail_pairing(now, index, reason);
                return Ok(());
            }
            (PasskeyAnswer::Confirm, Method::Comparison) => pairing.progress.insert(Progress::COMPARED),
            (PasskeyAnswer::Confirm, Method::Show) => return Ok(()),
            (PasskeyAnswer::Input(passkey @ 0..=999_999), Method::Type) => {
                if let Some(exchange) = pairing.exchange() {
                    exchange.secret = u128::from(passkey).to_le_bytes();
                }
                pairing.progress.insert(Progress::SECRET);
            }
            _ => return Err(Error::InvalidArgument(Argument::Passkey)),
        }
        pairing.prompt = Prompt::None;
        self.state.work = true;
        self.advance(now, index);
        Ok(())
    }

    /// Tells the peer how far its passkey is typed in (Vol 3, Part H, 3.5.8). `NotSupported` where that was not agreed on, `Busy` while the
    /// last word has not gone.
    pub fn send_keypress(&mut self, ticket: PasskeyTicket, keypress: Keypress) -> Result<(), Error> {
        let index = self.prompt(ticket)?;
        let Some(Link { pairing, .. }) = self.links.get_mut(index) else { return Err(Error::Stale) };
        if pairing.method != Method::Type || !pairing.has_keypress() {
            return Err(Error::NotSupported);
        }
        if pairing.owed.contains(Send::KEYPRESS) {
            return Err(Error::Busy);
        }
        pairing.keypress = keypress;
        pairing.owed.insert(Send::KEYPRESS);
        self.state.work = true;
        Ok(())
    }
}
