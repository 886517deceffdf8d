//! jelling-bonds: where bonds are kept. On a PC: [`JsonFile`] is a file that survives a power cut, [`Memory`] is gone with the program.
//! On a microcontroller: `Flash`, with feature `flash`; without the default feature `std` that needs no heap.
//!
//! ```
//! # #[cfg(feature = "std")] {
//! use jelling_bonds::JsonFile;
//!
//! # fn folder() -> std::path::PathBuf { std::env::temp_dir().join(format!("jelling-bonds-{}", std::process::id())) }
//! # async fn application(host: jelling::Host<'_>) {}
//! async fn sensor(host: jelling::Host<'_>) -> Result<(), jelling_bonds::Error> {
//!     let mut store = JsonFile::open(folder().join("bonds.json"))?;
//!     jelling::security::load(host, &mut store).await?;
//!     let keep = jelling::security::keep(host, &mut store);
//!     match embassy_futures::select::select(keep, application(host)).await {
//!         embassy_futures::select::Either::First(error) => Err(error),
//!         embassy_futures::select::Either::Second(()) => Ok(()),
//!     }
//! }
//! # jelling::sim::run(1, async |[host]| sensor(host).await.unwrap());
//! # std::fs::remove_dir_all(folder()).unwrap();
//! # }
//! ```

#![cfg_attr(not(feature = "std"), no_std)]

#[cfg(any(feature = "std", feature = "flash"))]
mod checksum;
#[cfg(feature = "std")]
mod contents;
#[cfg(feature = "std")]
mod disk;
#[cfg(feature = "std")]
mod error;
#[cfg(feature = "std")]
mod file;
#[cfg(feature = "flash")]
mod flash;
#[cfg(feature = "std")]
mod format;
#[cfg(feature = "std")]
mod hex;
#[cfg(feature = "std")]
mod memory;
#[cfg(feature = "std")]
#[cfg(test)]
mod power_cut;

#[cfg(feature = "flash")]
pub use flash::{Flash, FlashError};
pub use jelling::security::BondStore;
#[cfg(feature = "std")]
pub use {contents::Contents, error::Error, file::JsonFile, memory::Memory};
