//! What the framing leaves of a line.

use super::line::OCTET;

/// Octets of an H4 indicator, of the headers of ACL data and L2CAP.
const HEADERS: usize = 1 + 4 + 4;
/// Octets of Number Of Completed Packets for one link, with its indicator: the controller tells of each packet of data.
const COMPLETED: usize = 1 + 2 + 5;
/// Octets of an SDU's length, in its first segment.
const SDU_LENGTH: usize = 2;
/// Octets of ATT in a notification.
const NOTIFICATION: usize = 3;

/// What a line carries for so many octets of an application's.
#[derive(Clone, Copy, Debug)]
pub struct Bound {
    /// Octets of the application's that go one way.
    pub octets: usize,
    /// What its busiest direction carries for them.
    pub carried: usize,
}

impl Bound {
    /// Octets of an application's that can pass in a second, in one direction.
    pub fn rate(&self) -> f64 {
        self.octets as f64 / (self.carried as f64 * OCTET.as_micros() as f64 / 1e6)
    }

    /// Of a channel with SDUs and segments of so many octets each. Where data goes both ways, each direction carries too that the controller
    /// has taken the packets of the other one. Credits are not counted: whoever gives them in few commands comes nearer.
    pub(crate) fn channel(octets: usize, sdu: usize, segment: usize, both_ways: bool) -> Self {
        let segments = |sdu: usize| (sdu + SDU_LENGTH).div_ceil(segment);
        let (whole, rest) = (octets / sdu, octets % sdu);
        let frames = whole * segments(sdu) + if rest == 0 { 0 } else { segments(rest) };
        let other = if both_ways { COMPLETED } else { 0 };
        Bound { octets, carried: octets + octets.div_ceil(sdu) * SDU_LENGTH + frames * (HEADERS + other) }
    }

    /// Of notifications with so many octets each.
    pub(crate) fn notifications(octets: usize, each: usize) -> Self {
        Bound { octets, carried: octets + octets.div_ceil(each) * (HEADERS + NOTIFICATION) }
    }
}
