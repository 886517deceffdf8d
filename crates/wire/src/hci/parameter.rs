//! Parameters that may borrow from their packet: fields, and octets that stay where they stand.

use super::field::{Field, hex, label};
use crate::{Malformed, Reader, Writer};
use core::fmt;

/// A parameter that may borrow from the packet. Every field is one.
pub trait Parameter<'a>: Sized {
    #[doc(hidden)]
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed>;
    #[doc(hidden)]
    fn emit(&self, w: &mut Writer<'_>);
    #[doc(hidden)]
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

/// ` name value`.
pub(crate) fn pair<'a, T: Parameter<'a>>(f: &mut fmt::Formatter<'_>, name: &str, value: &T) -> fmt::Result {
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
