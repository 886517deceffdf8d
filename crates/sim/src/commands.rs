//! Commands of a host, and its data (Vol 4, Part E, 7 and 5.4.2).

use crate::{
    controller::Settings,
    crypt,
    link::Procedure,
    link_commands::phys,
    police::{Breach, Notice},
    supported::{self, Answered},
    world::World,
};
use jelling_wire::{
    Writer,
    hci::{
        ConnectionHandle, Opcode, Role, Status,
        command::{self, CommandPacket},
        event::{ConnectionComplete, Event},
    },
};

/// What a command returns after its status.
pub(crate) type Returned = Vec<u8>;

/// What P-256 takes a controller.
const CURVE: u64 = 10_000;

pub(crate) fn disallowed<T>() -> Result<T, Status> {
    Err(Status::COMMAND_DISALLOWED)
}

pub(crate) fn valid(condition: bool) -> Result<(), Status> {
    if condition { Ok(()) } else { Err(Status::INVALID_HCI_COMMAND_PARAMETERS) }
}

pub(crate) fn supported(condition: bool) -> Result<(), Status> {
    if condition { Ok(()) } else { Err(Status::UNSUPPORTED_FEATURE_OR_PARAMETER) }
}

pub(crate) fn allowed(condition: bool) -> Result<(), Status> {
    if condition { Ok(()) } else { disallowed() }
}

pub(crate) fn returned(write: impl FnOnce(&mut Writer<'_>)) -> Result<Returned, Status> {
    let mut buffer = [0; 80];
    let mut w = Writer::new(&mut buffer);
    write(&mut w);
    Ok(w.written().to_vec())
}

/// Interval, latency and timeout as Vol 4, Part E, 7.8.12 wants them.
pub(crate) fn connection_parameters(min: u16, max: u16, latency: u16, timeout: u16) -> Result<(), Status> {
    let slowest = u32::from(max) * (u32::from(latency) + 1);
    valid(
        (6..=3200).contains(&min)
            && (min..=3200).contains(&max)
            && latency <= 499
            && (10..=3200).contains(&timeout)
            && u32::from(timeout) * 4 > slowest,
    )
}

impl World {
    pub(crate) fn command(&mut self, who: usize, octets: &[u8]) {
        let Ok((opcode, parameters)) = command::header(octets) else {
            return self.breach(who, Breach::Malformed);
        };
        let answered = supported::answered(opcode, &self.controllers[who].config);
        if answered != Some(Answered::Never) {
            let police = &mut self.controllers[who].police;
            let without_credit = police.outstanding > 0 && opcode != Opcode::RESET;
            police.outstanding = 1;
            if without_credit {
                self.breach(who, Breach::NoCommandCredit { opcode });
            }
        }
        let Some(answered) = answered else {
            self.breach(who, Breach::NotClaimed { opcode });
            return self.answer_status(who, opcode, Status::UNKNOWN_HCI_COMMAND);
        };
        if answered == Answered::Never {
            return self.host_completed(who, parameters);
        }
        let relevant = without_ignored(opcode, octets);
        let result = match CommandPacket::parse(relevant.as_deref().unwrap_or(octets)) {
            Ok(command) => self.execute(who, &command),
            Err(_) => Err(Status::INVALID_HCI_COMMAND_PARAMETERS),
        };
        if let Err(status) = result {
            self.judge(who, opcode, status);
        }
        let done = result.is_ok();
        match (answered, result) {
            (Answered::Complete, Ok(more)) => self.answer_complete(who, opcode, Status::SUCCESS, &more),
            (Answered::Complete, Err(status)) => {
                let more = failed_parameters(opcode, parameters);
                self.answer_complete(who, opcode, status, &more);
            }
            (_, result) => self.answer_status(who, opcode, result.err().unwrap_or(Status::SUCCESS)),
        }
        if done {
            self.after(who, opcode);
        }
    }

    /// A refusal that the host could foresee is a breach.
    fn judge(&mut self, who: usize, opcode: Opcode, status: Status) {
        let now = self.now;
        let police = &mut self.controllers[who].police;
        let excused = core::mem::take(&mut police.excused);
        let knew = police.knows_all(now);
        match status {
            _ if excused => {}
            Status::COMMAND_DISALLOWED | Status::UNKNOWN_CONNECTION_IDENTIFIER if knew => {
                self.breach(who, Breach::WrongState { opcode, status: status.0 });
            }
            Status::INVALID_HCI_COMMAND_PARAMETERS | Status::UNSUPPORTED_FEATURE_OR_PARAMETER => {
                self.breach(who, Breach::InvalidParameters { opcode });
            }
            _ => {}
        }
    }

    fn answer_complete(&mut self, who: usize, opcode: Opcode, status: Status, more: &[u8]) {
        let mut parameters = vec![status.0];
        parameters.extend_from_slice(more);
        let event = Event::CommandComplete { credits: 1, opcode, return_parameters: &parameters };
        self.event(who, &event, Notice::Answer);
    }

    fn answer_status(&mut self, who: usize, opcode: Opcode, status: Status) {
        self.event(who, &Event::CommandStatus { status, credits: 1, opcode }, Notice::Answer);
    }

    /// What follows the answer: a cancelled attempt is told of as a connection that failed.
    fn after(&mut self, who: usize, opcode: Opcode) {
        if opcode == Opcode::LE_CREATE_CONNECTION_CANCEL && self.controllers[who].settings.initiator.take().is_some() {
            let failed = ConnectionComplete {
                status: Status::UNKNOWN_CONNECTION_IDENTIFIER,
                role: Role::Central,
                ..ConnectionComplete::default()
            };
            self.event(who, &Event::LeConnectionComplete(failed), Notice::State);
        }
    }

    pub(crate) fn settings(&mut self, who: usize) -> &mut Settings {
        &mut self.controllers[who].settings
    }

    /// The link and end behind a handle.
    pub(crate) fn link_of(&self, who: usize, handle: ConnectionHandle) -> Result<(u64, usize), Status> {
        self.controllers[who].settings.handles.get(&handle.0).copied().ok_or(Status::UNKNOWN_CONNECTION_IDENTIFIER)
    }

    fn execute(&mut self, who: usize, command: &CommandPacket<'_>) -> Result<Returned, Status> {
        let none = Ok(vec![]);
        let config = self.controllers[who].config;
        match command {
            CommandPacket::Reset(_) => {
                self.restart(who);
                // 7.3.2: nothing may be sent before it is answered.
                self.controllers[who].police.outstanding = 1;
                none
            }
            CommandPacket::SetEventMask(c) => {
                self.settings(who).event_mask = c.mask;
                none
            }
            CommandPacket::LeSetEventMask(c) => {
                self.settings(who).le_event_mask = c.mask;
                none
            }
            CommandPacket::SetEventMaskPage2(_) => none,
            CommandPacket::SetControllerToHostFlowControl(c) => {
                valid(c.mode <= 3)?;
                supported(c.mode <= 1)?;
                allowed(self.settings(who).handles.is_empty())?;
                let host = &mut self.settings(who).host;
                host.on = c.mode == 1;
                if host.on && host.packets == 0 {
                    self.breach(who, Breach::NoHostBuffers);
                }
                none
            }
            CommandPacket::HostBufferSize(c) => {
                valid(c.acl_length >= 27 && c.acl_packets > 0)?;
                let host = &mut self.settings(who).host;
                (host.length, host.packets) = (c.acl_length, c.acl_packets);
                none
            }
            CommandPacket::ReadLocalVersionInformation(_) => returned(|w| {
                // Core 5.3; 0xffff is no company's.
                w.u8(0x0c);
                w.u16(0);
                w.u8(0x0c);
                w.u16(0xffff);
                w.u16(0);
            }),
            CommandPacket::ReadLocalSupportedCommands(_) => returned(|w| w.bytes(&supported::bits(&config))),
            CommandPacket::ReadLocalSupportedFeatures(_) => returned(|w| w.u64(supported::FEATURES)),
            CommandPacket::ReadBufferSize(_) => returned(|w| {
                w.u16(config.acl_length);
                w.u8(0);
                w.u16(u16::from(config.acl_packets));
                w.u16(0);
            }),
            CommandPacket::LeReadBufferSize(_) => returned(|w| {
                w.u16(config.acl_length);
                w.u8(config.acl_packets);
            }),
            CommandPacket::ReadBdAddr(_) => Ok(self.controllers[who].address.to_vec()),
            CommandPacket::LeReadLocalSupportedFeatures(_) => returned(|w| w.u64(config.le_features())),
            CommandPacket::LeReadSupportedStates(_) => returned(|w| w.u64(supported::LE_STATES)),
            CommandPacket::LeReadAdvertisingPhysicalChannelTxPower(_) => returned(|w| w.i8(0)),
            CommandPacket::LeReadMaximumDataLength(_) => returned(|w| {
                [251, 17040, 251, 17040].into_iter().for_each(|v| w.u16(v));
            }),
            CommandPacket::LeRand(_) => Ok(self.draw_octets::<8>().to_vec()),
            CommandPacket::LeEncrypt(c) => Ok(crypt::encrypt(&c.key.0, &c.plaintext.0).to_vec()),
            CommandPacket::LeReadFilterAcceptListSize(_) => Ok(vec![config.accept_list]),
            CommandPacket::LeClearFilterAcceptList(_) => {
                allowed(!self.accept_list_in_use(who))?;
                self.settings(who).accept.clear();
                none
            }
            CommandPacket::LeAddDeviceToFilterAcceptList(c) => {
                allowed(!self.accept_list_in_use(who))?;
                let accept = &mut self.settings(who).accept;
                if !accept.contains(&c.address) {
                    if accept.len() >= usize::from(config.accept_list) {
                        return Err(Status::MEMORY_CAPACITY_EXCEEDED);
                    }
                    accept.push(c.address);
                }
                none
            }
            CommandPacket::LeRemoveDeviceFromFilterAcceptList(c) => {
                allowed(!self.accept_list_in_use(who))?;
                self.settings(who).accept.retain(|a| *a != c.address);
                none
            }
            CommandPacket::LeSetRandomAddress(c) => {
                let settings = self.settings(who);
                allowed(!settings.advertiser.on && !settings.scanner.on && settings.initiator.is_none())?;
                settings.random = Some(c.address);
                none
            }
            CommandPacket::LeSetHostChannelClassification(c) => {
                let [a, b, c, d, e] = c.map;
                // Vol 1, Part E, 2.7: reserved bits are ignored.
                let map = [a, b, c, d, e & 0x1f];
                valid(map != [0; 5])?;
                // Vol 6, Part B, 4.5.8.1: a link needs two channels. 7.8.19 lets a host say one.
                let two = map.iter().map(|octet| octet.count_ones()).sum::<u32>() >= 2;
                self.controllers[who].police.excused = !two;
                valid(two)?;
                self.settings(who).channels = map;
                let links: Vec<(u64, usize)> = self.settings(who).handles.values().copied().collect();
                for (link, _) in links.into_iter().filter(|(_, end)| *end == 0) {
                    self.begin_instead(link, 0, Procedure::Channels(map));
                }
                none
            }
            CommandPacket::LeReadSuggestedDefaultDataLength(_) => {
                let settings = self.settings(who);
                let (octets, time) = (settings.tx_octets, settings.tx_time);
                returned(|w| {
                    w.u16(octets);
                    w.u16(time);
                })
            }
            CommandPacket::LeWriteSuggestedDefaultDataLength(c) => {
                valid((27..=251).contains(&c.tx_octets) && (328..=17040).contains(&c.tx_time))?;
                let settings = self.settings(who);
                (settings.tx_octets, settings.tx_time) = (c.tx_octets, c.tx_time);
                none
            }
            CommandPacket::LeSetDefaultPhy(c) => {
                let (tx, rx) = phys(c.all_phys, c.tx_phys, c.rx_phys)?;
                let settings = self.settings(who);
                (settings.tx_phys, settings.rx_phys) = (tx, rx);
                none
            }
            CommandPacket::LeReadLocalP256PublicKey(_) => {
                self.make_key(who);
                none
            }
            CommandPacket::LeGenerateDhKey(c) => self.multiply(who, &c.key_x, &c.key_y),
            CommandPacket::LeSetAdvertisingParameters(c) => self.set_advertising_parameters(who, c),
            CommandPacket::LeSetAdvertisingData(c) => {
                self.settings(who).advertiser.adv = c.data.to_vec();
                none
            }
            CommandPacket::LeSetScanResponseData(c) => {
                self.settings(who).advertiser.resp = c.data.to_vec();
                none
            }
            CommandPacket::LeSetAdvertisingEnable(c) => self.set_advertising(who, c.enable),
            CommandPacket::LeSetScanParameters(c) => {
                allowed(!self.settings(who).scanner.on)?;
                valid((4..=0x4000).contains(&c.interval) && (4..=c.interval).contains(&c.window))?;
                valid(c.own_address_kind <= 3 && c.filter_policy <= 3)?;
                supported(c.own_address_kind <= 1 && c.filter_policy <= 1)?;
                self.settings(who).scanner.parameters = *c;
                none
            }
            CommandPacket::LeSetScanEnable(c) => self.set_scanning(who, c),
            CommandPacket::LeCreateConnection(c) => self.create_connection(who, c),
            CommandPacket::LeCreateConnectionCancel(_) => {
                allowed(self.settings(who).initiator.is_some())?;
                none
            }
            _ => self.execute_on_link(who, command),
        }
    }

    fn make_key(&mut self, who: usize) {
        use p256::elliptic_curve::sec1::ToSec1Point;
        let key = loop {
            // All but one in 2^32 of the numbers are keys.
            if let Ok(key) = p256::SecretKey::from_slice(&self.draw_octets::<32>()) {
                break key;
            }
        };
        let point = key.public_key().to_sec1_point(false);
        let mut halves = [[0; 32]; 2];
        for (half, octets) in halves.iter_mut().zip([point.x(), point.y()]) {
            if let Some(octets) = octets {
                half.copy_from_slice(octets);
                half.reverse();
            }
        }
        self.settings(who).key = Some(key);
        let [key_x, key_y] = &halves;
        let event = Event::LeReadLocalP256PublicKeyComplete { status: Status::SUCCESS, key_x, key_y };
        self.event_later(CURVE, who, &event);
    }

    fn multiply(&mut self, who: usize, key_x: &[u8; 32], key_y: &[u8; 32]) -> Result<Returned, Status> {
        let Some(ours) = &self.controllers[who].settings.key else { return disallowed() };
        let mut point = vec![0x04];
        point.extend(key_x.iter().rev());
        point.extend(key_y.iter().rev());
        let Ok(peer) = p256::PublicKey::from_sec1_bytes(&point) else {
            // 7.8.37: the key is the peer's, the host is not to blame. As other controllers do, it is told when they have
            // looked at it.
            let (status, key) = (Status::INVALID_HCI_COMMAND_PARAMETERS, jelling_wire::hci::Secret([0xff; 32]));
            self.event_later(CURVE, who, &Event::LeGenerateDhKeyComplete { status, key });
            return Ok(vec![]);
        };
        let shared = p256::ecdh::diffie_hellman(ours.to_nonzero_scalar(), peer.as_affine());
        let mut key = [0; 32];
        key.copy_from_slice(shared.raw_secret_bytes());
        key.reverse();
        let key = jelling_wire::hci::Secret(key);
        self.event_later(CURVE, who, &Event::LeGenerateDhKeyComplete { status: Status::SUCCESS, key });
        Ok(vec![])
    }
}

/// The command with a type of address in the place of one that is ignored, and may be anything (7.8.5 and 7.8.12).
fn without_ignored(opcode: Opcode, octets: &[u8]) -> Option<Vec<u8>> {
    const DIRECTED: [u8; 2] = [1, 4];
    let at = match opcode {
        Opcode::LE_SET_ADVERTISING_PARAMETERS if !DIRECTED.contains(octets.get(7)?) => 9,
        Opcode::LE_CREATE_CONNECTION if octets.get(7) == Some(&1) => 8,
        _ => return None,
    };
    let mut octets = octets.to_vec();
    *octets.get_mut(at)? = 0;
    Some(octets)
}

/// What follows the status of a command that failed: its handle, and zeros for the rest.
fn failed_parameters(opcode: Opcode, parameters: &[u8]) -> Vec<u8> {
    let zeros = match opcode {
        Opcode::READ_RSSI => 1,
        Opcode::LE_READ_CHANNEL_MAP => 5,
        Opcode::LE_READ_PHY => 2,
        Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY
        | Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY
        | Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY
        | Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY
        | Opcode::LE_SET_DATA_LENGTH => 0,
        _ => return vec![],
    };
    let mut more = parameters.iter().copied().chain([0, 0]).take(2).collect::<Vec<u8>>();
    more.resize(2 + zeros, 0);
    more
}
