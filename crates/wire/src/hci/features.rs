//! LE features (Vol 6, Part B, 4.6).

use super::field::{Field, hex};
use crate::{Malformed, Reader, Writer};
use core::fmt;

/// The features of a controller, bit by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct LeFeatures(pub u64);

/// All of its features: 64 bits, then ten pages of 192 (Vol 4, Part E, 7.8.128).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeFeaturePages(pub [u8; 248]);

/// Their names, by bit.
const NAMES: [(u32, &str); 52] = [
    (0, "LE Encryption"),
    (1, "Connection Parameters Request"),
    (2, "Extended Reject Indication"),
    (3, "Peripheral-initiated Features Exchange"),
    (4, "LE Ping"),
    (5, "LE Data Packet Length Extension"),
    (6, "LL Privacy"),
    (7, "Extended Scanning Filter Policies"),
    (8, "LE 2M PHY"),
    (9, "Stable Modulation Index - Transmitter"),
    (10, "Stable Modulation Index - Receiver"),
    (11, "LE Coded PHY"),
    (12, "LE Extended Advertising"),
    (13, "LE Periodic Advertising"),
    (14, "Channel Selection Algorithm #2"),
    (15, "LE Power Class 1"),
    (16, "Minimum Number of Used Channels"),
    (17, "Connection CTE Request"),
    (18, "Connection CTE Response"),
    (19, "Connectionless CTE Transmitter"),
    (20, "Connectionless CTE Receiver"),
    (21, "Antenna Switching During CTE Transmission"),
    (22, "Antenna Switching During CTE Reception"),
    (23, "Receiving Constant Tone Extensions"),
    (24, "Periodic Advertising Sync Transfer - Sender"),
    (25, "Periodic Advertising Sync Transfer - Recipient"),
    (26, "Sleep Clock Accuracy Updates"),
    (27, "Remote Public Key Validation"),
    (28, "Connected Isochronous Stream - Central"),
    (29, "Connected Isochronous Stream - Peripheral"),
    (30, "Isochronous Broadcaster"),
    (31, "Synchronized Receiver"),
    (32, "Connected Isochronous Stream (Host Support)"),
    (33, "LE Power Control Request"),
    (34, "LE Power Control Request"),
    (35, "LE Path Loss Monitoring"),
    (36, "Periodic Advertising ADI Support"),
    (37, "Connection Subrating"),
    (38, "Connection Subrating (Host Support)"),
    (39, "Channel Classification"),
    (40, "Advertising Coding Selection"),
    (41, "Advertising Coding Selection (Host Support)"),
    (42, "Decision-Based Advertising Filtering"),
    (43, "Periodic Advertising with Responses - Advertiser"),
    (44, "Periodic Advertising with Responses - Scanner"),
    (45, "Unsegmented Framed Mode"),
    (46, "Channel Sounding"),
    (47, "Channel Sounding (Host Support)"),
    (48, "Channel Sounding Tone Quality Indication"),
    (63, "LL Extended Feature Set"),
    (64, "Monitoring Advertisers"),
    (65, "Frame Space Update"),
];

impl LeFeatures {
    /// True when the controller has the feature of this bit.
    pub const fn contains(self, bit: u32) -> bool {
        matches!(self.0.checked_shr(bit), Some(rest) if rest & 1 == 1)
    }

    /// The names of the features that are there.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| name)
    }
}

impl LeFeaturePages {
    /// True when the controller has the feature of this bit.
    pub fn contains(&self, bit: u32) -> bool {
        let octet = usize::try_from(bit >> 3).ok().and_then(|index| self.0.get(index));
        octet.is_some_and(|octet| octet >> (bit & 7) & 1 == 1)
    }

    /// The names of the features that are there.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        NAMES.into_iter().filter(|(bit, _)| self.contains(*bit)).map(|(_, name)| name)
    }
}

impl Field for LeFeaturePages {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array().map(LeFeaturePages)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(&self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nearly all of it is zero.
        let used = self.0.iter().rposition(|octet| *octet != 0).map_or(1, |last| last.saturating_add(1));
        hex(f, self.0.get(..used).unwrap_or_default())
    }
}

impl fmt::Debug for LeFeaturePages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeFeaturePages(")?;
        self.show(f)?;
        f.write_str(")")
    }
}
