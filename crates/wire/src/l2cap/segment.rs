//! K-frames: what a frame of a credit based channel carries (Vol 3, Part A, 3.4.3).

use crate::{Malformed, Reader, Writer};

/// A part of an SDU, the payload of one frame. Which of the two it is, only the channel knows: the one that begins an SDU
/// tells its length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Segment<'a> {
    /// It begins an SDU.
    First {
        /// Octets of the whole SDU.
        sdu_length: u16,
        /// The first of them.
        data: &'a [u8],
    },
    /// It goes on with one.
    Following {
        /// The next octets.
        data: &'a [u8],
    },
}

impl<'a> Segment<'a> {
    /// The payload of a frame that begins an SDU. More octets than the SDU has are malformed, and the channel is to be
    /// disconnected (3.4.3).
    pub fn parse_first(payload: &'a [u8]) -> Result<Self, Malformed> {
        let mut r = Reader::new(payload);
        let sdu_length = r.u16()?;
        let data = r.rest();
        if data.len() > usize::from(sdu_length) { Err(Malformed) } else { Ok(Segment::First { sdu_length, data }) }
    }

    /// The payload of a frame that goes on with an SDU of which `missing` octets have not come yet.
    pub fn parse_following(payload: &'a [u8], missing: u16) -> Result<Self, Malformed> {
        if payload.len() > usize::from(missing) { Err(Malformed) } else { Ok(Segment::Following { data: payload }) }
    }

    /// The octets of the SDU.
    pub const fn data(&self) -> &'a [u8] {
        match self {
            Segment::First { data, .. } | Segment::Following { data } => data,
        }
    }

    /// Writes the payload.
    pub fn emit(&self, w: &mut Writer<'_>) {
        if let Segment::First { sdu_length, .. } = self {
            w.u16(*sdu_length);
        }
        w.bytes(self.data());
    }
}

/// The segments of an SDU, for a peer that takes `mps` octets in a frame (3.4.3: the two of the length are among them). There
/// are none for an SDU of more than 65,535 octets, or an `mps` that holds no data.
pub fn segments(sdu: &[u8], mps: u16) -> impl Iterator<Item = Segment<'_>> {
    let room = usize::from(mps);
    let mut next = u16::try_from(sdu.len()).ok().filter(|_| room > 2).map(|sdu_length| {
        let (data, rest) = sdu.split_at_checked(room.saturating_sub(2)).unwrap_or((sdu, &[]));
        (Segment::First { sdu_length, data }, rest)
    });
    core::iter::from_fn(move || {
        let (segment, rest) = next.take()?;
        if !rest.is_empty() {
            let (data, rest) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            next = Some((Segment::Following { data }, rest));
        }
        Some(segment)
    })
}
