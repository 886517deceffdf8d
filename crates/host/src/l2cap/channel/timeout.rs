//! Requests that are not answered (Vol 3, Part A, 6.2.1: the Response Timeout eXpired timer).

use super::slot::{Flags, Phase};
use crate::{Core, counters::count, time::Instant};
use core::time::Duration;

/// How long a peer may take to answer a request for a channel.
pub(super) const CONNECTION: Duration = Duration::from_secs(30);
/// And one to close it.
pub(super) const DISCONNECTION: Duration = Duration::from_secs(2);

impl Core<'_> {
    pub(crate) fn channel_timeout(&mut self, now: Instant) {
        for index in 0..self.channels.len() {
            let Some(channel) = self.channels.get_mut(index) else { return };
            if channel.deadline.take_due(now) {
                let why = if channel.phase == Phase::Connecting { Flags::TIMED_OUT } else { Flags::empty() };
                count(&mut self.state.counters.timeouts);
                self.end_channel(index, why);
            }
        }
    }
}
