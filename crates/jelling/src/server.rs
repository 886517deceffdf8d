//! The GATT server (aioble's `server.py`): registration, values, what peers write and what they are told.

use crate::{
    Connection, ToOctets, Value,
    core::Host,
    gate::Topic,
    operation::{Operation, Step, Wait},
};
use ::core::{marker::PhantomData, task::Poll, time::Duration};
use jelling_host::{
    AttributeId, CharacteristicSettings, Core, DescriptorSettings, Error, IndicationTicket, Instant, LinkId,
    Permissions, Properties, ServiceSettings, Storage, Updates, wire::Uuid,
};

/// Room for a value where nothing is said: aioble's default.
const DEFAULT_MAX_LEN: usize = 20;

/// A registration in the making. [`Registration::register`] puts it in the place of the table in force; dropped, it changes
/// nothing. While it is open there must be room for both tables.
#[derive(Debug)]
#[must_use = "a registration takes effect with `register`"]
pub struct Registration<'d> {
    host: Host<'d>,
    open: bool,
}

impl<'d> Host<'d> {
    /// Begins a registration, with the GAP service (device name, appearance) in front. `Busy` while another is open.
    pub fn services(self) -> Result<Registration<'d>, Error> {
        let mut db = self.bare_services()?;
        let config = self.config();
        let gap = db.service(Uuid::new16(0x1800))?;
        let name = CharacteristicOptions::new(Properties::READ).constant(config.name.as_bytes());
        db.characteristic_with(gap, Uuid::new16(0x2a00), &name)?;
        let appearance = config.appearance.to_le_bytes();
        let appearance = CharacteristicOptions::new(Properties::READ).initial(&appearance).fixed();
        db.characteristic_with(gap, Uuid::new16(0x2a01), &appearance)?;
        Ok(db)
    }

    /// Begins a registration of nothing but what is added to it.
    pub fn bare_services(self) -> Result<Registration<'d>, Error> {
        self.ask(|core| core.begin_registration())?;
        Ok(Registration { host: self, open: true })
    }
}

/// What a service may have beside its UUID.
#[derive(Clone, Copy, Debug, Default)]
pub struct ServiceOptions {
    secondary: bool,
    handle: Option<u16>,
    end_handle: Option<u16>,
}

impl ServiceOptions {
    /// A primary service with the next handles.
    pub const fn new() -> Self {
        ServiceOptions { secondary: false, handle: None, end_handle: None }
    }

    /// A secondary service, of use only where another includes it.
    #[must_use]
    pub const fn secondary(mut self) -> Self {
        self.secondary = true;
        self
    }

    /// Its handle: above all before it.
    #[must_use]
    pub const fn handle(mut self, handle: u16) -> Self {
        self.handle = Some(handle);
        self
    }

    /// Its last handle; else the last attribute's.
    #[must_use]
    pub const fn end_handle(mut self, handle: u16) -> Self {
        self.end_handle = Some(handle);
        self
    }
}

/// What a characteristic or a descriptor may have beside its UUID.
#[derive(Clone, Copy, Debug)]
pub struct CharacteristicOptions<'a> {
    properties: Properties,
    permissions: Option<Permissions>,
    handle: Option<u16>,
    value_handle: Option<u16>,
    initial: &'a [u8],
    constant: Option<&'static [u8]>,
    max_len: Option<usize>,
    fixed: bool,
    append: bool,
    capture: usize,
    cccd: bool,
}

impl<'a> CharacteristicOptions<'a> {
    /// A value of up to 20 octets, empty at first, with permissions as the properties say and a CCCD where they need one.
    pub const fn new(properties: Properties) -> Self {
        CharacteristicOptions {
            properties,
            permissions: None,
            handle: None,
            value_handle: None,
            initial: &[],
            constant: None,
            max_len: None,
            fixed: false,
            append: false,
            capture: 0,
            cccd: true,
        }
    }

    /// The value at first.
    #[must_use]
    pub const fn initial(mut self, octets: &'a [u8]) -> Self {
        self.initial = octets;
        self
    }

    /// A value in flash that nobody can change.
    #[must_use]
    pub const fn constant(mut self, octets: &'static [u8]) -> Self {
        self.constant = Some(octets);
        self
    }

    /// Room for this many octets, 512 at most.
    #[must_use]
    pub const fn max_len(mut self, octets: usize) -> Self {
        self.max_len = Some(octets);
        self
    }

    /// The value is always as long as it is at first.
    #[must_use]
    pub const fn fixed(mut self) -> Self {
        self.fixed = true;
        self
    }

    /// A write of a peer adds to the value.
    #[must_use]
    pub const fn append(mut self) -> Self {
        self.append = true;
        self
    }

    /// Keeps each write of peers until `written` takes it, up to `depth` of them (16 at most). A write that finds no room is
    /// answered with Insufficient Resources; a write command is dropped and counted. Takes effect with `register`.
    #[must_use]
    pub const fn capture(mut self, depth: usize) -> Self {
        self.capture = depth;
        self
    }

    /// What peers may do, whatever the properties show.
    #[must_use]
    pub const fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = Some(permissions);
        self
    }

    /// The handle of the declaration, or of the descriptor.
    #[must_use]
    pub const fn handle(mut self, handle: u16) -> Self {
        self.handle = Some(handle);
        self
    }

    /// The handle of the value.
    #[must_use]
    pub const fn value_handle(mut self, handle: u16) -> Self {
        self.value_handle = Some(handle);
        self
    }

    /// No CCCD is added.
    #[must_use]
    pub const fn without_cccd(mut self) -> Self {
        self.cccd = false;
        self
    }

    fn storage(&self) -> Storage<'a> {
        match self.constant {
            Some(octets) => Storage::Constant(octets),
            None if self.fixed => Storage::Fixed(self.initial),
            None => Storage::Variable(self.max_len.unwrap_or(DEFAULT_MAX_LEN.max(self.initial.len())), self.initial),
        }
    }
}

impl<'d> Registration<'d> {
    /// Adds a primary service.
    pub fn service(&mut self, uuid: Uuid) -> Result<Service<'d>, Error> {
        self.service_with(uuid, &ServiceOptions::new())
    }

    /// Adds a service.
    pub fn service_with(&mut self, uuid: Uuid, options: &ServiceOptions) -> Result<Service<'d>, Error> {
        let settings = ServiceSettings {
            uuid,
            primary: !options.secondary,
            handle: options.handle,
            end_handle: options.end_handle,
        };
        let id = self.host.ask(|core| core.add_service(&settings))?;
        Ok(Service { host: self.host, id })
    }

    /// Adds an include of the service with handle `included`, which may be added later, to the last service.
    pub fn include(&mut self, handle: Option<u16>, included: u16) -> Result<(), Error> {
        self.host.ask(|core| core.add_include(handle, included)).map(|_| ())
    }

    /// Adds a characteristic to `service`, which must be the last one.
    pub fn characteristic(
        &mut self,
        service: Service<'d>,
        uuid: Uuid,
        properties: Properties,
    ) -> Result<Characteristic<'d>, Error> {
        self.characteristic_with(service, uuid, &CharacteristicOptions::new(properties))
    }

    /// Adds a characteristic to `service`, which must be the last one.
    pub fn characteristic_with(
        &mut self,
        service: Service<'d>,
        uuid: Uuid,
        options: &CharacteristicOptions<'_>,
    ) -> Result<Characteristic<'d>, Error> {
        let updates = options.properties.intersects(Properties::NOTIFY | Properties::INDICATE);
        let settings = CharacteristicSettings {
            uuid,
            properties: options.properties,
            permissions: options.permissions,
            handle: options.handle,
            value_handle: options.value_handle,
            storage: options.storage(),
            append: options.append,
            cccd: options.cccd && updates,
        };
        let longest = options.max_len.unwrap_or(DEFAULT_MAX_LEN.max(options.initial.len()));
        let id = self.host.ask(|core| {
            let id = core.add_characteristic(&settings)?;
            if options.capture > 0 {
                core.open_capture(id, options.capture, longest)?;
            }
            Ok(id)
        })?;
        Ok(Characteristic { host: self.host, service: service.id, id })
    }

    /// Adds a descriptor to `characteristic`, which must be the last one. 2902 adds a CCCD.
    pub fn descriptor(
        &mut self,
        characteristic: Characteristic<'d>,
        uuid: Uuid,
        options: &CharacteristicOptions<'_>,
    ) -> Result<Descriptor<'d>, Error> {
        let mut permissions = Permissions::empty();
        permissions.set(Permissions::READ, options.properties.contains(Properties::READ));
        permissions.set(Permissions::WRITE, options.properties.contains(Properties::WRITE));
        let settings = DescriptorSettings {
            uuid,
            permissions: options.permissions.unwrap_or(permissions),
            handle: options.handle,
            storage: options.storage(),
        };
        let id = self.host.ask(|core| core.add_descriptor(&settings))?;
        Ok(Descriptor { host: self.host, characteristic: characteristic.id, id })
    }

    /// Puts the new table in the place of the one in force, whose handles are `Stale` from then on.
    pub fn register(mut self) -> Result<(), Error> {
        self.open = false;
        self.host.ask(|core| core.commit_registration())
    }
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        if self.open {
            self.host.with(|core| core.discard_registration());
        }
    }
}

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

            /// Sets the value; no peer is told.
            pub fn write<T: ToOctets + ?Sized>(&self, value: &T) -> Result<(), Error> {
                self.host.ask(|core| core.write_local(self.id, value.to_octets().as_ref()))
            }

            /// Waits for a write of a peer, and gives who wrote and what; for ever unless `timeout` says otherwise.
            /// A write that came before the call counts. Without `capture` the last one wins.
            ///
            /// Dropping the future loses nothing.
            pub fn written<V: Value>(&self) -> Written<'d, V> {
                let step = WrittenStep { id: self.id, value: PhantomData };
                Operation::new(self.host, step, None)
            }

            /// As `written`, with the octets into `buffer`, as many as fit; gives their whole number.
            pub fn written_into<'b>(&self, buffer: &'b mut [u8]) -> WrittenInto<'d, 'b> {
                Operation::new(self.host, WrittenIntoStep { id: self.id, buffer }, None)
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

    /// Sets the value and tells every subscriber the latest one, as soon as its link has room: notified, else indicated.
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
        let step = NotifyStep { id: self.id, link: connection.id, value: value.to_octets() };
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
        let step = IndicateStep { id: self.id, link: connection.id, value: value.to_octets(), ticket: None };
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
    value: O,
}

impl<'d, O: AsRef<[u8]>> Step<'d> for NotifyStep<O> {
    type Raw = ();
    type Output = ();

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<(), Error>> {
        match core.notify(self.id, self.link, self.value.as_ref()) {
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
    value: O,
    ticket: Option<IndicationTicket>,
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
            None => match core.indicate(now, self.id, self.link, self.value.as_ref()) {
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
    value: PhantomData<fn() -> V>,
}

/// The next write into `buffer`: who, and how long it is.
fn take_write(core: &mut Core<'_>, id: AttributeId, buffer: &mut [u8]) -> Poll<Result<(LinkId, usize), Error>> {
    let taken = if core.is_captured(id) {
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
        Wait(Topic::Attribute(self.id.handle()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Self::Raw, Error>> {
        let mut buffer = V::EMPTY;
        take_write(core, self.id, buffer.as_mut()).map(|result| {
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
    buffer: &'b mut [u8],
}

impl<'d> Step<'d> for WrittenIntoStep<'_> {
    type Raw = (LinkId, usize);
    type Output = (Connection<'d>, usize);

    fn wait_for(&self) -> Wait {
        Wait(Topic::Attribute(self.id.handle()))
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<Self::Raw, Error>> {
        take_write(core, self.id, self.buffer)
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
