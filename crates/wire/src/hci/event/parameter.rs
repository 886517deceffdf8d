//! Parameters of events: fields, and octets that stay where they stand.

use super::DataStatus;
use crate::{
    Malformed, Reader, Writer,
    hci::{
        Opcode, Role,
        field::{Field, hex, label},
    },
};
use core::fmt;

/// A parameter that may borrow from the packet. Every [`Field`] is one.
pub trait Parameter<'a>: Sized {
    #[doc(hidden)]
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed>;
    #[doc(hidden)]
    fn emit(&self, w: &mut Writer<'_>);
    #[doc(hidden)]
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// ` name value`.
pub(super) fn pair<'a, T: Parameter<'a>>(f: &mut fmt::Formatter<'_>, name: &str, value: &T) -> fmt::Result {
    label(f, name)?;
    value.show(f)
}

impl<'a, T: Field> Parameter<'a> for T {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        <T as Field>::take(r)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        Field::emit(self, w);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Field::show(self, f)
    }
}

/// All that is left.
impl<'a> Parameter<'a> for &'a [u8] {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(r.rest())
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(self);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() { f.write_str("none") } else { hex(f, self) }
    }
}

impl<'a, const N: usize> Parameter<'a> for &'a [u8; N] {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        r.chunk()
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(*self);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(f, *self)
    }
}

/// Octets after their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Data<'a>(pub &'a [u8]);

impl<'a> Parameter<'a> for Data<'a> {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let length = r.u8()?;
        r.bytes(usize::from(length)).map(Data)
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.u8(u8::try_from(self.0.len()).unwrap_or(u8::MAX));
        w.bytes(self.0);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.show(f)
    }
}

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
