//! A host without a GATT client: it has asked for nothing, and confirms what it is told all the same.

use crate::{Core, counters::count, link::Owed};
use jelling_wire::att::Pdu;

impl Core<'_> {
    /// An answer to no request.
    pub(super) fn on_response(&mut self, _: usize, _: &[u8], _: Option<&Pdu<'_>>) {
        count(&mut self.state.counters.unexpected);
    }

    /// A value that nobody subscribed to. Vol 3, Part F, 3.4.7.3: an indication is confirmed, whatever becomes of it.
    pub(super) fn on_value(&mut self, index: usize, pdu: &Pdu<'_>) {
        count(&mut self.state.counters.unexpected);
        if let (Pdu::HandleValueIndication { .. }, Some(link)) = (pdu, self.links.get_mut(index)) {
            link.owed.insert(Owed::CONFIRMATION);
        }
    }
}
