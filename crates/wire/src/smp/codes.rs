//! Numbers of SMP, and their names (Vol 3, Part H, 3.3 and 3.5).

use crate::{
    hci::names,
    show::{flag_fields, named_fields},
};
use bitflags::bitflags;
use core::fmt;

/// The code of a PDU (3.3, Table 3.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Code(pub u8);

names! { Code;
    PAIRING_REQUEST = 0x01, "Pairing Request";
    PAIRING_RESPONSE = 0x02, "Pairing Response";
    PAIRING_CONFIRM = 0x03, "Pairing Confirm";
    PAIRING_RANDOM = 0x04, "Pairing Random";
    PAIRING_FAILED = 0x05, "Pairing Failed";
    ENCRYPTION_INFORMATION = 0x06, "Encryption Information";
    CENTRAL_IDENTIFICATION = 0x07, "Central Identification";
    IDENTITY_INFORMATION = 0x08, "Identity Information";
    IDENTITY_ADDRESS_INFORMATION = 0x09, "Identity Address Information";
    SIGNING_INFORMATION = 0x0a, "Signing Information";
    SECURITY_REQUEST = 0x0b, "Security Request";
    PAIRING_PUBLIC_KEY = 0x0c, "Pairing Public Key";
    PAIRING_DHKEY_CHECK = 0x0d, "Pairing DHKey Check";
    PAIRING_KEYPRESS_NOTIFICATION = 0x0e, "Pairing Keypress Notification";
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#04x})", self.name().unwrap_or("Unknown"), self.0)
    }
}

/// What a device can show and take in (3.5.1, Table 3.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct IoCapability(pub u8);

names! { IoCapability;
    DISPLAY_ONLY = 0x00, "DisplayOnly";
    DISPLAY_YES_NO = 0x01, "DisplayYesNo";
    KEYBOARD_ONLY = 0x02, "KeyboardOnly";
    NO_INPUT_NO_OUTPUT = 0x03, "NoInputNoOutput";
    KEYBOARD_DISPLAY = 0x04, "KeyboardDisplay";
}

/// Whether authentication data of the peer came another way (3.5.1, Table 3.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct OobData(pub u8);

names! { OobData;
    NOT_PRESENT = 0x00, "Authentication data not present";
    PRESENT = 0x01, "Authentication data from remote device present";
}

/// Why pairing failed (3.5.5, Table 3.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Reason(pub u8);

names! { Reason;
    PASSKEY_ENTRY_FAILED = 0x01, "Passkey Entry Failed";
    OOB_NOT_AVAILABLE = 0x02, "OOB Not Available";
    AUTHENTICATION_REQUIREMENTS = 0x03, "Authentication Requirements";
    CONFIRM_VALUE_FAILED = 0x04, "Confirm Value Failed";
    PAIRING_NOT_SUPPORTED = 0x05, "Pairing Not Supported";
    ENCRYPTION_KEY_SIZE = 0x06, "Encryption Key Size";
    COMMAND_NOT_SUPPORTED = 0x07, "Command Not Supported";
    UNSPECIFIED_REASON = 0x08, "Unspecified Reason";
    REPEATED_ATTEMPTS = 0x09, "Repeated Attempts";
    INVALID_PARAMETERS = 0x0a, "Invalid Parameters";
    DHKEY_CHECK_FAILED = 0x0b, "DHKey Check Failed";
    NUMERIC_COMPARISON_FAILED = 0x0c, "Numeric Comparison Failed";
    BR_EDR_PAIRING_IN_PROGRESS = 0x0d, "BR/EDR Pairing In Progress";
    CROSS_TRANSPORT_NOT_ALLOWED = 0x0e, "Cross-transport Key Derivation/Generation Not Allowed";
    KEY_REJECTED = 0x0f, "Key Rejected";
    BUSY = 0x10, "Busy";
}

/// What was done to the passkey (3.5.8, Table 3.8).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Keypress(pub u8);

names! { Keypress;
    ENTRY_STARTED = 0x00, "Passkey entry started";
    DIGIT_ENTERED = 0x01, "Passkey digit entered";
    DIGIT_ERASED = 0x02, "Passkey digit erased";
    CLEARED = 0x03, "Passkey cleared";
    ENTRY_COMPLETED = 0x04, "Passkey entry completed";
}

named_fields! { u8, 4: IoCapability OobData Reason Keypress }

bitflags! {
    /// What a device requires of pairing: AuthReq (3.5.1, Figure 3.3). Reserved bits are ignored, and kept.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Requirements: u8 {
        /// The keys are kept.
        const BONDING = 0x01;
        /// Protection against somebody in the middle.
        const MITM = 0x04;
        /// LE Secure Connections.
        const SECURE_CONNECTIONS = 0x08;
        /// Keypress Notifications are sent.
        const KEYPRESS = 0x10;
        /// Keys of the other transport are derived by h7.
        const CT2 = 0x20;
        const _ = !0;
    }
}

bitflags! {
    /// Keys that are handed over after pairing (3.6.1, Figure 3.11). Reserved bits are ignored, and kept.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Keys: u8 {
        /// Encryption Information and Central Identification, unless Secure Connections makes the key.
        const ENCRYPTION = 0x01;
        /// Identity Information and Identity Address Information.
        const IDENTITY = 0x02;
        /// Signing Information.
        const SIGNING = 0x04;
        /// The key of BR/EDR is derived.
        const LINK = 0x08;
        const _ = !0;
    }
}

flag_fields! {
    Requirements: [(0x01, "Bonding"), (0x04, "MITM"), (0x08, "SC"), (0x10, "Keypresses"), (0x20, "CT2")];
    Keys: [(0x01, "EncKey"), (0x02, "IdKey"), (0x04, "Sign"), (0x08, "LinkKey")];
}
