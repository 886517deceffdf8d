//! What channels say and hear on the signalling channel (4.1, 4.6, 4.7, 4.22-4.24).

use super::{
    open::{ConnectionRequest, ConnectionResponse},
    slot::{Flags, Phase},
    timeout::{CONNECTION, DISCONNECTION},
};
use crate::{
    Core,
    counters::count,
    time::{Deadline, Instant},
};
use jelling_wire::l2cap::{
    ChannelId, Psm,
    signalling::{LeConnectionResult, Signal},
};

impl Core<'_> {
    /// Notes whether a channel of this link has a command to send.
    pub(super) fn look_at_signals(&mut self, link: usize) {
        let has = self.channels.iter().any(|c| c.is_on(link) && c.has_to_signal());
        if let Some(link) = self.links.get_mut(link) {
            link.turns.signals = has;
        }
    }

    /// Puts the next command of a channel into the link's transmit buffer.
    pub(crate) fn send_channel_signal(&mut self, now: Instant, link: usize) -> bool {
        let Some(index) = self.channels.iter().position(|c| c.is_on(link) && c.has_to_signal()) else {
            if let Some(link) = self.links.get_mut(link) {
                link.turns.signals = false;
            }
            return false;
        };
        let identifier = self.free_identifier(link);
        let Some(channel) = self.channels.get_mut(index) else { return false };
        let mut deadline = None;
        let signal = if channel.flags.contains(Flags::ANSWER) {
            channel.flags.remove(Flags::ANSWER);
            Signal::LeCreditBasedConnectionResponse {
                identifier: channel.identifier,
                destination: channel.local,
                mtu: channel.our_mtu,
                mps: channel.our_mps,
                credits: channel.peer_credits,
                result: LeConnectionResult::SUCCESSFUL,
            }
        } else if channel.flags.contains(Flags::ASK) {
            channel.flags.remove(Flags::ASK);
            channel.flags.insert(Flags::ASKED);
            channel.identifier = identifier;
            deadline = Some(CONNECTION);
            Signal::LeCreditBasedConnectionRequest {
                identifier,
                psm: Psm(channel.psm),
                source: channel.local,
                mtu: channel.our_mtu,
                mps: channel.our_mps,
                credits: channel.peer_credits,
            }
        } else if channel.grant != 0 {
            let credits = core::mem::take(&mut channel.grant);
            channel.peer_credits = channel.peer_credits.saturating_add(credits);
            Signal::FlowControlCreditIndication { identifier, source: channel.local, credits }
        } else {
            channel.flags.remove(Flags::END);
            channel.flags.insert(Flags::ASKED);
            channel.identifier = identifier;
            deadline = Some(DISCONNECTION);
            Signal::DisconnectionRequest { identifier, destination: channel.remote, source: channel.local }
        };
        if let Some(after) = deadline {
            self.state.sooner.set(&mut channel.deadline, Deadline::after(now, after));
        }
        self.look_at_signals(link);
        self.put_frame(link, ChannelId::SIGNALLING, usize::MAX, |_, w| {
            signal.emit(w);
            true
        })
    }

    /// True where a request of a channel of this link has this identifier.
    pub(crate) fn channels_ask_with(&self, link: usize, identifier: u8) -> bool {
        self.channels.iter().any(|c| c.is_on(link) && c.flags.contains(Flags::ASKED) && c.identifier == identifier)
    }

    /// The channel of a link whose request of ours has this identifier.
    fn asked(&self, link: usize, phase: Phase, identifier: u8) -> Option<usize> {
        let is_it = |c: &super::Channel| {
            c.is_on(link) && c.phase == phase && c.flags.contains(Flags::ASKED) && c.identifier == identifier
        };
        self.channels.iter().position(is_it)
    }

    /// A command of the peer: false where it is not about channels.
    pub(crate) fn on_channel_signal(&mut self, link: usize, signal: &Signal<'_>) -> bool {
        match *signal {
            Signal::LeCreditBasedConnectionRequest { identifier, psm, source, mtu, mps, credits } => {
                let request = ConnectionRequest { psm, source, mtu, mps, credits };
                self.on_connection_request(link, identifier, &request);
            }
            Signal::LeCreditBasedConnectionResponse { identifier, destination, mtu, mps, credits, result } => {
                match self.asked(link, Phase::Connecting, identifier) {
                    Some(slot) => {
                        let response = ConnectionResponse { destination, mtu, mps, credits, result };
                        self.on_connection_response(link, slot, &response);
                    }
                    None => count(&mut self.state.counters.unexpected),
                }
            }
            Signal::FlowControlCreditIndication { source, credits, .. } => {
                let is_it = |c: &super::Channel| c.is_on(link) && c.is_known() && c.remote == source;
                match self.channels.iter().position(is_it) {
                    Some(slot) => self.on_credits(slot, credits),
                    None => count(&mut self.state.counters.unexpected),
                }
            }
            Signal::DisconnectionRequest { identifier, destination, source } => {
                self.on_disconnection_request(link, identifier, destination, source);
            }
            Signal::DisconnectionResponse { identifier, destination, source } => {
                let slot = self.asked(link, Phase::Closing, identifier).filter(|slot| {
                    self.channels.get(*slot).is_some_and(|c| c.remote == destination && c.local == source)
                });
                match slot {
                    Some(slot) => self.end_channel(slot, Flags::empty()),
                    None => count(&mut self.state.counters.unexpected),
                }
            }
            Signal::CommandReject { identifier, .. } => {
                if let Some(slot) = self.asked(link, Phase::Connecting, identifier) {
                    self.on_connection_rejected(slot);
                } else if let Some(slot) = self.asked(link, Phase::Closing, identifier) {
                    // The peer knows of no such channel: that is as good as closed (4.1.1).
                    self.end_channel(slot, Flags::empty());
                } else {
                    return false;
                }
            }
            _ => return false,
        }
        true
    }
}
