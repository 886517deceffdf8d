//! What can go wrong with a file of bonds, in sentences.

use core::fmt;
use std::{io, path::PathBuf};

/// Why bonds are not read or kept.
#[non_exhaustive]
#[derive(Debug)]
pub enum Error {
    /// The file system refused.
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        doing: &'static str,
        /// Why it was refused.
        source: io::Error,
    },
    /// The file is no file of bonds, or not what was written. It was renamed, so that nothing is written over it; the next `open`
    /// finds none, and begins with an empty store.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
        /// Where it is now; `None` where it is only read, and stays.
        aside: Option<PathBuf>,
    },
    /// Another program has the file open, or this one has it twice.
    InUse {
        /// The file.
        path: PathBuf,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io { path, doing, source } => write!(f, "{}: could not {doing}: {source}", path.display()),
            Error::Damaged { path, what, aside: Some(aside) } => {
                write!(
                    f,
                    "{}: {what}. It is kept as {}: put a copy of yours in its place, or go on without the bonds in it and \
                     pair again",
                    path.display(),
                    aside.display()
                )
            }
            Error::Damaged { path, what, aside: None } => write!(f, "{}: {what}", path.display()),
            Error::InUse { path } => {
                write!(f, "{}: another program keeps its bonds there: end it, or name another file", path.display())
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
