//! apps: the applications of the examples. Each is a function of a [`Host`](jelling::Host), so it is the same on a PC, in the
//! simulator and on an MCU; whoever calls it says where values come from and where they go.
#![no_std]

#[cfg(all(feature = "peripheral", feature = "server"))]
pub mod battery;
#[cfg(all(feature = "central", feature = "client", feature = "l2cap"))]
pub mod file_client;
#[cfg(all(feature = "peripheral", feature = "server", feature = "l2cap"))]
pub mod file_server;
#[cfg(feature = "l2cap")]
pub mod files;
#[cfg(all(feature = "central", feature = "client"))]
pub mod follow;
#[cfg(all(feature = "peripheral", feature = "server"))]
pub mod stream;
#[cfg(all(feature = "peripheral", feature = "server"))]
pub mod thermometer;

use jelling::Uuid;

/// The name that the thermometer shows.
pub const NAME: &str = "rust-temp";
/// Environmental Sensing.
pub const ENV_SENSE: Uuid = Uuid::new16(0x181a);
/// Temperature: hundredths of a degree Celsius, as `i16`.
pub const TEMPERATURE: Uuid = Uuid::new16(0x2a6e);
/// Measurement Interval: seconds, as `u16`.
pub const INTERVAL: Uuid = Uuid::new16(0x2a21);
/// Battery Service.
pub const BATTERY: Uuid = Uuid::new16(0x180f);
/// Battery Level: percent, as `u8`.
pub const LEVEL: Uuid = Uuid::new16(0x2a19);
