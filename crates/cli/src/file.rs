//! The file of `serve`: a mistake in it is told with file, line and what was expected.

mod plan;
mod register;

pub use plan::{Entry, Plan, Value};
pub use register::Served;

use anyhow::{Context, Result, anyhow};
use jelling::{Permissions, Properties, Uuid};
use serde::{Deserialize, Deserializer, de};
use std::path::{Path, PathBuf};
use toml::Spanned;

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

/// What a file says. [`File::register`] makes a table of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// The device name, in the GAP service and the advertisement.
    pub name: Option<String>,
    /// The appearance, in both of them.
    pub appearance: Option<u16>,
    /// Whether the GAP service stands in front.
    #[serde(default = "yes")]
    pub default_services: bool,
    /// The largest ATT MTU that is accepted.
    pub mtu: Option<u16>,
    /// How it is advertised.
    #[serde(default)]
    pub advertise: Advertise,
    #[serde(default, rename = "service")]
    services: Vec<Spanned<Service>>,
    /// Where the file is, and its text: for the line of a mistake that is found later.
    #[serde(skip)]
    path: PathBuf,
    #[serde(skip)]
    text: String,
}

/// How a table is advertised.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advertise {
    /// Milliseconds between advertisements.
    pub interval_ms: Option<u64>,
    #[serde(default)]
    services: Vec<FileUuid>,
}

impl Advertise {
    /// The services in the advertisement.
    pub fn uuids(&self) -> Vec<Uuid> {
        self.services.iter().map(|u| u.0).collect()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    uuid: FileUuid,
    #[serde(default = "yes")]
    primary: bool,
    handle: Option<u16>,
    end_handle: Option<u16>,
    #[serde(default, rename = "include")]
    includes: Vec<Spanned<Include>>,
    #[serde(default, rename = "characteristic")]
    characteristics: Vec<Spanned<Characteristic>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Include {
    handle: Option<u16>,
    service: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Characteristic {
    uuid: FileUuid,
    #[serde(default)]
    properties: Vec<FileProperty>,
    permissions: Option<Vec<FilePermission>>,
    key_size: Option<Spanned<u8>>,
    handle: Option<u16>,
    value_handle: Option<u16>,
    value: Option<FileHex>,
    text: Option<String>,
    max_length: Option<usize>,
    #[serde(default)]
    variable: bool,
    #[serde(default, rename = "descriptor")]
    descriptors: Vec<Spanned<Descriptor>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Descriptor {
    uuid: FileUuid,
    permissions: Option<Vec<FilePermission>>,
    key_size: Option<Spanned<u8>>,
    handle: Option<u16>,
    value: Option<FileHex>,
    text: Option<String>,
    max_length: Option<usize>,
    #[serde(default)]
    variable: bool,
}

fn yes() -> bool {
    true
}

/// A UUID as the file has it.
#[derive(Clone, Copy, Debug)]
struct FileUuid(Uuid);

impl<'de> Deserialize<'de> for FileUuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(FileUuid).map_err(|error| de::Error::custom(format!("{text:?} is {error}")))
    }
}

/// Octets in hex.
#[derive(Clone, Debug)]
struct FileHex(Vec<u8>);

impl<'de> Deserialize<'de> for FileHex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex::decode(&text).map(FileHex).map_err(|_| de::Error::custom("expected an even number of hex digits"))
    }
}

/// One property.
#[derive(Clone, Copy, Debug)]
struct FileProperty(Properties);

impl<'de> Deserialize<'de> for FileProperty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let known = PROPERTIES;
        let found = known.iter().find(|(name, _)| *name == text);
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let expected = || de::Error::custom(format!("{text:?} is no property: expected one of {}", names.join(" ")));
        found.map(|(_, property)| FileProperty(*property)).ok_or_else(expected)
    }
}

/// One permission.
#[derive(Clone, Copy, Debug)]
struct FilePermission(Permissions);

impl<'de> Deserialize<'de> for FilePermission {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let permission = match &*text {
            "read" => Permissions::READ,
            "read_encrypted" => Permissions::READ_ENCRYPTED,
            "read_authenticated" => Permissions::READ_AUTHENTICATED,
            "read_secure" => Permissions::READ_SECURE,
            "read_authorised" => Permissions::READ_AUTHORISED,
            "write" => Permissions::WRITE,
            "write_encrypted" => Permissions::WRITE_ENCRYPTED,
            "write_authenticated" => Permissions::WRITE_AUTHENTICATED,
            "write_secure" => Permissions::WRITE_SECURE,
            "write_authorised" => Permissions::WRITE_AUTHORISED,
            _ => {
                return Err(de::Error::custom(format!(
                    "{text:?} is no permission: expected read or write, or either with _encrypted _authenticated _secure _authorised"
                )));
            }
        };
        Ok(FilePermission(permission))
    }
}

/// The permissions together.
fn permissions(list: &[FilePermission]) -> Permissions {
    list.iter().fold(Permissions::empty(), |all, one| all | one.0)
}

impl File {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// It cannot be read, or [`File::parse`]'s.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(path, text)
    }

    /// Checks the text of the file at `path`.
    ///
    /// # Errors
    /// The first mistake, with path and line.
    pub fn parse(path: &Path, text: String) -> Result<Self> {
        let parsed: Result<File, toml::de::Error> = toml::from_str(&text);
        match parsed {
            Ok(file) => Ok(File { path: path.into(), text, ..file }),
            Err(error) => {
                let line = line_of(&text, error.span().map_or(0, |span| span.start));
                Err(anyhow!("{}:{line}: {}", path.display(), error.message()))
            }
        }
    }
}

/// The line that an octet of the text stands in, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}
