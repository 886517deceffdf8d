//! Bonds: what is known of a peer that outlives a link (Vol 3, Part C, 9.4.4), in slots with dirty bits. Where they are kept when the
//! power is off is the application's: it is told what has changed, and gives back what it kept.

mod change;
mod identity;
mod link;
mod record;
mod slot;
mod subscriptions;
mod verbs;

pub use change::BondChange;
pub(crate) use identity::Bonding;
pub use identity::Identity;
pub use record::{Bond, LongTermKey, SigningKey};
pub use slot::BondSlot;
pub use subscriptions::Subscriptions;
