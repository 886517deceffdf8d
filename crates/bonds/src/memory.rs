//! A store that is gone with the program: for tests, and for hosts that are restarted within it.

use crate::{BondStore, Contents};
use core::convert::Infallible;
use jelling::{Address, Bond, Identity, security::Each};

/// Bonds in RAM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// What is kept.
    pub contents: Contents,
    /// How often something was saved or removed: what a store in flash would have been worn by.
    pub writes: usize,
}

impl Memory {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl BondStore for Memory {
    type Error = Infallible;

    async fn load(&mut self, each: &mut Each<'_>) -> Result<(), Infallible> {
        self.contents.each(each);
        Ok(())
    }

    async fn save(&mut self, bond: &Bond) -> Result<(), Infallible> {
        self.writes = self.writes.saturating_add(1);
        self.contents.put(bond);
        Ok(())
    }

    async fn remove(&mut self, peer: Address) -> Result<(), Infallible> {
        self.writes = self.writes.saturating_add(1);
        self.contents.remove(peer);
        Ok(())
    }

    async fn save_identity(&mut self, identity: &Identity) -> Result<(), Infallible> {
        self.writes = self.writes.saturating_add(1);
        self.contents.identity = Some(*identity);
        Ok(())
    }
}
