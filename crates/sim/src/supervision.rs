//! How links end, and how an end learns of it (Vol 6, Part B, 4.5.2).

use crate::{
    police::Notice,
    world::{Task, World},
};
use jelling_wire::hci::{ConnectionHandle, Status, event::Event};

impl World {
    /// A link ends: each end that is given a reason and takes the link for alive learns it.
    pub(crate) fn part(&mut self, number: u64, reasons: [Option<Status>; 2]) {
        for (end, reason) in reasons.into_iter().enumerate() {
            let Some(link) = self.links.get_mut(&number) else { return };
            let side = &mut link.ends[end];
            let Some(reason) = reason else { continue };
            if !side.alive {
                continue;
            }
            side.alive = false;
            let (who, handle) = (side.who, side.handle);
            self.controllers[who].settings.handles.remove(&handle);
            self.controllers[who].settings.host.forget(handle);
            let event =
                Event::DisconnectionComplete { status: Status::SUCCESS, handle: ConnectionHandle(handle), reason };
            self.event(who, &event, Notice::Down(handle));
            if self.controllers[who].settings.host.on {
                self.room_again(who);
            }
        }
        self.sweep(number);
    }

    /// A link that nobody takes for alive is forgotten; one that only one side does is watched.
    fn sweep(&mut self, number: u64) {
        let Some(link) = self.links.get(&number) else { return };
        if link.ends.iter().all(|e| !e.alive) {
            self.links.remove(&number);
        } else if link.ends.iter().any(|e| !e.alive) {
            self.watch(number);
        }
    }

    /// The supervision timeout of a link begins to run, if its ends have just ceased to hear each other.
    pub(crate) fn watch(&mut self, number: u64) {
        let now = self.now;
        let Some(link) = self.links.get(&number) else { return };
        if link.silent || self.reachable(link) {
            return;
        }
        let Some(link) = self.links.get_mut(&number) else { return };
        link.silent = true;
        if link.scheduled.take().is_none() {
            // It was idle: empty PDUs went until now.
            link.ends.iter_mut().for_each(|e| e.heard = now);
            link.established |= now > link.first;
        }
        self.set_instant(number);
        self.watch_on(number);
    }

    /// Supervision comes back when the first of the ends has heard nothing for too long.
    pub(crate) fn watch_on(&mut self, number: u64) {
        let Some(link) = self.links.get_mut(&number) else { return };
        let Some(heard) = link.ends.iter().filter(|e| e.alive).map(|e| e.heard).min() else { return };
        let at = heard + u64::from(link.timeout) * 10_000;
        if link.watched.is_none_or(|watched| at < watched) {
            link.watched = Some(at);
            self.schedule(at, Task::Supervise { link: number });
        }
    }

    /// Who hears whom has changed.
    pub(crate) fn watch_links(&mut self) {
        let numbers: Vec<u64> = self.links.keys().copied().collect();
        for number in numbers {
            let Some(link) = self.links.get(&number) else { continue };
            if self.reachable(link) {
                if let Some(link) = self.links.get_mut(&number) {
                    link.silent = false;
                }
                self.kick(number);
            } else {
                self.watch(number);
            }
        }
    }

    /// Each end that has heard nothing for the supervision timeout gives the link up.
    pub(crate) fn supervise(&mut self, number: u64) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&number) else { return };
        if link.watched.is_some_and(|at| at <= now) {
            link.watched = None;
        }
        // Vol 6, Part B, 4.5.2: before they have heard each other, six intervals count, not this.
        if !link.silent || !link.established {
            return;
        }
        let timeout = u64::from(link.timeout) * 10_000;
        let reasons =
            [0, 1].map(|end: usize| (now >= link.ends[end].heard + timeout).then_some(Status::CONNECTION_TIMEOUT));
        self.part(number, reasons);
        self.watch_on(number);
    }

    /// Vol 6, Part B, 4.5.2: six intervals have passed. A connection whose ends have heard nothing of each other ends.
    pub(crate) fn establish(&mut self, number: u64) {
        let Some(link) = self.links.get_mut(&number) else { return };
        if link.silent && !link.established {
            return self.part(number, [Some(Status::CONNECTION_FAILED_TO_BE_ESTABLISHED); 2]);
        }
        link.established = true;
    }

    /// All links of a controller are lost on the air at once, for both sides.
    pub(crate) fn lose_links(&mut self, who: usize) {
        let links: Vec<u64> = self.controllers[who].settings.handles.values().map(|(link, _)| *link).collect();
        for link in links {
            self.part(link, [Some(Status::CONNECTION_TIMEOUT); 2]);
        }
    }

    /// A controller forgets its links: the other sides learn by supervision timeout.
    pub(crate) fn abandon_links(&mut self, who: usize) {
        let numbers: Vec<u64> =
            self.links.iter().filter(|(_, l)| l.ends.iter().any(|e| e.who == who)).map(|(n, _)| *n).collect();
        for number in numbers {
            if let Some(link) = self.links.get_mut(&number) {
                link.ends.iter_mut().filter(|e| e.who == who).for_each(|e| e.alive = false);
            }
            self.sweep(number);
        }
    }
}
