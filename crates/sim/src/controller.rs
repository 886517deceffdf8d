//! A controller's state, as its host set it.

use crate::{
    fault::{Fault, Noise},
    police::{Notice, Police},
    supported::{LE_2M, LE_CODED, LE_FEATURES},
};
use core::{task::Waker, time::Duration};
use jelling_wire::{
    Address, AddressKind, PacketKind,
    hci::{
        Opcode,
        command::{LeCreateConnection, LeSetAdvertisingParameters, LeSetScanParameters},
    },
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a controller is made with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ControllerConfig {
    /// Its public address, least significant octet first; all zero: it has none. Default: 00:00:5e:00:53:NN.
    pub address: Option<[u8; 6]>,
    /// Octets of data in an ACL packet, 27 to 0xffff. Default 251.
    pub acl_length: u16,
    /// ACL packets it holds, at least 1. Default 6.
    pub acl_packets: u8,
    /// Links it has at once. Default 8.
    pub links: usize,
    /// Entries of its accept list. Default 8.
    pub accept_list: u8,
    /// LE features that it lacks, of those of its kind, bit by bit (Vol 6, Part B, 4.6). Default 0.
    pub features_missing: u64,
    /// Commands that it lacks. Default: none.
    pub commands_missing: &'static [Opcode],
    /// For so long, in the air's time, a packet that was handed over may not have reached its host: news that excuse a command
    /// or data which come too late excuse them until then. For streams to hosts outside, where packets lie in buffers of the
    /// operating system. Default 0: whoever is handed a packet has read it.
    pub grace: Duration,
}

impl Default for ControllerConfig {
    fn default() -> Self {
        ControllerConfig {
            address: None,
            acl_length: 251,
            acl_packets: 6,
            links: 8,
            accept_list: 8,
            features_missing: 0,
            commands_missing: &[],
            grace: Duration::ZERO,
        }
    }
}

impl ControllerConfig {
    /// The LE features that it has.
    pub(crate) fn le_features(&self) -> u64 {
        LE_FEATURES & !self.features_missing
    }

    /// The PHYs that it has: 1M, 2M, Coded from bit 0.
    pub(crate) fn phys(&self) -> u8 {
        let bit = |feature: u64, phy: u8| if self.le_features() & feature != 0 { phy } else { 0 };
        1 | bit(LE_2M, 2) | bit(LE_CODED, 4)
    }
}

/// A packet on its way to the host.
#[derive(Clone, Debug)]
pub(crate) struct ToHost {
    pub(crate) kind: PacketKind,
    pub(crate) octets: Vec<u8>,
    pub(crate) notice: Notice,
    /// It cannot be read before.
    pub(crate) at: u64,
}

/// Advertising that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Advertiser {
    pub(crate) parameters: LeSetAdvertisingParameters,
    pub(crate) adv: Vec<u8>,
    pub(crate) resp: Vec<u8>,
    pub(crate) on: bool,
    /// Tells one use of the advertiser from the next.
    pub(crate) token: u64,
}

/// Scanning that goes on.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    pub(crate) parameters: LeSetScanParameters,
    pub(crate) on: bool,
    pub(crate) filter_duplicates: bool,
    pub(crate) began: u64,
    pub(crate) seen: BTreeSet<(Address, u8)>,
}

/// A connection attempt.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Initiator {
    pub(crate) parameters: LeCreateConnection,
    pub(crate) began: u64,
}

/// Flow control from controller to host.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostBuffers {
    pub(crate) on: bool,
    pub(crate) length: u16,
    pub(crate) packets: u16,
    /// Packets the host holds, by link.
    pub(crate) held: BTreeMap<u16, u16>,
    /// Packets that wait for room: handle, whether one begins a frame, octets.
    pub(crate) waiting: VecDeque<(u16, bool, Vec<u8>)>,
}

impl HostBuffers {
    /// True when there is nowhere to put another packet.
    pub(crate) fn is_full(&self) -> bool {
        self.on && (!self.waiting.is_empty() || self.has_no_room())
    }

    pub(crate) fn has_no_room(&self) -> bool {
        self.on && self.packets > 0 && self.held.values().sum::<u16>() >= self.packets
    }

    /// The packets of a link that is gone count as taken (Vol 4, Part E, 4.2).
    pub(crate) fn forget(&mut self, handle: u16) {
        self.held.remove(&handle);
        self.waiting.retain(|(h, ..)| *h != handle);
    }
}

/// How much of a controller is alive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Life {
    #[default]
    Well,
    /// It answers nothing but Reset.
    Hanging,
    /// It answers nothing.
    Silent,
}

/// A controller. What Reset clears is in [`Settings`].
#[derive(Debug)]
pub(crate) struct Controller {
    pub(crate) config: ControllerConfig,
    pub(crate) address: [u8; 6],
    pub(crate) settings: Settings,
    pub(crate) to_host: VecDeque<ToHost>,
    /// Packets of the host that a fault delays.
    pub(crate) from_host: VecDeque<(u64, PacketKind, Vec<u8>)>,
    pub(crate) reader: Option<Waker>,
    /// Who waits to write: its host leaves too much unread.
    pub(crate) writers: Vec<Waker>,
    pub(crate) life: Life,
    pub(crate) police: Police,
    /// Packets that passed, to the controller and from it.
    pub(crate) passed: [u64; 2],
    pub(crate) faults: Vec<Fault>,
    pub(crate) noise: Noise,
    /// How often it was powered up.
    pub(crate) generation: u64,
    pub(crate) hash: u64,
}

/// What Reset puts back.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) event_mask: u64,
    pub(crate) le_event_mask: u64,
    pub(crate) random: Option<[u8; 6]>,
    pub(crate) advertiser: Advertiser,
    pub(crate) scanner: Scanner,
    pub(crate) initiator: Option<Initiator>,
    pub(crate) accept: Vec<Address>,
    pub(crate) tx_octets: u16,
    pub(crate) tx_time: u16,
    pub(crate) tx_phys: u8,
    pub(crate) rx_phys: u8,
    pub(crate) channels: [u8; 5],
    pub(crate) host: HostBuffers,
    /// Link number and end of each handle.
    pub(crate) handles: BTreeMap<u16, (u64, usize)>,
    pub(crate) key: Option<p256::SecretKey>,
}

impl Settings {
    pub(crate) fn new() -> Self {
        use jelling_wire::hci::{AdvertisingKind, ScanKind};
        let nobody = Address::new(AddressKind::Public, [0; 6]);
        let parameters = LeSetAdvertisingParameters {
            interval_min: 0x0800,
            interval_max: 0x0800,
            kind: AdvertisingKind::ConnectableUndirected,
            own_address_kind: 0,
            peer: nobody,
            channel_map: 7,
            filter_policy: 0,
        };
        let advertiser = Advertiser { parameters, adv: vec![], resp: vec![], on: false, token: 0 };
        let parameters = LeSetScanParameters {
            kind: ScanKind::Passive,
            interval: 0x0010,
            window: 0x0010,
            own_address_kind: 0,
            filter_policy: 0,
        };
        let scanner = Scanner { parameters, on: false, filter_duplicates: false, began: 0, seen: BTreeSet::new() };
        Settings {
            // Vol 4, Part E, 7.3.1 and 7.8.1: the defaults.
            event_mask: 0x0000_1fff_ffff_ffff,
            le_event_mask: 0x1f,
            random: None,
            advertiser,
            scanner,
            initiator: None,
            accept: vec![],
            tx_octets: 27,
            tx_time: 328,
            tx_phys: 7,
            rx_phys: 7,
            channels: [0xff, 0xff, 0xff, 0xff, 0x1f],
            host: HostBuffers::default(),
            handles: BTreeMap::new(),
            key: None,
        }
    }
}

impl Controller {
    pub(crate) fn new(config: ControllerConfig, number: usize) -> Self {
        let nn = u8::try_from(number % 256).unwrap_or(0);
        Controller {
            address: config.address.unwrap_or([nn, 0x53, 0x00, 0x5e, 0x00, 0x00]),
            config,
            settings: Settings::new(),
            to_host: VecDeque::new(),
            from_host: VecDeque::new(),
            reader: None,
            writers: vec![],
            life: Life::Well,
            police: Police::default(),
            passed: [0; 2],
            faults: vec![],
            noise: Noise::default(),
            generation: 0,
            hash: 0xcbf2_9ce4_8422_2325,
        }
    }

    /// The address of this type, if there is one: the public one may be missing, the random one not set yet.
    pub(crate) fn own_address(&self, kind: u8) -> Option<Address> {
        match kind {
            0 => (self.address != [0; 6]).then(|| Address::new(AddressKind::Public, self.address)),
            1 => Some(Address::new(AddressKind::Random, self.settings.random?)),
            _ => None,
        }
    }

    pub(crate) fn accepts(&self, address: Address) -> bool {
        self.settings.accept.contains(&address)
    }

    /// The lowest handle that is free: handles are used again, once the host has read that their link is gone.
    pub(crate) fn free_handle(&self) -> u16 {
        let known = |handle: &u16| {
            self.settings.handles.contains_key(handle)
                || self.police.links.contains_key(handle)
                || self.to_host.iter().any(|packet| packet.notice == Notice::Down(*handle))
        };
        (0x0040..0x0f00).find(|handle| !known(handle)).unwrap_or(0x0eff)
    }

    /// FNV-1a over what the host sent: equal hashes, equal sessions.
    pub(crate) fn digest(&mut self, octets: &[u8]) {
        for octet in octets {
            self.hash = (self.hash ^ u64::from(*octet)).wrapping_mul(0x0100_0000_01b3);
        }
    }
}
