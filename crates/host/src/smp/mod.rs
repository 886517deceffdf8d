//! The Security Manager: pairing, encryption, keys (Vol 3, Part H).
//!
//! A link's slot (`pairing`) keeps what there is, what was sent and what has come; `exchange` says, as pure rules, what follows from that
//! and which PDU is due; `advance` does it. Randomness comes of the controller (`random`), P-256 is worked out by jobs (`job`) or by
//! the controller (`curve`). What a pairing makes counts when phase 3 is over (`keys`), and is worth what `encrypt` says.

mod advance;
mod backoff;
mod begin;
mod builder;
mod configuration;
mod curve;
mod encrypt;
mod exchange;
mod job;
mod keys;
mod method;
mod oob;
mod pairing;
mod passkey;
#[cfg(feature = "client")]
mod raise;
mod random;
mod receive;
mod secrets;
mod settings;
mod transmit;
mod verbs;

pub(crate) use backoff::Strikes;
pub(crate) use configuration::SecuritySettings;
pub(crate) use curve::ControllerCurve;
pub(crate) use encrypt::Encryption;
pub use job::{Job, JobResult};
pub(crate) use oob::OobSlot;
pub(crate) use pairing::Pairing;
pub use passkey::{PasskeyAction, PasskeyAnswer, PasskeyTicket};
#[cfg(feature = "client")]
pub(crate) use raise::Policy;
#[cfg(feature = "client")]
pub use raise::Raise;
pub(crate) use random::Random;
pub(crate) use settings::Terms;
pub use settings::{Curve, LeSecure, Overwrite, PairSettings, PeerOob};
pub use verbs::{OwnOob, PairTicket};

use jelling_wire::{Address, AddressKind};

/// True for an address by which a device can be found again: public, or static random (Vol 6, Part B, 1.3).
pub(crate) fn is_identity(address: Address) -> bool {
    let [.., top] = address.octets;
    address.kind == AddressKind::Public || top & 0xc0 == 0xc0
}
