//! From the file to the host's table.

use super::{
    File,
    plan::{CCCD, Entry, Value},
};
use anyhow::Result;
use jelling::{
    Argument, Characteristic, CharacteristicOptions, Descriptor, Error, Host, OnAccess, Properties, Registration,
    Service, ServiceOptions, Uuid,
};

/// The table of a file, being served: what it has beside the services of the stack.
#[derive(Debug, Default)]
pub struct Served<'h> {
    /// Its characteristics, in the order of their handles.
    pub characteristics: Vec<ServedCharacteristic<'h>>,
    /// Its descriptors but CCCDs: UUID and handle of each.
    pub descriptors: Vec<(Uuid, Descriptor<'h>)>,
}

/// A characteristic of a file, being served.
#[derive(Clone, Copy, Debug)]
pub struct ServedCharacteristic<'h> {
    /// Its UUID.
    pub uuid: Uuid,
    /// The handle of its value.
    pub handle: u16,
    /// Whether a peer may subscribe to it.
    pub has_cccd: bool,
    /// What it is in the host.
    pub characteristic: Characteristic<'h>,
}

impl File {
    /// Puts the table of the file in force. Each write of a peer, to whatever attribute, is told to `on_write` first.
    ///
    /// # Errors
    /// What the host has no room for or no use for, with path and line.
    pub fn register<'h>(&self, host: Host<'h>, on_write: Option<OnAccess>) -> Result<Served<'h>> {
        let plan = self.plan()?;
        let mut table = Table {
            db: if self.default_services { host.services()? } else { host.bare_services()? },
            on_write,
            services: vec![],
            served: Served::default(),
        };
        for (span, entry) in &plan.entries {
            plan.place(span, table.add(entry))?;
        }
        let handles: Vec<u16> = table.services.iter().map(Service::handle).collect();
        plan.check_includes(&handles)?;
        table.db.register()?;
        Ok(table.served)
    }
}

/// A registration, and what was added.
struct Table<'h> {
    db: Registration<'h>,
    on_write: Option<OnAccess>,
    services: Vec<Service<'h>>,
    served: Served<'h>,
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
                self.services.push(self.db.service_with(*uuid, &settings)?);
            }
            Entry::Include { handle, service } => self.db.include(*handle, *service)?,
            Entry::Characteristic { uuid, properties, protection, handle, value_handle, value, cccd } => {
                let mut settings = self.options(*properties, value).protection(*protection);
                if let Some(handle) = handle {
                    settings = settings.handle(*handle);
                }
                if let Some(handle) = value_handle {
                    settings = settings.value_handle(*handle);
                }
                if !cccd {
                    settings = settings.without_cccd();
                }
                let service = *self.services.last().ok_or(ORDER)?;
                let characteristic = self.db.characteristic_with(service, *uuid, &settings)?;
                let handle = characteristic.handle();
                let served = ServedCharacteristic { uuid: *uuid, handle, has_cccd: *cccd, characteristic };
                self.served.characteristics.push(served);
            }
            Entry::Descriptor { uuid, protection, handle, value } => {
                let mut settings = self.options(Properties::READ, value).protection(*protection);
                if let Some(handle) = handle {
                    settings = settings.handle(*handle);
                }
                let of = self.served.characteristics.last_mut().ok_or(ORDER)?;
                let descriptor = self.db.descriptor(of.characteristic, *uuid, &settings)?;
                match *uuid == CCCD {
                    true => of.has_cccd = true,
                    false => self.served.descriptors.push((*uuid, descriptor)),
                }
            }
        }
        Ok(())
    }

    fn options<'v>(&self, properties: Properties, value: &'v Value) -> CharacteristicOptions<'v> {
        let mut options = CharacteristicOptions::new(properties).initial(&value.octets);
        if let Some(function) = self.on_write {
            options = options.on_write(function);
        }
        match value.room {
            Some(room) => options.max_len(room),
            None => options.fixed().max_len(value.octets.len()),
        }
    }
}
