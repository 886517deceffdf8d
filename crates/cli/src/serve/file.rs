//! The file of `serve`: a mistake in it is told with file, line and what was expected.

use anyhow::{Context, Result, anyhow};
use jelling::{Permissions, Properties, Uuid};
use serde::{Deserialize, Deserializer, de};
use std::path::Path;
use toml::Spanned;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) name: Option<String>,
    pub(crate) appearance: Option<u16>,
    #[serde(default = "yes")]
    pub(crate) default_services: bool,
    pub(crate) mtu: Option<u16>,
    #[serde(default)]
    pub(crate) advertise: Advertise,
    #[serde(default, rename = "service")]
    pub(crate) services: Vec<Spanned<Service>>,
    /// The text, for the line of a mistake that is found later.
    #[serde(skip)]
    pub(crate) text: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Advertise {
    pub(crate) interval_ms: Option<u64>,
    #[serde(default)]
    services: Vec<FileUuid>,
}

impl Advertise {
    pub(crate) fn uuids(&self) -> Vec<Uuid> {
        self.services.iter().map(|u| u.0).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Service {
    pub(crate) uuid: FileUuid,
    #[serde(default = "yes")]
    pub(crate) primary: bool,
    pub(crate) handle: Option<u16>,
    pub(crate) end_handle: Option<u16>,
    #[serde(default, rename = "include")]
    pub(crate) includes: Vec<Spanned<Include>>,
    #[serde(default, rename = "characteristic")]
    pub(crate) characteristics: Vec<Spanned<Characteristic>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Include {
    pub(crate) handle: Option<u16>,
    pub(crate) service: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Characteristic {
    pub(crate) uuid: FileUuid,
    #[serde(default)]
    pub(crate) properties: Vec<FileProperty>,
    pub(crate) permissions: Option<Vec<FilePermission>>,
    pub(crate) key_size: Option<Spanned<u8>>,
    pub(crate) handle: Option<u16>,
    pub(crate) value_handle: Option<u16>,
    pub(crate) value: Option<FileHex>,
    pub(crate) text: Option<String>,
    pub(crate) max_length: Option<usize>,
    #[serde(default)]
    pub(crate) variable: bool,
    #[serde(default, rename = "descriptor")]
    pub(crate) descriptors: Vec<Spanned<Descriptor>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Descriptor {
    pub(crate) uuid: FileUuid,
    pub(crate) permissions: Option<Vec<FilePermission>>,
    pub(crate) key_size: Option<Spanned<u8>>,
    pub(crate) handle: Option<u16>,
    pub(crate) value: Option<FileHex>,
    pub(crate) text: Option<String>,
    pub(crate) max_length: Option<usize>,
    #[serde(default)]
    pub(crate) variable: bool,
}

fn yes() -> bool {
    true
}

/// A UUID as the file has it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileUuid(pub(crate) Uuid);

impl<'de> Deserialize<'de> for FileUuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(FileUuid).map_err(|error| de::Error::custom(format!("{text:?} is {error}")))
    }
}

/// Octets in hex.
#[derive(Clone, Debug)]
pub(crate) struct FileHex(pub(crate) Vec<u8>);

impl<'de> Deserialize<'de> for FileHex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text).map(FileHex).map_err(|_| de::Error::custom("expected an even number of hex digits"))
    }
}

/// One property.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FileProperty(pub(crate) Properties);

impl<'de> Deserialize<'de> for FileProperty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = crate::client::PROPERTIES;
        let found = known.iter().find(|(name, _)| *name == text);
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let expected = || de::Error::custom(format!("{text:?} is no property: expected one of {}", names.join(" ")));
        found.map(|(_, property)| FileProperty(*property)).ok_or_else(expected)
    }
}

/// One permission. Those that need security are understood and refused: this version has none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FilePermission(pub(crate) Permissions);

impl<'de> Deserialize<'de> for FilePermission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (door, level) = text.split_once('_').map_or((&*text, None), |(door, level)| (door, Some(level)));
        let permission = match door {
            "read" => Permissions::READ,
            "write" => Permissions::WRITE,
            _ => Permissions::empty(),
        };
        match level {
            None if !permission.is_empty() => Ok(FilePermission(permission)),
            Some("encrypted" | "authenticated" | "secure" | "authorised") if !permission.is_empty() => {
                Err(de::Error::custom(format!("permission {text:?} needs security, which this version does not have")))
            }
            _ => Err(de::Error::custom(format!(
                "{text:?} is no permission: expected read or write, or either with _encrypted _authenticated _secure _authorised"
            ))),
        }
    }
}

/// The permissions together.
pub(crate) fn permissions(list: &[FilePermission]) -> Permissions {
    list.iter().fold(Permissions::empty(), |all, one| all | one.0)
}

/// Reads and checks a file.
pub(crate) fn load(path: &Path) -> Result<File> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(path, text)
}

pub(crate) fn parse(path: &Path, text: String) -> Result<File> {
    let parsed: Result<File, toml::de::Error> = toml::from_str(&text);
    match parsed {
        Ok(mut file) => {
            file.text = text;
            Ok(file)
        }
        Err(error) => {
            let line = line_of(&text, error.span().map_or(0, |span| span.start));
            Err(anyhow!("{}:{line}: {}", path.display(), error.message()))
        }
    }
}

/// The line that an octet of the text stands in, from 1.
pub(crate) fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}
