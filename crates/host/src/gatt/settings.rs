//! What there is to say of a service, a characteristic or a descriptor that is to be registered.

use super::{Hooks, Properties, Protection};
use jelling_wire::Uuid;

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
