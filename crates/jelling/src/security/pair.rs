//! Pairing, and encryption with the key of a bond (Vol 3, Part H, 2; Vol 3, Part C, 10.3).

use crate::{
    Connection, Pair,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{Core, Error, Instant, LinkId, PairTicket, Security};

/// aioble's time for a pairing.
const TIMEOUT: Duration = Duration::from_secs(20);

/// See [`Connection::pair`].
pub type Pairing<'d> = Operation<'d, PairingStep>;
/// See [`Connection::encrypt`].
pub type Encrypt<'d> = Operation<'d, EncryptStep>;

impl<'d> Connection<'d> {
    /// Pairs with the peer, or encrypts the link where a bond is as good as what is asked for, and gives the security that the link
    /// has then: 20 s at most. By default as aioble does: with a bond and LE Secure Connections, without protection against a man
    /// in the middle, and without input or output.
    ///
    /// A central begins. A peripheral asks its central to (Security Request), which encrypts where it has a bond that will do; else it
    /// is for the central's application to pair ([`ConnectionEvent::SecurityRequested`](crate::ConnectionEvent)). Methods that
    /// need a user ask through [`Host::passkey_action`].
    ///
    /// The error is told at once, with its reason: `PairingFailed` where this side ended it, `PairingRejected` where the peer did,
    /// `BondLost` where the peer does not have the key of the bond any more (it is never paired anew by itself: remove the bond first,
    /// with [`Host::remove_bond`]), `EncryptionFailed` with the controller's status, `Timeout`, `Disconnected`.
    ///
    /// Dropping the future cancels the pairing: the peer is told Pairing Failed.
    ///
    /// ```no_run
    /// # async fn pair(connection: jelling::Connection<'_>) -> Result<(), jelling::Error> {
    /// use jelling::{IoCapability, Pair};
    /// let security = connection.pair(Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO)).await?;
    /// assert!(security.encrypted && security.authenticated);
    /// # Ok(())
    /// # }
    /// ```
    pub fn pair(&self, pair: Pair) -> Pairing<'d> {
        Operation::new(self.host, PairingStep { link: self.id, pair, ticket: None }, Some(TIMEOUT))
    }

    /// Encrypts the link with the key of the peer's bond, and gives the security that it has then: 20 s at most. A peripheral asks
    /// its central to.
    ///
    /// `NotBonded` where there is no bond, `BondLost` where the peer has none any more, `EncryptionFailed` with the controller's
    /// status. It never pairs.
    ///
    /// Dropping the future changes nothing once the controller has begun.
    pub fn encrypt(&self) -> Encrypt<'d> {
        Operation::new(self.host, EncryptStep { link: self.id, ticket: None }, Some(TIMEOUT))
    }

    /// How the security of this connection is raised where the peer refuses a request for the lack of it, as long as the connection
    /// lasts; `None`: as [`Config::raise`](crate::Config::raise) says. See [`security`](crate::security).
    #[cfg(feature = "client")]
    pub fn raise_by(&self, raise: Option<crate::Raise>) -> Result<(), Error> {
        self.host.ask(|core| core.set_raise(self.id, raise))
    }

    /// How this peer may pair when it begins by itself, in place of [`Config::pairing`](crate::Config::pairing), as long as the
    /// connection lasts. `None`: not at all, it is told Pairing Not Supported. A central may begin as soon as it is connected: what must
    /// hold from the first moment on belongs into the configuration.
    pub fn allow_pairing(&self, pair: Option<Pair>) -> Result<(), Error> {
        self.host.ask(|core| core.allow_pairing(self.id, pair))
    }
}

/// Goes on with a pairing, which is begun where it can be.
fn go_on(
    core: &mut Core<'_>,
    ticket: &mut Option<PairTicket>,
    begin: impl FnOnce(&mut Core<'_>) -> Result<PairTicket, Error>,
) -> Poll<Result<Security, Error>> {
    let begun = match *ticket {
        Some(ticket) => ticket,
        None => match begin(core) {
            Ok(begun) => *ticket.insert(begun),
            // The peer's, or another task's, goes first.
            Err(Error::Busy) => return Poll::Pending,
            Err(error) => return Poll::Ready(Err(error)),
        },
    };
    let outcome = core.pair_outcome(begun);
    if outcome.is_ready() {
        *ticket = None;
    }
    outcome
}

fn give_up(core: &mut Core<'_>, ticket: &mut Option<PairTicket>) {
    if let Some(ticket) = ticket.take() {
        core.cancel_pair(crate::gate::now(), ticket);
    }
}

/// See [`Connection::pair`].
#[derive(Debug)]
pub struct PairingStep {
    link: LinkId,
    pair: Pair,
    ticket: Option<PairTicket>,
}

impl<'d> Step<'d> for PairingStep {
    type Raw = Security;
    type Output = Security;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Security, Error>> {
        let (link, pair) = (self.link, self.pair);
        go_on(core, &mut self.ticket, |core| core.pair(now, link, &pair))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        give_up(core, &mut self.ticket);
    }
    fn finish(_: Host<'d>, security: Security) -> Security {
        security
    }
}

/// See [`Connection::encrypt`].
#[derive(Debug)]
pub struct EncryptStep {
    link: LinkId,
    ticket: Option<PairTicket>,
}

impl<'d> Step<'d> for EncryptStep {
    type Raw = Security;
    type Output = Security;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Security, Error>> {
        let link = self.link;
        go_on(core, &mut self.ticket, |core| core.encrypt(now, link))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        give_up(core, &mut self.ticket);
    }
    fn finish(_: Host<'d>, security: Security) -> Security {
        security
    }
}
