//! The peer's end of a channel: it holds the host to the rules (Vol 3, Part A, 3.4.3, 10.1), and puts SDUs together.

use super::signals::End;

#[derive(Clone, Debug)]
pub(crate) struct Far {
    pub(crate) peer: usize,
    /// What the peer has said of its end, and the host of its own.
    pub(crate) own: End,
    pub(crate) host: End,
    /// Frames that the host may still send, and the peer.
    pub(crate) host_may: u32,
    pub(crate) may: u32,
    /// Frames that the host has sent.
    pub(crate) frames: u32,
    /// The SDU that is coming: its length, and what has come.
    partial: Option<(usize, Vec<u8>)>,
    /// Whole SDUs.
    pub(crate) sdus: Vec<Vec<u8>>,
    /// The host has asked for the channel's end.
    pub(crate) is_over: bool,
}

impl Far {
    pub(crate) fn new(peer: usize, own: End, host: End) -> Self {
        Far {
            peer,
            own,
            host,
            host_may: own.credits.into(),
            may: host.credits.into(),
            frames: 0,
            partial: None,
            sdus: vec![],
            is_over: false,
        }
    }

    /// A frame of the host.
    pub(crate) fn hear(&mut self, payload: &[u8]) {
        assert!(!self.is_over, "a frame behind the request to disconnect");
        assert!(self.host_may > 0, "a frame without a credit");
        self.host_may -= 1;
        self.frames += 1;
        assert!(payload.len() <= usize::from(self.own.mps), "{} octets in a frame", payload.len());
        let (length, mut sdu, data) = match self.partial.take() {
            Some((length, sdu)) => {
                assert!(!payload.is_empty(), "a frame with nothing in it");
                (length, sdu, payload)
            }
            None => {
                let (length, data) = payload.split_at_checked(2).expect("an SDU's length");
                let length = u16::from_le_bytes([length[0], length[1]]);
                assert!(length <= self.own.mtu, "an SDU of {length} octets");
                (usize::from(length), vec![], data)
            }
        };
        sdu.extend(data);
        assert!(sdu.len() <= length, "{} octets of an SDU of {length}", sdu.len());
        if sdu.len() == length {
            self.sdus.push(sdu);
        } else {
            self.partial = Some((length, sdu));
        }
    }

    /// The host gives credits.
    pub(crate) fn hear_credits(&mut self, credits: u16) {
        assert_ne!(credits, 0, "no credits (4.24)");
        self.may += u32::from(credits);
        assert!(self.may <= 0xffff, "{} credits", self.may);
    }

    /// All octets that have come, SDU after SDU.
    pub(crate) fn octets(&self) -> Vec<u8> {
        let partial = self.partial.iter().flat_map(|(_, sdu)| sdu);
        self.sdus.iter().flatten().chain(partial).copied().collect()
    }

    pub(crate) fn is_between_sdus(&self) -> bool {
        self.partial.is_none()
    }

    /// The payloads of an SDU's frames, as long as the host takes them.
    pub(crate) fn segments(&self, sdu: &[u8]) -> Vec<Vec<u8>> {
        segments(sdu, usize::from(self.host.mps), usize::from(self.host.mps))
    }
}

/// The payloads of an SDU's frames: the first holds `first` octets at most, the two of the length among them, the others `next`.
pub(crate) fn segments(sdu: &[u8], first: usize, next: usize) -> Vec<Vec<u8>> {
    let mut payload = (sdu.len() as u16).to_le_bytes().to_vec();
    let (head, rest) = sdu.split_at(sdu.len().min(first - 2));
    payload.extend(head);
    let mut payloads = vec![payload];
    payloads.extend(rest.chunks(next).map(<[u8]>::to_vec));
    payloads
}
