//! GATT: the server's table, its registration and its values; the client's subscriptions (Vol 3, Part G).

#[cfg(feature = "server")]
mod attribute;
#[cfg(feature = "server")]
mod capture;
#[cfg(feature = "server")]
mod changed;
#[cfg(feature = "server")]
mod defaults;
#[cfg(all(feature = "server", feature = "security"))]
mod hash;
#[cfg(feature = "server")]
mod hook;
#[cfg(feature = "server")]
mod permission;
mod properties;
#[cfg(any(feature = "client", feature = "server"))]
mod queue;
#[cfg(feature = "server")]
mod registration;
#[cfg(all(feature = "server", feature = "security"))]
mod restored;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "server")]
mod settings;
#[cfg(feature = "server")]
mod several;
#[cfg(feature = "client")]
mod subscription;
#[cfg(feature = "server")]
mod table;
#[cfg(feature = "server")]
mod update;
mod value;

#[cfg(feature = "server")]
pub use attribute::Attribute;
#[cfg(feature = "server")]
pub(crate) use attribute::{AttributeFlags, Backing, Kind};
#[cfg(feature = "server")]
pub(crate) use capture::Captures;
#[cfg(feature = "server")]
pub(crate) use changed::Changes;
#[cfg(feature = "server")]
pub use hook::{Access, AccessKind, Gate, Hook, Hooks, OnAccess};
#[cfg(feature = "server")]
pub use permission::{Permissions, Protection};
pub use properties::{Properties, Updates};
#[cfg(any(feature = "client", feature = "server"))]
pub use queue::{Queue, QueueId};
#[cfg(feature = "server")]
pub use server::AttributeId;
#[cfg(feature = "server")]
pub use settings::{CharacteristicSettings, DescriptorSettings, ServiceSettings, Storage};
#[cfg(feature = "server")]
pub(crate) use table::{DECLARED, PRIMARY_SERVICE, SECONDARY_SERVICE, Table};
#[cfg(feature = "server")]
pub use update::Recipient;
pub use value::{ToOctets, Value};
