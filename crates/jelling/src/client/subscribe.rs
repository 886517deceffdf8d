//! Subscriptions: the CCCD is found and written, and values queue until they are taken (Vol 3, Part G, 4.10-11, 3.3.3.3).

use super::{ClientCharacteristic, request::Request, search::Search};
use crate::{
    Value,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::{marker::PhantomData, task::Poll, time::Duration};
use jelling_host::{Core, Error, Instant, LinkId, Policy, Properties, QueueId, Updates, wire::Uuid, wire::att::Pdu};

/// aioble's time for a discovery and a write.
const TIMEOUT: Duration = Duration::from_secs(3);
const CCCD: Uuid = Uuid::new16(0x2902);

/// See [`ClientCharacteristic::subscribe`].
pub type Subscribe<'d> = Operation<'d, SubscribeStep>;

/// See [`ClientCharacteristic::subscribe`].
#[derive(Debug)]
pub struct SubscribeStep {
    link: LinkId,
    handle: u16,
    updates: Updates,
    offered: Properties,
    depth: usize,
    length: Option<usize>,
    policy: Policy,
    search: Search,
    cccd: Option<u16>,
    queues: [Option<QueueId>; 2],
    request: Request,
}

impl<'d> ClientCharacteristic<'d> {
    /// Subscribes to notifications, indications, both or (with `Updates::empty()`) none, which ends what other subscriptions get:
    /// the CCCD is found and written, 3 s at most. Values queue from before the write on. The queue holds one value, and a new one
    /// replaces it, unless the builder says otherwise. `NotSupported` where the characteristic does not offer it, `NoCccd` where it
    /// cannot be switched on.
    ///
    /// Dropping the future closes the queue, and the peer is told to stop, as when a [`Subscription`] is dropped.
    pub fn subscribe(&self, updates: Updates) -> Subscribe<'d> {
        let step = SubscribeStep {
            link: self.link,
            handle: self.value_handle,
            updates,
            offered: self.properties,
            depth: 1,
            length: None,
            policy: Policy::DropOldest,
            search: self.search(),
            cccd: None,
            queues: [None; 2],
            request: Request::default(),
        };
        Operation::new(self.host, step, Some(TIMEOUT))
    }
}

impl Subscribe<'_> {
    /// Values the queue holds: 1 to 16. Indications are held one at a time, for the peer waits until each is taken.
    pub fn depth(mut self, values: usize) -> Self {
        self.step.depth = values;
        self
    }

    /// Octets that room is set apart for, for each value: MTU - 3 unless this says less. Longer ones need free blocks.
    pub fn max_len(mut self, octets: usize) -> Self {
        self.step.length = Some(octets);
        self
    }

    /// What happens to a notification that finds the queue full.
    pub fn policy(mut self, policy: Policy) -> Self {
        self.step.policy = policy;
        self
    }
}

impl SubscribeStep {
    fn find_cccd(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<u16, Error>> {
        loop {
            match self.search.step(core, now) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(None)) => return Poll::Ready(Err(Error::NoCccd)),
                Poll::Ready(Ok(Some(item))) if item.uuid == CCCD => {
                    self.search.undo(core);
                    return Poll::Ready(Ok(item.handle));
                }
                Poll::Ready(Ok(Some(_))) => {}
            }
        }
    }

    fn open(&mut self, core: &mut Core<'_>) -> Result<(), Error> {
        for (slot, kind) in self.queues.iter_mut().zip([Updates::NOTIFY, Updates::INDICATE]) {
            if self.updates.contains(kind) && slot.is_none() {
                *slot =
                    Some(core.open_subscription(self.link, self.handle, kind, self.depth, self.length, self.policy)?);
            }
        }
        Ok(())
    }
}

impl<'d> Step<'d> for SubscribeStep {
    type Raw = (LinkId, u16, [Option<QueueId>; 2]);
    type Output = Subscription<'d>;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.link.index()))
    }
    fn stands_until(&self) -> Option<Instant> {
        self.request.stands_until().or(self.search.stands_until())
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Self::Raw, Error>> {
        let lacks = |updates, property| self.updates.contains(updates) && !self.offered.contains(property);
        if lacks(Updates::NOTIFY, Properties::NOTIFY) || lacks(Updates::INDICATE, Properties::INDICATE) {
            return Poll::Ready(Err(Error::NotSupported));
        }
        let cccd = match self.cccd {
            Some(cccd) => cccd,
            None => match self.find_cccd(core, now) {
                Poll::Ready(Ok(cccd)) => *self.cccd.insert(cccd),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            },
        };
        if let Err(error) = self.open(core) {
            return Poll::Ready(Err(error));
        }
        // There is one CCCD for all subscriptions to the characteristic.
        let updates = if self.updates.is_empty() { self.updates } else { core.subscribed_to(self.link, self.handle) };
        let value = [updates.bits(), 0];
        match self.request.go(core, now, self.link, &Pdu::WriteRequest { handle: cccd, value: &value }) {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            Poll::Ready(Ok(answer)) => {
                core.free_answer(answer);
                Poll::Ready(Ok((self.link, cccd, ::core::mem::take(&mut self.queues))))
            }
        }
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.search.undo(core);
        self.request.undo(core);
        for queue in self.queues.iter_mut().filter_map(Option::take) {
            core.close_subscription(queue, self.cccd);
        }
    }
    fn finish(host: Host<'d>, (link, cccd, queues): Self::Raw) -> Subscription<'d> {
        Subscription { host, link, cccd, queues }
    }
}

/// A subscription. Dropping it tells the peer to stop, unless another one to the same characteristic goes on.
#[derive(Debug)]
#[must_use = "dropping the subscription ends it"]
pub struct Subscription<'d> {
    host: Host<'d>,
    link: LinkId,
    cccd: u16,
    queues: [Option<QueueId>; 2],
}

impl<'d> Subscription<'d> {
    /// The next notification, as a value; for ever unless `timeout` says otherwise. At once when one waits.
    ///
    /// Dropping the future loses nothing.
    pub fn notified<V: Value>(&mut self) -> Notified<'d, V> {
        self.next(self.queues[0])
    }

    /// The next indication, as a value. It is confirmed when it is taken: until then the peer sends no other.
    pub fn indicated<V: Value>(&mut self) -> Notified<'d, V> {
        self.next(self.queues[1])
    }

    /// As `notified`, with the octets into `buffer`, as many as fit; gives their whole number.
    pub fn notified_into<'b>(&mut self, buffer: &'b mut [u8]) -> NotifiedInto<'d, 'b> {
        let step = NotifiedIntoStep { link: self.link, queue: self.queues[0], buffer };
        Operation::new(self.host, step, None)
    }

    /// As `indicated`, with the octets into `buffer`, as many as fit; gives their whole number.
    pub fn indicated_into<'b>(&mut self, buffer: &'b mut [u8]) -> NotifiedInto<'d, 'b> {
        let step = NotifiedIntoStep { link: self.link, queue: self.queues[1], buffer };
        Operation::new(self.host, step, None)
    }

    fn next<V: Value>(&self, queue: Option<QueueId>) -> Notified<'d, V> {
        Operation::new(self.host, NotifiedStep { link: self.link, queue, value: PhantomData }, None)
    }

    /// How many values were dropped because the queue was full.
    pub fn dropped(&self) -> u32 {
        let count = |core: &mut Core<'_>| {
            Ok(self.queues.iter().flatten().fold(0u32, |sum, queue| sum.saturating_add(core.queue_dropped(*queue))))
        };
        self.host.ask(count).unwrap_or(0)
    }
}

impl Drop for Subscription<'_> {
    fn drop(&mut self) {
        for queue in self.queues.iter().flatten() {
            self.host.with(|core| core.close_subscription(*queue, Some(self.cccd)));
        }
    }
}

/// See [`Subscription::notified`].
pub type Notified<'d, V> = Operation<'d, NotifiedStep<V>>;
/// See [`Subscription::notified_into`].
pub type NotifiedInto<'d, 'b> = Operation<'d, NotifiedIntoStep<'b>>;

/// See [`Subscription::notified`].
#[derive(Debug)]
pub struct NotifiedStep<V> {
    link: LinkId,
    queue: Option<QueueId>,
    value: PhantomData<fn() -> V>,
}

fn topic(queue: Option<QueueId>, link: LinkId) -> Wait {
    Wait(queue.map_or(Topic::Link(link.index()), |queue| Topic::QueueOfLink(queue.index(), link.index())))
}

impl<'d, V: Value> Step<'d> for NotifiedStep<V> {
    type Raw = V;
    type Output = V;

    fn wait_for(&self) -> Wait {
        topic(self.queue, self.link)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<V, Error>> {
        let Some(queue) = self.queue else { return Poll::Ready(Err(Error::NotSubscribed)) };
        let mut buffer = V::EMPTY;
        let taken = core.take_value(queue, buffer.as_mut());
        taken.map(|r| r.and_then(|n| buffer.as_ref().get(..n).and_then(V::decode).ok_or(Error::InvalidValue)))
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, value: V) -> V {
        value
    }
}

/// See [`Subscription::notified_into`].
#[derive(Debug)]
pub struct NotifiedIntoStep<'b> {
    link: LinkId,
    queue: Option<QueueId>,
    buffer: &'b mut [u8],
}

impl<'d> Step<'d> for NotifiedIntoStep<'_> {
    type Raw = usize;
    type Output = usize;

    fn wait_for(&self) -> Wait {
        topic(self.queue, self.link)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<usize, Error>> {
        match self.queue {
            Some(queue) => core.take_value(queue, self.buffer),
            None => Poll::Ready(Err(Error::NotSubscribed)),
        }
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, length: usize) -> usize {
        length
    }
}
