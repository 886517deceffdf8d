//! Writing values: with an answer or without, and in prepared parts what is longer than a PDU
//! (Vol 3, Part G, 4.9.1, 4.9.3 and 4.9.4).

use super::{ClientCharacteristic, ClientDescriptor, request::Request};
use crate::{
    ToOctets,
    core::Host,
    gate::Topic,
    operation::{Operation, Step, Wait},
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{Core, Error, Instant, LinkId, Properties, wire::att::Pdu};

/// aioble's time for a write.
const TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Answered,
    Unanswered,
}

/// See [`ClientCharacteristic::write`].
pub type Write<'d, O> = Operation<'d, WriteStep<O>>;

/// See [`ClientCharacteristic::write`].
#[derive(Debug)]
pub struct WriteStep<O> {
    link: LinkId,
    handle: u16,
    value: O,
    mode: Mode,
    properties: Properties,
    request: Request,
    prepared: usize,
    long: bool,
    failed: Option<Error>,
}

impl<'d> ClientCharacteristic<'d> {
    /// Writes a value: with an answer if the characteristic offers Write and not Write Without Response, unless the builder
    /// says otherwise; in prepared parts if it is longer than MTU - 3. 1 s at most; without an answer, until there is room.
    ///
    /// Dropping the future gives the bearer back when the answer has come; the value may or may not be written.
    pub fn write<'a, T: ToOctets + ?Sized>(&self, value: &'a T) -> Write<'d, T::Octets<'a>> {
        let answered = self.properties.contains(Properties::WRITE)
            && !self.properties.contains(Properties::WRITE_WITHOUT_RESPONSE);
        let mode = if answered { Mode::Answered } else { Mode::Unanswered };
        write(self.host, self.link, self.value_handle, self.properties, mode, value.to_octets())
    }
}

impl<'d> ClientDescriptor<'d> {
    /// Writes a value, in prepared parts if it is longer than MTU - 3. 1 s at most.
    pub fn write<'a, T: ToOctets + ?Sized>(&self, value: &'a T) -> Write<'d, T::Octets<'a>> {
        write(self.host, self.link, self.handle, Properties::WRITE, Mode::Answered, value.to_octets())
    }
}

fn write<'d, O: AsRef<[u8]>>(
    host: Host<'d>,
    link: LinkId,
    handle: u16,
    properties: Properties,
    mode: Mode,
    value: O,
) -> Write<'d, O> {
    let step = WriteStep {
        link,
        handle,
        value,
        mode,
        properties,
        request: Request::default(),
        prepared: 0,
        long: false,
        failed: None,
    };
    Operation::new(host, step, Some(TIMEOUT))
}

impl<'d, O: AsRef<[u8]>> Write<'d, O> {
    /// With an answer.
    pub fn response(mut self) -> Self {
        self.step.mode = Mode::Answered;
        self
    }

    /// Without an answer; what is longer than MTU - 3 is `TooLong`.
    pub fn no_response(mut self) -> Self {
        self.step.mode = Mode::Unanswered;
        self
    }
}

impl<O: AsRef<[u8]>> WriteStep<O> {
    fn request(&mut self, core: &mut Core<'_>, now: Instant, mtu: usize) -> Poll<Result<(), Error>> {
        loop {
            let value = self.value.as_ref();
            let pdu = if !self.long && self.failed.is_none() && value.len() <= mtu.saturating_sub(3) {
                Pdu::WriteRequest { handle: self.handle, value }
            } else if self.failed.is_some() {
                // What was prepared is thrown away on the other side too.
                Pdu::ExecuteWriteRequest { flags: 0 }
            } else if self.prepared < value.len() {
                self.long = true;
                let rest = value.get(self.prepared..).unwrap_or_default();
                let part = rest.get(..rest.len().min(mtu.saturating_sub(5))).unwrap_or_default();
                let Ok(offset) = u16::try_from(self.prepared) else { return Poll::Ready(Err(Error::TooLong)) };
                Pdu::PrepareWriteRequest { handle: self.handle, offset, value: part }
            } else {
                Pdu::ExecuteWriteRequest { flags: 1 }
            };
            let result = match self.request.go(core, now, self.link, &pdu) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(result) => result,
            };
            let result = result.map(|answer| core.free_answer(answer));
            match (pdu, result) {
                (Pdu::PrepareWriteRequest { value, .. }, Ok(())) => {
                    self.prepared = self.prepared.saturating_add(value.len())
                }
                (Pdu::PrepareWriteRequest { .. }, Err(error)) if self.prepared > 0 && error != Error::Disconnected => {
                    self.failed = Some(error);
                }
                (Pdu::ExecuteWriteRequest { flags: 0 }, _) => {
                    return Poll::Ready(Err(self.failed.unwrap_or(Error::Protocol)));
                }
                (_, result) => return Poll::Ready(result),
            }
        }
    }
}

impl<'d, O: AsRef<[u8]>> Step<'d> for WriteStep<O> {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<(), Error>> {
        let mtu = match core.link_info(self.link) {
            Ok(info) => usize::from(info.mtu),
            Err(error) => return Poll::Ready(Err(error)),
        };
        let needed = match self.mode {
            Mode::Answered => Properties::WRITE,
            Mode::Unanswered => Properties::WRITE_WITHOUT_RESPONSE,
        };
        if !self.properties.contains(needed) {
            return Poll::Ready(Err(Error::NotSupported));
        }
        match self.mode {
            Mode::Answered => self.request(core, now, mtu),
            Mode::Unanswered => match core.write_command(self.link, self.handle, self.value.as_ref()) {
                Err(Error::Busy) => Poll::Pending,
                result => Poll::Ready(result),
            },
        }
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.request.undo(core);
    }
    fn finish(_: Host<'d>, (): ()) {}
}
