//! The GATT server (aioble's `server.py`): values, what peers write and what they are told.

mod registration;
mod requested;
mod several;

pub use registration::{CharacteristicOptions, Registration, ServiceOptions};
pub use requested::{ReadRequest, ReadRequested, WriteRequest, WriteRequested};
pub use several::NotifySeveral;

use crate::{
    Connection, ToOctets, Value,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::{marker::PhantomData, task::Poll, time::Duration};
use jelling_host::{
    AttributeId, Core, Error, IndicationTicket, Instant, LinkId, Payload, Properties, Recipient, Updates, wire::Uuid,
};

/// A service of ours.
#[derive(Clone, Copy, Debug)]
pub struct Service<'d> {
    host: Host<'d>,
    id: AttributeId,
}

impl Service<'_> {
    /// Its UUID.
    pub fn uuid(&self) -> Result<Uuid, Error> {
        self.host.ask(|core| core.attribute_uuid(self.id))
    }

    /// Its handle.
    pub fn handle(&self) -> u16 {
        self.id.handle()
    }
}

macro_rules! local_value {
    ($name:ident) => {
        impl<'d> $name<'d> {
            /// Its UUID.
            pub fn uuid(&self) -> Result<Uuid, Error> {
                self.host.ask(|core| core.attribute_uuid(self.id))
            }

            /// The handle of its value.
            pub fn handle(&self) -> u16 {
                self.id.handle()
            }

            /// The value.
            pub fn read<V: Value>(&self) -> Result<V, Error> {
                let mut buffer = V::EMPTY;
                let length = self.read_into(buffer.as_mut())?;
                buffer.as_ref().get(..length).and_then(V::decode).ok_or(Error::InvalidValue)
            }

            /// The value's octets into `buffer`, as many as fit; gives its whole length.
            pub fn read_into(&self, buffer: &mut [u8]) -> Result<usize, Error> {
                self.host.ask(|core| core.read_local(self.id, buffer))
            }

            /// Sets the value; no peer is told. `TooLong` where there is no room for it, `InvalidValue` where it is shorter than a value
            /// of fixed length, `NotSupported` where the value is a constant, `Stale` where another table has taken this one's place.
            pub fn write<T: ToOctets + ?Sized>(&self, value: &T) -> Result<(), Error> {
                self.host.ask(|core| core.write_local(self.id, value.to_octets().as_ref()))
            }

            /// Waits for a write of a peer, and gives who wrote and what; for ever unless `timeout` says otherwise.
            /// A write that came before the call counts. Without `capture` the last one wins.
            ///
            /// Dropping the future loses nothing.
            pub fn written<V: Value>(&self) -> Written<'d, V> {
                let step = WrittenStep { id: self.id, queue: None, value: PhantomData };
                Operation::new(self.host, step, None)
            }

            /// As `written`, with the octets into `buffer`, as many as fit; gives their whole number.
            pub fn written_into<'b>(&self, buffer: &'b mut [u8]) -> WrittenInto<'d, 'b> {
                Operation::new(self.host, WrittenIntoStep { id: self.id, queue: None, buffer }, None)
            }
        }
    };
}

/// A characteristic of ours.
#[derive(Clone, Copy, Debug)]
pub struct Characteristic<'d> {
    host: Host<'d>,
    service: AttributeId,
    id: AttributeId,
}

/// A descriptor of ours.
#[derive(Clone, Copy, Debug)]
pub struct Descriptor<'d> {
    host: Host<'d>,
    characteristic: AttributeId,
    id: AttributeId,
}

local_value! { Characteristic }
local_value! { Descriptor }

impl Descriptor<'_> {
    /// The handle of its characteristic's value.
    pub fn characteristic_handle(&self) -> u16 {
        self.characteristic.handle()
    }
}

impl<'d> Characteristic<'d> {
    /// Its service.
    pub fn service(&self) -> Service<'d> {
        Service { host: self.host, id: self.service }
    }

    /// Its properties, aioble's `flags`.
    pub fn properties(&self) -> Result<Properties, Error> {
        self.host.ask(|core| core.attribute_properties(self.id))
    }

    /// Sets the value and tells every subscriber the latest one, as soon as its link has room: notified, else indicated. The errors
    /// are those of `write`.
    pub fn update<T: ToOctets + ?Sized>(&self, value: &T) -> Result<(), Error> {
        self.host.ask(|core| core.update(self.id, value.to_octets().as_ref()))
    }

    /// Notifies a subscriber of `value`, waiting for room; the stored value stays. `NotSubscribed` where the peer did not ask.
    /// What is longer than MTU - 3 is `TooLong`. No timeout unless one is set.
    ///
    /// Dropping the future before it is done sends nothing.
    pub fn notify<'a, T: ToOctets + ?Sized>(
        &self,
        connection: &Connection<'d>,
        value: &'a T,
    ) -> Notify<'d, T::Octets<'a>> {
        self.notifying(connection, Some(value.to_octets()))
    }

    /// Notifies a subscriber of the stored value, as it is when it leaves, cut to MTU - 3 octets.
    ///
    /// Dropping the future before it is done sends nothing.
    pub fn notify_stored(&self, connection: &Connection<'d>) -> Notify<'d, &'static [u8]> {
        self.notifying(connection, None)
    }

    fn notifying<O: AsRef<[u8]>>(&self, connection: &Connection<'d>, value: Option<O>) -> Notify<'d, O> {
        let step = NotifyStep { id: self.id, link: connection.id, value, recipient: Recipient::Subscriber };
        Operation::new(self.host, step, None)
    }

    /// Notifies if there is room now, else `Busy`.
    pub fn try_notify<T: ToOctets + ?Sized>(&self, connection: &Connection<'d>, value: &T) -> Result<(), Error> {
        self.host.ask(|core| core.notify(self.id, connection.id, value.to_octets().as_ref()))
    }

    /// Indicates `value` to a subscriber and waits for its confirmation, 1 s at most; the stored value stays.
    ///
    /// Dropped after it was sent, its confirmation is awaited by nobody; the next indication goes after it.
    pub fn indicate<'a, T: ToOctets + ?Sized>(
        &self,
        connection: &Connection<'d>,
        value: &'a T,
    ) -> Indicate<'d, T::Octets<'a>> {
        self.indicating(connection, Some(value.to_octets()))
    }

    /// Indicates the stored value, as it is when it leaves, cut to MTU - 3 octets, and waits for its confirmation, 1 s at most.
    pub fn indicate_stored(&self, connection: &Connection<'d>) -> Indicate<'d, &'static [u8]> {
        self.indicating(connection, None)
    }

    fn indicating<O: AsRef<[u8]>>(&self, connection: &Connection<'d>, value: Option<O>) -> Indicate<'d, O> {
        let recipient = Recipient::Subscriber;
        let step = IndicateStep { id: self.id, link: connection.id, value, recipient, ticket: None };
        Operation::new(self.host, step, Some(Duration::from_secs(1)))
    }

    /// What a peer has subscribed to.
    pub fn subscribed(&self, connection: &Connection<'d>) -> Result<Updates, Error> {
        self.host.ask(|core| core.subscribed(self.id, connection.id))
    }

    /// Waits until a peer subscribes, or no longer does; gives who, and to what now.
    ///
    /// Dropping the future loses nothing.
    pub fn subscription_changed(&self) -> SubscriptionChanged<'d> {
        Operation::new(self.host, SubscriptionChangedStep(self.id), None)
    }
}

/// See [`Characteristic::notify`].
pub type Notify<'d, O> = Operation<'d, NotifyStep<O>>;

/// See [`Characteristic::notify`].
#[derive(Debug)]
pub struct NotifyStep<O> {
    id: AttributeId,
    link: LinkId,
    value: Option<O>,
    recipient: Recipient,
}

impl<O: AsRef<[u8]>> Notify<'_, O> {
    /// Sends it though the peer may not have subscribed, as aioble does.
    pub fn forced(mut self) -> Self {
        self.step.recipient = Recipient::Anyone;
        self
    }
}

/// What is to be sent: given octets, or else the stored value.
fn payload<O: AsRef<[u8]>>(value: &Option<O>) -> Payload<'_> {
    value.as_ref().map_or(Payload::Stored, |value| Payload::Given(value.as_ref()))
}

impl<'d, O: AsRef<[u8]>> Step<'d> for NotifyStep<O> {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        match core.notify_as(self.id, self.link, payload(&self.value), self.recipient) {
            Err(Error::Busy) => Poll::Pending,
            result => Poll::Ready(result),
        }
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, (): ()) {}
}

/// See [`Characteristic::indicate`].
pub type Indicate<'d, O> = Operation<'d, IndicateStep<O>>;

/// See [`Characteristic::indicate`].
#[derive(Debug)]
pub struct IndicateStep<O> {
    id: AttributeId,
    link: LinkId,
    value: Option<O>,
    recipient: Recipient,
    ticket: Option<IndicationTicket>,
}

impl<O: AsRef<[u8]>> Indicate<'_, O> {
    /// Sends it though the peer may not have subscribed, as aioble does.
    pub fn forced(mut self) -> Self {
        self.step.recipient = Recipient::Anyone;
        self
    }
}

impl<'d, O: AsRef<[u8]>> Step<'d> for IndicateStep<O> {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<(), Error>> {
        let ticket = match self.ticket {
            Some(ticket) => ticket,
            None => match core.indicate_as(now, self.id, self.link, payload(&self.value), self.recipient) {
                Ok(ticket) => *self.ticket.insert(ticket),
                Err(Error::Busy) => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            },
        };
        let result = core.confirmed(ticket);
        if result.is_ready() {
            self.ticket = None;
        }
        result
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        if let Some(ticket) = self.ticket.take() {
            core.abandon_indication(ticket);
        }
    }
    fn finish(_: Host<'d>, (): ()) {}
}

/// See [`Characteristic::written`].
pub type Written<'d, V> = Operation<'d, WrittenStep<V>>;

/// See [`Characteristic::written`].
#[derive(Debug)]
pub struct WrittenStep<V> {
    id: AttributeId,
    queue: Option<u8>,
    value: PhantomData<fn() -> V>,
}

/// Where the next write is told of.
fn write_topic(id: AttributeId, queue: Option<u8>) -> Wait {
    let handle = id.handle();
    Wait(queue.map_or(Topic::Attribute(handle), |queue| Topic::Captured(queue, handle)))
}

/// The next write into `buffer`: who, and how long it is.
fn take_write(
    core: &mut Core<'_>,
    id: AttributeId,
    queue: &mut Option<u8>,
    buffer: &mut [u8],
) -> Poll<Result<(LinkId, usize), Error>> {
    *queue = core.capture_of(id);
    let taken = if queue.is_some() {
        core.take_captured(id, buffer)
    } else {
        match core.take_written(id) {
            Poll::Ready(Ok(link)) => Poll::Ready(core.read_local(id, buffer).map(|length| (link, length))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Pending => Poll::Pending,
        }
    };
    if let Poll::Ready(Ok((link, _))) = taken {
        core.retain(link);
    }
    taken
}

impl<'d, V: Value> Step<'d> for WrittenStep<V> {
    type Raw = (LinkId, V);
    type Output = (Connection<'d>, V);

    fn wait_for(&self) -> Wait {
        write_topic(self.id, self.queue)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Self::Raw, Error>> {
        let mut buffer = V::EMPTY;
        take_write(core, self.id, &mut self.queue, buffer.as_mut()).map(|result| {
            let (link, length) = result?;
            match buffer.as_ref().get(..length).and_then(V::decode) {
                Some(value) => Ok((link, value)),
                None => {
                    core.release(link);
                    Err(Error::InvalidValue)
                }
            }
        })
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(host: Host<'d>, (link, value): Self::Raw) -> Self::Output {
        (Connection::counted(host, link), value)
    }
}

/// See [`Characteristic::written_into`].
pub type WrittenInto<'d, 'b> = Operation<'d, WrittenIntoStep<'b>>;

/// See [`Characteristic::written_into`].
#[derive(Debug)]
pub struct WrittenIntoStep<'b> {
    id: AttributeId,
    queue: Option<u8>,
    buffer: &'b mut [u8],
}

impl<'d> Step<'d> for WrittenIntoStep<'_> {
    type Raw = (LinkId, usize);
    type Output = (Connection<'d>, usize);

    fn wait_for(&self) -> Wait {
        write_topic(self.id, self.queue)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Self::Raw, Error>> {
        take_write(core, self.id, &mut self.queue, self.buffer)
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(host: Host<'d>, (link, length): Self::Raw) -> Self::Output {
        (Connection::counted(host, link), length)
    }
}

/// See [`Characteristic::subscription_changed`].
pub type SubscriptionChanged<'d> = Operation<'d, SubscriptionChangedStep>;

/// See [`Characteristic::subscription_changed`].
#[derive(Debug)]
pub struct SubscriptionChangedStep(AttributeId);

impl<'d> Step<'d> for SubscriptionChangedStep {
    type Raw = (LinkId, Updates);
    type Output = (Connection<'d>, Updates);

    fn wait_for(&self) -> Wait {
        Wait(Topic::Attribute(self.0.handle()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Self::Raw, Error>> {
        let taken = core.take_subscription_change(self.0);
        if let Poll::Ready(Ok((link, _))) = taken {
            core.retain(link);
        }
        taken
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(host: Host<'d>, (link, updates): Self::Raw) -> Self::Output {
        (Connection::counted(host, link), updates)
    }
}
