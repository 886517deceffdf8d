//! What crosses HCI: a kind and its octets (Core 6.0, Vol 4, Part A, 2).

/// The five kinds of HCI packet, with their H4 indicator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum PacketKind {
    /// Host to controller.
    Command = 1,
    /// Asynchronous data, both ways.
    Acl = 2,
    /// Synchronous data of BR/EDR.
    Sco = 3,
    /// Controller to host.
    Event = 4,
    /// Isochronous data, both ways.
    Iso = 5,
}

impl PacketKind {
    /// The kind an H4 indicator stands for.
    pub const fn from_indicator(indicator: u8) -> Option<Self> {
        Some(match indicator {
            1 => PacketKind::Command,
            2 => PacketKind::Acl,
            3 => PacketKind::Sco,
            4 => PacketKind::Event,
            5 => PacketKind::Iso,
            _ => return None,
        })
    }

    /// The H4 indicator of this kind.
    pub const fn indicator(self) -> u8 {
        self as u8
    }
}

/// One HCI packet: its kind, and its octets from the HCI header on (no H4 indicator).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// What the octets are.
    pub kind: PacketKind,
    /// HCI header and payload.
    pub data: &'a [u8],
}

impl<'a> Packet<'a> {
    /// A packet of `kind`.
    pub const fn new(kind: PacketKind, data: &'a [u8]) -> Self {
        Packet { kind, data }
    }
}
