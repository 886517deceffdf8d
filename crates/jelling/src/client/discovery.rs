//! Discovery: services, what they include, characteristics, descriptors, in the order of their handles (Vol 3, Part G, 4.4-4.7).

use super::{
    handles::{ClientAttribute, ClientCharacteristic, ClientDescriptor, ClientInclude, ClientService},
    search::{Item, Search, Target},
};
use crate::{
    Connection,
    core::Host,
    operation::{Operation, Step, Wait},
    waiting::Topic,
};
use ::core::{ops::RangeInclusive, task::Poll, time::Duration};
use jelling_host::{Core, Error, Instant, LinkId, wire::Uuid};

/// aioble's time for a discovery.
pub(super) const TIMEOUT: Duration = Duration::from_secs(2);

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
            value_handle: item.refers_to,
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

impl<'d> Found<'d> for ClientInclude<'d> {
    type Place = (Host<'d>, LinkId);
    fn found((host, link): Self::Place, Raw(item): Raw) -> Self {
        let service =
            ClientService { host, link, uuid: item.uuid, start: item.refers_to, end: item.end, primary: false };
        ClientInclude { handle: item.handle, service }
    }
}

impl<'d> Found<'d> for ClientAttribute<'d> {
    type Place = (Host<'d>, LinkId);
    fn found((host, link): Self::Place, Raw(item): Raw) -> Self {
        ClientAttribute { host, link, uuid: item.uuid, handle: item.handle }
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
        let going = Going { host: *host, search };
        let found = crate::operation::wait_standing(*host, link, end, |core, now| {
            loop {
                match going.search.step(core, now) {
                    Poll::Ready(Ok(Some(item))) if filter.is_some_and(|f| f != item.uuid) => {}
                    result => return (result, going.search.stands_until()),
                }
            }
        });
        Ok(found.await?.map(|item| F::found(*place, Raw(item))))
    }
}

/// A discovery while its next thing is awaited. Dropped before it came, it gives the bearer back: the application may not come
/// again for long. What was asked then is asked again.
struct Going<'s, 'd> {
    host: Host<'d>,
    search: &'s mut Search,
}

impl Drop for Going<'_, '_> {
    fn drop(&mut self) {
        let search = &mut self.search;
        if search.is_asking() {
            self.host.with(|core| search.rest(core));
        }
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
    fn stands_until(&self) -> Option<Instant> {
        self.search.stands_until()
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

    /// The peer's attributes with these handles, of whatever kind (Find Information: Vol 3, Part F, 3.4.3.1).
    ///
    /// ```no_run
    /// # async fn dump(connection: jelling::Connection<'_>) -> Result<(), jelling::Error> {
    /// let mut attributes = connection.attributes(1..=0xffff);
    /// while let Some(attribute) = attributes.next().await? {
    ///     println!("{:#06x} {}", attribute.handle(), attribute.uuid());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn attributes(&self, handles: RangeInclusive<u16>) -> Discover<'d, ClientAttribute<'d>> {
        let search = Search::new(self.id, Target::Attributes, *handles.start(), *handles.end());
        Discover::new(self.host, (self.host, self.id), search, None)
    }
}
