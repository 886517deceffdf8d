//! Bonds in the flash of a microcontroller, over `sequential-storage`: an append-only map, in which a record is whole or not there.

mod error;
mod pages;
mod record;

pub use error::FlashError;

use embedded_storage_async::nor_flash::NorFlash;
use jelling::{
    Address, Bond, Identity,
    security::{BondStore, Each, Record},
};
use pages::Pages;
use record::{Kind, LENGTH, Newer, Scratch};
use sequential_storage::{
    cache::{Cache, Uncached},
    map::{Key, MapConfig, MapStorage, SerializationError},
};

/// Places for bonds: their numbers are below.
const PLACES: u8 = 250;
/// How often a record is written that is not there afterwards.
const ATTEMPTS: u8 = 3;
/// The place of our own identity.
const IDENTITY: u8 = 255;

/// Bonds in the pages of a NOR flash, through any driver of `embedded-storage-async`; `embassy-embedded-hal`'s `BlockingAsync` makes one
/// of a blocking driver.
///
/// ```
/// # async fn application<F: embedded_storage_async::nor_flash::NorFlash>(host: jelling::Host<'_>, flash: F) {
/// use jelling_bonds::{Flash, FlashError};
///
/// // Two pages at the end of the flash, which the linker script keeps free.
/// let mut store = match Flash::new(flash, 0x3e000..0x40000) {
///     Ok(store) => store,
///     Err(error) => panic!("{error}"),
/// };
/// match jelling::security::load(host, &mut store).await {
///     // What was there before is of no worth to this device: it begins anew.
///     Err(FlashError::Foreign | FlashError::Damaged) => store.erase().await.unwrap(),
///     other => other.unwrap(),
/// }
/// jelling::security::keep(host, &mut store).await;
/// # }
/// ```
///
/// # Power may fail at any moment
///
/// In a write or an erasure, however far that has come, and again while what it left is put right: the old record is found or the
/// new one, and every other bond. That holds where a word that was cut off in its writing can be read; a part whose flash has an
/// ECC may answer that with a fault, which its driver has to turn into octets.
///
/// # What is in flash
///
/// Keys, as they are: who can read the flash can listen to the peers. A bond that was removed or replaced can still be there until its page
/// is used again; [`erase`](Flash::erase) leaves nothing.
///
/// Erased flash becomes a store by its first use. Anything else that is no store is [`FlashError::Foreign`], and left alone: also a store
/// of another range, or of another number of pages. Records are of version 1; where a newer one is found nothing is read and nothing
/// written, [`FlashError::Newer`], so that going back to an older program for a while loses nothing. Octets that have changed by
/// themselves make a record invalid, and an older one of the same place can come back, or nothing.
///
/// # Wear
///
/// What is as it was is not written. A change takes one record, and when a page is full of them the oldest one is erased: with `n` bonds
/// in two pages that is once in `Flash::<F>::capacity(2) + 1 - n` changes, each page in its turn. Keep twice the room that the bonds need.
///
/// # Cost
///
/// Nothing is kept in RAM. Each call reads the pages once or twice, [`load`](BondStore::load) twice for each bond; the futures have up
/// to two records of 192 octets in them, which are wiped when they are dropped.
pub struct Flash<F: NorFlash> {
    map: MapStorage<Place, Pages<F>, Cache<Uncached, Uncached, Uncached, Place>>,
    pages: u8,
}

impl<F: NorFlash> core::fmt::Debug for Flash<F> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Flash").field("pages", &self.pages).finish_non_exhaustive()
    }
}

impl<F: NorFlash> Flash<F> {
    /// Bonds in a range of a flash: whole pages (`F::ERASE_SIZE`), 2 to 255. Nothing is read or written yet.
    ///
    /// A range that is none for bonds is [`FlashError::Geometry`].
    pub fn new(flash: F, range: core::ops::Range<u32>) -> Result<Self, FlashError<F::Error>> {
        let pages = Pages::new(flash, range).ok_or(FlashError::Geometry)?;
        let count = pages.count();
        let config = MapConfig::try_new(pages.seen()).map_err(|_| FlashError::Geometry)?;
        if Self::capacity(count.into()) == 0 {
            return Err(FlashError::Geometry);
        }
        Ok(Flash { map: MapStorage::new(pages, config, Cache::new_uncached()), pages: count })
    }

    /// How many bonds fit in so many pages, beside our own identity: at most 250. 18 in two pages of 4 KiB, 38 in three.
    ///
    /// As many can be kept; but with as many, each change erases up to all pages but one. With half as many it is one page in some
    /// changes.
    pub const fn capacity(pages: usize) -> usize {
        let word = Pages::<F>::WORD;
        let Some(room) = Pages::<F>::BODY.checked_sub(word.saturating_mul(2)) else { return 0 };
        let head = if word > 8 { word } else { 8 };
        let Some(in_page) = room.checked_div(head.saturating_add(LENGTH)) else { return 0 };
        // One page is always free, one record is being written, and one is our identity.
        let bonds = pages.saturating_sub(1).saturating_mul(in_page).saturating_sub(2);
        if bonds > PLACES as usize { PLACES as usize } else { bonds }
    }

    /// Forgets everything, our own identity too: no key is left in the range. Whatever is there is erased, foreign or damaged.
    ///
    /// When power fails in the middle, the next start finds everything that was there or nothing; of what was foreign, anything.
    pub async fn erase(&mut self) -> Result<(), FlashError<F::Error>> {
        self.map.flash().wipe().await
    }

    /// The flash.
    pub fn release(self) -> F {
        self.map.destroy().0.release()
    }

    /// Looks through all records for the place of a bond, and what places are in use.
    async fn search(
        &mut self,
        peer: Option<Address>,
        said: &[u8],
        buffer: &mut Scratch,
    ) -> Result<Places, FlashError<F::Error>> {
        self.map.flash().settle().await?;
        let mut places = Places { used: [0; 32], of_peer: None, is_same: false };
        let mut items = self.map.fetch_all_items(&mut buffer.0).await?;
        // From the oldest record to the newest.
        while let Some((_, octets)) = items.next::<&[u8]>(&mut buffer.0).await? {
            let Some((place, kind)) = look(octets)? else { continue };
            places.note(place, kind);
            if peer.is_some_and(|peer| kind == Kind::Bond(peer)) {
                (places.of_peer, places.is_same) = (Some(place), record::is_same(octets, said));
            } else if places.of_peer == Some(place) {
                places.of_peer = None;
            }
        }
        Ok(places)
    }

    /// The newest record of a place.
    async fn fetch<'b>(&mut self, place: u8, buffer: &'b mut Scratch) -> Result<&'b [u8], FlashError<F::Error>> {
        let found = self.map.fetch_item::<&[u8]>(&mut buffer.0, &Place(place)).await?;
        Ok(found.unwrap_or_default())
    }

    /// Writes a record and reads it again: octets that the flash does not keep are passed over, and there is another place behind them.
    async fn write(&mut self, place: u8, octets: &[u8], buffer: &mut Scratch) -> Result<(), FlashError<F::Error>> {
        for _ in 0..ATTEMPTS {
            self.map.store_item_generic(&mut buffer.0, &Place(place), &octets).await?;
            if record::is_same(self.fetch(place, buffer).await?, octets) {
                return Ok(());
            }
        }
        Err(FlashError::Worn)
    }
}

impl<F: NorFlash> BondStore for Flash<F> {
    type Error = FlashError<F::Error>;

    async fn load(&mut self, each: &mut Each<'_>) -> Result<(), Self::Error> {
        let mut buffer = Scratch::new();
        let places = self.search(None, &[], &mut buffer).await?;
        let own = record::read_identity(self.fetch(IDENTITY, &mut buffer).await?);
        if let Some(own) = own {
            each(Record::Identity(own));
        }
        for place in (0..PLACES).filter(|place| places.is_used(*place)) {
            let Some(bond) = record::read_bond(self.fetch(place, &mut buffer).await?) else { continue };
            // Where a record has gone bad, an older one with the same peer can have come back.
            if self.search(Some(bond.peer), &[], &mut buffer).await?.of_peer == Some(place) {
                each(Record::Bond(bond));
            }
        }
        Ok(())
    }

    async fn save(&mut self, bond: &Bond) -> Result<(), Self::Error> {
        let (mut buffer, mut new) = (Scratch::new(), Scratch::new());
        let octets = record::bond(0, bond, &mut new);
        let places = self.search(Some(bond.peer), octets, &mut buffer).await?;
        if places.of_peer.is_some() && places.is_same {
            return Ok(());
        }
        let room = Self::capacity(self.pages.into());
        let place = places.of_peer.or_else(|| places.free(room)).ok_or(FlashError::Full)?;
        let octets = record::bond(place, bond, &mut new);
        self.write(place, octets, &mut buffer).await
    }

    async fn remove(&mut self, peer: Address) -> Result<(), Self::Error> {
        let (mut buffer, mut new) = (Scratch::new(), Scratch::new());
        while let Some(place) = self.search(Some(peer), &[], &mut buffer).await?.of_peer {
            self.write(place, record::free(place, &mut new), &mut buffer).await?;
        }
        Ok(())
    }

    async fn save_identity(&mut self, identity: &Identity) -> Result<(), Self::Error> {
        let (mut buffer, mut new) = (Scratch::new(), Scratch::new());
        // It looks for records of a newer version, too.
        self.search(None, &[], &mut buffer).await?;
        let octets = record::identity(IDENTITY, identity, &mut new);
        if record::is_same(self.fetch(IDENTITY, &mut buffer).await?, octets) {
            return Ok(());
        }
        self.write(IDENTITY, octets, &mut buffer).await
    }
}

/// What a look through all records has found.
struct Places {
    /// A bit for each place.
    used: [u8; 32],
    of_peer: Option<u8>,
    /// What stands there is what was to be written.
    is_same: bool,
}

impl Places {
    fn bit(place: u8) -> (usize, u8) {
        (usize::from(place >> 3), 1u8.wrapping_shl(place.into()))
    }

    fn note(&mut self, place: u8, kind: Kind) {
        let (at, bit) = Self::bit(place);
        if let Some(octet) = self.used.get_mut(at) {
            *octet = if matches!(kind, Kind::Bond(_)) { *octet | bit } else { *octet & !bit };
        }
    }

    fn is_used(&self, place: u8) -> bool {
        let (at, bit) = Self::bit(place);
        self.used.get(at).is_some_and(|octet| octet & bit != 0)
    }

    fn free(&self, room: usize) -> Option<u8> {
        (0..PLACES).take(room).find(|place| !self.is_used(*place))
    }
}

fn look<E>(octets: &[u8]) -> Result<Option<(u8, Kind)>, FlashError<E>> {
    record::look(octets).map_err(|Newer(version)| FlashError::Newer { version })
}

/// The map's key: the first octet of the record itself. So an item that is shorter than a key is a record that is none, where the map would
/// otherwise take it apart with a panic.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place(u8);

impl Key for Place {
    fn serialize_into(&self, _: &mut [u8]) -> Result<usize, SerializationError> {
        Ok(0)
    }

    fn deserialize_from(octets: &[u8]) -> Result<(Self, usize), SerializationError> {
        let first = octets.first().ok_or(SerializationError::InvalidFormat)?;
        Ok((Place(*first), 0))
    }
}
