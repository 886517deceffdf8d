//! The air and everything on it: an agenda in microseconds, and the packets between hosts and controllers.

use crate::{
    controller::{Controller, ControllerConfig, Life, Settings},
    link::Link,
    police::Notice,
    recording::Passed,
    violations::Violations,
};
use core::task::Waker;
use jelling_wire::{
    PacketKind, Writer,
    hci::event::{Event, EventCode, Subevent},
};
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap},
};

/// Something that happens at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Task {
    /// A controller advertises on its three channels; once more beside its interval, or as it says.
    Advertise { who: usize, token: u64, extra: bool },
    /// High duty directed advertising ends.
    DirectedEnd { who: usize, token: u64 },
    /// Two PDUs of a link, one each way.
    Exchange { link: u64 },
    /// A controller's links are lost on the air.
    LoseLinks { who: usize },
    /// A link may have been silent for too long.
    Supervise { link: u64 },
    /// A link should have been established.
    Establish { link: u64 },
    /// A procedure of a link should have ended.
    Procedure { link: u64, end: usize, token: u64 },
    /// An event, made before, is told now.
    Tell { who: usize, generation: u64, octets: Vec<u8>, notice: u8 },
    /// A delayed packet of a host arrives.
    Arrive { who: usize },
    /// A packet that waited can be read.
    Readable { who: usize },
}

/// What the air does to what is sent through it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions {
    /// No time passes on the air.
    pub(crate) instant: bool,
    /// Of 65,536 PDUs, so many are lost.
    pub(crate) loss: u32,
    /// Microseconds from the air to the host.
    pub(crate) latency: u64,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: u64,
    pub(crate) random: ChaCha8Rng,
    pub(crate) conditions: Conditions,
    pub(crate) controllers: Vec<Controller>,
    pub(crate) links: BTreeMap<u64, Link>,
    pub(crate) next_link: u64,
    agenda: BinaryHeap<Reverse<(u64, u64, Task)>>,
    sequence: u64,
    pub(crate) violations: Violations,
    /// Pairs that do not hear each other.
    pub(crate) apart: Vec<(usize, usize)>,
    /// Signal strength of pairs that is not the usual.
    pub(crate) strengths: Vec<((usize, usize), i8)>,
    /// The earliest moment that a reader's timer is set to.
    armed: Option<u64>,
    /// All packets that passed.
    pub(crate) packets: u64,
    /// Those packets, if somebody wants them.
    pub(crate) recording: Option<Vec<Passed>>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        World {
            now: 0,
            random: ChaCha8Rng::seed_from_u64(seed),
            conditions: Conditions { instant: false, loss: 0, latency: 0 },
            controllers: vec![],
            links: BTreeMap::new(),
            next_link: 1,
            agenda: BinaryHeap::new(),
            sequence: 0,
            violations: Violations::default(),
            apart: vec![],
            strengths: vec![],
            armed: None,
            packets: 0,
            recording: None,
        }
    }

    pub(crate) fn add(&mut self, config: ControllerConfig) -> usize {
        let number = self.controllers.len();
        self.controllers.push(Controller::new(config, number));
        number
    }

    pub(crate) fn schedule(&mut self, at: u64, task: Task) {
        self.sequence += 1;
        self.agenda.push(Reverse((at, self.sequence, task)));
    }

    /// When something happens next.
    pub(crate) fn next_time(&self) -> Option<u64> {
        self.agenda.peek().map(|Reverse((at, ..))| *at)
    }

    /// Does everything up to this moment.
    pub(crate) fn advance(&mut self, to: u64) {
        while let Some(Reverse((at, ..))) = self.agenda.peek() {
            if *at > to {
                break;
            }
            let Some(Reverse((at, _, task))) = self.agenda.pop() else { break };
            self.now = self.now.max(at);
            self.perform(task);
        }
        self.now = self.now.max(to);
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Advertise { who, token, extra } => self.advertise(who, token, extra),
            Task::DirectedEnd { who, token } => self.directed_end(who, token),
            Task::Exchange { link } => self.exchange(link),
            Task::LoseLinks { who } => self.lose_links(who),
            Task::Supervise { link } => self.supervise(link),
            Task::Establish { link } => self.establish(link),
            Task::Procedure { link, end, token } => self.procedure_timeout(link, end, token),
            Task::Tell { who, generation, octets, notice } => {
                if self.controllers[who].generation == generation {
                    let notice = if notice == 1 { Notice::State } else { Notice::Nothing };
                    self.give(who, PacketKind::Event, octets, notice);
                }
            }
            Task::Arrive { who } => self.arrivals(who),
            Task::Readable { .. } => {}
        }
    }

    pub(crate) fn draw(&mut self) -> u32 {
        self.random.next_u32()
    }

    pub(crate) fn draw_octets<const N: usize>(&mut self) -> [u8; N] {
        let mut octets = [0; N];
        self.random.fill_bytes(&mut octets);
        octets
    }

    /// True when a PDU is lost.
    pub(crate) fn is_lost(&mut self) -> bool {
        self.conditions.loss > 0 && self.draw() & 0xffff < self.conditions.loss
    }

    /// True when every PDU is lost.
    pub(crate) fn is_all_lost(&self) -> bool {
        self.conditions.loss >= 0x1_0000
    }

    /// True when two controllers hear each other.
    pub(crate) fn hear(&self, a: usize, b: usize) -> bool {
        let well = |who: usize| self.controllers.get(who).is_some_and(|c| c.life == Life::Well);
        well(a) && well(b) && !self.apart.contains(&(a.min(b), a.max(b)))
    }

    pub(crate) fn strength(&self, a: usize, b: usize) -> i8 {
        let pair = (a.min(b), a.max(b));
        self.strengths.iter().rev().find(|(p, _)| *p == pair).map_or(-60, |(_, rssi)| *rssi)
    }

    /// Tells the host of an event, if it wants to know.
    pub(crate) fn event(&mut self, who: usize, event: &Event<'_>, notice: Notice) {
        if self.is_wanted(who, event.code(), event.subevent()) {
            let octets = emit(event);
            self.give(who, PacketKind::Event, octets, notice);
        }
    }

    /// Whether the masks let an event through.
    fn is_wanted(&self, who: usize, code: EventCode, subevent: Option<Subevent>) -> bool {
        let settings = &self.controllers[who].settings;
        let bit = |mask: u64, code: u8| mask.checked_shr(u32::from(code).saturating_sub(1)).unwrap_or(0) & 1 == 1;
        match (code, subevent) {
            // Vol 4, Part E, 7.3.1: these cannot be masked.
            (EventCode::COMMAND_COMPLETE | EventCode::COMMAND_STATUS | EventCode::NUMBER_OF_COMPLETED_PACKETS, _) => {
                true
            }
            (code, Some(subevent)) => bit(settings.event_mask, code.0) && bit(settings.le_event_mask, subevent.0),
            (code, None) => bit(settings.event_mask, code.0),
        }
    }

    /// Whether a host wants to be asked by this LE event; if not, the controller answers for it.
    pub(crate) fn wants(&self, who: usize, subevent: Subevent) -> bool {
        self.is_wanted(who, EventCode::LE_META, Some(subevent))
    }

    /// An event that is told later, if the host wants to know.
    pub(crate) fn event_later(&mut self, after: u64, who: usize, event: &Event<'_>) {
        if !self.is_wanted(who, event.code(), event.subevent()) {
            return;
        }
        let generation = self.controllers[who].generation;
        let at = if self.conditions.instant { self.now } else { self.now + after };
        let octets = emit(event);
        self.schedule(at, Task::Tell { who, generation, octets, notice: 1 });
    }

    pub(crate) fn set_life(&mut self, who: usize, life: Life) {
        let controller = &mut self.controllers[who];
        controller.life = life;
        controller.to_host.clear();
        controller.from_host.clear();
        controller.police = crate::police::Police { blind: true, ..Default::default() };
        self.watch_links();
    }

    /// Everything a host has set is forgotten; links fall silent.
    pub(crate) fn restart(&mut self, who: usize) {
        let token = self.controllers[who].settings.advertiser.token + 1;
        let controller = &mut self.controllers[who];
        controller.settings = Settings::new();
        controller.settings.advertiser.token = token;
        controller.generation += 1;
        controller.life = Life::Well;
        controller.to_host.clear();
        controller.from_host.clear();
        controller.police = crate::police::Police::default();
        self.abandon_links(who);
    }

    /// Wakes whoever has something to read or may write again, and everybody when something is due before the timers fire.
    pub(crate) fn wakers(&mut self) -> Vec<Waker> {
        let next = self.next_time();
        let sooner = next.is_some_and(|n| self.armed.is_none_or(|armed| n < armed));
        if sooner {
            self.armed = next;
        }
        let now = self.now;
        let readable = |c: &Controller| c.to_host.front().is_some_and(|p| p.at <= now);
        let waiting = self.controllers.iter_mut().filter(|c| sooner || readable(c));
        let mut wakers: Vec<Waker> = waiting.filter_map(|c| c.reader.take()).collect();
        wakers.append(&mut self.writers());
        wakers
    }

    /// A reader waits; it sets its timer to the moment given.
    pub(crate) fn wait(&mut self, who: usize, waker: &Waker) -> Option<u64> {
        self.controllers[who].reader = Some(waker.clone());
        self.armed = self.next_time();
        self.armed
    }
}

pub(crate) fn emit(event: &Event<'_>) -> Vec<u8> {
    let mut buffer = [0; 260];
    let mut w = Writer::new(&mut buffer);
    event.emit(&mut w);
    w.written().to_vec()
}
