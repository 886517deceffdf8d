//! Two actors on one air, without a clock: time goes where it is told.

use crate::actor::{Actor, Verb};
use jelling_host::wire::{Address, AddressKind};
use jelling_sim::{Air, Controller, ControllerConfig};

/// Two hosts and their controllers.
#[derive(Debug)]
pub struct Table {
    /// The air.
    pub air: Air,
    /// The controllers.
    pub controllers: [Controller; 2],
    /// The hosts.
    pub actors: [Actor; 2],
    /// The moment, in microseconds.
    pub now: u64,
}

/// Packets that may pass at one moment before the hosts count as talking in circles.
const CIRCLE: usize = 5_000;

impl Table {
    /// Two hosts on an air; the first one's session is recorded if `records` says so.
    pub fn new(air: Air, records: bool) -> Self {
        let config = ControllerConfig { acl_length: 27, acl_packets: 3, ..ControllerConfig::default() };
        let controllers = [air.controller_with(config), air.controller_with(config)];
        let nobody = Address::new(AddressKind::Random, [0; 6]);
        let actors = [Actor::new(nobody, records), Actor::new(nobody, false)];
        Table { air, controllers, actors, now: 0 }
    }

    /// The hosts learn each other's address, once they have one, and their users what the other one's host shows.
    pub fn introduce(&mut self) {
        for who in 0..2 {
            if let Some(peer) = self.actors[1 - who].address() {
                self.actors[who].set_peer(peer);
            }
            let told = self.actors[1 - who].tells();
            self.actors[who].hears(told);
        }
    }

    /// Carries packets until there are none at this moment; false when they never end.
    pub fn settle(&mut self) -> bool {
        for _ in 0..CIRCLE {
            let mut moved = false;
            for (actor, controller) in self.actors.iter_mut().zip(&self.controllers) {
                if let Some((kind, octets)) = controller.receive() {
                    actor.packet(self.now, kind, &octets);
                    moved = true;
                }
                if let Some((kind, octets)) = actor.transmit(self.now) {
                    controller.send(jelling_host::wire::Packet::new(kind, &octets));
                    moved = true;
                }
            }
            if !moved {
                return true;
            }
        }
        false
    }

    /// A verb of one of the hosts.
    pub fn act(&mut self, who: usize, verb: Verb) {
        self.actors[who].act(self.now, verb);
    }

    /// Lets this much time pass; false when the hosts talk in circles.
    pub fn advance(&mut self, micros: u64) -> bool {
        let end = self.now + micros;
        loop {
            if !self.settle() {
                return false;
            }
            let due = self.actors.iter_mut().filter_map(Actor::deadline).chain(self.air.next_time()).min();
            let Some(due) = due.filter(|due| *due <= end) else { break };
            self.now = self.now.max(due);
            self.air.advance_to(self.now);
            for actor in &mut self.actors {
                if actor.deadline().is_some_and(|d| d <= self.now) {
                    actor.timeout(self.now);
                }
            }
        }
        self.now = end;
        self.air.advance_to(end);
        self.settle()
    }
}
