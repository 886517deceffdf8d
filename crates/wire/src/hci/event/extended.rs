//! Reports of extended and periodic advertising.

use super::{ReportedAddress, lists::Entry};
use crate::{
    Malformed, Reader, Writer,
    hci::{
        Data, names,
        parameter::{Parameter, pair},
    },
};
use core::{fmt, ops::RangeInclusive};

/// Whether the data of a report is all there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct DataStatus(pub u8);

names! { DataStatus;
    COMPLETE = 0x00, "Complete";
    MORE = 0x01, "Incomplete, more to come";
    TRUNCATED = 0x02, "Incomplete, no more to come";
    FAILED = 0xff, "Not received";
}

/// One report of LE Extended Advertising Report (7.7.65.13).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedAdvertisingReport<'a> {
    /// Bit 0 connectable, 1 scannable, 2 directed, 3 scan response, 4 legacy PDU, 5 and 6 data status.
    pub kind: u16,
    /// Who.
    pub address: ReportedAddress,
    /// 1 is 1M, 3 is Coded.
    pub primary_phy: u8,
    /// 0 none, 1 is 1M, 2 is 2M, 3 is Coded.
    pub secondary_phy: u8,
    /// The set of the advertiser; 0xff: none.
    pub sid: u8,
    /// dBm; 127: not known.
    pub tx_power: i8,
    /// dBm; 127: not known.
    pub rssi: i8,
    /// Of periodic advertising, 1.25 ms each; 0: none.
    pub periodic_interval: u16,
    /// For whom, if directed.
    pub target: ReportedAddress,
    /// What.
    pub data: Data<'a>,
}

impl ExtendedAdvertisingReport<'_> {
    /// Whether more of this advertisement comes.
    pub const fn data_status(&self) -> DataStatus {
        DataStatus((self.kind >> 5 & 3) as u8)
    }
}

/// One response of LE Periodic Advertising Response Report (7.7.65.37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeriodicAdvertisingResponse<'a> {
    /// dBm; 127: not known.
    pub tx_power: i8,
    /// dBm; 127: not known.
    pub rssi: i8,
    /// 0xff: no constant tone extension.
    pub cte_type: u8,
    /// When it came.
    pub response_slot: u8,
    /// Whether this is all.
    pub data_status: DataStatus,
    /// What.
    pub data: Data<'a>,
}

macro_rules! entries {
    ($($name:ident, $counts:expr, { $($field:ident),+ })+) => {$(
        impl<'a> Parameter<'a> for $name<'a> {
            fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
                Ok($name { $($field: Parameter::take(r)?),+ })
            }
            fn emit(&self, w: &mut Writer<'_>) {
                $(Parameter::emit(&self.$field, w);)+
            }
            fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                $(pair(f, stringify!($field), &self.$field)?;)+
                Ok(())
            }
        }

        impl<'a> Entry<'a> for $name<'a> {
            const COUNTS: RangeInclusive<u8> = $counts;
        }
    )+};
}

entries! {
    ExtendedAdvertisingReport, 1..=10, {
        kind, address, primary_phy, secondary_phy, sid, tx_power, rssi, periodic_interval, target, data
    }
    PeriodicAdvertisingResponse, 0..=u8::MAX, { tx_power, rssi, cte_type, response_slot, data_status, data }
}
