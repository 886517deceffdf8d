//! What an AD structure says, by its type. Another type, or a length its type cannot have, is `None`.

use super::{
    AdType, ChannelMapUpdate, ConnectionIntervalRange, Flags, LeRole, OobFlags, ResolvableSetIdentifier,
    ResponseTiming, Structure, fixed::structures,
};
use crate::{
    Address, AddressKind, Reader, Secret, Uuid,
    hci::{LeFeatures, field::Field},
};

/// Where a resource is: a scheme, then the rest of its address (1.18).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Uri<'a> {
    /// Stands for the scheme (Assigned Numbers, 2.7).
    pub scheme: char,
    /// What follows it.
    pub rest: &'a str,
}

impl Uri<'_> {
    /// No scheme: it stands in the rest.
    pub const EMPTY: char = '\u{1}';
    /// `http:`.
    pub const HTTP: char = '\u{16}';
    /// `https:`.
    pub const HTTPS: char = '\u{17}';
}

/// Data that the Encrypted Data Key Material opens (1.23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptedData<'a> {
    /// Makes the nonce, with the initialization vector.
    pub randomizer: [u8; 5],
    /// AD structures, encrypted.
    pub payload: &'a [u8],
    /// Message integrity check.
    pub mic: [u8; 4],
}

/// Something offered over another transport (Transport Discovery Service, 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportBlock<'a> {
    /// Who says what the data mean (Assigned Numbers, 2.10).
    pub organization: u8,
    /// Role, incompleteness and state, from bit 0 (Transport Discovery Service, 2.1.2).
    pub flags: u8,
    /// The data.
    pub data: &'a [u8],
}

macro_rules! accessors {
    (
        fixed { $($(#[$fixed_doc:meta])* $fixed:ident = $fixed_kind:ident[$size:literal]: $type:ty;)+ }
        text { $($(#[$text_doc:meta])* $text:ident = $text_kind:ident;)+ }
        octets { $($(#[$octets_doc:meta])* $octets:ident = $octets_kind:ident;)+ }
    ) => {
        impl<'a> Structure<'a> {
            $($(#[$fixed_doc])* pub fn $fixed(&self) -> Option<$type> { self.whole(AdType::$fixed_kind) })+
            $($(#[$text_doc])* pub fn $text(&self) -> Option<&'a str> {
                str::from_utf8(self.of(AdType::$text_kind)?).ok()
            })+
            $($(#[$octets_doc])* pub fn $octets(&self) -> Option<&'a [u8]> { self.of(AdType::$octets_kind) })+
        }
    };
}

structures!(accessors);

impl<'a> Structure<'a> {
    /// The octets, when they are of this type.
    fn of(&self, kind: AdType) -> Option<&'a [u8]> {
        (self.kind == kind).then_some(self.data)
    }

    /// The one value of all octets.
    fn whole<T: Field>(&self, kind: AdType) -> Option<T> {
        let mut r = Reader::new(self.of(kind)?);
        let value = T::take(&mut r).ok()?;
        r.finish().ok()?;
        Some(value)
    }

    /// What the device can do, and how it is found (1.3). Of several octets the first has all that is defined; none of them
    /// is zero.
    pub fn flags(&self) -> Option<Flags> {
        self.of(AdType::FLAGS).map(|data| Flags::from_bits_retain(data.first().copied().unwrap_or(0)))
    }

    /// The UUIDs of a list of services (1.1); none for other types.
    pub fn uuids(&self) -> impl Iterator<Item = Uuid> + use<'a> {
        self.list(match self.kind {
            AdType::INCOMPLETE_UUIDS_16 | AdType::COMPLETE_UUIDS_16 => 2,
            AdType::INCOMPLETE_UUIDS_32 | AdType::COMPLETE_UUIDS_32 => 4,
            AdType::INCOMPLETE_UUIDS_128 | AdType::COMPLETE_UUIDS_128 => 16,
            _ => 0,
        })
        .filter_map(Uuid::from_le_bytes)
    }

    /// The UUIDs of services that a central ought to have (1.10); none for other types.
    pub fn solicited(&self) -> impl Iterator<Item = Uuid> + use<'a> {
        self.list(match self.kind {
            AdType::SOLICITED_UUIDS_16 => 2,
            AdType::SOLICITED_UUIDS_32 => 4,
            AdType::SOLICITED_UUIDS_128 => 16,
            _ => 0,
        })
        .filter_map(Uuid::from_le_bytes)
    }

    /// Whom the advertisement is meant for (1.13, 1.14); none for other types.
    pub fn targets(&self) -> impl Iterator<Item = Address> + use<'a> {
        let (kind, width) = match self.kind {
            AdType::PUBLIC_TARGET_ADDRESS => (AddressKind::Public, 6),
            AdType::RANDOM_TARGET_ADDRESS => (AddressKind::Random, 6),
            _ => (AddressKind::Public, 0),
        };
        self.list(width).filter_map(move |octets| Some(Address::new(kind, octets.try_into().ok()?)))
    }

    /// The whole entries of `width` octets each; none when that is zero.
    fn list(&self, width: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let data: &'a [u8] = if width == 0 { &[] } else { self.data };
        data.chunks_exact(width.max(1))
    }

    /// Company identifier and data (1.4).
    pub fn manufacturer(&self) -> Option<(u16, &'a [u8])> {
        let mut r = Reader::new(self.of(AdType::MANUFACTURER)?);
        Some((r.u16().ok()?, r.rest()))
    }

    /// Service UUID and data (1.11).
    pub fn service_data(&self) -> Option<(Uuid, &'a [u8])> {
        let width = match self.kind {
            AdType::SERVICE_DATA_16 => 2,
            AdType::SERVICE_DATA_32 => 4,
            AdType::SERVICE_DATA_128 => 16,
            _ => return None,
        };
        let mut r = Reader::new(self.data);
        Some((Uuid::from_le_bytes(r.bytes(width).ok()?)?, r.rest()))
    }

    /// The advertising interval, 625 us each: of two octets, or of three or four where it is long (1.15).
    pub fn advertising_interval(&self) -> Option<u32> {
        let mut r = Reader::new(self.data);
        match (self.kind, self.data.len()) {
            (AdType::ADVERTISING_INTERVAL, 2) => r.u16().ok().map(u32::from),
            (AdType::ADVERTISING_INTERVAL_LONG, 3) => r.u24().ok(),
            (AdType::ADVERTISING_INTERVAL_LONG, 4) => r.u32().ok(),
            _ => None,
        }
    }

    /// The device's own address (1.16).
    pub fn le_device_address(&self) -> Option<Address> {
        let mut r = Reader::new(self.of(AdType::LE_DEVICE_ADDRESS)?);
        let octets = r.array().ok()?;
        // The type stands behind the address; its other bits are reserved.
        let kind = if r.u8().ok()? & 1 == 0 { AddressKind::Public } else { AddressKind::Random };
        r.finish().ok()?;
        Some(Address::new(kind, octets))
    }

    /// What the device's controller can do: 1 octet or more, zeros at the end left out (1.19).
    pub fn le_supported_features(&self) -> Option<LeFeatures> {
        let data = self.of(AdType::LE_SUPPORTED_FEATURES)?;
        let mut octets = [0; 8];
        (crate::copy(&mut octets, data) > 0).then_some(LeFeatures(u64::from_le_bytes(octets)))
    }

    /// Where a resource is (1.18).
    pub fn uri(&self) -> Option<Uri<'a>> {
        let mut chars = str::from_utf8(self.of(AdType::URI)?).ok()?.chars();
        Some(Uri { scheme: chars.next()?, rest: chars.as_str() })
    }

    /// Data that the Encrypted Data Key Material opens (1.23).
    pub fn encrypted_data(&self) -> Option<EncryptedData<'a>> {
        let (randomizer, rest) = self.of(AdType::ENCRYPTED_DATA)?.split_first_chunk()?;
        let (payload, mic) = rest.split_last_chunk()?;
        Some(EncryptedData { randomizer: *randomizer, payload, mic: *mic })
    }

    /// What is offered over other transports; none for other types. It ends at a block that runs over the end.
    pub fn transport_blocks(&self) -> impl Iterator<Item = TransportBlock<'a>> + use<'a> {
        let mut r = Reader::new(self.of(AdType::TRANSPORT_DISCOVERY_DATA).unwrap_or_default());
        core::iter::from_fn(move || {
            let (organization, flags) = (r.u8().ok()?, r.u8().ok()?);
            let length = usize::from(r.u8().ok()?);
            Some(TransportBlock { organization, flags, data: r.bytes(length).ok()? })
        })
    }
}
