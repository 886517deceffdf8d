//! Discovery: services, characteristics, descriptors, in the order of their handles (Vol 3, Part G, 4.4-4.7).
//! Each PDU takes the bearer and gives it back, so that reads get between; between PDUs an iterator holds one answer.

use super::{
    handles::{ClientCharacteristic, ClientDescriptor, ClientService},
    request::Request,
};
use crate::{
    Connection,
    core::Host,
    gate::Topic,
    operation::{Operation, Step, Wait},
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{
    Answer, Core, Error, Instant, LinkId, Properties,
    wire::{
        Uuid,
        att::{ErrorCode, Pdu},
    },
};

/// aioble's time for a discovery.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

const PRIMARY_SERVICE: Uuid = Uuid::new16(0x2800);
const SECONDARY_SERVICE: Uuid = Uuid::new16(0x2801);
const CHARACTERISTIC: Uuid = Uuid::new16(0x2803);

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Primary,
    /// Primary services of one UUID.
    PrimaryOf(Uuid),
    Secondary,
    Characteristics,
    Descriptors,
}

/// Something found: its handle, the end of what belongs to it, and what its declaration says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) handle: u16,
    pub(crate) end: u16,
    pub(crate) uuid: Uuid,
    properties: Properties,
    value_handle: u16,
}

/// How far a discovery is.
#[derive(Debug)]
pub(crate) struct Search {
    link: LinkId,
    target: Target,
    /// The first handle not looked at.
    next: u16,
    end: u16,
    finished: bool,
    request: Request,
    answer: Option<(Answer, usize, usize)>,
    /// A characteristic whose end is known when the next one is.
    held: Option<Item>,
}

impl Search {
    pub(crate) fn new(link: LinkId, target: Target, start: u16, end: u16) -> Self {
        let finished = start > end || start == 0;
        Search { link, target, next: start, end, finished, request: Request::default(), answer: None, held: None }
    }

    /// The next thing found; `None` at the end.
    pub(crate) fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Option<Item>, Error>> {
        loop {
            if let Some((answer, offset, width)) = &mut self.answer {
                if *offset < answer.len() {
                    let mut entry = [0; 22];
                    let entry = entry.get_mut(..*width).unwrap_or_default();
                    core.read_answer(answer, *offset, entry);
                    *offset = offset.saturating_add(*width);
                    let item = parse(self.target, entry);
                    match self.take(item) {
                        Ok(Some(item)) => return Poll::Ready(Ok(Some(item))),
                        Ok(None) => continue,
                        Err(error) => {
                            self.undo(core);
                            self.finished = true;
                            return Poll::Ready(Err(error));
                        }
                    }
                }
                self.drop_answer(core);
            }
            if self.finished {
                return Poll::Ready(Ok(self.held.take()));
            }
            match self.ask(core, now) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(answer)) => match layout(core, &answer, self.target) {
                    Some((offset, width)) => self.answer = Some((answer, offset, width)),
                    None => {
                        core.free_answer(answer);
                        self.finished = true;
                        return Poll::Ready(Err(Error::Protocol));
                    }
                },
                // Vol 3, Part G, 4.4.1: so the server says that there is no more.
                Poll::Ready(Err(Error::Gatt(ErrorCode::ATTRIBUTE_NOT_FOUND))) => self.finished = true,
                Poll::Ready(Err(error)) => {
                    self.finished = true;
                    self.held = None;
                    return Poll::Ready(Err(error));
                }
            }
        }
    }

    fn ask(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Answer, Error>> {
        let (start, end) = (self.next, self.end);
        let by_group = |kind| Pdu::ReadByGroupTypeRequest { start, end, kind };
        match self.target {
            Target::Primary => self.request.go(core, now, self.link, &by_group(PRIMARY_SERVICE)),
            Target::Secondary => self.request.go(core, now, self.link, &by_group(SECONDARY_SERVICE)),
            Target::PrimaryOf(uuid) => uuid.with_le_bytes(|value| {
                let pdu = Pdu::FindByTypeValueRequest { start, end, kind: 0x2800, value };
                self.request.go(core, now, self.link, &pdu)
            }),
            Target::Characteristics => {
                self.request.go(core, now, self.link, &Pdu::ReadByTypeRequest { start, end, kind: CHARACTERISTIC })
            }
            Target::Descriptors => self.request.go(core, now, self.link, &Pdu::FindInformationRequest { start, end }),
        }
    }

    /// Takes an entry in: it must lie in what was asked for, after the one before.
    fn take(&mut self, item: Option<Item>) -> Result<Option<Item>, Error> {
        let mut item = item.ok_or(Error::Protocol)?;
        let characteristic = self.target == Target::Characteristics;
        if characteristic {
            item.end = self.end;
        }
        let inside = item.handle >= self.next && item.handle <= self.end && item.end >= item.handle;
        let valued = !characteristic || (item.value_handle > item.handle && item.value_handle <= self.end);
        if !inside || !valued || (self.finished && !characteristic) {
            return Err(Error::Protocol);
        }
        let last = if characteristic { item.value_handle } else { item.end };
        match last.checked_add(1) {
            Some(next) if last < self.end => self.next = next,
            _ => self.finished = true,
        }
        if !characteristic {
            return Ok(Some(item));
        }
        let before = self.held.replace(item);
        Ok(before.map(|before| Item { end: item.handle.saturating_sub(1), ..before }))
    }

    fn drop_answer(&mut self, core: &mut Core<'_>) {
        if let Some((answer, ..)) = self.answer.take() {
            core.free_answer(answer);
        }
    }

    /// Gives the request and the answer up.
    pub(crate) fn undo(&mut self, core: &mut Core<'_>) {
        self.request.undo(core);
        self.drop_answer(core);
    }
}

/// Where the entries of an answer begin, and how long each is.
fn layout(core: &mut Core<'_>, answer: &Answer, target: Target) -> Option<(usize, usize)> {
    let mut head = [0; 2];
    core.read_answer(answer, 0, &mut head);
    let width = usize::from(head[1]);
    match (target, width) {
        (Target::PrimaryOf(_), _) => Some((1, 4)),
        (Target::Primary | Target::Secondary, 6 | 20) | (Target::Characteristics, 7 | 21) => Some((2, width)),
        (Target::Descriptors, 1) => Some((2, 4)),
        (Target::Descriptors, 2) => Some((2, 18)),
        _ => None,
    }
}

fn parse(target: Target, entry: &[u8]) -> Option<Item> {
    let mut r = jelling_host::wire::Reader::new(entry);
    let handle = r.u16().ok()?;
    let mut item = Item { handle, end: handle, uuid: Uuid::new16(0), properties: Properties::empty(), value_handle: 0 };
    match target {
        Target::PrimaryOf(uuid) => {
            item.end = r.u16().ok()?;
            item.uuid = uuid;
        }
        Target::Primary | Target::Secondary => {
            item.end = r.u16().ok()?;
            item.uuid = Uuid::from_le_bytes(r.rest())?;
        }
        Target::Characteristics => {
            item.properties = Properties::from_bits_retain(r.u8().ok()?);
            item.value_handle = r.u16().ok()?;
            item.uuid = Uuid::from_le_bytes(r.rest())?;
        }
        Target::Descriptors => item.uuid = Uuid::from_le_bytes(r.rest())?,
    }
    Some(item)
}

/// What a discovery gives, made of what was found and where it was looked for.
pub trait Found<'d>: Sized {
    #[doc(hidden)]
    type Place: Copy;
    #[doc(hidden)]
    fn found(place: Self::Place, item: Raw) -> Self;
}

/// Something found, not yet given a type.
#[derive(Clone, Copy, Debug)]
pub struct Raw(Item);

impl<'d> Found<'d> for ClientService<'d> {
    type Place = (Host<'d>, LinkId, bool);
    fn found((host, link, primary): Self::Place, Raw(item): Raw) -> Self {
        ClientService { host, link, uuid: item.uuid, start: item.handle, end: item.end, primary }
    }
}

impl<'d> Found<'d> for ClientCharacteristic<'d> {
    type Place = ClientService<'d>;
    fn found(service: ClientService<'d>, Raw(item): Raw) -> Self {
        ClientCharacteristic {
            host: service.host,
            link: service.link,
            service,
            uuid: item.uuid,
            handle: item.handle,
            value_handle: item.value_handle,
            end: item.end,
            properties: item.properties,
        }
    }
}

impl<'d> Found<'d> for ClientDescriptor<'d> {
    type Place = ClientCharacteristic<'d>;
    fn found(characteristic: ClientCharacteristic<'d>, Raw(item): Raw) -> Self {
        ClientDescriptor {
            host: characteristic.host,
            link: characteristic.link,
            characteristic,
            uuid: item.uuid,
            handle: item.handle,
        }
    }
}

/// A discovery that goes on. It may be dropped at any point; what it holds of the pool comes back.
#[derive(Debug)]
pub struct Discover<'d, F: Found<'d>> {
    host: Host<'d>,
    place: F::Place,
    search: Search,
    filter: Option<Uuid>,
    timeout: Option<Duration>,
}

impl<'d, F: Found<'d>> Discover<'d, F> {
    pub(super) fn new(host: Host<'d>, place: F::Place, search: Search, filter: Option<Uuid>) -> Self {
        Discover { host, place, search, filter, timeout: Some(TIMEOUT) }
    }

    /// How long each step may take; 2 s unless this says otherwise.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// The next one, in the order of handles; `None` at the end.
    ///
    /// Dropping the future loses nothing: the next call goes on.
    pub async fn next(&mut self) -> Result<Option<F>, Error> {
        let end = crate::operation::deadline(self.timeout);
        let link = Topic::Link(self.search.link.index());
        let Discover { search, filter, place, host, .. } = self;
        let found = crate::operation::wait(*host, link, end, |core| {
            loop {
                match search.step(core, crate::gate::now()) {
                    Poll::Ready(Ok(Some(item))) if filter.is_some_and(|f| f != item.uuid) => {}
                    result => return result,
                }
            }
        });
        Ok(found.await?.map(|item| F::found(*place, Raw(item))))
    }
}

impl<'d, F: Found<'d>> Drop for Discover<'d, F> {
    fn drop(&mut self) {
        let search = &mut self.search;
        self.host.with(|core| search.undo(core));
    }
}

/// A discovery of the first of one kind. Dropping it gives up what it holds.
pub struct FindStep<'d, F: Found<'d>> {
    pub(super) place: F::Place,
    pub(super) search: Search,
    pub(super) uuid: Uuid,
}

impl<'d, F: Found<'d>> ::core::fmt::Debug for FindStep<'d, F> {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("FindStep").field("search", &self.search).finish_non_exhaustive()
    }
}

impl<'d, F: Found<'d>> Step<'d> for FindStep<'d, F> {
    type Raw = F;
    type Output = F;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Link(self.search.link.index()))
    }
    fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<F, Error>> {
        loop {
            match self.search.step(core, now) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Ready(Ok(None)) => return Poll::Ready(Err(Error::NotFound)),
                Poll::Ready(Ok(Some(item))) if item.uuid == self.uuid => {
                    self.search.undo(core);
                    return Poll::Ready(Ok(F::found(self.place, Raw(item))));
                }
                Poll::Ready(Ok(Some(_))) => {}
            }
        }
    }
    fn undo(&mut self, core: &mut Core<'_>) {
        self.search.undo(core);
    }
    fn finish(_: Host<'d>, found: F) -> F {
        found
    }
}

/// A discovery of the first of one UUID: 2 s at most, `NotFound` if there is none.
pub type Find<'d, F> = Operation<'d, FindStep<'d, F>>;

impl<'d> Connection<'d> {
    /// The peer's first primary service of this UUID: 2 s at most, `NotFound` if there is none.
    pub fn service(&self, uuid: Uuid) -> Find<'d, ClientService<'d>> {
        let search = Search::new(self.id, Target::PrimaryOf(uuid), 1, u16::MAX);
        Operation::new(self.host, FindStep { place: (self.host, self.id, true), search, uuid }, Some(TIMEOUT))
    }

    /// The peer's primary services, all or those of one UUID.
    pub fn services(&self, uuid: Option<Uuid>) -> Discover<'d, ClientService<'d>> {
        let target = uuid.map_or(Target::Primary, Target::PrimaryOf);
        Discover::new(self.host, (self.host, self.id, true), Search::new(self.id, target, 1, u16::MAX), None)
    }

    /// The peer's secondary services.
    pub fn secondary_services(&self) -> Discover<'d, ClientService<'d>> {
        let search = Search::new(self.id, Target::Secondary, 1, u16::MAX);
        Discover::new(self.host, (self.host, self.id, false), search, None)
    }
}
