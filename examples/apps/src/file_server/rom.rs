//! Files that are in the program: what an MCU has in its flash.

use super::Files;
use crate::files::{Status, copy};

/// Files by name, in one folder whose path is empty.
#[derive(Clone, Copy, Debug)]
pub struct Rom<'f> {
    files: &'f [(&'f str, &'f [u8])],
    /// What is left of the open one.
    rest: &'f [u8],
}

impl<'f> Rom<'f> {
    /// These files.
    #[must_use]
    pub const fn new(files: &'f [(&'f str, &'f [u8])]) -> Self {
        Rom { files, rest: &[] }
    }

    fn find(&self, path: &str) -> Result<&'f [u8], Status> {
        self.files.iter().find(|(name, _)| *name == path).map(|(_, octets)| *octets).ok_or(Status::NOT_FOUND)
    }
}

fn length(octets: &[u8]) -> Result<u32, Status> {
    octets.len().try_into().map_err(|_| Status::FAILED)
}

impl Files for Rom<'_> {
    async fn size(&mut self, path: &str) -> Result<u32, Status> {
        length(self.find(path)?)
    }

    async fn open(&mut self, path: &str) -> Result<u32, Status> {
        self.rest = self.find(path)?;
        length(self.rest)
    }

    async fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Status> {
        let (part, rest) = self.rest.split_at_checked(buffer.len()).unwrap_or((self.rest, &[]));
        copy(buffer, part);
        self.rest = rest;
        Ok(part.len())
    }

    async fn entry(&mut self, path: &str, number: usize) -> Result<Option<(&str, u32)>, Status> {
        if !path.is_empty() {
            return Err(Status::NOT_FOUND);
        }
        let entry = self.files.get(number).map(|(name, octets)| Ok((*name, length(octets)?)));
        entry.transpose()
    }
}
