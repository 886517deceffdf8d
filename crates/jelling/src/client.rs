//! The GATT client (aioble's `client.py`): what a peer has, its values, and its updates.

mod discovery;
mod handles;
mod mtu;
mod read;
mod request;
mod subscribe;
mod write;

pub use discovery::{Discover, Find};
pub use handles::{ClientCharacteristic, ClientDescriptor, ClientService};
pub use mtu::ExchangeMtu;
pub use read::{Read, ReadInto};
pub use subscribe::{Notified, NotifiedInto, Subscribe, Subscription};
pub use write::Write;
