//! Several values in one notification (Vol 3, Part G, 4.10.2), for a client that says that it takes them.

use super::{AttributeId, Updates, changed::Changes, update::Recipient};
use crate::{Core, att::Payload, error::Error, link::LinkId};
use jelling_wire::{att::Opcode, l2cap::ChannelId};

/// Octets before each value: its handle and its length.
const HEADER: usize = 4;

impl Core<'_> {
    /// Notifies a subscriber of the first of `values`, as many as one notification holds, and tells how many: one at a time for a
    /// client that takes no more (Client Supported Features, Vol 3, Part G, 7.2). The errors are those of `notify`, about the
    /// first value that may not be told; nothing has been sent then.
    pub fn notify_several(&mut self, link: LinkId, values: &[(AttributeId, &[u8])]) -> Result<usize, Error> {
        let Some((first, value)) = values.first() else { return Ok(0) };
        for (id, _) in values {
            self.to_tell(*id, link, Updates::NOTIFY, Recipient::Subscriber)?;
        }
        self.may_begin(link)?;
        let (index, slot) = (usize::from(link.index), self.link(link)?);
        let mtu = usize::from(slot.mtu);
        let takes_several = slot.changes.contains(Changes::MULTIPLE_NOTIFICATIONS);
        let mut room = mtu.saturating_sub(1);
        let fit = values.iter().take_while(|(_, value)| {
            let rest = room.checked_sub(HEADER.saturating_add(value.len()));
            room = rest.unwrap_or(0);
            rest.is_some()
        });
        let fit = fit.count();
        // Vol 3, Part F, 3.4.7.4: there are two values at least.
        if !takes_several || fit < 2 {
            return self.notify_as(*first, link, Payload::Given(value), Recipient::Subscriber).map(|()| 1);
        }
        if !self.can_send(index) {
            return Err(Error::Busy);
        }
        let sent = self.put_frame(index, ChannelId::ATT, mtu, |_, w| {
            w.u8(Opcode::MULTIPLE_HANDLE_VALUE_NOTIFICATION.0);
            for (id, value) in values.iter().take(fit) {
                w.u16(id.handle);
                w.u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
                w.bytes(value);
            }
            true
        });
        if sent { Ok(fit) } else { Err(Error::TooLong) }
    }
}
