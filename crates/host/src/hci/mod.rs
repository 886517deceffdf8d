//! The controller as the host sees it: bring-up as a list, one command in flight, events (Vol 4, Part E).

#[cfg(feature = "peripheral")]
mod advertiser;
mod bring_up;
#[cfg(feature = "central")]
mod central;
mod command;
mod event;
mod host_flow;
mod lifecycle;
mod link_check;

use crate::{kept::Kept, time::Deadline};
#[cfg(feature = "peripheral")]
pub(crate) use advertiser::AdvertiserCommand;
pub(crate) use bring_up::Step;
#[cfg(feature = "central")]
pub(crate) use central::CentralCommand;
pub(crate) use command::{InFlight, Purpose};
pub use host_flow::HostBuffers;
use jelling_wire::{Address, AddressKind, hci::LocalVersion};

/// What the host knows of its controller, and the command it is answering.
#[derive(Debug)]
pub(crate) struct Controller {
    /// How far the bring-up is.
    pub(crate) step: u8,
    pub(crate) in_flight: Kept<InFlight>,
    /// Commands the controller takes just now (Vol 4, Part E, 4.4).
    pub(crate) credits: u8,
    /// When a controller that takes no command counts as silent.
    pub(crate) credit_deadline: Deadline,
    pub(crate) version: Option<LocalVersion>,
    pub(crate) supported_commands: [u8; 64],
    pub(crate) le_features: u64,
    pub(crate) acl_length: u16,
    pub(crate) acl_total: u16,
    pub(crate) acl_in_flight: u16,
    pub(crate) acl_high_water: u16,
    /// Packets that the controller may have on their way to us; 0: it does not count them.
    pub(crate) host_packets: u8,
    /// Packets that we have taken, and that it does not know of.
    pub(crate) taken: u8,
    pub(crate) public: [u8; 6],
    /// The address that is ours for good: what peers that are bonded know us by.
    pub(crate) address: Address,
}

impl Controller {
    pub(crate) const NEW: Controller = Controller {
        step: 0,
        in_flight: Kept::none(InFlight::NEW),
        credits: 0,
        credit_deadline: Deadline::NEVER,
        version: None,
        supported_commands: [0; 64],
        le_features: 0,
        acl_length: 0,
        acl_total: 0,
        acl_in_flight: 0,
        acl_high_water: 0,
        host_packets: 0,
        taken: 0,
        public: [0; 6],
        address: Address::new(AddressKind::Public, [0; 6]),
    };

    /// True when Read Local Supported Commands listed the command (Vol 4, Part E, 6.27).
    pub(crate) fn supports(&self, octet: usize, bit: u8) -> bool {
        self.supported_commands.get(octet).is_some_and(|o| o.checked_shr(u32::from(bit)).unwrap_or(0) & 1 == 1)
    }

    pub(crate) fn acl_room(&self) -> u16 {
        self.acl_total.saturating_sub(self.acl_in_flight)
    }
}

/// What the controller is, as bring-up found it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ControllerInfo {
    /// The address of the host: its identity address, where it hides (`OwnAddress::Resolvable`).
    pub address: Address,
    /// The address the host goes by on air: another one only where it hides, and then for the time being.
    pub on_air: Address,
    /// Read Local Version Information.
    pub version: LocalVersion,
    /// LE features, bit by bit (Vol 6, Part B, 4.6).
    pub le_features: u64,
    /// The longest ACL data packet, in octets.
    pub acl_length: u16,
    /// How many of them the controller holds.
    pub acl_packets: u16,
    /// It holds data back while we have no buffers: [`Config::flow_control`](crate::Config::flow_control) asked for it, and the
    /// controller can.
    pub flow_control: bool,
}
