//! Bluetooth LE packets.
#![cfg_attr(not(test), no_std)]

mod address;
mod codec;
mod packet;
mod uuid;

pub use address::{Address, AddressKind};
pub use codec::{Malformed, Overflow, Reader, Writer, copy};
pub use packet::{Packet, PacketKind};
pub use uuid::{InvalidUuid, Uuid};
