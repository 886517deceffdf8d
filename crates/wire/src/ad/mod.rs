//! AD structures: what advertisements and scan responses are made of (Vol 3, Part C, 11; Supplement, Part A).

mod builder;
mod display;
mod fixed;
mod kinds;
mod read;
mod values;
mod write;

pub use builder::Builder;
pub use kinds::AdType;
pub use read::{EncryptedData, TransportBlock, Uri};
pub use values::{
    ChannelMapUpdate, ConnectionIntervalRange, Flags, LeRole, OobFlags, ResolvableSetIdentifier, ResponseTiming,
};
pub use write::{AdWrite, DoesNotFit};

use crate::Reader;

/// One AD structure. Sections of the accessors are those of the Supplement, Part A.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Structure<'a> {
    /// What the octets are.
    pub kind: AdType,
    /// The octets.
    pub data: &'a [u8],
}

/// The structures of an advertisement or a scan response. A length of zero ends them early; one that runs over the end
/// is given up there.
#[derive(Clone, Copy, Debug)]
pub struct Structures<'a> {
    rest: Reader<'a>,
    malformed: bool,
}

impl<'a> Structures<'a> {
    /// The structures of `data`.
    pub const fn new(data: &'a [u8]) -> Self {
        Structures { rest: Reader::new(data), malformed: false }
    }

    /// True once a structure has run over the end.
    pub const fn is_malformed(&self) -> bool {
        self.malformed
    }
}

impl<'a> Iterator for Structures<'a> {
    type Item = Structure<'a>;

    fn next(&mut self) -> Option<Structure<'a>> {
        let length = usize::from(self.rest.u8().ok()?);
        if length == 0 {
            self.rest = Reader::new(&[]);
            return None;
        }
        let Some((kind, data)) = self.rest.bytes(length).ok().and_then(|s| s.split_first()) else {
            self.malformed = true;
            self.rest = Reader::new(&[]);
            return None;
        };
        Some(Structure { kind: AdType(*kind), data })
    }
}
