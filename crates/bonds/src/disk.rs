//! How a file is replaced so that the old or the new one is found, whatever happens meanwhile: a temporary file in the same folder,
//! flushed, takes the name of the old one, and the folder is flushed.

use std::{
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// What is asked of a file system, step by step: tests have one whose power fails.
pub(crate) trait Disk {
    /// An open file.
    type File;

    /// The octets of a file.
    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>>;
    /// A new file, which nobody else may read; an error where there is one.
    fn create(&mut self, path: &Path) -> io::Result<Self::File>;
    /// Appends octets.
    fn write(&mut self, file: &mut Self::File, octets: &[u8]) -> io::Result<()>;
    /// The octets of a file reach the medium.
    fn flush(&mut self, file: &mut Self::File) -> io::Result<()>;
    /// Gives a file another name, and takes it from the one that had it, at once.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()>;
    /// The names in a folder reach the medium.
    fn flush_folder(&mut self, folder: &Path) -> io::Result<()>;
    /// Removes a file.
    fn remove(&mut self, path: &Path) -> io::Result<()>;
}

/// How far a replacement came.
pub(crate) struct Replaced {
    /// The new octets have the name of the file.
    pub(crate) in_place: bool,
    /// And are there for good, or why not.
    pub(crate) result: io::Result<()>,
}

/// Puts octets in the place of a file, or makes one.
pub(crate) fn replace<D: Disk>(disk: &mut D, path: &Path, octets: &[u8]) -> Replaced {
    let temporary = beside(path, ".tmp");
    let write = |disk: &mut D| {
        // What an earlier attempt left.
        gone(disk.remove(&temporary))?;
        let mut file = disk.create(&temporary)?;
        disk.write(&mut file, octets)?;
        disk.flush(&mut file)?;
        disk.rename(&temporary, path)
    };
    if let Err(error) = write(disk) {
        // It has keys in it. Where it cannot be removed now, the next attempt does it.
        let _ = disk.remove(&temporary);
        return Replaced { in_place: false, result: Err(error) };
    }
    Replaced { in_place: true, result: disk.flush_folder(folder(path)) }
}

/// Renames a file that is not to be written over to a name that none has, and gives that.
pub(crate) fn set_aside<D: Disk>(disk: &mut D, path: &Path) -> io::Result<PathBuf> {
    let mut number = 1u32;
    loop {
        let ending = if number == 1 { ".damaged".to_owned() } else { format!(".damaged-{number}") };
        let aside = beside(path, &ending);
        // The name is taken before it is written over: two programs never take the same.
        match disk.create(&aside) {
            Ok(_) => {
                if let Err(error) = disk.rename(path, &aside) {
                    let _ = disk.remove(&aside);
                    return Err(error);
                }
                disk.flush_folder(folder(path))?;
                return Ok(aside);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.saturating_add(1),
            Err(error) => return Err(error),
        }
    }
}

/// A file beside another, with more behind its name.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}

/// The folder of a file.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn gone(removed: io::Result<()>) -> io::Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Makes a folder and those above it, whose names reach the medium.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let above = folder(path);
    make_folder(above)?;
    match fs::create_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        made => made.and_then(|()| Real.flush_folder(above)),
    }
}

/// The file system of the operating system.
#[derive(Debug)]
pub(crate) struct Real;

impl Disk for Real {
    type File = File;

    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }

    fn create(&mut self, path: &Path) -> io::Result<File> {
        private(OpenOptions::new().write(true).create_new(true)).open(path)
    }

    fn write(&mut self, file: &mut File, octets: &[u8]) -> io::Result<()> {
        file.write_all(octets)
    }

    fn flush(&mut self, file: &mut File) -> io::Result<()> {
        file.sync_all()
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn flush_folder(&mut self, folder: &Path) -> io::Result<()> {
        // Elsewhere a folder is no file, and the names are flushed with what they name.
        if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }
}

/// Mode 0600 for what is made.
pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Mode 0600 for a file that is there, if others may do more.
pub(crate) fn make_private(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
            return fs::set_permissions(path, fs::Permissions::from_mode(0o600));
        }
    }
    Ok(())
}
