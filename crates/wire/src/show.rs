//! Numbers as a line shows them: by name, with the number beside it.

use core::fmt;

/// `A, B (0x03)` for bits that have names, `none (0x00)` when none of them is set.
pub(crate) fn bits(f: &mut fmt::Formatter<'_>, value: u8, names: &[(u8, &str)]) -> fmt::Result {
    let mut separator = "";
    for (_, name) in names.iter().filter(|(bit, _)| value & bit != 0) {
        write!(f, "{separator}{name}")?;
        separator = ", ";
    }
    if separator.is_empty() {
        f.write_str("none")?;
    }
    write!(f, " ({value:#04x})")
}

/// Numbers of one type that have names: a parameter, and `Name (0x01)` as text.
macro_rules! named_fields {
    ($integer:ident, $width:literal: $($type:ident)+) => {$(
        impl crate::hci::field::Field for $type {
            fn take(r: &mut crate::Reader<'_>) -> Result<Self, crate::Malformed> {
                r.$integer().map($type)
            }
            fn emit(&self, w: &mut crate::Writer<'_>) {
                w.$integer(self.0);
            }
            fn show(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, "{self}")
            }
        }

        impl core::fmt::Display for $type {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!("{} ({:#0", $width, "x})"), self.name().unwrap_or("Reserved"), self.0)
            }
        }
    )+};
}
pub(crate) use named_fields;
