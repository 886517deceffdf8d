//! The peer's request until it is answered: served at once into the transmit buffer when that is free, else held in a slot that
//! is always there. The slot of its prepared writes is beside it.

use crate::{Core, counters::count, pool::Chain};
use jelling_wire::{
    Writer,
    att::{ErrorCode, Opcode, Pdu},
    copy,
    l2cap::ChannelId,
};

/// Octets a held request or reply may have.
const HELD: usize = 32;
/// Separate stretches of octets that prepared writes of one peer may have.
pub(super) const PREPARED: usize = 4;

/// What waits for the transmit buffer.
#[derive(Clone, Copy, Debug, Default)]
enum Held {
    #[default]
    Nothing,
    /// A request that changes nothing: served when the buffer is free.
    Request([u8; HELD], u8),
    /// The answer to a request that has been carried out.
    Reply([u8; HELD], u8),
    /// The answer to Prepare Write Request repeats it: these last octets of the last stretch.
    Prepared { handle: u16, offset: u16, length: u16 },
}

impl Held {
    fn reply(pdu: &Pdu<'_>) -> Self {
        let mut octets = [0; HELD];
        let mut w = Writer::new(&mut octets);
        pdu.emit(&mut w);
        let length = u8::try_from(w.len()).unwrap_or(0);
        Held::Reply(octets, length)
    }
}

/// A stretch of prepared octets for one attribute.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prepared {
    pub(super) handle: u16,
    pub(super) offset: u16,
    pub(super) octets: Chain,
}

/// The slot of the peer's request, and its prepared writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    held: Held,
    pub(super) prepared: [Prepared; PREPARED],
    pub(super) count: u8,
}

impl Server {
    pub(crate) const NEW: Server = Server {
        held: Held::Nothing,
        prepared: [Prepared { handle: 0, offset: 0, octets: Chain::NONE }; PREPARED],
        count: 0,
    };

    pub(crate) fn owes(&self) -> bool {
        !matches!(self.held, Held::Nothing)
    }

    pub(super) fn prepared(&self) -> &[Prepared] {
        self.prepared.get(..usize::from(self.count)).unwrap_or_default()
    }
}

impl Core<'_> {
    pub(super) fn on_request(&mut self, index: usize, octets: &[u8], pdu: &Pdu<'_>) {
        let Some(link) = self.links.get(index) else { return };
        if link.server.owes() || link.is_leaving() {
            // Vol 3, Part F, 3.3.2: a second request before the answer breaks the protocol.
            return count(&mut self.state.counters.unexpected);
        }
        if link.outgoing.active {
            return self.hold(index, octets, pdu);
        }
        let mtu = usize::from(link.mtu);
        self.put_frame(index, ChannelId::ATT, mtu, |core, w| {
            core.serve(index, pdu, w);
            true
        });
    }

    /// Answers with an error that no attribute has to do with.
    pub(super) fn refuse(&mut self, index: usize, request: Opcode, code: ErrorCode) {
        if let Some(link) = self.links.get_mut(index)
            && !link.server.owes()
        {
            link.server.held = Held::reply(&Pdu::ErrorResponse { request, handle: 0, code });
        }
    }

    /// Keeps a request, or its answer, until the transmit buffer is free.
    fn hold(&mut self, index: usize, octets: &[u8], pdu: &Pdu<'_>) {
        let held = match pdu {
            Pdu::PrepareWriteRequest { handle, offset, value } => match self.prepare(index, *handle, *offset, value) {
                Ok(()) => {
                    Held::Prepared { handle: *handle, offset: *offset, length: u16::try_from(value.len()).unwrap_or(0) }
                }
                Err((handle, code)) => Held::reply(&Pdu::ErrorResponse { request: pdu.opcode(), handle, code }),
            },
            Pdu::WriteRequest { .. } | Pdu::ExecuteWriteRequest { .. } | Pdu::ExchangeMtuRequest { .. } => {
                self.hold_answer(index, pdu)
            }
            // No service has a UUID of more than 16 octets: the answer to so long a value is known.
            Pdu::FindByTypeValueRequest { .. } if octets.len() > HELD => self.hold_answer(index, pdu),
            _ if octets.len() <= HELD => {
                let mut kept = [0; HELD];
                let length = copy(&mut kept, octets);
                Held::Request(kept, u8::try_from(length).unwrap_or(0))
            }
            _ => Held::reply(&Pdu::ErrorResponse {
                request: pdu.opcode(),
                handle: 0,
                code: ErrorCode::INSUFFICIENT_RESOURCES,
            }),
        };
        if let Some(link) = self.links.get_mut(index) {
            link.server.held = held;
        }
    }

    fn hold_answer(&mut self, index: usize, pdu: &Pdu<'_>) -> Held {
        let mut reply = [0; HELD];
        let mut w = Writer::new(&mut reply);
        self.serve(index, pdu, &mut w);
        let length = u8::try_from(w.len()).unwrap_or(0);
        Held::Reply(reply, length)
    }

    /// Puts what is held into the transmit buffer.
    pub(crate) fn send_held_reply(&mut self, index: usize) -> bool {
        let Some(link) = self.links.get_mut(index) else { return false };
        let held = core::mem::take(&mut link.server.held);
        let mtu = usize::from(link.mtu);
        self.put_frame(index, ChannelId::ATT, mtu, |core, w| match held {
            Held::Nothing => false,
            Held::Reply(octets, length) => {
                w.bytes(octets.get(..usize::from(length)).unwrap_or_default());
                true
            }
            Held::Request(octets, length) => {
                match Pdu::parse(octets.get(..usize::from(length)).unwrap_or_default()) {
                    Ok(pdu) => core.serve(index, &pdu, w),
                    Err(_) => return false,
                }
                true
            }
            Held::Prepared { handle, offset, length } => {
                Pdu::PrepareWriteResponse { handle, offset, value: &[] }.emit(w);
                core.repeat_prepared(index, usize::from(length), w);
                true
            }
        })
    }

    fn repeat_prepared(&mut self, index: usize, length: usize, w: &mut Writer<'_>) {
        let last = self.links.get(index).and_then(|l| l.server.prepared().last().map(|p| p.octets));
        let Some(chain) = last else { return };
        let mut at = chain.len().saturating_sub(length);
        let mut part = [0; HELD];
        loop {
            let n = self.pool().read(chain, at, &mut part);
            if n == 0 {
                break;
            }
            w.bytes(part.get(..n).unwrap_or_default());
            at = at.saturating_add(n);
        }
    }
}
