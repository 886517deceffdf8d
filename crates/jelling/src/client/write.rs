//! Writing values: with an answer or without, and in prepared parts what is longer than a PDU
//! (Vol 3, Part G, 4.9.1, 4.9.3 and 4.9.4).

use super::{ClientCharacteristic, ClientDescriptor, prepared::Writing};
use crate::{
    ToOctets,
    core::Host,
    operation::{Operation, Step, Wait},
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{Core, Error, Instant, LinkId, Properties, wire::att::Pdu};

/// aioble's time for a write.
pub(super) const TIMEOUT: Duration = Duration::from_secs(1);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// As the characteristic offers it.
    Offered,
    Answered,
    Unanswered,
    #[cfg(feature = "security")]
    Signed,
}

/// How a value goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Command,
    #[cfg(feature = "security")]
    SignedCommand,
    Request,
    Parts,
}

/// See [`ClientCharacteristic::write`].
pub type Write<'d, O> = Operation<'d, WriteStep<O>>;

/// See [`ClientCharacteristic::write`].
#[derive(Debug)]
pub struct WriteStep<O> {
    value: O,
    sending: Sending,
}

/// How far it is; the same for values of all types.
#[derive(Debug)]
struct Sending {
    handle: u16,
    mode: Mode,
    properties: Properties,
    way: Way,
    writing: Writing,
}

impl<'d> ClientCharacteristic<'d> {
    /// Writes a value, whole: 1 s at most; without an answer, until there is room.
    ///
    /// It is answered if the characteristic offers Write and not Write Without Response, unless the builder says otherwise. What
    /// is longer than MTU - 3 goes in prepared parts where Write is offered, else it is `TooLong`, as is what is longer than 512.
    /// `NotSupported` where neither is offered, `Gatt` with the peer's code, `Protocol` where it repeats a part otherwise.
    ///
    /// Dropping the future gives the bearer back when the answer has come; the value is then written as a whole or not at all.
    pub fn write<'a, T: ToOctets + ?Sized>(&self, value: &'a T) -> Write<'d, T::Octets<'a>> {
        write(self.host, self.link, self.value_handle, self.properties, Mode::Offered, value.to_octets())
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
    let sending = Sending { handle, mode, properties, way: Way::Request, writing: Writing::new(link) };
    Operation::new(host, WriteStep { value, sending }, Some(TIMEOUT))
}

impl<'d, O: AsRef<[u8]>> Write<'d, O> {
    /// With an answer.
    pub fn response(mut self) -> Self {
        self.step.sending.mode = Mode::Answered;
        self
    }

    /// Without an answer; what is longer than MTU - 3 is `TooLong`.
    pub fn no_response(mut self) -> Self {
        self.step.sending.mode = Mode::Unanswered;
        self
    }

    /// Without an answer and with a signature, where the characteristic offers that; without either on an encrypted link, which
    /// needs none (Vol 3, Part G, 4.9.2). What is longer than MTU - 15 is `TooLong`; `NoSigningKey` without a bond that has one.
    #[cfg(feature = "security")]
    pub fn signed(mut self) -> Self {
        self.step.sending.mode = Mode::Signed;
        self
    }
}

impl Sending {
    fn step(&mut self, core: &mut Core<'_>, now: Instant, value: &[u8]) -> Poll<Result<(), Error>> {
        let link = self.writing.link;
        if !self.writing.has_begun() {
            let way = core.link_info(link).and_then(|info| self.way(usize::from(info.mtu), value.len()));
            match way {
                Ok(way) => self.way = way,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let handle = self.handle;
        match self.way {
            Way::Command => match core.write_command(link, handle, value) {
                Err(Error::Busy) => Poll::Pending,
                result => Poll::Ready(result),
            },
            #[cfg(feature = "security")]
            Way::SignedCommand => match core.signed_write_command(link, handle, value) {
                Err(Error::Busy) => Poll::Pending,
                result => Poll::Ready(result),
            },
            Way::Request => {
                let answer = self.writing.request.go(core, now, link, &Pdu::WriteRequest { handle, value });
                answer.map(|answer| answer.map(|answer| core.free_answer(answer)))
            }
            Way::Parts => self.writing.step(core, now, &|item| (item == 0).then_some((handle, value))),
        }
    }

    fn way(&self, mtu: usize, length: usize) -> Result<Way, Error> {
        let [answered, unanswered] =
            [Properties::WRITE, Properties::WRITE_WITHOUT_RESPONSE].map(|offer| self.properties.contains(offer));
        let long = length > mtu.saturating_sub(3);
        match self.mode {
            Mode::Answered if !answered => Err(Error::NotSupported),
            Mode::Unanswered if !unanswered => Err(Error::NotSupported),
            #[cfg(feature = "security")]
            Mode::Signed if self.properties.contains(Properties::SIGNED_WRITE) => Ok(Way::SignedCommand),
            #[cfg(feature = "security")]
            Mode::Signed => Err(Error::NotSupported),
            Mode::Offered if !answered && !unanswered => Err(Error::NotSupported),
            // What does not fit a command is refused there.
            Mode::Unanswered => Ok(Way::Command),
            Mode::Offered if unanswered && !(long && answered) => Ok(Way::Command),
            _ if long => Ok(Way::Parts),
            _ => Ok(Way::Request),
        }
    }
}

impl<'d, O: AsRef<[u8]>> Step<'d> for WriteStep<O> {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(self.sending.writing.request.topic(self.sending.writing.link))
    }
    fn stands_until(&self) -> Option<Instant> {
        self.sending.writing.request.stands_until()
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<(), Error>> {
        self.sending.step(core, now, self.value.as_ref())
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.sending.writing.undo(core);
    }
    fn finish(_: Host<'d>, (): ()) {}
}
