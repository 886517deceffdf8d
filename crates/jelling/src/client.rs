//! The GATT client (aioble's `client.py`): what a peer has, its values, and its updates.

mod by_uuid;
mod discovery;
mod handles;
mod mtu;
mod multiple;
mod prepared;
mod read;
mod reliable;
mod request;
mod search;
mod subscribe;
mod write;

pub use by_uuid::ReadByUuid;
pub use discovery::{Discover, Find};
pub use handles::{ClientAttribute, ClientCharacteristic, ClientDescriptor, ClientInclude, ClientService};
pub use mtu::ExchangeMtu;
pub use multiple::{ReadMultiple, ReadMultipleVariable, Values};
pub use read::{Read, ReadInto};
pub use reliable::ReliableWrite;
pub use subscribe::{Notified, NotifiedInto, Subscribe, Subscription};
pub use write::Write;
