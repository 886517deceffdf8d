//! Commands of a host, and its data (Vol 4, Part E, 7 and 5.4.2).

use crate::{
    controller::{Initiator, Settings},
    crypt,
    link::{AclOut, Procedure},
    police::{Breach, Notice},
    supported::{self, Answered},
    world::{Task, World},
};
use jelling_wire::{
    Address, PacketKind, Reader, Writer,
    hci::{
        AdvertisingKind, ConnectionHandle, Opcode, Role, ScanKind, Status, Switch,
        acl::{AclPacket, Boundary},
        command::{self, CommandPacket},
        event::{ConnectionComplete, Event},
    },
};

/// What a command returns after its status.
type Returned = Vec<u8>;

/// High duty directed advertising lasts 1.28 s (Vol 6, Part B, 4.4.2.4.3).
const DIRECTED: u64 = 1_280_000;
/// Packets that a controller keeps for a host that does not read; then it takes nothing more off the air.
pub(crate) const UNREAD: usize = 64;
/// What P-256 takes a controller.
const CURVE: u64 = 10_000;

fn disallowed<T>() -> Result<T, Status> {
    Err(Status::COMMAND_DISALLOWED)
}

fn valid(condition: bool) -> Result<(), Status> {
    if condition { Ok(()) } else { Err(Status::INVALID_HCI_COMMAND_PARAMETERS) }
}

fn supported(condition: bool) -> Result<(), Status> {
    if condition { Ok(()) } else { Err(Status::UNSUPPORTED_FEATURE_OR_PARAMETER) }
}

fn allowed(condition: bool) -> Result<(), Status> {
    if condition { Ok(()) } else { disallowed() }
}

fn returned(write: impl FnOnce(&mut Writer<'_>)) -> Result<Returned, Status> {
    let mut buffer = [0; 80];
    let mut w = Writer::new(&mut buffer);
    write(&mut w);
    Ok(w.written().to_vec())
}

/// Interval, latency and timeout as Vol 4, Part E, 7.8.12 wants them.
fn connection_parameters(min: u16, max: u16, latency: u16, timeout: u16) -> Result<(), Status> {
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
        let answered = supported::answered(opcode);
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
        let result = match CommandPacket::parse(octets) {
            Ok(command) => self.execute(who, &command),
            Err(_) => Err(Status::INVALID_HCI_COMMAND_PARAMETERS),
        };
        if let Err(status) = result {
            self.judge(who, opcode, status);
        }
        match (answered, result) {
            (Answered::Complete, Ok(more)) => self.answer_complete(who, opcode, Status::SUCCESS, &more),
            (Answered::Complete, Err(status)) => {
                let more = failed_parameters(opcode, parameters);
                self.answer_complete(who, opcode, status, &more);
            }
            (_, result) => self.answer_status(who, opcode, result.err().unwrap_or(Status::SUCCESS)),
        }
        if result_is_ok(opcode) {
            self.after(who, opcode);
        }
    }

    /// A refusal that the host could foresee is a breach.
    fn judge(&mut self, who: usize, opcode: Opcode, status: Status) {
        let knew = self.controllers[who].police.unread == 0;
        match status {
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

    fn settings(&mut self, who: usize) -> &mut Settings {
        &mut self.controllers[who].settings
    }

    /// The link and end behind a handle.
    fn link_of(&self, who: usize, handle: ConnectionHandle) -> Result<(u64, usize), Status> {
        self.controllers[who].settings.handles.get(&handle.0).copied().ok_or(Status::UNKNOWN_CONNECTION_IDENTIFIER)
    }

    fn execute(&mut self, who: usize, command: &CommandPacket<'_>) -> Result<Returned, Status> {
        let none = Ok(vec![]);
        let config = self.controllers[who].config;
        match command {
            CommandPacket::Reset(_) => {
                self.restart(who);
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
                self.settings(who).host.on = c.mode == 1;
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
            CommandPacket::ReadLocalSupportedCommands(_) => returned(|w| w.bytes(&supported::bits())),
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
            CommandPacket::LeReadLocalSupportedFeatures(_) => returned(|w| w.u64(supported::LE_FEATURES)),
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
                valid(c.map != [0; 5] && c.map[4] & 0xe0 == 0)?;
                self.settings(who).channels = c.map;
                let links: Vec<(u64, usize)> = self.settings(who).handles.values().copied().collect();
                for (link, _) in links.into_iter().filter(|(_, end)| *end == 0) {
                    self.begin(link, 0, Procedure::Channels(c.map));
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

    fn execute_on_link(&mut self, who: usize, command: &CommandPacket<'_>) -> Result<Returned, Status> {
        let none = Ok(vec![]);
        let with_handle = |handle: ConnectionHandle| returned(|w| w.u16(handle.0));
        match command {
            CommandPacket::Disconnect(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                valid(matches!(c.reason.0, 0x05 | 0x13 | 0x14 | 0x15 | 0x1a | 0x29 | 0x3b))?;
                allowed(!self.is_terminating(link, end))?;
                self.begin(link, end, Procedure::Terminate(c.reason));
                none
            }
            CommandPacket::ReadRemoteVersionInformation(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                self.begin(link, end, Procedure::Version);
                none
            }
            CommandPacket::LeReadRemoteFeatures(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                self.begin(link, end, Procedure::Features);
                none
            }
            CommandPacket::ReadRssi(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                let peer = self.peer_of(link, end);
                let rssi = self.strength(who, peer);
                returned(|w| {
                    w.u16(c.handle.0);
                    w.i8(rssi);
                })
            }
            CommandPacket::LeReadChannelMap(c) => {
                let (link, _) = self.link_of(who, c.handle)?;
                let map = self.links.get(&link).map_or([0; 5], |l| l.channels);
                returned(|w| {
                    w.u16(c.handle.0);
                    w.bytes(&map);
                })
            }
            CommandPacket::LeConnectionUpdate(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                connection_parameters(c.interval_min, c.interval_max, c.latency, c.supervision_timeout)?;
                valid(c.ce_length_min <= c.ce_length_max)?;
                let wanted = [c.interval_min, c.interval_max, c.latency, c.supervision_timeout];
                self.begin(link, end, Procedure::Update(wanted));
                none
            }
            CommandPacket::LeRemoteConnectionParameterRequestReply(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                connection_parameters(c.interval_min, c.interval_max, c.latency, c.supervision_timeout)?;
                let wanted = [c.interval_min, c.interval_max, c.latency, c.supervision_timeout];
                allowed(self.answer_parameters(link, end, Ok(wanted)))?;
                with_handle(c.handle)
            }
            CommandPacket::LeRemoteConnectionParameterRequestNegativeReply(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                allowed(self.answer_parameters(link, end, Err(c.reason)))?;
                with_handle(c.handle)
            }
            CommandPacket::LeSetDataLength(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                valid((27..=251).contains(&c.tx_octets) && (328..=17040).contains(&c.tx_time))?;
                self.begin(link, end, Procedure::Length(c.tx_octets, c.tx_time));
                with_handle(c.handle)
            }
            CommandPacket::LeReadPhy(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                let phys = self.links.get(&link).map_or([1, 1], |l| l.phys);
                returned(|w| {
                    w.u16(c.handle.0);
                    w.u8(phys[end]);
                    w.u8(phys[1 - end]);
                })
            }
            CommandPacket::LeSetPhy(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                let (tx, rx) = phys(c.all_phys, c.tx_phys, c.rx_phys)?;
                self.begin(link, end, Procedure::Phy(tx, rx));
                none
            }
            CommandPacket::LeEnableEncryption(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                allowed(end == 0)?;
                self.begin(
                    link,
                    end,
                    Procedure::Encrypt { random: c.random, diversifier: c.diversifier, key: c.key.0 },
                );
                none
            }
            CommandPacket::LeLongTermKeyRequestReply(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                allowed(self.answer_key(link, end, Some(c.key.0)))?;
                with_handle(c.handle)
            }
            CommandPacket::LeLongTermKeyRequestNegativeReply(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                allowed(self.answer_key(link, end, None))?;
                with_handle(c.handle)
            }
            _ => Err(Status::UNKNOWN_HCI_COMMAND),
        }
    }

    fn accept_list_in_use(&self, who: usize) -> bool {
        let settings = &self.controllers[who].settings;
        (settings.advertiser.on && settings.advertiser.parameters.filter_policy != 0)
            || (settings.scanner.on && settings.scanner.parameters.filter_policy != 0)
            || settings.initiator.is_some_and(|i| i.parameters.filter_policy != 0)
    }

    fn set_advertising_parameters(
        &mut self,
        who: usize,
        c: &command::LeSetAdvertisingParameters,
    ) -> Result<Returned, Status> {
        allowed(!self.settings(who).advertiser.on)?;
        valid(c.own_address_kind <= 3 && (1..=7).contains(&c.channel_map) && c.filter_policy <= 3)?;
        if c.kind != AdvertisingKind::ConnectableDirectedHighDuty {
            valid((0x20..=0x4000).contains(&c.interval_min) && (c.interval_min..=0x4000).contains(&c.interval_max))?;
        }
        supported(c.own_address_kind <= 1)?;
        self.settings(who).advertiser.parameters = *c;
        Ok(vec![])
    }

    fn set_advertising(&mut self, who: usize, enable: Switch) -> Result<Returned, Status> {
        let parameters = self.settings(who).advertiser.parameters;
        if enable == Switch::Off {
            self.stop_advertising(who);
            return Ok(vec![]);
        }
        valid(self.controllers[who].own_address(parameters.own_address_kind).is_some())?;
        let connectable = !matches!(
            parameters.kind,
            AdvertisingKind::ScannableUndirected | AdvertisingKind::NonConnectableUndirected
        );
        if connectable && self.settings(who).handles.len() >= self.controllers[who].config.links {
            return Err(Status::CONNECTION_LIMIT_EXCEEDED);
        }
        let advertiser = &mut self.settings(who).advertiser;
        advertiser.on = true;
        advertiser.token += 1;
        let token = advertiser.token;
        let first = if self.conditions.instant { 0 } else { u64::from(self.draw() % 5_000) };
        self.schedule(self.now + first, Task::Advertise { who, token, extra: false });
        if parameters.kind == AdvertisingKind::ConnectableDirectedHighDuty {
            self.schedule(self.now + DIRECTED, Task::DirectedEnd { who, token });
        }
        Ok(vec![])
    }

    pub(crate) fn stop_advertising(&mut self, who: usize) {
        let advertiser = &mut self.settings(who).advertiser;
        advertiser.on = false;
        advertiser.token += 1;
    }

    fn set_scanning(&mut self, who: usize, c: &command::LeSetScanEnable) -> Result<Returned, Status> {
        let now = self.now;
        let kind = self.settings(who).scanner.parameters.own_address_kind;
        let active = self.settings(who).scanner.parameters.kind == ScanKind::Active;
        valid(c.enable == Switch::Off || !active || self.controllers[who].own_address(kind).is_some())?;
        let scanner = &mut self.settings(who).scanner;
        scanner.on = c.enable == Switch::On;
        scanner.filter_duplicates = c.filter_duplicates == Switch::On;
        scanner.began = now;
        scanner.seen.clear();
        if scanner.on {
            self.listen_at_once();
        }
        Ok(vec![])
    }

    fn create_connection(&mut self, who: usize, c: &command::LeCreateConnection) -> Result<Returned, Status> {
        allowed(self.settings(who).initiator.is_none())?;
        valid((4..=0x4000).contains(&c.scan_interval) && (4..=c.scan_interval).contains(&c.scan_window))?;
        valid(c.own_address_kind <= 3 && c.filter_policy <= 1 && c.ce_length_min <= c.ce_length_max)?;
        connection_parameters(c.interval_min, c.interval_max, c.latency, c.supervision_timeout)?;
        supported(c.own_address_kind <= 1)?;
        let own = self.controllers[who].own_address(c.own_address_kind);
        valid(own.is_some())?;
        if self.settings(who).handles.len() >= self.controllers[who].config.links {
            return Err(Status::CONNECTION_LIMIT_EXCEEDED);
        }
        if c.filter_policy == 0 && self.is_connected_to(who, c.peer) {
            return Err(Status::CONNECTION_ALREADY_EXISTS);
        }
        let began = self.now;
        self.settings(who).initiator = Some(Initiator { parameters: *c, began });
        self.listen_at_once();
        Ok(vec![])
    }

    /// Without air time, whoever advertises is heard as soon as somebody listens.
    fn listen_at_once(&mut self) {
        if !self.conditions.instant {
            return;
        }
        for who in 0..self.controllers.len() {
            let advertiser = &self.controllers[who].settings.advertiser;
            if advertiser.on {
                let token = advertiser.token;
                self.schedule(self.now, Task::Advertise { who, token, extra: true });
            }
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
            return Err(Status::INVALID_HCI_COMMAND_PARAMETERS);
        };
        let shared = p256::ecdh::diffie_hellman(ours.to_nonzero_scalar(), peer.as_affine());
        let mut key = [0; 32];
        key.copy_from_slice(shared.raw_secret_bytes());
        key.reverse();
        let key = jelling_wire::hci::Secret(key);
        self.event_later(CURVE, who, &Event::LeGenerateDhKeyComplete { status: Status::SUCCESS, key });
        Ok(vec![])
    }

    /// Host Number Of Completed Packets (7.3.40).
    fn host_completed(&mut self, who: usize, parameters: &[u8]) {
        let mut r = Reader::new(parameters);
        let count = r.u8().unwrap_or(0);
        for _ in 0..count {
            let (Ok(handle), Ok(packets)) = (r.u16(), r.u16()) else {
                return self.breach(who, Breach::Malformed);
            };
            let up = self.controllers[who].settings.handles.contains_key(&handle);
            let host = &mut self.settings(who).host;
            let known = host.on;
            match host.held.get_mut(&handle) {
                Some(held) if *held >= packets => *held -= packets,
                // A link that has just gone has nothing to give back.
                None if !up => {}
                _ if !known => {}
                _ => self.breach(who, Breach::FlowControl { handle }),
            }
        }
        let links: Vec<u64> = self.settings(who).handles.values().map(|(link, _)| *link).collect();
        for link in links {
            self.kick(link);
        }
    }

    /// Data of a host (5.4.2).
    pub(crate) fn acl(&mut self, who: usize, octets: &[u8]) {
        let Ok(packet) = AclPacket::parse(octets) else {
            return self.breach(who, Breach::Malformed);
        };
        let config = self.controllers[who].config;
        let handle = packet.handle.0;
        let police = &mut self.controllers[who].police;
        match police.links.get_mut(&handle) {
            Some(held) => *held += 1,
            None => return self.breach(who, Breach::DeadHandle { handle }),
        }
        if police.held() > u32::from(config.acl_packets) {
            self.breach(who, Breach::Overdrawn);
        }
        if packet.data.len() > usize::from(config.acl_length) {
            return self.breach(who, Breach::TooLong { length: packet.data.len() });
        }
        let start = match packet.boundary {
            Boundary::FirstNonFlushable => true,
            Boundary::Continuing => false,
            Boundary::FirstFlushable | Boundary::Complete => return self.breach(who, Breach::Malformed),
        };
        // A host may not know yet that the link is gone.
        let Ok((link, end)) = self.link_of(who, packet.handle) else { return };
        if let Some(l) = self.links.get_mut(&link) {
            l.ends[end].data.push_back(AclOut { start, octets: packet.data.to_vec(), sent: 0 });
        }
        self.kick(link);
    }

    /// Data for a host, in packets of its size. What it has no room for waits.
    pub(crate) fn acl_to_host(&mut self, who: usize, handle: u16, start: bool, octets: &[u8]) {
        let host = &mut self.settings(who).host;
        let most = if host.on && host.length > 0 { usize::from(host.length) } else { usize::MAX };
        for (i, part) in octets.chunks(most.min(octets.len().max(1))).enumerate() {
            host.waiting.push_back((handle, start && i == 0, part.to_vec()));
        }
        self.give_waiting(who);
    }

    /// A host has room again: it is given what waited, and its links go on.
    pub(crate) fn room_again(&mut self, who: usize) {
        self.give_waiting(who);
        let links: Vec<u64> = self.settings(who).handles.values().map(|(link, _)| *link).collect();
        links.into_iter().for_each(|link| self.kick(link));
    }

    fn give_waiting(&mut self, who: usize) {
        while !self.settings(who).host.has_no_room() {
            let host = &mut self.settings(who).host;
            let Some((handle, start, data)) = host.waiting.pop_front() else { return };
            if host.on {
                *host.held.entry(handle).or_default() += 1;
            }
            let boundary = if start { Boundary::FirstFlushable } else { Boundary::Continuing };
            let mut buffer = vec![0; data.len() + 4];
            let mut w = Writer::new(&mut buffer);
            AclPacket { handle: ConnectionHandle(handle), boundary, broadcast: 0, data: &data }.emit(&mut w);
            self.give(who, PacketKind::Acl, buffer, Notice::Nothing);
        }
    }

    /// True when a controller has nowhere to put another PDU for its host.
    pub(crate) fn host_is_full(&self, who: usize) -> bool {
        let controller = &self.controllers[who];
        controller.settings.host.is_full() || controller.to_host.len() >= UNREAD
    }

    fn is_connected_to(&self, who: usize, peer: Address) -> bool {
        self.controllers[who]
            .settings
            .handles
            .values()
            .any(|(link, end)| self.links.get(link).is_some_and(|l| l.addresses[1 - end] == peer))
    }
}

/// Preferred PHYs, checked (7.8.48).
fn phys(all: u8, tx: u8, rx: u8) -> Result<(u8, u8), Status> {
    supported(tx & 0xf8 == 0 && rx & 0xf8 == 0)?;
    valid(all & 1 == 1 || tx != 0)?;
    valid(all & 2 == 2 || rx != 0)?;
    Ok((if all & 1 == 1 { 7 } else { tx }, if all & 2 == 2 { 7 } else { rx }))
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

/// Commands whose consequence follows their answer at once.
fn result_is_ok(opcode: Opcode) -> bool {
    opcode == Opcode::LE_CREATE_CONNECTION_CANCEL
}

impl World {
    /// An L2CAP frame goes out on every link of a controller, as if its host had sent it.
    pub(crate) fn inject_frame(&mut self, who: usize, frame: &[u8]) {
        let links: Vec<(u64, usize)> = self.controllers[who].settings.handles.values().copied().collect();
        for (number, end) in links {
            let Some(link) = self.links.get(&number) else { continue };
            let (to, handle) = (link.ends[1 - end].who, link.ends[1 - end].handle);
            for (i, part) in frame.chunks(251).enumerate() {
                self.acl_to_host(to, handle, i == 0, part);
            }
        }
    }
}
