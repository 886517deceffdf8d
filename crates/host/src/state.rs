//! What a host keeps beside its tables: the controller's state, the three GAP activities, and the accounts.

#[cfg(feature = "security")]
use crate::bond::Bonding;
#[cfg(feature = "peripheral")]
use crate::gap::Advertising;
#[cfg(feature = "security")]
use crate::gap::Privacy;
#[cfg(feature = "central")]
use crate::gap::{Initiator, Scanning};
#[cfg(feature = "server")]
use crate::gatt::Table;
#[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
use crate::pool::Accounts;
#[cfg(feature = "security")]
use crate::smp::{ControllerCurve, OobSlot, Random, SecuritySettings, Strikes};
use crate::{
    config::{Config, OwnAddress},
    counters::Counters,
    error::{Error, Fault},
    event::{HostEvent, HostNews},
    gap::ParameterRule,
    hci::{Controller, HostBuffers},
    kept::Kept,
    link::Parameters,
    time::{Deadline, Instant, Sooner, micros},
};
use core::time::Duration;
use jelling_wire::{Address, AddressKind, hci::Opcode};

/// Whether the radio is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Power {
    /// Not started, or stopped.
    #[default]
    Off,
    /// The bring-up is under way.
    Starting,
    /// Ready.
    Up,
    /// `stop` is under way.
    Stopping,
    /// Down for the reason given, when bringing it up again was of no use, or when the transport is gone; the next operation
    /// starts it again.
    Failed(Fault),
}

/// [`Power`] without its fault: all zero when off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Off,
    Starting,
    Up,
    Stopping,
    Failed,
}

/// [`OwnAddress`] without its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    Automatic,
    RandomStatic,
    Fixed,
    #[cfg(feature = "security")]
    Resolvable,
}

/// [`Config`], all zero before the first one.
#[derive(Clone, Copy, Debug)]
struct Settings {
    name: Option<&'static str>,
    command_timeout: u64,
    link_check: u64,
    mtu: u16,
    prepare_queue: u16,
    appearance: u16,
    /// Preferred connection parameters.
    preferred: Kept<Parameters>,
    parameter_requests: ParameterRule,
    flow_control: Kept<HostBuffers>,
    default_services: bool,
    signed_writes: bool,
    #[cfg(feature = "security")]
    pub(crate) security: SecuritySettings,
    own: Own,
    address: Address,
}

impl Settings {
    const NEW: Settings = Settings {
        name: None,
        command_timeout: 0,
        link_check: 0,
        mtu: 0,
        prepare_queue: 0,
        appearance: 0,
        preferred: Kept::none(Parameters::ZERO),
        parameter_requests: ParameterRule::NEW,
        flow_control: Kept::none(HostBuffers::ZERO),
        default_services: false,
        signed_writes: false,
        #[cfg(feature = "security")]
        security: SecuritySettings::NEW,
        own: Own::Automatic,
        address: NOBODY,
    };
}

/// What a host keeps beside its tables. All zero at the start.
#[derive(Debug)]
pub struct State {
    settings: Settings,
    pub(crate) stage: Stage,
    /// Why, where it is `Failed`.
    pub(crate) fault: Fault,
    /// How often the host was stopped or given up: who waits across that learns of it.
    pub(crate) epoch: u16,
    /// Why it was the last time.
    pub(crate) ended: Kept<Error>,
    /// Bring-ups since a fault, until one succeeds.
    pub(crate) attempts: u8,
    /// What the host recovers from.
    pub(crate) recovering: Kept<Fault>,
    /// The controller may wait for the rest of a packet that went wrong: it is given more than it can wait for.
    pub(crate) flush: bool,
    /// The transport is to look for the answer of Reset.
    pub(crate) anew: bool,
    /// When bring-ups are counted anew: the host has been up for a while.
    pub(crate) steady_at: Deadline,
    /// It is known that there is no transport.
    pub(crate) no_transport: bool,
    /// The next transport brings the host up.
    pub(crate) resumes: bool,
    /// The random static address of this host.
    pub(crate) static_address: Kept<[u8; 6]>,
    pub(crate) happened: Kept<HostEvent>,
    pub(crate) controller: Controller,
    #[cfg(feature = "peripheral")]
    pub(crate) advertising: Advertising,
    #[cfg(feature = "central")]
    pub(crate) scanning: Scanning,
    #[cfg(feature = "central")]
    pub(crate) initiator: Initiator,
    #[cfg(feature = "server")]
    pub(crate) table: Table,
    /// A function of the application may have to be asked.
    #[cfg(feature = "server")]
    pub(crate) asks: bool,
    /// What keeps writes, once some are kept.
    #[cfg(feature = "server")]
    pub(crate) captures: Option<&'static crate::gatt::Captures>,
    /// What asks the application, once there is an attribute on which it decides.
    #[cfg(feature = "server")]
    pub(crate) questions: Option<&'static crate::att::Questions>,
    #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
    pub(crate) accounts: Accounts,
    #[cfg(feature = "security")]
    pub(crate) bonding: Bonding,
    #[cfg(feature = "security")]
    pub(crate) privacy: Privacy,
    #[cfg(feature = "security")]
    pub(crate) random: Random,
    #[cfg(feature = "security")]
    pub(crate) curve: ControllerCurve,
    #[cfg(feature = "security")]
    pub(crate) own_oob: OobSlot,
    #[cfg(feature = "security")]
    pub(crate) strikes: Strikes,
    /// There may be arithmetic to do.
    #[cfg(feature = "security")]
    pub(crate) has_jobs: bool,
    /// What updates links, once one is.
    pub(crate) updates: Option<&'static crate::gap::Updates>,
    pub(crate) counters: Counters,
    pub(crate) news: HostNews,
    pub(crate) sooner: Sooner,
    /// A verb left something to transmit.
    pub(crate) work: bool,
    /// The link whose turn it is.
    pub(crate) turn: u8,
    pub(crate) links_high_water: u8,
    #[cfg(any(feature = "client", feature = "server"))]
    pub(crate) queues_high_water: u8,
    pub(crate) orphan: Option<jelling_wire::hci::ConnectionHandle>,
    #[cfg(feature = "l2cap")]
    pub(crate) channels_high_water: u8,
    /// Channels that came to those who listen.
    #[cfg(feature = "l2cap")]
    pub(crate) channels_came: u16,
    /// Parts of channels' frames are with the transport.
    #[cfg(feature = "l2cap")]
    pub(crate) parts_out: bool,
}

impl State {
    /// A host that is off.
    pub const NEW: State = State {
        settings: Settings::NEW,
        stage: Stage::Off,
        fault: Fault::Silent(Opcode::NOP),
        epoch: 0,
        ended: Kept::none(Error::ZERO),
        attempts: 0,
        recovering: Kept::none(Fault::Silent(Opcode::NOP)),
        flush: false,
        anew: false,
        steady_at: Deadline::NEVER,
        no_transport: false,
        resumes: false,
        static_address: Kept::none([0; 6]),
        happened: Kept::none(HostEvent::Lost(Fault::Silent(Opcode::NOP))),
        controller: Controller::NEW,
        #[cfg(feature = "peripheral")]
        advertising: Advertising::NEW,
        #[cfg(feature = "central")]
        scanning: Scanning::NEW,
        #[cfg(feature = "central")]
        initiator: Initiator::NEW,
        #[cfg(feature = "server")]
        table: Table::NEW,
        #[cfg(feature = "server")]
        asks: false,
        #[cfg(feature = "server")]
        captures: None,
        #[cfg(feature = "server")]
        questions: None,
        #[cfg(any(feature = "client", feature = "server", feature = "l2cap"))]
        accounts: Accounts { free: 0, touched: 0, used: 0, reserved: 0, high_water: 0, missed: false },
        #[cfg(feature = "security")]
        bonding: Bonding::NEW,
        #[cfg(feature = "security")]
        privacy: Privacy::NEW,
        #[cfg(feature = "security")]
        random: Random::NEW,
        #[cfg(feature = "security")]
        curve: ControllerCurve::NEW,
        #[cfg(feature = "security")]
        own_oob: OobSlot::NEW,
        #[cfg(feature = "security")]
        strikes: Strikes::NEW,
        #[cfg(feature = "security")]
        has_jobs: false,
        updates: None,
        counters: Counters {
            malformed: 0,
            unknown_handle: 0,
            credit_violations: 0,
            timeouts: 0,
            unexpected: 0,
            reports_dropped: 0,
            values_dropped: 0,
            signatures_refused: 0,
            noise: 0,
        },
        news: HostNews::empty(),
        sooner: Sooner::NEW,
        work: false,
        turn: 0,
        links_high_water: 0,
        #[cfg(any(feature = "client", feature = "server"))]
        queues_high_water: 0,
        orphan: None,
        #[cfg(feature = "l2cap")]
        channels_high_water: 0,
        #[cfg(feature = "l2cap")]
        channels_came: 0,
        #[cfg(feature = "l2cap")]
        parts_out: false,
    };

    pub(crate) fn power(&self) -> Power {
        match self.stage {
            Stage::Off => Power::Off,
            Stage::Starting => Power::Starting,
            Stage::Up => Power::Up,
            Stage::Stopping => Power::Stopping,
            Stage::Failed => Power::Failed(self.fault),
        }
    }

    /// When a command that is sent now must be answered.
    pub(crate) fn command_deadline(&self, now: Instant) -> Deadline {
        Deadline::at(now).later(self.settings().command_timeout)
    }

    /// When a link of which something is heard now is asked after.
    pub(crate) fn link_check(&self, now: Instant) -> Deadline {
        match self.settings().link_check {
            0 => Deadline::NEVER,
            period => Deadline::at(now).later(period),
        }
    }

    /// The largest MTU that the application wants.
    pub(crate) fn mtu(&self) -> u16 {
        self.settings().mtu
    }

    /// Octets that prepared writes of one peer may take.
    #[cfg(feature = "server")]
    pub(crate) fn prepare_queue(&self) -> u16 {
        self.settings().prepare_queue
    }

    /// What was chosen, or the defaults.
    #[cfg_attr(target_pointer_width = "32", inline(never))]
    fn settings(&self) -> &Settings {
        if self.settings.name.is_some() { &self.settings } else { &Settings::DEFAULT }
    }

    /// Whether signed writes are carried out.
    #[cfg(feature = "security")]
    pub(crate) fn signed_writes(&self) -> bool {
        self.settings().signed_writes
    }

    /// What pairing looks at.
    #[cfg(feature = "security")]
    pub(crate) fn security(&self) -> &SecuritySettings {
        &self.settings().security
    }

    /// Which address the host goes by, and the one that was given.
    pub(crate) fn own_address(&self) -> (Own, Address) {
        let settings = self.settings();
        (settings.own, settings.address)
    }

    /// What the GAP service shows: name and appearance.
    #[cfg(feature = "server")]
    pub(crate) fn shown(&self) -> (&'static str, u16) {
        let settings = self.settings();
        (settings.name.unwrap_or_default(), settings.appearance)
    }

    /// Whether the GAP and the GATT service stand in front of every table.
    #[cfg(feature = "server")]
    pub(crate) fn default_services(&self) -> bool {
        self.settings().default_services
    }

    /// The preferred connection parameters, in the units of Vol 3, Part C, 12.3.
    #[cfg(feature = "server")]
    pub(crate) fn preferred(&self) -> Option<[u16; 4]> {
        let p = self.settings().preferred.get()?;
        Some([p.interval_min, p.interval_max, p.latency, p.supervision_timeout])
    }

    /// The buffers that the controller is told of, where it is to hold data back.
    pub(crate) fn host_buffers(&self) -> Option<HostBuffers> {
        self.settings().flow_control.get()
    }

    /// What becomes of the parameters that peers ask for.
    pub(crate) fn parameter_requests(&self) -> ParameterRule {
        self.settings().parameter_requests
    }

    pub(crate) fn config(&self) -> Config {
        let settings = &self.settings;
        let Some(name) = settings.name else { return Config::new() };
        Config {
            address: match settings.own {
                Own::Automatic => OwnAddress::Automatic,
                Own::RandomStatic => OwnAddress::RandomStatic,
                Own::Fixed => OwnAddress::Fixed(settings.address),
                #[cfg(feature = "security")]
                Own::Resolvable => OwnAddress::Resolvable,
            },
            command_timeout: Duration::from_micros(settings.command_timeout),
            link_check: Duration::from_micros(settings.link_check),
            mtu: settings.mtu,
            prepare_queue: settings.prepare_queue,
            name,
            appearance: settings.appearance,
            preferred_parameters: settings.preferred.get().map(Parameters::to_times),
            parameter_requests: settings.parameter_requests.policy(),
            flow_control: settings.flow_control.get(),
            default_services: settings.default_services,
            signed_writes: settings.signed_writes,
            #[cfg(feature = "security")]
            pairing: settings.security.pairing.get().map(|terms| terms.settings()),
            #[cfg(feature = "security")]
            secure_connections_only: settings.security.only,
            #[cfg(feature = "security")]
            debug_keys: settings.security.debug_keys,
            #[cfg(feature = "security")]
            curve: settings.security.curve,
            #[cfg(feature = "security")]
            private_address_timeout: Duration::from_micros(settings.security.private_address_timeout),
            #[cfg(all(feature = "client", feature = "security"))]
            raise: settings.security.raise.raise(),
        }
    }

    pub(crate) fn configure(&mut self, config: &Config) {
        self.settings = Settings::of(config);
    }
}

const NOBODY: Address = Address::new(AddressKind::Public, [0; 6]);

impl Settings {
    const DEFAULT: Settings = Settings::of(&Config::new());

    const fn of(config: &Config) -> Self {
        let (own, address) = match config.address {
            OwnAddress::Automatic => (Own::Automatic, NOBODY),
            OwnAddress::RandomStatic => (Own::RandomStatic, NOBODY),
            OwnAddress::Fixed(address) => (Own::Fixed, address),
            #[cfg(feature = "security")]
            OwnAddress::Resolvable => (Own::Resolvable, NOBODY),
        };
        Settings {
            name: Some(config.name),
            command_timeout: chosen(config.command_timeout),
            link_check: chosen(config.link_check),
            mtu: config.mtu,
            prepare_queue: config.prepare_queue,
            appearance: config.appearance,
            preferred: match &config.preferred_parameters {
                Some(parameters) => Kept::of(Some(parameters.nearest()), Parameters::ZERO),
                None => Kept::none(Parameters::ZERO),
            },
            parameter_requests: ParameterRule::of(&config.parameter_requests),
            flow_control: match config.flow_control {
                Some(buffers) => Kept::of(Some(buffers.nearest()), HostBuffers::ZERO),
                None => Kept::none(HostBuffers::ZERO),
            },
            default_services: config.default_services,
            signed_writes: config.signed_writes,
            #[cfg(feature = "security")]
            security: SecuritySettings::of(config),
            own,
            address,
        }
    }
}

/// What an application chose, in microseconds: no constant.
#[cfg_attr(target_pointer_width = "32", inline(never))]
const fn chosen(duration: Duration) -> u64 {
    micros(duration)
}
