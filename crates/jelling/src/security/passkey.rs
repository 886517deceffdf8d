//! What a user has to do for a pairing: read six digits out, type them in, or compare them (Vol 3, Part H, 2.3.5.6).

use crate::{
    Connection,
    core::Host,
    operation::{deadline, wait},
    waiting::Topic,
};
use ::core::{fmt, task::Poll};
use jelling_host::{Core, Error, PasskeyAction, PasskeyAnswer, PasskeyTicket, wire::smp::Keypress};

impl<'d> Host<'d> {
    /// The next thing that a user has to do for a pairing on any connection, whichever side began it; for ever. One task is told of
    /// each, and it has as long as the pairing has: 30 s after the last thing that happened in it. Where nobody calls this, a
    /// pairing with a user ends by its timeout.
    ///
    /// Dropping the future loses nothing.
    ///
    /// ```no_run
    /// # fn type_in() -> u32 { 0 }
    /// # async fn ask(host: jelling::Host<'_>) {
    /// use jelling::PasskeyAction;
    /// loop {
    ///     let request = host.passkey_action().await;
    ///     match request.action() {
    ///         PasskeyAction::Display(digits) => println!("{digits:06} is to be typed in at the other side"),
    ///         PasskeyAction::Input => drop(request.input(type_in())),
    ///         PasskeyAction::Compare(digits) => {
    ///             println!("{digits:06}: the same at the other side?");
    ///             let _ = request.confirm();
    ///         }
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn passkey_action(self) -> PasskeyRequest<'d> {
        loop {
            // Nothing but a lock that is taken can fail here.
            let look = |core: &mut Core<'_>| core.take_passkey_action().map(Ok);
            if let Ok((ticket, action)) = wait(self, Topic::Passkey, None, look).await {
                return PasskeyRequest {
                    host: self,
                    ticket,
                    action,
                    is_open: !matches!(action, PasskeyAction::Display(_)),
                };
            }
            embassy_futures::yield_now().await;
        }
    }
}

/// Something that a user has to do for a pairing. Dropping it without an answer rejects the pairing, but for digits to display.
#[must_use = "dropping the question rejects the pairing"]
pub struct PasskeyRequest<'d> {
    host: Host<'d>,
    ticket: PasskeyTicket,
    action: PasskeyAction,
    /// An answer is owed.
    is_open: bool,
}

impl<'d> PasskeyRequest<'d> {
    /// The connection that is being paired.
    pub fn connection(&self) -> Connection<'d> {
        let link = self.ticket.link();
        self.host.with(|core| core.retain(link));
        Connection::counted(self.host, link)
    }

    /// What is to be done. The digits are written with leading zeros: `{:06}`.
    pub fn action(&self) -> PasskeyAction {
        self.action
    }

    /// The digits are the same at both sides. `Stale` when the pairing is over, `Disconnected` when the link is down.
    pub fn confirm(self) -> Result<(), Error> {
        self.answer(PasskeyAnswer::Confirm)
    }

    /// The digits that the user typed in: 0 to 999,999; more are `InvalidArgument`, and the pairing is rejected. `Stale` when the pairing
    /// is over, `Disconnected` when the link is down.
    pub fn input(self, digits: u32) -> Result<(), Error> {
        self.answer(PasskeyAnswer::Input(digits))
    }

    /// The digits differ, or the user does not want to: the pairing fails. `Stale` when it is over, `Disconnected` when the link is
    /// down.
    pub fn reject(self) -> Result<(), Error> {
        self.answer(PasskeyAnswer::Reject)
    }

    /// Tells the peer what the user does to the digits, where both sides asked for that (`Pair::keypress`; Vol 3, Part H, 3.5.8).
    pub fn keypress(&self, keypress: Keypress) -> Result<(), Error> {
        self.host.ask(|core| core.send_keypress(self.ticket, keypress))
    }

    /// True while the pairing goes on that this is for.
    pub fn is_open(&self) -> bool {
        self.host.ask(|core| Ok(core.passkey_is_open(self.ticket))).unwrap_or(false)
    }

    /// Waits until the pairing that this is for is over, so that the user need not be asked any more.
    ///
    /// Dropping the future changes nothing.
    pub async fn closed(&self) {
        let ticket = self.ticket;
        let look = |core: &mut Core<'_>| if core.passkey_is_open(ticket) { Poll::Pending } else { Poll::Ready(Ok(())) };
        // Nothing but a lock that is taken can fail here.
        while wait(self.host, Topic::Link(ticket.link().index()), deadline(None), look).await.is_err() {
            embassy_futures::yield_now().await;
        }
    }

    fn answer(mut self, answer: PasskeyAnswer) -> Result<(), Error> {
        let result = self.host.ask(|core| core.answer_passkey(crate::gate::now(), self.ticket, answer));
        // What is no answer to the question leaves it open, and dropping it rejects.
        self.is_open = matches!(result, Err(Error::InvalidArgument(_)));
        result
    }
}

impl fmt::Debug for PasskeyRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PasskeyRequest").field("link", &self.ticket.link()).finish_non_exhaustive()
    }
}

impl Drop for PasskeyRequest<'_> {
    fn drop(&mut self) {
        if self.is_open {
            // One that is over needs no word.
            let _ = self.host.ask(|core| core.answer_passkey(crate::gate::now(), self.ticket, PasskeyAnswer::Reject));
        }
    }
}
