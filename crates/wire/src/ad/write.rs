//! AD structures put together, wherever they go.

use super::{
    AdType, ChannelMapUpdate, ConnectionIntervalRange, EncryptedData, Flags, LeRole, OobFlags, ResolvableSetIdentifier,
    ResponseTiming, TransportBlock, Uri, fixed::structures,
};
use crate::{
    Address, AddressKind, Secret, Uuid, Writer,
    hci::{LeFeatures, field::Field},
};
use core::fmt;

/// There is no room for the structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoesNotFit(pub AdType);

impl fmt::Display for DoesNotFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not fit into the advertising data", self.0.name().unwrap_or("the structure"))
    }
}

impl core::error::Error for DoesNotFit {}

macro_rules! writers {
    (
        fixed { $($(#[$fixed_doc:meta])* $fixed:ident = $fixed_kind:ident[$size:literal]: $type:ty;)+ }
        text { $($(#[$text_doc:meta])* $text:ident = $text_kind:ident;)+ }
        octets { $($(#[$octets_doc:meta])* $octets:ident = $octets_kind:ident;)+ }
    ) => {
        /// Where AD structures go: a [`Writer`] on the data of extended or periodic advertising, or a
        /// [`Builder`](super::Builder) of an advertisement and its scan response. A structure that does not fit changes nothing.
        ///
        /// ```
        /// use jelling_wire::{Writer, ad::{AdWrite, Flags}};
        ///
        /// let mut buffer = [0; 1650];
        /// let mut data = Writer::new(&mut buffer);
        /// data.flags(Flags::GENERAL_DISCOVERABLE | Flags::BR_EDR_NOT_SUPPORTED)?;
        /// data.complete_name("rust-temp")?;
        /// assert_eq!(data.written(), b"\x02\x01\x06\x0a\x09rust-temp");
        /// # Ok::<(), jelling_wire::ad::DoesNotFit>(())
        /// ```
        pub trait AdWrite {
            /// Places a structure whose `octets` octets of data `write` writes.
            fn place(
                &mut self,
                kind: AdType,
                octets: usize,
                write: &mut dyn FnMut(&mut Writer<'_>),
            ) -> Result<(), DoesNotFit>;

            $($(#[$fixed_doc])* fn $fixed(&mut self, value: $type) -> Result<(), DoesNotFit> {
                self.place(AdType::$fixed_kind, $size, &mut |w| Field::emit(&value, w))
            })+
            $($(#[$text_doc])* fn $text(&mut self, text: &str) -> Result<(), DoesNotFit> {
                self.raw(AdType::$text_kind, text.as_bytes())
            })+
            $($(#[$octets_doc])* fn $octets(&mut self, octets: &[u8]) -> Result<(), DoesNotFit> {
                self.raw(AdType::$octets_kind, octets)
            })+

            /// A structure of any type.
            fn raw(&mut self, kind: AdType, data: &[u8]) -> Result<(), DoesNotFit> {
                self.place(kind, data.len(), &mut |w| w.bytes(data))
            }

            /// What the device can do, and how it is found (1.3).
            fn flags(&mut self, flags: Flags) -> Result<(), DoesNotFit> {
                self.place(AdType::FLAGS, 1, &mut |w| w.u8(flags.bits()))
            }

            /// Complete lists of services (1.1): one for each size of UUID that occurs.
            fn services(&mut self, services: &[Uuid]) -> Result<(), DoesNotFit> {
                let kinds = [AdType::COMPLETE_UUIDS_16, AdType::COMPLETE_UUIDS_32, AdType::COMPLETE_UUIDS_128];
                lists(self, kinds, services)
            }

            /// Lists of some of the services (1.1): one for each size of UUID that occurs.
            fn incomplete_services(&mut self, services: &[Uuid]) -> Result<(), DoesNotFit> {
                let kinds = [AdType::INCOMPLETE_UUIDS_16, AdType::INCOMPLETE_UUIDS_32, AdType::INCOMPLETE_UUIDS_128];
                lists(self, kinds, services)
            }

            /// Services that a central ought to have (1.10): one list for each size of UUID that occurs.
            fn solicited(&mut self, services: &[Uuid]) -> Result<(), DoesNotFit> {
                let kinds = [AdType::SOLICITED_UUIDS_16, AdType::SOLICITED_UUIDS_32, AdType::SOLICITED_UUIDS_128];
                lists(self, kinds, services)
            }

            /// Whom the advertisement is meant for (1.13, 1.14): one list for each kind of address that occurs.
            fn targets(&mut self, targets: &[Address]) -> Result<(), DoesNotFit> {
                let lists = [
                    (AdType::PUBLIC_TARGET_ADDRESS, AddressKind::Public),
                    (AdType::RANDOM_TARGET_ADDRESS, AddressKind::Random),
                ];
                for (kind, of) in lists {
                    let list = || targets.iter().filter(move |address| address.kind == of);
                    let octets = list().count().saturating_mul(6);
                    if octets > 0 {
                        self.place(kind, octets, &mut |w| list().for_each(|address| w.bytes(&address.octets)))?;
                    }
                }
                Ok(())
            }

            /// Manufacturer specific data (1.4).
            fn manufacturer(&mut self, company: u16, data: &[u8]) -> Result<(), DoesNotFit> {
                self.place(AdType::MANUFACTURER, data.len().saturating_add(2), &mut |w| {
                    w.u16(company);
                    w.bytes(data);
                })
            }

            /// Data of a service (1.11).
            fn service_data(&mut self, service: Uuid, data: &[u8]) -> Result<(), DoesNotFit> {
                let width = width_of(&service);
                let kind = match width {
                    2 => AdType::SERVICE_DATA_16,
                    4 => AdType::SERVICE_DATA_32,
                    _ => AdType::SERVICE_DATA_128,
                };
                self.place(kind, data.len().saturating_add(width), &mut |w| {
                    uuid(&service, width, w);
                    w.bytes(data);
                })
            }

            /// The advertising interval, 625 us each: of two octets, or of three or four where it is long (1.15).
            fn advertising_interval(&mut self, interval: u32) -> Result<(), DoesNotFit> {
                let (kind, octets) = match interval {
                    0..=0xffff => (AdType::ADVERTISING_INTERVAL, 2),
                    0x1_0000..=0xff_ffff => (AdType::ADVERTISING_INTERVAL_LONG, 3),
                    _ => (AdType::ADVERTISING_INTERVAL_LONG, 4),
                };
                self.raw(kind, interval.to_le_bytes().get(..octets).unwrap_or_default())
            }

            /// The device's own address (1.16).
            fn le_device_address(&mut self, address: Address) -> Result<(), DoesNotFit> {
                self.place(AdType::LE_DEVICE_ADDRESS, 7, &mut |w| {
                    w.bytes(&address.octets);
                    w.u8(address.kind as u8);
                })
            }

            /// What the device's controller can do (1.19): zeros at the end are left out.
            fn le_supported_features(&mut self, features: LeFeatures) -> Result<(), DoesNotFit> {
                let octets = features.0.to_le_bytes();
                let length = octets.iter().rposition(|octet| *octet != 0).unwrap_or(0).saturating_add(1);
                self.raw(AdType::LE_SUPPORTED_FEATURES, octets.get(..length).unwrap_or_default())
            }

            /// Where a resource is (1.18).
            fn uri(&mut self, uri: Uri<'_>) -> Result<(), DoesNotFit> {
                let octets = uri.scheme.len_utf8().saturating_add(uri.rest.len());
                self.place(AdType::URI, octets, &mut |w| {
                    w.bytes(uri.scheme.encode_utf8(&mut [0; 4]).as_bytes());
                    w.bytes(uri.rest.as_bytes());
                })
            }

            /// Data that the Encrypted Data Key Material opens (1.23).
            fn encrypted_data(&mut self, data: EncryptedData<'_>) -> Result<(), DoesNotFit> {
                self.place(AdType::ENCRYPTED_DATA, data.payload.len().saturating_add(9), &mut |w| {
                    w.bytes(&data.randomizer);
                    w.bytes(data.payload);
                    w.bytes(&data.mic);
                })
            }

            /// What is offered over other transports (Transport Discovery Service, 2): all in one structure.
            fn transport_blocks(&mut self, blocks: &[TransportBlock<'_>]) -> Result<(), DoesNotFit> {
                let octets = |block: &TransportBlock<'_>| block.data.len().saturating_add(3);
                let octets = blocks.iter().map(octets).fold(0, usize::saturating_add);
                self.place(AdType::TRANSPORT_DISCOVERY_DATA, octets, &mut |w| {
                    for block in blocks {
                        w.u8(block.organization);
                        w.u8(block.flags);
                        // A structure is shorter than 255 octets, so is each of its blocks.
                        w.u8(u8::try_from(block.data.len()).unwrap_or(u8::MAX));
                        w.bytes(block.data);
                    }
                })
            }
        }
    };
}

structures!(writers);

/// A list for each size of UUID that occurs.
fn lists<W: AdWrite + ?Sized>(to: &mut W, kinds: [AdType; 3], services: &[Uuid]) -> Result<(), DoesNotFit> {
    for (kind, width) in kinds.into_iter().zip([2usize, 4, 16]) {
        let of_width = || services.iter().filter(move |uuid| width_of(uuid) == width);
        let octets = of_width().count().saturating_mul(width);
        if octets > 0 {
            to.place(kind, octets, &mut |w| of_width().for_each(|service| uuid(service, width, w)))?;
        }
    }
    Ok(())
}

fn uuid(uuid: &Uuid, width: usize, w: &mut Writer<'_>) {
    match (width, uuid.as_u16(), uuid.as_u32()) {
        (2, Some(short), _) => w.u16(short),
        (4, _, Some(long)) => w.u32(long),
        _ => w.bytes(&uuid.as_u128().to_le_bytes()),
    }
}

fn width_of(uuid: &Uuid) -> usize {
    match (uuid.as_u16(), uuid.as_u32()) {
        (Some(_), _) => 2,
        (None, Some(_)) => 4,
        _ => 16,
    }
}

impl AdWrite for Writer<'_> {
    fn place(&mut self, kind: AdType, octets: usize, write: &mut dyn FnMut(&mut Writer<'_>)) -> Result<(), DoesNotFit> {
        match u8::try_from(octets.saturating_add(1)) {
            Ok(stated) if self.room() > usize::from(stated) => {
                self.u8(stated);
                self.u8(kind.0);
                write(self);
                Ok(())
            }
            _ => Err(DoesNotFit(kind)),
        }
    }
}
