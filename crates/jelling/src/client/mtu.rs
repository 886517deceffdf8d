//! The exchange of the ATT MTU (Vol 3, Part F, 3.4.2).

use super::request::busy;
use crate::{
    Connection,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{Core, Error, Instant, LinkId, RequestTicket, Turn};

/// See [`Connection::exchange_mtu`].
pub type ExchangeMtu<'d> = Operation<'d, MtuStep>;

impl<'d> Connection<'d> {
    /// Exchanges the ATT MTU (Vol 3, Part F, 3.4.2) and gives the one in force: ours is the most that `Resources` has room for,
    /// or [`ExchangeMtu::mtu`]; where the peer has asked before, what it was told then. 1 s at most. This side may ask once on a link: after that Request Not Supported.
    ///
    /// Dropping the future lets the answer take effect all the same.
    pub fn exchange_mtu(&self) -> ExchangeMtu<'d> {
        Operation::new(
            self.host,
            MtuStep { link: self.id, mtu: None, turn: None, ticket: None },
            Some(Duration::from_secs(1)),
        )
    }
}

/// See [`Connection::exchange_mtu`].
#[derive(Debug)]
pub struct MtuStep {
    link: LinkId,
    mtu: Option<u16>,
    turn: Option<Turn>,
    ticket: Option<RequestTicket>,
}

impl ExchangeMtu<'_> {
    /// Asks for this MTU: 23 to 517, and no more than `Resources` has room for.
    pub fn mtu(mut self, mtu: u16) -> Self {
        self.step.mtu = Some(mtu);
        self
    }
}

impl<'d> Step<'d> for MtuStep {
    type Raw = u16;
    type Output = u16;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<u16, Error>> {
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => match core.in_turn(self.link, &mut self.turn, |core| core.exchange_mtu(now, self.link, self.mtu)) {
                Ok(ticket) => *self.ticket.insert(ticket),
                Err(error) => return busy(core, self.link, error),
            },
        };
        match core.answer(ticket) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(result) => {
                self.ticket = None;
                match result {
                    Ok(answer) => core.free_answer(answer),
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
        }
        Poll::Ready(core.link_info(self.link).map(|info| info.mtu))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        core.leave_line(self.turn.take());
        if let Some(ticket) = self.ticket.take() {
            core.abandon_request(ticket);
        }
    }
    fn finish(_: Host<'d>, mtu: u16) -> u16 {
        mtu
    }
}
