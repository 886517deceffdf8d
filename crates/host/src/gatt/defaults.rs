//! The services that every server has: GAP (Vol 3, Part C, 12) and GATT (Vol 3, Part G, 7). They are the first attributes of the table,
//! and stay where they are, with what peers subscribed to, when another registration replaces the rest.

use super::{CharacteristicSettings, Properties, ServiceSettings, Storage, attribute::Backing};
use crate::{
    Core,
    error::{Argument, Error},
};
use jelling_wire::{Uuid, Writer, copy};

const DEVICE_NAME: u16 = 0x2a00;
const APPEARANCE: u16 = 0x2a01;
const PREFERRED_PARAMETERS: u16 = 0x2a04;
pub(super) const SERVICE_CHANGED: u16 = 0x2a05;
pub(super) const CLIENT_FEATURES: u16 = 0x2b29;
#[cfg(feature = "security")]
pub(super) const DATABASE_HASH: u16 = 0x2b2a;
const SERVER_FEATURES: u16 = 0x2b3a;

impl Core<'_> {
    /// Puts the GAP and the GATT service first into the registration that has just begun, if the configuration wants them. Those of
    /// the table in force are kept, where it has the same. On an error the registration is as it was.
    pub fn add_default_services(&mut self) -> Result<(), Error> {
        if !self.state.table.building {
            return Err(Error::Stale);
        }
        if self.state.table.pending != 0 {
            return Err(Error::InvalidArgument(Argument::Order));
        }
        if !self.state.default_services() {
            return Ok(());
        }
        let wanted = self.state.preferred().is_some();
        let table = &mut self.state.table;
        let shown = self.attributes.get(..usize::from(table.defaults)).unwrap_or_default();
        let preferred = shown.iter().any(|a| a.is_value_of(PREFERRED_PARAMETERS));
        if !shown.is_empty() && preferred == wanted {
            (table.kept, table.kept_octets) = (table.defaults, table.default_octets);
            return Ok(());
        }
        self.all_or_nothing(|core| {
            core.add_gap()?;
            core.add_gatt()?;
            let table = &mut core.state.table;
            (table.pending_defaults, table.pending_default_octets) = (table.pending, table.pending_octets);
            Ok(())
        })
    }

    /// Registers a table of the default services and nothing else, for a host that registers none of its own.
    pub fn install_default_services(&mut self) -> Result<(), Error> {
        self.begin_registration()?;
        let added = self.add_default_services();
        if added.is_err() {
            self.discard_registration();
            return added;
        }
        self.commit_registration()
    }

    fn add_gap(&mut self) -> Result<(), Error> {
        let (name, appearance) = self.state.shown();
        self.add_default_service(0x1800)?;
        self.add_default(DEVICE_NAME, Properties::READ, Storage::Constant(name.as_bytes()))?;
        self.add_default(APPEARANCE, Properties::READ, Storage::Fixed(&appearance.to_le_bytes()))?;
        match self.preferred_octets() {
            Some(octets) => self.add_default(PREFERRED_PARAMETERS, Properties::READ, Storage::Fixed(&octets)),
            None => Ok(()),
        }
    }

    fn add_gatt(&mut self) -> Result<(), Error> {
        self.add_default_service(0x1801)?;
        self.add_default(SERVICE_CHANGED, Properties::INDICATE, Storage::Fixed(&[0; 4]))?;
        // What a client wrote stands in its link.
        self.add_default(CLIENT_FEATURES, Properties::READ | Properties::WRITE, Storage::Fixed(&[0]))?;
        #[cfg(feature = "security")]
        self.add_default(DATABASE_HASH, Properties::READ, Storage::Fixed(&[0; 16]))?;
        // No bearer beside the one there is.
        self.add_default(SERVER_FEATURES, Properties::READ, Storage::Constant(&[0]))
    }

    fn add_default_service(&mut self, uuid: u16) -> Result<(), Error> {
        let uuid = Uuid::new16(uuid);
        self.add_service(&ServiceSettings::primary(uuid)).map(|_| ())
    }

    fn add_default(&mut self, uuid: u16, properties: Properties, storage: Storage<'_>) -> Result<(), Error> {
        let settings = CharacteristicSettings {
            cccd: properties.contains(Properties::INDICATE),
            ..CharacteristicSettings::new(Uuid::new16(uuid), properties, storage)
        };
        self.add_characteristic(&settings).map(|_| ())
    }

    /// Preferred connection parameters as their characteristic has them.
    fn preferred_octets(&self) -> Option<[u8; 8]> {
        let mut octets = [0; 8];
        let mut w = Writer::new(&mut octets);
        for parameter in self.state.preferred()? {
            w.u16(parameter);
        }
        Some(octets)
    }

    /// The configuration changed: the GAP service shows it.
    pub(crate) fn refresh_default_services(&mut self) {
        let (name, appearance) = self.state.shown();
        let appearance = appearance.to_le_bytes();
        let preferred = self.preferred_octets();
        for attribute in self.attributes.iter_mut().take(self.state.table.defaults.into()) {
            let start = usize::from(attribute.offset);
            let slot = self.values.get_mut(start..start.saturating_add(attribute.capacity.into())).unwrap_or_default();
            if attribute.is_value_of(DEVICE_NAME) {
                attribute.backing = Backing::Constant(name.as_bytes());
            } else if attribute.is_value_of(APPEARANCE) {
                copy(slot, &appearance);
            } else if attribute.is_value_of(PREFERRED_PARAMETERS)
                && let Some(octets) = &preferred
            {
                copy(slot, octets);
            }
        }
    }
}
