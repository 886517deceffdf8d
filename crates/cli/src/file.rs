//! The file of `serve`: a mistake in it is told with file, line and what was expected.

mod fields;
mod handles;
mod plan;
mod register;

pub use fields::PROPERTIES;
pub use plan::{Entry, Plan, Value};
pub use register::{Served, ServedCharacteristic};

use anyhow::{Context, Result, anyhow};
use fields::{FileHex, FilePermission, FileProperty, FileUuid, yes};
use jelling::{Config, Uuid};
use jelling_wire::ad::{AdWrite, Builder, DoesNotFit, Flags};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// Attributes of a host that serves a file: those of the file, and of the stack's services.
pub const ATTRIBUTES: usize = 8_192 + 64;
/// Octets of the values of such a host: as many as a host may have.
pub const OCTETS: usize = 65_535;
/// Octets that prepared writes of one peer may take: several values of the longest kind.
const PREPARE_QUEUE: u16 = 8_192;

/// What a file says. [`File::register`] makes a table of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    name: Option<Spanned<String>>,
    /// The appearance, in the GAP service and the advertisement.
    #[serde(default, deserialize_with = "fields::appearance")]
    pub appearance: Option<u16>,
    /// Whether the services of the stack stand in front.
    #[serde(default = "yes")]
    pub default_services: bool,
    #[serde(default, deserialize_with = "fields::mtu")]
    mtu: Option<u16>,
    advertise: Option<Spanned<Advertise>>,
    #[serde(default, rename = "service")]
    services: Vec<Spanned<Service>>,
    /// Where the file is, and its text: for the line of a mistake that is found later.
    #[serde(skip)]
    path: PathBuf,
    #[serde(skip)]
    text: String,
}

/// How a table is advertised.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advertise {
    #[serde(default, deserialize_with = "fields::interval")]
    interval_ms: Option<u64>,
    #[serde(default)]
    services: Vec<FileUuid>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    uuid: FileUuid,
    #[serde(default = "yes")]
    primary: bool,
    #[serde(default, deserialize_with = "fields::some_handle")]
    handle: Option<u16>,
    #[serde(default, deserialize_with = "fields::some_handle")]
    end_handle: Option<u16>,
    #[serde(default, rename = "include")]
    includes: Vec<Spanned<Include>>,
    #[serde(default, rename = "characteristic")]
    characteristics: Vec<Spanned<Characteristic>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Include {
    #[serde(default, deserialize_with = "fields::some_handle")]
    handle: Option<u16>,
    #[serde(deserialize_with = "fields::handle")]
    service: u16,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Characteristic {
    uuid: Spanned<FileUuid>,
    #[serde(default)]
    properties: Vec<FileProperty>,
    permissions: Option<Vec<FilePermission>>,
    #[serde(default, deserialize_with = "fields::key_size")]
    key_size: Option<u8>,
    #[serde(default, deserialize_with = "fields::some_handle")]
    handle: Option<u16>,
    #[serde(default, deserialize_with = "fields::some_handle")]
    value_handle: Option<u16>,
    value: Option<Spanned<FileHex>>,
    text: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "fields::max_length")]
    max_length: Option<usize>,
    #[serde(default)]
    variable: bool,
    #[serde(default, rename = "descriptor")]
    descriptors: Vec<Spanned<Descriptor>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Descriptor {
    uuid: Spanned<FileUuid>,
    permissions: Option<Vec<FilePermission>>,
    #[serde(default, deserialize_with = "fields::key_size")]
    key_size: Option<u8>,
    #[serde(default, deserialize_with = "fields::some_handle")]
    handle: Option<u16>,
    value: Option<Spanned<FileHex>>,
    text: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "fields::max_length")]
    max_length: Option<usize>,
    #[serde(default)]
    variable: bool,
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
        let file = match parsed {
            Ok(file) => File { path: path.into(), text, ..file },
            Err(error) => {
                let line = line_of(&text, error.span().map_or(0, |span| span.start));
                return Err(anyhow!("{}:{line}: {}", path.display(), error.message()));
            }
        };
        file.check_advertisement()?;
        file.plan()?;
        Ok(file)
    }

    /// The device name, in the GAP service and the advertisement.
    pub fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| &**name.get_ref())
    }

    /// The services in the advertisement.
    pub fn advertised_services(&self) -> Vec<Uuid> {
        let list = self.advertise.as_ref().map_or(&[][..], |advertise| &advertise.get_ref().services);
        list.iter().map(|uuid| uuid.0).collect()
    }

    /// Milliseconds between advertisements.
    pub fn interval_ms(&self) -> u64 {
        self.advertise.as_ref().and_then(|advertise| advertise.get_ref().interval_ms).unwrap_or(100)
    }

    /// The settings of a host that serves the file.
    pub fn settings(&self, base: Config) -> Config {
        Config {
            // The name stands in the table for as long as the program runs.
            name: Box::leak(self.name().unwrap_or("jelling").into()),
            appearance: self.appearance.unwrap_or(0),
            default_services: self.default_services,
            mtu: self.mtu.unwrap_or(517),
            prepare_queue: PREPARE_QUEUE,
            ..base
        }
    }

    /// Name, appearance and services must find room, as `Host::advertise` gives it to them.
    fn check_advertisement(&self) -> Result<()> {
        let fill = |fields: &mut Builder| -> Result<(), DoesNotFit> {
            fields.flags(Flags::empty())?;
            fields.services(&self.advertised_services())?;
            self.name().map_or(Ok(()), |name| fields.complete_name(name))?;
            self.appearance.map_or(Ok(()), |appearance| fields.appearance(appearance))
        };
        fill(&mut Builder::new()).map_err(|_| {
            let spans = [self.name.as_ref().map(Spanned::span), self.advertise.as_ref().map(Spanned::span)];
            let line = line_of(&self.text, spans.into_iter().flatten().next().map_or(0, |span| span.start));
            let what = "name, appearance and advertised services do not fit twice 31 octets: expected a shorter name or fewer services";
            anyhow!("{}:{line}: {what}", self.path.display())
        })
    }
}

/// The line that an octet of the text stands in, from 1.
fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|b| *b == b'\n').count() + 1
}
