//! The file of `serve` in the table of a core.

use anyhow::Result;
use jelling::{Error, Properties, Uuid};
use jelling_cli::file::{Entry, File, Value};
use jelling_host::{
    AttributeId, CharacteristicSettings, Core, DescriptorSettings, Hooks, Protection, ServiceSettings, Storage,
};

fn storage(value: &Value) -> Storage<'_> {
    match value.room {
        Some(room) => Storage::Variable(room, &value.octets),
        None => Storage::Fixed(&value.octets),
    }
}

/// Registers the file; gives the values, whose handles are those of the characteristics.
pub(super) fn register(core: &mut Core<'_>, file: &File) -> Result<Vec<AttributeId>> {
    let plan = file.plan()?;
    let mut values = vec![];
    core.begin_registration()?;
    if file.default_services {
        default_services(core, file)?;
    }
    for (span, entry) in &plan.entries {
        values.extend(plan.place(span, add(core, entry))?);
    }
    core.commit_registration()?;
    Ok(values)
}

/// The GAP service, as [`jelling::Host::services`] puts it in front (Vol 3, Part C, 12).
fn default_services(core: &mut Core<'_>, file: &File) -> Result<(), Error> {
    let uuid = Uuid::new16(0x1800);
    core.add_service(&ServiceSettings { uuid, primary: true, handle: None, end_handle: None })?;
    let name = file.name.as_deref().unwrap_or("jelling");
    let appearance = file.appearance.unwrap_or(0).to_le_bytes();
    for (uuid, octets) in [(0x2a00, name.as_bytes()), (0x2a01, &appearance)] {
        core.add_characteristic(&CharacteristicSettings {
            uuid: Uuid::new16(uuid),
            properties: Properties::READ,
            protection: Protection::OPEN,
            hooks: Hooks::DOOR,
            handle: None,
            value_handle: None,
            storage: Storage::Fixed(octets),
            append: false,
            cccd: false,
        })?;
    }
    Ok(())
}

fn add(core: &mut Core<'_>, entry: &Entry) -> Result<Option<AttributeId>, Error> {
    match entry {
        Entry::Service { uuid, primary, handle, end_handle } => {
            let settings = ServiceSettings { uuid: *uuid, primary: *primary, handle: *handle, end_handle: *end_handle };
            core.add_service(&settings).map(|_| None)
        }
        Entry::Include { handle, service } => core.add_include(*handle, *service).map(|_| None),
        Entry::Characteristic { uuid, properties, protection, handle, value_handle, value, cccd, writable: _ } => {
            let settings = CharacteristicSettings {
                uuid: *uuid,
                properties: *properties,
                protection: *protection,
                hooks: Hooks::DOOR,
                handle: *handle,
                value_handle: *value_handle,
                storage: storage(value),
                append: false,
                cccd: *cccd,
            };
            core.add_characteristic(&settings).map(Some)
        }
        Entry::Descriptor { uuid, protection, handle, value } => {
            let settings = DescriptorSettings {
                uuid: *uuid,
                protection: *protection,
                hooks: Hooks::DOOR,
                handle: *handle,
                storage: storage(value),
            };
            core.add_descriptor(&settings).map(|_| None)
        }
    }
}
