//! Reading values, whole: a Read, and as many Read Blobs as it takes (Vol 3, Part G, 4.8.1 and 4.8.3).

use super::{ClientAttribute, ClientCharacteristic, ClientDescriptor, request::Request};
use crate::{
    Value,
    core::Host,
    operation::{Operation, Step, Wait},
};
use ::core::{marker::PhantomData, task::Poll, time::Duration};
use jelling_host::{
    Answer, Core, Error, Instant, LinkId, Properties,
    wire::att::{ErrorCode, Pdu},
};

/// aioble's time for a read.
const TIMEOUT: Duration = Duration::from_secs(1);
/// The longest value (Vol 3, Part F, 3.2.9).
const LONGEST: usize = 512;

/// How far the reading of a value is.
#[derive(Debug)]
pub(super) struct Reading {
    link: LinkId,
    pub(super) handle: u16,
    done: usize,
    request: Request,
    /// The MTU when the request was placed. The peer may exchange it before it answers.
    mtu: u16,
    refused: Option<Error>,
}

impl Reading {
    fn new(link: LinkId, handle: u16, refused: Option<Error>) -> Self {
        Reading { link, handle, done: 0, request: Request::default(), mtu: 0, refused }
    }

    /// Of a value whose first octets are in the buffer.
    pub(super) fn from(link: LinkId, handle: u16, done: usize) -> Self {
        Reading { done, ..Self::new(link, handle, None) }
    }

    pub(super) fn step(&mut self, core: &mut Core<'_>, now: Instant, buffer: &mut [u8]) -> Poll<Result<usize, Error>> {
        if let Some(error) = self.refused {
            return Poll::Ready(Err(error));
        }
        loop {
            if !self.request.is_placed() {
                match core.link_info(self.link) {
                    Ok(info) => self.mtu = info.mtu,
                    Err(error) => return Poll::Ready(Err(error)),
                }
            }
            let pdu = match u16::try_from(self.done) {
                Ok(0) => Pdu::ReadRequest { handle: self.handle },
                Ok(offset) => Pdu::ReadBlobRequest { handle: self.handle, offset },
                Err(_) => return Poll::Ready(Err(Error::Protocol)),
            };
            let answer = match self.request.go(core, now, self.link, &pdu) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(answer)) => answer,
                // A value that ends where the PDU does: there is nothing after it, or the server has no values that are longer.
                Poll::Ready(Err(Error::Gatt(
                    ErrorCode::ATTRIBUTE_NOT_LONG | ErrorCode::INVALID_OFFSET | ErrorCode::REQUEST_NOT_SUPPORTED,
                ))) if self.done > 0 => return Poll::Ready(Ok(self.done)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            };
            match self.take(core, answer, buffer) {
                Ok(true) => {}
                Ok(false) => return Poll::Ready(Ok(self.done)),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    /// Copies a part; true when there may be more.
    fn take(&mut self, core: &mut Core<'_>, answer: Answer, buffer: &mut [u8]) -> Result<bool, Error> {
        let part = answer.len().saturating_sub(1);
        let end = self.done.saturating_add(part);
        let result = match buffer.get_mut(self.done..end) {
            _ if end > LONGEST => Err(Error::Protocol),
            None => Err(Error::TooLong),
            Some(target) => {
                core.read_answer(&answer, 1, target);
                self.done = end;
                let full = core.link_info(self.link).map_or(self.mtu, |info| info.mtu.min(self.mtu));
                Ok(part >= usize::from(full).saturating_sub(1) && end < LONGEST)
            }
        };
        core.free_answer(answer);
        result
    }

    pub(super) fn stands_until(&self) -> Option<Instant> {
        self.request.stands_until()
    }

    pub(super) fn undo(&mut self, core: &mut Core<'_>) {
        self.request.undo(core);
    }
}

/// See [`ClientCharacteristic::read`].
pub type Read<'d, V> = Operation<'d, ReadStep<V>>;
/// See [`ClientCharacteristic::read_into`].
pub type ReadInto<'d, 'b> = Operation<'d, ReadIntoStep<'b>>;

/// See [`ClientCharacteristic::read`].
pub struct ReadStep<V: Value> {
    reading: Reading,
    buffer: V::Buffer,
    value: PhantomData<fn() -> V>,
}

impl<'d, V: Value> Step<'d> for ReadStep<V> {
    type Raw = V;
    type Output = V;

    fn wait_for(&self) -> Wait {
        Wait(self.reading.request.topic(self.reading.link))
    }
    fn stands_until(&self) -> Option<Instant> {
        self.reading.stands_until()
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<V, Error>> {
        self.reading.step(core, now, self.buffer.as_mut()).map(|result| match result {
            Ok(length) => self.buffer.as_ref().get(..length).and_then(V::decode).ok_or(Error::InvalidValue),
            Err(Error::TooLong) => Err(Error::InvalidValue),
            Err(error) => Err(error),
        })
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.reading.undo(core);
    }
    fn finish(_: Host<'d>, value: V) -> V {
        value
    }
}

/// See [`ClientCharacteristic::read_into`].
#[derive(Debug)]
pub struct ReadIntoStep<'b> {
    reading: Reading,
    buffer: &'b mut [u8],
}

impl<'d> Step<'d> for ReadIntoStep<'_> {
    type Raw = usize;
    type Output = usize;

    fn wait_for(&self) -> Wait {
        Wait(self.reading.request.topic(self.reading.link))
    }
    fn stands_until(&self) -> Option<Instant> {
        self.reading.stands_until()
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<usize, Error>> {
        self.reading.step(core, now, self.buffer)
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.reading.undo(core);
    }
    fn finish(_: Host<'d>, length: usize) -> usize {
        length
    }
}

fn read<'d, V: Value>(host: Host<'d>, reading: Reading) -> Read<'d, V> {
    Operation::new(host, ReadStep { reading, buffer: V::EMPTY, value: PhantomData }, Some(TIMEOUT))
}

impl<'d> ClientCharacteristic<'d> {
    fn reading(&self) -> Reading {
        let refused = (!self.properties.contains(Properties::READ)).then_some(Error::NotSupported);
        Reading::new(self.link, self.value_handle, refused)
    }

    /// Reads the value, whole: 1 s at most. `Gatt` with the peer's error code, `InvalidValue` where it is no `V`.
    ///
    /// Dropping the future gives the bearer back when the answer has come.
    pub fn read<V: Value>(&self) -> Read<'d, V> {
        read(self.host, self.reading())
    }

    /// Reads the value's octets, whole, and gives their number; `TooLong` where `buffer` is shorter. 512 octets are always enough.
    pub fn read_into<'b>(&self, buffer: &'b mut [u8]) -> ReadInto<'d, 'b> {
        Operation::new(self.host, ReadIntoStep { reading: self.reading(), buffer }, Some(TIMEOUT))
    }
}

impl<'d> ClientDescriptor<'d> {
    /// Reads the value, whole: 1 s at most.
    pub fn read<V: Value>(&self) -> Read<'d, V> {
        read(self.host, Reading::new(self.link, self.handle, None))
    }

    /// Reads the value's octets, whole, and gives their number.
    pub fn read_into<'b>(&self, buffer: &'b mut [u8]) -> ReadInto<'d, 'b> {
        let reading = Reading::new(self.link, self.handle, None);
        Operation::new(self.host, ReadIntoStep { reading, buffer }, Some(TIMEOUT))
    }
}

impl<'d> ClientAttribute<'d> {
    /// Reads the value, whole: 1 s at most.
    pub fn read<V: Value>(&self) -> Read<'d, V> {
        read(self.host, Reading::new(self.link, self.handle, None))
    }

    /// Reads the value's octets, whole, and gives their number; `TooLong` where `buffer` is shorter.
    pub fn read_into<'b>(&self, buffer: &'b mut [u8]) -> ReadInto<'d, 'b> {
        let reading = Reading::new(self.link, self.handle, None);
        Operation::new(self.host, ReadIntoStep { reading, buffer }, Some(TIMEOUT))
    }
}
