//! A file that is written under another name until all of it is there.

use std::{
    ffi::OsString,
    fs::{self, File},
    io::{self, Write},
    path::PathBuf,
};

/// A file in the making: `.part` stands behind its name until it is kept. Dropped before that, nothing is left of it.
#[derive(Debug)]
pub struct Output {
    path: PathBuf,
    part: PathBuf,
    file: Option<File>,
}

impl Output {
    /// A file that is to be at `path`, in the place of one that may be there.
    ///
    /// # Errors
    /// Where it cannot be made.
    pub fn new(path: PathBuf) -> io::Result<Self> {
        let mut part = OsString::from(&path);
        part.push(".part");
        let part = PathBuf::from(part);
        let file = Some(File::create(&part)?);
        Ok(Output { path, part, file })
    }

    /// Writes the next octets.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| file.write_all(octets))
    }

    /// All of it is there.
    ///
    /// # Errors
    /// Where it cannot have its name.
    pub fn keep(mut self) -> io::Result<()> {
        fs::rename(&self.part, &self.path)?;
        self.file = None;
        Ok(())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // What cannot be removed stays, and is written over the next time.
            let _ = fs::remove_file(&self.part);
        }
    }
}
