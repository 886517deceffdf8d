//! The ATT bearer of a link: our request, the peer's request, our indication; each in its own slot (Vol 3, Part F).

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "server")]
mod held;
#[cfg(feature = "server")]
mod indication;
#[cfg(feature = "client")]
mod line;
#[cfg(not(feature = "client"))]
mod no_client;
#[cfg(not(feature = "server"))]
mod no_server;
#[cfg(feature = "server")]
mod prepared;
#[cfg(feature = "client")]
mod preparing;
#[cfg(feature = "server")]
mod question;
#[cfg(feature = "server")]
mod ready;
mod receive;
#[cfg(feature = "server")]
mod server;
#[cfg(all(feature = "security", any(feature = "client", feature = "server")))]
mod signed;

#[cfg(feature = "client")]
pub(crate) use client::Client;
#[cfg(feature = "client")]
pub use client::{Answer, RequestTicket};
#[cfg(feature = "server")]
pub(crate) use held::{Server, Slot};
#[cfg(feature = "server")]
pub(crate) use indication::Indication;
#[cfg(feature = "server")]
pub use indication::{IndicationTicket, Payload};
#[cfg(feature = "client")]
pub use line::Turn;
#[cfg(not(feature = "server"))]
pub(crate) use no_server::Server;
#[cfg(feature = "client")]
pub use preparing::PrepareTicket;
#[cfg(feature = "server")]
pub(crate) use question::Questions;
#[cfg(feature = "server")]
pub use question::{Ask, QuestionId};
#[cfg(all(feature = "security", any(feature = "client", feature = "server")))]
pub(crate) use signed::Signing;

/// How long a request or an indication may go unanswered (Vol 3, Part F, 3.3.3).
#[cfg(any(feature = "client", feature = "server"))]
pub(crate) const TRANSACTION_TIMEOUT: core::time::Duration = core::time::Duration::from_secs(30);

#[cfg(any(feature = "client", feature = "server"))]
impl crate::Core<'_> {
    /// Whether something may be begun on a link's bearer. After a request or an indication that was not answered in time no
    /// request, command, indication or notification may be sent any more (Vol 3, Part F, 3.3.3); answers may.
    pub(crate) fn may_begin(&self, id: crate::LinkId) -> Result<(), crate::Error> {
        if self.link(id)?.att_is_dead { Err(crate::Error::Timeout) } else { Ok(()) }
    }
}
