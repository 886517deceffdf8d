//! jelling-wire: Bluetooth LE packets, octets to types and back.
//!
//! Any octets give a value or [`Malformed`]; nothing here panics, allocates or keeps state. What it is not: a host. It knows
//! no connection, no clock and no transport.
//!
//! ```
//! use jelling_wire::{Writer, att::Pdu};
//!
//! let pdu = Pdu::parse(&[0x1b, 0x12, 0x00, 0xc4, 0x09])?;
//! assert_eq!(pdu, Pdu::HandleValueNotification { handle: 0x0012, value: &[0xc4, 0x09] });
//! let mut buffer = [0; 23];
//! let mut w = Writer::new(&mut buffer);
//! pdu.emit(&mut w);
//! assert_eq!(w.finish(), Ok(&[0x1b, 0x12, 0x00, 0xc4, 0x09][..]));
//! # Ok::<(), jelling_wire::Malformed>(())
//! ```
//!
//! | Specification (Core 6.0) | module |
//! | --- | --- |
//! | Vol 1, Part F: error codes | [`hci::Status`] |
//! | Vol 3, Part A: L2CAP on LE | [`l2cap`], [`l2cap::signalling`] |
//! | Vol 3, Part C, 11 and Supplement, Part A: advertising data | [`ad`] |
//! | Vol 3, Part F: ATT | [`att`] |
//! | Vol 3, Part H, 3: SMP | [`smp`] |
//! | Vol 4, Part E: HCI | [`hci`] |
//! | Vol 6, Part B, 1.3: addresses | [`Address`] |
#![cfg_attr(not(test), no_std)]

pub mod ad;
mod address;
pub mod att;
mod codec;
pub mod hci;
pub mod l2cap;
mod packet;
mod secret;
mod show;
pub mod smp;
mod uuid;

pub use address::{Address, AddressKind};
pub use codec::{Malformed, Overflow, Reader, Writer, copy};
pub use packet::{Packet, PacketKind};
pub use secret::Secret;
pub use uuid::{InvalidUuid, Uuid};
