//! Registration as a transaction: a new table is built behind the one in force and takes its place as a whole,
//! or disappears. Values stand in the arena from the start, so they can be set before.

use super::{
    AttributeId, CharacteristicSettings, DescriptorSettings, Hooks, Permissions, Protection, ServiceSettings, Storage,
    attribute::{Attribute, AttributeFlags, Backing, Kind},
};
use crate::{
    Core,
    error::{Argument, Error, Resource},
    event::HostNews,
};
use core::cell::Cell;
use jelling_wire::{Uuid, copy};

/// The longest value (Vol 3, Part F, 3.2.9).
const LONGEST: usize = 512;
/// In the place of a UUID that an attribute's kind says.
const DECLARATION: Uuid = Uuid::new16(0);
const CCCD: Uuid = Uuid::new16(0x2902);

impl Core<'_> {
    /// Begins a registration of nothing but what is added to it. `Busy` while another is under way.
    #[inline(never)]
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
    #[inline(never)]
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
        let from = usize::from(table.length);
        let there = Cell::from_mut(&mut *self.attributes).as_slice_of_cells();
        let pending = part(there, from, table.pending.into());
        for (to, pending) in there.iter().skip(kept).zip(pending) {
            let mut attribute = pending.get();
            attribute.offset = moved(attribute.offset);
            if attribute.flags.contains(AttributeFlags::LONG_UUID) {
                attribute.uuid = moved(u16::from_le_bytes(attribute.uuid)).to_le_bytes();
            }
            to.set(attribute);
        }
        let there = Cell::from_mut(&mut *self.values).as_slice_of_cells();
        let pending = part(there, table.octets.into(), table.pending_octets.into());
        there.iter().skip(kept_octets).zip(pending).for_each(|(to, pending)| to.set(pending.get()));
        let table = &mut self.state.table;
        if table.kept == 0 {
            (table.defaults, table.default_octets) = (table.pending_defaults, table.pending_default_octets);
        }
        table.length = table.kept.saturating_add(table.pending);
        table.octets = table.kept_octets.saturating_add(table.pending_octets);
        table.generation = table.pending_generation;
        table.building = false;
        self.leave_table(followed);
        self.refresh_default_services();
        #[cfg(feature = "security")]
        self.hash_table();
        self.table_changed(last);
        // Whoever waits for an attribute of the old table learns that it is gone.
        self.state.news |= HostNews::HOST;
        Ok(())
    }

    /// True where an include in what was built is of a handle that is no service's.
    fn includes_nothing(&self) -> bool {
        let kept = part(self.attributes, 0, self.state.table.kept.into());
        let pending = self.pending();
        let is_there = |handle| kept.iter().chain(pending).any(|a| a.is_service() && a.handle == handle);
        pending.iter().any(|a| a.kind == Kind::Include && !is_there(a.other()))
    }

    /// What has been built.
    pub(super) fn pending(&self) -> &[Attribute] {
        let table = &self.state.table;
        part(self.attributes, table.length.into(), table.pending.into())
    }

    fn pending_service(&self) -> Option<&Attribute> {
        self.pending().iter().rfind(|a| a.is_service())
    }

    /// Takes room in the arena, for as many octets, of which `initial` are the first ones and the others 0. Where it begins.
    fn allocate(&mut self, octets: usize, initial: &[u8]) -> Result<u16, Error> {
        let full = Error::Full(Resource::Values);
        let table = &mut self.state.table;
        let start = table.octets.saturating_add(table.pending_octets);
        let end = usize::from(start).saturating_add(octets);
        let fresh = self.values.get_mut(usize::from(start)..end).ok_or(full)?;
        let end = u16::try_from(end).map_err(|_| full)?;
        table.pending_octets = end.saturating_sub(table.octets);
        fresh.fill(0);
        copy(fresh, initial);
        Ok(start)
    }

    /// Adds an attribute that anyone may read, to the last service unless it begins one. Its slot.
    fn push(&mut self, kind: Kind, wanted: Option<u16>, uuid: Uuid) -> Result<usize, Error> {
        let table = self.state.table;
        if !table.building {
            return Err(Error::Stale);
        }
        let begins = matches!(kind, Kind::PrimaryService | Kind::SecondaryService);
        let service = self.pending_service();
        if service.is_none() && !begins {
            return Err(Error::InvalidArgument(Argument::Order));
        }
        // The last handle of a service, where it is stated: the next one begins behind it.
        let end = service.map_or(0, Attribute::other);
        let at = usize::from(table.length).saturating_add(table.pending.into());
        let before = if table.pending == 0 { usize::from(table.kept) } else { at };
        let last = before.checked_sub(1).and_then(|last| self.attributes.get(last)).map_or(0, |a| a.handle);
        let least = if begins { last.max(end) } else { last };
        let handle = match wanted {
            Some(handle) => handle,
            None => least.checked_add(1).ok_or(Error::Full(Resource::Handles))?,
        };
        if handle <= least || (!begins && end != 0 && handle > end) {
            return Err(Error::InvalidArgument(Argument::Handle));
        }
        if at >= self.attributes.len() {
            return Err(Error::Full(Resource::Attributes));
        }
        let mut flags = AttributeFlags::empty();
        let uuid = match uuid.as_u16() {
            Some(short) => short,
            None => {
                flags = AttributeFlags::LONG_UUID;
                uuid.with_le_bytes(|octets| self.allocate(16, octets))?
            }
        };
        if let Some(slot) = self.attributes.get_mut(at) {
            let uuid = uuid.to_le_bytes();
            *slot = Attribute { handle, kind, flags, uuid, permissions: Permissions::READ, ..Attribute::NEW };
        }
        self.state.table.pending = table.pending.saturating_add(1);
        Ok(at)
    }

    /// Gives an attribute its value.
    fn store_initial(&mut self, at: usize, storage: Storage<'_>) -> Result<(), Error> {
        let (capacity, initial, flags) = match storage {
            Storage::Constant(octets) => (octets.len(), octets, AttributeFlags::empty()),
            Storage::Fixed(octets) => (octets.len(), octets, AttributeFlags::empty()),
            Storage::Variable(capacity, octets) => (capacity, octets, AttributeFlags::VARIABLE),
            Storage::Cut(capacity, octets) => (capacity, octets, AttributeFlags::VARIABLE | AttributeFlags::CUTS),
        };
        if initial.len() > capacity || capacity > LONGEST {
            return Err(Error::TooLong);
        }
        let Some(attribute) = self.attributes.get_mut(at) else { return Ok(()) };
        // What a function decides on stands in the arena, for it may set the value.
        if let (Storage::Constant(octets), Backing::Arena) = (storage, attribute.backing) {
            attribute.backing = Backing::Constant(octets);
            return Ok(());
        }
        attribute.flags.insert(flags);
        attribute.capacity = u16::try_from(capacity).unwrap_or(0);
        attribute.length = u16::try_from(initial.len()).unwrap_or(0);
        let offset = self.allocate(capacity, initial)?;
        if let Some(attribute) = self.attributes.get_mut(at) {
            attribute.offset = offset;
        }
        Ok(())
    }

    /// Adds several things to the registration, or, where one of them fails, none of them.
    pub fn all_or_nothing<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        let (pending, octets) = (self.state.table.pending, self.state.table.pending_octets);
        let result = work(self);
        if result.is_err() {
            self.take_back(pending, octets);
        }
        result
    }

    /// Takes everything back but the first attributes and octets.
    #[inline(never)]
    fn take_back(&mut self, pending: u16, octets: u16) {
        let table = &mut self.state.table;
        let added = table.pending.saturating_sub(pending);
        (table.pending, table.pending_octets) = (pending, octets);
        let first = table.length.saturating_add(pending);
        self.close_captures(first, added);
    }

    /// True where a service, or the value of a characteristic, is the last of the registration: what is added belongs to it.
    pub fn is_last(&self, id: AttributeId) -> bool {
        let is_it = |a: &Attribute| a.handle == id.handle;
        let mut owners = self.pending().iter().rev().filter(|a| a.is_service() || a.kind == Kind::Value);
        self.state.table.building
            && id.generation == self.state.table.pending_generation
            && (owners.next().is_some_and(is_it) || self.pending_service().is_some_and(is_it))
    }

    /// The name of what stands in a slot.
    fn id(&self, at: usize) -> AttributeId {
        let handle = self.attributes.get(at).map_or(0, Attribute::handle);
        AttributeId { handle, generation: self.state.table.pending_generation }
    }

    /// Adds a declaration of which `other` is all there is to say.
    fn declare(&mut self, kind: Kind, handle: Option<u16>, uuid: Uuid, other: u16) -> Result<AttributeId, Error> {
        let at = self.push(kind, handle, uuid)?;
        if let Some(attribute) = self.attributes.get_mut(at) {
            attribute.capacity = other;
        }
        Ok(self.id(at))
    }

    /// Adds a service to the registration.
    #[inline(never)]
    pub fn add_service(&mut self, settings: &ServiceSettings) -> Result<AttributeId, Error> {
        let kind = if settings.primary { Kind::PrimaryService } else { Kind::SecondaryService };
        let end = settings.end_handle.unwrap_or(0);
        self.all_or_nothing(|core| {
            let id = core.declare(kind, settings.handle, settings.uuid, end)?;
            if settings.end_handle.is_some_and(|end| end < id.handle) {
                return Err(Error::InvalidArgument(Argument::Handle));
            }
            Ok(id)
        })
    }

    /// Adds an include of the service at `service` to the last service. It may be registered later than this.
    pub fn add_include(&mut self, handle: Option<u16>, service: u16) -> Result<AttributeId, Error> {
        self.declare(Kind::Include, handle, DECLARATION, service)
    }

    /// Adds a characteristic to the last service and gives its value.
    pub fn add_characteristic(&mut self, settings: &CharacteristicSettings<'_>) -> Result<AttributeId, Error> {
        self.all_or_nothing(|core| {
            let properties = settings.properties;
            let declaration = core.push(Kind::Characteristic, settings.handle, DECLARATION)?;
            let at = core.push(Kind::Value, settings.value_handle, settings.uuid)?;
            let permissions = settings.protection.permissions.unwrap_or(properties.permissions());
            let key_size = settings.protection.key_size;
            core.guard(at, permissions, key_size, &settings.hooks);
            for slot in [declaration, at] {
                if let Some(attribute) = core.attributes.get_mut(slot) {
                    attribute.properties = properties;
                }
            }
            let mut to_subscribe = 0;
            if let Some(value) = core.attributes.get_mut(at) {
                value.flags.set(AttributeFlags::APPEND, settings.append);
                to_subscribe = value.key_size_to_read();
            }
            core.store_initial(at, settings.storage)?;
            if settings.cccd {
                core.push_cccd(None, permissions.of_cccd(), to_subscribe)?;
            }
            Ok(core.id(at))
        })
    }

    /// What the door of an attribute demands, and who decides beside it.
    fn guard(&mut self, at: usize, permissions: Permissions, key_size: u8, hooks: &Hooks) {
        if let Some(attribute) = self.attributes.get_mut(at) {
            (attribute.permissions, attribute.key_size) = (permissions, key_size);
            attribute.hook(hooks);
            self.state.questions = hooks.questions().or(self.state.questions);
        }
    }

    fn push_cccd(&mut self, handle: Option<u16>, permissions: Permissions, key_size: u8) -> Result<usize, Error> {
        let offset = self.allocate(self.links.len(), &[])?;
        let at = self.push(Kind::Cccd, handle, CCCD)?;
        if let Some(attribute) = self.attributes.get_mut(at) {
            attribute.offset = offset;
        }
        self.guard(at, permissions, key_size, &Hooks::DOOR);
        Ok(at)
    }

    /// Adds a descriptor to the last characteristic.
    pub fn add_descriptor(&mut self, settings: &DescriptorSettings<'_>) -> Result<AttributeId, Error> {
        self.all_or_nothing(|core| {
            let Protection { permissions, key_size } = settings.protection;
            if settings.uuid == CCCD {
                let permissions = permissions.unwrap_or(Permissions::READ | Permissions::WRITE);
                return core.push_cccd(settings.handle, permissions, key_size).map(|at| core.id(at));
            }
            let at = core.push(Kind::Descriptor, settings.handle, settings.uuid)?;
            core.guard(at, permissions.unwrap_or(Permissions::READ), key_size, &settings.hooks);
            core.store_initial(at, settings.storage)?;
            Ok(core.id(at))
        })
    }
}

/// So many items from one on, if there are as many.
fn part<T>(items: &[T], from: usize, count: usize) -> &[T] {
    items.get(from..from.saturating_add(count)).unwrap_or_default()
}
