//! The file of `serve` in the table of a core.

use anyhow::Result;
use jelling::Error;
use jelling_cli::file::{Entry, File, Value};
use jelling_host::{AttributeId, CharacteristicSettings, Core, DescriptorSettings, Hooks, ServiceSettings, Storage};

fn storage(value: &Value) -> Storage<'_> {
    match value.room {
        Some(room) => Storage::Variable(room, &value.octets),
        None => Storage::Fixed(&value.octets),
    }
}

/// Registers the file; gives the values, whose handles are those of the characteristics.
pub(super) fn register(core: &mut Core<'_>, file: &File) -> Result<Vec<AttributeId>> {
    let plan = file.plan()?;
    let (mut values, mut services) = (vec![], vec![]);
    core.begin_registration()?;
    if file.default_services {
        core.add_default_services()?;
    }
    for (span, entry) in &plan.entries {
        let added = plan.place(span, add(core, entry))?;
        match entry {
            Entry::Service { .. } => services.extend(added.map(|id| id.handle())),
            Entry::Characteristic { .. } => values.extend(added),
            Entry::Include { .. } | Entry::Descriptor { .. } => {}
        }
    }
    plan.check_includes(&services)?;
    core.commit_registration()?;
    Ok(values)
}

fn add(core: &mut Core<'_>, entry: &Entry) -> Result<Option<AttributeId>, Error> {
    match entry {
        Entry::Service { uuid, primary, handle, end_handle } => {
            let settings = ServiceSettings { uuid: *uuid, primary: *primary, handle: *handle, end_handle: *end_handle };
            core.add_service(&settings).map(Some)
        }
        Entry::Include { handle, service } => core.add_include(*handle, *service).map(|_| None),
        Entry::Characteristic { uuid, properties, protection, handle, value_handle, value, cccd } => {
            let settings = CharacteristicSettings {
                protection: *protection,
                handle: *handle,
                value_handle: *value_handle,
                cccd: *cccd,
                ..CharacteristicSettings::new(*uuid, *properties, storage(value))
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
