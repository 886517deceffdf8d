//! How well a link is secured, as its doors ask (Vol 3, Part C, 10.2).

#[cfg(any(feature = "server", feature = "l2cap"))]
use crate::link::Link;
use crate::{
    Core,
    error::Error,
    event::{Happened, LinkNews},
    link::LinkId,
};
#[cfg(any(feature = "server", feature = "l2cap"))]
use bitflags::bitflags;

/// The security of a link, at one moment: all of it in one read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Security {
    /// What goes over the link is encrypted.
    pub encrypted: bool,
    /// The key was made with protection against a man in the middle.
    pub authenticated: bool,
    /// The key was made with LE Secure Connections.
    pub secure_connections: bool,
    /// There is a key for the peer that outlives the link.
    pub bonded: bool,
    /// Octets of the key, 7 to 16; 0 while the link is not encrypted.
    pub key_size: u8,
}

impl Security {
    /// A link as it comes up.
    pub(crate) const NONE: Security =
        Security { encrypted: false, authenticated: false, secure_connections: false, bonded: false, key_size: 0 };

    /// A key of this kind would be worse, in any way, than one of that kind.
    #[cfg(feature = "security")]
    pub(crate) fn is_weaker_than(&self, other: &Security) -> bool {
        (other.authenticated && !self.authenticated)
            || (other.secure_connections && !self.secure_connections)
            || other.key_size > self.key_size
    }
}

#[cfg(any(feature = "server", feature = "l2cap"))]
bitflags! {
    /// What a door demands of a link: all of it is to be met.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Demands: u8 {
        const ENCRYPTED = 1;
        const AUTHENTICATED = 2;
        const SECURE = 4;
        const AUTHORISED = 8;
        /// What only an encrypted link meets.
        const KEY = 7;
    }
}

/// What a link lacks.
#[cfg(any(feature = "server", feature = "l2cap"))]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lack {
    /// Encryption: there is a key, which has only to be used.
    Encryption,
    /// A key, or a better one.
    Authentication,
    KeySize,
    Authorisation,
}

#[cfg(any(feature = "server", feature = "l2cap"))]
impl Link {
    /// What the link lacks first of what is demanded, with the smallest key, if any (Vol 3, Part C, 10.3.1).
    #[inline(never)]
    pub(crate) fn lacks(&self, demands: Demands, key_size: u8) -> Option<Lack> {
        let security = self.security;
        let needs_key = demands.intersects(Demands::KEY) || key_size != 0;
        if needs_key && !security.encrypted {
            return Some(if security.bonded { Lack::Encryption } else { Lack::Authentication });
        }
        if (demands.contains(Demands::AUTHENTICATED) && !security.authenticated)
            || (demands.contains(Demands::SECURE) && !security.secure_connections)
        {
            return Some(Lack::Authentication);
        }
        if needs_key && security.key_size < key_size {
            return Some(Lack::KeySize);
        }
        if demands.contains(Demands::AUTHORISED) && self.authorisation != Authorisation::Granted {
            return Some(Lack::Authorisation);
        }
        None
    }
}

impl Core<'_> {
    /// How well a link is secured just now.
    pub fn security(&self, id: LinkId) -> Result<Security, Error> {
        self.link(id).map(|link| link.security)
    }

    /// The application says whether the peer may do what only an authorised one may (Vol 3, Part C, 10.5).
    pub fn set_authorised(&mut self, id: LinkId, authorised: Authorisation) -> Result<(), Error> {
        self.link_mut(id)?.authorisation = authorised;
        self.security_changed(id);
        Ok(())
    }

    /// The link's security is another one from now on.
    #[cfg_attr(not(any(feature = "security", feature = "seams")), expect(dead_code, reason = "pairing sets it"))]
    pub(crate) fn set_security(&mut self, id: LinkId, security: Security) -> Result<(), Error> {
        let link = self.link_mut(id)?;
        link.security = security;
        #[cfg(feature = "security")]
        if !security.encrypted {
            link.uses_bond = false;
        }
        link.happened.insert(Happened::SECURITY);
        self.security_changed(id);
        Ok(())
    }

    fn security_changed(&mut self, id: LinkId) {
        // What could not be told before may be allowed now.
        #[cfg(feature = "server")]
        self.retry_updates(id);
        self.tell_link(usize::from(id.index), LinkNews::LINK);
    }
}

/// Whether a peer may do what only an authorised one may.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Authorisation {
    /// It may not: so each link begins.
    #[default]
    Refused,
    /// It may, as long as the link lasts.
    Granted,
}
