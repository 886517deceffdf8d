//! What can go wrong with bonds in flash, in sentences.

use core::fmt;

/// Why bonds in flash are not read or kept.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlashError<E> {
    /// The driver of the flash refused.
    Driver(E),
    /// The range, or the flash, is none that bonds can be kept in.
    Geometry,
    /// There is something in the range, and it is no store of bonds, or one of another range. Nothing of it was touched.
    Foreign,
    /// A record is of a newer version than this program knows. Nothing of it was touched.
    Newer {
        /// Its version.
        version: u8,
    },
    /// The pages are a store of bonds, and what is in them makes no sense.
    Damaged,
    /// There are as many bonds as there is room for.
    Full,
    /// What is written to the flash is not there afterwards. What was there before is.
    Worn,
}

impl<E> From<sequential_storage::Error<E>> for FlashError<E> {
    fn from(error: sequential_storage::Error<E>) -> Self {
        match error {
            sequential_storage::Error::Storage { value, .. } => FlashError::Driver(value),
            sequential_storage::Error::FullStorage => FlashError::Full,
            // The rest is a record that we have not written.
            _ => FlashError::Damaged,
        }
    }
}

impl<E: fmt::Debug> fmt::Display for FlashError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sentence = match self {
            FlashError::Driver(error) => return write!(f, "the driver of the flash refused: {error:?}"),
            FlashError::Geometry => {
                "the range is no place for bonds: it needs 2 to 255 whole pages, which have room for a bond, and words of 1 to 32 \
                 octets"
            }
            FlashError::Foreign => {
                "something else than bonds is in that flash: give another range, or have it erased by Flash::erase"
            }
            FlashError::Newer { version } => {
                return write!(
                    f,
                    "a newer program keeps its bonds there, in version {version}: run that again, or have them erased by Flash::erase \
                     and pair anew"
                );
            }
            FlashError::Damaged => "the bonds in flash cannot be read: have them erased by Flash::erase and pair anew",
            FlashError::Full => "there is no room for another bond: remove one, or give the store more pages",
            FlashError::Worn => "the flash does not keep what is written to it: give the store other pages",
        };
        f.write_str(sentence)
    }
}

impl<E: fmt::Debug> core::error::Error for FlashError<E> {}
