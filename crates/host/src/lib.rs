//! jelling-host: a Bluetooth LE host as a sans-IO core.
//!
//! Bytes in, bytes out, time in, events out. No IO, no clock, no waker, no random numbers inside, no heap; nothing a peer
//! or a controller sends makes it panic. What it is not: a thing an application calls. That is the crate `jelling`, which
//! puts an async face before it.
//!
//! ```
//! use jelling_host::{Instant, Links, Gatt, Pool, Scan, Store, TRANSMIT_BUFFER};
//!
//! let mut store = Box::new(Store::<Links<1>, Gatt, Pool, Scan>::NEW);
//! let mut core = store.core();
//! core.start();
//! let mut buffer = [0; TRANSMIT_BUFFER];
//! let reset = core.poll_transmit(Instant::ZERO, &mut buffer).and_then(|t| t.packet()).unwrap();
//! assert_eq!(reset.data, [0x03, 0x0c, 0x00]); // HCI Reset
//! ```
//!
//! | Specification (Core 6.0) | module |
//! | --- | --- |
//! | Vol 4, Part E: HCI | `hci`: bring-up, commands, events |
//! | Vol 3, Part C: GAP | `gap`: advertising, scanning, connecting |
//! | Vol 3, Part A: L2CAP | `l2cap`: recombination, fragmentation, signalling, channels |
//! | Vol 3, Part F: ATT | `att`: client, server, indications |
//! | Vol 3, Part G: GATT | `gatt`: table, registration, values, subscriptions |
//! | Vol 3, Part C, 9.4.4: bonds | `bond`: slots, what the store is told |
//! | Vol 3, Part H: SMP | `smp`: pairing, encryption; `crypto`: its toolbox |
//!
//! What a test wants to decide comes from outside in any build: time is an argument; random octets (passkeys, nonces, private keys, the keys of
//! legacy pairing, our IRK) are the controller's answers to LE Rand, so the same answers give the same pairing; a key pair of P-256 is what a
//! `Crypto` of the test makes of a job; our identity and bonds are restored as from a store (`restore_identity`, `restore_bond`). Feature `seams` adds
//! verbs that set the security of a link, its signing keys and its bond without pairing, and the toolbox by itself; nothing else switches it on.
//!
//! Its features are those of `jelling`, which documents them.
#![cfg_attr(not(test), no_std)]
#![cfg_attr(
    not(any(feature = "central", feature = "peripheral")),
    allow(dead_code, unused_variables, reason = "a host without a role has no link to use it for")
)]

mod att;
#[cfg(feature = "security")]
mod bond;
mod config;
mod core;
mod counters;
#[cfg(feature = "security")]
mod crypto;
mod error;
mod event;
mod fmt;
mod gap;
mod gatt;
mod hci;
#[cfg(feature = "l2cap")]
mod io;
mod kept;
mod l2cap;
mod link;
mod links;
#[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
#[cfg_attr(
    not(any(feature = "client", feature = "server")),
    allow(dead_code, reason = "values and answers stand in chains, channels do not")
)]
mod pool;
mod resources;
#[cfg(feature = "seams")]
mod seams;
mod security;
#[cfg(feature = "security")]
mod smp;
mod state;
mod time;

pub use crate::core::{TRANSMIT_BUFFER, Transmit};
#[cfg(feature = "client")]
pub use att::{Answer, PrepareTicket, RequestTicket, Turn};
#[cfg(feature = "server")]
pub use att::{Ask, IndicationTicket, Payload, QuestionId};
#[cfg(feature = "security")]
pub use bond::{Bond, BondChange, BondSlot, Identity, LongTermKey, SigningKey, Subscriptions};
pub use config::{Config, OwnAddress};
pub use counters::{Counters, Pools, Usage};
#[cfg(all(feature = "security", feature = "seams"))]
pub use crypto::toolbox;
#[cfg(feature = "security")]
pub use crypto::{Crypto, PublicKey, Software};
pub use error::{Argument, Error, Fault, Resource};
pub use event::{ConnectionEvent, Event, HostEvent};
#[cfg(feature = "peripheral")]
pub use gap::{AdvertisingSettings, AdvertisingTicket};
#[cfg(feature = "central")]
pub use gap::{ConnectSettings, ConnectTicket, Report, ScanSettings, ScanTicket};
pub use gap::{ConnectionParameters, DataLength, LinkPhy, ParameterPolicy, Phy, Phys, UpdateTicket};
#[cfg(feature = "server")]
pub use gatt::{
    Access, AccessKind, Attribute, AttributeId, CharacteristicSettings, DescriptorSettings, Gate, Hook, Hooks,
    OnAccess, Permissions, Protection, Recipient, ServiceSettings, Storage,
};
pub use gatt::{Properties, ToOctets, Updates, Value};
#[cfg(any(feature = "client", feature = "server"))]
pub use gatt::{Queue, QueueId};
pub use hci::{ControllerInfo, HostBuffers};
pub use jelling_wire as wire;
#[cfg(feature = "l2cap")]
pub use l2cap::{
    Channel, ChannelDemands, ChannelHandle, ChannelInfo, ChannelOptions, FramePart, ListenerHandle, Received,
};
pub use link::{Link, LinkId, LinkInfo, Parameters};
#[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
pub use pool::{BLOCK, Block, DEPTH, Policy};
pub use resources::{
    BondGroup, Bonds, ChannelGroup, Channels, Core, Gatt, GattGroup, LinkGroup, Links, Pool, PoolGroup, Scan,
    ScanGroup, Store,
};
pub use security::{Authorisation, Security};
#[cfg(all(feature = "client", feature = "security"))]
pub use smp::Raise;
#[cfg(feature = "security")]
pub use smp::{
    Curve, Job, JobResult, LeSecure, Overwrite, OwnOob, PairSettings, PairTicket, PasskeyAction, PasskeyAnswer,
    PasskeyTicket, PeerOob,
};
pub use state::{Power, State};
pub use time::Instant;
