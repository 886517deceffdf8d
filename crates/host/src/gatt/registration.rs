//! Registration as a transaction: a new table is built behind the one in force and takes its place as a whole,
//! or disappears. Values stand in the arena from the start, so they can be set before.

use super::{
    AttributeId, Hooks, Permissions, Properties, Protection,
    attribute::{Attribute, AttributeFlags, Backing, Kind},
};
use crate::{
    Core,
    error::{Argument, Error, Resource},
    event::HostNews,
};
use jelling_wire::{Uuid, copy};

/// The longest value (Vol 3, Part F, 3.2.9).
const LONGEST: usize = 512;

/// Where a value stands, and how long it may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storage<'a> {
    /// In flash; nobody can change it.
    Constant(&'static [u8]),
    /// In the arena, always as long as its initial octets.
    Fixed(&'a [u8]),
    /// In the arena, with room for this many octets, of which these are there first.
    Variable(usize, &'a [u8]),
    /// As `Variable`; a peer's write that is longer is cut, and not refused.
    Cut(usize, &'a [u8]),
}

/// A service to be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Its UUID.
    pub uuid: Uuid,
    /// Primary, or else secondary.
    pub primary: bool,
    /// Its handle; the next one where none is stated.
    pub handle: Option<u16>,
    /// Its last handle; the last attribute's where none is stated.
    pub end_handle: Option<u16>,
}

impl ServiceSettings {
    /// A primary service with the next handles.
    pub const fn primary(uuid: Uuid) -> Self {
        ServiceSettings { uuid, primary: true, handle: None, end_handle: None }
    }

    /// A secondary service with the next handles.
    pub const fn secondary(uuid: Uuid) -> Self {
        ServiceSettings { primary: false, ..Self::primary(uuid) }
    }
}

/// A characteristic to be registered: declaration, value, and a CCCD if asked for.
#[derive(Clone, Copy, Debug)]
pub struct CharacteristicSettings<'a> {
    /// Its UUID.
    pub uuid: Uuid,
    /// What the declaration shows.
    pub properties: Properties,
    /// What its door demands; a CCCD that follows demands the same of who subscribes.
    pub protection: Protection,
    /// Who decides on reads and writes beside the door.
    pub hooks: Hooks,
    /// The declaration's handle.
    pub handle: Option<u16>,
    /// The value's handle.
    pub value_handle: Option<u16>,
    /// The value.
    pub storage: Storage<'a>,
    /// A peer's write adds to the value instead of replacing it.
    pub append: bool,
    /// A CCCD follows.
    pub cccd: bool,
}

impl<'a> CharacteristicSettings<'a> {
    /// A characteristic with the next handles, whose door is open as its properties say, without a CCCD.
    pub const fn new(uuid: Uuid, properties: Properties, storage: Storage<'a>) -> Self {
        CharacteristicSettings {
            uuid,
            properties,
            protection: Protection::OPEN,
            hooks: Hooks::DOOR,
            handle: None,
            value_handle: None,
            storage,
            append: false,
            cccd: false,
        }
    }
}

/// A descriptor to be registered.
#[derive(Clone, Copy, Debug)]
pub struct DescriptorSettings<'a> {
    /// Its UUID. 2902 makes a CCCD, whatever the rest says.
    pub uuid: Uuid,
    /// What its door demands; where no permissions are stated, it can be read.
    pub protection: Protection,
    /// Who decides on reads and writes beside the door.
    pub hooks: Hooks,
    /// Its handle.
    pub handle: Option<u16>,
    /// Its value.
    pub storage: Storage<'a>,
}

impl Core<'_> {
    /// Begins a registration of nothing but what is added to it. `Busy` while another is under way.
    pub fn begin_registration(&mut self) -> Result<(), Error> {
        let table = &mut self.state.table;
        if table.building {
            return Err(Error::Busy);
        }
        table.building = true;
        table.pending = 0;
        table.pending_octets = 0;
        (table.kept, table.kept_octets) = (0, 0);
        (table.pending_defaults, table.pending_default_octets) = (0, 0);
        table.pending_generation = table.pending_generation.wrapping_add(1);
        if table.pending_generation == table.generation {
            table.pending_generation = table.pending_generation.wrapping_add(1);
        }
        Ok(())
    }

    /// Drops what was built.
    pub fn discard_registration(&mut self) {
        let table = &mut self.state.table;
        if core::mem::take(&mut table.building) {
            let (first, count) = (table.length, table.pending);
            self.close_captures(first, count);
        }
    }

    /// Puts what was built in the place of the table in force. `InvalidArgument(Handle)` where an include is of no service in it;
    /// then it is dropped.
    pub fn commit_registration(&mut self) -> Result<(), Error> {
        if !self.state.table.building {
            return Err(Error::Stale);
        }
        if self.includes_nothing() {
            self.discard_registration();
            return Err(Error::InvalidArgument(Argument::Handle));
        }
        let table = self.state.table;
        let (last, followed) = (self.last_handle(), self.note_followers());
        // The default services stay where they are, if the new table has the same.
        let (kept, kept_octets) = (usize::from(table.kept), usize::from(table.kept_octets));
        self.close_captures(table.kept, table.length.saturating_sub(table.kept));
        let moved = |at: u16| at.saturating_sub(table.octets).saturating_add(table.kept_octets);
        let (from, octets_from) = (usize::from(table.length), usize::from(table.octets));
        for i in 0..usize::from(table.pending) {
            let Some(mut attribute) = self.attributes.get(from.saturating_add(i)).copied() else { break };
            attribute.offset = moved(attribute.offset);
            if attribute.flags.contains(AttributeFlags::LONG_UUID) {
                attribute.uuid = moved(attribute.uuid);
            }
            if let Some(slot) = self.attributes.get_mut(kept.saturating_add(i)) {
                *slot = attribute;
            }
        }
        for i in 0..usize::from(table.pending_octets) {
            let octet = self.values.get(octets_from.saturating_add(i)).copied().unwrap_or(0);
            if let Some(slot) = self.values.get_mut(kept_octets.saturating_add(i)) {
                *slot = octet;
            }
        }
        let table = &mut self.state.table;
        if table.kept == 0 {
            (table.defaults, table.default_octets) = (table.pending_defaults, table.pending_default_octets);
        }
        table.length = table.kept.saturating_add(table.pending);
        table.octets = table.kept_octets.saturating_add(table.pending_octets);
        table.generation = table.pending_generation;
        table.building = false;
        self.keep_followers(followed);
        self.refresh_default_services();
        #[cfg(feature = "security")]
        self.hash_table();
        // Prepared writes were for the old table.
        for index in 0..self.links.len() {
            self.lose_prepared(index);
        }
        self.ask_anew();
        self.table_changed(last);
        // Whoever waits for an attribute of the old table learns that it is gone.
        self.state.news |= HostNews::HOST;
        Ok(())
    }

    /// True where an include in what was built is of a handle that is no service's.
    fn includes_nothing(&self) -> bool {
        let table = &self.state.table;
        let kept = self.attributes.get(..usize::from(table.kept)).unwrap_or_default();
        let pending = self.attributes.get(usize::from(table.length)..).unwrap_or_default();
        let pending = pending.get(..usize::from(table.pending)).unwrap_or_default();
        let is_there = |handle| kept.iter().chain(pending).any(|a| a.is_service() && a.handle == handle);
        pending.iter().any(|a| a.kind == Kind::Include && !is_there(a.other))
    }

    fn last_pending(&self) -> Option<&Attribute> {
        let table = &self.state.table;
        let at = match table.pending.checked_sub(1) {
            Some(last) => table.length.saturating_add(last),
            None => table.kept.checked_sub(1)?,
        };
        self.attributes.get(usize::from(at))
    }

    fn next_handle(&self, wanted: Option<u16>) -> Result<u16, Error> {
        let last = self.last_pending().map_or(0, |a| a.handle);
        match wanted {
            Some(handle) if handle > last => Ok(handle),
            Some(_) => Err(Error::InvalidArgument(Argument::Handle)),
            None => last.checked_add(1).ok_or(Error::Full(Resource::Handles)),
        }
    }

    fn allocate(&mut self, octets: usize) -> Result<u16, Error> {
        let table = &mut self.state.table;
        let start = usize::from(table.octets).saturating_add(usize::from(table.pending_octets));
        let full = Error::Full(Resource::Values);
        if start.saturating_add(octets) > self.values.len() {
            return Err(full);
        }
        table.pending_octets = table.pending_octets.saturating_add(u16::try_from(octets).map_err(|_| full)?);
        if let Some(fresh) = self.values.get_mut(start..start.saturating_add(octets)) {
            fresh.fill(0);
        }
        u16::try_from(start).map_err(|_| full)
    }

    fn push(&mut self, mut attribute: Attribute, uuid: Uuid) -> Result<u16, Error> {
        if !self.state.table.building {
            return Err(Error::Stale);
        }
        match uuid.as_u16() {
            Some(short) => attribute.uuid = short,
            None => {
                attribute.uuid = self.allocate(16)?;
                attribute.flags.insert(AttributeFlags::LONG_UUID);
                let start = usize::from(attribute.uuid);
                let slot = self.values.get_mut(start..start.saturating_add(16)).unwrap_or_default();
                uuid.with_le_bytes(|octets| copy(slot, octets));
            }
        }
        let table = &mut self.state.table;
        let at = usize::from(table.length).saturating_add(usize::from(table.pending));
        let slot = self.attributes.get_mut(at).ok_or(Error::Full(Resource::Attributes))?;
        *slot = attribute;
        table.pending = table.pending.saturating_add(1);
        Ok(attribute.handle)
    }

    fn store_initial(&mut self, attribute: &mut Attribute, storage: Storage<'_>) -> Result<(), Error> {
        let (capacity, initial) = match storage {
            // What a function decides on stands in the arena, for it may set the value.
            Storage::Constant(octets) if matches!(attribute.backing, Backing::Hooked(_)) => (octets.len(), octets),
            Storage::Constant(octets) => {
                attribute.backing = Backing::Constant(octets);
                if octets.len() > LONGEST { return Err(Error::TooLong) } else { return Ok(()) }
            }
            Storage::Fixed(octets) => (octets.len(), octets),
            Storage::Variable(capacity, octets) => {
                attribute.flags.insert(AttributeFlags::VARIABLE);
                (capacity, octets)
            }
            Storage::Cut(capacity, octets) => {
                attribute.flags.insert(AttributeFlags::VARIABLE | AttributeFlags::CUTS);
                (capacity, octets)
            }
        };
        if initial.len() > capacity || capacity > LONGEST {
            return Err(Error::TooLong);
        }
        attribute.offset = self.allocate(capacity)?;
        attribute.capacity = u16::try_from(capacity).unwrap_or(0);
        attribute.length = u16::try_from(initial.len()).unwrap_or(0);
        let start = usize::from(attribute.offset);
        copy(self.values.get_mut(start..start.saturating_add(capacity)).unwrap_or_default(), initial);
        Ok(())
    }

    /// Adds several things to the registration, or, where one of them fails, none of them.
    pub fn all_or_nothing<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let before = self.state.table;
        let result = work(self);
        if result.is_err() {
            let added = self.state.table.pending.saturating_sub(before.pending);
            self.close_captures(before.length.saturating_add(before.pending), added);
            self.state.table = before;
        }
        result
    }

    /// True where a service, or the value of a characteristic, is the last of the registration: what is added belongs to it.
    pub fn is_last(&self, id: AttributeId) -> bool {
        let table = &self.state.table;
        let pending = self.attributes.get(usize::from(table.length)..).unwrap_or_default();
        let pending = pending.get(..usize::from(table.pending)).unwrap_or_default();
        let mut owners = pending.iter().rev().filter(|a| a.is_service() || a.kind == Kind::Value);
        let last = owners.next();
        let service = pending.iter().rev().find(|a| a.is_service());
        let is_it = |a: &Attribute| a.handle == id.handle;
        table.building
            && id.generation == table.pending_generation
            && (last.is_some_and(is_it) || service.is_some_and(is_it))
    }

    fn id(&self, handle: u16) -> AttributeId {
        AttributeId { handle, generation: self.state.table.pending_generation }
    }

    /// Adds a service to the registration.
    pub fn add_service(&mut self, settings: &ServiceSettings) -> Result<AttributeId, Error> {
        let mut handle = settings.handle;
        if handle.is_none() {
            // After a service whose end is stated, the next one begins behind it.
            let ends = self.pending_service().map_or(0, |s| s.other);
            let last = self.last_pending().map_or(0, |a| a.handle);
            handle = Some(ends.max(last).checked_add(1).ok_or(Error::Full(Resource::Handles))?);
        }
        let handle = self.next_handle(handle)?;
        if self.pending_service().is_some_and(|s| s.other >= handle)
            || settings.end_handle.is_some_and(|end| end < handle)
        {
            return Err(Error::InvalidArgument(Argument::Handle));
        }
        let kind = if settings.primary { Kind::PrimaryService } else { Kind::SecondaryService };
        let other = settings.end_handle.unwrap_or(0);
        let attribute = Attribute { handle, kind, other, permissions: Permissions::READ, ..Attribute::NEW };
        self.all_or_nothing(|core| core.push(attribute, settings.uuid)).map(|handle| self.id(handle))
    }

    fn pending_service(&self) -> Option<&Attribute> {
        let table = &self.state.table;
        let pending = self.attributes.get(usize::from(table.length)..)?.get(..usize::from(table.pending))?;
        pending.iter().rev().find(|a| a.is_service())
    }

    fn handle_in_service(&self, wanted: Option<u16>) -> Result<u16, Error> {
        let service = self.pending_service().ok_or(Error::InvalidArgument(Argument::Order))?;
        let handle = self.next_handle(wanted)?;
        if service.other != 0 && handle > service.other {
            return Err(Error::InvalidArgument(Argument::Handle));
        }
        Ok(handle)
    }

    /// Adds an include of the service at `service` to the last service. It may be registered later than this.
    pub fn add_include(&mut self, handle: Option<u16>, service: u16) -> Result<AttributeId, Error> {
        let handle = self.handle_in_service(handle)?;
        let attribute =
            Attribute { handle, kind: Kind::Include, other: service, permissions: Permissions::READ, ..Attribute::NEW };
        self.all_or_nothing(|core| core.push(attribute, Uuid::new16(0))).map(|handle| self.id(handle))
    }

    /// Adds a characteristic to the last service and gives its value.
    pub fn add_characteristic(&mut self, settings: &CharacteristicSettings<'_>) -> Result<AttributeId, Error> {
        self.all_or_nothing(|core| {
            let handle = core.handle_in_service(settings.handle)?;
            let declaration = Attribute {
                handle,
                kind: Kind::Characteristic,
                properties: settings.properties,
                permissions: Permissions::READ,
                ..Attribute::NEW
            };
            core.push(declaration, Uuid::new16(0))?;
            let mut value = Attribute {
                handle: core.handle_in_service(settings.value_handle)?,
                kind: Kind::Value,
                properties: settings.properties,
                permissions: settings.protection.permissions.unwrap_or(settings.properties.permissions()),
                key_size: settings.protection.key_size,
                ..Attribute::NEW
            };
            value.hook(&settings.hooks);
            value.flags.set(AttributeFlags::APPEND, settings.append);
            core.store_initial(&mut value, settings.storage)?;
            let handle = core.push(value, settings.uuid)?;
            if settings.cccd {
                core.push_cccd(None, value.permissions.of_cccd(), value.key_size_to_read())?;
            }
            Ok(core.id(handle))
        })
    }

    fn push_cccd(&mut self, handle: Option<u16>, permissions: Permissions, key_size: u8) -> Result<u16, Error> {
        let handle = self.handle_in_service(handle)?;
        let offset = self.allocate(self.links.len())?;
        let cccd = Attribute { handle, kind: Kind::Cccd, offset, permissions, key_size, ..Attribute::NEW };
        self.push(cccd, super::table::CCCD)
    }

    /// Adds a descriptor to the last characteristic.
    pub fn add_descriptor(&mut self, settings: &DescriptorSettings<'_>) -> Result<AttributeId, Error> {
        self.all_or_nothing(|core| {
            let handle = core.handle_in_service(settings.handle)?;
            let Protection { permissions, key_size } = settings.protection;
            if settings.uuid == super::table::CCCD {
                let permissions = permissions.unwrap_or(Permissions::READ | Permissions::WRITE);
                return core.push_cccd(Some(handle), permissions, key_size).map(|handle| core.id(handle));
            }
            let permissions = permissions.unwrap_or(Permissions::READ);
            let mut attribute = Attribute { handle, kind: Kind::Descriptor, permissions, key_size, ..Attribute::NEW };
            attribute.hook(&settings.hooks);
            core.store_initial(&mut attribute, settings.storage)?;
            core.push(attribute, settings.uuid).map(|handle| core.id(handle))
        })
    }
}
