//! jelling: Bluetooth Low Energy for async Rust, on any HCI controller, with the vocabulary of MicroPython's aioble.
//!
//! This is the one crate that an application names. It is `no_std`, needs no heap, and no handle has a type parameter.
//! What it is not: a driver. A transport (`jelling-h4` on a UART, `jelling-tcp` to a virtual controller) carries its packets.
//!
//! ```no_run
//! use jelling::{Config, Host, Properties, Resources, Uuid};
//! use core::time::Duration;
//!
//! const ENV_SENSE: Uuid = Uuid::new16(0x181A);
//! const TEMPERATURE: Uuid = Uuid::new16(0x2A6E);
//!
//! async fn sensor(host: Host<'_>) -> Result<(), jelling::Error> {
//!     let mut db = host.services()?;
//!     let service = db.service(ENV_SENSE)?;
//!     let temperature = db.characteristic(service, TEMPERATURE, Properties::READ | Properties::NOTIFY)?;
//!     db.register()?;
//!     temperature.write(&2150i16)?;
//!     loop {
//!         let advertise = host.advertise(Duration::from_millis(250)).name("rust-temp").services(&[ENV_SENSE]);
//!         let connection = advertise.await?;
//!         temperature.update(&2160i16)?;
//!         connection.disconnected().await;
//!     }
//! }
//!
//! # async fn run(rx: impl jelling::PacketRead, tx: impl jelling::PacketWrite) {
//! let mut resources: Resources = Resources::new();
//! let (host, mut runner) = jelling::new(&mut resources, Config::default());
//! embassy_futures::select::select(runner.run(rx, tx), sensor(host)).await;
//! # }
//! ```
//!
//! | aioble | specification (Core 6.0) | here |
//! | --- | --- | --- |
//! | `config`, `stop` | Vol 4, Part E | [`Host`], [`Runner`], [`Config`] |
//! | `Device`, `DeviceConnection` | Vol 3, Part C | [`Device`], [`Connection`] |
//! | `scan`, `Device.connect` | Vol 3, Part C, 9 | [`Host::scan`], [`Host::connect`] |
//! | `advertise` | Vol 3, Part C, 9 | [`Host::advertise`] |
//! | `Service`, `Characteristic`, `register_services` | Vol 3, Part G | [`Host::services`], [`Characteristic`] |
//! | `ClientService`, `ClientCharacteristic` | Vol 3, Part G, 4 | [`Connection::service`], [`ClientCharacteristic`] |
//! | `DeviceConnection.l2cap_connect`, `l2cap_accept`, `L2CAPChannel` | Vol 3, Part A, 4.22, 10.1 | [`Connection::l2cap_connect`], [`Connection::l2cap_accept`], [`L2capChannel`] |
//! | `DeviceConnection.pair`, `security` | Vol 3, Part H | [`Connection::pair`], [`security`] |
//!
//! # Security
//!
//! A central that pairs, and is encrypted on the connections that follow, and a peripheral with a value for such centrals alone:
//!
//! ```no_run
//! # #[cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
//! # mod both {
//! use core::time::Duration;
//! use jelling::{CharacteristicOptions, Device, Error, Host, Pair, Permissions, Properties, Uuid};
//!
//! const SERVICE: Uuid = Uuid::new16(0x181a);
//! const SECRET: Uuid = Uuid::new16(0x2a6e);
//!
//! async fn central(host: Host<'_>, device: Device) -> Result<u8, Error> {
//!     let connection = host.connect(device).await?;
//!     // With a bond: nobody is asked, and the link is encrypted.
//!     connection.pair(Pair::new()).await?;
//!     connection.service(SERVICE).await?.characteristic(SECRET).await?.read().await
//! }
//!
//! async fn peripheral(host: Host<'_>) -> Result<(), Error> {
//!     let mut db = host.services()?;
//!     let service = db.service(SERVICE)?;
//!     let encrypted = CharacteristicOptions::new(Properties::READ).permissions(Permissions::READ_ENCRYPTED).initial(&[7]);
//!     db.characteristic_with(service, SECRET, &encrypted)?;
//!     db.register()?;
//!     // Peers may pair as `Config::pairing` says.
//!     host.advertise(Duration::from_millis(250)).await?.disconnected().await
//! }
//! # }
//! ```
//!
//! Nothing is weaker by accident. The module [`security`] tells who may pair, whom a user is asked by, what becomes of bonds, and
//! when a request raises the security of its link.
//!
//! # Features
//!
//! | feature | what it brings | without it |
//! | --- | --- | --- |
//! | `central` | scanning, connecting | scan slots have no octets; a link in this role is ended |
//! | `peripheral` | advertising | a link in this role is ended |
//! | `client` | discovery, reads and writes of all kinds, subscriptions, the MTU exchange | notifications are dropped, indications confirmed |
//! | `server` | services, notifications, indications | `Gatt` has no octets; each request is answered Request Not Supported |
//! | `l2cap` | L2CAP channels with credits | `Channels` has no octets; a peer that wants a channel is told that no PSM is served |
//! | `security` | pairing with LE Secure Connections, encryption, bonds, signed writes, the Database Hash | `Bonds` has no octets; pairing and keys are refused |
//! | `legacy-pairing` | legacy pairing, where `Pair` allows it: weaker; not a default | a peer that knows nothing else is refused |
//! | `log` | lines of what host and links do, through `log` | nothing is left of them |
//! | `defmt` | the same through `defmt`, and `defmt::Format` for public types; not with `log` | |
//! | `sync` | handles are `Send` and `Sync` | |
//! | `std` | the clock and the critical section of a PC | the application has its own |
//! | `sim` | hosts on simulated controllers, for tests | |
//!
//! The first six are on by default. What is switched off leaves the image: code, slots, and its part of the event masks. With
//! neither `client`, `server` nor `l2cap`, `Pool` has no octets either. Every one builds alone and with every other.
//!
//! Every operation on a peer is a future that does nothing before its first poll, has a timeout (aioble's default, or
//! `.timeout(t)`), and undoes what it began when it is dropped. A disconnect ends each of them with [`Error::Disconnected`].
#![cfg_attr(not(any(test, feature = "std")), no_std)]

#[cfg(feature = "std")]
use jelling_clock as _;

mod capabilities;
#[cfg(feature = "central")]
mod central;
#[cfg(feature = "client")]
mod client;
mod core;
mod device;
mod gate;
#[cfg(feature = "l2cap")]
mod l2cap;
mod operation;
mod parameters;
#[cfg(feature = "peripheral")]
mod peripheral;
mod phy;
#[cfg(all(feature = "client", not(feature = "security")))]
#[path = "security/no_raise.rs"]
mod raise;
mod resources;
mod runner;
#[cfg(feature = "security")]
pub mod security;
#[cfg(feature = "server")]
mod server;
#[cfg(feature = "sim")]
pub mod sim;
mod waiting;

pub use crate::core::{Config, Connection, Disconnect, Disconnected, Host, new};
pub use capabilities::Capabilities;
#[cfg(feature = "central")]
pub use central::{Connect, Scan, ScanResult, Scanner};
#[cfg(feature = "client")]
pub use client::{
    ClientAttribute, ClientCharacteristic, ClientDescriptor, ClientInclude, ClientService, Discover, ExchangeMtu, Find,
    Notified, NotifiedInto, Read, ReadByUuid, ReadInto, ReadMultiple, ReadMultipleVariable, ReliableWrite, Subscribe,
    Subscription, Values, Write,
};
pub use device::{AddressKind, Device, InvalidDevice};
#[cfg(feature = "client")]
pub use jelling_host::Policy;
#[cfg(all(feature = "client", feature = "security"))]
pub use jelling_host::Raise;
#[cfg(feature = "security")]
pub use jelling_host::wire::{
    Address, Secret,
    smp::{IoCapability, Keypress, Reason},
};
pub use jelling_host::wire::{Packet, PacketKind, Uuid};
pub use jelling_host::wire::{
    ad,
    att::ErrorCode,
    hci::{LeFeatures, Role, Status},
};
#[cfg(feature = "server")]
pub use jelling_host::{Access, AccessKind, OnAccess, Permissions, Protection};
pub use jelling_host::{
    Argument, Authorisation, Bonds, ConnectionEvent, ConnectionParameters, ControllerInfo, Counters, DataLength, Error,
    Fault, Gatt, HostBuffers, HostEvent, LinkPhy, Links, OwnAddress, ParameterPolicy, Phy, Phys, Pool, Pools,
    Properties, Resource, Scan as ScanSlots, Security, ToOctets, Updates, Usage, Value,
};
#[cfg(feature = "security")]
pub use jelling_host::{
    Bond, BondChange, Crypto, Curve, Identity, LeSecure, LongTermKey, Overwrite, OwnOob, PairSettings as Pair,
    PasskeyAction, PeerOob, PublicKey, SigningKey, Software, Subscriptions,
};
#[cfg(feature = "l2cap")]
pub use jelling_host::{ChannelDemands, ChannelOptions, Received, wire::l2cap::signalling::LeConnectionResult};
pub use jelling_transport::{PacketRead, PacketWrite};
#[cfg(feature = "l2cap")]
pub use l2cap::{
    L2capAccept, L2capAccepted, L2capChannel, L2capConnect, L2capDisconnect, L2capDisconnected, L2capFlush,
    L2capListener, L2capReceive, L2capRecvinto, L2capSend,
};
pub use operation::Operation;
pub use parameters::UpdateParameters;
#[cfg(feature = "peripheral")]
pub use peripheral::Advertise;
pub use phy::{SetDataLength, SetPhy};
pub use resources::{Channels, Resources, Tasks};
pub use runner::{RunError, Runner};
#[cfg(feature = "security")]
pub use security::{Encrypt, Pairing, PasskeyRequest};
#[cfg(feature = "server")]
pub use server::{
    Characteristic, CharacteristicOptions, Descriptor, Indicate, Notify, NotifySeveral, ReadRequest, ReadRequested,
    Registration, Service, ServiceOptions, SubscriptionChanged, WriteRequest, WriteRequested, Written, WrittenInto,
};
