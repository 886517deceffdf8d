//! What a server has, found by request after request, in the order of handles (Vol 3, Part G, 4.4-4.7 and 4.8.2).
//! Each PDU takes the bearer and gives it back, so that reads get between; between PDUs a search holds one answer.

use super::request::Request;
use ::core::task::Poll;
use jelling_host::{
    Answer, Core, Error, Instant, LinkId, Properties,
    wire::{
        Reader, Uuid,
        att::{ErrorCode, Pdu},
    },
};

const PRIMARY_SERVICE: Uuid = Uuid::new16(0x2800);
const SECONDARY_SERVICE: Uuid = Uuid::new16(0x2801);
const INCLUDE: Uuid = Uuid::new16(0x2802);
const CHARACTERISTIC: Uuid = Uuid::new16(0x2803);

/// The longest entry that is more than a value: of a characteristic with a UUID of 128 bits, in an answer of one entry.
const ENTRY: usize = 22;

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    Primary,
    /// Primary services of one UUID.
    PrimaryOf(Uuid),
    Secondary,
    Includes,
    Characteristics,
    /// Attributes of any type, and their types.
    Attributes,
    /// Values of attributes of one type.
    Values(Uuid),
}

/// Something found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Item {
    pub(crate) handle: u16,
    /// The last handle of what belongs to it; of an included service.
    pub(crate) end: u16,
    /// What its declaration says; zero for a value.
    pub(crate) uuid: Uuid,
    pub(crate) properties: Properties,
    /// The handle of a characteristic's value, or of an included service.
    pub(crate) refers_to: u16,
    /// Octets of a value.
    pub(crate) length: usize,
}

/// How far a search is.
#[derive(Debug)]
pub(crate) struct Search {
    pub(crate) link: LinkId,
    target: Target,
    /// The first handle not looked at.
    next: u16,
    end: u16,
    finished: bool,
    request: Request,
    /// The MTU when the request was placed. The peer may exchange it before it answers.
    mtu: u16,
    /// The answer at hand, the offset of the next entry, octets of each.
    answer: Option<(Answer, usize, usize)>,
    /// A characteristic whose end is known when the next one is.
    held: Option<Item>,
    /// An included service whose UUID is to be read.
    unnamed: Option<Item>,
}

impl Search {
    pub(crate) fn new(link: LinkId, target: Target, start: u16, end: u16) -> Self {
        let finished = start > end || start == 0;
        let (request, answer, held, unnamed) = Default::default();
        Search { link, target, next: start, end, finished, request, mtu: 0, answer, held, unnamed }
    }

    /// The next thing found; `None` at the end. After an error there is nothing more.
    pub(crate) fn step(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Option<Item>, Error>> {
        let result = self.go_on(core, now);
        if let Poll::Ready(Err(_)) = result {
            self.undo(core);
            (self.finished, self.held, self.unnamed) = (true, None, None);
        }
        result
    }

    fn go_on(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Option<Item>, Error>> {
        loop {
            if let Some(item) = self.unnamed {
                return self.name(core, now, item);
            }
            if let Some(entry) = self.entry(core) {
                match entry.and_then(|item| self.take(item)) {
                    // Vol 3, Part G, 4.5.1: a UUID of 128 bits is not in the answer. The rest of it is asked for again, so that no
                    // more than one answer is held.
                    Ok(Some(item)) if self.target == Target::Includes && item.length == 4 => {
                        self.drop_answer(core);
                        self.unnamed = Some(item);
                    }
                    Ok(None) => {}
                    result => return Poll::Ready(result),
                }
                continue;
            }
            self.drop_answer(core);
            if self.finished {
                return Poll::Ready(Ok(self.held.take()));
            }
            match self.ask(core, now) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(answer)) => {
                    self.mtu = core.link_info(self.link).map_or(self.mtu, |info| info.mtu.min(self.mtu));
                    match layout(core, &answer, self.target) {
                        Some((offset, width)) => self.answer = Some((answer, offset, width)),
                        None => {
                            core.free_answer(answer);
                            return Poll::Ready(Err(Error::Protocol));
                        }
                    }
                }
                // Vol 3, Part G, 4.4.1: so the server says that there is no more.
                Poll::Ready(Err(Error::Gatt(ErrorCode::ATTRIBUTE_NOT_FOUND))) => self.finished = true,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn ask(&mut self, core: &mut Core<'_>, now: Instant) -> Poll<Result<Answer, Error>> {
        if !self.request.is_placed() {
            match core.link_info(self.link) {
                Ok(info) => self.mtu = info.mtu,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        let (start, end) = (self.next, self.end);
        let by_type = |kind| Pdu::ReadByTypeRequest { start, end, kind };
        let pdu = match self.target {
            Target::Primary => Pdu::ReadByGroupTypeRequest { start, end, kind: PRIMARY_SERVICE },
            Target::Secondary => Pdu::ReadByGroupTypeRequest { start, end, kind: SECONDARY_SERVICE },
            Target::PrimaryOf(uuid) => {
                return uuid.with_le_bytes(|value| {
                    let pdu = Pdu::FindByTypeValueRequest { start, end, kind: 0x2800, value };
                    self.request.go(core, now, self.link, &pdu)
                });
            }
            Target::Includes => by_type(INCLUDE),
            Target::Characteristics => by_type(CHARACTERISTIC),
            Target::Values(uuid) => by_type(uuid),
            Target::Attributes => Pdu::FindInformationRequest { start, end },
        };
        self.request.go(core, now, self.link, &pdu)
    }

    /// The next entry of the answer at hand.
    fn entry(&mut self, core: &mut Core<'_>) -> Option<Result<Item, Error>> {
        let (answer, offset, width) = self.answer.as_mut()?;
        if *offset >= answer.len() {
            return None;
        }
        let mut entry = [0; ENTRY];
        let entry = entry.get_mut(..ENTRY.min(*width)).unwrap_or_default();
        core.read_answer(answer, *offset, entry);
        *offset = offset.saturating_add(*width);
        let item = parse(self.target, entry).ok_or(Error::Protocol);
        Some(item.map(|item| Item { length: width.saturating_sub(2), ..item }))
    }

    /// Takes an entry in: it must lie in what was asked for, after the one before.
    fn take(&mut self, mut item: Item) -> Result<Option<Item>, Error> {
        let (last, is_sound) = match self.target {
            Target::Primary | Target::PrimaryOf(_) | Target::Secondary => (item.end, item.end >= item.handle),
            Target::Includes => (item.handle, item.refers_to != 0 && item.end >= item.refers_to),
            Target::Characteristics => {
                item.end = self.end;
                (item.refers_to, item.refers_to > item.handle && item.refers_to <= self.end)
            }
            Target::Attributes | Target::Values(_) => (item.handle, true),
        };
        if self.finished || item.handle < self.next || item.handle > self.end || !is_sound {
            return Err(Error::Protocol);
        }
        match last.checked_add(1) {
            Some(next) if last < self.end => self.next = next,
            _ => self.finished = true,
        }
        if self.target != Target::Characteristics {
            return Ok(Some(item));
        }
        let before = self.held.replace(item);
        Ok(before.map(|before| Item { end: item.handle.saturating_sub(1), ..before }))
    }

    /// Reads the UUID of an included service in its declaration.
    fn name(&mut self, core: &mut Core<'_>, now: Instant, item: Item) -> Poll<Result<Option<Item>, Error>> {
        let pdu = Pdu::ReadRequest { handle: item.refers_to };
        self.request.go(core, now, self.link, &pdu).map(|answer| {
            let answer = answer?;
            let mut octets = [0; 16];
            let whole = answer.len() == 17 && core.read_answer(&answer, 1, &mut octets) == 16;
            core.free_answer(answer);
            self.unnamed = None;
            let uuid = Uuid::from_le_bytes(&octets).filter(|_| whole).ok_or(Error::Protocol)?;
            Ok(Some(Item { uuid, ..item }))
        })
    }

    /// The octets of the value that was found last, as many as fit.
    pub(crate) fn value(&self, core: &mut Core<'_>, target: &mut [u8]) {
        if let Some((answer, next, width)) = &self.answer {
            core.read_answer(answer, next.saturating_sub(*width).saturating_add(2), target);
        }
    }

    /// The MTU of the answer at hand.
    pub(crate) fn mtu(&self) -> u16 {
        self.mtu
    }

    /// Gives the answer at hand back: what is left of it is asked for again.
    pub(crate) fn drop_answer(&mut self, core: &mut Core<'_>) {
        if let Some((answer, ..)) = self.answer.take() {
            core.free_answer(answer);
        }
    }

    /// Looks at a handle again that has been looked at.
    pub(crate) fn look_again(&mut self, handle: u16) {
        (self.next, self.finished) = (handle, false);
    }

    /// Until when the security is being raised for it.
    pub(crate) fn stands_until(&self) -> Option<Instant> {
        self.request.stands_until()
    }

    /// True while a request is under way, or waits for its turn.
    pub(crate) fn is_asking(&self) -> bool {
        self.request.is_wanted()
    }

    /// Gives the bearer back: what was asked is asked again.
    pub(crate) fn rest(&mut self, core: &mut Core<'_>) {
        self.request.undo(core);
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
        (Target::Primary | Target::Secondary, 6 | 20)
        | (Target::Includes, 6 | 8)
        | (Target::Characteristics, 7 | 21)
        | (Target::Values(_), _) => Some((2, width)),
        (Target::Attributes, 1) => Some((2, 4)),
        (Target::Attributes, 2) => Some((2, 18)),
        _ => None,
    }
}

fn parse(target: Target, entry: &[u8]) -> Option<Item> {
    let mut r = Reader::new(entry);
    let handle = r.u16().ok()?;
    let (uuid, properties) = (Uuid::new16(0), Properties::empty());
    let mut item = Item { handle, end: handle, uuid, properties, refers_to: 0, length: 0 };
    match target {
        Target::PrimaryOf(uuid) => {
            item.end = r.u16().ok()?;
            item.uuid = uuid;
        }
        Target::Primary | Target::Secondary => {
            item.end = r.u16().ok()?;
            item.uuid = Uuid::from_le_bytes(r.rest())?;
        }
        Target::Includes => {
            item.refers_to = r.u16().ok()?;
            item.end = r.u16().ok()?;
            if !r.is_empty() {
                item.uuid = Uuid::from_le_bytes(r.rest())?;
            }
        }
        Target::Characteristics => {
            item.properties = Properties::from_bits_retain(r.u8().ok()?);
            item.refers_to = r.u16().ok()?;
            item.uuid = Uuid::from_le_bytes(r.rest())?;
        }
        Target::Attributes => item.uuid = Uuid::from_le_bytes(r.rest())?,
        Target::Values(_) => {}
    }
    Some(item)
}
