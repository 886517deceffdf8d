//! Where octets come from and go to: files, and whatever standard input and output are. What may block (a pipe whose other end
//! is slow) waits on a thread, so that the link goes on.

use crate::output::reason;
use anyhow::{Result, anyhow, bail};
use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::MetadataExt,
    },
    path::Path,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// A file that reads and writes at once, or anything else.
enum Handle {
    Regular(File),
    Slow(tokio::fs::File),
}

impl Handle {
    fn new(file: File, metadata: &Metadata) -> Handle {
        match metadata.is_file() {
            true => Handle::Regular(file),
            false => Handle::Slow(tokio::fs::File::from_std(file)),
        }
    }
}

fn standard(descriptor: BorrowedFd<'_>) -> io::Result<File> {
    descriptor.try_clone_to_owned().map(File::from)
}

/// True of no file at all, and of `-`.
pub(super) fn is_standard(path: Option<&Path>) -> bool {
    path.is_none_or(|path| path.as_os_str() == "-")
}

/// What is sent.
pub(super) struct Source {
    handle: Handle,
    name: String,
    /// Octets, where that can be known beforehand.
    pub(super) length: Option<u64>,
    identity: (u64, u64),
}

impl Source {
    /// A file, or standard input.
    pub(super) fn open(path: Option<&Path>) -> Result<Source> {
        let (opened, name) = match path.filter(|path| !is_standard(Some(path))) {
            Some(path) => (File::open(path), path.display().to_string()),
            None => (standard(io::stdin().as_fd()), "standard input".into()),
        };
        let opened = opened.and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        let (file, metadata) = opened.map_err(|error| anyhow!("{name} cannot be read: {}", reason(&error)))?;
        if metadata.is_dir() {
            bail!("{name} cannot be read: it is a directory");
        }
        // A redirected standard input may have been read from already.
        let length = (metadata.is_file() && !is_standard(path)).then_some(metadata.len());
        Ok(Source { handle: Handle::new(file, &metadata), name, length, identity: identity(&metadata) })
    }

    /// The next octets, as many as there are at once; 0 at the end. Dropping the future loses nothing.
    pub(super) async fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = match &mut self.handle {
            Handle::Regular(file) => fill(file, buffer),
            Handle::Slow(file) => file.read(buffer).await,
        };
        read.map_err(|error| anyhow!("{} cannot be read: {}", self.name, reason(&error)))
    }
}

/// Reads until the buffer is full or the file at its end.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// What has been written.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    All,
    /// Whoever read it has gone away, which is its own affair.
    NobodyReads,
}

/// Where goes what comes.
pub(super) struct Sink {
    handle: Option<Handle>,
    name: String,
    is_begun: bool,
}

impl Sink {
    /// A file, which is emptied when the first channel is open, or standard output.
    pub(super) fn open(path: Option<&Path>) -> Result<Sink> {
        let (opened, name) = match path.filter(|path| !is_standard(Some(path))) {
            Some(path) => {
                let opened = OpenOptions::new().write(true).create(true).truncate(false).open(path);
                (opened, path.display().to_string())
            }
            None => (standard(io::stdout().as_fd()), "standard output".into()),
        };
        let opened = opened.and_then(|file| file.metadata().map(|metadata| (file, metadata)));
        let (file, metadata) = opened.map_err(|error| anyhow!("{name} cannot be written: {}", reason(&error)))?;
        // What standard output is, and where it stands in it, is the affair of who started the program.
        Ok(Sink { handle: Some(Handle::new(file, &metadata)), name, is_begun: is_standard(path) })
    }

    /// Nowhere.
    pub(super) fn none() -> Sink {
        Sink { handle: None, name: String::new(), is_begun: true }
    }

    /// A file loses what it held before.
    pub(super) fn begin(&mut self) -> Result<()> {
        if !std::mem::replace(&mut self.is_begun, true)
            && let Some(Handle::Regular(file)) = &self.handle
        {
            file.set_len(0).map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    /// Writes all of it. On a file that is done at once; else a future that is dropped may leave a part unwritten.
    pub(super) async fn write(&mut self, octets: &[u8]) -> Result<Written> {
        let written = match &mut self.handle {
            None => Ok(()),
            Some(Handle::Regular(file)) => file.write_all(octets),
            Some(Handle::Slow(file)) => match file.write_all(octets).await {
                Ok(()) => file.flush().await,
                Err(error) => Err(error),
            },
        };
        match written {
            Ok(()) => Ok(Written::All),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Written::NobodyReads),
            Err(error) => Err(self.failed(&error)),
        }
    }

    fn failed(&self, error: &io::Error) -> anyhow::Error {
        anyhow!("{} cannot be written: {}", self.name, reason(error))
    }

    /// A file that is sent must not be written to.
    pub(super) fn is_not(&self, source: &Source) -> Result<()> {
        let Some(Handle::Regular(file)) = &self.handle else { return Ok(()) };
        let metadata = file.metadata().map_err(|error| self.failed(&error))?;
        if identity(&metadata) == source.identity {
            bail!("{} is read and written at once: give --output a file of its own", self.name);
        }
        Ok(())
    }
}

/// What makes a file the same under another name.
fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_emptied_once_and_then_goes_on() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out");
        std::fs::write(&path, b"before").unwrap();
        let mut sink = Sink::open(Some(&path)).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for octets in [b"one", b"two"] {
            sink.begin().unwrap();
            assert_eq!(runtime.block_on(sink.write(octets)).unwrap(), Written::All);
        }
        assert_eq!(std::fs::read(&path).unwrap(), b"onetwo");
    }

    #[test]
    fn what_cannot_be_opened_is_said_with_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent/file");
        let said = |result: Result<()>| result.unwrap_err().to_string();
        let name = absent.display();
        assert_eq!(
            said(Sink::open(Some(&absent)).map(|_| ())),
            format!("{name} cannot be written: No such file or directory")
        );
        assert_eq!(
            said(Source::open(Some(&absent)).map(|_| ())),
            format!("{name} cannot be read: No such file or directory")
        );
        let name = folder.path().display();
        assert_eq!(
            said(Source::open(Some(folder.path())).map(|_| ())),
            format!("{name} cannot be read: it is a directory")
        );
    }

    #[test]
    fn a_file_is_not_sent_into_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, b"kept").unwrap();
        let linked = folder.path().join("linked");
        std::fs::hard_link(&path, &linked).unwrap();
        let source = Source::open(Some(&path)).unwrap();
        assert!(Sink::open(Some(&linked)).unwrap().is_not(&source).is_err());
        assert!(Sink::open(Some(&folder.path().join("other"))).unwrap().is_not(&source).is_ok());
        assert_eq!(std::fs::read(&path).unwrap(), b"kept");
    }
}
