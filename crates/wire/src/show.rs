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

/// Bits of one octet: a parameter, shown by name. All bits are kept.
macro_rules! flag_fields {
    ($($type:ident: $names:expr;)+) => {$(
        impl crate::hci::field::Field for $type {
            fn take(r: &mut crate::Reader<'_>) -> Result<Self, crate::Malformed> {
                r.u8().map($type::from_bits_retain)
            }
            fn emit(&self, w: &mut crate::Writer<'_>) {
                w.u8(self.bits());
            }
            fn show(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                crate::show::bits(f, self.bits(), &$names)
            }
        }
    )+};
}
pub(crate) use flag_fields;

/// Parameters one after another: a parameter, shown as each of them with its name.
macro_rules! record_fields {
    ($($name:ident { $($field:ident: $type:ty),+ $(,)? })+) => {$(
        impl crate::hci::field::Field for $name {
            fn take(r: &mut crate::Reader<'_>) -> Result<Self, crate::Malformed> {
                Ok($name { $($field: <$type as crate::hci::field::Field>::take(r)?,)+ })
            }
            fn emit(&self, w: &mut crate::Writer<'_>) {
                $(crate::hci::field::Field::emit(&self.$field, w);)+
            }
            fn show(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $(crate::hci::field::show(f, stringify!($field), &self.$field)?;)+
                Ok(())
            }
        }
    )+};
}
pub(crate) use record_fields;
