//! Handles to what a peer has: services, includes, characteristics, descriptors. Each is `Copy` and knows where it was found.

use super::{
    discovery::{Discover, Find, FindStep, TIMEOUT},
    search::{Search, Target},
};
use crate::{Connection, core::Host, operation::Operation};
use jelling_host::{LinkId, Properties, wire::Uuid};

/// A service of a peer.
#[derive(Clone, Copy, Debug)]
pub struct ClientService<'d> {
    pub(super) host: Host<'d>,
    pub(super) link: LinkId,
    pub(super) uuid: Uuid,
    pub(super) start: u16,
    pub(super) end: u16,
    pub(super) primary: bool,
}

/// A characteristic of a peer.
#[derive(Clone, Copy, Debug)]
pub struct ClientCharacteristic<'d> {
    pub(super) host: Host<'d>,
    pub(super) link: LinkId,
    pub(super) service: ClientService<'d>,
    pub(super) uuid: Uuid,
    pub(super) handle: u16,
    pub(super) value_handle: u16,
    pub(super) end: u16,
    pub(super) properties: Properties,
}

/// A descriptor of a peer.
#[derive(Clone, Copy, Debug)]
pub struct ClientDescriptor<'d> {
    pub(super) host: Host<'d>,
    pub(super) link: LinkId,
    pub(super) characteristic: ClientCharacteristic<'d>,
    pub(super) uuid: Uuid,
    pub(super) handle: u16,
}

/// The declaration by which one service of a peer includes another (Vol 3, Part G, 3.2).
#[derive(Clone, Copy, Debug)]
pub struct ClientInclude<'d> {
    pub(super) handle: u16,
    pub(super) service: ClientService<'d>,
}

/// An attribute of a peer, of whatever kind.
#[derive(Clone, Copy, Debug)]
pub struct ClientAttribute<'d> {
    pub(super) host: Host<'d>,
    pub(super) link: LinkId,
    pub(super) uuid: Uuid,
    pub(super) handle: u16,
}

impl<'d> ClientService<'d> {
    /// The connection it was found on, counted once more. It may be down by now.
    pub fn connection(&self) -> Connection<'d> {
        self.host.with(|core| core.retain(self.link));
        Connection::counted(self.host, self.link)
    }

    /// Its UUID.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Its handle.
    pub fn handle(&self) -> u16 {
        self.start
    }

    /// The last handle that belongs to it.
    pub fn end_handle(&self) -> u16 {
        self.end
    }

    /// True for a service that was found as a primary one. An included service does not tell: it is false there.
    pub fn is_primary(&self) -> bool {
        self.primary
    }

    fn search(&self) -> Search {
        let start = self.start.checked_add(1).unwrap_or(0);
        Search::new(self.link, Target::Characteristics, start, self.end)
    }

    /// The first characteristic of this UUID: 2 s at most, `NotFound` if there is none.
    pub fn characteristic(&self, uuid: Uuid) -> Find<'d, ClientCharacteristic<'d>> {
        Operation::new(self.host, FindStep { place: *self, search: self.search(), uuid }, Some(TIMEOUT))
    }

    /// Its characteristics, all or those of one UUID.
    pub fn characteristics(&self, uuid: Option<Uuid>) -> Discover<'d, ClientCharacteristic<'d>> {
        Discover::new(self.host, *self, self.search(), uuid)
    }

    /// The services that it includes (Vol 3, Part G, 4.5.1). One with a UUID of 128 bits costs a read more.
    ///
    /// ```no_run
    /// # async fn show(service: jelling::ClientService<'_>) -> Result<(), jelling::Error> {
    /// let mut includes = service.includes();
    /// while let Some(include) = includes.next().await? {
    ///     let mut characteristics = include.service().characteristics(None);
    ///     while let Some(characteristic) = characteristics.next().await? {
    ///         println!("{:#06x} {}", characteristic.handle(), characteristic.uuid());
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn includes(&self) -> Discover<'d, ClientInclude<'d>> {
        let start = self.start.checked_add(1).unwrap_or(0);
        let search = Search::new(self.link, Target::Includes, start, self.end);
        Discover::new(self.host, (self.host, self.link), search, None)
    }

    /// Every attribute of it, its own declaration first: those too that belong to no characteristic.
    pub fn attributes(&self) -> Discover<'d, ClientAttribute<'d>> {
        let search = Search::new(self.link, Target::Attributes, self.start, self.end);
        Discover::new(self.host, (self.host, self.link), search, None)
    }
}

impl<'d> ClientInclude<'d> {
    /// The handle of the declaration.
    pub fn handle(&self) -> u16 {
        self.handle
    }

    /// The service that is included.
    pub fn service(&self) -> ClientService<'d> {
        self.service
    }
}

impl ClientAttribute<'_> {
    /// Its type.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Its handle.
    pub fn handle(&self) -> u16 {
        self.handle
    }
}

impl<'d> ClientCharacteristic<'d> {
    /// Its service.
    pub fn service(&self) -> ClientService<'d> {
        self.service
    }

    /// Its UUID.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// What it offers.
    pub fn properties(&self) -> Properties {
        self.properties
    }

    /// The handle of its declaration.
    pub fn handle(&self) -> u16 {
        self.handle
    }

    /// The handle of its value.
    pub fn value_handle(&self) -> u16 {
        self.value_handle
    }

    /// The last handle that belongs to it.
    pub fn end_handle(&self) -> u16 {
        self.end
    }

    pub(super) fn search(&self) -> Search {
        let start = self.value_handle.checked_add(1).unwrap_or(0);
        Search::new(self.link, Target::Attributes, start, self.end)
    }

    /// The first descriptor of this UUID: 2 s at most, `NotFound` if there is none.
    pub fn descriptor(&self, uuid: Uuid) -> Find<'d, ClientDescriptor<'d>> {
        Operation::new(self.host, FindStep { place: *self, search: self.search(), uuid }, Some(TIMEOUT))
    }

    /// Its descriptors.
    pub fn descriptors(&self) -> Discover<'d, ClientDescriptor<'d>> {
        Discover::new(self.host, *self, self.search(), None)
    }
}

impl<'d> ClientDescriptor<'d> {
    /// Its characteristic.
    pub fn characteristic(&self) -> ClientCharacteristic<'d> {
        self.characteristic
    }

    /// Its UUID.
    pub fn uuid(&self) -> Uuid {
        self.uuid
    }

    /// Its handle.
    pub fn handle(&self) -> u16 {
        self.handle
    }
}
