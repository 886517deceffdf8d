//! Answers on the signalling channel that wait for the transmit buffer: a few, for a peer may ask for several channels at once.

use jelling_wire::{
    Writer,
    l2cap::{
        ChannelId,
        signalling::{Code, LeConnectionResult, Rejection, Signal, UpdateResult},
    },
};

/// Answers that wait. A peer that asks faster than it listens loses the newest ones.
const DEPTH: usize = if cfg!(feature = "l2cap") { 4 } else { 1 };

/// An answer to a command of the peer, as short as can be: eight octets.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Reply {
    code: Code,
    identifier: u8,
    values: [u16; 3],
}

impl Reply {
    /// Connection Parameter Update Response.
    #[cfg(feature = "central")]
    pub(crate) fn update(identifier: u8, result: UpdateResult) -> Self {
        let code = Code::CONNECTION_PARAMETER_UPDATE_RESPONSE;
        Reply { code, identifier, values: [result.0, 0, 0] }
    }

    /// Command Reject, not understood.
    pub(crate) fn not_understood(identifier: u8) -> Self {
        Reply { code: Code::COMMAND_REJECT, identifier, values: [0, 0, 0] }
    }

    /// Command Reject, signalling MTU exceeded.
    pub(crate) fn too_long(identifier: u8, mtu: u16) -> Self {
        Reply { code: Code::COMMAND_REJECT, identifier, values: [1, mtu, 0] }
    }

    /// Command Reject, invalid CID: its ends as the request named them.
    #[cfg(feature = "l2cap")]
    pub(crate) fn invalid_cid(identifier: u8, local: ChannelId, remote: ChannelId) -> Self {
        Reply { code: Code::COMMAND_REJECT, identifier, values: [2, local.0, remote.0] }
    }

    /// LE Credit Based Connection Response that refuses.
    #[cfg(feature = "l2cap")]
    pub(crate) fn refusal(identifier: u8, result: LeConnectionResult) -> Self {
        Reply { code: Code::LE_CREDIT_BASED_CONNECTION_RESPONSE, identifier, values: [result.0, 0, 0] }
    }

    /// Disconnection Response.
    #[cfg(feature = "l2cap")]
    pub(crate) fn disconnection(identifier: u8, destination: ChannelId, source: ChannelId) -> Self {
        let code = Code::DISCONNECTION_RESPONSE;
        Reply { code, identifier, values: [destination.0, source.0, 0] }
    }

    pub(super) fn emit(&self, w: &mut Writer<'_>) {
        let Reply { identifier, values: [a, b, c], .. } = *self;
        let signal = match self.code {
            Code::CONNECTION_PARAMETER_UPDATE_RESPONSE if cfg!(feature = "central") => {
                Signal::ConnectionParameterUpdateResponse { identifier, result: UpdateResult(a) }
            }
            Code::LE_CREDIT_BASED_CONNECTION_RESPONSE if cfg!(feature = "l2cap") => {
                let (destination, result) = (ChannelId(0), LeConnectionResult(a));
                Signal::LeCreditBasedConnectionResponse { identifier, destination, mtu: 0, mps: 0, credits: 0, result }
            }
            Code::DISCONNECTION_RESPONSE if cfg!(feature = "l2cap") => {
                Signal::DisconnectionResponse { identifier, destination: ChannelId(a), source: ChannelId(b) }
            }
            _ => {
                let reason = match a {
                    1 => Rejection::MtuExceeded { mtu: b },
                    2 if cfg!(feature = "l2cap") => Rejection::InvalidCid { local: ChannelId(b), remote: ChannelId(c) },
                    _ => Rejection::NotUnderstood,
                };
                Signal::CommandReject { identifier, reason }
            }
        };
        signal.emit(w);
    }
}

/// The answers of a link that wait, oldest first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replies {
    replies: [Reply; DEPTH],
    count: u8,
}

impl Replies {
    /// None, all zero.
    pub(crate) const NEW: Replies =
        Replies { replies: [Reply { code: Code(0), identifier: 0, values: [0; 3] }; DEPTH], count: 0 };

    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// False when there is no room.
    pub(crate) fn push(&mut self, reply: Reply) -> bool {
        let Some(slot) = self.replies.get_mut(usize::from(self.count)) else { return false };
        *slot = reply;
        self.count = self.count.saturating_add(1);
        true
    }

    pub(super) fn shift(&mut self) -> Option<Reply> {
        let first = self.replies.first().copied().filter(|_| self.count > 0)?;
        self.replies.rotate_left(1);
        self.count = self.count.saturating_sub(1);
        Some(first)
    }
}
