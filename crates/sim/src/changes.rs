//! What changes at an instant: parameters, channels and PHYs (Vol 6, Part B, 5.1.1, 5.1.2 and 5.1.10).

use crate::{
    link::{Change, Link, Procedure},
    ll::Control,
    police::Notice,
    world::World,
};
use jelling_wire::hci::{ConnectionHandle, Status, event::Event};

/// How often the peripheral listens before a change takes effect (Vol 6, Part B, 5.1.1: at least six times).
const LISTENED: u16 = 6;

impl World {
    /// The central changes something; when, is known once it is sent.
    pub(crate) fn change(&mut self, number: u64, control: Control) {
        if let Some(link) = self.links.get_mut(&number) {
            link.changes.push(Change { control, instant: None, delivered: false });
        }
        self.send(number, 0, control);
    }

    /// A change that is sent for the first time takes effect when the peripheral has listened six times since (Vol 6, Part B,
    /// 5.1.1). It may have waited for encryption before.
    pub(crate) fn set_instant(&mut self, number: u64) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&number) else { return };
        let counter = link.counter_at(now);
        let Some(at) = link.ends[0].next_control() else { return };
        let Some(control) = link.ends[0].control.get_mut(at) else { return };
        if let Some(change) = link.changes.iter_mut().find(|c| c.instant.is_none() && c.control == *control) {
            let instant = counter.wrapping_add(LISTENED.saturating_mul(link.latency + 1));
            *control = control.at_instant(instant);
            (change.control, change.instant) = (*control, Some(instant));
        }
    }

    /// A change reaches the peripheral; too late, it ends the link there (Vol 6, Part B, 5.1.1, 5.1.2 and 5.1.10).
    pub(crate) fn change_arrives(&mut self, number: u64, end: usize, control: Control) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let counter = link.counter;
        let Some(change) = link.changes.iter_mut().find(|c| c.control == control) else { return };
        let passed = change.instant.is_some_and(|instant| (1..0x8000).contains(&counter.wrapping_sub(instant)));
        change.delivered = !passed;
        if passed {
            let mut reasons = [None, None];
            reasons[end] = Some(Status::INSTANT_PASSED);
            self.part(number, reasons);
        }
    }

    /// The central changes the parameters, at an instant.
    pub(crate) fn update(&mut self, number: u64, [_, interval, latency, timeout]: [u16; 4]) {
        self.change(number, Control::ConnectionUpdate { interval, latency, timeout, instant: 0 });
    }

    /// The central chooses both PHYs; 0 where none was common.
    pub(crate) fn update_phys(&mut self, number: u64, common: [u8; 2]) {
        let Some(link) = self.links.get(&number) else { return };
        let [to_peripheral, to_central] = [0, 1].map(|e| if common[e] == 0 { link.phys[e] } else { best(common[e]) });
        self.change(number, Control::PhyUpdate { to_peripheral, to_central, instant: 0 });
    }

    /// A change takes effect when its instant has come and both sides know of it.
    pub(crate) fn apply_changes(&mut self, number: u64) {
        let instant_mode = self.conditions.instant;
        while let Some(link) = self.links.get_mut(&number) {
            let counter = link.counter;
            // Half of all numbers lie behind the instant.
            let is_due = |instant: u16| counter.wrapping_sub(instant) < 0x8000;
            let due = |c: &Change| c.delivered && (instant_mode || c.instant.is_none_or(is_due));
            let Some(at) = link.changes.iter().position(due) else { return };
            let change = link.changes.remove(at);
            self.apply(number, change.control);
            self.begin_waiting(number, 0);
        }
    }

    fn apply(&mut self, number: u64, control: Control) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&number) else { return };
        match control {
            Control::ConnectionUpdate { interval, latency, timeout, .. } => {
                let before = parameters(link);
                link.interval = u64::from(interval) * 1_250;
                (link.latency, link.timeout) = (latency, timeout);
                link.anchor = now;
                let changed = before != (interval, latency, timeout);
                self.tell_both(
                    number,
                    changed,
                    |p| matches!(p, Procedure::Update(_)),
                    |world, who, handle| {
                        world.tell_update(who, handle, Status::SUCCESS, (interval, latency, timeout));
                    },
                );
            }
            Control::ChannelMap { map, .. } => {
                link.channels = map;
                self.next_procedure(number, 0);
            }
            Control::PhyUpdate { to_peripheral, to_central, .. } => {
                let before = link.phys;
                link.phys = [to_peripheral, to_central];
                let changed = before != link.phys;
                let phys = link.phys;
                let central = link.ends[0].who;
                self.tell_both(
                    number,
                    changed,
                    |p| matches!(p, Procedure::Phy(..)),
                    |world, who, handle| {
                        let [tx_phy, rx_phy] = if who == central { phys } else { [phys[1], phys[0]] };
                        let event = Event::LePhyUpdateComplete { status: Status::SUCCESS, handle, tx_phy, rx_phy };
                        world.event(who, &event, Notice::Nothing);
                    },
                );
                for end in [0, 1] {
                    self.tell_lengths(number, end);
                }
            }
            _ => {}
        }
    }

    /// Tells each end that asked for the change, or for which it is one.
    fn tell_both(
        &mut self,
        number: u64,
        changed: bool,
        is: impl Fn(&Procedure) -> bool + Copy,
        tell: impl Fn(&mut World, usize, ConnectionHandle),
    ) {
        for end in [0, 1] {
            let Some(link) = self.links.get(&number) else { return };
            let (who, handle) = (link.ends[end].who, ConnectionHandle(link.ends[end].handle));
            let asked = self.current_is(number, end, is);
            if asked || changed {
                tell(self, who, handle);
            }
            if asked {
                self.next_procedure(number, end);
            }
        }
    }
}

/// The PHY of a set that carries most.
fn best(phys: u8) -> u8 {
    match phys {
        p if p & 2 != 0 => 2,
        p if p & 1 != 0 => 1,
        p if p & 4 != 0 => 3,
        _ => 1,
    }
}

/// Interval, latency and timeout in the units of HCI.
pub(crate) fn parameters(link: &Link) -> (u16, u16, u16) {
    (u16::try_from(link.interval / 1_250).unwrap_or(0), link.latency, link.timeout)
}
