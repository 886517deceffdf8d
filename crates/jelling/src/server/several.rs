//! Several values to one subscriber, in as few notifications as it takes (Vol 3, Part G, 4.10.2).

use super::Characteristic;
use crate::{
    Connection,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::task::Poll;
use jelling_host::{AttributeId, Core, Error, Instant, LinkId};

/// See [`Connection::notify_several`].
pub type NotifySeveral<'d, 'v> = Operation<'d, NotifySeveralStep<'d, 'v>>;

/// See [`Connection::notify_several`].
#[derive(Debug)]
pub struct NotifySeveralStep<'d, 'v> {
    link: LinkId,
    rest: &'v [(Characteristic<'d>, &'v [u8])],
}

impl<'d> Connection<'d> {
    /// Notifies this peer of each value, in their order, waiting for room: as many in one notification as fit and as the client
    /// takes (Client Supported Features, Vol 3, Part G, 7.2). The stored values stay. `NotSubscribed`, `NotPermitted` and `TooLong` as for
    /// [`Characteristic::notify`]; what went before has been sent then. No timeout unless one is set.
    ///
    /// ```
    /// # async fn example(c: &jelling::Connection<'_>, t: jelling::Characteristic<'_>, h: jelling::Characteristic<'_>) -> Result<(), jelling::Error> {
    /// c.notify_several(&[(t, &2150i16.to_le_bytes()), (h, &[47])]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Dropping the future sends nothing more.
    pub fn notify_several<'v>(&self, values: &'v [(Characteristic<'d>, &'v [u8])]) -> NotifySeveral<'d, 'v> {
        Operation::new(self.host, NotifySeveralStep { link: self.id, rest: values }, None)
    }
}

/// Values that are looked at together: no notification holds more of use.
const TOGETHER: usize = 16;

impl<'d> Step<'d> for NotifySeveralStep<'d, '_> {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        while let Some((first, _)) = self.rest.first() {
            let mut values: [(AttributeId, &[u8]); TOGETHER] = [(first.id, &[]); TOGETHER];
            let count = self.rest.len().min(TOGETHER);
            for (slot, (characteristic, value)) in values.iter_mut().zip(self.rest) {
                *slot = (characteristic.id, value);
            }
            match core.notify_several(self.link, values.get(..count).unwrap_or_default()) {
                Ok(sent) => self.rest = self.rest.get(sent..).unwrap_or_default(),
                Err(Error::Busy) => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, (): ()) {}
}
