//! What is written behind a part of a channel's frame without another look at the core.

use super::Next;
#[cfg(feature = "l2cap")]
use jelling_host::FramePart;
use jelling_host::{Core, Instant};

/// Parts of channels' frames that are written behind the first one, without an entry for each.
#[derive(Default)]
pub(super) struct Behind {
    #[cfg(feature = "l2cap")]
    parts: [Option<FramePart>; 4],
}

impl Behind {
    /// Takes what may be written behind `next`.
    #[cfg(feature = "l2cap")]
    pub(super) fn fill(&mut self, next: &mut Option<Next>, core: &mut Core<'_>, now: Instant) {
        let Some(Next::Part(part)) = next else { return };
        core.extend_part(part);
        let [first, others @ ..] = &mut self.parts;
        *first = part.following();
        for place in others {
            *place = core.poll_part(now);
            match place {
                Some(part) => core.extend_part(part),
                None => return,
            }
        }
    }

    /// Takes the next packet.
    #[cfg(feature = "l2cap")]
    pub(super) fn take(&mut self) -> Option<FramePart> {
        let place = self.parts.iter_mut().find(|place| place.is_some())?;
        let part = place.take();
        *place = part.and_then(FramePart::following);
        part
    }

    #[cfg(not(feature = "l2cap"))]
    pub(super) fn fill(&mut self, _: &mut Option<Next>, _: &mut Core<'_>, _: Instant) {}
}
