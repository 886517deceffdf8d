//! Addresses as events tell them.

use crate::{
    Address, AddressKind, Malformed, Reader, Writer,
    hci::{
        Status,
        field::{Field, TakeAfter},
    },
};
use core::fmt;

/// An address with the type octet it was told with, which says more than [`Address`] does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ReportedAddress {
    /// One of this type's constants.
    pub kind: u8,
    /// Least significant octet first; without meaning when anonymous.
    pub octets: [u8; 6],
}

impl ReportedAddress {
    /// A public device address.
    pub const PUBLIC: u8 = 0x00;
    /// A random device address.
    pub const RANDOM: u8 = 0x01;
    /// The public identity of a private address that the controller resolved.
    pub const PUBLIC_IDENTITY: u8 = 0x02;
    /// The static random identity of a private address that the controller resolved.
    pub const RANDOM_IDENTITY: u8 = 0x03;
    /// A resolvable private address that the controller could not resolve.
    pub const UNRESOLVED: u8 = 0xfe;
    /// No address: the advertisement was anonymous.
    pub const ANONYMOUS: u8 = 0xff;

    /// The address; `None` where there is none.
    pub const fn address(&self) -> Option<Address> {
        let kind = match self.kind {
            Self::UNRESOLVED => AddressKind::Random,
            kind => match AddressKind::from_octet(kind) {
                Some(kind) => kind,
                None => return None,
            },
        };
        Some(Address::new(kind, self.octets))
    }

    /// True when the controller resolved a private address to this identity.
    pub const fn is_identity(&self) -> bool {
        matches!(self.kind, Self::PUBLIC_IDENTITY | Self::RANDOM_IDENTITY)
    }
}

impl From<Address> for ReportedAddress {
    fn from(address: Address) -> Self {
        ReportedAddress { kind: address.kind as u8, octets: address.octets }
    }
}

impl TakeAfter for ReportedAddress {
    fn take_after(r: &mut Reader<'_>, status: Status) -> Result<Self, Malformed> {
        let address = ReportedAddress { kind: r.u8()?, octets: r.array()? };
        let is_known = address.kind == Self::ANONYMOUS || address.address().is_some();
        if is_known || !status.is_success() { Ok(address) } else { Err(Malformed) }
    }
}

impl Field for ReportedAddress {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::take_after(r, Status::SUCCESS)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(self.kind);
        w.bytes(&self.octets);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = Address::new(AddressKind::Public, self.octets);
        match self.kind {
            Self::PUBLIC => write!(f, "{address}/public"),
            Self::RANDOM => write!(f, "{address}/random"),
            Self::PUBLIC_IDENTITY => write!(f, "{address}/public identity"),
            Self::RANDOM_IDENTITY => write!(f, "{address}/random identity"),
            Self::UNRESOLVED => write!(f, "{address}/unresolved"),
            Self::ANONYMOUS => f.write_str("anonymous"),
            kind => write!(f, "{address}/{kind:#04x}"),
        }
    }
}
