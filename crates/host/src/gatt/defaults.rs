//! The services that every server has: GAP (Vol 3, Part C, 12) and GATT (Vol 3, Part G, 7). They are the first attributes of the table,
//! and stay where they are, with what peers subscribed to, when another registration replaces the rest.

use super::{CharacteristicSettings, Properties, ServiceSettings, Storage, attribute::Backing};
use crate::{
    Core,
    error::{Argument, Error},
};
use jelling_wire::Uuid;

const DEVICE_NAME: u16 = 0x2a00;
const APPEARANCE: u16 = 0x2a01;
const PREFERRED_PARAMETERS: u16 = 0x2a04;
pub(super) const SERVICE_CHANGED: u16 = 0x2a05;
pub(super) const CLIENT_FEATURES: u16 = 0x2b29;
#[cfg(feature = "security")]
pub(super) const DATABASE_HASH: u16 = 0x2b2a;
const SERVER_FEATURES: u16 = 0x2b3a;

/// A service, which has no properties, or a characteristic of the one before it: UUID, and how many octets of the arena its value has.
type Default = (u16, Properties, usize);

/// What there is by default. What the configuration says is put in when the table comes into force.
const DEFAULTS: &[Default] = &[
    (0x1800, Properties::empty(), 0),
    (DEVICE_NAME, Properties::READ, 0),
    (APPEARANCE, Properties::READ, 2),
    (PREFERRED_PARAMETERS, Properties::READ, 8),
    (0x1801, Properties::empty(), 0),
    (SERVICE_CHANGED, Properties::INDICATE, 4),
    // What a client wrote stands in its link.
    (CLIENT_FEATURES, Properties::READ.union(Properties::WRITE), 1),
    #[cfg(feature = "security")]
    (DATABASE_HASH, Properties::READ, 16),
    // No bearer beside the one there is.
    (SERVER_FEATURES, Properties::READ, 0),
];

/// The slots of values that the configuration says: each stands behind its declaration.
const NAME_AT: usize = 2;
const APPEARANCE_AT: usize = 4;
const PREFERRED_AT: usize = 6;

impl Core<'_> {
    /// Puts the GAP and the GATT service first into the registration that has just begun, if the configuration wants them. Those of
    /// the table in force are kept, where it has the same. On an error the registration is as it was.
    pub fn add_default_services(&mut self) -> Result<(), Error> {
        let preferred = self.state.preferred().is_some();
        let wanted = self.state.default_services();
        let shows = self.shows_preferred();
        let table = &mut self.state.table;
        if !table.building {
            return Err(Error::Stale);
        }
        if table.pending != 0 {
            return Err(Error::InvalidArgument(Argument::Order));
        }
        if !wanted {
            return Ok(());
        }
        if table.defaults != 0 && preferred == shows {
            (table.kept, table.kept_octets) = (table.defaults, table.default_octets);
            return Ok(());
        }
        self.all_or_nothing(|core| {
            let all = DEFAULTS.iter().filter(|(uuid, ..)| preferred || *uuid != PREFERRED_PARAMETERS);
            all.copied().try_for_each(|default| core.add_default(default))?;
            let table = &mut core.state.table;
            (table.pending_defaults, table.pending_default_octets) = (table.pending, table.pending_octets);
            Ok(())
        })
    }

    fn add_default(&mut self, (uuid, properties, length): Default) -> Result<(), Error> {
        let uuid = Uuid::new16(uuid);
        if properties.is_empty() {
            return self.add_service(&ServiceSettings::primary(uuid)).map(|_| ());
        }
        let octets = [0; 16];
        let storage = match length {
            0 => Storage::Constant(&[0]),
            _ => Storage::Fixed(octets.get(..length).unwrap_or_default()),
        };
        let cccd = properties.contains(Properties::INDICATE);
        let settings = CharacteristicSettings { cccd, ..CharacteristicSettings::new(uuid, properties, storage) };
        self.add_characteristic(&settings).map(|_| ())
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

    /// The table or the configuration changed: the GAP service shows what is configured.
    pub(crate) fn refresh_default_services(&mut self) {
        let (name, appearance) = self.state.shown();
        let appearance = appearance.to_le_bytes();
        let preferred = self.state.preferred().map(|all| all.map(u16::to_le_bytes));
        if self.state.table.defaults == 0 {
            return;
        }
        if let Some(attribute) = self.attributes.get_mut(NAME_AT) {
            attribute.backing = Backing::Constant(name.as_bytes());
        }
        self.replace(APPEARANCE_AT, &appearance);
        if let Some(octets) = &preferred
            && self.shows_preferred()
        {
            self.replace(PREFERRED_AT, octets.as_flattened());
        }
    }

    /// True where the default services have the preferred connection parameters.
    fn shows_preferred(&self) -> bool {
        self.attributes.get(PREFERRED_AT).is_some_and(|a| a.is_value_of(PREFERRED_PARAMETERS))
    }
}
