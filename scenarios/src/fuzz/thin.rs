//! A thin controller with one link: it answers every command at once, and what the host sends on the link is heard by the fuzzer.

use jelling_wire::{
    Packet, PacketKind, Writer,
    hci::{
        ConnectionHandle, Opcode, Role, Status,
        acl::{AclPacket, Boundary},
        command,
        event::{CompletedPackets, ConnectionComplete, Event},
    },
    l2cap::{ChannelId, Frame},
};
use std::collections::VecDeque;

/// The link's handle.
const HANDLE: ConnectionHandle = ConnectionHandle(0x0040);

/// Octets of data in an ACL packet.
pub(super) const ACL_LENGTH: usize = 27;
/// ACL packets that it holds.
const ACL_PACKETS: u8 = 3;

/// A controller.
#[derive(Debug, Default)]
pub(super) struct Thin {
    to_host: VecDeque<(PacketKind, Vec<u8>)>,
    /// The host's role on the link, if there is one.
    linked: Option<Role>,
    advertising: bool,
    initiating: bool,
    /// Packets are kept, and their buffers with them.
    holds: bool,
    held: u8,
    /// A frame of the host, as far as it has come.
    frame: Vec<u8>,
    /// Frames of the host, whole.
    heard: Vec<(ChannelId, Vec<u8>)>,
    /// It has lied to the host, which need not keep the rules any more.
    lied: bool,
}

impl Thin {
    pub(super) fn is_linked(&self) -> bool {
        self.linked.is_some()
    }

    pub(super) fn is_holding(&self) -> bool {
        self.holds
    }

    pub(super) fn has_lied(&self) -> bool {
        self.lied
    }

    /// What the host has sent since the last call.
    pub(super) fn heard(&mut self) -> Vec<(ChannelId, Vec<u8>)> {
        core::mem::take(&mut self.heard)
    }

    /// The next packet for the host.
    pub(super) fn next(&mut self) -> Option<(PacketKind, Vec<u8>)> {
        self.to_host.pop_front()
    }

    fn event(&mut self, event: &Event<'_>) {
        let mut buffer = [0; 257];
        let mut w = Writer::new(&mut buffer);
        event.emit(&mut w);
        let octets = w.finish().unwrap_or_else(|_| panic!("an event is short: {event}"));
        self.to_host.push_back((PacketKind::Event, octets.to_vec()));
    }

    fn complete(&mut self, opcode: Opcode, rest: &[u8]) {
        let return_parameters = &[&[Status::SUCCESS.0], rest].concat();
        self.event(&Event::CommandComplete { credits: 1, opcode, return_parameters });
    }

    /// Says what is not so.
    pub(super) fn lie(&mut self, kind: PacketKind, octets: &[u8]) {
        self.lied |= kind == PacketKind::Event;
        self.to_host.push_back((kind, octets.to_vec()));
    }

    /// A frame of the peer, in packets of so many octets.
    pub(super) fn say(&mut self, channel: ChannelId, payload: &[u8], piece: usize) {
        let mut buffer = vec![0; payload.len() + 4];
        let mut w = Writer::new(&mut buffer);
        Frame { channel, payload }.emit(&mut w);
        let mut boundary = Boundary::FirstFlushable;
        for data in buffer.chunks(piece.clamp(1, ACL_LENGTH)) {
            let mut packet = [0; ACL_LENGTH + 4];
            let mut w = Writer::new(&mut packet);
            AclPacket { handle: HANDLE, boundary, broadcast: 0, data }.emit(&mut w);
            let octets = w.finish().unwrap_or_else(|_| panic!("a piece fits"));
            self.to_host.push_back((PacketKind::Acl, octets.to_vec()));
            boundary = Boundary::Continuing;
        }
    }

    /// Keeps what comes, or sends it on with all that was kept.
    pub(super) fn hold(&mut self, holds: bool) {
        self.holds = holds;
        if !holds && self.held > 0 && self.is_linked() {
            let [low, high] = HANDLE.0.to_le_bytes();
            let octets = [1, low, high, core::mem::take(&mut self.held), 0];
            let list = CompletedPackets::parse(&octets).unwrap_or_else(|_| panic!("a list of one"));
            self.event(&Event::NumberOfCompletedPackets(list));
        }
    }

    /// The link ends.
    pub(super) fn part(&mut self, reason: Status) {
        if self.linked.take().is_some() {
            self.held = 0;
            self.frame.clear();
            self.event(&Event::DisconnectionComplete { status: Status::SUCCESS, handle: HANDLE, reason });
        }
    }

    /// Forgets everything, without a word.
    pub(super) fn power_cycle(&mut self) {
        *self = Thin::default();
    }

    /// Whoever advertises or initiates meets somebody, unless there is a link.
    fn meet(&mut self) {
        let role = match (self.linked, self.initiating, self.advertising) {
            (None, true, _) => Role::Central,
            (None, _, true) => Role::Peripheral,
            _ => return,
        };
        (self.linked, self.frame) = (Some(role), vec![]);
        if role == Role::Central {
            self.initiating = false
        } else {
            self.advertising = false
        }
        let link = ConnectionComplete {
            handle: HANDLE,
            role,
            peer: super::connected::PEER.into(),
            interval: 24,
            supervision_timeout: 300,
            ..ConnectionComplete::default()
        };
        self.event(&Event::LeConnectionComplete(link));
    }

    /// A packet of the host. It must be one; what it says must be in order unless the controller has lied.
    pub(super) fn take(&mut self, packet: Packet<'_>) {
        match packet.kind {
            PacketKind::Command => self.command(packet.data),
            PacketKind::Acl => self.acl(packet.data),
            kind => panic!("a host sends commands and data, not {kind:?}"),
        }
        self.meet();
    }

    fn command(&mut self, octets: &[u8]) {
        let parsed = command::CommandPacket::parse(octets);
        assert!(parsed.is_ok(), "a host sends whole commands, not {octets:02x?}");
        let (opcode, p) = command::header(octets).unwrap_or((Opcode::NOP, &[]));
        let switched = p.first() == Some(&1);
        match opcode {
            Opcode::RESET => {
                *self = Thin { lied: self.lied, heard: core::mem::take(&mut self.heard), ..Thin::default() };
                self.complete(opcode, &[]);
            }
            // It needs no answer, and has none (Vol 4, Part E, 7.3.40).
            Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS => {}
            Opcode::READ_LOCAL_VERSION_INFORMATION => self.complete(opcode, &[12, 0, 0, 12, 0xff, 0xff, 0, 0]),
            Opcode::READ_LOCAL_SUPPORTED_COMMANDS => self.complete(opcode, &[0xff; 64]),
            Opcode::READ_LOCAL_SUPPORTED_FEATURES | Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES => {
                self.complete(opcode, &[0x20, 0, 0, 0, 0, 0, 0, 0]);
            }
            Opcode::LE_READ_BUFFER_SIZE => {
                let [low, high] = u16::try_from(ACL_LENGTH).unwrap_or(0).to_le_bytes();
                self.complete(opcode, &[low, high, ACL_PACKETS]);
            }
            Opcode::READ_BD_ADDR => self.complete(opcode, &[1, 2, 3, 4, 5, 6]),
            Opcode::LE_RAND => self.complete(opcode, &[1, 2, 3, 4, 5, 6, 7, 8]),
            Opcode::READ_RSSI => self.complete(opcode, &[HANDLE.0.to_le_bytes()[0], 0, 0xc8]),
            Opcode::LE_SET_ADVERTISING_ENABLE => {
                self.advertising = switched;
                self.complete(opcode, &[]);
            }
            Opcode::LE_CREATE_CONNECTION => {
                self.initiating = true;
                self.event(&Event::CommandStatus { status: Status::SUCCESS, credits: 1, opcode });
            }
            Opcode::LE_CREATE_CONNECTION_CANCEL => {
                self.complete(opcode, &[]);
                if core::mem::take(&mut self.initiating) {
                    let status = Status::UNKNOWN_CONNECTION_IDENTIFIER;
                    let none = ConnectionComplete { status, ..ConnectionComplete::default() };
                    self.event(&Event::LeConnectionComplete(none));
                }
            }
            Opcode::DISCONNECT => {
                let known = self.is_linked() && p.first_chunk().is_some_and(|h| u16::from_le_bytes(*h) == HANDLE.0);
                let status = if known { Status::SUCCESS } else { Status::UNKNOWN_CONNECTION_IDENTIFIER };
                self.event(&Event::CommandStatus { status, credits: 1, opcode });
                if known {
                    self.part(Status::CONNECTION_TERMINATED_BY_LOCAL_HOST);
                }
            }
            Opcode::LE_CONNECTION_UPDATE => {
                self.event(&Event::CommandStatus { status: Status::SUCCESS, credits: 1, opcode });
                let (interval, latency, supervision_timeout) = (24, 0, 300);
                let status = Status::SUCCESS;
                let updated = Event::LeConnectionUpdateComplete {
                    status,
                    handle: HANDLE,
                    interval,
                    latency,
                    supervision_timeout,
                };
                self.event(&updated);
            }
            _ => self.complete(opcode, &[]),
        }
    }

    fn acl(&mut self, octets: &[u8]) {
        let parsed = AclPacket::parse(octets);
        let Ok(packet) = parsed else { panic!("a host sends whole packets, not {octets:02x?}") };
        if !self.is_linked() || packet.handle != HANDLE {
            // It crosses the end of its link, or the controller had made a link up.
            return;
        }
        self.held += 1;
        assert!(self.lied || self.held <= ACL_PACKETS, "more packets than the controller holds");
        assert!(self.lied || packet.data.len() <= ACL_LENGTH, "a packet longer than was agreed on");
        if packet.boundary == Boundary::FirstNonFlushable {
            assert!(self.lied || self.frame.is_empty(), "a frame is left in the middle");
            self.frame.clear();
        }
        self.frame.extend_from_slice(packet.data);
        if let Ok(frame) = Frame::parse(&self.frame) {
            self.heard.push((frame.channel, frame.payload.to_vec()));
            self.frame.clear();
        }
        self.hold(self.holds);
    }
}
