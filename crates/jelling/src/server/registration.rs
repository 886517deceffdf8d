//! Registration (aioble's `register_services`): a transaction that builds a table and puts it in force as a whole.

use super::{Characteristic, Descriptor, Service};
use crate::core::Host;
use jelling_host::{
    Argument, AttributeId, CharacteristicSettings, Core, DescriptorSettings, Error, Hook, Hooks, OnAccess, Permissions,
    Properties, Protection, QueueId, ServiceSettings, Storage, wire::Uuid,
};

const CCCD: Uuid = Uuid::new16(0x2902);
/// Room for a value where nothing is said: aioble's default.
const DEFAULT_MAX_LEN: usize = 20;

/// A registration in the making. [`Registration::register`] puts it in the place of the table in force; dropped, it changes
/// nothing. While it is open there must be room for both tables, which share the default services.
#[derive(Debug)]
#[must_use = "a registration takes effect with `register`"]
pub struct Registration<'d> {
    host: Host<'d>,
    open: bool,
}

impl<'d> Host<'d> {
    /// Begins a registration, behind the GAP and the GATT service where [`Config::default_services`](crate::Config) is set: they take
    /// the first handles. `Busy` while another is open, `Full` where `Gatt` has no room for them.
    pub fn services(self) -> Result<Registration<'d>, Error> {
        let db = self.bare_services()?;
        self.ask(|core| core.add_default_services())?;
        Ok(db)
    }

    /// Begins a registration of nothing but what is added to it: any handle is free, and the table has no GAP and no GATT service
    /// unless they are among it.
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

/// Opens the queue of a capture: a program that has none does without the code.
type OpenCapture = fn(&mut Core<'_>, AttributeId, usize, usize) -> Result<QueueId, Error>;

/// What a characteristic or a descriptor may have beside its UUID.
#[derive(Clone, Copy, Debug)]
pub struct CharacteristicOptions<'a> {
    properties: Properties,
    protection: Protection,
    hooks: Hooks,
    handle: Option<u16>,
    value_handle: Option<u16>,
    initial: &'a [u8],
    constant: Option<&'static [u8]>,
    max_len: Option<usize>,
    fixed: bool,
    append: bool,
    cut: bool,
    capture: Option<(usize, OpenCapture)>,
    cccd: bool,
}

impl<'a> CharacteristicOptions<'a> {
    /// A value of up to 20 octets, empty at first, with permissions as the properties say and a CCCD where they need one.
    pub const fn new(properties: Properties) -> Self {
        CharacteristicOptions {
            properties,
            protection: Protection::OPEN,
            hooks: Hooks::DOOR,
            handle: None,
            value_handle: None,
            initial: &[],
            constant: None,
            max_len: None,
            fixed: false,
            append: false,
            cut: false,
            capture: None,
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

    /// A write of a peer that is longer than there is room for is cut, as aioble does it, and not answered with Invalid Attribute
    /// Value Length.
    #[must_use]
    pub const fn cut(mut self) -> Self {
        self.cut = true;
        self
    }

    /// Keeps each write of peers until `written` takes it, up to `depth` of them (16 at most). A write that finds no room is
    /// answered with Insufficient Resources; a write command is dropped and counted. Takes effect with `register`.
    #[must_use]
    pub const fn capture(mut self, depth: usize) -> Self {
        let open: OpenCapture = |core, id, depth, longest| core.open_capture(id, depth, longest);
        self.capture = if depth > 0 { Some((depth, open)) } else { None };
        self
    }

    /// What peers may do, whatever the properties show.
    #[must_use]
    pub const fn permissions(mut self, permissions: Permissions) -> Self {
        self.protection.permissions = Some(permissions);
        self
    }

    /// The smallest encryption key with which the value is read or written: 7 to 16 octets.
    #[must_use]
    pub const fn key_size(mut self, octets: u8) -> Self {
        self.protection.key_size = octets;
        self
    }

    /// Permissions and key size together.
    #[must_use]
    pub const fn protection(mut self, protection: Protection) -> Self {
        self.protection = protection;
        self
    }

    /// A function that is called for each read of a peer, after the door has let it through. It may refuse with an ATT error, or
    /// set the value that is then read. It runs in [`Runner::run`](crate::Runner::run), with the host's lock open.
    ///
    /// ```
    /// use jelling::{Access, CharacteristicOptions, ErrorCode, Properties};
    ///
    /// fn on_read(access: &Access<'_>) -> Result<(), ErrorCode> {
    ///     access.set(&sensor().ok_or(ErrorCode(0x80))?).map_err(|_| ErrorCode::UNLIKELY_ERROR)
    /// }
    /// # fn sensor() -> Option<i16> { None }
    ///
    /// let options = CharacteristicOptions::new(Properties::READ).on_read(on_read);
    /// ```
    #[must_use]
    pub const fn on_read(mut self, function: OnAccess) -> Self {
        self.hooks.read = Hook::call(function);
        self
    }

    /// A function that is called for each write of a peer before it takes effect, with an answer or without. It may refuse with
    /// an ATT error.
    #[must_use]
    pub const fn on_write(mut self, function: OnAccess) -> Self {
        self.hooks.write = Hook::call(function);
        self
    }

    /// Each read waits for [`Characteristic::read_requested`], 29 s at most; then the peer is answered Unlikely Error.
    #[must_use]
    pub const fn defer_reads(mut self) -> Self {
        self.hooks.read = Hook::DEFERRED;
        self
    }

    /// Each write waits for [`Characteristic::write_requested`], 29 s at most. Of writes without an answer one waits for each
    /// link: what comes meanwhile is dropped and counted.
    #[must_use]
    pub const fn defer_writes(mut self) -> Self {
        self.hooks.write = Hook::DEFERRED;
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

    fn open_capture(&self, core: &mut Core<'_>, id: AttributeId) -> Result<AttributeId, Error> {
        if let Some((depth, open)) = self.capture {
            let longest = self.max_len.unwrap_or(DEFAULT_MAX_LEN.max(self.initial.len()));
            open(core, id, depth, longest)?;
        }
        Ok(id)
    }

    fn storage(&self) -> Storage<'a> {
        match self.constant {
            Some(octets) => Storage::Constant(octets),
            None if self.fixed => Storage::Fixed(self.initial),
            None => {
                let room = self.max_len.unwrap_or(DEFAULT_MAX_LEN.max(self.initial.len()));
                if self.cut { Storage::Cut(room, self.initial) } else { Storage::Variable(room, self.initial) }
            }
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

    /// Adds a characteristic to `service`, which must be the last one; else `InvalidArgument(Order)`. On an error nothing is added.
    pub fn characteristic(
        &mut self,
        service: Service<'d>,
        uuid: Uuid,
        properties: Properties,
    ) -> Result<Characteristic<'d>, Error> {
        self.characteristic_with(service, uuid, &CharacteristicOptions::new(properties))
    }

    /// Adds a characteristic to `service`, which must be the last one; else `InvalidArgument(Order)`. On an error nothing is added.
    pub fn characteristic_with(
        &mut self,
        service: Service<'d>,
        uuid: Uuid,
        options: &CharacteristicOptions<'_>,
    ) -> Result<Characteristic<'d>, Error> {
        let updates = options.properties.intersects(Properties::NOTIFY | Properties::INDICATE);
        let settings = CharacteristicSettings {
            protection: options.protection,
            hooks: options.hooks,
            handle: options.handle,
            value_handle: options.value_handle,
            append: options.append,
            cccd: options.cccd && updates,
            ..CharacteristicSettings::new(uuid, options.properties, options.storage())
        };
        let id = self.add(service.id, options, |core| core.add_characteristic(&settings))?;
        Ok(Characteristic { host: self.host, service: service.id, id })
    }

    /// Adds a descriptor to `characteristic`, which must be the last one; else `InvalidArgument(Order)`. 2902 adds a CCCD. On an error
    /// nothing is added.
    pub fn descriptor(
        &mut self,
        characteristic: Characteristic<'d>,
        uuid: Uuid,
        options: &CharacteristicOptions<'_>,
    ) -> Result<Descriptor<'d>, Error> {
        // A CCCD has its own default.
        let permissions = options.protection.permissions.or((uuid != CCCD).then(|| {
            let mut permissions = Permissions::empty();
            permissions.set(Permissions::READ, options.properties.contains(Properties::READ));
            permissions.set(Permissions::WRITE, options.properties.contains(Properties::WRITE));
            permissions
        }));
        let settings = DescriptorSettings {
            uuid,
            protection: Protection { permissions, ..options.protection },
            hooks: options.hooks,
            handle: options.handle,
            storage: options.storage(),
        };
        let id = self.add(characteristic.id, options, |core| core.add_descriptor(&settings))?;
        Ok(Descriptor { host: self.host, characteristic: characteristic.id, id })
    }

    /// Adds an attribute to what must be the last one, with its capture, or changes nothing.
    fn add(
        &mut self,
        owner: AttributeId,
        options: &CharacteristicOptions<'_>,
        mut add: impl FnMut(&mut Core<'_>) -> Result<AttributeId, Error>,
    ) -> Result<AttributeId, Error> {
        self.host.ask(|core| {
            if !core.is_last(owner) {
                return Err(Error::InvalidArgument(Argument::Order));
            }
            core.all_or_nothing(|core| {
                let id = add(core)?;
                options.open_capture(core, id)
            })
        })
    }

    /// Puts the new table in the place of the one in force, whose handles are `Stale` from then on. `InvalidArgument(Handle)` where an
    /// include is of no service in it; then nothing changes.
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
