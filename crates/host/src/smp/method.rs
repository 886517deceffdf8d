//! How a pairing is authenticated, from what both can do (Vol 3, Part H, 2.3.5.1, tables 2.6 to 2.8).

use super::pairing::Method;
use jelling_wire::smp::{Features, IoCapability, OobData, Requirements};

/// The method, as it is for the initiator or for the responder.
pub(crate) fn method(secure: bool, initiates: bool, request: &Features, response: &Features) -> Method {
    let (first, second) = (request.oob_data == OobData::PRESENT, response.oob_data == OobData::PRESENT);
    // Legacy pairing needs the TK at both ends, LE Secure Connections the public key's confirm value at one.
    if (first && second) || (secure && (first || second)) {
        return Method::OutOfBand;
    }
    if !(request.requirements | response.requirements).contains(Requirements::MITM) {
        return Method::JustWorks;
    }
    const DISPLAY: IoCapability = IoCapability::DISPLAY_ONLY;
    const YES_NO: IoCapability = IoCapability::DISPLAY_YES_NO;
    const KEYBOARD: IoCapability = IoCapability::KEYBOARD_ONLY;
    const BOTH: IoCapability = IoCapability::KEYBOARD_DISPLAY;
    let initiator_shows = match (request.io_capability, response.io_capability) {
        (YES_NO | BOTH, YES_NO | BOTH) if secure => return Method::Comparison,
        (KEYBOARD, KEYBOARD) => return Method::Type,
        (KEYBOARD, DISPLAY | YES_NO | BOTH) | (BOTH, DISPLAY | YES_NO) => false,
        (DISPLAY | YES_NO | BOTH, KEYBOARD) | (DISPLAY | YES_NO | BOTH, BOTH) => true,
        _ => return Method::JustWorks,
    };
    if initiator_shows == initiates { Method::Show } else { Method::Type }
}
