//! jelling-h4: HCI over a UART, or anything else that carries octets in order (Core 6.0, Vol 4, Part A).
//!
//! [`H4Reader`] and [`H4Writer`] stand on any `embedded-io-async` pair. What they are not: a UART driver.
//! A reader keeps what has come of a packet, so dropping a read loses nothing; and when octets are lost or added on the wire,
//! it skips to the next plausible packet and counts what it skipped. When [`NOISE`] octets made no sense it says so once, and
//! the host resets the controller.
//!
//! ```
//! # embassy_futures::block_on(async {
//! use jelling_h4::H4Reader;
//! use jelling_transport::PacketRead;
//!
//! let wire: &[u8] = &[0x04, 0x10, 0x01, 0x00]; // an event: Hardware Error
//! let mut reader = H4Reader::new(wire);
//! let mut buffer = [0; 260];
//! assert_eq!(reader.read(&mut buffer).await.unwrap().data, [0x10, 0x01, 0x00]);
//! # });
//! ```
//!
//! | Specification | here |
//! | --- | --- |
//! | Vol 4, Part A, 2: protocol | [`H4Reader`], [`H4DirectReader`], [`H4Writer`] |
//! | Vol 4, Part A, 4: error recovery | [`H4Reader::skipped`], [`H4Error::Noise`] |
#![cfg_attr(not(test), no_std)]

mod direct;
mod front;
mod reader;
mod writer;

pub use direct::H4DirectReader;
pub use reader::{H4Error, H4Reader, NOISE};
pub use writer::H4Writer;

#[cfg(test)]
mod tests;
