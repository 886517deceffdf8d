//! Records of a file in memory, borrowed. Nothing in a file can make this panic.

use super::{FILE_HEADER, UNIX_EPOCH};
use crate::Direction;
use core::fmt;
use jelling_wire::{Malformed, Packet, PacketKind, Reader};

/// How a file holds its packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Datalink {
    /// 1001: no indicator; the flags tell the kind. Data is taken to be ACL.
    Unencapsulated,
    /// 1002: H4, with the indicator octet in front.
    H4,
    /// 2001: the Linux monitor's; an operation code stands in the place of the flags, with the adapter before it.
    Monitor,
}

impl Datalink {
    const fn from_number(number: u32) -> Option<Self> {
        Some(match number {
            1001 => Datalink::Unencapsulated,
            1002 => Datalink::H4,
            2001 => Datalink::Monitor,
            _ => return None,
        })
    }
}

/// The octets are no file that can be read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileError {
    /// It does not begin as btsnoop does.
    NotBtsnoop,
    /// A version other than 1.
    Version(u32),
    /// A datalink that is not read here.
    Datalink(u32),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::NotBtsnoop => f.write_str("no btsnoop file: expected one that begins with the word btsnoop"),
            FileError::Version(version) => write!(f, "btsnoop of version {version}: expected version 1"),
            FileError::Datalink(number) => {
                write!(f, "btsnoop of datalink {number}: expected 1001 (HCI), 1002 (H4) or 2001 (Linux monitor)")
            }
        }
    }
}

impl core::error::Error for FileError {}

/// The file ends within a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Truncated {
    /// Which one: 1 is the first.
    pub record: u32,
}

impl fmt::Display for Truncated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the file ends within record {}", self.record)
    }
}

impl core::error::Error for Truncated {}

/// A packet of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Which way it went.
    pub direction: Direction,
    /// Microseconds since 1970.
    pub unix_micros: u64,
    /// Packets that were dropped before it, since the file began.
    pub drops: u32,
    /// Octets at its end that the file does not hold: its writer kept only the beginning of long packets.
    pub missing: u32,
    /// The packet.
    pub packet: Packet<'a>,
}

/// The packets of a file in memory, one after the other.
///
/// ```
/// use jelling_transport::{Direction, btsnoop::{FILE_HEADER, Records, record_header}};
/// use jelling_wire::{Packet, PacketKind};
///
/// let reset = Packet::new(PacketKind::Command, &[0x03, 0x0c, 0x00]);
/// let file = [&FILE_HEADER[..], &record_header(Direction::ToController, reset, 0, 1_000_000), reset.data].concat();
/// let record = Records::parse(&file).unwrap().next().unwrap().unwrap();
/// assert_eq!((record.direction, record.packet, record.unix_micros), (Direction::ToController, reset, 1_000_000));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    rest: Reader<'a>,
    datalink: Datalink,
    read: u32,
    skipped: u32,
}

impl<'a> Records<'a> {
    /// Reads the header of a file.
    ///
    /// # Errors
    /// Where it is none of btsnoop, or of a version or datalink that is not read here.
    pub fn parse(file: &'a [u8]) -> Result<Self, FileError> {
        let mut rest = Reader::new(file);
        let magic = rest.array::<8>().map_err(|_| FileError::NotBtsnoop)?;
        if !FILE_HEADER.starts_with(&magic) {
            return Err(FileError::NotBtsnoop);
        }
        let number = |r: &mut Reader<'_>| r.array().map(u32::from_be_bytes).map_err(|_| FileError::NotBtsnoop);
        let (version, datalink) = (number(&mut rest)?, number(&mut rest)?);
        if version != 1 {
            return Err(FileError::Version(version));
        }
        let datalink = Datalink::from_number(datalink).ok_or(FileError::Datalink(datalink))?;
        Ok(Records { rest, datalink, read: 0, skipped: 0 })
    }

    /// How the file holds its packets.
    pub const fn datalink(&self) -> Datalink {
        self.datalink
    }

    /// Records so far that hold no HCI packet, and were passed over: what the Linux monitor notes beside, and octets of no kind.
    pub const fn skipped(&self) -> u32 {
        self.skipped
    }

    /// The next record, if it holds a packet.
    fn record(&mut self) -> Result<Option<Record<'a>>, Malformed> {
        let r = &mut self.rest;
        let original = u32::from_be_bytes(r.array()?);
        let included = u32::from_be_bytes(r.array()?);
        let flags = u32::from_be_bytes(r.array()?);
        let drops = u32::from_be_bytes(r.array()?);
        let time = u64::from_be_bytes(r.array()?);
        let data = r.bytes(usize::try_from(included).map_err(|_| Malformed)?)?;
        Ok(self.packet(flags, data).map(|(direction, packet)| Record {
            direction,
            unix_micros: time.saturating_sub(UNIX_EPOCH),
            drops,
            missing: original.saturating_sub(included),
            packet,
        }))
    }

    fn packet(&self, flags: u32, data: &'a [u8]) -> Option<(Direction, Packet<'a>)> {
        use Direction::{FromController, ToController};
        let direction = if flags & 1 == 1 { FromController } else { ToController };
        let (direction, kind, data) = match self.datalink {
            Datalink::H4 => {
                let (indicator, data) = data.split_first()?;
                (direction, PacketKind::from_indicator(*indicator)?, data)
            }
            Datalink::Unencapsulated => {
                let kind = match (flags & 2 != 0, direction) {
                    (true, ToController) => PacketKind::Command,
                    (true, FromController) => PacketKind::Event,
                    (false, _) => PacketKind::Acl,
                };
                (direction, kind, data)
            }
            // The operation codes of the Linux kernel's monitor channel; those between are of adapters and notes.
            Datalink::Monitor => {
                let (direction, kind) = match flags & 0xffff {
                    2 => (ToController, PacketKind::Command),
                    3 => (FromController, PacketKind::Event),
                    4 => (ToController, PacketKind::Acl),
                    5 => (FromController, PacketKind::Acl),
                    6 => (ToController, PacketKind::Sco),
                    7 => (FromController, PacketKind::Sco),
                    18 => (ToController, PacketKind::Iso),
                    19 => (FromController, PacketKind::Iso),
                    _ => return None,
                };
                (direction, kind, data)
            }
        };
        Some((direction, Packet::new(kind, data)))
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Truncated>;

    /// The next packet. A file that ends within a record gives an error in that record's place, and then nothing.
    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            self.read = self.read.saturating_add(1);
            match self.record() {
                Ok(Some(record)) => return Some(Ok(record)),
                Ok(None) => self.skipped = self.skipped.saturating_add(1),
                Err(Malformed) => {
                    self.rest = Reader::new(&[]);
                    return Some(Err(Truncated { record: self.read }));
                }
            }
        }
        None
    }
}
