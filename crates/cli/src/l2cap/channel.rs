//! The host's channels: how they are opened, and what their errors mean to a person.

use super::transfer::Duplex;
use crate::arguments::ChannelArguments;
use anyhow::{Error, anyhow};
use jelling::{ChannelOptions, Connection, Error as HostError, L2capChannel, LeConnectionResult, Status};
use std::fmt;

impl Duplex for L2capChannel<'_> {
    async fn send(&self, sdu: &[u8]) -> Result<(), HostError> {
        L2capChannel::send(self, sdu).await
    }

    async fn flush(&self) -> Result<(), HostError> {
        L2capChannel::flush(self).await
    }

    async fn receive(&self, buffer: &mut [u8]) -> Result<(usize, bool), HostError> {
        let received = L2capChannel::receive(self, buffer).await?;
        Ok((received.length, received.ends))
    }
}

/// What we say of our side.
pub(super) fn options(arguments: &ChannelArguments) -> ChannelOptions {
    ChannelOptions::new(arguments.mtu).mps(arguments.mps).credits(credits(arguments))
}

/// Room for some 16 kB ahead, unless it is said otherwise: enough that nobody waits for credits, and little of the memory that a
/// command has. Of long frames two, so that one can come while the other is taken.
pub(super) fn credits(arguments: &ChannelArguments) -> u16 {
    arguments.credits.unwrap_or_else(|| (16_384 / arguments.mps).clamp(2, 64))
}

/// Octets of an SDU: as was asked for, and no more than the peer takes.
pub(super) fn sdu(arguments: &ChannelArguments, channel: &L2capChannel<'_>) -> usize {
    let peer = channel.peer_mtu();
    usize::from(arguments.sdu.map_or(peer, |sdu| sdu.min(peer)))
}

/// Why there is no channel, and what to do.
pub(super) fn refused(error: HostError, psm: u16, connection: &Connection<'_>) -> Error {
    let HostError::ChannelRefused(result) = error else {
        return Error::from(error).context(format!("no channel with PSM {psm}"));
    };
    let is_encrypted = connection.security().is_ok_and(|security| security.encrypted);
    let advice = match result {
        LeConnectionResult::PSM_NOT_SUPPORTED => ": does it listen there?",
        LeConnectionResult::NO_RESOURCES => ": try again when it has closed another",
        LeConnectionResult::INSUFFICIENT_AUTHENTICATION | LeConnectionResult::INSUFFICIENT_ENCRYPTION
            if !is_encrypted =>
        {
            ": pair with it (`jelling pair`), with the same --bonds FILE as here"
        }
        LeConnectionResult::INSUFFICIENT_AUTHENTICATION | LeConnectionResult::ENCRYPTION_KEY_SIZE_TOO_SHORT => {
            ": the bond is too weak: pair with it again, with --mitm"
        }
        LeConnectionResult::UNACCEPTABLE_PARAMETERS => ": try another --mtu and --mps",
        _ => "",
    };
    anyhow!("no channel with PSM {psm}: {result}{advice}")
}

/// How the link of a channel ended.
#[derive(Debug)]
pub(super) struct LinkEnd(Option<Status>);

impl LinkEnd {
    pub(super) fn of(connection: &Connection<'_>) -> LinkEnd {
        LinkEnd(connection.reason())
    }

    /// The peer ended it because it wanted to; anything else is a loss.
    pub(super) fn is_wanted(&self) -> bool {
        matches!(
            self.0,
            Some(Status::REMOTE_USER_TERMINATED_CONNECTION | Status::REMOTE_LOW_RESOURCES | Status::REMOTE_POWER_OFF)
        )
    }
}

impl fmt::Display for LinkEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(reason) => write!(f, "{reason}"),
            None => f.write_str("no reason is known"),
        }
    }
}
