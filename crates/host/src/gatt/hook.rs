//! Who decides on a read or a write beside the door: a function of the application, called with the lock open, or one of its
//! tasks, which answers later.

use super::{AttributeId, ToOctets, Value, attribute::AttributeFlags};
use crate::{
    Core,
    att::{QuestionId, Questions},
    error::Error,
    link::LinkId,
    security::Security,
};
use jelling_wire::{Address, att::ErrorCode};

/// What a peer asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum AccessKind {
    /// To read the value, or a part of it.
    #[default]
    Read,
    /// To write the value.
    Write,
}

/// A function that allows a read or a write, or refuses it with an ATT error: one of the specification, or of the application
/// (0x80 to 0x9f). Before it allows a read it may set the value that is then read.
pub type OnAccess = fn(&Access<'_>) -> Result<(), ErrorCode>;

/// Who decides on one direction. A host in which only doors decide has none of the code that asks anybody else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hook {
    function: Option<OnAccess>,
    by: Option<&'static Questions>,
}

impl Hook {
    /// The door alone.
    pub const DOOR: Hook = Hook { function: None, by: None };

    /// A task of the application, within 29 s; then the peer is answered Unlikely Error, for after 30 s it would end the bearer
    /// (Vol 3, Part F, 3.3.3).
    pub const DEFERRED: Hook = Hook { function: None, by: Some(&Questions::ASKED) };

    /// A function.
    pub const fn call(function: OnAccess) -> Hook {
        Hook { function: Some(function), by: Some(&Questions::ASKED) }
    }
}

/// Who decides on reads and on writes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Hooks {
    /// On reads.
    pub read: Hook,
    /// On writes.
    pub write: Hook,
}

impl Hooks {
    /// The door alone.
    pub const DOOR: Hooks = Hooks { read: Hook::DOOR, write: Hook::DOOR };

    pub(super) fn flags(&self) -> AttributeFlags {
        let mut flags = AttributeFlags::empty();
        flags.set(AttributeFlags::ASKS_READ, self.read.by.is_some());
        flags.set(AttributeFlags::ASKS_WRITE, self.write.by.is_some());
        flags
    }

    /// The code that asks, if there is anybody to ask.
    pub(super) fn questions(&self) -> Option<&'static Questions> {
        self.read.by.or(self.write.by)
    }

    /// The functions, if there are any.
    pub(super) fn functions(&self) -> Option<Hooked> {
        let hooked = Hooked { read: self.read.function, write: self.write.function };
        (hooked.read.is_some() || hooked.write.is_some()).then_some(hooked)
    }
}

/// The functions of an attribute.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hooked {
    pub(crate) read: Option<OnAccess>,
    pub(crate) write: Option<OnAccess>,
}

/// The way back into a host, for a function that is called with the lock open.
pub trait Gate {
    /// Runs `f` under the lock.
    fn enter(&self, f: &mut dyn FnMut(&mut Core<'_>));
}

/// A read or a write of a peer that waits for a function's word.
pub struct Access<'a> {
    gate: &'a dyn Gate,
    question: QuestionId,
}

impl core::fmt::Debug for Access<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Access").field("question", &self.question).finish_non_exhaustive()
    }
}

impl<'a> Access<'a> {
    /// The access that a question is about.
    pub fn new(gate: &'a dyn Gate, question: QuestionId) -> Self {
        Access { gate, question }
    }

    fn ask<R>(&self, f: impl FnOnce(&mut Core<'_>) -> Result<R, Error>) -> Result<R, Error> {
        let (mut f, mut result) = (Some(f), Err(Error::Busy));
        self.gate.enter(&mut |core| {
            if let Some(f) = f.take() {
                result = f(core);
            }
        });
        result
    }

    /// Read or write.
    pub fn kind(&self) -> AccessKind {
        self.question.kind()
    }

    /// The attribute's handle.
    pub fn handle(&self) -> u16 {
        self.question.attribute().handle()
    }

    /// Of a read, from which octet on: a long value is read in parts, and each part is asked for.
    pub fn offset(&self) -> usize {
        self.question.offset()
    }

    /// The link it came over.
    pub fn link(&self) -> LinkId {
        self.question.link()
    }

    /// The peer; `Disconnected` when it has left meanwhile, as from all the rest.
    pub fn peer(&self) -> Result<Address, Error> {
        self.ask(|core| core.link_info(self.link())).map(|info| info.peer)
    }

    /// How well its link is secured.
    pub fn security(&self) -> Result<Security, Error> {
        self.ask(|core| core.security(self.link()))
    }

    /// Of a write, the octets that the value is to have; as many as fit into `buffer`. Gives their whole number. Of a prepared
    /// write it is the value as it would stand then.
    pub fn value_into(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.ask(|core| core.question_value(self.question, buffer))
    }

    /// Of a write, what the value is to be; `InvalidValue` where it is no `V`.
    pub fn value<V: Value>(&self) -> Result<V, Error> {
        let mut buffer = V::EMPTY;
        let length = self.value_into(buffer.as_mut())?;
        buffer.as_ref().get(..length).and_then(V::decode).ok_or(Error::InvalidValue)
    }

    /// The value's octets as they stand, into `buffer`, as many as fit; gives their whole number.
    pub fn stored_into(&self, buffer: &mut [u8]) -> Result<usize, Error> {
        self.ask(|core| core.read_local(self.question.attribute(), buffer))
    }

    /// Sets the value: what the peer then reads.
    pub fn set<T: ToOctets + ?Sized>(&self, value: &T) -> Result<(), Error> {
        self.ask(|core| core.write_local(self.question.attribute(), value.to_octets().as_ref()))
    }
}

impl AttributeId {
    /// An attribute of the table in force.
    pub(crate) fn in_force(core: &Core<'_>, handle: u16) -> Self {
        AttributeId { handle, generation: core.state.table.generation }
    }
}
