//! What a file asks for, attribute by attribute, for whoever puts it into a table.

use super::{Characteristic, Descriptor, File, FileHex, FilePermission, Include, Service, handles::Handles, line_of};
use anyhow::{Result, anyhow};
use jelling::{Argument, Error, Properties, Protection, Resource, Uuid};
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
    },
    /// A descriptor of the last characteristic.
    Descriptor { uuid: Uuid, protection: Protection, handle: Option<u16>, value: Value },
}

/// The entries of a file in the order of their handles, each with its place.
#[derive(Debug)]
pub struct Plan<'f> {
    file: &'f File,
    handles: Handles,
    /// True when any handle is stated: then nothing is added to what the file says.
    explicit: bool,
    /// Where in the text each stands, and what it is.
    pub entries: Vec<(Range<usize>, Entry)>,
}

/// What stands in a service.
enum Inside<'f> {
    Include(&'f Spanned<Include>),
    Characteristic(&'f Spanned<Characteristic>),
}

impl Inside<'_> {
    fn handle(&self) -> Option<u16> {
        match self {
            Inside::Include(include) => include.get_ref().handle,
            Inside::Characteristic(characteristic) => characteristic.get_ref().handle,
        }
    }
}

/// Handles ascend, in whatever order the file has what states them all.
fn ascending<T>(items: impl Iterator<Item = T>, handle: impl Fn(&T) -> Option<u16>) -> Vec<T> {
    let mut items: Vec<T> = items.collect();
    if items.iter().all(|item| handle(item).is_some()) {
        items.sort_by_key(handle);
    }
    items
}

impl File {
    /// What the file asks for.
    ///
    /// # Errors
    /// What is no table, with path and line.
    pub fn plan(&self) -> Result<Plan<'_>> {
        let explicit = self.services.iter().any(|s| is_explicit(s.get_ref()));
        let mut plan = Plan { file: self, handles: Handles::default(), explicit, entries: vec![] };
        for service in ascending(self.services.iter(), |s| s.get_ref().handle) {
            plan.service(service)?;
        }
        Ok(plan)
    }

    fn mistake(&self, span: &Range<usize>, what: &str) -> anyhow::Error {
        anyhow!("{}:{}: {what}", Path::display(&self.path), line_of(&self.text, span.start))
    }

    /// The octets of a value, from hex or text, filled up to a length that is fixed.
    fn value(
        &self,
        span: &Range<usize>,
        value: &Option<Spanned<FileHex>>,
        text: &Option<Spanned<String>>,
        max_length: Option<usize>,
        variable: bool,
    ) -> Result<Value> {
        let (span, mut octets) = match (value, text) {
            (Some(_), Some(text)) => return Err(self.mistake(&text.span(), "expected value or text, not both")),
            (Some(value), None) => (value.span(), value.get_ref().0.clone()),
            (None, Some(text)) => (text.span(), text.get_ref().clone().into_bytes()),
            (None, None) => (span.clone(), vec![]),
        };
        let room = max_length.unwrap_or(LONGEST);
        if octets.len() > room {
            let what = format!("the value has {} octets: expected at most {room}", octets.len());
            return Err(self.mistake(&span, &what));
        }
        if variable {
            return Ok(Value { octets, room: Some(room) });
        }
        octets.resize(max_length.unwrap_or(octets.len()), 0);
        Ok(Value { octets, room: None })
    }

    /// The type of a value or a descriptor.
    fn attribute_type(&self, uuid: &Spanned<super::FileUuid>) -> Result<Uuid> {
        let found = uuid.get_ref().0;
        if found.as_u16().is_some_and(|number| DECLARATIONS.contains(&number)) {
            let what = format!("{found} declares services, includes and characteristics: expected another UUID");
            return Err(self.mistake(&uuid.span(), &what));
        }
        Ok(found)
    }
}

impl Plan<'_> {
    fn mistake(&self, span: &Range<usize>, what: &str) -> anyhow::Error {
        self.file.mistake(span, what)
    }

    /// What a table says to an entry, with the entry's place.
    ///
    /// # Errors
    /// What the table has no room for or no use for.
    pub fn place<T>(&self, span: &Range<usize>, result: Result<T, Error>) -> Result<T> {
        result.map_err(|error| match error {
            Error::Full(Resource::Attributes) => {
                self.mistake(span, "no room in the table: expected at most 8,192 attributes")
            }
            Error::Full(Resource::Values) => {
                self.mistake(span, ROOM)
            }
            // Those of the file have been compared with each other.
            Error::InvalidArgument(Argument::Handle) if self.file.default_services => self.mistake(
                span,
                "the handle is taken: default_services has the first ones, expected a higher handle or default_services = false",
            ),
            error => self.mistake(span, &error.to_string()),
        })
    }

    /// Finds an include of what is no service, given the handles of the services.
    ///
    /// # Errors
    /// The first such include, with path and line.
    pub fn check_includes(&self, services: &[u16]) -> Result<()> {
        for (span, entry) in &self.entries {
            if let Entry::Include { service, .. } = entry
                && !services.contains(service)
            {
                let what = format!("no service of the file begins at {service:#06x}: expected the handle of one");
                return Err(self.mistake(span, &what));
            }
        }
        Ok(())
    }

    fn service(&mut self, spanned: &Spanned<Service>) -> Result<()> {
        let service = spanned.get_ref();
        let (span, handle, end_handle) = (spanned.span(), service.handle, service.end_handle);
        self.handles.service(handle, end_handle).map_err(|what| self.mistake(&span, &what))?;
        let entry = Entry::Service { uuid: service.uuid.0, primary: service.primary, handle, end_handle };
        self.entries.push((span, entry));
        let includes = service.includes.iter().map(Inside::Include);
        let inside = includes.chain(service.characteristics.iter().map(Inside::Characteristic));
        for one in ascending(inside, Inside::handle) {
            match one {
                Inside::Include(spanned) => {
                    let Include { handle, service } = *spanned.get_ref();
                    self.handle(&spanned.span(), handle)?;
                    self.entries.push((spanned.span(), Entry::Include { handle, service }));
                }
                Inside::Characteristic(spanned) => self.characteristic(spanned)?,
            }
        }
        Ok(())
    }

    fn handle(&mut self, span: &Range<usize>, wanted: Option<u16>) -> Result<()> {
        self.handles.attribute(wanted).map(|_| ()).map_err(|what| self.mistake(span, &what))
    }

    fn characteristic(&mut self, spanned: &Spanned<Characteristic>) -> Result<()> {
        let (one, span) = (spanned.get_ref(), spanned.span());
        let properties = one.properties.iter().fold(Properties::empty(), |all, one| all | one.0);
        let has_cccd = one.descriptors.iter().any(|d| d.get_ref().uuid.get_ref().0 == CCCD);
        let updates = properties.intersects(Properties::NOTIFY | Properties::INDICATE);
        let cccd = updates && !self.explicit && !has_cccd;
        self.handle(&span, one.handle)?;
        self.handle(&span, one.value_handle)?;
        if cccd {
            self.handle(&span, None)?;
        }
        let entry = Entry::Characteristic {
            uuid: self.file.attribute_type(&one.uuid)?,
            properties,
            protection: protection(one.permissions.as_deref(), one.key_size),
            handle: one.handle,
            value_handle: one.value_handle,
            value: self.file.value(&span, &one.value, &one.text, one.max_length, one.variable)?,
            cccd,
        };
        self.entries.push((span, entry));
        for spanned in ascending(one.descriptors.iter(), |d| d.get_ref().handle) {
            self.descriptor(spanned)?;
        }
        Ok(())
    }

    fn descriptor(&mut self, spanned: &Spanned<Descriptor>) -> Result<()> {
        let (one, span) = (spanned.get_ref(), spanned.span());
        self.handle(&span, one.handle)?;
        let entry = Entry::Descriptor {
            uuid: self.file.attribute_type(&one.uuid)?,
            protection: protection(one.permissions.as_deref(), one.key_size),
            handle: one.handle,
            value: self.file.value(&span, &one.value, &one.text, one.max_length, one.variable)?,
        };
        self.entries.push((span, entry));
        Ok(())
    }
}

/// What the door of an attribute demands.
fn protection(list: Option<&[FilePermission]>, key_size: Option<u8>) -> Protection {
    Protection { permissions: list.map(FilePermission::all), key_size: key_size.unwrap_or(0) }
}

/// Service, Include and Characteristic declarations (Vol 3, Part G, 3).
const DECLARATIONS: [u16; 4] = [0x2800, 0x2801, 0x2802, 0x2803];
pub(super) const CCCD: Uuid = Uuid::new16(0x2902);
/// The services of the stack take a little of it.
const ROOM: &str = "no room in the table: expected values of at most 65,000 octets together, where a variable one counts with its max_length";
/// Octets of the longest value (Vol 3, Part F, 3.2.9).
const LONGEST: usize = 512;

fn is_explicit(service: &Service) -> bool {
    service.handle.is_some()
        || service.end_handle.is_some()
        || service.includes.iter().any(|i| i.get_ref().handle.is_some())
        || service.characteristics.iter().any(|c| {
            let c = c.get_ref();
            c.handle.is_some() || c.value_handle.is_some() || c.descriptors.iter().any(|d| d.get_ref().handle.is_some())
        })
}
