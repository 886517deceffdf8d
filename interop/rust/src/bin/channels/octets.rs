//! What SDUs hold, and how what was received is told: as interop/coc.py does.

use serde::{Deserialize, Serialize};
use std::sync::LazyLock;

const WHOLE: usize = 1 << 16;

/// 65,536 octets that do not repeat soon, twice.
static TABLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut state = 1u32;
    let mut octets: Vec<u8> = (0..WHOLE)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            state.to_be_bytes()[0]
        })
        .collect();
    octets.extend_from_within(..);
    octets
});

/// SDUs one after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Stream {
    pub(crate) seed: u32,
    pub(crate) lengths: Vec<usize>,
    /// Octets, of which SDUs are made as anybody likes.
    pub(crate) merges: bool,
}

/// The length of an SDU and its CRC-32.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) struct Sum(pub(crate) usize, pub(crate) u32);

impl Sum {
    pub(crate) fn of(octets: &[u8]) -> Self {
        let crc = octets.iter().fold(u32::MAX, |crc, octet| {
            (0..8).fold(crc ^ u32::from(*octet), |crc, _| if crc & 1 == 0 { crc >> 1 } else { crc >> 1 ^ 0xedb8_8320 })
        });
        Sum(octets.len(), !crc)
    }
}

/// What the SDU at this place of a stream holds: no two SDUs begin alike.
pub(crate) fn sdu(seed: u32, index: usize, length: usize) -> &'static [u8] {
    let at = (u64::from(seed) * 40_503 + index as u64 * 7_919) % WHOLE as u64;
    let at = usize::try_from(at).unwrap_or_default();
    &TABLE[at..at + length]
}

impl Stream {
    pub(crate) fn of(seed: u32, lengths: impl Into<Vec<usize>>) -> Self {
        Stream { seed, lengths: lengths.into(), merges: false }
    }

    /// So many lengths up to this one, by the seed.
    pub(crate) fn random(seed: u32, count: usize, longest: usize) -> Self {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            usize::try_from(state >> 12).unwrap_or_default() % (longest + 1)
        };
        Stream::of(seed, (0..count).map(|_| next()).collect::<Vec<_>>())
    }

    pub(crate) fn octets(&self) -> usize {
        self.lengths.iter().sum()
    }

    pub(crate) fn sdus(&self) -> impl Iterator<Item = &'static [u8]> {
        self.lengths.iter().enumerate().map(|(index, length)| sdu(self.seed, index, *length))
    }

    /// What whoever receives it must tell.
    pub(crate) fn sums(&self) -> Vec<Sum> {
        if self.merges {
            return vec![Sum::of(&self.sdus().collect::<Vec<_>>().concat())];
        }
        self.sdus().map(Sum::of).collect()
    }
}
