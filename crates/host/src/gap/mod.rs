//! The three activities of GAP: advertising, scanning, initiating (Core 6.0, Vol 3, Part C).
//! Each keeps what is wanted apart from how far the controller is; the next command follows from the two.

mod advertise;
mod connect;
mod scan;

pub(crate) use advertise::{Advertising, AdvertisingStage};
pub use advertise::{AdvertisingSettings, AdvertisingTicket};
pub use connect::{ConnectSettings, ConnectTicket};
pub(crate) use connect::{Initiator, InitiatorStage};
pub use scan::{Report, ScanSettings, ScanTicket};
pub(crate) use scan::{ScanStage, Scanning};
