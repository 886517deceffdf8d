//! UUIDs as attributes and advertisements carry them (Core 6.0, Vol 3, Part B, 2.5.1).

use core::{fmt, str::FromStr};

/// The Bluetooth base UUID 00000000-0000-1000-8000-00805f9b34fb without its first four octets, little-endian.
const BASE: [u8; 12] = [0xfb, 0x34, 0x9b, 0x5f, 0x80, 0x00, 0x00, 0x80, 0x00, 0x10, 0x00, 0x00];

/// A UUID. A 16-bit UUID and its 128-bit form are equal, for both are kept in the shortest form that ATT knows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(Form);

#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Form {
    Short(u16),
    Full([u8; 16]),
}

impl Uuid {
    /// A UUID of the Bluetooth SIG.
    pub const fn new16(value: u16) -> Self {
        Uuid(Form::Short(value))
    }

    /// A 32-bit UUID: base UUID with its first four octets replaced.
    pub const fn new32(value: u32) -> Self {
        Self::new128(((value as u128) << 96) | 0x0000_1000_8000_0080_5f9b_34fb)
    }

    /// Any UUID, written as a number: `0x12345678_9abc_def0_1234_56789abcdef0` reads as it prints.
    pub const fn new128(value: u128) -> Self {
        if value << 32 == 0x0000_1000_8000_0080_5f9b_34fb_u128 << 32 && value >> 112 == 0 {
            #[allow(clippy::cast_possible_truncation, reason = "the two octets that stand there")]
            return Uuid(Form::Short((value >> 96) as u16));
        }
        Uuid(Form::Full(value.to_le_bytes()))
    }

    /// The form on the wire: 2, 4 or 16 octets, little-endian.
    pub fn from_le_bytes(bytes: &[u8]) -> Option<Self> {
        if let Ok(long) = <[u8; 4]>::try_from(bytes) {
            return Some(Self::new32(u32::from_le_bytes(long)));
        }
        let shortest = Self::shortest(bytes);
        if let Ok(short) = <[u8; 2]>::try_from(shortest) {
            return Some(Self::new16(u16::from_le_bytes(short)));
        }
        shortest.try_into().ok().map(|full| Uuid(Form::Full(full)))
    }

    /// The octets of a UUID in the shortest form that ATT knows: equal UUIDs have equal ones. Others are what they were.
    pub fn shortest(octets: &[u8]) -> &[u8] {
        match octets.split_first_chunk::<12>() {
            Some((base, tail)) if *base == BASE => match tail.split_first_chunk::<2>() {
                Some((short, [0, 0])) => short,
                _ => octets,
            },
            _ => octets,
        }
    }

    /// The 16-bit form, if it has one.
    pub const fn as_u16(&self) -> Option<u16> {
        match self.0 {
            Form::Short(value) => Some(value),
            Form::Full(_) => None,
        }
    }

    /// The 32-bit form, if it has one.
    pub fn as_u32(&self) -> Option<u32> {
        match self.0 {
            Form::Short(value) => Some(u32::from(value)),
            Form::Full(full) => match full.split_first_chunk::<12>() {
                Some((head, tail)) if *head == BASE => tail.try_into().ok().map(u32::from_le_bytes),
                _ => None,
            },
        }
    }

    /// The 128-bit form as a number.
    pub const fn as_u128(&self) -> u128 {
        match self.0 {
            Form::Short(value) => ((value as u128) << 96) | 0x0000_1000_8000_0080_5f9b_34fb,
            Form::Full(full) => u128::from_le_bytes(full),
        }
    }

    /// Runs `f` on the octets ATT puts on the wire: 2 or 16, little-endian (Vol 3, Part F, 3.2.1).
    pub fn with_le_bytes<R>(&self, f: impl FnOnce(&[u8]) -> R) -> R {
        match self.0 {
            Form::Short(value) => f(&value.to_le_bytes()),
            Form::Full(full) => f(&full),
        }
    }

    /// How many octets ATT puts on the wire: 2 or 16.
    pub const fn wire_len(&self) -> usize {
        match self.0 {
            Form::Short(_) => 2,
            Form::Full(_) => 16,
        }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Form::Short(value) => write!(f, "{value:04x}"),
            Form::Full(full) => {
                for (i, octet) in full.iter().rev().enumerate() {
                    if matches!(i, 4 | 6 | 8 | 10) {
                        f.write_str("-")?;
                    }
                    write!(f, "{octet:02x}")?;
                }
                Ok(())
            }
        }
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uuid({self})")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Uuid {
    fn format(&self, f: defmt::Formatter<'_>) {
        match self.0 {
            Form::Short(value) => defmt::write!(f, "{=u16:04x}", value),
            Form::Full(full) => defmt::write!(f, "{=u128:032x}", u128::from_le_bytes(full)),
        }
    }
}

impl FromStr for Uuid {
    type Err = InvalidUuid;

    /// Four hex digits, eight, or the 128-bit form with its dashes.
    fn from_str(s: &str) -> Result<Self, InvalidUuid> {
        if !s.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-') {
            return Err(InvalidUuid);
        }
        match s.len() {
            4 => u16::from_str_radix(s, 16).map(Self::new16).map_err(|_| InvalidUuid),
            8 => u32::from_str_radix(s, 16).map(Self::new32).map_err(|_| InvalidUuid),
            36 => {
                let mut value = 0u128;
                for (i, b) in s.bytes().enumerate() {
                    let dash = matches!(i, 8 | 13 | 18 | 23);
                    if dash != (b == b'-') {
                        return Err(InvalidUuid);
                    }
                    if !dash {
                        let digit = char::from(b).to_digit(16).ok_or(InvalidUuid)?;
                        value = (value << 4) | u128::from(digit);
                    }
                }
                Ok(Self::new128(value))
            }
            _ => Err(InvalidUuid),
        }
    }
}

/// The text is no UUID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidUuid;

impl fmt::Display for InvalidUuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a UUID: expected 4 or 8 hex digits, or 128 bits with dashes")
    }
}

impl core::error::Error for InvalidUuid {}
