//! HCI: commands, events and ACL data (Core 6.0, Vol 4, Part E).

pub mod acl;
pub mod command;
pub mod event;
mod features;
pub(crate) mod field;
mod opcode;
mod parameter;
mod status;

pub use features::{LeFeaturePages, LeFeatures};
pub use opcode::Opcode;
pub use parameter::{Data, Parameter};
pub use status::Status;

pub use crate::Secret;

use crate::Malformed;

/// A connection handle: 12 bits, of which 0x0000 to 0x0eff are in use (Vol 4, Part E, 5.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ConnectionHandle(pub u16);

impl ConnectionHandle {
    /// The handle in the low 12 bits of a parameter.
    pub const fn parse(value: u16) -> Result<Self, Malformed> {
        let handle = value & 0x0fff;
        if handle <= 0x0eff { Ok(ConnectionHandle(handle)) } else { Err(Malformed) }
    }
}

/// What a device is on a link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Role {
    /// It initiated the connection.
    #[default]
    Central = 0,
    /// It advertised.
    Peripheral = 1,
}

/// On or off.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Switch {
    /// Disabled.
    #[default]
    Off = 0,
    /// Enabled.
    On = 1,
}

/// Legacy advertising types (Vol 4, Part E, 7.8.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum AdvertisingKind {
    /// ADV_IND.
    ConnectableUndirected = 0,
    /// ADV_DIRECT_IND, high duty cycle: for at most 1.28 s.
    ConnectableDirectedHighDuty = 1,
    /// ADV_SCAN_IND.
    ScannableUndirected = 2,
    /// ADV_NONCONN_IND.
    NonConnectableUndirected = 3,
    /// ADV_DIRECT_IND, low duty cycle.
    ConnectableDirectedLowDuty = 4,
}

/// Whether a scanner asks for scan responses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum ScanKind {
    /// It only listens.
    #[default]
    Passive = 0,
    /// It asks.
    Active = 1,
}

/// Read Local Version Information (Vol 4, Part E, 7.4.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LocalVersion {
    /// 0x0c is Core 5.3.
    pub hci_version: u8,
    /// Of the manufacturer's choice.
    pub hci_subversion: u16,
    /// As `hci_version`, of the link layer.
    pub lmp_version: u8,
    /// A company identifier.
    pub manufacturer: u16,
    /// Of the manufacturer's choice.
    pub lmp_subversion: u16,
}

/// Names that stand beside numbers: `names! { Type; CONST = value, "Name"; .. }` gives constants, `name` and `ALL`.
macro_rules! names {
    ($type:ident; $($constant:ident = $value:literal, $name:literal;)+) => {
        impl $type {
            $(#[doc = concat!("`", $name, "`.")] pub const $constant: $type = $type($value);)+

            /// Every number that has a name.
            pub const ALL: &'static [$type] = &[$($type::$constant,)+];

            /// The specification's name; `None` for a number it does not know.
            pub const fn name(self) -> Option<&'static str> {
                Some(match self.0 {
                    $($value => $name,)+
                    _ => return None,
                })
            }
        }
    };
}
pub(crate) use names;
