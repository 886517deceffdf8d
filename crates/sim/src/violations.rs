//! Breaches are kept for whoever asks; of a host that goes on and on, the first ones and their number.

use crate::{
    air::Air,
    police::{Breach, Violation},
    world::World,
};

/// Breaches that are kept until they are taken.
const KEPT: usize = 64;

/// What hosts did against the rules.
#[derive(Debug, Default)]
pub(crate) struct Violations {
    pub(crate) first: Vec<Violation>,
    /// Those beyond, which nothing is known of.
    pub(crate) more: u64,
}

impl World {
    pub(crate) fn breach(&mut self, who: usize, breach: Breach) {
        if self.controllers[who].police.blind {
            return;
        }
        match self.violations.first.len() < KEPT {
            true => self.violations.first.push(Violation { controller: who, micros: self.now, breach }),
            false => self.violations.more += 1,
        }
    }
}

impl Air {
    /// What hosts have done against the rules of HCI so far: the first 64 breaches. [`Air::violation_count`] tells of the rest.
    pub fn violations(&self) -> Vec<Violation> {
        self.with(|world| world.violations.first.clone())
    }

    /// As [`Air::violations`], and forgets them and their count.
    pub fn take_violations(&self) -> Vec<Violation> {
        self.with(|world| core::mem::take(&mut world.violations).first)
    }

    /// How many breaches there were, those included that are not kept.
    pub fn violation_count(&self) -> u64 {
        self.with(|world| world.violations.more + u64::try_from(world.violations.first.len()).unwrap_or(0))
    }
}
