//! An attribute's slot (Vol 3, Part F, 3.2). Declarations are made from their neighbours; values stand in flash or in the arena.

use super::{Hooks, Permissions, Properties, hook::Hooked};
use bitflags::bitflags;

/// What an attribute is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Free,
    PrimaryService,
    SecondaryService,
    Include,
    /// The declaration; the value is the next attribute.
    Characteristic,
    Value,
    /// An octet for each link: see [`Subscriber`].
    Cccd,
    Descriptor,
}

bitflags! {
    /// A link's octet of a CCCD: what the peer wrote, and what the host still owes it.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Subscriber: u8 {
        const NOTIFY = 1;
        const INDICATE = 2;
        /// The value changed and the peer has not been told.
        const PENDING = 4;
        /// The subscription changed and the application has not looked.
        const CHANGED = 8;
        /// The peer wrote it on this link.
        const WRITTEN = 16;
    }
}

bitflags! {
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct AttributeFlags: u8 {
        /// The UUID stands in the arena.
        const LONG_UUID = 1;
        /// A write sets the length.
        const VARIABLE = 2;
        /// A peer wrote, and the application has not looked.
        const WRITTEN = 4;
        const NEWS = 8;
        /// A write adds to the value.
        const APPEND = 16;
        /// The application decides on each read: a function, or else a task.
        const ASKS_READ = 32;
        /// The application decides on each write.
        const ASKS_WRITE = 64;
        /// A write that is too long is cut.
        const CUTS = 128;
    }
}

/// Where a value stands, and who decides on it beside its door.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) enum Backing {
    /// In the arena.
    #[default]
    Arena,
    /// In flash.
    Constant(&'static [u8]),
    /// In the arena, behind functions of the application.
    Hooked(Hooked),
}

/// The slot of an attribute.
#[derive(Clone, Copy, Debug)]
pub struct Attribute {
    pub(crate) handle: u16,
    pub(crate) kind: Kind,
    pub(crate) flags: AttributeFlags,
    pub(crate) permissions: Permissions,
    /// The smallest key with which the value is read or written.
    pub(crate) key_size: u8,
    pub(crate) properties: Properties,
    /// The capture queue, index + 1; 0 for none.
    pub(crate) queue: u8,
    /// The UUID as it goes over the air, or where it stands in the arena.
    pub(crate) uuid: [u8; 2],
    /// The value in the arena.
    pub(crate) offset: u16,
    pub(crate) length: u16,
    /// A value's room. Of a service its last handle, if stated; of an include the handle of the service.
    pub(crate) capacity: u16,
    pub(crate) backing: Backing,
    /// The link over which it was written last.
    pub(crate) writer: [u8; 3],
}

// A shift finds a slot of 32 octets.
#[cfg(target_pointer_width = "32")]
const _: () = assert!(size_of::<Attribute>() == 32);

impl Attribute {
    /// A free slot, all zero.
    pub const NEW: Attribute = Attribute {
        handle: 0,
        kind: Kind::Free,
        flags: AttributeFlags::empty(),
        permissions: Permissions::empty(),
        key_size: 0,
        properties: Properties::empty(),
        queue: 0,
        uuid: [0; 2],
        offset: 0,
        length: 0,
        capacity: 0,
        backing: Backing::Arena,
        writer: [0; 3],
    };

    pub(crate) fn handle(&self) -> u16 {
        self.handle
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn is_service(&self) -> bool {
        matches!(self.kind, Kind::PrimaryService | Kind::SecondaryService)
    }

    /// A service's last handle, if stated; the handle of an included service.
    pub(crate) fn other(&self) -> u16 {
        self.capacity
    }

    /// Sets who decides on its accesses.
    pub(super) fn hook(&mut self, hooks: &Hooks) {
        self.flags.insert(hooks.flags());
        if let Some(functions) = hooks.functions() {
            self.backing = Backing::Hooked(functions);
        }
    }

    /// The value of Client Supported Features, which is another for each client (Vol 3, Part G, 7.2).
    pub(crate) fn is_client_features(&self) -> bool {
        self.is_value_of(0x2b29)
    }

    /// Each link has one of its own: what it writes does not stand in the value.
    pub(crate) fn is_of_link(&self) -> bool {
        self.kind == Kind::Cccd || self.is_client_features()
    }

    /// Where a write begins: behind what is there, where it adds to it.
    pub(crate) fn base(&self) -> usize {
        if self.flags.contains(AttributeFlags::APPEND) { self.length.into() } else { 0 }
    }

    /// The value of a characteristic with this UUID of 16 bits.
    pub(crate) fn is_value_of(&self, uuid: u16) -> bool {
        self.kind == Kind::Value && self.uuid == uuid.to_le_bytes() && !self.flags.contains(AttributeFlags::LONG_UUID)
    }

    pub(crate) fn has_news(&self) -> bool {
        self.flags.contains(AttributeFlags::NEWS)
    }

    pub(crate) fn clear_news(&mut self) {
        self.flags.remove(AttributeFlags::NEWS);
    }
}
