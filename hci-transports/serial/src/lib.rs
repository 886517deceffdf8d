//! jelling-serial: HCI over H4 on a serial port of a PC: dongles and boards (Core 6.0, Vol 4, Part A).
//!
//! What it is not: a UART of an MCU. There `jelling-h4` stands on the `embedded-io-async` pair of its HAL.
//!
//! ```no_run
//! # fn example() -> Result<(), jelling_serial::OpenError> {
//! for port in jelling_serial::ports().unwrap_or_default() {
//!     println!("{port}");
//! }
//! let (reader, writer) = jelling_serial::open("/dev/ttyACM0", &jelling_serial::Settings::default())?;
//! // runner.run(reader, writer).await
//! # let _ = (reader, writer); Ok(())
//! # }
//! ```
//!
//! A port that is unplugged ends `run` with an error, and its links are lost. `run` may be called again when the port is back: the
//! host comes up, and advertises if it did.
//!
//! | Specification | here |
//! | --- | --- |
//! | Vol 4, Part A, 3: RS-232 settings | [`Settings`] |
//! | Vol 4, Part A, 2 and 4: protocol, error recovery | `jelling-h4` |

mod list;
mod port;

pub use list::{Port, ports};
pub use port::{BAUD, FlowControl, OpenError, Receive, Send, Settings, open};
