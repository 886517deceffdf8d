//! Fields that occur in events alone.

use super::DataStatus;
use crate::{
    Malformed, Reader, Writer,
    hci::{
        Opcode, Role, Status,
        field::{Field, TakeAfter},
    },
};
use core::fmt;

impl Field for Opcode {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u16().map(Opcode)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u16(self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Field for Role {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::take_after(r, Status::SUCCESS)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(*self as u8);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl TakeAfter for Role {
    fn take_after(r: &mut Reader<'_>, status: Status) -> Result<Self, Malformed> {
        match r.u8()? {
            1 => Ok(Role::Peripheral),
            kind if kind != 0 && status.is_success() => Err(Malformed),
            _ => Ok(Role::Central),
        }
    }
}

impl Field for i16 {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.array().map(i16::from_le_bytes)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(&self.to_le_bytes());
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl Field for DataStatus {
    fn take(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        r.u8().map(DataStatus)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#04x})", self.name().unwrap_or("Reserved"), self.0)
    }
}
