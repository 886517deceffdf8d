//! What an application has chosen for all pairings, as it is kept.

#[cfg(feature = "client")]
use super::Policy;
use super::{Curve, Terms};
use crate::{config::Config, kept::Kept, time::micros};

/// The part of [`Config`](crate::Config) that pairing looks at.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SecuritySettings {
    /// What peers may begin.
    pub(crate) pairing: Kept<Terms>,
    /// Secure Connections Only mode.
    pub(crate) only: bool,
    pub(crate) debug_keys: bool,
    pub(crate) curve: Curve,
    /// How long a private address is kept, in microseconds.
    pub(crate) private_address_timeout: u64,
    /// What is done where a peer wants more security.
    #[cfg(feature = "client")]
    pub(crate) raise: Policy,
}

impl SecuritySettings {
    pub(crate) const NEW: SecuritySettings = SecuritySettings {
        pairing: Kept::none(Terms::NEW),
        only: false,
        debug_keys: false,
        curve: Curve::Host,
        private_address_timeout: 0,
        #[cfg(feature = "client")]
        raise: Policy::NEW,
    };

    pub(crate) const fn of(config: &Config) -> Self {
        SecuritySettings {
            pairing: match &config.pairing {
                Some(settings) => Kept::of(Some(Terms::of(settings)), Terms::NEW),
                None => Kept::none(Terms::NEW),
            },
            only: config.secure_connections_only,
            debug_keys: config.debug_keys,
            curve: config.curve,
            private_address_timeout: crate::gap::private_micros(micros(config.private_address_timeout)),
            #[cfg(feature = "client")]
            raise: Policy::of(&config.raise),
        }
    }
}
