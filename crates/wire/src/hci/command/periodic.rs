//! Periodic advertising (Vol 4, Part E, 7.8.61 to 7.8.63, 7.8.125 to 7.8.127), and with responses.

use super::{macros::commands, parameter::List};
use crate::{
    Malformed, Reader, Writer,
    hci::parameter::{Data, Parameter, pair},
};
use core::fmt;

commands! {
    /// How a set advertises periodically (7.8.61).
    LeSetPeriodicAdvertisingParameters = LE_SET_PERIODIC_ADVERTISING_PARAMETERS {
        /// The set.
        advertising_handle: u8,
        /// 1.25 ms each.
        interval_min: u16,
        /// 1.25 ms each.
        interval_max: u16,
        /// Bit 6: with the transmit power.
        properties: u16,
    } -> ();
    /// How a set advertises periodically, with subevents and responses (7.8.61).
    LeSetPeriodicAdvertisingParametersV2 = LE_SET_PERIODIC_ADVERTISING_PARAMETERS_V2 {
        /// The set.
        advertising_handle: u8,
        /// 1.25 ms each.
        interval_min: u16,
        /// 1.25 ms each.
        interval_max: u16,
        /// Bit 6: with the transmit power.
        properties: u16,
        /// Subevents in an interval, at most 128.
        subevents: u8,
        /// 1.25 ms each.
        subevent_interval: u8,
        /// 1.25 ms each, from the subevent to its first response slot; 0: no responses.
        response_slot_delay: u8,
        /// 0.125 ms each.
        response_slot_spacing: u8,
        /// Response slots of a subevent.
        response_slots: u8,
    } -> u8;
    /// What a set advertises periodically (7.8.62).
    LeSetPeriodicAdvertisingData<'a> = LE_SET_PERIODIC_ADVERTISING_DATA {
        /// The set.
        advertising_handle: u8,
        /// 0 a fragment between, 1 the first, 2 the last, 3 all of it, 4 the data as it is.
        operation: u8,
        /// At most 252 octets of AD structures.
        data: Data<'a>,
    } -> ();
    /// Switches periodic advertising (7.8.63).
    LeSetPeriodicAdvertisingEnable = LE_SET_PERIODIC_ADVERTISING_ENABLE {
        /// Bit 0: on; bit 1: with the ADI field.
        enable: u8,
        /// The set.
        advertising_handle: u8,
    } -> ();
    /// What a set advertises in its subevents (7.8.125).
    LeSetPeriodicAdvertisingSubeventData<'a> = LE_SET_PERIODIC_ADVERTISING_SUBEVENT_DATA {
        /// The set.
        advertising_handle: u8,
        /// At most 15.
        subevents: List<'a, SubeventData<'a>>,
    } -> u8;
    /// What a receiver answers in a response slot (7.8.126).
    LeSetPeriodicAdvertisingResponseData<'a> = LE_SET_PERIODIC_ADVERTISING_RESPONSE_DATA {
        /// The periodic advertising train.
        sync_handle: u16,
        /// The periodic event that held the request.
        request_event: u16,
        /// The subevent that held the request.
        request_subevent: u8,
        /// The subevent of the answer.
        response_subevent: u8,
        /// The slot of the answer.
        response_slot: u8,
        /// At most 247 octets.
        data: Data<'a>,
    } -> u16;
}

/// What a subevent holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubeventData<'a> {
    /// Which, 0 to 127.
    pub subevent: u8,
    /// The first response slot for its receivers.
    pub response_slot_start: u8,
    /// How many response slots.
    pub response_slot_count: u8,
    /// At most 251 octets.
    pub data: Data<'a>,
}

impl<'a> Parameter<'a> for SubeventData<'a> {
    fn take(r: &mut Reader<'a>) -> Result<Self, Malformed> {
        let [subevent, response_slot_start, response_slot_count] = r.array()?;
        Ok(SubeventData { subevent, response_slot_start, response_slot_count, data: Parameter::take(r)? })
    }
    fn emit(&self, w: &mut Writer<'_>) {
        w.bytes(&[self.subevent, self.response_slot_start, self.response_slot_count]);
        self.data.emit(w);
    }
    fn show(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        pair(f, "subevent", &self.subevent)?;
        pair(f, "response_slot_start", &self.response_slot_start)?;
        pair(f, "response_slot_count", &self.response_slot_count)?;
        pair(f, "data", &self.data)
    }
}
