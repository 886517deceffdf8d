//! jelling-bonds: where bonds are kept on a PC. [`JsonFile`] is a file that survives a power cut, [`Memory`] is gone with the program.
//! What it is not: flash of a microcontroller, for which an application implements [`BondStore`] over its own.
//!
//! ```
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
//! ```

mod checksum;
mod contents;
mod disk;
mod error;
mod file;
mod format;
mod hex;
mod memory;
#[cfg(test)]
mod power_cut;

pub use contents::Contents;
pub use error::Error;
pub use file::JsonFile;
pub use jelling::security::BondStore;
pub use memory::Memory;
