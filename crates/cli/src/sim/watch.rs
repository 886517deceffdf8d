//! What the simulator has to say of the hosts on its controllers, as it happens.

use crate::output::say;
use jelling::sim::{Air, Passed};
use std::{cell::RefCell, collections::BTreeMap, io::Write, rc::Rc};

/// Breaches of a client that are told one by one; of those beyond, their number.
const TOLD: u64 = 20;

/// An eye on an air. Cloning gives another handle to the same one.
#[derive(Clone)]
pub(super) struct Watch {
    air: Air,
    packets: bool,
    /// The specs of the controllers, by their numbers, and the breaches of the clients they have.
    ports: Rc<RefCell<BTreeMap<usize, (String, u64)>>>,
}

impl Watch {
    /// With `packets`, each packet is told too.
    pub(super) fn new(air: Air, packets: bool) -> Self {
        if packets {
            air.record();
        }
        Watch { air, packets, ports: Rc::default() }
    }

    /// A controller can be reached there.
    pub(super) fn add(&self, controller: usize, spec: String) {
        self.ports.borrow_mut().insert(controller, (spec, 0));
    }

    /// Where the controllers can be reached, in their order.
    pub(super) fn specs(&self) -> Vec<String> {
        self.ports.borrow().values().map(|(spec, _)| spec.clone()).collect()
    }

    /// Something passed between a host and its controller: tells what is worth it.
    pub(super) fn look(&self) {
        if self.packets {
            let _ = self.air.recording().iter().try_for_each(|packet: &Passed| writeln!(std::io::stderr(), "{packet}"));
        }
        let count = self.air.violation_count();
        if count == 0 {
            return;
        }
        let kept = self.air.take_violations();
        // All are of the host that has just been listened to: so are those that were not kept.
        let beyond = count.saturating_sub(u64::try_from(kept.len()).unwrap_or(u64::MAX));
        let mut ports = self.ports.borrow_mut();
        for violation in &kept {
            let Some((spec, breaches)) = ports.get_mut(&violation.controller) else { continue };
            *breaches = breaches.saturating_add(1);
            if *breaches <= TOLD {
                say(format_args!("{spec}: the host broke a rule of HCI: {}", violation.breach));
            }
        }
        let last = kept.last().and_then(|violation| ports.get_mut(&violation.controller));
        if let Some((_, breaches)) = last {
            *breaches = breaches.saturating_add(beyond);
        }
    }

    /// The client of a controller has gone.
    pub(super) fn farewell(&self, controller: usize) {
        self.look();
        if let Some((spec, breaches)) = self.ports.borrow_mut().get_mut(&controller) {
            let more = std::mem::take(breaches).saturating_sub(TOLD);
            if more > 0 {
                say(format_args!("{spec}: the host broke rules of HCI {more} times more"));
            }
        }
    }

    /// All clients go.
    pub(super) fn end(&self) {
        let controllers: Vec<usize> = self.ports.borrow().keys().copied().collect();
        controllers.into_iter().for_each(|controller| self.farewell(controller));
    }
}
