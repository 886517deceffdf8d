//! What goes to a peer another way than by radio, for a pairing (Vol 3, Part H, 2.3.5.6.4).

use crate::{
    core::Host,
    operation::{Operation, Reach, Step, Wait},
    waiting::Topic,
};
use ::core::{task::Poll, time::Duration};
use jelling_host::{Core, Error, Instant, OwnOob};

/// See [`Host::oob`].
pub type DrawOob<'d> = Operation<'d, DrawOobStep>;

impl<'d> Host<'d> {
    /// What a peer has to be given another way than by radio, so that it can pair with `Pair::oob`: a confirm and a random value of
    /// LE Secure Connections, for a key pair that the next pairing of such a peer uses. It is the same until then, and good for one
    /// pairing. 10 s at most.
    ///
    /// Dropping the future loses nothing: the next call gives what was drawn.
    pub fn oob(self) -> DrawOob<'d> {
        Operation::new(self, DrawOobStep, Some(Duration::from_secs(10)))
    }
}

/// See [`Host::oob`].
#[derive(Debug)]
pub struct DrawOobStep;

impl<'d> Step<'d> for DrawOobStep {
    type Raw = OwnOob;
    type Output = OwnOob;
    const REACH: Reach = Reach::Start;

    fn wait_for(&self) -> Wait {
        Wait(Topic::Host)
    }
    fn step(&mut self, core: &mut Core<'_>, _: Instant) -> Poll<Result<OwnOob, Error>> {
        core.own_oob()
    }
    fn undo(&mut self, _: &mut Core<'_>) {}
    fn finish(_: Host<'d>, oob: OwnOob) -> OwnOob {
        oob
    }
}
