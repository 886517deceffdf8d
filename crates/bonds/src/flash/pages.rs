//! Pages whose erasure is whole or not at all, for a map that knows a page as erased by its first and last word.
//!
//! ```text
//! READY | DOOMED | WIPE | what the map has of the page
//! ```
//!
//! An erasure that is cut off leaves any octets. So a page is worth what is in it only while READY says so and DOOMED is blank:
//! DOOMED is written before an erasure, READY after it. Whatever else stands there is erased before anything is read.
//! WIPE on the first page is the word by which all of them are to be erased: it is carried out before anything is read, too.

use super::FlashError;
use embedded_storage_async::nor_flash::{ErrorType, NorFlash, ReadNorFlash};

/// Octets that are read or written at once: a multiple of every word.
const BLOCK: usize = 32;

/// As drivers with DMA want it.
#[repr(align(4))]
struct Block([u8; BLOCK]);

/// The fields of a page's head.
#[derive(Clone, Copy)]
enum Field {
    Ready,
    Doomed,
    Wipe,
}

/// What a page's head says.
struct Head {
    /// What is in the page counts.
    is_valid: bool,
    /// READY was begun, and not finished.
    is_begun: bool,
    is_wiped: bool,
}

pub(super) struct Pages<F> {
    flash: F,
    start: u32,
    count: u8,
    /// Every page is valid.
    is_sound: bool,
}

impl<F: NorFlash> Pages<F> {
    /// Octets that are written at once, and read.
    pub(super) const WORD: usize = if F::WRITE_SIZE > F::READ_SIZE { F::WRITE_SIZE } else { F::READ_SIZE };
    /// Octets of DOOMED, and of WIPE.
    const FLAG: usize = if Self::WORD > 4 { Self::WORD } else { 4 };
    /// Octets of READY.
    const READY: usize = if Self::WORD > 8 { Self::WORD } else { 8 };
    const HEAD: usize = Self::FLAG.saturating_mul(2).saturating_add(Self::READY);
    /// Octets of a page behind its head.
    pub(super) const BODY: usize = F::ERASE_SIZE.saturating_sub(Self::HEAD);
    const IS_USABLE: bool = Self::WORD.is_power_of_two() && Self::WORD <= BLOCK && F::ERASE_SIZE.is_multiple_of(BLOCK);

    /// The pages of a range.
    pub(super) fn new(flash: F, range: core::ops::Range<u32>) -> Option<Self> {
        let size = u32::try_from(F::ERASE_SIZE).ok()?;
        let length = range.end.checked_sub(range.start)?;
        let is_whole = range.start.is_multiple_of(size) && length.is_multiple_of(size);
        let is_there = usize::try_from(range.end).is_ok_and(|end| end <= flash.capacity());
        let count = u8::try_from(length.checked_div(size)?).ok()?;
        (Self::IS_USABLE && is_whole && is_there).then_some(Pages { flash, start: range.start, count, is_sound: false })
    }

    /// How many.
    pub(super) fn count(&self) -> u8 {
        self.count
    }

    /// The range that the map sees.
    pub(super) fn seen(&self) -> core::ops::Range<u32> {
        0..u32::try_from(self.capacity()).unwrap_or(0)
    }

    pub(super) fn release(self) -> F {
        self.flash
    }

    fn address(&self, page: u8) -> u32 {
        let size = u32::try_from(F::ERASE_SIZE).unwrap_or(0);
        self.start.saturating_add(size.saturating_mul(page.into()))
    }

    /// Where a field is, and how long.
    fn field(&self, page: u8, field: Field) -> (u32, usize) {
        let (before, length) = match field {
            // The first to go where an erasure goes forward; where it goes backward, it is the last, and nothing is left that counts.
            Field::Ready => (0, Self::READY),
            Field::Doomed => (Self::READY, Self::FLAG),
            Field::Wipe => (Self::READY.saturating_add(Self::FLAG), Self::FLAG),
        };
        (self.address(page).saturating_add(u32::try_from(before).unwrap_or(0)), length)
    }

    /// READY: whose pages these are, in version 1, how many there are, and which this is. With the complement of that no READY is
    /// the beginning of another.
    fn ready(&self, page: u8) -> Block {
        let mut block = Block([u8::MAX; BLOCK]);
        let words = [b'j', 0xb1, self.count, page];
        for (to, octet) in block.0.iter_mut().zip(words.into_iter().chain(words.map(|octet| !octet))) {
            *to = octet;
        }
        block
    }

    async fn read_field(&mut self, page: u8, field: Field) -> Result<Block, F::Error> {
        let mut block = Block([u8::MAX; BLOCK]);
        let (address, length) = self.field(page, field);
        self.flash.read(address, block.0.get_mut(..length).unwrap_or_default()).await?;
        Ok(block)
    }

    async fn write_field(&mut self, page: u8, field: Field, block: &Block) -> Result<(), F::Error> {
        let (address, length) = self.field(page, field);
        self.flash.write(address, block.0.get(..length).unwrap_or_default()).await
    }

    async fn head(&mut self, page: u8) -> Result<Head, F::Error> {
        let (wanted, found) = (self.ready(page), self.read_field(page, Field::Ready).await?);
        let is_blank = |block: Block| block.0 == [u8::MAX; BLOCK];
        let is_doomed = !is_blank(self.read_field(page, Field::Doomed).await?);
        Ok(Head {
            is_valid: wanted.0 == found.0 && !is_doomed,
            is_begun: wanted.0.iter().zip(found.0).all(|(wanted, found)| wanted & found == *wanted),
            is_wiped: !is_blank(self.read_field(page, Field::Wipe).await?),
        })
    }

    /// Nothing stands in a page, from a field on.
    async fn is_blank(&mut self, page: u8, from: Field) -> Result<bool, F::Error> {
        let end = self.address(page.saturating_add(1));
        let (mut address, mut block) = (self.field(page, from).0, Block([u8::MAX; BLOCK]));
        while address < end {
            let length = usize::try_from(end.saturating_sub(address)).unwrap_or(BLOCK).min(BLOCK);
            let part = block.0.get_mut(..length).unwrap_or_default();
            self.flash.read(address, part).await?;
            if part.iter().any(|octet| *octet != u8::MAX) {
                return Ok(false);
            }
            address = address.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
        }
        Ok(true)
    }

    /// Erases a page that is not valid.
    async fn clear(&mut self, page: u8) -> Result<(), F::Error> {
        self.flash.erase(self.address(page), self.address(page.saturating_add(1))).await?;
        self.write_field(page, Field::Ready, &self.ready(page)).await
    }

    /// Erases a page that is valid.
    async fn erase_page(&mut self, page: u8) -> Result<(), F::Error> {
        self.write_field(page, Field::Doomed, &Block([0; BLOCK])).await?;
        self.clear(page).await
    }

    /// Makes every page valid: finishes the erasures that were cut off. A flash in which nothing is becomes a store.
    pub(super) async fn settle(&mut self) -> Result<(), FlashError<F::Error>> {
        if self.is_sound {
            return Ok(());
        }
        self.settle_pages().await?;
        self.is_sound = true;
        Ok(())
    }

    async fn settle_pages(&mut self) -> Result<(), FlashError<F::Error>> {
        let mut valid = 0u8;
        for page in 0..self.count {
            let head = self.head(page).await.map_err(FlashError::Driver)?;
            valid = valid.saturating_add(head.is_valid.into());
        }
        if valid == 0 && !self.is_unused().await.map_err(FlashError::Driver)? {
            return Err(FlashError::Foreign);
        }
        let is_new = valid == 0;
        self.mend(is_new).await.map_err(FlashError::Driver)
    }

    /// Nothing is in the range, but for what the very first start may have left of READY.
    async fn is_unused(&mut self) -> Result<bool, F::Error> {
        for page in 0..self.count {
            let is_begun = page == 0 && self.head(page).await?.is_begun;
            if !self.is_blank(page, if is_begun { Field::Doomed } else { Field::Ready }).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn mend(&mut self, is_new: bool) -> Result<(), F::Error> {
        for page in 0..self.count {
            if self.head(page).await?.is_valid {
                continue;
            }
            if is_new && self.is_blank(page, Field::Ready).await? {
                self.write_field(page, Field::Ready, &self.ready(page)).await?;
            } else {
                self.clear(page).await?;
            }
        }
        if self.head(0).await?.is_wiped {
            // The first page has the word, so it is the last.
            for page in (0..self.count).rev() {
                self.erase_page(page).await?;
            }
        }
        Ok(())
    }

    /// Erases everything, whatever it is. Of a store that is cut off in it, the next start finds all or nothing.
    pub(super) async fn wipe(&mut self) -> Result<(), FlashError<F::Error>> {
        match self.settle().await {
            Ok(()) => {
                self.is_sound = false;
                self.write_field(0, Field::Wipe, &Block([0; BLOCK])).await.map_err(FlashError::Driver)?;
            }
            Err(FlashError::Foreign) => self.clear(0).await.map_err(FlashError::Driver)?,
            Err(error) => return Err(error),
        }
        self.settle().await
    }

    /// Where an octet of the map's is, and whether it begins one of the two words by which it knows the state of a page.
    fn place(&self, offset: u32) -> (u32, bool) {
        let body = u32::try_from(Self::BODY).unwrap_or(u32::MAX);
        let within = offset.checked_rem(body).unwrap_or(0);
        let page = u8::try_from(offset.checked_div(body).unwrap_or(0)).unwrap_or(u8::MAX);
        let last = u32::try_from(Self::BODY.saturating_sub(Self::WORD)).unwrap_or(u32::MAX);
        let head = u32::try_from(Self::HEAD).unwrap_or(0);
        (self.address(page).saturating_add(head).saturating_add(within), within == 0 || within == last)
    }
}

impl<F: NorFlash> ErrorType for Pages<F> {
    type Error = F::Error;
}

impl<F: NorFlash> ReadNorFlash for Pages<F> {
    const READ_SIZE: usize = Self::WORD;

    async fn read(&mut self, offset: u32, octets: &mut [u8]) -> Result<(), F::Error> {
        let (address, is_mark) = self.place(offset);
        self.flash.read(address, octets).await?;
        // Half of a mark is the mark: it could not be written once more where a word is written once.
        if is_mark && octets.iter().any(|octet| *octet != u8::MAX) {
            octets.fill(0);
        }
        Ok(())
    }

    fn capacity(&self) -> usize {
        Self::BODY.saturating_mul(self.count.into())
    }
}

impl<F: NorFlash> NorFlash for Pages<F> {
    const WRITE_SIZE: usize = Self::WORD;
    const ERASE_SIZE: usize = Self::BODY;

    async fn erase(&mut self, from: u32, to: u32) -> Result<(), F::Error> {
        let body = u32::try_from(Self::BODY).unwrap_or(u32::MAX);
        let page = |offset: u32| u8::try_from(offset.checked_div(body).unwrap_or(0)).unwrap_or(u8::MAX);
        // Where it fails, or its future is dropped, it is finished before anything else.
        self.is_sound = false;
        for page in page(from)..page(to) {
            self.erase_page(page).await?;
        }
        self.is_sound = true;
        Ok(())
    }

    async fn write(&mut self, offset: u32, octets: &[u8]) -> Result<(), F::Error> {
        self.flash.write(self.place(offset).0, octets).await
    }
}
