//! What makes a command of a list of its parameters, and what makes the enums over all of them.

use crate::Writer;
use core::marker::PhantomData;

/// `Name = OPCODE { parameters } -> return parameters;`, `Name<'a>` for commands that borrow.
macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident $(<$life:lifetime>)? = $opcode:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)?
    } -> $return:ty;)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $name $(<$life>)? {
            $($(#[$field_doc])* pub $field: $type,)*
        }

        impl $(<$life>)? crate::hci::command::Command for $name $(<$life>)? {
            const OPCODE: crate::hci::Opcode = crate::hci::Opcode::$opcode;
            type Return = $return;

            fn emit_parameters(&self, w: &mut crate::Writer<'_>) {
                let _start = w.len();
                $(crate::hci::parameter::Parameter::emit(&self.$field, w);)*
                $(crate::hci::command::macros::limit(core::marker::PhantomData::<&$life ()>, w, _start);)?
            }

            fn parse_return(parameters: &[u8]) -> Result<$return, crate::Malformed> {
                <$return as crate::hci::field::Field>::take(&mut crate::Reader::new(parameters))
            }
        }

        impl $(<$life>)? core::fmt::Display for $name $(<$life>)? {
            fn fmt(&self, _f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                $(crate::hci::parameter::pair(_f, stringify!($field), &self.$field)?;)*
                Ok(())
            }
        }

        impl $(<$life>)? $name $(<$life>)? {
            /// Takes the parameters apart; their length must be exact.
            pub fn parse_parameters(parameters: &$($life)? [u8]) -> Result<Self, crate::Malformed> {
                let mut r = crate::Reader::new(parameters);
                let _ = &mut r;
                let command = $name { $($field: crate::hci::parameter::Parameter::take(&mut r)?,)* };
                r.finish()?;
                Ok(command)
            }
        }
    )+};
}
pub(super) use commands;

/// Return parameters one after another, as a struct.
macro_rules! returns {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),+ $(,)? })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)+
            }
        )+

        crate::show::record_fields! { $($name { $($field: $type),+ })+ }
    };
}
pub(super) use returns;

/// [`CommandPacket`](super::CommandPacket) and [`Returned`](super::Returned): `Name;`, `Name -> return parameters;`, and for one
/// number the name it is shown with, `Name -> u8 as size;`.
macro_rules! packets {
    ($($name:ident $(<$life:lifetime>)? $(-> $value:ty $(as $label:ident)?)?;)+) => {
        /// Any command, taken apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum CommandPacket<'a> {
            $(#[doc = concat!("[`struct@", stringify!($name), "`].")] $name($name $(<$life>)?),)+
            /// A command that this crate does not take apart.
            Unknown {
                /// Its opcode.
                opcode: Opcode,
                /// Its parameters.
                parameters: &'a [u8],
            },
        }

        impl<'a> CommandPacket<'a> {
            /// Takes a whole command packet apart.
            pub fn parse(octets: &'a [u8]) -> Result<Self, Malformed> {
                let (opcode, parameters) = header(octets)?;
                Ok(match opcode {
                    $(<$name as Command>::OPCODE => CommandPacket::$name($name::parse_parameters(parameters)?),)+
                    _ => CommandPacket::Unknown { opcode, parameters },
                })
            }

            /// Writes the whole packet.
            pub fn emit(&self, w: &mut Writer<'_>) {
                match self {
                    $(CommandPacket::$name(command) => emit(command, w),)+
                    CommandPacket::Unknown { opcode, parameters } => {
                        w.u16(opcode.0);
                        w.u8(u8::try_from(parameters.len()).unwrap_or(u8::MAX));
                        w.bytes(parameters);
                    }
                }
            }

            /// The parameters, each with its name.
            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(CommandPacket::$name(command) => fmt::Display::fmt(command, f),)+
                    CommandPacket::Unknown { parameters, .. } => {
                        f.write_str(" ")?;
                        hex(f, parameters)
                    }
                }
            }

            /// The command's opcode.
            pub fn opcode(&self) -> Opcode {
                match self {
                    $(CommandPacket::$name(_) => <$name as Command>::OPCODE,)+
                    CommandPacket::Unknown { opcode, .. } => *opcode,
                }
            }
        }

        /// What Command Complete returns (7.7.14): a status, and more when that is success.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Returned<'a> {
            /// Nothing at all: the packet tells of credits only.
            Nothing,
            /// A status, and what has no meaning after a failure or is not known to this crate.
            Status {
                /// Whether the command was carried out.
                status: Status,
                /// What follows.
                rest: &'a [u8],
            },
            $($(
                #[doc = concat!("Success of [`struct@", stringify!($name), "`].")]
                $name($value),
            )?)+
        }

        impl<'a> Returned<'a> {
            /// Takes the return parameters of a command apart; their length must be exact.
            pub fn parse(opcode: Opcode, octets: &'a [u8]) -> Result<Self, Malformed> {
                let mut r = Reader::new(octets);
                if r.is_empty() {
                    return Ok(Returned::Nothing);
                }
                let status = Field::take(&mut r)?;
                if Status::is_success(status) {
                    let returned = match opcode {
                        $($(<$name as Command>::OPCODE => Returned::$name(<$value as Field>::take(&mut r)?),)?)+
                        _ => Returned::Status { status, rest: r.rest() },
                    };
                    r.finish()?;
                    return Ok(returned);
                }
                Ok(Returned::Status { status, rest: r.rest() })
            }

            /// Writes them.
            pub fn emit(&self, w: &mut Writer<'_>) {
                self.status().iter().for_each(|status| Field::emit(status, w));
                match self {
                    Returned::Nothing => {}
                    Returned::Status { rest, .. } => w.bytes(rest),
                    $($(Returned::$name(value) => <$value as Field>::emit(value, w),)?)+
                }
            }

            /// Whether the command was carried out.
            pub fn status(&self) -> Option<Status> {
                match self {
                    Returned::Nothing => None,
                    Returned::Status { status, .. } => Some(*status),
                    _ => Some(Status::SUCCESS),
                }
            }
        }

        /// ` status Success (0x00) name value ..`.
        impl fmt::Display for Returned<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.status().iter().try_for_each(|status| show(f, "status", status))?;
                match self {
                    Returned::Nothing => Ok(()),
                    Returned::Status { rest, .. } if rest.is_empty() => Ok(()),
                    Returned::Status { rest, .. } => {
                        f.write_str(" ")?;
                        hex(f, rest)
                    }
                    $($(Returned::$name(value) => packets!(@show f, value, $($label)?),)?)+
                }
            }
        }

        // What is said to be returned here is what the command says.
        $(const _: fn(<$name as Command>::Return) -> packets!(@type $($value)?) = |value| value;)+
    };
    (@show $f:ident, $value:ident,) => { Field::show($value, $f) };
    (@show $f:ident, $value:ident, $label:ident) => { show($f, stringify!($label), $value) };
    (@type) => { () };
    (@type $value:ty) => { $value };
}
pub(super) use packets;

/// Parameters that borrow can be longer than a command: then the packet does not fit.
pub(super) fn limit<Borrowed>(_: PhantomData<Borrowed>, w: &mut Writer<'_>, start: usize) {
    if w.len().saturating_sub(start) > usize::from(u8::MAX) {
        w.patch_u8(usize::MAX, 0);
    }
}
