//! What an application wants done where a peer refuses a request of its client for the lack of security
//! (Vol 3, Part C, 10.3.1). The core keeps it; who makes requests acts on it.

use super::{PairSettings, Terms, pairing::Phase};
use crate::{Core, error::Error, kept::Kept, link::LinkId};

/// How the security of a link is raised for a request that the peer refused with Insufficient Authentication (0x05), Encryption
/// Key Size Too Short (0x0c) or Insufficient Encryption (0x0f).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Raise {
    /// Not at all: the refusal is the error of the request.
    Never,
    /// Towards a bonded peer: the link is encrypted with the bond's key. No pairing begins by itself.
    #[default]
    Encrypt,
    /// By a pairing of these settings, or with the bond's key where a bond is as good.
    Pair(PairSettings),
}

/// [`Raise`] with an empty form that is all zero.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Policy {
    encrypts: bool,
    pairs: Kept<Terms>,
}

impl Policy {
    pub(crate) const NEW: Policy = Policy { encrypts: false, pairs: Kept::none(Terms::NEW) };

    pub(crate) const fn of(raise: &Raise) -> Self {
        match raise {
            Raise::Never => Policy::NEW,
            Raise::Encrypt => Policy { encrypts: true, ..Policy::NEW },
            Raise::Pair(settings) => Policy { encrypts: false, pairs: Kept::of(Some(Terms::of(settings)), Terms::NEW) },
        }
    }

    pub(crate) fn raise(&self) -> Raise {
        match self.pairs.get() {
            Some(terms) => Raise::Pair(terms.settings()),
            None if self.encrypts => Raise::Encrypt,
            None => Raise::Never,
        }
    }
}

impl Core<'_> {
    /// How the security of a link is raised for requests: as was said of it, else as [`Config::raise`](crate::Config::raise)
    /// says.
    pub fn how_to_raise(&self, id: LinkId) -> Raise {
        let own = self.link(id).ok().and_then(|link| link.raise.get());
        own.unwrap_or(self.state.security().raise).raise()
    }

    /// True while something is under way on a link, or its outcome is not taken, so that [`pair`](Self::pair) and
    /// [`encrypt`](Self::encrypt) are `Busy`.
    pub fn is_securing(&self, id: LinkId) -> bool {
        let Ok(link) = self.link(id) else { return false };
        let pairing = &link.pairing;
        pairing.phase != Phase::Idle || pairing.waits || pairing.went_well || pairing.went_wrong.get().is_some()
    }

    /// Sets it for a link; `None`: as [`Config::raise`](crate::Config::raise) says.
    pub fn set_raise(&mut self, id: LinkId, raise: Option<Raise>) -> Result<(), Error> {
        self.link_mut(id)?.raise.set(raise.map(|raise| Policy::of(&raise)));
        Ok(())
    }
}
