//! AD structures put together: each goes where it fits first, into the 31 octets of the advertisement, then of the scan response.

use super::AdType;
use crate::{Uuid, Writer};
use core::fmt;

/// Octets of an advertisement, and of a scan response.
const ROOM: usize = 31;

/// The field fits neither the advertisement nor the scan response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DoesNotFit(pub AdType);

impl fmt::Display for DoesNotFit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.0.name().unwrap_or("the field");
        write!(f, "{name} fits neither the advertisement nor the scan response, of 31 octets each")
    }
}

impl core::error::Error for DoesNotFit {}

/// An advertisement and a scan response in the making.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Builder {
    adv: [u8; ROOM],
    adv_length: u8,
    resp: [u8; ROOM],
    resp_length: u8,
}

impl Builder {
    /// Both empty.
    pub const fn new() -> Self {
        Builder { adv: [0; ROOM], adv_length: 0, resp: [0; ROOM], resp_length: 0 }
    }

    /// The advertisement.
    pub fn adv(&self) -> &[u8] {
        self.adv.get(..usize::from(self.adv_length)).unwrap_or_default()
    }

    /// The scan response.
    pub fn resp(&self) -> &[u8] {
        self.resp.get(..usize::from(self.resp_length)).unwrap_or_default()
    }

    fn put(
        buffer: &mut [u8; ROOM],
        length: &mut u8,
        kind: AdType,
        octets: usize,
        write: &mut dyn FnMut(&mut Writer<'_>),
    ) -> bool {
        let mut w = Writer::new(buffer.get_mut(usize::from(*length)..).unwrap_or_default());
        let Ok(stated) = u8::try_from(octets.saturating_add(1)) else { return false };
        if w.room() < usize::from(stated).saturating_add(1) {
            return false;
        }
        w.u8(stated);
        w.u8(kind.0);
        write(&mut w);
        *length = length.saturating_add(u8::try_from(w.len()).unwrap_or(0));
        true
    }

    fn place(&mut self, kind: AdType, octets: usize, write: &mut dyn FnMut(&mut Writer<'_>)) -> Result<(), DoesNotFit> {
        let placed = Self::put(&mut self.adv, &mut self.adv_length, kind, octets, write)
            || Self::put(&mut self.resp, &mut self.resp_length, kind, octets, write);
        if placed { Ok(()) } else { Err(DoesNotFit(kind)) }
    }

    /// A structure of any type.
    pub fn raw(&mut self, kind: AdType, data: &[u8]) -> Result<(), DoesNotFit> {
        self.place(kind, data.len(), &mut |w| w.bytes(data))
    }

    /// Flags, which belong in the advertisement (Supplement, Part A, 1.3).
    pub fn flags(&mut self, flags: u8) -> Result<(), DoesNotFit> {
        let placed = Self::put(&mut self.adv, &mut self.adv_length, AdType::FLAGS, 1, &mut |w| w.u8(flags));
        if placed { Ok(()) } else { Err(DoesNotFit(AdType::FLAGS)) }
    }

    /// Complete lists of services: one for each size of UUID that occurs.
    pub fn services(&mut self, services: &[Uuid]) -> Result<(), DoesNotFit> {
        let lists =
            [(AdType::COMPLETE_UUIDS_16, 2usize), (AdType::COMPLETE_UUIDS_32, 4), (AdType::COMPLETE_UUIDS_128, 16)];
        for (kind, width) in lists {
            let of_width = || services.iter().filter(move |uuid| width_of(uuid) == width);
            let octets = of_width().count().saturating_mul(width);
            if octets == 0 {
                continue;
            }
            self.place(kind, octets, &mut |w| {
                for uuid in of_width() {
                    match (width, uuid.as_u16(), uuid.as_u32()) {
                        (2, Some(short), _) => w.u16(short),
                        (4, _, Some(long)) => w.u32(long),
                        _ => w.bytes(&uuid.as_u128().to_le_bytes()),
                    }
                }
            })?;
        }
        Ok(())
    }

    /// The complete local name, in UTF-8.
    pub fn name(&mut self, name: &str) -> Result<(), DoesNotFit> {
        self.raw(AdType::COMPLETE_NAME, name.as_bytes())
    }

    /// The appearance (Assigned Numbers, 2.6).
    pub fn appearance(&mut self, appearance: u16) -> Result<(), DoesNotFit> {
        self.raw(AdType::APPEARANCE, &appearance.to_le_bytes())
    }

    /// Manufacturer specific data.
    pub fn manufacturer(&mut self, company: u16, data: &[u8]) -> Result<(), DoesNotFit> {
        self.place(AdType::MANUFACTURER, data.len().saturating_add(2), &mut |w| {
            w.u16(company);
            w.bytes(data);
        })
    }
}

fn width_of(uuid: &Uuid) -> usize {
    match (uuid.as_u16(), uuid.as_u32()) {
        (Some(_), _) => 2,
        (None, Some(_)) => 4,
        _ => 16,
    }
}
