//! An advertisement and its scan response: each structure goes where it fits first, into the 31 octets of the one, then of the
//! other.

use super::{AdType, AdWrite, DoesNotFit};
use crate::Writer;

/// Octets of an advertisement, and of a scan response.
const ROOM: usize = 31;

/// An advertisement and a scan response in the making, by [`AdWrite`]. Flags belong in the advertisement (Supplement, Part A,
/// 1.3): they go nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Builder {
    adv: Data,
    resp: Data,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Data {
    octets: [u8; ROOM],
    length: u8,
}

impl Data {
    const EMPTY: Data = Data { octets: [0; ROOM], length: 0 };

    fn written(&self) -> &[u8] {
        self.octets.get(..usize::from(self.length)).unwrap_or_default()
    }

    fn place(&mut self, kind: AdType, octets: usize, write: &mut dyn FnMut(&mut Writer<'_>)) -> Result<(), DoesNotFit> {
        let mut w = Writer::new(self.octets.get_mut(usize::from(self.length)..).unwrap_or_default());
        w.place(kind, octets, write)?;
        self.length = self.length.saturating_add(u8::try_from(w.len()).unwrap_or(0));
        Ok(())
    }
}

impl Builder {
    /// Both empty.
    pub const fn new() -> Self {
        Builder { adv: Data::EMPTY, resp: Data::EMPTY }
    }

    /// A builder whose scan response begins with these octets; `None` where they are more than 31.
    pub fn before(resp: &[u8]) -> Option<Self> {
        let mut builder = Builder::new();
        builder.resp.octets.get_mut(..resp.len())?.copy_from_slice(resp);
        builder.resp.length = u8::try_from(resp.len()).ok()?;
        Some(builder)
    }

    /// The advertisement.
    pub fn adv(&self) -> &[u8] {
        self.adv.written()
    }

    /// The scan response.
    pub fn resp(&self) -> &[u8] {
        self.resp.written()
    }
}

impl AdWrite for Builder {
    fn place(&mut self, kind: AdType, octets: usize, write: &mut dyn FnMut(&mut Writer<'_>)) -> Result<(), DoesNotFit> {
        match self.adv.place(kind, octets, write) {
            Err(_) if kind != AdType::FLAGS => self.resp.place(kind, octets, write),
            placed => placed,
        }
    }
}
