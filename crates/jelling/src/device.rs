//! A remote device by its address, as aioble's `Device`.

use ::core::{fmt, str::FromStr};
use jelling_host::wire::Address;
pub use jelling_host::wire::AddressKind;

/// A device: six octets and whether they are public or random. Written `aa:bb:cc:dd:ee:ff`, most significant octet first.
///
/// ```
/// use jelling::{AddressKind, Device};
///
/// let device: Device = "c0:01:02:03:04:05/random".parse()?;
/// assert_eq!(device, Device::new(AddressKind::Random, [0xc0, 1, 2, 3, 4, 5]));
/// assert_eq!(device.to_string(), "c0:01:02:03:04:05");
/// # Ok::<(), jelling::InvalidDevice>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Device {
    kind: AddressKind,
    octets: [u8; 6],
}

impl Device {
    /// A device of the address as it is written: most significant octet first.
    pub const fn new(kind: AddressKind, octets: [u8; 6]) -> Self {
        Device { kind, octets }
    }

    /// Public or random.
    pub const fn kind(&self) -> AddressKind {
        self.kind
    }

    /// The address as it is written: most significant octet first.
    pub const fn octets(&self) -> [u8; 6] {
        self.octets
    }

    pub(crate) fn address(self) -> Address {
        let [a, b, c, d, e, f] = self.octets;
        Address::new(self.kind, [f, e, d, c, b, a])
    }
}

impl From<Address> for Device {
    fn from(address: Address) -> Self {
        let [a, b, c, d, e, f] = address.octets;
        Device::new(address.kind, [f, e, d, c, b, a])
    }
}

impl From<Device> for Address {
    fn from(device: Device) -> Self {
        device.address()
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address().fmt(f)
    }
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.address(), f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Device {
    fn format(&self, f: defmt::Formatter<'_>) {
        self.address().format(f);
    }
}

/// The text is no device address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct InvalidDevice;

impl fmt::Display for InvalidDevice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an address: expected aa:bb:cc:dd:ee:ff, with /public or /random behind it or not")
    }
}

impl ::core::error::Error for InvalidDevice {}

impl FromStr for Device {
    type Err = InvalidDevice;

    /// Without `/public` or `/random` the address is public.
    fn from_str(s: &str) -> Result<Self, InvalidDevice> {
        let (address, kind) = match s.split_once('/') {
            None | Some((_, "public")) => (s.split('/').next().unwrap_or(s), AddressKind::Public),
            Some((address, "random")) => (address, AddressKind::Random),
            Some(_) => return Err(InvalidDevice),
        };
        let mut octets = [0; 6];
        let mut parts = address.split(':');
        for octet in &mut octets {
            let part = parts.next().filter(|p| p.len() == 2 && p.bytes().all(|b| b.is_ascii_hexdigit()));
            *octet = part.and_then(|p| u8::from_str_radix(p, 16).ok()).ok_or(InvalidDevice)?;
        }
        if parts.next().is_some() { Err(InvalidDevice) } else { Ok(Device::new(kind, octets)) }
    }
}
