//! The air as a test holds it, and controllers on it.

use crate::{
    controller::{ControllerConfig, Life},
    fault::{Fault, Noise},
    passage::micros,
    recording::Passed,
    transport::{SimReader, SimWriter},
    world::World,
};
use core::{fmt, task::Waker, time::Duration};
use jelling_wire::{Packet, PacketKind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A simulated air. Cloning gives another handle to the same one. Everything on it follows from its seed, and from what hosts
/// and tests do with it.
#[derive(Clone)]
pub struct Air {
    pub(crate) world: Arc<Mutex<World>>,
}

impl fmt::Debug for Air {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Air")
    }
}

impl Air {
    /// An empty air.
    pub fn new(seed: u64) -> Self {
        Air { world: Arc::new(Mutex::new(World::new(seed))) }
    }

    /// An empty air on which nothing takes time: what is sent has arrived. For benchmarks.
    pub fn instant(seed: u64) -> Self {
        let air = Air::new(seed);
        air.world().conditions.instant = true;
        air
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Does something with the world, and wakes who has to know of it with the lock open.
    pub(crate) fn with<R>(&self, f: impl FnOnce(&mut World) -> R) -> R {
        let mut world = self.world();
        let result = f(&mut world);
        let wakers = world.wakers();
        drop(world);
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    /// Another controller on this air.
    pub fn controller(&self) -> Controller {
        self.controller_with(ControllerConfig::default())
    }

    /// Another controller on this air, made to measure.
    pub fn controller_with(&self, config: ControllerConfig) -> Controller {
        let who = self.world().add(config);
        Controller { air: self.clone(), who }
    }

    /// Of all PDUs on the air, this part is lost: 0.0 to 1.0. An idle link notices 1.0 alone: the empty PDUs that keep it are
    /// not simulated one by one.
    pub fn set_loss(&self, part: f64) {
        // The clamp keeps it a number of 16 bits.
        let loss = (part.clamp(0.0, 1.0) * 65_536.0) as u32;
        self.with(|world| {
            world.conditions.loss = loss;
            world.watch_links();
        });
    }

    /// What a controller takes to hand data to its host.
    pub fn set_latency(&self, latency: Duration) {
        self.with(|world| world.conditions.latency = micros(latency));
    }

    /// Whether two controllers hear each other. Links between two that do not are lost after their supervision timeout.
    pub fn set_in_range(&self, a: &Controller, b: &Controller, in_range: bool) {
        let pair = (a.who.min(b.who), a.who.max(b.who));
        self.with(|world| {
            world.apart.retain(|p| *p != pair);
            if !in_range {
                world.apart.push(pair);
            }
            world.watch_links();
        });
    }

    /// How strong two controllers hear each other, in dBm. -60 where nothing is said.
    pub fn set_rssi(&self, a: &Controller, b: &Controller, rssi: i8) {
        let pair = (a.who.min(b.who), a.who.max(b.who));
        self.with(|world| world.strengths.push((pair, rssi)));
    }

    /// HCI packets that passed so far, all controllers, both ways.
    pub fn packets(&self) -> u64 {
        self.world().packets
    }

    /// From here on, packets are kept for [`Air::recording`].
    pub fn record(&self) {
        self.world().recording.get_or_insert_default();
    }

    /// The packets that passed since [`Air::record`], or since this was called last.
    pub fn recording(&self) -> Vec<Passed> {
        self.world().recording.as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// Moves the air on to this moment, in microseconds; never back. Transports do so by themselves, by the clock of
    /// embassy-time; this is for those who drive controllers by hand.
    pub fn advance_to(&self, micros: u64) {
        self.with(|world| world.advance(micros));
    }

    /// The moment of the air, in microseconds.
    pub fn now(&self) -> u64 {
        self.world().now
    }

    /// When something happens next, in microseconds.
    pub fn next_time(&self) -> Option<u64> {
        self.world().next_time()
    }
}

/// A controller on an air. Cloning gives another handle to the same one.
#[derive(Clone, Debug)]
pub struct Controller {
    pub(crate) air: Air,
    pub(crate) who: usize,
}

impl Controller {
    /// Its number on its air, from 0.
    pub fn number(&self) -> usize {
        self.who
    }

    /// The air it is on.
    pub fn air(&self) -> &Air {
        &self.air
    }

    /// Its public address, least significant octet first.
    pub fn address(&self) -> [u8; 6] {
        self.air.world().controllers[self.who].address
    }

    /// The transport of a host to it.
    pub fn transport(&self) -> (SimReader, SimWriter) {
        (SimReader::new(self.clone()), SimWriter::new(self.clone()))
    }

    /// Puts a fault into the script: packets are counted from the start of the controller, or from the last power cycle.
    pub fn inject(&self, fault: Fault) {
        self.air.with(|world| world.controllers[self.who].faults.push(fault));
    }

    /// Lets faults happen by the air's seed.
    pub fn set_noise(&self, noise: Noise) {
        self.air.with(|world| world.controllers[self.who].noise = noise);
    }

    /// HCI packets that passed since the start or the last power cycle: to the controller, and from it.
    pub fn passed(&self) -> [u64; 2] {
        self.air.world().controllers[self.who].passed
    }

    /// A hash of all that the host has sent since the start: the same session, the same hash.
    pub fn host_hash(&self) -> u64 {
        self.air.world().controllers[self.who].hash
    }

    /// True after Silence or Hang.
    pub fn is_silent(&self) -> bool {
        self.air.world().controllers[self.who].life != Life::Well
    }

    /// Switches it off and on: its state, its links and its script are gone. The other sides of its links learn by their
    /// supervision timeout.
    pub fn power_cycle(&self) {
        self.air.with(|world| {
            world.restart(self.who);
            let controller = &mut world.controllers[self.who];
            controller.faults.clear();
            controller.passed = [0; 2];
            // A host does not know of it.
            controller.police.blind = true;
        });
    }

    /// Links that it has just now, whatever its host knows of them.
    pub fn links(&self) -> usize {
        self.air.world().controllers[self.who].settings.handles.len()
    }

    /// Ends all its links on the air: supervision timeout on both sides.
    pub fn lose_links(&self) {
        self.air.with(|world| world.lose_links(self.who));
    }

    /// It says this to its host as if it meant it; for hostile controllers.
    pub fn say(&self, packet: Packet<'_>) {
        self.air.with(|world| {
            world.controllers[self.who].police.blind = true;
            world.give(self.who, packet.kind, packet.data.to_vec(), crate::police::Notice::Nothing);
        });
    }

    /// It sends this to the other side of its links as if its host had said so: one L2CAP frame on each link.
    pub fn send_frame(&self, frame: &[u8]) {
        self.air.with(|world| world.inject_frame(self.who, frame));
    }

    /// Takes a packet of the host, at the air's moment. Transports do this by themselves.
    pub fn send(&self, packet: Packet<'_>) {
        self.air.with(|world| world.write(self.who, packet));
    }

    /// The next packet for the host, if there is one. Transports do this by themselves.
    pub fn receive(&self) -> Option<(PacketKind, Vec<u8>)> {
        self.air.with(|world| world.read(self.who))
    }
}
