//! What a client makes of a table that changes (Vol 3, Part G, 2.5.2 and 7): the features it supports.

use crate::Core;
use bitflags::bitflags;
use jelling_wire::att::ErrorCode;

bitflags! {
    /// A link's client: what it wrote to Client Supported Features.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Changes: u8 {
        /// It wants to be told that it works with an old table.
        const ROBUST_CACHING = 1;
        /// It can have several ATT bearers.
        const ENHANCED_BEARERS = 2;
        /// It takes several values in one notification.
        const MULTIPLE_NOTIFICATIONS = 4;
    }
}

/// The first octet of Client Supported Features (Vol 3, Part G, 7.2).
const FEATURES: Changes =
    Changes::ROBUST_CACHING.union(Changes::ENHANCED_BEARERS).union(Changes::MULTIPLE_NOTIFICATIONS);

impl Core<'_> {
    /// What a link's client supports, as it wrote it.
    pub(crate) fn client_features(&self, link: usize) -> u8 {
        self.links.get(link).map_or(0, |l| l.changes.intersection(FEATURES).bits())
    }

    /// What a client's write to Client Supported Features sets, if it may. Bits that mean nothing, and octets behind the first, are
    /// not kept.
    pub(crate) fn may_support(&self, link: usize, value: &[u8]) -> Result<Changes, ErrorCode> {
        let &first = value.first().ok_or(ErrorCode::INVALID_ATTRIBUTE_VALUE_LENGTH)?;
        let wanted = Changes::from_bits_truncate(first).intersection(FEATURES);
        // Vol 3, Part G, 7.2: a client shall not clear a bit that it has set.
        let set = Changes::from_bits_truncate(self.client_features(link));
        if wanted.contains(set) { Ok(wanted) } else { Err(ErrorCode::VALUE_NOT_ALLOWED) }
    }

    /// A client tells what it supports.
    pub(crate) fn set_client_features(&mut self, link: usize, value: &[u8]) -> Result<(), ErrorCode> {
        let wanted = self.may_support(link, value)?;
        if let Some(link) = self.links.get_mut(link) {
            link.changes.insert(wanted);
        }
        Ok(())
    }
}
