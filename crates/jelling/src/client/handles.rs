//! Handles to what a peer has: services, characteristics, descriptors. Each is `Copy` and knows where it was found.

use super::discovery::{Discover, Find, FindStep, Search, TIMEOUT, Target};
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

    /// True for a primary service.
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
        Search::new(self.link, Target::Descriptors, start, self.end)
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
