//! GATT: the server's table, its registration and its values; the client's subscriptions (Vol 3, Part G).

mod attribute;
mod queue;
mod registration;
mod server;
mod table;
mod update;

pub(crate) use attribute::Kind;
pub use attribute::{Attribute, Permissions, Properties};
pub use queue::{Queue, QueueId, Updates};
pub use registration::{CharacteristicSettings, DescriptorSettings, ServiceSettings, Storage};
pub use server::AttributeId;
pub(crate) use table::Table;
