//! Two thin controllers that answer at once, joined by an air without time: just enough for scripts.
#![allow(dead_code, reason = "each test uses a part of it")]

#[cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
pub(crate) mod cases;
// A host with both roles.
#[cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
pub(crate) mod hidden;
// A server with channels.
#[cfg(all(
    feature = "central",
    feature = "client",
    feature = "peripheral",
    feature = "server",
    feature = "security",
    feature = "l2cap"
))]
pub(crate) mod channels;
pub(crate) mod numbers;
#[cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
pub(crate) mod pairing;
#[cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server", feature = "security"))]
pub(crate) mod refused;
pub(crate) mod smp;
// Two hosts with every part.
#[cfg(all(feature = "central", feature = "client", feature = "peripheral", feature = "server"))]
pub(crate) mod pair;
// One host and one link, in either role.
#[cfg(all(feature = "central", feature = "peripheral"))]
pub(crate) mod one;
// A server, whatever its peers are.
#[cfg(all(feature = "peripheral", feature = "server"))]
pub(crate) mod raw;
// A client that is bonded.
#[cfg(all(feature = "peripheral", feature = "server", feature = "security"))]
pub(crate) mod bonded;
// A host with slots for bonds.
#[cfg(all(feature = "peripheral", feature = "server", feature = "security"))]
pub(crate) mod slots;

use jelling_wire::{
    Packet, PacketKind,
    hci::{Opcode, command},
};
use std::collections::VecDeque;

/// A packet with its octets.
pub(crate) type Owned = (PacketKind, Vec<u8>);

/// The handle of the one link.
pub(crate) const HANDLE: u16 = 0x0040;

#[derive(Default)]
pub(crate) struct Controller {
    pub(crate) to_host: VecDeque<Owned>,
    pub(crate) advertising: bool,
    pub(crate) adv_data: Vec<u8>,
    pub(crate) scanning: bool,
    pub(crate) initiating: bool,
    pub(crate) silent: bool,
    pub(crate) sent: Vec<Owned>,
}

pub(crate) struct Air {
    pub(crate) controllers: [Controller; 2],
    pub(crate) connected: bool,
    pub(crate) acl_length: u16,
    pub(crate) le_features: u16,
    /// Each octet of Read Local Supported Commands.
    pub(crate) commands: u8,
}

impl Air {
    pub(crate) fn new(acl_length: u16) -> Self {
        Air { controllers: Default::default(), connected: false, acl_length, le_features: 0x20, commands: 0xff }
    }

    fn event(&mut self, who: usize, code: u8, parameters: &[u8]) {
        let mut packet = vec![code, parameters.len() as u8];
        packet.extend(parameters);
        self.controllers[who].to_host.push_back((PacketKind::Event, packet));
    }

    fn complete(&mut self, who: usize, opcode: Opcode, status: u8, rest: &[u8]) {
        let [low, high] = opcode.number().to_le_bytes();
        let mut parameters = vec![1, low, high, status];
        parameters.extend(rest);
        self.event(who, 0x0e, &parameters);
    }

    fn status(&mut self, who: usize, opcode: Opcode, status: u8) {
        let [low, high] = opcode.number().to_le_bytes();
        self.event(who, 0x0f, &[status, 1, low, high]);
    }

    pub(crate) fn address(who: usize) -> [u8; 6] {
        [who as u8 + 1, 2, 3, 4, 5, 0x66]
    }

    fn meet(&mut self) {
        for who in 0..2 {
            let other = 1 - who;
            if self.controllers[who].scanning && self.controllers[other].advertising {
                let data = self.controllers[other].adv_data.clone();
                let mut report = vec![0x02, 1, 0, 0];
                report.extend(Self::address(other));
                report.push(data.len() as u8);
                report.extend(data);
                report.push(0xc8);
                self.event(who, 0x3e, &report);
            }
            if self.controllers[who].initiating && self.controllers[other].advertising && !self.connected {
                self.connected = true;
                self.controllers[who].initiating = false;
                self.controllers[other].advertising = false;
                for (side, role, peer) in [(who, 0, other), (other, 1, who)] {
                    let mut complete = vec![0x01, 0, 0x40, 0, role, 0];
                    complete.extend(Self::address(peer));
                    complete.extend([24, 0, 0, 0, 0x2c, 1, 0]);
                    self.event(side, 0x3e, &complete);
                }
            }
        }
    }

    /// The link ends, with a reason for each side.
    pub(crate) fn part(&mut self, reasons: [u8; 2]) {
        if core::mem::take(&mut self.connected) {
            for (who, reason) in reasons.into_iter().enumerate() {
                self.event(who, 0x05, &[0, 0x40, 0, reason]);
            }
        }
    }

    /// A packet of a host.
    pub(crate) fn take(&mut self, who: usize, packet: Packet<'_>) {
        self.controllers[who].sent.push((packet.kind, packet.data.to_vec()));
        if self.controllers[who].silent {
            return;
        }
        match packet.kind {
            PacketKind::Command => self.command(who, packet.data),
            PacketKind::Acl => self.acl(who, packet.data),
            _ => panic!("a host sends commands and data"),
        }
    }

    fn command(&mut self, who: usize, packet: &[u8]) {
        let (opcode, p) = command::header(packet).expect("a whole command");
        match opcode {
            Opcode::RESET => {
                let keep = core::mem::take(&mut self.controllers[who]);
                self.controllers[who].sent = keep.sent;
                self.part([0x16, 0x08]);
                self.controllers[who].to_host.clear();
                self.complete(who, opcode, 0, &[]);
            }
            Opcode::READ_LOCAL_VERSION_INFORMATION => self.complete(who, opcode, 0, &[12, 0, 0, 12, 0xff, 0xff, 0, 0]),
            Opcode::READ_LOCAL_SUPPORTED_COMMANDS => self.complete(who, opcode, 0, &[self.commands; 64]),
            Opcode::READ_LOCAL_SUPPORTED_FEATURES | Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES => {
                let [low, high] = self.le_features.to_le_bytes();
                self.complete(who, opcode, 0, &[low, high, 0, 0, 0, 0, 0, 0]);
            }
            Opcode::LE_READ_BUFFER_SIZE => {
                let [low, high] = self.acl_length.to_le_bytes();
                self.complete(who, opcode, 0, &[low, high, 3]);
            }
            Opcode::LE_RAND => self.complete(who, opcode, 0, &[1, 2, 3, 4, 5, 6, 7, who as u8]),
            Opcode::READ_BD_ADDR => self.complete(who, opcode, 0, &Self::address(who)),
            Opcode::LE_SET_ADVERTISING_DATA => {
                self.controllers[who].adv_data = p[1..=usize::from(p[0])].to_vec();
                self.complete(who, opcode, 0, &[]);
            }
            Opcode::LE_SET_ADVERTISING_ENABLE => {
                self.controllers[who].advertising = p[0] == 1;
                self.complete(who, opcode, 0, &[]);
            }
            Opcode::LE_SET_SCAN_ENABLE => {
                self.controllers[who].scanning = p[0] == 1;
                self.complete(who, opcode, 0, &[]);
            }
            Opcode::LE_CREATE_CONNECTION => {
                self.controllers[who].initiating = true;
                self.status(who, opcode, 0);
            }
            Opcode::LE_CREATE_CONNECTION_CANCEL => {
                self.complete(who, opcode, 0, &[]);
                if core::mem::take(&mut self.controllers[who].initiating) {
                    let mut failed = vec![0x01, 0x02];
                    failed.resize(19, 0);
                    self.event(who, 0x3e, &failed);
                }
            }
            Opcode::DISCONNECT => {
                self.status(who, opcode, 0);
                let reasons = if who == 0 { [0x16, p[2]] } else { [p[2], 0x16] };
                self.part(reasons);
            }
            _ => self.complete(who, opcode, 0, &[]),
        }
        self.meet();
    }

    fn acl(&mut self, who: usize, packet: &[u8]) {
        assert!(packet.len() <= usize::from(self.acl_length) + 4, "a packet longer than the controller holds");
        let mut packet = packet.to_vec();
        // Host to controller begins with flag 0, controller to host with flag 2.
        if packet[1] >> 4 == 0 {
            packet[1] |= 0x20;
        }
        if self.connected {
            self.controllers[1 - who].to_host.push_back((PacketKind::Acl, packet));
            self.event(who, 0x13, &[1, 0x40, 0, 1, 0]);
        }
    }
}
