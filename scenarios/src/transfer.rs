//! SDUs whose every octet both sides know, so that whoever receives them can tell what was lost, doubled, or comes too early.

/// The SDUs of a transfer: their lengths, and what tells them from those of another transfer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// Of each SDU.
    pub(crate) lengths: &'static [usize],
    /// Another transfer has another one.
    pub(crate) key: u8,
}

impl Script {
    fn octet(self, place: usize) -> u8 {
        // Fibonacci hashing: what is shifted by any number of octets differs soon.
        ((place as u32).wrapping_add(1).wrapping_mul(0x9e37_79b9) >> 24) as u8 ^ self.key
    }

    /// Each SDU in turn.
    pub(crate) fn sdus(self) -> impl Iterator<Item = Vec<u8>> {
        let mut place = 0;
        self.lengths.iter().map(move |length| {
            let sdu = (place..place + length).map(|place| self.octet(place)).collect();
            place += length;
            sdu
        })
    }

    /// All octets, whatever SDUs they are in.
    pub(crate) fn octets(self) -> Vec<u8> {
        self.sdus().flatten().collect()
    }
}

/// What has come of a transfer on one channel: always its beginning.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Come {
    script: Script,
    /// Octets that have come.
    octets: usize,
    /// SDUs that have come whole.
    sdus: usize,
    /// Octets that have come of the next one.
    part: usize,
}

impl Come {
    pub(crate) fn new(script: Script) -> Self {
        Come { script, octets: 0, sdus: 0, part: 0 }
    }

    /// True when there is no more to come.
    pub(crate) fn is_whole(&self) -> bool {
        self.sdus == self.script.lengths.len() || (self.octets > 0 && self.octets == self.script.lengths.iter().sum())
    }

    fn compare(&mut self, octets: &[u8]) -> Result<(), String> {
        for octet in octets {
            if *octet != self.script.octet(self.octets) {
                return Err(format!("octet {} is not what was sent, in SDU {}", self.octets, self.sdus));
            }
            self.octets += 1;
        }
        Ok(())
    }

    /// So much has come of one SDU, which ends here or does not.
    pub(crate) fn sdu(&mut self, octets: &[u8], ends: bool) -> Result<(), String> {
        let Some(length) = self.script.lengths.get(self.sdus) else {
            return Err(format!("{} octets more than were sent", octets.len()));
        };
        self.compare(octets)?;
        self.part += octets.len();
        if self.part > *length || ends != (self.part == *length) {
            return Err(format!("SDU {} of {length} octets has {} (ends: {ends})", self.sdus, self.part));
        }
        if ends {
            (self.sdus, self.part) = (self.sdus + 1, 0);
        }
        Ok(())
    }

    /// So much has come as a stream.
    pub(crate) fn stream(&mut self, octets: &[u8]) -> Result<(), String> {
        if self.octets + octets.len() > self.script.lengths.iter().sum() {
            return Err(format!("{} octets more than were sent", octets.len()));
        }
        self.compare(octets)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const SCRIPT: Script = Script { lengths: &[3, 0, 200], key: 7 };

    #[test]
    fn what_was_sent_is_whole() {
        let mut come = Come::new(SCRIPT);
        for sdu in SCRIPT.sdus() {
            assert!(!come.is_whole());
            let (one, other) = sdu.split_at(sdu.len() / 2);
            if !one.is_empty() {
                come.sdu(one, false).unwrap();
            }
            come.sdu(other, true).unwrap();
        }
        assert!(come.is_whole());
        come.sdu(&[], true).unwrap_err();
        let mut come = Come::new(SCRIPT);
        come.stream(&SCRIPT.octets()[..50]).unwrap();
        come.stream(&SCRIPT.octets()[50..]).unwrap();
        assert!(come.is_whole());
        come.stream(&[0]).unwrap_err();
    }

    #[test]
    fn what_is_lost_doubled_or_joined_is_found() {
        let sdus: Vec<Vec<u8>> = SCRIPT.sdus().collect();
        let octets = SCRIPT.octets();
        let first = |octets: &[u8], ends| Come::new(SCRIPT).sdu(octets, ends);
        first(&sdus[0], false).unwrap_err();
        first(&sdus[0][..2], true).unwrap_err();
        first(&octets[..4], true).unwrap_err();
        first(&sdus[2], true).unwrap_err();
        for (from, shift) in [(0, 1), (3, 60), (40, 1), (100, 58)] {
            let mut come = Come::new(SCRIPT);
            come.stream(&octets[..from]).unwrap();
            come.stream(&octets[from + shift..]).unwrap_err();
            let mut come = Come::new(SCRIPT);
            come.stream(&octets[..from + shift]).unwrap();
            come.stream(&octets[from..]).unwrap_err();
        }
        Come::new(Script { key: 8, ..SCRIPT }).stream(&octets[..1]).unwrap_err();
    }
}
