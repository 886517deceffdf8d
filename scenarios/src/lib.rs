//! What two hosts of jelling do with each other, as scenarios; and sweeps, which do it again with something going wrong at each
//! point. After each point everything must be as it was, and a fresh connect, read and disconnect must work.
//!
//! A sweep takes a scenario by one line: `sweep::disconnect(&scenario::NOTIFY)`.

pub mod actor;
mod aftermath;
pub mod bench;
pub mod fuzz;
pub mod pairings;
pub mod replay;
pub mod scenario;
pub mod stage;
pub mod sweep;
pub mod table;
mod toy;
mod transfer;
pub mod uart;
pub mod users;
