//! LE features (Vol 6, Part B, 4.6).

/// The features of a controller, bit by bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct LeFeatures(pub u64);

/// Their names, from bit 0.
const NAMES: [&str; 45] = [
    "LE Encryption",
    "Connection Parameters Request",
    "Extended Reject Indication",
    "Peripheral-initiated Features Exchange",
    "LE Ping",
    "LE Data Packet Length Extension",
    "LL Privacy",
    "Extended Scanning Filter Policies",
    "LE 2M PHY",
    "Stable Modulation Index - Transmitter",
    "Stable Modulation Index - Receiver",
    "LE Coded PHY",
    "LE Extended Advertising",
    "LE Periodic Advertising",
    "Channel Selection Algorithm #2",
    "LE Power Class 1",
    "Minimum Number of Used Channels",
    "Connection CTE Request",
    "Connection CTE Response",
    "Connectionless CTE Transmitter",
    "Connectionless CTE Receiver",
    "Antenna Switching During CTE Transmission",
    "Antenna Switching During CTE Reception",
    "Receiving Constant Tone Extensions",
    "Periodic Advertising Sync Transfer - Sender",
    "Periodic Advertising Sync Transfer - Recipient",
    "Sleep Clock Accuracy Updates",
    "Remote Public Key Validation",
    "Connected Isochronous Stream - Central",
    "Connected Isochronous Stream - Peripheral",
    "Isochronous Broadcaster",
    "Synchronized Receiver",
    "Connected Isochronous Stream (Host Support)",
    "LE Power Control Request",
    "LE Power Control Request",
    "LE Path Loss Monitoring",
    "Periodic Advertising ADI Support",
    "Connection Subrating",
    "Connection Subrating (Host Support)",
    "Channel Classification",
    "Advertising Coding Selection",
    "Advertising Coding Selection (Host Support)",
    "Decision-Based Advertising Filtering",
    "Periodic Advertising with Responses - Advertiser",
    "Periodic Advertising with Responses - Scanner",
];

impl LeFeatures {
    /// True when the controller has the feature of this bit.
    pub const fn contains(self, bit: u32) -> bool {
        matches!(self.0.checked_shr(bit), Some(rest) if rest & 1 == 1)
    }

    /// The names of the features that are there.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        (0u32..).zip(NAMES).filter(move |(bit, _)| self.contains(*bit)).map(|(_, name)| name)
    }
}
