//! Bring-up as a list of commands, each with what its answer teaches.

use super::HostBuffers;
use crate::{
    Core,
    error::Fault,
    event::HostNews,
    state::{Own, Stage},
    time::Instant,
};
use jelling_wire::{
    Address, AddressKind, Malformed, Reader, Writer,
    hci::{
        Opcode, Status,
        command::{self, Command},
        event::{EventCode, Subevent},
    },
};

/// A step of the bring-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Reset,
    Version,
    Commands,
    Features,
    EventMask,
    LeEventMask,
    LeBufferSize,
    BufferSize,
    LeFeatures,
    PublicAddress,
    RandomOctets,
    #[cfg(feature = "security")]
    KeyOctets,
    #[cfg(feature = "security")]
    MoreKeyOctets,
    #[cfg(feature = "security")]
    PrivateOctets,
    RandomAddress,
    DataLength,
    HostBuffers,
    FlowControl,
}

/// The steps in their order.
const STEPS: &[Step] = &[
    Step::Reset,
    Step::Version,
    Step::Commands,
    Step::Features,
    Step::EventMask,
    Step::LeEventMask,
    Step::LeBufferSize,
    Step::BufferSize,
    Step::LeFeatures,
    Step::PublicAddress,
    Step::RandomOctets,
    #[cfg(feature = "security")]
    Step::KeyOctets,
    #[cfg(feature = "security")]
    Step::MoreKeyOctets,
    #[cfg(feature = "security")]
    Step::PrivateOctets,
    Step::RandomAddress,
    Step::DataLength,
    Step::HostBuffers,
    Step::FlowControl,
];

/// The events this host handles, of those that can be masked (Vol 4, Part E, 7.3.1).
const EVENTS: &[EventCode] = &[
    EventCode::DISCONNECTION_COMPLETE,
    #[cfg(feature = "security")]
    EventCode::ENCRYPTION_CHANGE,
    EventCode::READ_REMOTE_VERSION_INFORMATION_COMPLETE,
    EventCode::HARDWARE_ERROR,
    EventCode::NUMBER_OF_COMPLETED_PACKETS,
    EventCode::DATA_BUFFER_OVERFLOW,
    #[cfg(feature = "security")]
    EventCode::ENCRYPTION_KEY_REFRESH_COMPLETE,
    EventCode::LE_META,
];
/// The LE events this host handles (7.8.1).
const LE_EVENTS: &[Subevent] = &[
    Subevent::CONNECTION_COMPLETE,
    #[cfg(feature = "central")]
    Subevent::ADVERTISING_REPORT,
    Subevent::CONNECTION_UPDATE_COMPLETE,
    Subevent::READ_REMOTE_FEATURES_COMPLETE,
    Subevent::LONG_TERM_KEY_REQUEST,
    Subevent::REMOTE_CONNECTION_PARAMETER_REQUEST,
    #[cfg(feature = "security")]
    Subevent::READ_LOCAL_P256_PUBLIC_KEY_COMPLETE,
    #[cfg(feature = "security")]
    Subevent::GENERATE_DHKEY_COMPLETE,
    Subevent::DATA_LENGTH_CHANGE,
    Subevent::PHY_UPDATE_COMPLETE,
];

/// Event n has bit n - 1, and so has subevent n.
const fn bit(code: u8) -> u64 {
    match 1u64.checked_shl((code as u32).wrapping_sub(1)) {
        Some(bit) => bit,
        None => 0,
    }
}

const EVENT_MASK: u64 = {
    let mut mask = 0;
    let mut rest: &[EventCode] = EVENTS;
    while let [code, tail @ ..] = rest {
        mask |= bit(code.0);
        rest = tail;
    }
    mask
};

const LE_EVENT_MASK: u64 = {
    let mut mask = 0;
    let mut rest: &[Subevent] = LE_EVENTS;
    while let [subevent, tail @ ..] = rest {
        mask |= bit(subevent.0);
        rest = tail;
    }
    mask
};

/// True for the events that are looked at: those the masks let through, without the ones that only say that they happened, and
/// the answers to commands, which nothing masks.
#[inline]
pub(crate) const fn is_wanted(code: EventCode, subevent: Option<Subevent>) -> bool {
    match (code, subevent) {
        (EventCode::COMMAND_COMPLETE | EventCode::COMMAND_STATUS, _) => true,
        (EventCode::READ_REMOTE_VERSION_INFORMATION_COMPLETE | EventCode::DATA_BUFFER_OVERFLOW, _) => false,
        (_, Some(Subevent::READ_REMOTE_FEATURES_COMPLETE)) => false,
        (_, Some(subevent)) => LE_EVENT_MASK & bit(subevent.0) != 0,
        (code, None) => EVENT_MASK & bit(code.0) != 0,
    }
}

/// The bit of LE Data Packet Length Extension (Vol 6, Part B, 4.6).
const DATA_LENGTH_EXTENSION: u64 = 1 << 5;

impl Core<'_> {
    /// Switches the radio on, if it is off or failed. Nothing to do where it is up or coming up.
    pub fn start(&mut self) {
        if matches!(self.state.stage, Stage::Off | Stage::Failed) {
            self.state.resumes = false;
            self.begin_bring_up();
        }
    }

    #[cfg_attr(target_pointer_width = "32", inline(never))]
    pub(crate) fn begin_bring_up(&mut self) {
        self.state.stage = Stage::Starting;
        self.state.controller = super::Controller::NEW;
        self.state.controller.credits = 1;
        #[cfg(feature = "security")]
        {
            self.state.curve = crate::smp::ControllerCurve::NEW;
            self.state.privacy = crate::gap::Privacy::NEW;
        }
        self.state.work = true;
        self.state.anew = true;
    }

    /// True until the controller has answered Reset.
    pub(crate) fn is_resetting(&self) -> bool {
        self.state.stage == Stage::Starting && self.state.controller.step == 0
    }

    fn wants_static_address(&self) -> bool {
        match self.state.own_address().0 {
            Own::Automatic => self.state.controller.public == [0; 6],
            #[cfg(feature = "security")]
            Own::Resolvable => self.state.controller.public == [0; 6],
            Own::RandomStatic => true,
            Own::Fixed => false,
        }
    }

    /// Address type octet of the address that we go by on air.
    pub(super) fn own_address_kind(&self) -> u8 {
        self.state.on_air().kind as u8
    }

    fn choose_address(&mut self) {
        let public = Address::new(AddressKind::Public, self.state.controller.public);
        let wanted = match self.state.own_address() {
            (Own::Fixed, address) => Some(address),
            _ if self.wants_static_address() => {
                self.state.static_address.get().map(|octets| Address::new(AddressKind::Random, octets))
            }
            _ => None,
        };
        self.state.controller.address = wanted.unwrap_or(public);
    }

    fn is_needed(&self, step: Step) -> bool {
        let controller = &self.state.controller;
        match step {
            Step::BufferSize => controller.acl_total == 0 || controller.acl_length == 0,
            Step::RandomOctets => self.wants_static_address() && self.state.static_address.get().is_none(),
            #[cfg(feature = "security")]
            Step::KeyOctets | Step::MoreKeyOctets => self.state.privacy.hides && self.lacks_identity_key(),
            #[cfg(feature = "security")]
            Step::PrivateOctets => self.state.privacy.hides,
            Step::RandomAddress => self.state.on_air().kind == AddressKind::Random,
            Step::DataLength => controller.le_features & DATA_LENGTH_EXTENSION != 0 && controller.supports(34, 0),
            // The command that tells what has been taken is of the three.
            Step::HostBuffers => {
                let supported = controller.supports(10, 5) && controller.supports(10, 6) && controller.supports(10, 7);
                supported && self.state.host_buffers().is_some()
            }
            Step::FlowControl => controller.host_packets != 0,
            _ => true,
        }
    }

    /// The next command of the bring-up; when none is left the host is up.
    pub(crate) fn next_step(&mut self, now: Instant, w: &mut Writer<'_>) -> Option<Step> {
        loop {
            let Some(step) = STEPS.get(usize::from(self.state.controller.step)).copied() else {
                self.state.stage = Stage::Up;
                self.state.news |= HostNews::HOST;
                self.on_up(now);
                return None;
            };
            if self.is_needed(step) {
                self.emit_step(step, w);
                return Some(step);
            }
            self.state.controller.step = self.state.controller.step.saturating_add(1);
        }
    }

    fn emit_step(&mut self, step: Step, w: &mut Writer<'_>) {
        match step {
            Step::Reset => command::open(&command::Reset {}, w),
            Step::Version => command::open(&command::ReadLocalVersionInformation {}, w),
            Step::Commands => command::open(&command::ReadLocalSupportedCommands {}, w),
            Step::Features => command::open(&command::ReadLocalSupportedFeatures {}, w),
            Step::EventMask => command::open(&command::SetEventMask { mask: EVENT_MASK }, w),
            Step::LeEventMask => command::open(&command::LeSetEventMask { mask: LE_EVENT_MASK }, w),
            Step::LeBufferSize => command::open(&command::LeReadBufferSize {}, w),
            Step::BufferSize => command::open(&command::ReadBufferSize {}, w),
            Step::LeFeatures => command::open(&command::LeReadLocalSupportedFeatures {}, w),
            Step::PublicAddress => command::open(&command::ReadBdAddr {}, w),
            Step::RandomOctets => command::open(&command::LeRand {}, w),
            #[cfg(feature = "security")]
            Step::KeyOctets | Step::MoreKeyOctets | Step::PrivateOctets => command::open(&command::LeRand {}, w),
            Step::RandomAddress => {
                command::open(&command::LeSetRandomAddress { address: self.state.on_air().octets }, w);
            }
            // Vol 6, Part B, 4.5.10: 251 octets take 2,120 us on the 1M PHY.
            Step::DataLength => {
                command::open(&command::LeWriteSuggestedDefaultDataLength { tx_octets: 251, tx_time: 2120 }, w);
            }
            Step::HostBuffers => {
                let HostBuffers { acl_length, acl_packets } = self.state.host_buffers().unwrap_or(HostBuffers::ZERO);
                self.state.controller.host_packets = acl_packets;
                let acl_packets = u16::from(acl_packets);
                command::open(&command::HostBufferSize { acl_length, sco_length: 0, acl_packets, sco_packets: 0 }, w);
            }
            Step::FlowControl => command::open(&command::SetControllerToHostFlowControl { mode: 1 }, w),
        }
    }

    /// Takes a step's answer in.
    pub(crate) fn on_step(&mut self, step: Step, opcode: Opcode, status: Status, parameters: &[u8]) {
        if self.state.stage != Stage::Starting {
            return;
        }
        if !status.is_success() {
            let optional = matches!(step, Step::Features | Step::DataLength | Step::HostBuffers | Step::FlowControl)
                // A controller without BR/EDR may not know this command: what is needed is asked for all the same.
                || step == Step::Commands;
            if !optional {
                return self.fail(Fault::BringUp(opcode, status));
            }
            if matches!(step, Step::HostBuffers | Step::FlowControl) {
                self.state.controller.host_packets = 0;
            }
        } else if self.learn(step, parameters).is_err() {
            return self.fail(Fault::Nonsense(opcode));
        }
        if step == Step::BufferSize || (step == Step::LeBufferSize && !self.is_needed(Step::BufferSize)) {
            let controller = &self.state.controller;
            // The smallest LE ACL data length (Vol 4, Part E, 7.8.2) is 27; an L2CAP header must fit in any case.
            if controller.acl_total == 0 || controller.acl_length < 27 {
                return self.fail(Fault::NoBuffers);
            }
        }
        self.state.controller.step = self.state.controller.step.saturating_add(1);
    }

    fn learn(&mut self, step: Step, parameters: &[u8]) -> Result<(), Malformed> {
        let controller = &mut self.state.controller;
        match step {
            Step::Version => controller.version = Some(command::ReadLocalVersionInformation::parse_return(parameters)?),
            Step::Commands => controller.supported_commands = Reader::new(parameters).array()?,
            Step::LeBufferSize => {
                let size = command::LeReadBufferSize::parse_return(parameters)?;
                (controller.acl_length, controller.acl_total) = (size.acl_length, u16::from(size.acl_packets));
            }
            Step::BufferSize => {
                let size = command::ReadBufferSize::parse_return(parameters)?;
                (controller.acl_length, controller.acl_total) = (size.acl_length, size.acl_packets);
            }
            Step::LeFeatures => controller.le_features = Reader::new(parameters).u64()?,
            Step::PublicAddress => {
                controller.public = command::ReadBdAddr::parse_return(parameters)?;
                #[cfg(feature = "security")]
                {
                    self.state.privacy.hides = self.state.own_address().0 == Own::Resolvable;
                }
                self.choose_address();
            }
            Step::RandomOctets => {
                let [a, b, c, d, e, f, _, _] = Reader::new(parameters).array::<8>()?;
                // Vol 6, Part B, 1.3.2.1: the two most significant bits of a static address are 1, the rest is not all alike.
                let f = f | 0xc0;
                let a = if [a, b, c, d, e] == [0; 5] || [a, b, c, d, e] == [0xff; 5] { 0x55 } else { a };
                self.state.static_address.set(Some([a, b, c, d, e, f]));
                #[cfg(feature = "security")]
                self.identity_changed();
                self.choose_address();
            }
            #[cfg(feature = "security")]
            Step::KeyOctets => self.state.random.keep(&Reader::new(parameters).array()?),
            #[cfg(feature = "security")]
            Step::MoreKeyOctets => {
                self.state.random.keep(&Reader::new(parameters).array()?);
                // A key of zeros would tell us to everybody.
                if !self.draw_identity_key() || self.lacks_identity_key() {
                    return Err(Malformed);
                }
            }
            #[cfg(feature = "security")]
            Step::PrivateOctets => {
                let [a, b, c, ..] = Reader::new(parameters).array::<8>()?;
                self.begin_hiding([a, b, c]);
            }
            _ => {}
        }
        Ok(())
    }
}
