//! Who waits, for what, and until when: the slots of tasks and of the runner. A waker stands behind a ticket of its future.

use crate::gate::{NEVER, News};
use ::core::task::Waker;
use jelling_host::{Event, Instant};

/// What a task waits for. Everybody hears of the host going up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Topic {
    Host,
    #[cfg(feature = "central")]
    Scan,
    #[cfg(feature = "peripheral")]
    Advertising,
    #[cfg(feature = "central")]
    Initiator,
    /// Anything about this link, and room in the pool.
    Link(u8),
    /// The end of this link.
    Down(u8),
    /// The answer to a request that is under way on this link.
    #[cfg(feature = "client")]
    Answer(u8),
    /// What a user has to do.
    #[cfg(feature = "security")]
    Passkey,
    /// A bond that the store does not have yet.
    #[cfg(feature = "security")]
    Bonds,
    /// Arithmetic that has to be done, or that has been.
    #[cfg(feature = "security")]
    Jobs,
    #[cfg(feature = "server")]
    Attribute(u16),
    /// A queue of captured writes, or else its attribute.
    #[cfg(feature = "server")]
    Captured(u8, u16),
    /// Queue or link.
    #[cfg(feature = "client")]
    QueueOfLink(u8, u8),
    /// What comes on this channel, and its end; the channels that come to a listener.
    #[cfg(feature = "l2cap")]
    Channel(u8),
    /// Room for what is to be sent on this channel, and its end.
    #[cfg(feature = "l2cap")]
    Sending(u8),
}

impl Topic {
    fn hears(self, event: Event) -> bool {
        match (self, event) {
            (_, Event::Host) => true,
            #[cfg(feature = "central")]
            (Topic::Scan, Event::Scan) | (Topic::Initiator, Event::Initiator) => true,
            #[cfg(feature = "peripheral")]
            (Topic::Advertising, Event::Advertising) => true,
            #[cfg(feature = "security")]
            (Topic::Passkey, Event::Passkey) | (Topic::Bonds, Event::Bonds) | (Topic::Jobs, Event::Jobs) => true,
            (Topic::Link(link), event) => event == Event::Pool || of_link(event) == Some(link),
            (Topic::Down(link), event) => event == Event::Link(link),
            #[cfg(feature = "client")]
            (Topic::Answer(link), event) => event == Event::Client(link) || event == Event::Link(link),
            #[cfg(feature = "server")]
            (Topic::Attribute(handle), event) => event == Event::Attribute(handle),
            #[cfg(feature = "server")]
            (Topic::Captured(queue, handle), event) => {
                event == Event::Queue(queue) || event == Event::Attribute(handle)
            }
            #[cfg(feature = "client")]
            (Topic::QueueOfLink(queue, link), event) => event == Event::Queue(queue) || of_link(event) == Some(link),
            #[cfg(feature = "l2cap")]
            (Topic::Channel(channel), event) => event == Event::Channel(channel),
            #[cfg(feature = "l2cap")]
            (Topic::Sending(channel), event) => event == Event::ChannelRoom(channel),
            _ => false,
        }
    }
}

/// True for news of data that queues, of which there is room for more.
fn is_data(event: Event) -> bool {
    #[cfg(feature = "l2cap")]
    if matches!(event, Event::Channel(_) | Event::ChannelRoom(_)) {
        return true;
    }
    matches!(event, Event::Queue(_))
}

/// The link that an event is about.
fn of_link(event: Event) -> Option<u8> {
    match event {
        Event::Link(link) | Event::Transmit(link) | Event::Client(link) | Event::Indication(link) => Some(link),
        _ => None,
    }
}

/// The slot of a waiting task.
#[derive(Debug)]
pub struct Waiter {
    topic: Topic,
    deadline: Instant,
    waker: Option<Waker>,
    /// Which use of the slot this is, and how many futures of the task share it.
    ticket: WaitTicket,
    sharers: u8,
}

impl Waiter {
    pub(crate) const NEW: Waiter =
        Waiter { topic: Topic::Host, deadline: Instant::ZERO, waker: None, ticket: WaitTicket::NONE, sharers: 0 };
}

/// One use of a waiting slot, as a future remembers it; zero is none. Three octets, for each slot and each future has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WaitTicket([u8; 3]);

impl WaitTicket {
    pub(crate) const NONE: WaitTicket = WaitTicket([0; 3]);

    fn next(self) -> Self {
        let [a, b, c] = self.0;
        let [a, b, c, _] = u32::from_le_bytes([a, b, c, 0]).wrapping_add(1).to_le_bytes();
        WaitTicket([a, b, c])
    }
}

/// What the runner has to look at, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due(pub(crate) u8);

impl Due {
    pub(crate) const NOTHING: Due = Due(0);
    /// Something may be to send.
    pub(crate) const TRANSMIT: Due = Due(1);
    /// A deadline stands before the one that the timer is armed for.
    pub(crate) const TIMER: Due = Due(2);
    /// The host begins anew with Reset.
    pub(crate) const ANEW: Due = Due(4);
    /// Arithmetic that nobody else does.
    #[cfg(feature = "security")]
    pub(crate) const JOB: Due = Due(8);

    pub(crate) fn has(self, part: Due) -> bool {
        self.0 & part.0 != 0
    }

    pub(crate) fn set(&mut self, part: Due, is_due: bool) {
        self.0 = if is_due { self.0 | part.0 } else { self.0 & !part.0 };
    }
}

/// A deadline as its distance from the end of time, which is none: all zero at first, as all that is static.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(u64);

impl Deadline {
    pub(crate) fn get(self) -> Instant {
        Instant::from_micros(!self.0)
    }

    pub(crate) fn set(&mut self, at: Instant) {
        self.0 = !at.as_micros();
    }
}

/// The runner's own slots.
#[derive(Debug)]
pub(crate) struct RunnerWakers {
    /// The runner's task, while it waits.
    pub(crate) waker: Option<Waker>,
    pub(crate) due: Due,
    /// When the timer fires as things stand.
    pub(crate) armed: Deadline,
    /// No task that waits has a deadline before this.
    pub(crate) first_deadline: Deadline,
    /// Tasks that do the jobs in place of the runner.
    #[cfg(feature = "security")]
    pub(crate) job_takers: u8,
    /// No slot of a task from here on holds a waker.
    occupied: usize,
    last_ticket: WaitTicket,
}

impl RunnerWakers {
    pub(crate) const NEW: RunnerWakers = RunnerWakers {
        waker: None,
        due: Due::NOTHING,
        armed: Deadline(0),
        first_deadline: Deadline(0),
        #[cfg(feature = "security")]
        job_takers: 0,
        occupied: 0,
        last_ticket: WaitTicket::NONE,
    };

    /// The timer is to be armed for this, if it is for later.
    pub(crate) fn hurry(&mut self, deadline: Instant) {
        if deadline < self.armed.get() {
            self.due.set(Due::TIMER, true);
        }
    }
}

/// Who waits.
pub(crate) struct Waiters<'a> {
    pub(crate) tasks: &'a mut [Waiter],
    pub(crate) runner: &'a mut RunnerWakers,
}

impl Waiters<'_> {
    /// What is due as the runner begins to look; from now on `waker` is woken for what else comes. The waker before it is to be
    /// dropped with the lock open.
    pub(crate) fn look(&mut self, waker: &Waker) -> (Due, Option<Waker>) {
        let known = &mut self.runner.waker;
        let same = known.as_ref().is_some_and(|known| known.will_wake(waker));
        (self.runner.due, if same { None } else { known.replace(waker.clone()) })
    }

    /// Waits, until `deadline` at most. Returns a waker that had to make room: it is to be woken with the lock open.
    pub(crate) fn register(
        &mut self,
        topic: Topic,
        deadline: Instant,
        waker: &Waker,
        ticket: &mut WaitTicket,
    ) -> Option<Waker> {
        let runner = &mut *self.runner;
        runner.first_deadline.set(runner.first_deadline.get().min(deadline));
        runner.hurry(deadline);
        let mut at = None;
        for (index, slot) in self.tasks.iter_mut().enumerate().take(runner.occupied.saturating_add(1)) {
            match &slot.waker {
                Some(known) if slot.topic == topic && slot.sharers != u8::MAX && known.will_wake(waker) => {
                    // One task may wait for the same thing twice, as in a join: the earlier deadline counts.
                    slot.deadline = slot.deadline.min(deadline);
                    if *ticket != slot.ticket {
                        *ticket = slot.ticket;
                        slot.sharers = slot.sharers.saturating_add(1);
                    }
                    return None;
                }
                None => at = at.or(Some(index)),
                Some(_) => {}
            }
        }
        let at = at.unwrap_or_else(|| {
            // There is a slot at least, which a compiler does not see: `rotate_left` of none panics.
            if !self.tasks.is_empty() {
                self.tasks.rotate_left(1);
            }
            self.tasks.len().saturating_sub(1)
        });
        runner.occupied = runner.occupied.max(at.saturating_add(1));
        *ticket = WaitTicket::NONE;
        // Somebody may wait while all other tickets are given out.
        while *ticket == WaitTicket::NONE || self.tasks.iter().any(|w| w.ticket == *ticket) {
            runner.last_ticket = runner.last_ticket.next();
            *ticket = runner.last_ticket;
        }
        let slot = self.tasks.get_mut(at)?;
        (slot.topic, slot.deadline, slot.ticket, slot.sharers) = (topic, deadline, *ticket, 1);
        slot.waker.replace(waker.clone())
    }

    /// A future waits no more. The last one of a slot takes its waker away, which is to be dropped with the lock open.
    pub(crate) fn withdraw(&mut self, ticket: &mut WaitTicket) -> Option<Waker> {
        let ticket = core::mem::take(ticket);
        if ticket == WaitTicket::NONE {
            return None;
        }
        let mut slots = self.tasks.iter_mut().take(self.runner.occupied);
        let slot = slots.find(|w| w.waker.is_some() && w.ticket == ticket)?;
        slot.sharers = slot.sharers.saturating_sub(1);
        if slot.sharers == 0 { slot.waker.take() } else { None }
    }

    /// Tasks that wait.
    pub(crate) fn waiting(&self) -> usize {
        self.tasks.iter().filter(|w| w.waker.is_some()).count()
    }

    /// Takes the wakers of who hears of an event: false when `news` has no room for more of them.
    pub(crate) fn hear(&mut self, event: Event, news: &mut News) -> bool {
        let mut occupied = 0;
        for (slot, next) in self.tasks.iter_mut().take(self.runner.occupied).zip(1usize..) {
            if slot.waker.is_none() {
                continue;
            }
            if !slot.topic.hears(event) {
                occupied = next;
                continue;
            }
            if let Some(waker) = slot.waker.take() {
                news.told.woke |= !is_data(event);
                if !news.put(waker) {
                    return false;
                }
            }
        }
        self.runner.occupied = occupied;
        true
    }

    /// True while a future's slot keeps its waker: nothing that it waits for has happened.
    pub(crate) fn is_waiting(&self, waker: &Waker, ticket: WaitTicket) -> bool {
        let occupied = self.tasks.get(..self.runner.occupied).unwrap_or_default();
        ticket != WaitTicket::NONE
            && occupied.iter().any(|w| w.ticket == ticket && w.waker.as_ref().is_some_and(|k| k.will_wake(waker)))
    }

    /// A waiter whose deadline has come.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Waker> {
        if now < self.runner.first_deadline.get() {
            return None;
        }
        let due = |w: &&mut Waiter| w.waker.is_some() && w.deadline <= now;
        let waker = self.tasks.iter_mut().find(due).and_then(|w| w.waker.take());
        if waker.is_none() {
            let first = self.deadline();
            self.runner.first_deadline.set(first);
        }
        waker
    }

    /// The earliest deadline of all.
    pub(crate) fn deadline(&self) -> Instant {
        self.tasks.iter().filter(|w| w.waker.is_some()).fold(NEVER, |first, w| first.min(w.deadline))
    }
}

#[cfg(test)]
mod tests;
