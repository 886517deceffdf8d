//! A NOR flash whose power can fail in any word that it writes and any page that it erases, and leave anything there.
//!
//! It is strict: a word is written once after an erasure, and a page whose erasure was cut off is not written at all. Where it is not,
//! what is written clears bits, as on most parts.

use embedded_storage_async::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

/// How far a word or a page had come when the power failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    Nothing,
    FirstHalf,
    LastHalf,
    /// So many of 256 bits, at random.
    Bits(u64),
    Everything,
}

/// Those of a word.
pub const CUTS: [Cut; 7] =
    [Cut::Nothing, Cut::FirstHalf, Cut::LastHalf, Cut::Bits(16), Cut::Bits(128), Cut::Bits(240), Cut::Everything];

/// What was done when the power failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Off;

impl NorFlashError for Off {
    fn kind(&self) -> NorFlashErrorKind {
        NorFlashErrorKind::Other
    }
}

/// A step: what was done to the flash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first or the last word of what was written at once.
    Edge,
    /// Another word.
    Word,
    Erase,
}

#[derive(Clone)]
pub struct Nor<const WORD: usize, const PAGE: usize> {
    pub octets: Vec<u8>,
    /// By word: written since the last erasure.
    pub written: Vec<bool>,
    /// By page: an erasure was cut off.
    pub torn: Vec<bool>,
    /// By page.
    pub erases: Vec<usize>,
    pub steps: Vec<Step>,
    /// At which step the power fails, and how far that comes.
    pub cut: Option<(usize, Cut)>,
    pub is_off: bool,
    pub is_strict: bool,
    /// The cut is a step that is refused, and the next one is not.
    pub recovers: bool,
    /// Each call takes a poll more.
    pub yields: bool,
}

impl<const WORD: usize, const PAGE: usize> Nor<WORD, PAGE> {
    pub fn new(pages: usize) -> Self {
        Nor {
            octets: vec![0xff; pages * PAGE],
            written: vec![false; pages * PAGE / WORD],
            torn: vec![false; pages],
            erases: vec![0; pages],
            steps: Vec::new(),
            cut: None,
            is_off: false,
            is_strict: true,
            recovers: false,
            yields: false,
        }
    }

    /// The same flash when the power is back.
    pub fn on(&self, cut: Option<(usize, Cut)>) -> Self {
        Nor { steps: Vec::new(), cut, is_off: false, ..self.clone() }
    }

    /// Puts octets there as if they had always been there.
    pub fn put(&mut self, at: usize, octets: &[u8]) {
        self.octets[at..at + octets.len()].copy_from_slice(octets);
        for (word, written) in self.octets.chunks(WORD).zip(&mut self.written) {
            *written = word.iter().any(|octet| *octet != 0xff);
        }
    }

    async fn turn(&self) {
        if self.yields {
            embassy_futures::yield_now().await;
        }
    }

    pub fn range(&self) -> core::ops::Range<u32> {
        0..u32::try_from(self.octets.len()).unwrap()
    }

    /// Changes octets, as far as the power lets it.
    fn step(&mut self, step: Step, at: usize, new: &[u8]) -> Result<(), Off> {
        if self.is_off {
            return Err(Off);
        }
        let cut = self.cut.filter(|(when, _)| *when == self.steps.len()).map(|(_, cut)| cut);
        let mut random = Random(self.steps.len() as u64 * 0x9e37 + at as u64);
        self.steps.push(step);
        let bits = new.len() * 8;
        for (i, (old, new)) in self.octets[at..].iter_mut().zip(new).enumerate() {
            for bit in 0..8 {
                let is_done = match cut {
                    None | Some(Cut::Everything) => true,
                    Some(Cut::Nothing) => false,
                    Some(Cut::FirstHalf) => i * 8 + bit < bits / 2,
                    Some(Cut::LastHalf) => i * 8 + bit >= bits / 2,
                    Some(Cut::Bits(of)) => random.next() % 256 < of,
                };
                let mask = if is_done { 1 << bit } else { 0 };
                let new = if step == Step::Erase { *new } else { *old & *new };
                *old = (*old & !mask) | (new & mask);
            }
        }
        self.is_off = cut.is_some() && !self.recovers;
        if cut.is_some() { Err(Off) } else { Ok(()) }
    }
}

/// xorshift64*.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ (x >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }
}

impl<const WORD: usize, const PAGE: usize> ErrorType for Nor<WORD, PAGE> {
    type Error = Off;
}

impl<const WORD: usize, const PAGE: usize> ReadNorFlash for Nor<WORD, PAGE> {
    const READ_SIZE: usize = WORD;

    async fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), Off> {
        self.turn().await;
        let at = offset as usize;
        assert!(at.is_multiple_of(WORD) && octets.len().is_multiple_of(WORD), "{at}, {}", octets.len());
        octets.copy_from_slice(&self.octets[at..at + octets.len()]);
        if self.is_off { Err(Off) } else { Ok(()) }
    }

    fn capacity(&self) -> usize {
        self.octets.len()
    }
}

impl<const WORD: usize, const PAGE: usize> NorFlash for Nor<WORD, PAGE> {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = PAGE;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Off> {
        self.turn().await;
        let (from, to) = (from as usize, to as usize);
        assert!(from.is_multiple_of(PAGE) && to.is_multiple_of(PAGE) && from < to && to <= self.octets.len());
        for page in from / PAGE..to / PAGE {
            if self.is_off {
                return Err(Off);
            }
            let before = self.octets.clone();
            self.erases[page] += 1;
            let done = self.step(Step::Erase, page * PAGE, &[0xff; PAGE]);
            let is_whole = self.octets[page * PAGE..][..PAGE].iter().all(|octet| *octet == 0xff);
            if self.octets != before || is_whole {
                self.torn[page] = !is_whole;
                self.written[page * PAGE / WORD..][..PAGE / WORD].fill(false);
            }
            done?;
        }
        Ok(())
    }

    async fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), Off> {
        self.turn().await;
        let at = offset as usize;
        assert!(at.is_multiple_of(WORD) && octets.len().is_multiple_of(WORD), "{at}, {}", octets.len());
        let words = octets.len() / WORD;
        for (i, word) in octets.chunks(WORD).enumerate() {
            if self.is_off {
                return Err(Off);
            }
            let at = at + i * WORD;
            assert!(
                !self.is_strict || !self.torn[at / PAGE],
                "written to a page whose erasure was cut off, at {at:#x}"
            );
            assert!(!self.is_strict || !self.written[at / WORD], "written twice at {at:#x}");
            let step = if i == 0 || i + 1 == words { Step::Edge } else { Step::Word };
            let done = self.step(step, at, word);
            self.written[at / WORD] = done.is_ok() || self.octets[at..][..WORD].iter().any(|octet| *octet != 0xff);
            done?;
        }
        Ok(())
    }
}
