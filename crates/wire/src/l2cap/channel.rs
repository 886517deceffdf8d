//! Which channel, and what for (Vol 3, Part A, 2.1 and 4.22).

use crate::{
    Malformed, Reader, Writer,
    hci::{field::Field, names},
};
use core::{fmt, ops::RangeInclusive};

/// A channel identifier (2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChannelId(pub u16);

names! { ChannelId;
    ATT = 0x0004, "Attribute Protocol";
    SIGNALLING = 0x0005, "Low Energy L2CAP Signaling channel";
    SMP = 0x0006, "Security Manager Protocol";
}

impl ChannelId {
    /// The channels that are opened by request (2.1, Table 2.3).
    pub const DYNAMIC: RangeInclusive<u16> = 0x0040..=0x007f;

    /// True for a channel that is opened by request.
    pub fn is_dynamic(self) -> bool {
        Self::DYNAMIC.contains(&self.0)
    }
}

/// What a channel is opened for: the simplified PSM (4.22; Assigned Numbers, 2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Psm(pub u16);

names! { Psm;
    IPSP = 0x0023, "IPSP";
    OTS = 0x0025, "OTS";
    EATT = 0x0027, "EATT";
}

impl Psm {
    /// Those the SIG assigns (4.22, Table 4.15).
    pub const FIXED: RangeInclusive<u16> = 0x0001..=0x007f;
    /// Those a device assigns, and tells by a service of its own.
    pub const DYNAMIC: RangeInclusive<u16> = 0x0080..=0x00ff;

    /// False for the reserved ones.
    pub fn is_valid(self) -> bool {
        Self::FIXED.contains(&self.0) || Self::DYNAMIC.contains(&self.0)
    }
}

impl Field for ChannelId {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u16().map(ChannelId)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u16(self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Field for Psm {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u16().map(Psm)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u16(self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#06x})", self.0, self.0)
    }
}

/// The channels of one command: five at most (4.25).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ChannelIds {
    ids: [ChannelId; Self::MOST],
    count: u8,
}

impl ChannelIds {
    /// As many as a command can name.
    pub const MOST: usize = 5;

    /// These channels; `None` when they are too many for one command.
    pub fn new(ids: &[ChannelId]) -> Option<Self> {
        let mut list = Self { count: u8::try_from(ids.len()).ok()?, ..Self::default() };
        list.ids.get_mut(..ids.len())?.iter_mut().zip(ids).for_each(|(to, from)| *to = *from);
        Some(list)
    }

    /// In the order of the command.
    pub fn as_slice(&self) -> &[ChannelId] {
        self.ids.get(..usize::from(self.count)).unwrap_or_default()
    }
}

impl Field for ChannelIds {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut list = Self::default();
        for id in &mut list.ids {
            if r.is_empty() {
                break;
            }
            *id = ChannelId::take(r)?;
            list.count = list.count.saturating_add(1);
        }
        Ok(list)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        self.as_slice().iter().for_each(|id| id.emit(w));
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        self.as_slice().iter().try_for_each(|id| {
            write!(f, "{separator}{}", id.0)?;
            separator = ",";
            Ok(())
        })
    }
}
