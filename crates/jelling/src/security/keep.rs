//! Bonds outlive the program: a store has them, and a task keeps it as it should be.

use crate::{core::Host, operation::wait, waiting::Topic};
use ::core::task::Poll;
use jelling_host::{Bond, BondChange, Core, Identity, wire::Address};

/// What a store gives when it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Our own identity: one at most, before the bonds.
    Identity(Identity),
    /// A bond: one for each peer, in any order.
    Bond(Bond),
}

/// Who is given the records of a store: `Send` with feature `sync`, where a task that keeps a store may go from one thread to another.
#[cfg(not(feature = "sync"))]
pub type Each<'e> = dyn FnMut(Record) + 'e;
/// Who is given the records of a store: `Send` with feature `sync`, where a task that keeps a store may go from one thread to another.
#[cfg(feature = "sync")]
pub type Each<'e> = dyn FnMut(Record) + Send + 'e;

/// Where bonds are while the power is off: flash, a file. The crate `jelling-bonds` has a file of JSON, for a PC.
///
/// A bond is one record and is saved as a whole: keys, identity, what its client has subscribed to, when it was used last.
///
/// # Power may fail at any moment
///
/// After each method the old record or the new one must be found, whole. What has returned is kept. A method whose future is
/// dropped may have done it or not; the same change is given again by the next [`keep`].
///
/// # Flash
///
/// A change comes when there is something new: a pairing, a subscription, a signature's counter, another order of the last uses. Changes
/// of one bond that come while it is being saved are one change afterwards.
#[expect(async_fn_in_trait, reason = "an implementation says by itself whether its futures are Send")]
pub trait BondStore {
    /// Why the store did not do it.
    type Error;

    /// Gives every record to `each`. An empty store has none, and that is no error.
    async fn load(&mut self, each: &mut Each<'_>) -> Result<(), Self::Error>;

    /// Saves a bond, in the place of the one with the same peer.
    async fn save(&mut self, bond: &Bond) -> Result<(), Self::Error>;

    /// Removes the bond of the peer with this identity. There may be none.
    async fn remove(&mut self, peer: Address) -> Result<(), Self::Error>;

    /// Saves our own identity, in the place of what was there.
    async fn save_identity(&mut self, identity: &Identity) -> Result<(), Self::Error>;
}

/// Gives the host what a store has: our own identity, and the bonds that were used last, as many as there are slots. What has no slot
/// stays in the store, and what is no bond of any pairing is passed over.
///
/// Await it before anything switches the radio on: a random static address that was drawn before is the host's only from the
/// next start on, and bonded peers look for it.
///
/// Dropping the future leaves what was loaded by then; loading once more is harmless, before [`keep`] and beside it.
pub async fn load<S: BondStore>(host: Host<'_>, store: &mut S) -> Result<(), S::Error> {
    let mut each = |record| {
        host.with(|core| {
            // Nothing of this can be wrong but the record, or that there is no slot for it.
            let _ = match &record {
                Record::Identity(identity) => core.restore_identity(identity),
                // The store has it because it has not been told yet.
                Record::Bond(bond) if core.is_being_removed(bond.peer) => Ok(()),
                Record::Bond(bond) => core.restore_bond(bond),
            };
        });
    };
    store.load(&mut each).await
}

/// Loads a store as [`load`] does, and saves each change from then on, for ever: it ends with the store's error alone. Run it beside the
/// [`Runner`](crate::Runner), and poll it before what switches the radio on; a store that takes its time to load is awaited
/// with [`load`] first.
///
/// Where a store fails, nothing is lost: the host goes on, and the next call saves what this one has not. The same where the future is
/// dropped, in the middle of saving too.
///
/// ```no_run
/// # async fn run(host: jelling::Host<'_>, mut store: impl jelling::security::BondStore<Error = std::io::Error>) {
/// let error = jelling::security::keep(host, &mut store).await;
/// println!("bonds are no longer kept: {error}");
/// # }
/// ```
pub async fn keep<S: BondStore>(host: Host<'_>, store: &mut S) -> S::Error {
    if let Err(error) = load(host, store).await {
        return error;
    }
    loop {
        let look = |core: &mut Core<'_>| core.bond_change().map_or(Poll::Pending, |change| Poll::Ready(Ok(change)));
        // Nothing but a lock that is taken can fail here.
        let Ok(change) = wait(host, Topic::Bonds, None, look).await else {
            embassy_futures::yield_now().await;
            continue;
        };
        let saved = match &change {
            BondChange::Saved(bond) => store.save(bond).await,
            BondChange::Removed(peer) => store.remove(*peer).await,
            BondChange::Identity(identity) => store.save_identity(identity).await,
        };
        if let Err(error) = saved {
            return error;
        }
        host.with(|core| core.bond_change_kept(&change));
    }
}
