//! Fields of the file: each is read from one TOML value, and says what it expects.

use jelling::{Permissions, Properties, Uuid};
use serde::{Deserialize, Deserializer, de};
use std::ops::RangeInclusive;

/// Names of properties.
pub const PROPERTIES: [(&str, Properties); 8] = [
    ("broadcast", Properties::BROADCAST),
    ("read", Properties::READ),
    ("write_without_response", Properties::WRITE_WITHOUT_RESPONSE),
    ("write", Properties::WRITE),
    ("notify", Properties::NOTIFY),
    ("indicate", Properties::INDICATE),
    ("signed_write", Properties::SIGNED_WRITE),
    ("extended", Properties::EXTENDED),
];

/// Names of permissions.
const PERMISSIONS: [(&str, Permissions); 10] = [
    ("read", Permissions::READ),
    ("read_encrypted", Permissions::READ_ENCRYPTED),
    ("read_authenticated", Permissions::READ_AUTHENTICATED),
    ("read_secure", Permissions::READ_SECURE),
    ("read_authorised", Permissions::READ_AUTHORISED),
    ("write", Permissions::WRITE),
    ("write_encrypted", Permissions::WRITE_ENCRYPTED),
    ("write_authenticated", Permissions::WRITE_AUTHENTICATED),
    ("write_secure", Permissions::WRITE_SECURE),
    ("write_authorised", Permissions::WRITE_AUTHORISED),
];

pub(super) fn yes() -> bool {
    true
}

/// A UUID.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileUuid(pub(super) Uuid);

impl<'de> Deserialize<'de> for FileUuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(FileUuid).map_err(|error| de::Error::custom(format!("{text:?} is {error}")))
    }
}

/// Octets in hex.
#[derive(Clone, Debug)]
pub(super) struct FileHex(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for FileHex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text).map(FileHex).map_err(|_| de::Error::custom("expected an even number of hex digits"))
    }
}

fn named<'de, D: Deserializer<'de>, T: Copy>(deserializer: D, known: &[(&str, T)], what: &str) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    let found = known.iter().find(|(name, _)| *name == text);
    let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
    let expected = || de::Error::custom(format!("{text:?} is no {what}: expected one of {}", names.join(" ")));
    found.map(|(_, one)| *one).ok_or_else(expected)
}

/// One property.
#[derive(Clone, Copy, Debug)]
pub(super) struct FileProperty(pub(super) Properties);

impl<'de> Deserialize<'de> for FileProperty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, &PROPERTIES, "property").map(FileProperty)
    }
}

/// One permission.
#[derive(Clone, Copy, Debug)]
pub(super) struct FilePermission(Permissions);

impl<'de> Deserialize<'de> for FilePermission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        named(deserializer, &PERMISSIONS, "permission").map(FilePermission)
    }
}

impl FilePermission {
    /// The permissions together.
    pub(super) fn all(list: &[Self]) -> Permissions {
        list.iter().fold(Permissions::empty(), |all, one| all | one.0)
    }
}

/// A number of a range.
fn number<'de, D: Deserializer<'de>, T: TryFrom<i64>>(
    deserializer: D,
    range: RangeInclusive<i64>,
    expected: &str,
) -> Result<T, D::Error> {
    let number = i64::deserialize(deserializer)?;
    let inside = T::try_from(number).ok().filter(|_| range.contains(&number));
    inside.ok_or_else(|| de::Error::custom(expected))
}

pub(super) fn handle<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    number(deserializer, 1..=0xffff, "a handle is 0x0001 to 0xffff")
}

pub(super) fn some_handle<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    handle(deserializer).map(Some)
}

pub(super) fn appearance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    number(deserializer, 0..=0xffff, "appearance is 0 to 65535").map(Some)
}

pub(super) fn mtu<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    number(deserializer, 23..=517, "mtu is 23 to 517").map(Some)
}

/// Vol 4, Part E, 7.8.5: 20 ms to 10.24 s.
pub(super) fn interval<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    number(deserializer, 20..=10_240, "interval_ms is 20 to 10240").map(Some)
}

/// Vol 3, Part F, 3.2.9: 512 octets at most.
pub(super) fn max_length<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<usize>, D::Error> {
    number(deserializer, 0..=512, "max_length is 0 to 512").map(Some)
}

pub(super) fn key_size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u8>, D::Error> {
    number(deserializer, 7..=16, "key_size is 7 to 16 octets").map(Some)
}
