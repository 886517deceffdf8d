//! Bonds in a file, which one program has open at a time.

use crate::{
    BondStore, Contents, Error,
    disk::{self, Disk, Real},
    format,
};
use jelling::{Address, Bond, Identity, security::Each};
use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

/// Bonds in a file of JSON.
///
/// The file is replaced as a whole by each change: a power cut, a full disk or a crash at any moment leaves the old file or the new
/// one, never half of one. It has mode 0600, for it has keys in it: who reads them can listen to the peers and be taken for them.
///
/// # What is in it
///
/// An object with `format`, `version` (1), `checksum` and `records`: our own identity, and each bond with all that belongs to it. Octets are
/// hex as they go over the air, least significant first; addresses are as they are written everywhere. It is not meant to be
/// edited: a checksum tells what is not as it was written. Fields that its version does not have are refused, not kept.
///
/// # Two programs
///
/// While a store is open it holds a lock on a file beside it, `NAME.lock`, which stays when the program has ended; another `open` is
/// [`Error::InUse`]. On a file system that knows no locks nobody is stopped, and the last to save wins. [`JsonFile::peek`] reads
/// without a lock, at any time.
///
/// # It blocks
///
/// Its methods wait for the disk, some milliseconds or tens of them: also those of [`BondStore`], whose futures are ready at once.
#[derive(Debug)]
pub struct JsonFile {
    store: Store<Real>,
    /// Held as long as it is open.
    _lock: File,
}

impl JsonFile {
    /// Opens a file of bonds. One that is not there is an empty store, and is made, with its folder, when there is something to save.
    ///
    /// A file that is damaged, of another version or none of bonds is [`Error::Damaged`], which tells what is wrong: it is renamed to
    /// `NAME.damaged`, or `NAME.damaged-2` and so on where there is one, and never written over. The next `open` begins with an
    /// empty store.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = resolved(path.into())?;
        let lock = lock(&path)?;
        match disk::make_private(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(&path, "protect it", error)),
            _ => {}
        }
        Ok(JsonFile { store: Store::open(Real, path)?, _lock: lock })
    }

    /// What is in a file of bonds, whoever has it open: nothing is locked, renamed or changed. One that is not there is empty.
    pub fn peek(path: impl Into<PathBuf>) -> Result<Contents, Error> {
        let path = resolved(path.into())?;
        let read = Store::<Real>::read(&mut Real, &path)?;
        read.map_err(|what| Error::Damaged { path, what, aside: None })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.store.path
    }

    /// What it holds.
    pub fn contents(&self) -> &Contents {
        &self.store.contents
    }

    /// The bonds, in the order in which they were made.
    pub fn list(&self) -> &[Bond] {
        &self.store.contents.bonds
    }

    /// Forgets the bond with a peer, by its identity, and tells whether there was one.
    pub fn forget(&mut self, peer: Address) -> Result<bool, Error> {
        let before = self.list().len();
        self.store.change(|contents| contents.remove(peer))?;
        Ok(self.list().len() != before)
    }

    /// The text of the file, keys and all: to be put where another host opens it.
    pub fn export(&self) -> Result<String, Error> {
        let text = self.store.text(&self.store.contents)?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

impl BondStore for JsonFile {
    type Error = Error;

    async fn load(&mut self, each: &mut Each<'_>) -> Result<(), Error> {
        self.store.contents.each(each);
        Ok(())
    }

    async fn save(&mut self, bond: &Bond) -> Result<(), Error> {
        self.store.change(|contents| contents.put(bond))
    }

    async fn remove(&mut self, peer: Address) -> Result<(), Error> {
        self.store.change(|contents| contents.remove(peer))
    }

    async fn save_identity(&mut self, identity: &Identity) -> Result<(), Error> {
        self.store.change(|contents| contents.identity = Some(*identity))
    }
}

/// A file of bonds on any disk.
#[derive(Debug)]
pub(crate) struct Store<D> {
    pub(crate) disk: D,
    path: PathBuf,
    pub(crate) contents: Contents,
    /// The file has these contents, but they may not have reached the medium.
    unsure: bool,
}

impl<D: Disk> Store<D> {
    /// What a file has, or what is wrong with it.
    fn read(disk: &mut D, path: &Path) -> Result<Result<Contents, String>, Error> {
        match disk.read(path) {
            Ok(text) => Ok(format::read(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Ok(Contents::default())),
            Err(error) => Err(failed(path, "read it", error)),
        }
    }

    pub(crate) fn open(mut disk: D, path: PathBuf) -> Result<Self, Error> {
        match Self::read(&mut disk, &path)? {
            Ok(contents) => Ok(Store { disk, path, contents, unsure: false }),
            Err(what) => match disk::set_aside(&mut disk, &path) {
                Ok(aside) => Err(Error::Damaged { path, what, aside: Some(aside) }),
                Err(error) => {
                    let source = io::Error::new(error.kind(), format!("{error}, and {what}"));
                    Err(failed(&path, "keep it aside", source))
                }
            },
        }
    }

    fn text(&self, contents: &Contents) -> Result<Vec<u8>, Error> {
        format::write(contents).map_err(|error| failed(&self.path, "put it into words", io::Error::other(error)))
    }

    /// Changes what is kept. What stays as it is is not written again.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Contents)) -> Result<(), Error> {
        let mut next = self.contents.clone();
        change(&mut next);
        if next == self.contents && !self.unsure {
            return Ok(());
        }
        let text = self.text(&next)?;
        let replaced = disk::replace(&mut self.disk, &self.path, &text);
        if replaced.in_place {
            self.contents = next;
            self.unsure = replaced.result.is_err();
        }
        replaced.result.map_err(|error| failed(&self.path, "write it", error))
    }
}

fn failed(path: &Path, doing: &'static str, source: io::Error) -> Error {
    Error::Io { path: path.to_owned(), doing, source }
}

/// The file behind a link, whose name is to stay one.
fn resolved(path: PathBuf) -> Result<PathBuf, Error> {
    match fs::canonicalize(&path) {
        Ok(real) => Ok(real),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(path),
        Err(error) => Err(failed(&path, "find it", error)),
    }
}

/// Takes the lock of a file of bonds.
fn lock(path: &Path) -> Result<File, Error> {
    disk::make_folder(disk::folder(path)).map_err(|error| failed(path, "make its folder", error))?;
    let beside = disk::beside(path, ".lock");
    let mut options = OpenOptions::new();
    let file = disk::private(options.write(true).create(true).truncate(false)).open(beside);
    let file = file.map_err(|error| failed(path, "lock it", error))?;
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Error::InUse { path: path.to_owned() }),
        Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
            Err(failed(path, "lock it", error))
        }
        _ => Ok(file),
    }
}
