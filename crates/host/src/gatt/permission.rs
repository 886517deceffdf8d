//! The door of each attribute: what a peer may do with its value, given the security of its link
//! (Vol 3, Part F, 3.2.5; Part C, 10.3).

use super::{
    Properties,
    attribute::{Attribute, Backing, Kind},
};
use crate::{
    Core,
    link::Link,
    security::{Demands, Lack},
};
use bitflags::bitflags;
use jelling_wire::att::ErrorCode;

bitflags! {
    /// What peers may do with an attribute's value, in each direction. Each demand lets in who meets it, and who meets none of
    /// those that are stated is refused; several are all to be met.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Permissions: u16 {
        /// Anyone may read, but for what the other flags of reading demand.
        const READ = 1;
        /// Anyone may write, but for what the other flags of writing demand.
        const WRITE = 2;
        /// Who reads needs an encrypted link.
        const READ_ENCRYPTED = 1 << 2;
        /// Who reads needs an encrypted link, with a key made under protection against a man in the middle.
        const READ_AUTHENTICATED = 1 << 3;
        /// Who reads needs an encrypted link, with a key made by LE Secure Connections.
        const READ_SECURE = 1 << 4;
        /// Who reads needs to be authorised by the application.
        const READ_AUTHORISED = 1 << 5;
        /// Who writes needs an encrypted link.
        const WRITE_ENCRYPTED = 1 << 6;
        /// Who writes needs an encrypted link, with a key made under protection against a man in the middle.
        const WRITE_AUTHENTICATED = 1 << 7;
        /// Who writes needs an encrypted link, with a key made by LE Secure Connections.
        const WRITE_SECURE = 1 << 8;
        /// Who writes needs to be authorised by the application.
        const WRITE_AUTHORISED = 1 << 9;
    }
}

impl Permissions {
    const ANY_READ: Permissions = Permissions::READ
        .union(Permissions::READ_ENCRYPTED)
        .union(Permissions::READ_AUTHENTICATED)
        .union(Permissions::READ_SECURE)
        .union(Permissions::READ_AUTHORISED);
    const ANY_WRITE: Permissions = Permissions::WRITE
        .union(Permissions::WRITE_ENCRYPTED)
        .union(Permissions::WRITE_AUTHENTICATED)
        .union(Permissions::WRITE_SECURE)
        .union(Permissions::WRITE_AUTHORISED);

    const ANY_KEY: Permissions = Permissions::READ_ENCRYPTED
        .union(Permissions::READ_AUTHENTICATED)
        .union(Permissions::READ_SECURE)
        .union(Permissions::WRITE_ENCRYPTED)
        .union(Permissions::WRITE_AUTHENTICATED)
        .union(Permissions::WRITE_SECURE);

    /// True when some peer may read.
    pub const fn can_read(self) -> bool {
        self.intersects(Permissions::ANY_READ)
    }

    /// True when some peer may write.
    pub const fn can_write(self) -> bool {
        self.intersects(Permissions::ANY_WRITE)
    }

    /// The permissions of a CCCD that goes with a value: everyone may read what he wrote, and who may not read the value may not
    /// subscribe to it either.
    pub(crate) fn of_cccd(self) -> Permissions {
        let demanded = u16::from(self.demands(Direction::Read).bits()) << Direction::Write as u16;
        Permissions::READ | Permissions::WRITE | Permissions::from_bits_truncate(demanded)
    }
}

impl Properties {
    /// The permissions that go with the properties when nothing else is said.
    pub(crate) fn permissions(self) -> Permissions {
        let mut permissions = Permissions::empty();
        permissions.set(Permissions::READ, self.contains(Properties::READ));
        permissions.set(Permissions::WRITE, self.intersects(Properties::WRITE | Properties::WRITE_WITHOUT_RESPONSE));
        permissions
    }
}

/// What an attribute's door demands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Protection {
    /// What decides at the door; as the properties say where nothing is stated.
    pub permissions: Option<Permissions>,
    /// The smallest encryption key, 7 to 16 octets; 0 for any. It counts in each direction that demands an encrypted link, and
    /// in both, which then demand one, where the permissions demand none.
    pub key_size: u8,
}

impl Protection {
    /// As the properties say.
    pub const OPEN: Protection = Protection { permissions: None, key_size: 0 };
}

/// A direction: where its demands stand in the permissions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Read = 2,
    Write = 6,
}

impl Permissions {
    /// What one direction demands.
    fn demands(self, direction: Direction) -> Demands {
        let [low, _] = (self.bits() >> direction as u16).to_le_bytes();
        Demands::from_bits_truncate(low)
    }
}

impl Attribute {
    /// The smallest key that a direction demands.
    fn key_size_to(&self, direction: Direction) -> u8 {
        let demands_key = self.permissions.demands(direction).intersects(Demands::KEY);
        if demands_key || !self.permissions.intersects(Permissions::ANY_KEY) { self.key_size } else { 0 }
    }

    /// The smallest key with which the value is read.
    pub(super) fn key_size_to_read(&self) -> u8 {
        self.key_size_to(Direction::Read)
    }

    /// Whether a link meets the demands, or what it lacks first.
    fn judge(&self, link: &Link, direction: Direction) -> Result<(), ErrorCode> {
        Err(match link.lacks(self.permissions.demands(direction), self.key_size_to(direction)) {
            None => return Ok(()),
            Some(Lack::Encryption) => ErrorCode::INSUFFICIENT_ENCRYPTION,
            Some(Lack::Authentication) => ErrorCode::INSUFFICIENT_AUTHENTICATION,
            Some(Lack::KeySize) => ErrorCode::ENCRYPTION_KEY_SIZE_TOO_SHORT,
            Some(Lack::Authorisation) => ErrorCode::INSUFFICIENT_AUTHORIZATION,
        })
    }
}

impl Core<'_> {
    /// Whether a value may leave to a peer that reads.
    pub(crate) fn may_read(&self, link: usize, at: usize) -> Result<(), ErrorCode> {
        match self.attributes.get(at) {
            Some(attribute) if !attribute.permissions.can_read() => Err(ErrorCode::READ_NOT_PERMITTED),
            _ => self.may_tell(link, at),
        }
    }

    /// Whether a value may leave in a notification or an indication: as to who reads, but that nobody need be able to read.
    pub(crate) fn may_tell(&self, link: usize, at: usize) -> Result<(), ErrorCode> {
        let attribute = self.attributes.get(at).ok_or(ErrorCode::INVALID_HANDLE)?;
        let link = self.links.get(link).ok_or(ErrorCode::UNLIKELY_ERROR)?;
        attribute.judge(link, Direction::Read)
    }

    /// Whether a peer may change a value.
    pub(crate) fn may_write(&self, link: usize, at: usize) -> Result<(), ErrorCode> {
        let attribute = self.attributes.get(at).ok_or(ErrorCode::INVALID_HANDLE)?;
        let stored = matches!(attribute.kind, Kind::Value | Kind::Descriptor | Kind::Cccd)
            && !matches!(attribute.backing, Backing::Constant(_));
        let link = self.links.get(link).ok_or(ErrorCode::UNLIKELY_ERROR)?;
        #[cfg(feature = "security")]
        let vouched = link.vouches_for(attribute);
        #[cfg(not(feature = "security"))]
        let vouched = false;
        if !stored || !(attribute.permissions.can_write() || vouched) {
            return Err(ErrorCode::WRITE_NOT_PERMITTED);
        }
        attribute.judge(link, Direction::Write)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Permissions {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Permissions({=u16:#x})", self.bits());
    }
}
