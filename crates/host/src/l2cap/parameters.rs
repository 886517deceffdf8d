//! How a peripheral asks its central for parameters on the signalling channel (Vol 3, Part A, 4.20 and 4.21).

use crate::{
    Core,
    error::Error,
    gap::UpdateStage,
    link::{Link, Owed, Parameters},
    time::{Deadline, Instant},
};
use core::time::Duration;
use jelling_wire::{
    hci::Status,
    l2cap::{
        ChannelId,
        signalling::{Signal, UpdateResult},
    },
};

/// RTX of a request of ours: within the 1 to 60 s of Vol 3, Part A, 6.2.1.
const RTX: Duration = Duration::from_secs(30);

impl Link {
    /// True while a request of this identifier waits for its response.
    pub(super) fn asks_with(&self, identifier: u8) -> bool {
        self.update.stage == UpdateStage::Signalled && self.update.identifier == identifier
    }

    /// True where the parameters in force are of those.
    fn has_parameters(&self, wanted: &Parameters) -> bool {
        (wanted.interval_min..=wanted.interval_max).contains(&self.interval)
            && (self.latency, self.supervision_timeout) == (wanted.latency, wanted.supervision_timeout)
    }
}

impl Core<'_> {
    pub(crate) fn send_parameter_request(&mut self, now: Instant, index: usize) -> bool {
        let identifier = self.free_identifier(index);
        let Some(link) = self.links.get_mut(index) else { return false };
        link.owed.remove(Owed::PARAMETER_REQUEST);
        link.update.identifier = identifier;
        let Parameters { interval_min, interval_max, latency, supervision_timeout: timeout } = link.update.parameters();
        self.advance_update(index, UpdateStage::Signalled, Deadline::after(now, RTX));
        self.put_frame(index, ChannelId::SIGNALLING, usize::MAX, |_, w| {
            // Made here, so that only this one is written out.
            Signal::ConnectionParameterUpdateRequest { identifier, interval_min, interval_max, latency, timeout }
                .emit(w);
            true
        })
    }

    /// A response, or Command Reject (`None`), with this identifier; false where no request of ours has it.
    pub(super) fn hears_response(
        &mut self,
        now: Instant,
        index: usize,
        identifier: u8,
        result: Option<UpdateResult>,
    ) -> bool {
        self.state.updates.is_some_and(|updates| (updates.response)(self, now, index, identifier, result))
    }

    pub(crate) fn on_parameter_response(
        &mut self,
        now: Instant,
        index: usize,
        identifier: u8,
        result: Option<UpdateResult>,
    ) -> bool {
        let Some(link) = self.links.get(index) else { return false };
        if !link.asks_with(identifier) {
            return false;
        }
        match result {
            // What is as it was wanted is no change, of which no controller tells.
            Some(UpdateResult::ACCEPTED) if link.has_parameters(&link.update.parameters()) => {
                self.finish_update(index, None)
            }
            Some(UpdateResult::ACCEPTED) => {
                self.advance_update(index, UpdateStage::Agreed, Deadline::after(now, RTX));
            }
            Some(_) => {
                let error = Error::ParametersRefused(Status::UNACCEPTABLE_CONNECTION_PARAMETERS);
                self.finish_update(index, Some(error));
            }
            None => {
                self.finish_update(index, Some(Error::ParametersRefused(Status::UNSUPPORTED_REMOTE_FEATURE)));
            }
        }
        true
    }
}
