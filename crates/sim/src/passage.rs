//! Packets between a host and its controller, and what befalls them on the way.

use crate::{
    controller::{Life, ToHost},
    data::UNREAD,
    fault::{Action, Direction, Noise},
    police::{Breach, Notice},
    recording::Passed,
    world::{Task, World},
};
use core::time::Duration;
use jelling_wire::{Packet, PacketKind, hci::event::Event};

impl World {
    /// A packet for the host, with what befalls it on the way.
    pub(crate) fn give(&mut self, who: usize, kind: PacketKind, octets: Vec<u8>, notice: Notice) {
        if self.controllers[who].life != Life::Well {
            return;
        }
        let action = self.fault(who, Direction::FromController);
        let at = if kind == PacketKind::Acl { self.now.saturating_add(self.conditions.latency) } else { self.now };
        let mut packet = ToHost { kind, octets, notice, at };
        if action.is_some_and(|a| alters(&a)) {
            self.controllers[who].police.blind = true;
        }
        match action {
            Some(Action::Drop) => {}
            Some(Action::Duplicate) => {
                self.queue(who, packet.clone());
                packet.notice = Notice::Nothing;
                self.queue(who, packet);
            }
            Some(Action::Delay(by)) => {
                packet.at = packet.at.saturating_add(micros(by));
                self.queue(who, packet);
            }
            Some(action) => {
                spoil(&mut packet.octets, kind, &action);
                self.queue(who, packet);
                self.befall(who, action);
            }
            None => self.queue(who, packet),
        }
    }

    fn queue(&mut self, who: usize, mut packet: ToHost) {
        let controller = &mut self.controllers[who];
        // Packets keep their order.
        packet.at = packet.at.max(controller.to_host.back().map_or(0, |p| p.at));
        controller.police.queued(packet.notice);
        let at = packet.at;
        controller.to_host.push_back(packet);
        if at > self.now {
            self.schedule(at, Task::Readable { who });
        }
    }

    fn pass(&mut self, controller: usize, direction: Direction, kind: PacketKind, octets: &[u8]) {
        self.packets += 1;
        let micros = self.now;
        if let Some(recording) = &mut self.recording {
            recording.push(Passed { micros, controller, direction, kind, octets: octets.to_vec() });
        }
    }

    /// The next packet that the host can read.
    pub(crate) fn read(&mut self, who: usize) -> Option<(PacketKind, Vec<u8>)> {
        let now = self.now;
        let controller = &mut self.controllers[who];
        if controller.to_host.front()?.at > now {
            return None;
        }
        let packet = controller.to_host.pop_front()?;
        let grace = u64::try_from(controller.config.grace.as_micros()).unwrap_or(u64::MAX);
        controller.police.read(packet.notice, now.saturating_add(grace));
        self.pass(who, Direction::FromController, packet.kind, &packet.octets);
        if self.controllers[who].to_host.len() + 1 == UNREAD {
            self.room_again(who);
        }
        Some((packet.kind, packet.octets))
    }

    /// A packet of the host, with what befalls it on the way.
    pub(crate) fn write(&mut self, who: usize, packet: Packet<'_>) {
        self.pass(who, Direction::ToController, packet.kind, packet.data);
        self.controllers[who].digest(&[packet.kind.indicator()]);
        self.controllers[who].digest(packet.data);
        let action = self.fault(who, Direction::ToController);
        // What is delayed on its way is judged by what its host knows only later.
        if action.is_some_and(|a| a != Action::LoseLinks) {
            self.controllers[who].police.blind = true;
        }
        let mut octets = packet.data.to_vec();
        let mut at = self.now;
        match action {
            Some(Action::Drop) => return,
            Some(Action::Delay(by)) => at = at.saturating_add(micros(by)),
            Some(action) => spoil(&mut octets, packet.kind, &action),
            None => {}
        }
        let controller = &mut self.controllers[who];
        at = at.max(controller.from_host.back().map_or(0, |(at, ..)| *at));
        if at > self.now {
            controller.from_host.push_back((at, packet.kind, octets));
            self.schedule(at, Task::Arrive { who });
            return;
        }
        if action == Some(Action::Duplicate) {
            self.arrive(who, packet.kind, &octets);
        }
        self.arrive(who, packet.kind, &octets);
        if let Some(action) = action {
            self.befall(who, action);
        }
        // What follows at once, follows before anything else is heard.
        self.advance(self.now);
    }

    pub(crate) fn arrivals(&mut self, who: usize) {
        while let Some((at, ..)) = self.controllers[who].from_host.front() {
            if *at > self.now {
                return;
            }
            if let Some((_, kind, octets)) = self.controllers[who].from_host.pop_front() {
                self.arrive(who, kind, &octets);
            }
        }
    }

    fn arrive(&mut self, who: usize, kind: PacketKind, octets: &[u8]) {
        let is_reset = kind == PacketKind::Command && octets.starts_with(&[0x03, 0x0c]);
        match self.controllers[who].life {
            Life::Silent => return,
            Life::Hanging if !is_reset => return,
            _ => {}
        }
        match kind {
            PacketKind::Command => self.command(who, octets),
            PacketKind::Acl => self.acl(who, octets),
            _ => self.breach(who, Breach::Malformed),
        }
    }

    fn fault(&mut self, who: usize, direction: Direction) -> Option<Action> {
        let side = usize::from(direction == Direction::FromController);
        let controller = &mut self.controllers[who];
        let index = controller.passed[side];
        controller.passed[side] += 1;
        if let Some(at) = controller.faults.iter().position(|f| f.direction == direction && f.index == index) {
            return Some(controller.faults.swap_remove(at).action);
        }
        let noise = controller.noise;
        if noise == Noise::default() {
            return None;
        }
        let mut dice = self.draw() & 0xffff;
        let parts = [
            noise.drop,
            noise.duplicate,
            noise.delay,
            noise.corrupt,
            noise.resize,
            noise.lie,
            noise.lose_links,
            noise.hang,
            noise.restart,
            noise.hardware_error,
        ];
        for (part, kind) in parts.into_iter().zip(0..) {
            if dice < u32::from(part) {
                let more = self.draw();
                let small = usize::try_from(more >> 16 & 3).unwrap_or(0) + 1;
                return Some(match kind {
                    0 => Action::Drop,
                    1 => Action::Duplicate,
                    2 => Action::Delay(Duration::from_micros(u64::from(more % 50_000))),
                    3 => Action::Corrupt {
                        offset: usize::try_from(more >> 8 & 0xff).unwrap_or(0),
                        mask: 1 << (more & 7),
                    },
                    4 if more & 1 == 0 => Action::Cut(small),
                    4 => Action::Extend(small),
                    5 => Action::Lie(if more & 1 == 0 { 1 << (more >> 8 & 7) } else { 0xff }),
                    6 => Action::LoseLinks,
                    7 => Action::Hang,
                    8 => Action::Restart,
                    _ => Action::HardwareError(u8::try_from(more & 0xff).unwrap_or(0)),
                });
            }
            dice -= u32::from(part);
        }
        None
    }

    /// What a fault does beside what it does to the packet.
    fn befall(&mut self, who: usize, action: Action) {
        // What a fault makes the controller say meets with no noise of its own, which would never end.
        let noise = core::mem::take(&mut self.controllers[who].noise);
        match action {
            // Not at once: a link may just be coming up, and its host reads of that first.
            Action::LoseLinks => self.schedule(self.now, Task::LoseLinks { who }),
            Action::Silence => self.set_life(who, Life::Silent),
            Action::Hang => self.set_life(who, Life::Hanging),
            Action::Restart => {
                self.restart(who);
                let controller = &mut self.controllers[who];
                controller.police.blind = true;
                let nop = Event::CommandComplete {
                    credits: 1,
                    opcode: jelling_wire::hci::Opcode::NOP,
                    return_parameters: &[],
                };
                self.event(who, &nop, Notice::Nothing);
            }
            Action::HardwareError(code) => {
                self.controllers[who].police.blind = true;
                self.event(who, &Event::HardwareError { code }, Notice::Nothing);
            }
            _ => {}
        }
        self.controllers[who].noise = noise;
    }
}

/// So many, or some thousand years: what is later than that need not be told from what never happens.
pub(crate) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX).min(u64::MAX / 64)
}

fn alters(action: &Action) -> bool {
    !matches!(action, Action::Delay(_) | Action::LoseLinks)
}

fn spoil(octets: &mut Vec<u8>, kind: PacketKind, action: &Action) {
    match action {
        Action::Corrupt { offset, mask } if !octets.is_empty() => {
            let at = offset % octets.len();
            octets[at] ^= mask;
        }
        Action::Cut(by) => octets.truncate(octets.len().saturating_sub(*by)),
        Action::Extend(by) => octets.resize(octets.len() + by, 0xa5),
        Action::Lie(by) => {
            let at = match kind {
                PacketKind::Event => 1,
                _ => 2,
            };
            if let Some(length) = octets.get_mut(at) {
                *length = length.wrapping_add(*by);
            }
        }
        _ => {}
    }
}
