//! A command packet as a controller or a capture sees it.

use super::CommandPacket;
use crate::{Malformed, Reader, hci::Opcode};
use core::fmt;

/// Opcode and parameters of a command packet; its length must be exact.
pub fn header(octets: &[u8]) -> Result<(Opcode, &[u8]), Malformed> {
    let mut r = Reader::new(octets);
    let opcode = Opcode(r.u16()?);
    let length = r.u8()?;
    let parameters = r.bytes(usize::from(length))?;
    r.finish()?;
    Ok((opcode, parameters))
}

macro_rules! command_packet {
    ($($name:ident = $opcode:ident;)+) => {
        /// Any command, taken apart.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum CommandPacket<'a> {
            $(#[doc = concat!("[`struct@", stringify!($name), "`].")] $name($name),)+
            /// [`LeSetAdvertisingData`](LeSetAdvertisingData).
            LeSetAdvertisingData(LeSetAdvertisingData<'a>),
            /// [`LeSetScanResponseData`](LeSetScanResponseData).
            LeSetScanResponseData(LeSetScanResponseData<'a>),
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
                    $(Opcode::$opcode => CommandPacket::$name($name::parse_parameters(parameters)?),)+
                    Opcode::LE_SET_ADVERTISING_DATA => {
                        CommandPacket::LeSetAdvertisingData(LeSetAdvertisingData::parse_parameters(parameters)?)
                    }
                    Opcode::LE_SET_SCAN_RESPONSE_DATA => {
                        CommandPacket::LeSetScanResponseData(LeSetScanResponseData::parse_parameters(parameters)?)
                    }
                    _ => CommandPacket::Unknown { opcode, parameters },
                })
            }

            /// Writes the whole packet.
            pub fn emit(&self, w: &mut crate::Writer<'_>) {
                match self {
                    $(CommandPacket::$name(command) => emit(command, w),)+
                    CommandPacket::LeSetAdvertisingData(command) => emit(command, w),
                    CommandPacket::LeSetScanResponseData(command) => emit(command, w),
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
                    CommandPacket::LeSetAdvertisingData(command) => fmt::Display::fmt(command, f),
                    CommandPacket::LeSetScanResponseData(command) => fmt::Display::fmt(command, f),
                    CommandPacket::Unknown { parameters, .. } => {
                        f.write_str(" ")?;
                        hex(f, parameters)
                    }
                }
            }

            /// The command's opcode.
            pub fn opcode(&self) -> Opcode {
                match self {
                    $(CommandPacket::$name(_) => Opcode::$opcode,)+
                    CommandPacket::LeSetAdvertisingData(_) => Opcode::LE_SET_ADVERTISING_DATA,
                    CommandPacket::LeSetScanResponseData(_) => Opcode::LE_SET_SCAN_RESPONSE_DATA,
                    CommandPacket::Unknown { opcode, .. } => *opcode,
                }
            }
        }
    };
}
pub(crate) use command_packet;

impl fmt::Display for CommandPacket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; 258];
        let mut w = crate::Writer::new(&mut buffer);
        self.emit(&mut w);
        write!(f, "HCI Command: {} plen {}", self.opcode(), w.len().saturating_sub(3))?;
        self.show(f)
    }
}
