//! Reliable writes: several values that are written together or not at all (Vol 3, Part G, 4.9.5).

use super::{ClientCharacteristic, prepared::Writing, write::TIMEOUT};
use crate::{
    Connection,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::task::Poll;
use jelling_host::{Core, Error, Instant, Properties};

/// See [`Connection::reliable_write`].
pub type ReliableWrite<'d, 'a> = Operation<'d, ReliableWriteStep<'d, 'a>>;

/// See [`Connection::reliable_write`].
#[derive(Debug)]
pub struct ReliableWriteStep<'d, 'a> {
    values: &'a [(ClientCharacteristic<'d>, &'a [u8])],
    writing: Writing,
}

impl<'d> Connection<'d> {
    /// Writes several values together, in this order: each is queued at the peer and must come back as it was sent, then all are
    /// carried out, or none. 1 s at most.
    ///
    /// `NotSupported` where a characteristic offers neither Write nor Extended Properties, `Disconnected` where it is of another
    /// connection, `TooLong` beyond 512 octets, `Gatt` with the peer's code, `Protocol` where it repeats a value otherwise. After
    /// an error, or when the future is dropped, nothing is left in the peer's queue.
    ///
    /// ```no_run
    /// # use jelling::{ClientCharacteristic, Connection, Error};
    /// # async fn set(connection: Connection<'_>, low: ClientCharacteristic<'_>, high: ClientCharacteristic<'_>) -> Result<(), Error> {
    /// connection.reliable_write(&[(low, &[18]), (high, &[24])]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn reliable_write<'a>(&self, values: &'a [(ClientCharacteristic<'d>, &'a [u8])]) -> ReliableWrite<'d, 'a> {
        Operation::new(self.host, ReliableWriteStep { values, writing: Writing::new(self.id) }, Some(TIMEOUT))
    }
}

impl<'d> ReliableWriteStep<'d, '_> {
    fn check(&self) -> Result<(), Error> {
        for (characteristic, _) in self.values {
            if characteristic.link != self.writing.link {
                return Err(Error::Disconnected);
            }
            if !characteristic.properties.intersects(Properties::WRITE | Properties::EXTENDED) {
                return Err(Error::NotSupported);
            }
        }
        Ok(())
    }
}

impl<'d> Step<'d> for ReliableWriteStep<'d, '_> {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.writing.link.index()))
    }
    fn stands_until(&self) -> Option<Instant> {
        self.writing.request.stands_until()
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<(), Error>> {
        if !self.writing.has_begun()
            && let Err(error) = self.check()
        {
            return Poll::Ready(Err(error));
        }
        let values = self.values;
        self.writing.step(core, now, &|item| values.get(item).map(|(c, value)| (c.value_handle, *value)))
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.writing.undo(core);
    }
    fn finish(_: Host<'d>, (): ()) {}
}
