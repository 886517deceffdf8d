//! From the file to the host's table.

use super::{
    Served,
    file::{Characteristic, Descriptor, File, FileHex, line_of, permissions},
};
use anyhow::{Result, anyhow};
use jelling::{CharacteristicOptions, Host, Permissions, Properties, Registration, ServiceOptions};
use std::{ops::Range, path::Path};
use toml::Spanned;

/// Writes of peers that wait to be printed, for each characteristic.
const CAPTURED: usize = 8;

/// Where in the file a mistake is.
struct Place<'f> {
    path: &'f Path,
    text: &'f str,
}

impl Place<'_> {
    fn mistake(&self, span: Range<usize>, what: &str) -> anyhow::Error {
        anyhow!("{}:{}: {what}", self.path.display(), line_of(self.text, span.start))
    }

    fn of<T>(&self, span: Range<usize>, result: Result<T, jelling::Error>) -> Result<T> {
        result.map_err(|error| self.mistake(span, &error.to_string()))
    }

    fn no_key_size(&self, key_size: &Option<Spanned<u8>>) -> Result<()> {
        match key_size {
            Some(size) => Err(self.mistake(size.span(), "key_size needs security, which this version does not have")),
            None => Ok(()),
        }
    }
}

/// The octets of a value, from hex or text, filled up to a length that is fixed.
fn octets(value: &Option<FileHex>, text: &Option<String>, max_length: Option<usize>, variable: bool) -> Vec<u8> {
    let mut octets =
        value.as_ref().map(|v| v.0.clone()).or_else(|| text.clone().map(String::into_bytes)).unwrap_or_default();
    if !variable && let Some(length) = max_length {
        octets.resize(length.max(octets.len()), 0);
    }
    octets
}

fn options<'v>(
    properties: Properties,
    value: &'v [u8],
    max_length: Option<usize>,
    variable: bool,
) -> CharacteristicOptions<'v> {
    let options = CharacteristicOptions::new(properties).initial(value);
    if variable { options.max_len(max_length.unwrap_or(512)) } else { options.fixed().max_len(value.len()) }
}

pub(super) fn register(host: Host<'static>, file: &File, path: &Path) -> Result<Vec<Served>> {
    let place = Place { path, text: &file.text };
    let explicit = file.services.iter().any(|s| is_explicit(s.get_ref()));
    let mut db = if file.default_services { host.services()? } else { host.bare_services()? };
    let mut served = vec![];
    let mut order: Vec<_> = file.services.iter().collect();
    // Handles ascend, in whatever order the file has the services.
    if order.iter().all(|s| s.get_ref().handle.is_some()) {
        order.sort_by_key(|s| s.get_ref().handle);
    }
    for service in order {
        let span = service.span();
        let service = service.get_ref();
        let mut settings = ServiceOptions::new();
        if !service.primary {
            settings = settings.secondary();
        }
        if let Some(handle) = service.handle {
            settings = settings.handle(handle);
        }
        if let Some(handle) = service.end_handle {
            settings = settings.end_handle(handle);
        }
        let registered = place.of(span, db.service_with(service.uuid.0, &settings))?;
        for include in &service.includes {
            place.of(include.span(), db.include(include.get_ref().handle, include.get_ref().service))?;
        }
        for characteristic in &service.characteristics {
            served.push(add(&place, &mut db, registered, characteristic, explicit)?);
        }
    }
    db.register()?;
    Ok(served)
}

/// True when any handle is stated: then nothing is added to what the file says.
fn is_explicit(service: &super::file::Service) -> bool {
    service.handle.is_some()
        || service.end_handle.is_some()
        || service.includes.iter().any(|i| i.get_ref().handle.is_some())
        || service.characteristics.iter().any(|c| {
            let c = c.get_ref();
            c.handle.is_some() || c.value_handle.is_some() || c.descriptors.iter().any(|d| d.get_ref().handle.is_some())
        })
}

fn add(
    place: &Place<'_>,
    db: &mut Registration<'static>,
    service: jelling::Service<'static>,
    spanned: &Spanned<Characteristic>,
    explicit: bool,
) -> Result<Served> {
    let characteristic = spanned.get_ref();
    place.no_key_size(&characteristic.key_size)?;
    let properties = characteristic.properties.iter().fold(Properties::empty(), |all, one| all | one.0);
    let value = octets(&characteristic.value, &characteristic.text, characteristic.max_length, characteristic.variable);
    let mut settings = options(properties, &value, characteristic.max_length, characteristic.variable);
    let mut writable = properties.intersects(Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE);
    if let Some(list) = &characteristic.permissions {
        writable = permissions(list).contains(Permissions::WRITE);
        settings = settings.permissions(permissions(list));
    }
    if let Some(handle) = characteristic.handle {
        settings = settings.handle(handle);
    }
    if let Some(handle) = characteristic.value_handle {
        settings = settings.value_handle(handle);
    }
    let has_cccd = characteristic.descriptors.iter().any(|d| d.get_ref().uuid.0 == jelling::Uuid::new16(0x2902));
    if explicit || has_cccd {
        settings = settings.without_cccd();
    }
    if writable {
        settings = settings.capture(CAPTURED);
    }
    let registered = db.characteristic_with(service, characteristic.uuid.0, &settings);
    let registered = place.of(spanned.span(), registered)?;
    for spanned in &characteristic.descriptors {
        let descriptor = spanned.get_ref();
        place.no_key_size(&descriptor.key_size)?;
        place.of(spanned.span(), add_descriptor(db, registered, descriptor))?;
    }
    Ok(Served { uuid: characteristic.uuid.0, handle: registered.handle(), writable, characteristic: registered })
}

fn add_descriptor(
    db: &mut Registration<'static>,
    characteristic: jelling::Characteristic<'static>,
    descriptor: &Descriptor,
) -> Result<(), jelling::Error> {
    let value = octets(&descriptor.value, &descriptor.text, descriptor.max_length, descriptor.variable);
    let mut settings = options(Properties::READ, &value, descriptor.max_length, descriptor.variable);
    if descriptor.uuid.0 == jelling::Uuid::new16(0x2902) {
        settings = settings.permissions(Permissions::READ | Permissions::WRITE);
    }
    if let Some(list) = &descriptor.permissions {
        settings = settings.permissions(permissions(list));
    }
    if let Some(handle) = descriptor.handle {
        settings = settings.handle(handle);
    }
    db.descriptor(characteristic, descriptor.uuid.0, &settings).map(|_| ())
}
