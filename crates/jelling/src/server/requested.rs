//! Reads and writes of peers on which a task of the application decides (aioble's `on_read`, at leisure).

use super::{Characteristic, Descriptor};
use crate::{
    Connection, ToOctets, Value,
    core::Host,
    gate::now,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::task::Poll;
use jelling_host::{AccessKind, AttributeId, Core, Error, Instant, QuestionId, wire::att::ErrorCode};

/// A question, and the connection it came over. Dropped, it is answered Unlikely Error.
#[derive(Debug)]
struct Asked<'d> {
    connection: Connection<'d>,
    question: QuestionId,
    open: bool,
}

impl Asked<'_> {
    fn answer(mut self, word: Result<(), ErrorCode>) -> Result<(), Error> {
        self.open = false;
        self.connection.host.ask(|core| core.answer_question(now(), self.question, word))
    }
}

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        if self.open {
            let refusal = Err(ErrorCode::UNLIKELY_ERROR);
            // A peer that has left is owed nothing.
            let _ = self.connection.host.ask(|core| core.answer_question(now(), self.question, refusal));
        }
    }
}

/// A peer reads a value whose reads are deferred. Dropped, it is answered Unlikely Error.
#[derive(Debug)]
#[must_use = "the peer waits for the answer"]
pub struct ReadRequest<'d>(Asked<'d>);

/// A peer writes a value whose writes are deferred. Dropped, it is answered Unlikely Error.
#[derive(Debug)]
#[must_use = "the peer waits for the answer"]
pub struct WriteRequest<'d>(Asked<'d>);

macro_rules! request {
    ($name:ident) => {
        impl<'d> $name<'d> {
            /// Who asks.
            pub fn connection(&self) -> &Connection<'d> {
                &self.0.connection
            }

            /// Lets it happen. `Disconnected` where the peer has left, `Timeout` where 29 s are over and it has been answered.
            pub fn accept(self) -> Result<(), Error> {
                self.0.answer(Ok(()))
            }

            /// Refuses with an ATT error: one of the specification, or of the application (0x80 to 0x9f).
            pub fn refuse(self, code: ErrorCode) -> Result<(), Error> {
                self.0.answer(Err(code))
            }
        }
    };
}

request! { ReadRequest }
request! { WriteRequest }

impl ReadRequest<'_> {
    /// From which octet on: a long value is read in parts, and each part is asked for.
    pub fn offset(&self) -> usize {
        self.0.question.offset()
    }

    /// Sets the value and lets the peer read it: this one, whatever another request is answered meanwhile.
    pub fn answer<T: ToOctets + ?Sized>(mut self, value: &T) -> Result<(), Error> {
        let Asked { connection, question, open } = &mut self.0;
        connection.host.ask(|core| {
            core.write_local(question.attribute(), value.to_octets().as_ref())?;
            *open = false;
            core.answer_question(now(), *question, Ok(()))
        })
    }
}

impl WriteRequest<'_> {
    /// What the value is to be; `InvalidValue` where it is no `V`.
    pub fn value<V: Value>(&self) -> Result<V, Error> {
        let mut buffer = V::EMPTY;
        let length = self.value_into(buffer.as_mut())?;
        buffer.as_ref().get(..length).and_then(V::decode).ok_or(Error::InvalidValue)
    }

    /// The octets that the value is to have, as many as fit into `buffer`; gives their whole number.
    pub fn value_into(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.0.connection.host.ask(|core| core.question_value(self.0.question, buffer))
    }
}

/// See [`Characteristic::read_requested`].
pub type ReadRequested<'d> = Operation<'d, RequestedStep<ReadRequest<'d>>>;
/// See [`Characteristic::write_requested`].
pub type WriteRequested<'d> = Operation<'d, RequestedStep<WriteRequest<'d>>>;

/// See [`Characteristic::read_requested`].
pub struct RequestedStep<R> {
    id: AttributeId,
    kind: AccessKind,
    request: ::core::marker::PhantomData<fn() -> R>,
}

impl<R> ::core::fmt::Debug for RequestedStep<R> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("RequestedStep").field("id", &self.id).field("kind", &self.kind).finish()
    }
}

/// One of the two requests, of its parts.
#[doc(hidden)]
pub trait Made<'d> {
    fn made(connection: Connection<'d>, question: QuestionId) -> Self;
}

impl<'d> Made<'d> for ReadRequest<'d> {
    fn made(connection: Connection<'d>, question: QuestionId) -> Self {
        ReadRequest(Asked { connection, question, open: true })
    }
}

impl<'d> Made<'d> for WriteRequest<'d> {
    fn made(connection: Connection<'d>, question: QuestionId) -> Self {
        WriteRequest(Asked { connection, question, open: true })
    }
}

impl<'d, R: Made<'d>> Step<'d> for RequestedStep<R> {
    type Raw = QuestionId;
    type Output = R;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Attribute(self.id.handle()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<QuestionId, Error>> {
        let taken = core.take_question(self.id, self.kind);
        if let Poll::Ready(Ok(question)) = taken {
            core.retain(question.link());
        }
        taken
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(host: Host<'d>, question: QuestionId) -> R {
        R::made(Connection::counted(host, question.link()), question)
    }
}

fn requested<'d, R: Made<'d>>(host: Host<'d>, id: AttributeId, kind: AccessKind) -> Operation<'d, RequestedStep<R>> {
    Operation::new(host, RequestedStep { id, kind, request: ::core::marker::PhantomData }, None)
}

macro_rules! deferred {
    ($name:ident) => {
        impl<'d> $name<'d> {
            /// Waits for a read of a peer, where reads are deferred
            /// ([`defer_reads`](super::CharacteristicOptions::defer_reads)); for ever unless `timeout` says otherwise.
            ///
            /// Dropping the future loses nothing.
            pub fn read_requested(&self) -> ReadRequested<'d> {
                requested(self.host, self.id, AccessKind::Read)
            }

            /// Waits for a write of a peer, where writes are deferred
            /// ([`defer_writes`](super::CharacteristicOptions::defer_writes)); for ever unless `timeout` says otherwise.
            ///
            /// Dropping the future loses nothing.
            pub fn write_requested(&self) -> WriteRequested<'d> {
                requested(self.host, self.id, AccessKind::Write)
            }
        }
    };
}

deferred! { Characteristic }
deferred! { Descriptor }
