//! Legacy advertising (Vol 4, Part E, 7.8.5 to 7.8.9).

use super::{Command, macros::commands};
use crate::{
    Address, Malformed, Reader, Writer, copy,
    hci::{AdvertisingKind, Opcode, Switch, field::hex},
};
use core::fmt;

commands! {
    /// How to advertise (7.8.5).
    LeSetAdvertisingParameters = LE_SET_ADVERTISING_PARAMETERS {
        /// 625 us each.
        interval_min: u16,
        /// 625 us each.
        interval_max: u16,
        /// Who may connect or ask.
        kind: AdvertisingKind,
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// Whom directed advertising is for.
        peer: Address,
        /// Channels 37, 38, 39 from bit 0.
        channel_map: u8,
        /// Whether the accept list decides.
        filter_policy: u8,
    } -> ();
    /// Asks for the transmit power in dBm (7.8.6).
    LeReadAdvertisingPhysicalChannelTxPower = LE_READ_ADVERTISING_PHYSICAL_CHANNEL_TX_POWER {} -> i8;
    /// Switches advertising (7.8.9).
    LeSetAdvertisingEnable = LE_SET_ADVERTISING_ENABLE {
        /// On or off.
        enable: Switch,
    } -> ();
}

/// As much of `data` as there is room for, and zeros.
#[cfg_attr(target_pointer_width = "32", inline(never))]
fn emit_data(data: &[u8], w: &mut Writer<'_>) {
    let mut octets = [0; 31];
    let length = copy(&mut octets, data);
    w.u8(u8::try_from(length).unwrap_or(0));
    w.bytes(&octets);
}

macro_rules! data_commands {
    ($($(#[$doc:meta])* $name:ident = $opcode:ident;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $name<'a> {
                /// At most 31 octets of AD structures.
                pub data: &'a [u8],
            }

            impl<'a> $name<'a> {
                /// Takes the parameters apart: always 32 octets.
                pub fn parse_parameters(parameters: &'a [u8]) -> Result<Self, Malformed> {
                    let mut r = Reader::new(parameters);
                    let length = usize::from(r.u8()?);
                    let data = r.bytes(31)?;
                    r.finish()?;
                    Ok($name { data: data.get(..length).ok_or(Malformed)? })
                }
            }

            impl fmt::Display for $name<'_> {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str(" data ")?;
                    hex(f, self.data)
                }
            }

            impl Command for $name<'_> {
                const OPCODE: Opcode = Opcode::$opcode;
                type Return = ();

                fn emit_parameters(&self, w: &mut Writer<'_>) {
                    emit_data(self.data, w);
                }

                fn parse_return(_: &[u8]) -> Result<(), Malformed> {
                    Ok(())
                }
            }
        )+
    };
}

data_commands! {
    /// What to advertise (7.8.7).
    LeSetAdvertisingData = LE_SET_ADVERTISING_DATA;
    /// What to answer a scanner that asks (7.8.8).
    LeSetScanResponseData = LE_SET_SCAN_RESPONSE_DATA;
}
