//! Reading several values with one request: of lengths that are known, or with their lengths (Vol 3, Part G, 4.8.4 and 4.8.5).

use super::request::Request;
use crate::{
    Connection, Value,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{
    Argument, Core, Error, Instant, LinkId,
    wire::att::{Handles, LengthValues, Pdu},
};

/// As for one value.
const TIMEOUT: Duration = Duration::from_secs(1);

/// See [`Connection::read_multiple`].
pub type ReadMultiple<'d, 'b> = Operation<'d, ReadMultipleStep<'b>>;
/// See [`Connection::read_multiple_variable`].
pub type ReadMultipleVariable<'d, 'b> = Operation<'d, ReadMultipleVariableStep<'b>>;

impl<'d> Connection<'d> {
    /// Reads the values with these handles (`value_handle`, two at least) with one request and gives the number of their octets,
    /// which stand in `buffer` one after another: it is the application that knows the length of each. 1 s at most.
    ///
    /// An answer holds MTU - 1 octets; what is beyond them is not read, and nothing tells. `TooLong` where `buffer` is shorter than
    /// the answer, or the MTU than the request; `Gatt` with the peer's code where one of them cannot be read.
    ///
    /// Dropping the future gives the bearer back when the answer has come.
    pub fn read_multiple<'b>(&self, handles: &'b [u16], buffer: &'b mut [u8]) -> ReadMultiple<'d, 'b> {
        let step = ReadMultipleStep { asking: Asking::new(self.id, handles), buffer };
        Operation::new(self.host, step, Some(TIMEOUT))
    }

    /// Reads the values with these handles (`value_handle`, two at least), whatever their lengths, with one request. 1 s at most.
    ///
    /// An answer holds MTU - 1 octets, of which `buffer` takes all but the first: the last value may be cut, and others not be there.
    /// `TooLong` where `buffer` is shorter than the answer, or the MTU than the request; `Gatt` with the peer's code where one of
    /// them cannot be read. A peer need not know this request: `Gatt(REQUEST_NOT_SUPPORTED)`.
    ///
    /// Dropping the future gives the bearer back when the answer has come.
    ///
    /// ```no_run
    /// # use jelling::{ClientCharacteristic, Connection, Error};
    /// # async fn read(connection: Connection<'_>, name: ClientCharacteristic<'_>, level: ClientCharacteristic<'_>) -> Result<(), Error> {
    /// let mut buffer = [0; 64];
    /// let handles = [name.value_handle(), level.value_handle()];
    /// let values = connection.read_multiple_variable(&handles, &mut buffer).await?;
    /// let (name, level) = (values.octets(0), values.get::<u8>(1)?);
    /// # let _ = (name, level);
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_multiple_variable<'b>(&self, handles: &'b [u16], buffer: &'b mut [u8]) -> ReadMultipleVariable<'d, 'b> {
        let step = ReadMultipleVariableStep { asking: Asking::new(self.id, handles), buffer };
        Operation::new(self.host, step, Some(TIMEOUT))
    }
}

/// The values of a [`Connection::read_multiple_variable`], in the order of their handles.
#[derive(Clone, Copy, Debug)]
pub struct Values<'b>(LengthValues<'b>);

impl<'b> Values<'b> {
    /// How many there are: fewer than were asked for where the MTU ended before.
    pub fn len(&self) -> usize {
        self.0.iter().count()
    }

    /// True where there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The octets of one, as far as they came; `None` where the MTU ended before it.
    pub fn octets(&self, index: usize) -> Option<&'b [u8]> {
        self.0.iter().nth(index).map(|(_, octets)| octets)
    }

    /// True where all octets of this one came.
    pub fn is_whole(&self, index: usize) -> bool {
        self.0.iter().nth(index).is_some_and(|(length, octets)| usize::from(length) == octets.len())
    }

    /// One of them as a value; `NotFound` where the MTU ended before it, `InvalidValue` where it is cut or no `V`.
    pub fn get<V: Value>(&self, index: usize) -> Result<V, Error> {
        let octets = self.octets(index).ok_or(Error::NotFound)?;
        if self.is_whole(index) { V::decode(octets).ok_or(Error::InvalidValue) } else { Err(Error::InvalidValue) }
    }

    /// The octets of each, as far as they came.
    pub fn iter(&self) -> impl Iterator<Item = &'b [u8]> + use<'b> {
        self.0.iter().map(|(_, octets)| octets)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Fixed,
    Variable,
}

#[derive(Debug)]
struct Asking<'b> {
    link: LinkId,
    handles: &'b [u16],
    request: Request,
    /// The MTU when the request was placed. The peer may exchange it before it answers.
    mtu: u16,
}

impl<'b> Asking<'b> {
    fn new(link: LinkId, handles: &'b [u16]) -> Self {
        Asking { link, handles, request: Request::default(), mtu: 0 }
    }

    /// Copies the answer, and gives how many octets it has and how many more there was room for.
    fn step(
        &mut self,
        core: &mut Core<'_>,
        now: Instant,
        form: Form,
        buffer: &mut [u8],
    ) -> Poll<Result<(usize, usize), Error>> {
        let Some(handles) = Handles::new(self.handles) else {
            return Poll::Ready(Err(Error::InvalidArgument(Argument::HandleCount)));
        };
        let mtu = core.link_info(self.link).map_or(0, |info| info.mtu);
        self.mtu = if self.request.is_placed() { self.mtu.min(mtu) } else { mtu };
        let pdu = match form {
            Form::Fixed => Pdu::ReadMultipleRequest { handles },
            Form::Variable => Pdu::ReadMultipleVariableRequest { handles },
        };
        self.request.go(core, now, self.link, &pdu).map(|answer| {
            let answer = answer?;
            let length = answer.len().saturating_sub(1);
            let room = usize::from(self.mtu).saturating_sub(answer.len());
            let target = buffer.get_mut(..length);
            let result = match target {
                Some(target) => {
                    core.read_answer(&answer, 1, target);
                    Ok((length, room))
                }
                None => Err(Error::TooLong),
            };
            core.free_answer(answer);
            result
        })
    }

    /// The values of an answer. Vol 3, Part F, 3.4.4.12: only what the MTU cuts off may be missing.
    fn values<'v>(&self, octets: &'v [u8], room: usize) -> Result<Values<'v>, Error> {
        let values = LengthValues::parse(octets).map_err(|_| Error::Protocol)?;
        let whole = values.iter().all(|(length, octets)| usize::from(length) == octets.len());
        let count = values.iter().count();
        // The two octets of a length are not taken apart, and some servers leave out those behind which nothing fits.
        let is_sound = count <= self.handles.len() && (whole || room == 0) && (count == self.handles.len() || room < 3);
        if is_sound { Ok(Values(values)) } else { Err(Error::Protocol) }
    }
}

/// See [`Connection::read_multiple`].
#[derive(Debug)]
pub struct ReadMultipleStep<'b> {
    asking: Asking<'b>,
    buffer: &'b mut [u8],
}

impl<'d> Step<'d> for ReadMultipleStep<'_> {
    type Raw = usize;
    type Output = usize;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.asking.link.index()))
    }
    fn stands_until(&self) -> Option<Instant> {
        self.asking.request.stands_until()
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<usize, Error>> {
        self.asking.step(core, now, Form::Fixed, self.buffer).map_ok(|(length, _)| length)
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.asking.request.undo(core);
    }
    fn finish(_: Host<'d>, length: usize) -> usize {
        length
    }
}

/// See [`Connection::read_multiple_variable`].
#[derive(Debug)]
pub struct ReadMultipleVariableStep<'b> {
    asking: Asking<'b>,
    buffer: &'b mut [u8],
}

impl<'d, 'b> Step<'d> for ReadMultipleVariableStep<'b> {
    type Raw = Values<'b>;
    type Output = Values<'b>;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.asking.link.index()))
    }
    fn stands_until(&self) -> Option<Instant> {
        self.asking.request.stands_until()
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Values<'b>, Error>> {
        let answer = self.asking.step(core, now, Form::Variable, self.buffer);
        answer.map(|answer| {
            let (length, room) = answer?;
            let buffer: &'b [u8] = ::core::mem::take::<&'b mut [u8]>(&mut self.buffer);
            self.asking.values(buffer.get(..length).unwrap_or_default(), room)
        })
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.asking.request.undo(core);
    }
    fn finish(_: Host<'d>, values: Values<'b>) -> Values<'b> {
        values
    }
}
