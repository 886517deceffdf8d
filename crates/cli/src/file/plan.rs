//! What a file asks for, attribute by attribute, for whoever puts it into a table.

use super::{Characteristic, Descriptor, File, FileHex, FilePermission, Include, Service, line_of, permissions};
use anyhow::{Result, anyhow};
use jelling::{Error, Properties, Protection, Uuid};
use std::{ops::Range, path::Path};
use toml::Spanned;

/// A value: its octets at first, and how many it may have; none where its length is fixed.
#[derive(Debug)]
pub struct Value {
    /// Those at first.
    pub octets: Vec<u8>,
    /// How many it may have.
    pub room: Option<usize>,
}

/// An entry of the table.
#[derive(Debug)]
#[allow(missing_docs, reason = "fields are named as in the file")]
pub enum Entry {
    /// A service.
    Service { uuid: Uuid, primary: bool, handle: Option<u16>, end_handle: Option<u16> },
    /// A service in another.
    Include { handle: Option<u16>, service: u16 },
    /// A characteristic, with a CCCD of its own or without.
    Characteristic {
        uuid: Uuid,
        properties: Properties,
        protection: Protection,
        handle: Option<u16>,
        value_handle: Option<u16>,
        value: Value,
        cccd: bool,
        writable: bool,
    },
    /// A descriptor of the last characteristic.
    Descriptor { uuid: Uuid, protection: Protection, handle: Option<u16>, value: Value },
}

/// The entries of a file in the order of their handles, each with its place.
#[derive(Debug)]
pub struct Plan<'f> {
    path: &'f Path,
    text: &'f str,
    /// Where in the text each stands, and what it is.
    pub entries: Vec<(Range<usize>, Entry)>,
}

impl File {
    /// What the file asks for.
    ///
    /// # Errors
    /// What this version does not have, with path and line.
    pub fn plan(&self) -> Result<Plan<'_>> {
        let mut plan = Plan { path: &self.path, text: &self.text, entries: vec![] };
        let explicit = self.services.iter().any(|s| is_explicit(s.get_ref()));
        let mut order: Vec<_> = self.services.iter().collect();
        // Handles ascend, in whatever order the file has the services.
        if order.iter().all(|s| s.get_ref().handle.is_some()) {
            order.sort_by_key(|s| s.get_ref().handle);
        }
        for spanned in order {
            let service = spanned.get_ref();
            let (handle, end_handle) = (service.handle, service.end_handle);
            let entry = Entry::Service { uuid: service.uuid.0, primary: service.primary, handle, end_handle };
            plan.entries.push((spanned.span(), entry));
            for include in &service.includes {
                let Include { handle, service } = *include.get_ref();
                plan.entries.push((include.span(), Entry::Include { handle, service }));
            }
            for characteristic in &service.characteristics {
                plan.characteristic(characteristic, explicit)?;
            }
        }
        Ok(plan)
    }
}

impl Plan<'_> {
    fn mistake(&self, span: &Range<usize>, what: &str) -> anyhow::Error {
        anyhow!("{}:{}: {what}", self.path.display(), line_of(self.text, span.start))
    }

    /// What a table says to an entry, with the entry's place.
    ///
    /// # Errors
    /// What the table has no room for or no use for.
    pub fn place<T>(&self, span: &Range<usize>, result: Result<T, Error>) -> Result<T> {
        result.map_err(|error| self.mistake(span, &error.to_string()))
    }

    /// What the door of an attribute demands.
    fn protection(&self, list: Option<&[FilePermission]>, key_size: &Option<Spanned<u8>>) -> Result<Protection> {
        let key_size = match key_size {
            Some(size) if !(7..=16).contains(size.get_ref()) => {
                return Err(self.mistake(&size.span(), "key_size is 7 to 16 octets"));
            }
            Some(size) => *size.get_ref(),
            None => 0,
        };
        Ok(Protection { permissions: list.map(permissions), key_size })
    }

    fn characteristic(&mut self, spanned: &Spanned<Characteristic>, explicit: bool) -> Result<()> {
        let one = spanned.get_ref();
        let properties = one.properties.iter().fold(Properties::empty(), |all, one| all | one.0);
        let protection = self.protection(one.permissions.as_deref(), &one.key_size)?;
        let has_cccd = one.descriptors.iter().any(|d| d.get_ref().uuid.0 == CCCD);
        let updates = properties.intersects(Properties::NOTIFY | Properties::INDICATE);
        let entry = Entry::Characteristic {
            uuid: one.uuid.0,
            properties,
            protection,
            handle: one.handle,
            value_handle: one.value_handle,
            value: value(&one.value, &one.text, one.max_length, one.variable),
            cccd: updates && !explicit && !has_cccd,
            writable: match protection.permissions {
                Some(permissions) => permissions.can_write(),
                None => properties.intersects(Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE),
            },
        };
        self.entries.push((spanned.span(), entry));
        for spanned in &one.descriptors {
            self.descriptor(spanned)?;
        }
        Ok(())
    }

    fn descriptor(&mut self, spanned: &Spanned<Descriptor>) -> Result<()> {
        let one = spanned.get_ref();
        let entry = Entry::Descriptor {
            uuid: one.uuid.0,
            protection: self.protection(one.permissions.as_deref(), &one.key_size)?,
            handle: one.handle,
            value: value(&one.value, &one.text, one.max_length, one.variable),
        };
        self.entries.push((spanned.span(), entry));
        Ok(())
    }
}

const CCCD: Uuid = Uuid::new16(0x2902);
/// Octets of the longest value (Vol 3, Part F, 3.2.9).
const LONGEST: usize = 512;

/// The octets of a value, from hex or text, filled up to a length that is fixed.
fn value(value: &Option<FileHex>, text: &Option<String>, max_length: Option<usize>, variable: bool) -> Value {
    let mut octets =
        value.as_ref().map(|v| v.0.clone()).or_else(|| text.clone().map(String::into_bytes)).unwrap_or_default();
    if variable {
        return Value { octets, room: Some(max_length.unwrap_or(LONGEST)) };
    }
    if let Some(length) = max_length {
        // One octet more than any value has is enough to be refused.
        octets.resize(length.min(LONGEST + 1).max(octets.len()), 0);
    }
    Value { octets, room: None }
}

/// True when any handle is stated: then nothing is added to what the file says.
fn is_explicit(service: &Service) -> bool {
    service.handle.is_some()
        || service.end_handle.is_some()
        || service.includes.iter().any(|i| i.get_ref().handle.is_some())
        || service.characteristics.iter().any(|c| {
            let c = c.get_ref();
            c.handle.is_some() || c.value_handle.is_some() || c.descriptors.iter().any(|d| d.get_ref().handle.is_some())
        })
}
