//! What a fuzzer does with a connected host, as octets: steps of a few octets each, taken from the front, so that a capture can be
//! written as one and a mutation changes one step.

use crate::actor::Verb;
use arbitrary::{Arbitrary, Result, Unstructured};

/// Something that happens to a connected host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step<'a> {
    /// A frame of the peer on a channel, in packets of `piece` octets; 0: in one.
    Frame { channel: u8, piece: u8, octets: &'a [u8] },
    /// An ACL packet as it is, true or not.
    Acl(&'a [u8]),
    /// An event that the controller makes up.
    Event(&'a [u8]),
    /// The application does something.
    Verb([u8; 3]),
    /// Time passes: tenths of a second, times itself.
    Time(u8),
    /// The controller keeps what the host sends, or sends it on again.
    Hold { holds: bool },
    /// The link ends, with a reason, and the next one is made.
    Again { reason: u8 },
}

impl Step<'_> {
    /// The verb of three octets; those that end the host's life come with an event's lie only.
    pub(super) fn verb(octets: [u8; 3]) -> Option<Verb> {
        match Verb::from_octets(octets) {
            Verb::Start | Verb::Stop | Verb::Connect | Verb::Advertise => None,
            verb => Some(verb),
        }
    }

    /// The octets that [`Arbitrary`] makes this step of.
    pub(super) fn write(&self, tape: &mut Vec<u8>) {
        let (head, octets): (&[u8], &[u8]) = match self {
            Step::Frame { channel, piece, octets } => (&[0, *channel, *piece], octets),
            Step::Acl(octets) => (&[1], octets),
            Step::Event(octets) => (&[2], octets),
            Step::Verb(octets) => return tape.extend([3].iter().chain(octets)),
            Step::Time(tenths) => return tape.extend([4, *tenths]),
            Step::Hold { holds } => return tape.extend([5, u8::from(*holds)]),
            Step::Again { reason } => return tape.extend([6, *reason]),
        };
        let length = u8::try_from(octets.len()).unwrap_or(u8::MAX);
        tape.extend_from_slice(head);
        tape.push(length);
        tape.extend_from_slice(&octets[..usize::from(length)]);
    }
}

/// A length, and so many octets or what is left.
fn octets<'a>(u: &mut Unstructured<'a>) -> Result<&'a [u8]> {
    let length = usize::from(u.arbitrary::<u8>()?).min(u.len());
    u.bytes(length)
}

impl<'a> Arbitrary<'a> for Step<'a> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        Ok(match u.arbitrary::<u8>()? % 7 {
            0 => Step::Frame { channel: u.arbitrary()?, piece: u.arbitrary()?, octets: octets(u)? },
            1 => Step::Acl(octets(u)?),
            2 => Step::Event(octets(u)?),
            3 => Step::Verb(u.arbitrary()?),
            4 => Step::Time(u.arbitrary()?),
            5 => Step::Hold { holds: u.arbitrary::<u8>()? & 1 == 1 },
            _ => Step::Again { reason: u.arbitrary()? },
        })
    }
}
