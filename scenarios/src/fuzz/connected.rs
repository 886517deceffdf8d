//! A host with a link: whatever its peer, its controller and its application do, it answers every request once, ends with
//! everything it began with, and connects again.

use super::{
    is_planted, plant,
    tape::Step,
    thin::{ACL_LENGTH, Thin},
};
use crate::actor::{Actor, CCCD, VALUE, Verb};
use arbitrary::Unstructured;
use jelling_wire::{
    Address, AddressKind, Packet, PacketKind,
    att::{Opcode, Pdu},
    hci::Status,
    l2cap::{ChannelId, signalling::Signal},
};

/// The other end of every link.
pub(super) const PEER: Address = Address::new(AddressKind::Public, [6, 5, 4, 3, 2, 1]);

/// Packets that may pass at one moment before the host counts as talking in circles.
const CIRCLE: usize = 2_000;
/// Steps of a session, which ends as an input does.
const STEPS: usize = 300;
/// In microseconds: longer than any wait of a host.
const FOREVER: u64 = 200_000_000;
/// In microseconds: as long as a task of the application may take.
const DECISION: u64 = 29_000_000;

struct Host {
    actor: Actor,
    thin: Thin,
    now: u64,
    /// A request of the peer that has not been answered.
    waits: Option<Opcode>,
    /// There may be others: octets that nobody looked at, or requests while nothing went out.
    may_wait: bool,
}

/// The first octet chooses the host's role; the rest are steps.
pub fn connected(data: &[u8]) {
    let Some((&first, steps)) = data.split_first() else { return };
    let begins = if first & 1 == 0 { Verb::Connect } else { Verb::Advertise };
    let mut host = Host { actor: Actor::new(PEER, false), thin: Thin::default(), now: 0, waits: None, may_wait: false };
    host.act(Verb::Start);
    host.act(begins);
    assert!(host.thin.is_linked(), "no link at first");
    // Somebody has subscribed, on both sides.
    let subscribed = Pdu::WriteRequest { handle: CCCD, value: &[3, 0] };
    host.frame(ChannelId::ATT, &octets(&subscribed), 0);
    host.act(Verb::Subscribe { updates: 3 });
    host.frame(ChannelId::ATT, &octets(&Pdu::WriteResponse), 0);
    let mut steps = Unstructured::new(steps);
    for _ in 0..STEPS {
        let Ok(step) = (if steps.is_empty() { break } else { steps.arbitrary() }) else { break };
        host.step(step, begins);
    }
    host.ends();
    host.begins_anew();
}

fn octets(pdu: &Pdu<'_>) -> Vec<u8> {
    let mut buffer = [0; 64];
    let mut w = jelling_wire::Writer::new(&mut buffer);
    pdu.emit(&mut w);
    w.written().to_vec()
}

impl Host {
    /// Carries packets until there are none at this moment.
    fn settle(&mut self) {
        for _ in 0..CIRCLE {
            let incoming = self.thin.next();
            if let Some((kind, octets)) = &incoming {
                self.actor.packet(self.now, *kind, octets);
            }
            let outgoing = self.actor.transmit(self.now);
            if let Some((kind, octets)) = &outgoing {
                self.thin.take(Packet::new(*kind, octets));
            }
            if incoming.is_none() && outgoing.is_none() {
                return;
            }
        }
        panic!("the host talks in circles");
    }

    fn act(&mut self, verb: Verb) {
        self.actor.act(self.now, verb);
        self.settle();
        self.actor.look();
    }

    fn pass(&mut self, micros: u64) {
        let end = self.now + micros;
        for _ in 0..CIRCLE {
            let Some(due) = self.actor.deadline().filter(|due| *due <= end) else {
                self.now = end;
                return self.decided_in(micros);
            };
            self.now = self.now.max(due);
            self.actor.timeout(self.now);
            self.settle();
        }
        panic!("time goes in circles");
    }

    /// What the peer was told since it was last listened to. The one request that waits for the application is answered once.
    fn heard(&mut self) -> Vec<(ChannelId, Vec<u8>)> {
        let heard = self.thin.heard();
        if let Some(request) = self.waits {
            let answers = heard.iter().filter(|(c, octets)| *c == ChannelId::ATT && is_answer(request, octets));
            match answers.count() {
                0 => {}
                // Several of one kind may have come while nothing went out.
                n if n == 1 || self.may_wait => self.waits = None,
                _ => panic!("answers to one request: {heard:02x?}"),
            }
        }
        heard
    }

    /// After so long the application has decided, or the host in its place.
    fn decided_in(&mut self, micros: u64) {
        self.heard();
        if micros > DECISION && self.is_trusted() {
            assert_eq!(self.waits, None, "a request is not answered");
        }
    }

    /// True while the host hears the truth, and is heard.
    fn is_trusted(&self) -> bool {
        !self.thin.is_holding() && !self.thin.has_lied() && self.thin.is_linked()
    }

    fn step(&mut self, step: Step<'_>, begins: Verb) {
        match step {
            Step::Frame { channel, piece, octets } => {
                let channel = match channel {
                    0..=7 => ChannelId::ATT,
                    8..=11 => ChannelId::SIGNALLING,
                    12 | 13 => ChannelId::SMP,
                    other => ChannelId(u16::from(other)),
                };
                self.frame(channel, octets, usize::from(piece));
            }
            Step::Acl(octets) => {
                self.may_wait = true;
                self.thin.lie(PacketKind::Acl, octets);
            }
            Step::Event(octets) => self.thin.lie(PacketKind::Event, octets),
            Step::Verb(octets) => Step::verb(octets).into_iter().for_each(|verb| self.act(verb)),
            Step::Time(tenths) => self.pass(u64::from(tenths) * u64::from(tenths) * 100_000),
            Step::Hold { holds } => self.thin.hold(holds),
            Step::Again { reason } => {
                plant(self.thin.is_linked() && is_planted(&[reason]));
                self.thin.part(Status(reason));
                (self.waits, self.may_wait) = (None, false);
                self.settle();
                self.act(begins);
            }
        }
        self.settle();
        self.actor.look();
    }

    /// The link's ATT MTU, while the host knows the link.
    fn mtu(&mut self) -> Option<u16> {
        let core = self.actor.core();
        let link = core.links().next()?;
        core.link_info(link).ok().map(|info| info.mtu)
    }

    /// A frame of the peer. What is owed an answer is answered, once, and nothing else is.
    fn frame(&mut self, channel: ChannelId, octets: &[u8], piece: usize) {
        let held = self.thin.is_holding();
        if !held {
            self.settle();
        }
        self.heard();
        let mtu = self.mtu();
        let waits = self.waits.is_some();
        let piece = if piece == 0 { ACL_LENGTH } else { piece };
        self.thin.say(channel, octets, piece);
        self.settle();
        // What the controller holds back comes later; one that lies may have made the host end the link.
        if held {
            return self.frame_into_silence(channel, octets);
        }
        if !self.is_trusted() || mtu.is_none_or(|mtu| usize::from(mtu) < octets.len()) {
            return;
        }
        let heard = self.heard();
        let told = |channel, is: &dyn Fn(&[u8]) -> bool| heard.iter().filter(|(c, o)| *c == channel && is(o)).count();
        match (channel, Pdu::parse(octets), Signal::parse(octets)) {
            (ChannelId::ATT, Ok(pdu), _) => {
                let Some(expected) = answers(&pdu) else { return };
                let answered = told(channel, &|heard| is_answer(pdu.opcode(), heard));
                if expected == 1 && waits {
                    // It came before the answer to another one, and has none itself (Vol 3, Part F, 3.3.2).
                    return;
                }
                if (expected, answered) == (1, 0) && self.actor.is_asked() {
                    self.waits = (!self.may_wait).then_some(pdu.opcode());
                    return;
                }
                assert_eq!(answered, expected, "answers to {pdu}: {heard:02x?}");
                self.may_wait &= expected == 0;
            }
            (ChannelId::SIGNALLING, _, Ok(Signal::ConnectionParameterUpdateRequest { identifier, .. })) => {
                let answered = told(channel, &|heard| heard.get(1) == Some(&identifier));
                assert_eq!(answered, 1, "answers to a request for parameters: {heard:02x?}");
            }
            (ChannelId::SIGNALLING, _, Ok(Signal::LeCreditBasedConnectionRequest { identifier, .. })) => {
                let answered = told(channel, &|heard| matches!(heard, [0x15 | 0x01, of, ..] if *of == identifier));
                assert_eq!(answered, 1, "answers to a request for a channel: {heard:02x?}");
            }
            (ChannelId::SIGNALLING, _, Ok(Signal::DisconnectionRequest { identifier, .. })) => {
                // Of a channel whose ends are others nothing is said (Vol 3, Part A, 4.6).
                let answered = told(channel, &|heard| matches!(heard, [0x07 | 0x01, of, ..] if *of == identifier));
                assert!(answered <= 1, "answers to a request to disconnect: {heard:02x?}");
            }
            _ => {}
        }
    }

    /// A frame came while nothing goes out: a request waits, unless another one may.
    fn frame_into_silence(&mut self, channel: ChannelId, octets: &[u8]) {
        let pdu = Pdu::parse(octets).ok();
        let answers = pdu.as_ref().and_then(answers);
        if channel != ChannelId::ATT || answers == Some(0) {
            return;
        }
        if answers == Some(1) && self.waits.is_none() && !self.may_wait {
            self.waits = pdu.map(|pdu| pdu.opcode());
        }
        self.may_wait = true;
    }

    /// The link ends, the application lets go: nothing is kept.
    fn ends(&mut self) {
        self.thin.hold(false);
        self.settle();
        self.thin.part(Status::REMOTE_USER_TERMINATED_CONNECTION);
        self.settle();
        self.actor.look();
        self.actor.let_go(self.now);
        self.settle();
        if self.thin.has_lied() {
            // The host may believe in links that there are not, and in others that it has lost.
            self.thin.power_cycle();
            self.actor.core().stop();
            self.settle();
            self.pass(FOREVER);
            self.is_whole();
            self.act(Verb::Start);
        }
        self.is_whole();
    }

    /// Whatever went before, the next connection works.
    fn begins_anew(&mut self) {
        self.act(Verb::Connect);
        assert!(self.thin.is_linked(), "no fresh connection");
        self.actor.act(self.now, Verb::Read { handle: VALUE, offset: 0 });
        self.settle();
        let asked = self.thin.heard().iter().any(|(_, octets)| octets[..] == [0x0a, 3, 0]);
        assert!(asked, "a fresh connection carries nothing");
        self.thin.say(ChannelId::ATT, b"\x0bfresh", 5);
        self.settle();
        assert!(self.actor.answered(), "a fresh answer is lost");
        self.act(Verb::Disconnect);
        self.actor.let_go(self.now);
        self.settle();
        assert!(!self.thin.is_linked());
        self.is_whole();
    }

    fn is_whole(&mut self) {
        let pools = self.actor.core().pools();
        let kept = pools.links.used + pools.queues.used + pools.blocks.used + pools.channels.used;
        assert_eq!((kept, pools.controller_buffers.used), (0, 0), "kept: {pools:?}");
        assert!(self.actor.core().is_idle(), "something goes on");
    }
}

/// How many answers a PDU of the peer has; `None` where the host's state decides.
fn answers(pdu: &Pdu<'_>) -> Option<usize> {
    match pdu {
        Pdu::ExchangeMtuRequest { .. }
        | Pdu::FindInformationRequest { .. }
        | Pdu::FindByTypeValueRequest { .. }
        | Pdu::ReadByTypeRequest { .. }
        | Pdu::ReadRequest { .. }
        | Pdu::ReadBlobRequest { .. }
        | Pdu::ReadMultipleRequest { .. }
        | Pdu::ReadByGroupTypeRequest { .. }
        | Pdu::ReadMultipleVariableRequest { .. }
        | Pdu::WriteRequest { .. }
        | Pdu::PrepareWriteRequest { .. }
        | Pdu::ExecuteWriteRequest { .. } => Some(1),
        Pdu::Unknown { .. } => None,
        _ => Some(0),
    }
}

/// Whether octets answer a request: by its own response or by an error that names it.
fn is_answer(request: Opcode, octets: &[u8]) -> bool {
    match Pdu::parse(octets) {
        Ok(Pdu::ErrorResponse { request: of, .. }) => of == request,
        Ok(pdu) => request.0 & 1 == 0 && pdu.opcode().0 == request.0 + 1 && answers(&pdu) == Some(0),
        Err(_) => false,
    }
}
