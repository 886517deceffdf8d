//! NOR flash, as far as a program can tell: RAM above the program's, which start-up leaves alone and a reset too. Erasing sets all bits
//! of a sector, writing clears some of a word.
#![expect(unsafe_code, reason = "its memory is known by its address alone")]

use core::{ops::Range, ptr::with_exposed_provenance_mut};
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, NorFlashError, NorFlashErrorKind, ReadNorFlash};

/// Above the RAM that memory.x has.
const ADDRESS: usize = 0x2000_4000;
/// Octets of it.
pub const SIZE: u32 = 8192;
const WORD: usize = 4;
const SECTOR: usize = 1024;

/// 8 sectors of 1 KiB, written by words.
#[derive(Debug)]
pub struct Flash(&'static mut [u8; SIZE as usize]);

/// Why the flash did not do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// Not from the beginning of a word, or of a sector, to the end of one.
    NotAligned,
    /// Beyond its end.
    OutOfBounds,
}

impl NorFlashError for Error {
    fn kind(&self) -> NorFlashErrorKind {
        match self {
            Error::NotAligned => NorFlashErrorKind::NotAligned,
            Error::OutOfBounds => NorFlashErrorKind::OutOfBounds,
        }
    }
}

impl Flash {
    /// The flash.
    pub(crate) fn take() -> Self {
        // SAFETY: RAM that no section and no stack has, and `Board::start` is called once.
        let memory = unsafe { &mut *with_exposed_provenance_mut::<[u8; SIZE as usize]>(ADDRESS) };
        // Nothing that is written here is all 0: QEMU's RAM is, when the power comes on, and a flash comes erased from its maker.
        if memory.iter().all(|octet| *octet == 0) {
            memory.fill(0xff);
        }
        Flash(memory)
    }

    fn part(&mut self, range: Range<usize>, unit: usize) -> Result<&mut [u8], Error> {
        if !range.start.is_multiple_of(unit) || !range.end.is_multiple_of(unit) {
            return Err(Error::NotAligned);
        }
        self.0.get_mut(range).ok_or(Error::OutOfBounds)
    }
}

impl ErrorType for Flash {
    type Error = Error;
}

const fn range(offset: u32, length: usize) -> Range<usize> {
    offset as usize..(offset as usize).saturating_add(length)
}

impl ReadNorFlash for Flash {
    const READ_SIZE: usize = 1;

    async fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), Error> {
        let part = self.part(range(offset, octets.len()), Self::READ_SIZE)?;
        octets.iter_mut().zip(part).for_each(|(to, from)| *to = *from);
        Ok(())
    }

    fn capacity(&self) -> usize {
        SIZE as usize
    }
}

impl NorFlash for Flash {
    const WRITE_SIZE: usize = WORD;
    const ERASE_SIZE: usize = SECTOR;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), Error> {
        self.part(from as usize..to as usize, SECTOR)?.fill(0xff);
        Ok(())
    }

    async fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), Error> {
        let part = self.part(range(offset, octets.len()), WORD)?;
        for (place, octet) in part.iter_mut().zip(octets) {
            *place &= octet;
        }
        Ok(())
    }
}
