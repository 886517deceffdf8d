//! Commands that name a link (Vol 4, Part E, 7.1, 7.4, 7.5 and 7.8).

use crate::{
    commands::{Returned, allowed, connection_parameters, returned, supported, valid},
    link::Procedure,
    supported::PARAMETERS_REQUEST,
    world::World,
};
use jelling_wire::hci::{ConnectionHandle, Status, command::CommandPacket};

impl World {
    /// Begins what a host asks for, unless the same goes on or waits already. Its host may have been told of the end of that
    /// in an event it has not read, or not asked for it at all: it is not to blame.
    fn ask(&mut self, link: u64, end: usize, procedure: Procedure) -> Result<(), Status> {
        if self.is_busy_with(link, end, &procedure) {
            if let Some(link) = self.links.get(&link) {
                self.controllers[link.ends[end].who].police.excused = true;
            }
            return Err(Status::COMMAND_DISALLOWED);
        }
        self.begin(link, end, procedure);
        Ok(())
    }

    pub(crate) fn execute_on_link(&mut self, who: usize, command: &CommandPacket<'_>) -> Result<Returned, Status> {
        let none = Ok(vec![]);
        let with_handle = |handle: ConnectionHandle| returned(|w| w.u16(handle.0));
        match command {
            CommandPacket::Disconnect(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                valid(matches!(c.reason.0, 0x05 | 0x13 | 0x14 | 0x15 | 0x1a | 0x29 | 0x3b))?;
                if self.links.get(&link).is_some_and(|l| l.ends[end].gives_up) {
                    return none;
                }
                allowed(!self.is_terminating(link, end))?;
                self.begin(link, end, Procedure::Terminate(c.reason));
                none
            }
            CommandPacket::ReadRemoteVersionInformation(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                self.ask(link, end, Procedure::Version)?;
                none
            }
            CommandPacket::LeReadRemoteFeatures(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                self.ask(link, end, Procedure::Features)?;
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
                // 7.8.18: a peripheral needs the procedure of the link layer.
                supported(end == 0 || self.has_feature(who, PARAMETERS_REQUEST))?;
                let wanted = [c.interval_min, c.interval_max, c.latency, c.supervision_timeout];
                self.ask(link, end, Procedure::Update(wanted))?;
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
                self.begin_instead(link, end, Procedure::Length(c.tx_octets, c.tx_time));
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
                // 7.8.49: what the controller does not have.
                let has = self.controllers[who].config.phys();
                supported(c.all_phys & 1 == 1 || tx & !has == 0)?;
                supported(c.all_phys & 2 == 2 || rx & !has == 0)?;
                let (tx, rx) = (tx & has, rx & has);
                self.ask(link, end, Procedure::Phy(tx, rx))?;
                if let Some(link) = self.links.get_mut(&link) {
                    link.ends[end].preferred = (tx, rx);
                }
                none
            }
            CommandPacket::LeEnableEncryption(c) => {
                let (link, end) = self.link_of(who, c.handle)?;
                allowed(end == 0)?;
                let (random, diversifier, key) = (c.random, c.diversifier, c.key.0);
                self.ask(link, end, Procedure::Encrypt { random, diversifier, key })?;
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
}

/// Preferred PHYs, checked (7.8.48).
pub(crate) fn phys(all: u8, tx: u8, rx: u8) -> Result<(u8, u8), Status> {
    let of = |any: bool, phys: u8| {
        if any {
            // What is ignored may be anything.
            return Ok(7);
        }
        supported(phys & 0xf8 == 0)?;
        valid(phys != 0)?;
        Ok(phys)
    };
    Ok((of(all & 1 == 1, tx)?, of(all & 2 == 2, rx)?))
}
