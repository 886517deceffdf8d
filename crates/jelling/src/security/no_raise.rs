//! Without feature `security` nothing is raised: a refusal is the end of a request.

use ::core::task::Poll;
use jelling_host::{Core, Error, Instant, LinkId, wire::att::ErrorCode};

/// No raising.
#[derive(Debug, Default)]
pub(crate) struct Raising;

impl Raising {
    pub(crate) fn note(&mut self, _: &Core<'_>, _: LinkId) {}

    pub(crate) fn begins(&mut self, _: &Core<'_>, _: Instant, _: LinkId, _: ErrorCode) -> bool {
        false
    }

    pub(crate) fn until(&self) -> Option<Instant> {
        None
    }

    pub(crate) fn step(&mut self, _: &mut Core<'_>, _: Instant, _: LinkId) -> Poll<Result<(), Error>> {
        Poll::Ready(Ok(()))
    }

    pub(crate) fn undo(&mut self, _: &mut Core<'_>) {}
}
