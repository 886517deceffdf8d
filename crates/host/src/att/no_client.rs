//! A host without a GATT client: it has asked for nothing, and confirms what it is told all the same.

use crate::{Core, counters::count, link::Owed};
use jelling_wire::att::Opcode;

impl Core<'_> {
    /// An answer to no request.
    pub(super) fn on_response(&mut self, _: usize, _: &[u8]) {
        count(&mut self.state.counters.unexpected);
    }

    /// As little as any other.
    pub(super) fn on_broken_response(&mut self, _: usize) {
        count(&mut self.state.counters.unexpected);
    }

    /// A value that nobody subscribed to. Vol 3, Part F, 3.4.7.3: an indication is confirmed, whatever becomes of it.
    pub(super) fn on_value(&mut self, index: usize, octets: &[u8]) {
        let Some((&[opcode, ..], _)) = octets.split_first_chunk::<3>() else {
            return self.drop_malformed("an ATT value without a handle");
        };
        count(&mut self.state.counters.unexpected);
        if opcode == Opcode::HANDLE_VALUE_INDICATION.0
            && let Some(link) = self.links.get_mut(index)
        {
            link.owed.insert(Owed::CONFIRMATION);
        }
    }
}
