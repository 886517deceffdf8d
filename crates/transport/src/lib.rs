//! jelling-transport: what an HCI transport implements, and what can stand between it and the host.
//!
//! A transport is a [`PacketRead`] and a [`PacketWrite`]: two halves that carry whole packets. What it is not: framing, which is
//! the transport's own business (`jelling-h4` does it for UARTs).
//!
//! ```
//! use jelling_transport::PacketWrite;
//! use jelling_wire::Packet;
//!
//! /// A transport that counts what the host sends.
//! struct Counter(usize);
//!
//! impl PacketWrite for Counter {
//!     type Error = core::convert::Infallible;
//!     async fn write(&mut self, packet: Packet<'_>) -> Result<(), Self::Error> {
//!         self.0 += packet.data.len();
//!         Ok(())
//!     }
//! }
//! ```
//!
//! | Specification | module |
//! | --- | --- |
//! | Core 6.0, Vol 4, Part A: transports | [`PacketRead`], [`PacketWrite`] |
//! | btsnoop, RFC 1761 with datalinks 1001, 1002 and 2001 | [`btsnoop`]: [`record_header`](btsnoop::record_header), [`Records`](btsnoop::Records); [`Snoop`] |
#![cfg_attr(not(any(test, feature = "std")), no_std)]
#![allow(async_fn_in_trait, reason = "no Send bound on purpose: firmware has one thread")]

pub mod btsnoop;
mod redact;
mod ring;
mod snoop;

pub use redact::Redaction;
pub use ring::SnoopRing;
#[cfg(feature = "std")]
pub use snoop::WriteSink;
pub use snoop::{Direction, Snoop, SnoopSink};

use core::fmt::Debug;
use jelling_wire::Packet;

/// The half of a transport that packets of the controller come from.
pub trait PacketRead {
    /// Why no packet will come any more; or, where [`is_noise`](PacketRead::is_noise) says so, why none has come.
    type Error: Debug;

    /// Waits for the next packet and puts it at the beginning of `buffer`. A packet longer than that is dropped and the next awaited.
    ///
    /// Dropping the future may lose a packet that has come in part, unless the transport says that it keeps it.
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Self::Error>;

    /// The host begins anew with Reset: a transport that may have lost step drops what has come in part, and everything up to
    /// the answer of Reset (Vol 4, Part A, 4). Nothing to do for one that carries whole packets.
    fn begin_anew(&mut self) {}

    /// True for an error after which reading goes on: what came made no sense for so long that the host should reset the
    /// controller. A transport that carries whole packets has none.
    fn is_noise(error: &Self::Error) -> bool {
        let _ = error;
        false
    }
}

/// The half of a transport that packets for the controller go to.
pub trait PacketWrite {
    /// Why no packet can be sent any more.
    type Error: Debug;

    /// Sends a packet. Dropping the future may leave it sent in part; the host never does.
    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Self::Error>;
}

impl<T: PacketRead> PacketRead for &mut T {
    type Error = T::Error;
    async fn read<'b>(&mut self, buffer: &'b mut [u8]) -> Result<Packet<'b>, Self::Error> {
        T::read(self, buffer).await
    }
    fn begin_anew(&mut self) {
        T::begin_anew(self);
    }
    fn is_noise(error: &Self::Error) -> bool {
        T::is_noise(error)
    }
}

impl<T: PacketWrite> PacketWrite for &mut T {
    type Error = T::Error;
    async fn write(&mut self, packet: Packet<'_>) -> Result<(), Self::Error> {
        T::write(self, packet).await
    }
}
