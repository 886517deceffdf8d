//! What the framing leaves of a line.

use super::line::OCTET;

/// Octets of an H4 indicator, of the headers of ACL data and L2CAP.
const HEADERS: usize = 1 + 4 + 4;
/// Octets of Number Of Completed Packets for one link, with its indicator: the controller tells of each packet of data.
const COMPLETED: usize = 1 + 2 + 5;
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

    /// Of notifications with so many octets each.
    pub(crate) fn notifications(octets: usize, each: usize) -> Self {
        Bound { octets, carried: octets + octets.div_ceil(each) * (HEADERS + NOTIFICATION) }
    }
}
