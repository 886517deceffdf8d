//! What an application may choose before the radio comes up.

#[cfg(all(feature = "client", feature = "security"))]
use crate::smp::Raise;
#[cfg(feature = "security")]
use crate::smp::{Curve, PairSettings};
use crate::{
    gap::{ConnectionParameters, ParameterPolicy},
    hci::HostBuffers,
};
use core::time::Duration;
use jelling_wire::Address;

/// The address a host goes by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OwnAddress {
    /// The controller's public address; a random static one where it has none.
    #[default]
    Automatic,
    /// A random static address, drawn once: a host keeps it (Vol 6, Part B, 1.3.2.1).
    RandomStatic,
    /// This address: public (the controller's own) or random static.
    Fixed(Address),
    /// The host hides: on air it goes by a resolvable private address, which changes after each
    /// [`private_address_timeout`](Config::private_address_timeout). Peers that it is bonded with tell it by its IRK; nobody else
    /// knows that it is the same host (Vol 6, Part B, 1.3.2.2; Vol 3, Part C, 10.7). Its identity address, which they are told when
    /// they pair, is that of `Automatic`.
    #[cfg(feature = "security")]
    Resolvable,
}

/// Settings of a host. Everything has a default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config {
    /// The address the host goes by.
    pub address: OwnAddress,
    /// How long a controller may take to answer a command; the first Reset is sent twice. Default 2 s.
    pub command_timeout: Duration,
    /// A link of which the controller has said nothing for so long is asked after (Read RSSI): one that the controller has
    /// forgotten is lost, and a controller that is silent is noticed. Default 60 s, which is longer than any supervision
    /// timeout; zero: never.
    pub link_check: Duration,
    /// The largest ATT MTU we accept, 23 to 517; never more than `Links` has room for. Default: that room.
    pub mtu: u16,
    /// Octets that the prepared writes of one peer may take, with 6 more for each part; they stand in blocks of `Pool`. What goes
    /// beyond is answered Prepare Queue Full. Default 1,024; 0: none are taken.
    pub prepare_queue: u16,
    /// The device name in the GAP service. Default `"jelling"`.
    pub name: &'static str,
    /// The appearance in the GAP service (Assigned Numbers, 2.6). Default 0: unknown.
    pub appearance: u16,
    /// The Peripheral Preferred Connection Parameters in the GAP service (Vol 3, Part C, 12.3). What is out of range is shown as the
    /// nearest that is not. Default `None`: the service has no such characteristic. The characteristic comes and goes with the
    /// next registration.
    pub preferred_parameters: Option<ConnectionParameters>,
    /// What becomes of the connection parameters that peers ask for, unless the connection has its own rule
    /// (`on_parameter_request`). Default: they are taken.
    pub parameter_requests: ParameterPolicy,
    /// Flow control from the controller to the host (Vol 4, Part E, 4.2): the controller holds data back that would be more than these
    /// buffers, for a transport that has no flow control of its own; on a controller that cannot the host comes up without
    /// ([`ControllerInfo::flow_control`](crate::ControllerInfo::flow_control)). A packet that is lost on the wire occupies its buffer until
    /// its link ends. Counts from the next start on. Default `None`: what comes is taken.
    pub flow_control: Option<HostBuffers>,
    /// The GAP and the GATT service stand in front of every table. Default true; a change counts from the next registration on.
    pub default_services: bool,
    /// Signed writes of peers are carried out, where feature `security` is on (Vol 3, Part C, 10.4); over an encrypted link, where
    /// they are not used, write commands in their place. Default false: they are ignored.
    pub signed_writes: bool,
    /// What a peer may begin: its pairing takes place on these terms, unless the connection has its own (`allow_pairing`).
    /// Default: the defaults of [`PairSettings`]; `None`: it is refused, Pairing Not Supported.
    #[cfg(feature = "security")]
    pub pairing: Option<PairSettings>,
    /// How the security of a link is raised where a peer refuses a request of ours for the lack of it, unless the connection
    /// has its own (`set_raise`). Default: with the key of a bond, where there is one ([`Raise::Encrypt`]).
    #[cfg(all(feature = "client", feature = "security"))]
    pub raise: Raise,
    /// Secure Connections Only mode (Vol 3, Part C, 10.2.4): whoever begins, pairing is LE Secure Connections with protection
    /// against a man in the middle and a key of 16 octets, or fails; and no other key encrypts. Default false.
    #[cfg(feature = "security")]
    pub secure_connections_only: bool,
    /// A peer may pair with the debug key of the specification, whose secret everybody knows (Vol 3, Part H, 2.3.5.6.1). The
    /// link is encrypted, counts for nothing more, and leaves no bond. Default false.
    #[cfg(feature = "security")]
    pub debug_keys: bool,
    /// Who does the arithmetic of P-256. Default: the host.
    #[cfg(feature = "security")]
    pub curve: Curve,
    /// How long a resolvable private address is kept ([`OwnAddress::Resolvable`]): 1 s to 3,600 s (Vol 4, Part E, 7.8.45). What is out
    /// of range counts as the nearest that is not. A change counts from the next address on. Default 15 min, as Vol 3, Part C,
    /// Appendix A recommends.
    #[cfg(feature = "security")]
    pub private_address_timeout: Duration,
}

impl Config {
    /// The defaults.
    pub const fn new() -> Self {
        Config {
            address: OwnAddress::Automatic,
            command_timeout: Duration::from_secs(2),
            link_check: Duration::from_secs(60),
            mtu: 517,
            prepare_queue: 1024,
            name: "jelling",
            appearance: 0,
            preferred_parameters: None,
            parameter_requests: ParameterPolicy::Accept,
            flow_control: None,
            default_services: true,
            signed_writes: false,
            #[cfg(feature = "security")]
            pairing: Some(PairSettings::new()),
            #[cfg(all(feature = "client", feature = "security"))]
            raise: Raise::Encrypt,
            #[cfg(feature = "security")]
            secure_connections_only: false,
            #[cfg(feature = "security")]
            debug_keys: false,
            #[cfg(feature = "security")]
            curve: Curve::Host,
            #[cfg(feature = "security")]
            private_address_timeout: Duration::from_secs(900),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}
