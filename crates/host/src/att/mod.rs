//! The ATT bearer of a link: our request, the peer's request, our indication; each in its own slot (Vol 3, Part F).

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod held;
#[cfg(feature = "server")]
mod indication;
#[cfg(not(feature = "client"))]
mod no_client;
#[cfg(not(feature = "server"))]
mod no_server;
#[cfg(feature = "server")]
mod prepared;
#[cfg(feature = "server")]
mod question;
mod receive;
#[cfg(feature = "server")]
mod server;

#[cfg(feature = "client")]
pub(crate) use client::Client;
#[cfg(feature = "client")]
pub use client::{Answer, RequestTicket};
#[cfg(feature = "server")]
pub(crate) use held::{Server, Slot};
#[cfg(feature = "server")]
pub(crate) use indication::Indication;
#[cfg(feature = "server")]
pub use indication::IndicationTicket;
#[cfg(not(feature = "server"))]
pub(crate) use no_server::Server;
#[cfg(feature = "server")]
pub use question::QuestionId;

/// How long a request or an indication may go unanswered (Vol 3, Part F, 3.3.3).
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) const TRANSACTION_TIMEOUT: core::time::Duration = core::time::Duration::from_secs(30);
