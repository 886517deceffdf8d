//! Data between a host and its links, and the flow control of both directions (Vol 4, Part E, 4.1, 4.2 and 5.4.2).

use crate::{
    link::AclOut,
    police::{Breach, Notice},
    world::World,
};
use jelling_wire::{
    PacketKind, Reader, Writer,
    hci::{
        ConnectionHandle,
        acl::{AclPacket, Boundary},
    },
};

/// Packets that a controller keeps for a host that does not read; then it takes nothing more off the air.
pub(crate) const UNREAD: usize = 64;

impl World {
    /// Data of a host (5.4.2).
    pub(crate) fn acl(&mut self, who: usize, octets: &[u8]) {
        let Ok(packet) = AclPacket::parse(octets) else {
            return self.breach(who, Breach::Malformed);
        };
        let config = self.controllers[who].config;
        let handle = packet.handle.0;
        let police = &mut self.controllers[who].police;
        let may_miss = police.may_miss(handle, self.now);
        match police.links.get_mut(&handle) {
            Some(held) => *held += 1,
            None if may_miss => return,
            None => return self.breach(who, Breach::DeadHandle { handle }),
        }
        if police.held() > u32::from(config.acl_packets) {
            self.breach(who, Breach::Overdrawn);
        }
        let breach = if packet.data.len() > usize::from(config.acl_length) {
            Some(Breach::TooLong { length: packet.data.len() })
        } else if packet.broadcast != 0 || matches!(packet.boundary, Boundary::FirstFlushable | Boundary::Complete) {
            Some(Breach::Malformed)
        } else {
            None
        };
        if let Some(breach) = breach {
            // It is thrown away, and its buffer is free again.
            self.breach(who, breach);
            return self.complete(who, handle);
        }
        let start = packet.boundary == Boundary::FirstNonFlushable;
        let begun = &mut self.controllers[who].police.begun;
        let of_nothing = if start { packet.data.is_empty() } else { !begun.contains(&handle) };
        if of_nothing {
            self.breach(who, Breach::Fragment { handle });
        } else if start {
            begun.insert(handle);
        }
        // A host may not know yet that the link is gone.
        let Ok((link, end)) = self.link_of(who, packet.handle) else { return };
        if let Some(l) = self.links.get_mut(&link) {
            // What overdraws without end goes nowhere.
            if l.ends[end].data.len() >= usize::from(config.acl_packets) + UNREAD {
                return;
            }
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

    /// A host has room again: it is given what waited, and its links go on.
    pub(crate) fn room_again(&mut self, who: usize) {
        self.give_waiting(who);
        let links: Vec<u64> = self.settings(who).handles.values().map(|(link, _)| *link).collect();
        links.into_iter().for_each(|link| self.kick(link));
    }

    pub(crate) fn has_feature(&self, who: usize, bits: u64) -> bool {
        self.controllers[who].config.le_features() & bits != 0
    }

    /// True when a controller has nowhere to put another PDU for its host.
    pub(crate) fn host_is_full(&self, who: usize) -> bool {
        let controller = &self.controllers[who];
        controller.settings.host.is_full() || controller.to_host.len() >= UNREAD
    }

    /// Host Number Of Completed Packets (7.3.40).
    pub(crate) fn host_completed(&mut self, who: usize, parameters: &[u8]) {
        let mut r = Reader::new(parameters);
        let count = r.u8().unwrap_or(0);
        for _ in 0..count {
            let (Ok(handle), Ok(packets)) = (r.u16(), r.u16()) else {
                return self.breach(who, Breach::Malformed);
            };
            if packets > 0 && !self.give_back(who, handle, packets) {
                self.breach(who, Breach::FlowControl { handle });
            }
        }
        if !r.is_empty() {
            self.breach(who, Breach::Malformed);
        }
        self.room_again(who);
    }

    /// Packets of a link are taken; false if so many never came.
    fn give_back(&mut self, who: usize, handle: u16, packets: u16) -> bool {
        let controller = &mut self.controllers[who];
        let host = &mut controller.settings.host;
        match host.held.get_mut(&handle) {
            Some(held) if *held >= packets => {
                *held -= packets;
                true
            }
            // A link that has just gone has nothing to give back.
            None if !controller.settings.handles.contains_key(&handle) => controller.police.seen.contains(&handle),
            _ => !host.on,
        }
    }

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
