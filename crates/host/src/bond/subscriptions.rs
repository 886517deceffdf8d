//! What a bonded peer has subscribed to (Vol 3, Part G, 3.3.3.3): it stays subscribed from link to link.

use crate::gatt::Updates;
use core::fmt;

/// Sixteen subscriptions at most: the handle of each CCCD, and what its peer wants. In the order of handles.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Subscriptions {
    /// 0 where there is none, and none is behind it.
    handles: [u16; Subscriptions::MOST],
    kinds: [u8; Subscriptions::MOST],
}

impl Subscriptions {
    /// How many there can be.
    pub const MOST: usize = 16;

    /// None.
    pub const NONE: Subscriptions = Subscriptions { handles: [0; Self::MOST], kinds: [0; Self::MOST] };

    /// The handles of the CCCDs, and what is subscribed to.
    pub fn iter(&self) -> impl Iterator<Item = (u16, Updates)> + '_ {
        let kinds = self.kinds.iter().map(|kinds| Updates::from_bits_truncate(*kinds));
        self.handles.iter().copied().zip(kinds).take_while(|(handle, _)| *handle != 0)
    }

    /// What is subscribed to by the CCCD with this handle.
    pub fn get(&self, handle: u16) -> Updates {
        self.iter().find(|(of, _)| *of == handle).map_or(Updates::empty(), |(_, updates)| updates)
    }

    /// Sets what is subscribed to by the CCCD with this handle. False where there is no room for it, or no such handle: then
    /// everything is as it was.
    #[must_use]
    pub fn set(&mut self, handle: u16, updates: Updates) -> bool {
        if handle == 0 {
            return false;
        }
        let mut next = Subscriptions::NONE;
        let mut slots = next.handles.iter_mut().zip(next.kinds.iter_mut());
        let before = self.iter().filter(|(of, _)| *of < handle);
        let after = self.iter().filter(|(of, _)| *of > handle);
        let own = (!updates.is_empty()).then_some((handle, updates));
        for (of, updates) in before.chain(own).chain(after) {
            let Some((handle, kinds)) = slots.next() else { return false };
            (*handle, *kinds) = (of, updates.bits());
        }
        *self = next;
        true
    }
}

impl Default for Subscriptions {
    fn default() -> Self {
        Self::NONE
    }
}

impl fmt::Debug for Subscriptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}
