//! What an operation of a peripheral costs on an MCU: instructions, and stack. The peripheral, which is measured, and a central,
//! jelling's for either, are joined by an instant link in one image. Only the peripheral's polls count.
#![no_std]

extern crate alloc;

pub mod central;
mod clock;
pub mod drive;
pub mod mcu;
#[cfg(not(feature = "trouble"))]
pub mod ours;
#[cfg(feature = "trouble")]
pub mod theirs;

#[cfg(not(feature = "trouble"))]
pub use ours as peripheral;
#[cfg(feature = "trouble")]
pub use theirs as peripheral;

/// Octets of the value.
pub const LENGTH: usize = 20;
/// Of the controllers.
pub const BUFFERS: jelling_bench_link::Buffers = jelling_bench_link::Buffers { length: 251, count: 8 };
