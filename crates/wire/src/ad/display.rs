//! AD structures as text: type, length, and what they say. Keys are not shown.

use super::{
    AdType, ChannelMapUpdate, ConnectionIntervalRange, LeRole, OobFlags, ResolvableSetIdentifier, ResponseTiming,
    Structure, fixed::structures,
};
use crate::{
    Secret, Uuid,
    hci::field::{Field, hex},
};
use core::fmt;

macro_rules! shown {
    (
        fixed { $($(#[$fixed_doc:meta])* $fixed:ident = $fixed_kind:ident[$size:literal]: $type:ty;)+ }
        text { $($(#[$text_doc:meta])* $text:ident = $text_kind:ident;)+ }
        octets { $($(#[$octets_doc:meta])* $octets:ident = $octets_kind:ident;)+ }
    ) => {
        /// What the structures of the table say: their value, or their octets when they are of another length.
        fn of_the_table(structure: &Structure<'_>, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
            Some(match structure.kind {
                $(AdType::$fixed_kind => <$type as Field>::show(&structure.$fixed()?, f),)+
                $(AdType::$text_kind => write!(f, "{:?}", structure.$text()?),)+
                $(AdType::$octets_kind => hex(f, structure.$octets()?),)+
                _ => return None,
            })
        }
    };
}

structures!(shown);

fn list<T: fmt::Display>(f: &mut fmt::Formatter<'_>, mut items: impl Iterator<Item = T>) -> fmt::Result {
    let mut separator = "";
    items.try_for_each(|item| {
        write!(f, "{separator}{item}")?;
        separator = ", ";
        Ok(())
    })
}

fn with_octets(f: &mut fmt::Formatter<'_>, what: impl fmt::Display, octets: &[u8]) -> fmt::Result {
    write!(f, "{what} ")?;
    hex(f, octets)
}

impl Structure<'_> {
    fn show(&self, f: &mut fmt::Formatter<'_>) -> Option<fmt::Result> {
        Some(match self.kind {
            AdType::FLAGS => self.flags()?.show(f),
            AdType::INCOMPLETE_UUIDS_16
            | AdType::COMPLETE_UUIDS_16
            | AdType::INCOMPLETE_UUIDS_32
            | AdType::COMPLETE_UUIDS_32
            | AdType::INCOMPLETE_UUIDS_128
            | AdType::COMPLETE_UUIDS_128 => list(f, self.uuids()),
            AdType::SOLICITED_UUIDS_16 | AdType::SOLICITED_UUIDS_32 | AdType::SOLICITED_UUIDS_128 => {
                list(f, self.solicited())
            }
            AdType::PUBLIC_TARGET_ADDRESS | AdType::RANDOM_TARGET_ADDRESS => list(f, self.targets()),
            AdType::ADVERTISING_INTERVAL | AdType::ADVERTISING_INTERVAL_LONG => {
                write!(f, "{}", self.advertising_interval()?)
            }
            AdType::LE_DEVICE_ADDRESS => write!(f, "{:?}", self.le_device_address()?),
            AdType::LE_SUPPORTED_FEATURES => self.le_supported_features()?.show(f),
            AdType::URI => {
                let uri = self.uri()?;
                write!(f, "{:?} {:?}", uri.scheme, uri.rest)
            }
            AdType::SERVICE_DATA_16 | AdType::SERVICE_DATA_32 | AdType::SERVICE_DATA_128 => {
                let (service, data): (Uuid, _) = self.service_data()?;
                with_octets(f, service, data)
            }
            AdType::MANUFACTURER => {
                let (company, data) = self.manufacturer()?;
                with_octets(f, format_args!("company {company:#06x}"), data)
            }
            _ => return of_the_table(self, f),
        })
    }

    /// True for a type whose octets are a key, or what makes one.
    const fn is_secret(&self) -> bool {
        matches!(
            self.kind,
            AdType::SIMPLE_PAIRING_RANDOMIZER_192
                | AdType::SIMPLE_PAIRING_RANDOMIZER_256
                | AdType::SECURITY_MANAGER_TK_VALUE
                | AdType::SECURE_CONNECTIONS_RANDOM
                | AdType::BROADCAST_CODE
        )
    }
}

impl fmt::Display for Structure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} len {} ", self.kind, self.data.len())?;
        match self.show(f) {
            Some(shown) => shown,
            None if self.is_secret() => write!(f, "({} octets)", self.data.len()),
            None => hex(f, self.data),
        }
    }
}

impl fmt::Debug for Structure<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Structure({self})")
    }
}
