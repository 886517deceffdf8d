//! Pairing, encryption and bonds (aioble's `security.py`; Vol 3, Part H).
//!
//! # Who may pair
//!
//! [`Connection::pair`] says for each call what is wanted, as a [`Pair`]. What a peer may begin by itself says [`Config::pairing`]
//! for all connections, and [`Connection::allow_pairing`] for one. LE Secure Connections and keys of 16 octets are demanded
//! unless it says otherwise.
//!
//! A peripheral that wants the link secured asks its central to, and nothing is paired by that: where no bond will do the
//! central's application is told, [`ConnectionEvent::SecurityRequested`], and pairs if it wants to.
//!
//! # A user
//!
//! Where both sides together can show and take in enough, and one of them asks for protection against a man in the middle
//! ([`Pair::mitm`]), a user compares or types in six digits. [`Host::passkey_action`] gives what the user has to do, for both
//! roles and all connections. A question that is dropped is a no.
//!
//! # Bonds
//!
//! A pairing leaves a bond in a slot of `Bonds`, unless it is [`Pair::no_bond`]. The next connection to its peer, by whichever
//! of its addresses, is `bonded`: [`Connection::encrypt`] uses the key, and a request of a central for it is answered at once.
//! What a peer has subscribed to comes back when the link is encrypted. A bond that the peer has lost is [`Error::BondLost`],
//! as an error and as an event, and never replaced by itself: an attacker would look the same.
//! Bonds outlive the program where somebody keeps them: a [`BondStore`] says where, [`keep`] does it, beside the runner.
//!
//! # Requests that need more security
//!
//! Where a peer refuses a request of the client with Insufficient Authentication (0x05), Encryption Key Size Too Short (0x0c)
//! or Insufficient Encryption (0x0f), the security of the link is raised, and the request repeated, once: reads and writes of
//! all kinds, subscriptions, discovery. `Raise` says how: with `Raise::Encrypt`, the default, towards bonded peers alone, with
//! the bond's key; with `Raise::Pair` by pairing; with `Raise::Never` not at all. `Config::raise` says it for all connections,
//! `Connection::raise_by` for one.
//!
//! Requests that wait for the same connection share what one of them began. The time of a request stands still meanwhile;
//! raising has 20 s of its own. Where it fails its error is that of the request (`PairingFailed`, `PairingRejected`, `BondLost`,
//! `EncryptionFailed`, `Timeout`); where there was nothing to raise, or another request's pairing failed, it is the peer's
//! (`Gatt`). Dropping the request cancels the pairing that it began.

mod bonds;
mod jobs;
mod keep;
mod oob;
mod pair;
mod passkey;
#[cfg(feature = "client")]
mod raise;

#[cfg(doc)]
use crate::{Config, Connection, ConnectionEvent, Error, Host, Pair};

pub(crate) use jobs::run_one;
pub use keep::{BondStore, Each, Record, keep, load};
pub use oob::{DrawOob, DrawOobStep};
pub use pair::{Encrypt, EncryptStep, Pairing, PairingStep};
pub use passkey::PasskeyRequest;
#[cfg(feature = "client")]
pub(crate) use raise::Raising;
