//! Security that is raised for a request which the peer refused for the lack of it, as the policy says
//! (Vol 3, Part C, 10.3.1). A request is repeated once at most.

use ::core::{task::Poll, time::Duration};
use jelling_host::{Core, Error, Instant, LinkId, PairTicket, Raise, Security, wire::att::ErrorCode};

/// How long raising may take: aioble's time for pairing. A user may have to be asked.
const TIMEOUT: Duration = Duration::from_secs(20);

/// How far the raising for one operation is.
#[derive(Debug, Default)]
pub(crate) struct Raising {
    /// It has been tried.
    tried: bool,
    /// What the link had when the request went out.
    before: Security,
    /// While it goes on: the peer's refusal, and the end of its time.
    goes_on: Option<(ErrorCode, Instant)>,
    ticket: Option<PairTicket>,
    /// It waits for what another operation has begun.
    joins: bool,
}

impl Raising {
    /// A request goes out now.
    pub(crate) fn note(&mut self, core: &Core<'_>, link: LinkId) {
        self.before = core.security(link).unwrap_or_default();
    }

    /// True where the peer's refusal is a reason to raise the security: it is under way from now on.
    pub(crate) fn begins(&mut self, core: &Core<'_>, now: Instant, link: LinkId, refusal: ErrorCode) -> bool {
        let lacks = matches!(
            refusal,
            ErrorCode::INSUFFICIENT_AUTHENTICATION
                | ErrorCode::INSUFFICIENT_ENCRYPTION
                | ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT
        );
        if !lacks || self.tried {
            return false;
        }
        let security = core.security(link).unwrap_or_default();
        let helps = match core.how_to_raise(link) {
            Raise::Never => false,
            // Another operation may have raised it since the request went out.
            Raise::Encrypt => security != self.before || (security.bonded && !security.encrypted),
            Raise::Pair(_) => true,
        };
        if helps {
            (self.tried, self.joins) = (true, false);
            self.goes_on = Some((refusal, now.after(TIMEOUT)));
        }
        helps
    }

    /// Until when it goes on.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.goes_on.map(|(_, until)| until)
    }

    /// Goes on. The request may be repeated when it is done; the error is what the pairing or the encryption failed of, or the
    /// refusal where nothing more could be done about it.
    pub(crate) fn step(&mut self, core: &mut Core<'_>, now: Instant, link: LinkId) -> Poll<Result<(), Error>> {
        let Some((refusal, until)) = self.goes_on else { return Poll::Ready(Ok(())) };
        let result = match self.go_on(core, now, link, refusal) {
            Poll::Pending if until <= now => Err(Error::Timeout),
            Poll::Pending => return Poll::Pending,
            Poll::Ready(result) => result,
        };
        self.goes_on = None;
        if result.is_err() {
            self.undo(core);
        }
        self.ticket = None;
        Poll::Ready(result)
    }

    fn go_on(
        &mut self,
        core: &mut Core<'_>,
        now: Instant,
        link: LinkId,
        refusal: ErrorCode,
    ) -> Poll<Result<(), Error>> {
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => {
                match core.security(link) {
                    Err(error) => return Poll::Ready(Err(error)),
                    // Another operation, or the peer, has raised it.
                    Ok(security) if security != self.before => return Poll::Ready(Ok(())),
                    Ok(_) => {}
                }
                let begun = match core.how_to_raise(link) {
                    Raise::Never => Err(Error::Gatt(refusal)),
                    Raise::Encrypt => core.encrypt(now, link),
                    // One question to the user is enough for all who wait.
                    Raise::Pair(_) if self.joins && !core.is_securing(link) => Err(Error::Gatt(refusal)),
                    Raise::Pair(settings) => core.pair(now, link, &settings),
                };
                match begun {
                    Ok(ticket) => *self.ticket.insert(ticket),
                    Err(Error::Busy) => {
                        self.joins = true;
                        return Poll::Pending;
                    }
                    Err(Error::NotBonded) => return Poll::Ready(Err(Error::Gatt(refusal))),
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        };
        core.pair_outcome(ticket).map(|outcome| outcome.map(|_| ()))
    }

    /// Gives it up. Who goes on later may try again.
    pub(crate) fn undo(&mut self, core: &mut Core<'_>) {
        if self.goes_on.take().is_some() {
            self.tried = false;
        }
        if let Some(ticket) = self.ticket.take() {
            core.cancel_pair(crate::gate::now(), ticket);
        }
    }
}
