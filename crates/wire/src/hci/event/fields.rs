//! Fields that occur in events alone.

use super::DataStatus;
use crate::{
    Malformed, Reader, Writer,
    hci::{Opcode, Role, field::Field},
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
        match r.u8()? {
            0 => Ok(Role::Central),
            1 => Ok(Role::Peripheral),
            _ => Err(Malformed),
        }
    }
    fn take_unused(r: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(if r.u8()? == 1 { Role::Peripheral } else { Role::Central })
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(*self as u8);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
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
