//! From the file to the host's table.

use super::{
    Served,
    file::File,
    plan::{Entry, Plan, Value},
};
use anyhow::Result;
use jelling::{Argument, CharacteristicOptions, Error, Host, Properties, Registration, Service, ServiceOptions};
use std::path::Path;

/// Writes of peers that wait to be printed, for each characteristic.
const CAPTURED: usize = 8;

fn options(properties: Properties, value: &Value) -> CharacteristicOptions<'_> {
    let options = CharacteristicOptions::new(properties).initial(&value.octets);
    match value.room {
        Some(room) => options.max_len(room),
        None => options.fixed().max_len(value.octets.len()),
    }
}

pub(super) fn register(host: Host<'static>, file: &File, path: &Path) -> Result<Vec<Served>> {
    let plan = Plan::new(file, path)?;
    let mut table = Table {
        db: if file.default_services { host.services()? } else { host.bare_services()? },
        service: None,
        served: vec![],
    };
    for (span, entry) in &plan.entries {
        plan.place(span, table.add(entry))?;
    }
    table.db.register()?;
    Ok(table.served)
}

/// A registration, and what was added last.
struct Table {
    db: Registration<'static>,
    service: Option<Service<'static>>,
    served: Vec<Served>,
}

impl Table {
    fn add(&mut self, entry: &Entry) -> Result<(), Error> {
        const ORDER: Error = Error::InvalidArgument(Argument::Order);
        match entry {
            Entry::Service { uuid, primary, handle, end_handle } => {
                let mut settings = ServiceOptions::new();
                if !primary {
                    settings = settings.secondary();
                }
                if let Some(handle) = handle {
                    settings = settings.handle(*handle);
                }
                if let Some(handle) = end_handle {
                    settings = settings.end_handle(*handle);
                }
                self.service = Some(self.db.service_with(*uuid, &settings)?);
            }
            Entry::Include { handle, service } => self.db.include(*handle, *service)?,
            Entry::Characteristic { uuid, properties, permissions, handle, value_handle, value, cccd, writable } => {
                let mut settings = options(*properties, value);
                if let Some(permissions) = permissions {
                    settings = settings.permissions(*permissions);
                }
                if let Some(handle) = handle {
                    settings = settings.handle(*handle);
                }
                if let Some(handle) = value_handle {
                    settings = settings.value_handle(*handle);
                }
                if !cccd {
                    settings = settings.without_cccd();
                }
                if *writable {
                    settings = settings.capture(CAPTURED);
                }
                let service = self.service.ok_or(ORDER)?;
                let characteristic = self.db.characteristic_with(service, *uuid, &settings)?;
                let handle = characteristic.handle();
                self.served.push(Served { uuid: *uuid, handle, writable: *writable, characteristic });
            }
            Entry::Descriptor { uuid, permissions, handle, value } => {
                let mut settings = options(Properties::READ, value).permissions(*permissions);
                if let Some(handle) = handle {
                    settings = settings.handle(*handle);
                }
                let characteristic = self.served.last().ok_or(ORDER)?.characteristic;
                self.db.descriptor(characteristic, *uuid, &settings)?;
            }
        }
        Ok(())
    }
}
