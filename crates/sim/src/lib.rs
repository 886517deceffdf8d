//! jelling-sim: LE controllers in pure Rust on a simulated air, so that an application is tested without a radio.
//!
//! Everything follows from a seed: the same test, the same packets at the same microseconds. Time is virtual in a
//! [`Simulation`], real without one. Controllers police their hosts, and meet with faults by script or by seed. What it is not:
//! a host, nor a part of one; it knows HCI and the link layer and nothing above.
//!
//! ```
//! use jelling_sim::Simulation;
//! use jelling_transport::{PacketRead, PacketWrite};
//! use jelling_wire::{Packet, PacketKind};
//!
//! let simulation = Simulation::new(1);
//! let (mut reader, mut writer) = simulation.air().controller().transport();
//! simulation.block_on(async {
//!     writer.write(Packet::new(PacketKind::Command, &[0x03, 0x0c, 0x00])).await.unwrap(); // Reset
//!     let mut buffer = [0; 260];
//!     let answer = reader.read(&mut buffer).await.unwrap();
//!     assert_eq!(answer.data, [0x0e, 0x04, 0x01, 0x03, 0x0c, 0x00]); // Command Complete
//! });
//! ```
//!
//! With hosts of jelling there is less to write: see `jelling::sim`.
//!
//! | Specification (Core 6.0) | module |
//! | --- | --- |
//! | Vol 4, Part E: HCI | `commands`, `link_commands`, `roles`, `supported`, `police` |
//! | Vol 4, Part E, 4.1, 4.2, 5.4.2: data and flow control | `data` |
//! | Vol 4, Part A: UART transport | [`SerialLine`] |
//! | Vol 6, Part B, 4.4: advertising, scanning, initiating | `advertising` |
//! | Vol 6, Part B, 4.5: connections | `link`, `exchange`, `supervision` |
//! | Vol 6, Part B, 5.1: control procedures | `procedures`, `changes`, `ll` |
//! | Vol 6, Part B, 5.1.3, and Part E: encryption | `encryption`, `crypt` |

mod advertising;
mod air;
mod apart;
mod changes;
mod commands;
mod controller;
mod crypt;
mod data;
mod encryption;
mod exchange;
mod fault;
mod link;
mod link_commands;
mod ll;
mod passage;
mod police;
mod procedures;
mod recording;
mod roles;
mod room;
mod serial;
mod simulation;
mod supervision;
mod supported;
mod transport;
mod violations;
mod world;

pub use air::{Air, Controller};
pub use apart::apart;
pub use controller::ControllerConfig;
pub use fault::{Action, Direction, Fault, Noise};
pub use police::{Breach, Violation};
pub use recording::Passed;
pub use serial::{LineFault, OctetFault, SerialLine, SerialReader, SerialWriter};
pub use simulation::{Simulation, Stuck};
pub use transport::{SimReader, SimWriter};
