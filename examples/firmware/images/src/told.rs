//! A store of bonds that says on the console what it has done.

use board::println;
use jelling::{
    Address, Bond, Identity,
    security::{BondStore, Each},
};

/// A store, told about. No key is.
#[derive(Debug)]
pub struct Told<S>(pub S);

impl<S: BondStore> BondStore for Told<S> {
    type Error = S::Error;

    async fn load(&mut self, each: &mut Each<'_>) -> Result<(), Self::Error> {
        self.0.load(each).await
    }

    async fn save(&mut self, bond: &Bond) -> Result<(), Self::Error> {
        self.0.save(bond).await?;
        println!("bond with {} kept", bond.peer);
        Ok(())
    }

    async fn remove(&mut self, peer: Address) -> Result<(), Self::Error> {
        self.0.remove(peer).await?;
        println!("bond with {peer} removed");
        Ok(())
    }

    async fn save_identity(&mut self, identity: &Identity) -> Result<(), Self::Error> {
        self.0.save_identity(identity).await
    }
}
