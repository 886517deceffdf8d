//! What a characteristic offers, and what a client asks for.

use bitflags::bitflags;

bitflags! {
    /// What a characteristic offers (Vol 3, Part G, 3.3.1.1).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Properties: u8 {
        /// The value may be broadcast.
        const BROADCAST = 0x01;
        /// The value may be read.
        const READ = 0x02;
        /// The value may be written without an answer.
        const WRITE_WITHOUT_RESPONSE = 0x04;
        /// The value may be written.
        const WRITE = 0x08;
        /// The value may be notified.
        const NOTIFY = 0x10;
        /// The value may be indicated.
        const INDICATE = 0x20;
        /// The value may be written with a signature.
        const SIGNED_WRITE = 0x40;
        /// More properties stand in a descriptor.
        const EXTENDED = 0x80;
    }
}

bitflags! {
    /// What a client asks a server for (Vol 3, Part G, 3.3.3.3).
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Updates: u8 {
        /// Notifications: not acknowledged.
        const NOTIFY = 1;
        /// Indications: each is confirmed.
        const INDICATE = 2;
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Properties {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Properties({=u8:#x})", self.bits());
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Updates {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Updates({=u8:#x})", self.bits());
    }
}
