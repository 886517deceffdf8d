//! Device addresses (Core 6.0, Vol 6, Part B, 1.3).

use core::fmt;

/// Public or random. Identity types (2, 3) of a controller that resolves are folded into these two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum AddressKind {
    /// Assigned by the IEEE.
    #[default]
    Public = 0,
    /// Static, resolvable or non-resolvable: see [`Address`].
    Random = 1,
}

impl AddressKind {
    /// From an address type octet of HCI; types 2 and 3 are the identities of resolved addresses.
    pub const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            0 | 2 => Some(AddressKind::Public),
            1 | 3 => Some(AddressKind::Random),
            _ => None,
        }
    }
}

/// A device address: six octets, least significant first as on the wire, and their kind.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// Public or random.
    pub kind: AddressKind,
    /// Least significant octet first.
    pub octets: [u8; 6],
}

impl Address {
    /// An address from its octets in wire order.
    pub const fn new(kind: AddressKind, octets: [u8; 6]) -> Self {
        Address { kind, octets }
    }

    /// True for a random address that stays until the next power cycle (two most significant bits 11).
    pub const fn is_static_random(&self) -> bool {
        matches!(self.kind, AddressKind::Random) && self.octets[5] >> 6 == 0b11
    }

    /// True for a random address that an identity resolving key can tell (two most significant bits 01).
    pub const fn is_resolvable(&self) -> bool {
        matches!(self.kind, AddressKind::Random) && self.octets[5] >> 6 == 0b01
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.octets;
        write!(f, "{g:02x}:{e:02x}:{d:02x}:{c:02x}:{b:02x}:{a:02x}")
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            AddressKind::Public => "public",
            AddressKind::Random => "random",
        };
        write!(f, "{self}/{kind}")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Address {
    fn format(&self, f: defmt::Formatter<'_>) {
        let [a, b, c, d, e, g] = self.octets;
        defmt::write!(f, "{=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}:{=u8:02x}", g, e, d, c, b, a);
    }
}
