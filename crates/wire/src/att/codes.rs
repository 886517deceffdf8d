//! Opcodes and error codes of ATT (Vol 3, Part F, 3.4.8 and 3.4.1.1; common profile errors: Supplement, Part B, 1.2).

use crate::hci::names;
use core::fmt;

/// An opcode: six bits of method, a command flag, a signature flag.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Opcode(pub u8);

impl Opcode {
    /// True for commands, which are never answered.
    pub const fn is_command(self) -> bool {
        self.0 & 0x40 != 0
    }

    /// True when a signature ends the PDU.
    pub const fn has_signature(self) -> bool {
        self.0 & 0x80 != 0
    }
}

names! { Opcode;
    ERROR_RESPONSE = 0x01, "Error Response";
    EXCHANGE_MTU_REQUEST = 0x02, "Exchange MTU Request";
    EXCHANGE_MTU_RESPONSE = 0x03, "Exchange MTU Response";
    FIND_INFORMATION_REQUEST = 0x04, "Find Information Request";
    FIND_INFORMATION_RESPONSE = 0x05, "Find Information Response";
    FIND_BY_TYPE_VALUE_REQUEST = 0x06, "Find By Type Value Request";
    FIND_BY_TYPE_VALUE_RESPONSE = 0x07, "Find By Type Value Response";
    READ_BY_TYPE_REQUEST = 0x08, "Read By Type Request";
    READ_BY_TYPE_RESPONSE = 0x09, "Read By Type Response";
    READ_REQUEST = 0x0a, "Read Request";
    READ_RESPONSE = 0x0b, "Read Response";
    READ_BLOB_REQUEST = 0x0c, "Read Blob Request";
    READ_BLOB_RESPONSE = 0x0d, "Read Blob Response";
    READ_MULTIPLE_REQUEST = 0x0e, "Read Multiple Request";
    READ_MULTIPLE_RESPONSE = 0x0f, "Read Multiple Response";
    READ_BY_GROUP_TYPE_REQUEST = 0x10, "Read By Group Type Request";
    READ_BY_GROUP_TYPE_RESPONSE = 0x11, "Read By Group Type Response";
    WRITE_REQUEST = 0x12, "Write Request";
    WRITE_RESPONSE = 0x13, "Write Response";
    PREPARE_WRITE_REQUEST = 0x16, "Prepare Write Request";
    PREPARE_WRITE_RESPONSE = 0x17, "Prepare Write Response";
    EXECUTE_WRITE_REQUEST = 0x18, "Execute Write Request";
    EXECUTE_WRITE_RESPONSE = 0x19, "Execute Write Response";
    HANDLE_VALUE_NOTIFICATION = 0x1b, "Handle Value Notification";
    HANDLE_VALUE_INDICATION = 0x1d, "Handle Value Indication";
    HANDLE_VALUE_CONFIRMATION = 0x1e, "Handle Value Confirmation";
    READ_MULTIPLE_VARIABLE_REQUEST = 0x20, "Read Multiple Variable Request";
    READ_MULTIPLE_VARIABLE_RESPONSE = 0x21, "Read Multiple Variable Response";
    MULTIPLE_HANDLE_VALUE_NOTIFICATION = 0x23, "Multiple Handle Value Notification";
    WRITE_COMMAND = 0x52, "Write Command";
    SIGNED_WRITE_COMMAND = 0xd2, "Signed Write Command";
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ErrorCode(pub u8);

names! { ErrorCode;
    INVALID_HANDLE = 0x01, "Invalid Handle";
    READ_NOT_PERMITTED = 0x02, "Read Not Permitted";
    WRITE_NOT_PERMITTED = 0x03, "Write Not Permitted";
    INVALID_PDU = 0x04, "Invalid PDU";
    INSUFFICIENT_AUTHENTICATION = 0x05, "Insufficient Authentication";
    REQUEST_NOT_SUPPORTED = 0x06, "Request Not Supported";
    INVALID_OFFSET = 0x07, "Invalid Offset";
    INSUFFICIENT_AUTHORIZATION = 0x08, "Insufficient Authorization";
    PREPARE_QUEUE_FULL = 0x09, "Prepare Queue Full";
    ATTRIBUTE_NOT_FOUND = 0x0a, "Attribute Not Found";
    ATTRIBUTE_NOT_LONG = 0x0b, "Attribute Not Long";
    ENCRYPTION_KEY_SIZE_TOO_SHORT = 0x0c, "Encryption Key Size Too Short";
    INVALID_ATTRIBUTE_VALUE_LENGTH = 0x0d, "Invalid Attribute Value Length";
    UNLIKELY_ERROR = 0x0e, "Unlikely Error";
    INSUFFICIENT_ENCRYPTION = 0x0f, "Insufficient Encryption";
    UNSUPPORTED_GROUP_TYPE = 0x10, "Unsupported Group Type";
    INSUFFICIENT_RESOURCES = 0x11, "Insufficient Resources";
    DATABASE_OUT_OF_SYNC = 0x12, "Database Out Of Sync";
    VALUE_NOT_ALLOWED = 0x13, "Value Not Allowed";
    WRITE_REQUEST_REJECTED = 0xfc, "Write Request Rejected";
    CCCD_IMPROPERLY_CONFIGURED = 0xfd, "Client Characteristic Configuration Descriptor Improperly Configured";
    PROCEDURE_ALREADY_IN_PROGRESS = 0xfe, "Procedure Already in Progress";
    OUT_OF_RANGE = 0xff, "Out of Range";
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#04x})", self.name().unwrap_or("Unknown"), self.0)
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name().unwrap_or(match self.0 {
            0x80..=0x9f => "Application Error",
            _ => "Reserved",
        });
        write!(f, "{name} ({:#04x})", self.0)
    }
}
