//! Random octets, as the controller draws them (LE Rand, Vol 4, Part E, 7.8.23): what the core keeps of them, and when it asks for
//! more. Each is used once.

use crate::{Core, crypto::toolbox, time::Instant};
use jelling_wire::{
    Reader, Writer,
    hci::{Status, command},
    smp::Reason,
};

/// Octets that are kept.
const ROOM: usize = 32;

/// Random octets that nobody has used.
#[derive(Clone)]
pub(crate) struct Random {
    octets: [u8; ROOM],
    filled: u8,
    /// Somebody found too few.
    wanted: bool,
}

impl core::fmt::Debug for Random {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Random")
    }
}

impl Random {
    pub(crate) const NEW: Random = Random { octets: [0; ROOM], filled: 0, wanted: false };

    /// So many octets; none, and the controller will be asked, when there are too few.
    pub(crate) fn draw<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut drawn = [0; N];
        self.fill(&mut drawn).then_some(drawn)
    }

    /// Fills all of it, or nothing: false, and the controller will be asked.
    #[inline(never)]
    pub(super) fn fill(&mut self, to: &mut [u8]) -> bool {
        let kept = self.octets.get_mut(..usize::from(self.filled)).unwrap_or_default();
        let left = kept.len().checked_sub(to.len());
        self.wanted |= left.is_none();
        let Some((left, from)) = left.and_then(|left| kept.split_at_mut_checked(left)) else { return false };
        jelling_wire::copy(to, from);
        toolbox::wipe(from);
        self.filled = u8::try_from(left.len()).unwrap_or(0);
        true
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.wanted
    }

    fn add(&mut self, octets: &[u8; 8]) {
        self.keep(octets);
        self.wanted = usize::from(self.filled) < ROOM;
    }

    /// Keeps octets, as many as there is room for.
    #[inline(never)]
    pub(crate) fn keep(&mut self, octets: &[u8; 8]) {
        let at = usize::from(self.filled);
        let added = jelling_wire::copy(self.octets.get_mut(at..).unwrap_or_default(), octets);
        self.filled = self.filled.saturating_add(u8::try_from(added).unwrap_or(0));
    }
}

impl Core<'_> {
    /// The next LE Rand, while octets are wanted.
    pub(crate) fn next_random(&mut self, w: &mut Writer<'_>) -> bool {
        let wanted = self.state.random.is_wanted();
        if wanted {
            command::open(&command::LeRand {}, w);
        }
        wanted
    }

    /// Octets have come, or not.
    pub(crate) fn on_random(&mut self, now: Instant, status: Status, parameters: &[u8]) {
        let octets = Reader::new(parameters).array::<8>();
        match (status.is_success(), octets) {
            (true, Ok(octets)) => self.state.random.add(&octets),
            _ => {
                // Without them nothing can be paired.
                self.state.random.wanted = false;
                for index in 0..self.links.len() {
                    if self.links.get(index).is_some_and(|link| link.pairing.is_pairing()) {
                        self.fail_pairing(now, index, Reason::UNSPECIFIED_REASON);
                    }
                }
                self.state.own_oob.fail();
                self.no_private_address(now);
                return;
            }
        }
        self.advance_oob();
        for index in 0..self.links.len() {
            self.advance(now, index);
        }
    }
}
