//! From the file to the host's table.

use super::{
    File,
    plan::{Entry, Value},
};
use anyhow::Result;
use jelling::{Argument, CharacteristicOptions, Error, Host, Properties, Registration, Service, ServiceOptions, Uuid};

/// Writes of peers that wait to be printed, for each characteristic.
const CAPTURED: usize = 8;

/// A characteristic of a file, being served.
#[derive(Clone, Copy, Debug)]
pub struct Served<'h> {
    /// Its UUID.
    pub uuid: Uuid,
    /// The handle of its value.
    pub handle: u16,
    /// Whether a peer may write it.
    pub writable: bool,
    /// What it is in the host.
    pub characteristic: jelling::Characteristic<'h>,
}

fn options(properties: Properties, value: &Value) -> CharacteristicOptions<'_> {
    let options = CharacteristicOptions::new(properties).initial(&value.octets);
    match value.room {
        Some(room) => options.max_len(room),
        None => options.fixed().max_len(value.octets.len()),
    }
}

impl File {
    /// Puts the table of the file in force.
    ///
    /// # Errors
    /// What the host has no room for or no use for, with path and line.
    pub fn register<'h>(&self, host: Host<'h>) -> Result<Vec<Served<'h>>> {
        let plan = self.plan()?;
        let mut table = Table {
            db: if self.default_services { host.services()? } else { host.bare_services()? },
            service: None,
            served: vec![],
        };
        for (span, entry) in &plan.entries {
            plan.place(span, table.add(entry))?;
        }
        table.db.register()?;
        Ok(table.served)
    }
}

/// A registration, and what was added last.
struct Table<'h> {
    db: Registration<'h>,
    service: Option<Service<'h>>,
    served: Vec<Served<'h>>,
}

impl Table<'_> {
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
            Entry::Characteristic { uuid, properties, protection, handle, value_handle, value, cccd, writable } => {
                let mut settings = options(*properties, value).protection(*protection);
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
            Entry::Descriptor { uuid, protection, handle, value } => {
                let mut settings = options(Properties::READ, value).protection(*protection);
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
