//! What AD structures of a fixed length say (Supplement, Part A, 1).

use crate::{
    hci::names,
    show::{flag_fields, named_fields, record_fields},
};
use bitflags::bitflags;

bitflags! {
    /// What a device can do, and how it is found (1.3). Reserved bits are kept.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Flags: u8 {
        /// Found for a limited time.
        const LIMITED_DISCOVERABLE = 0x01;
        /// Found as long as it likes.
        const GENERAL_DISCOVERABLE = 0x02;
        /// LE alone.
        const BR_EDR_NOT_SUPPORTED = 0x04;
        /// Its controller has LE and BR/EDR at once.
        const SIMULTANEOUS_CONTROLLER = 0x08;
        /// So has its host; deprecated.
        const SIMULTANEOUS_HOST = 0x10;
        const _ = !0;
    }
}

bitflags! {
    /// What is known out of band (1.7). Reserved bits are kept.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct OobFlags: u8 {
        /// There are OOB data.
        const DATA_PRESENT = 0x01;
        /// The host has LE.
        const LE_SUPPORTED = 0x02;
        /// The host has LE and BR/EDR at once.
        const SIMULTANEOUS_HOST = 0x04;
        /// The address is random.
        const RANDOM_ADDRESS = 0x08;
        const _ = !0;
    }
}

/// Which roles a device has, and prefers (1.17).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LeRole(pub u8);

names! { LeRole;
    ONLY_PERIPHERAL = 0x00, "Only Peripheral Role supported";
    ONLY_CENTRAL = 0x01, "Only Central Role supported";
    PERIPHERAL_PREFERRED = 0x02, "Peripheral Role preferred";
    CENTRAL_PREFERRED = 0x03, "Central Role preferred";
}

named_fields! { u8, 4: LeRole }

flag_fields! {
    Flags: [
        (0x01, "LE Limited Discoverable Mode"),
        (0x02, "LE General Discoverable Mode"),
        (0x04, "BR/EDR Not Supported"),
        (0x08, "Simultaneous LE and BR/EDR (Controller)"),
        (0x10, "Simultaneous LE and BR/EDR (Host)"),
    ];
    OobFlags: [
        (0x01, "OOB data present"),
        (0x02, "LE supported (Host)"),
        (0x04, "Simultaneous LE and BR/EDR (Host)"),
        (0x08, "Random address"),
    ];
}

/// The connection interval a peripheral likes (1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionIntervalRange {
    /// 1.25 ms each; 0xffff for none in particular.
    pub interval_min: u16,
    /// 1.25 ms each; 0xffff for none in particular.
    pub interval_max: u16,
}

/// The channels a periodic advertiser is going to use (1.20).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelMapUpdate {
    /// Channel n has bit n, from 0 to 36; 1 is in use.
    pub map: [u8; 5],
    /// The periodic advertising event from which on it does.
    pub instant: u16,
}

/// What tells the members of a coordinated set (Coordinated Set Identification Service, 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolvableSetIdentifier {
    /// Of the other part, by the set's key.
    pub hash: [u8; 3],
    /// Drawn at random.
    pub random: [u8; 3],
}

/// When responses to periodic advertising may be sent (1.24).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResponseTiming {
    /// Of the responses.
    pub access_address: u32,
    /// 1 to 128.
    pub subevents: u8,
    /// 1.25 ms each.
    pub subevent_interval: u8,
    /// From a subevent to its first slot, 1.25 ms each.
    pub response_slot_delay: u8,
    /// 0.125 ms each.
    pub response_slot_spacing: u8,
}

record_fields! {
    ConnectionIntervalRange { interval_min: u16, interval_max: u16 }
    ChannelMapUpdate { map: [u8; 5], instant: u16 }
    ResolvableSetIdentifier { hash: [u8; 3], random: [u8; 3] }
    ResponseTiming {
        access_address: u32,
        subevents: u8,
        subevent_interval: u8,
        response_slot_delay: u8,
        response_slot_spacing: u8
    }
}
