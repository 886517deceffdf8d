//! The core on its own clock, which stands at the time of the packet that is played.

use super::script::{Verb, blanked};
use crate::show::{self, Dissector};
use jelling_host::{
    AdvertisingTicket, AttributeId, ConnectTicket, Core, Counters, Error, IndicationTicket, Instant, LinkId, Power,
    RequestTicket, ScanTicket, TRANSMIT_BUFFER,
};
use jelling_transport::{Direction, btsnoop::Record};
use jelling_wire::{
    Packet, PacketKind,
    att::Pdu,
    hci::event::{ConnectionComplete, Event},
};
use std::{
    collections::{BTreeMap, HashMap},
    task::Poll,
    time::Duration,
};

/// A packet of the captured host that the core did not send in its place.
#[derive(Debug)]
pub(super) struct Difference {
    /// The record.
    pub(super) index: usize,
    /// The line of what the core sent; none where it had nothing to send.
    pub(super) sent: Option<String>,
}

/// The longest time between two packets that is played. No host of ours is silent for longer while anything goes on; a clock
/// that was set in the middle of a session seems to be.
const LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

type Octets = (PacketKind, Vec<u8>);

pub(super) struct Stage<'a> {
    core: Core<'a>,
    /// Values, for what the captured host told its subscribers.
    values: Vec<AttributeId>,
    pub(super) random: Option<[u8; 6]>,
    /// Microseconds of the first packet, and of the one before that which is played.
    begin: Option<u64>,
    before: u64,
    now: Instant,
    played: usize,
    links: HashMap<u16, LinkId>,
    advertising: Option<AdvertisingTicket>,
    scan: Option<ScanTicket>,
    connect: Option<ConnectTicket>,
    requests: Vec<RequestTicket>,
    indications: Vec<IndicationTicket>,
    /// What the core sent and the captured host did not, or has not yet.
    early: Vec<Octets>,
    dissector: Dissector,
    difference: Option<Difference>,
    pub(super) sent: usize,
    pub(super) same: usize,
    pub(super) events: usize,
    pub(super) links_seen: usize,
    pub(super) blanked: usize,
    pub(super) not_replayed: BTreeMap<String, usize>,
}

impl<'a> Stage<'a> {
    pub(super) fn new(core: Core<'a>, values: Vec<AttributeId>, random: Option<[u8; 6]>) -> Self {
        Stage {
            core,
            values,
            random,
            begin: None,
            before: 0,
            now: Instant::ZERO,
            played: 0,
            links: HashMap::new(),
            advertising: None,
            scan: None,
            connect: None,
            requests: vec![],
            indications: vec![],
            early: vec![],
            dissector: Dissector::default(),
            difference: None,
            sent: 0,
            same: 0,
            events: 0,
            links_seen: 0,
            blanked: 0,
            not_replayed: BTreeMap::new(),
        }
    }

    pub(super) fn counters(&self) -> Counters {
        self.core.counters()
    }

    pub(super) fn difference(&self) -> Option<&Difference> {
        self.difference.as_ref()
    }

    /// Plays a packet of the controller.
    pub(super) fn controller(&mut self, record: &Record<'_>) {
        self.advance(record);
        let mut octets = record.packet.data.to_vec();
        if let Some(at) = blanked(record) {
            self.blanked += 1;
            // The two bits that make an address static are there already.
            if let (Some(random), Some(room)) = (self.random, octets.get_mut(at..at + 6)) {
                room.copy_from_slice(&random);
            }
        }
        self.core.handle_packet(self.now, Packet::new(record.packet.kind, &octets));
        self.keep_links(record);
        self.look();
        self.played += 1;
    }

    /// Asks for what a packet of the captured host implies, and looks whether the core sends that packet.
    pub(super) fn host(&mut self, record: &Record<'_>, verb: &Verb<'_>) {
        self.advance(record);
        // A buffer that is still in use has something that goes first.
        while self.ask(verb) == Err(Error::Busy) && self.transmit(record).is_some() {}
        self.core.begun_anew();
        self.compare(record);
        self.look();
        self.played += 1;
    }

    /// Lets the time pass until this packet, with what is due in between.
    fn advance(&mut self, record: &Record<'_>) {
        if self.begin.is_none() {
            (self.begin, self.before) = (Some(record.unix_micros), record.unix_micros);
        }
        let passed = Duration::from_micros(record.unix_micros.saturating_sub(self.before)).min(LONGEST_PAUSE);
        self.before = record.unix_micros;
        let now = self.now.after(passed);
        while let Some(due) = self.core.poll_timeout().filter(|due| *due <= now) {
            self.now = due.max(self.now);
            self.core.handle_timeout(self.now);
            self.look();
            if self.core.poll_timeout() == Some(due) {
                break;
            }
        }
        self.now = now;
    }

    /// Which handle is which link: the core does not say.
    fn keep_links(&mut self, record: &Record<'_>) {
        if record.packet.kind != PacketKind::Event {
            return;
        }
        match Event::parse(record.packet.data) {
            Ok(Event::LeConnectionComplete(complete)) => self.link_up(&complete),
            Ok(Event::LeEnhancedConnectionComplete(complete)) => self.link_up(&complete.connection),
            Ok(Event::DisconnectionComplete { handle, .. }) => drop(self.links.remove(&handle.0)),
            _ => {}
        }
    }

    fn link_up(&mut self, complete: &ConnectionComplete) {
        let known: Vec<LinkId> = self.links.values().copied().collect();
        let new = self.core.links().find(|id| !known.contains(id));
        if let Some(id) = new.filter(|_| complete.status.is_success()) {
            self.links.insert(complete.handle.0, id);
            self.links_seen += 1;
        }
    }

    /// Takes what the core has for its application.
    fn look(&mut self) {
        let core = &mut self.core;
        while core.poll_event().is_some() {
            self.events += 1;
        }
        let _ = core.take_event();
        if self.advertising.is_some_and(|ticket| core.advertised(ticket).is_ready()) {
            self.advertising = None;
        }
        if self.connect.is_some_and(|ticket| core.connected(ticket).is_ready()) {
            self.connect = None;
        }
        while let Some(ticket) = self.scan {
            match core.scanned(ticket) {
                Poll::Ready(Ok(Some(_))) => {}
                Poll::Ready(_) => self.scan = None,
                Poll::Pending => break,
            }
        }
        self.requests.retain(|ticket| match core.answer(*ticket) {
            Poll::Pending => true,
            Poll::Ready(answer) => {
                answer.into_iter().for_each(|answer| core.free_answer(answer));
                false
            }
        });
        self.indications.retain(|ticket| core.confirmed(*ticket).is_pending());
        for id in &self.values {
            let _ = core.take_written(*id);
            while core.take_subscription_change(*id).is_ready() {}
        }
    }

    /// `Busy` is for the caller, who tries again; other refusals are told in the report.
    fn ask(&mut self, verb: &Verb<'_>) -> Result<(), Error> {
        match self.act(verb) {
            Ok(()) => Ok(()),
            Err(Refusal::Busy) => Err(Error::Busy),
            Err(Refusal::Why(what)) => {
                *self.not_replayed.entry(what).or_default() += 1;
                Ok(())
            }
        }
    }

    fn act(&mut self, verb: &Verb<'_>) -> Result<(), Refusal> {
        let core = &mut self.core;
        match verb {
            Verb::Nothing => {}
            Verb::Reset => match core.power() {
                Power::Off | Power::Failed(_) => core.start(),
                Power::Up => core.stop(),
                Power::Starting | Power::Stopping => {}
            },
            Verb::Advertise(settings) if self.advertising.is_none() => {
                self.advertising = Some(core.advertise(settings).map_err(Refusal::of("advertising"))?);
            }
            Verb::Scan(settings) if self.scan.is_none() => {
                self.scan = Some(core.scan(settings).map_err(Refusal::of("scanning"))?);
            }
            Verb::Connect(settings) if self.connect.is_none() => {
                self.connect = Some(core.connect(settings).map_err(Refusal::of("connecting"))?);
            }
            // The core goes on by itself with what it was asked for: after a fault it advertises again.
            Verb::Advertise(_) | Verb::Scan(_) | Verb::Connect(_) => {}
            Verb::EndAdvertising => self.advertising.take().into_iter().for_each(|t| core.end_advertising(t)),
            Verb::EndScan => self.scan.take().into_iter().for_each(|t| core.end_scan(t)),
            Verb::EndConnect => self.connect.take().into_iter().for_each(|t| core.end_connect(t)),
            Verb::Disconnect(handle) => {
                let link = self.links.get(handle).ok_or_else(|| Refusal::no_link("disconnects"))?;
                core.disconnect(*link);
            }
            Verb::Send(handle, pdu) => return self.send(*handle, pdu),
            Verb::Unknown(what) => return Err(Refusal::Why(what.clone())),
        }
        Ok(())
    }

    fn send(&mut self, handle: u16, octets: &[u8]) -> Result<(), Refusal> {
        let pdu = Pdu::parse(octets).map_err(|_| Refusal::Why("malformed data".into()))?;
        let what = pdu.opcode().to_string();
        let link = *self.links.get(&handle).ok_or_else(|| Refusal::no_link(&what))?;
        let value = |of: u16| {
            let id = self.values.iter().find(|id| id.handle() == of).copied();
            id.ok_or_else(|| Refusal::Why(format!("{what} of a value that no --serve FILE.toml names")))
        };
        let core = &mut self.core;
        let refuse = Refusal::of(&what);
        match pdu {
            Pdu::WriteCommand { handle, value } => core.write_command(link, handle, value).map_err(refuse)?,
            Pdu::HandleValueNotification { handle, value: octets } => {
                core.notify(value(handle)?, link, octets).map_err(refuse)?;
            }
            Pdu::HandleValueIndication { handle, value: octets } => {
                self.indications.push(core.indicate(self.now, value(handle)?, link, octets).map_err(refuse)?);
            }
            Pdu::SignedWriteCommand { .. } | Pdu::MultipleHandleValueNotification(_) | Pdu::Unknown { .. } => {
                return Err(Refusal::Why(what.clone()));
            }
            request => self.requests.push(core.request(self.now, link, &request).map_err(refuse)?),
        }
        Ok(())
    }

    /// The next packet of the core, which is put aside as one that came too early.
    fn transmit(&mut self, expected: &Record<'_>) -> Option<()> {
        self.core.begun_anew();
        let mut buffer = [0; TRANSMIT_BUFFER];
        let packet = self.core.poll_transmit(self.now, &mut buffer).and_then(|t| t.packet())?;
        self.sent += 1;
        let shown = Record { packet, direction: Direction::ToController, ..*expected };
        let line = show::line(&shown, &self.dissector.show(&shown), self.begin.unwrap_or(0));
        self.early.push((packet.kind, packet.data.to_vec()));
        if packet != expected.packet {
            self.difference.get_or_insert(Difference { index: self.played, sent: Some(line) });
        }
        Some(())
    }

    fn compare(&mut self, record: &Record<'_>) {
        let expected = (record.packet.kind, record.packet.data);
        loop {
            if let Some(at) = self.early.iter().position(|(kind, octets)| (*kind, &**octets) == expected) {
                self.early.remove(at);
                self.same += 1;
                return;
            }
            if self.transmit(record).is_none() {
                self.difference.get_or_insert(Difference { index: self.played, sent: None });
                return;
            }
        }
    }
}

/// Why the core does not do what the captured host did.
#[derive(Debug)]
enum Refusal {
    Busy,
    Why(String),
}

impl Refusal {
    fn of(what: &str) -> impl Fn(Error) -> Refusal {
        move |error| match error {
            Error::Busy => Refusal::Busy,
            error => Refusal::Why(format!("{what}: {error}")),
        }
    }

    fn no_link(what: &str) -> Self {
        Refusal::Why(format!("{what} on a link that the core does not have"))
    }
}
