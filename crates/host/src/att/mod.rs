//! The ATT bearer of a link: our request, the peer's request, our indication; each in its own slot (Vol 3, Part F).

mod client;
mod indication;
mod receive;
mod server;

pub(crate) use client::Client;
pub use client::{Answer, RequestTicket};
pub(crate) use indication::Indication;
pub use indication::IndicationTicket;
pub(crate) use server::Server;

use core::time::Duration;

/// How long a request or an indication may go unanswered (Vol 3, Part F, 3.3.3).
pub(crate) const TRANSACTION_TIMEOUT: Duration = Duration::from_secs(30);
