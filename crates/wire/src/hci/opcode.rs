//! Command opcodes (Vol 4, Part E, 5.4.1).

use super::names;
use core::fmt;

/// An opcode: six bits of group, ten of command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opcode(pub u16);

impl Opcode {
    /// The group (OGF).
    pub const fn group(self) -> u8 {
        (self.0 >> 10) as u8
    }

    /// The command in its group (OCF).
    pub const fn command(self) -> u16 {
        self.0 & 0x03ff
    }
}

names! { Opcode;
    NOP = 0x0000, "NOP";
    DISCONNECT = 0x0406, "Disconnect";
    READ_REMOTE_VERSION_INFORMATION = 0x041d, "Read Remote Version Information";
    SET_EVENT_MASK = 0x0c01, "Set Event Mask";
    RESET = 0x0c03, "Reset";
    SET_CONTROLLER_TO_HOST_FLOW_CONTROL = 0x0c31, "Set Controller To Host Flow Control";
    HOST_BUFFER_SIZE = 0x0c33, "Host Buffer Size";
    HOST_NUMBER_OF_COMPLETED_PACKETS = 0x0c35, "Host Number Of Completed Packets";
    SET_EVENT_MASK_PAGE_2 = 0x0c63, "Set Event Mask Page 2";
    READ_LOCAL_VERSION_INFORMATION = 0x1001, "Read Local Version Information";
    READ_LOCAL_SUPPORTED_COMMANDS = 0x1002, "Read Local Supported Commands";
    READ_LOCAL_SUPPORTED_FEATURES = 0x1003, "Read Local Supported Features";
    READ_BUFFER_SIZE = 0x1005, "Read Buffer Size";
    READ_BD_ADDR = 0x1009, "Read BD_ADDR";
    READ_RSSI = 0x1405, "Read RSSI";
    LE_SET_EVENT_MASK = 0x2001, "LE Set Event Mask";
    LE_READ_BUFFER_SIZE = 0x2002, "LE Read Buffer Size";
    LE_READ_LOCAL_SUPPORTED_FEATURES = 0x2003, "LE Read Local Supported Features";
    LE_SET_RANDOM_ADDRESS = 0x2005, "LE Set Random Address";
    LE_SET_ADVERTISING_PARAMETERS = 0x2006, "LE Set Advertising Parameters";
    LE_READ_ADVERTISING_PHYSICAL_CHANNEL_TX_POWER = 0x2007, "LE Read Advertising Physical Channel Tx Power";
    LE_SET_ADVERTISING_DATA = 0x2008, "LE Set Advertising Data";
    LE_SET_SCAN_RESPONSE_DATA = 0x2009, "LE Set Scan Response Data";
    LE_SET_ADVERTISING_ENABLE = 0x200a, "LE Set Advertising Enable";
    LE_SET_SCAN_PARAMETERS = 0x200b, "LE Set Scan Parameters";
    LE_SET_SCAN_ENABLE = 0x200c, "LE Set Scan Enable";
    LE_CREATE_CONNECTION = 0x200d, "LE Create Connection";
    LE_CREATE_CONNECTION_CANCEL = 0x200e, "LE Create Connection Cancel";
    LE_READ_FILTER_ACCEPT_LIST_SIZE = 0x200f, "LE Read Filter Accept List Size";
    LE_CLEAR_FILTER_ACCEPT_LIST = 0x2010, "LE Clear Filter Accept List";
    LE_ADD_DEVICE_TO_FILTER_ACCEPT_LIST = 0x2011, "LE Add Device To Filter Accept List";
    LE_REMOVE_DEVICE_FROM_FILTER_ACCEPT_LIST = 0x2012, "LE Remove Device From Filter Accept List";
    LE_CONNECTION_UPDATE = 0x2013, "LE Connection Update";
    LE_SET_HOST_CHANNEL_CLASSIFICATION = 0x2014, "LE Set Host Channel Classification";
    LE_READ_CHANNEL_MAP = 0x2015, "LE Read Channel Map";
    LE_READ_REMOTE_FEATURES = 0x2016, "LE Read Remote Features";
    LE_ENCRYPT = 0x2017, "LE Encrypt";
    LE_RAND = 0x2018, "LE Rand";
    LE_ENABLE_ENCRYPTION = 0x2019, "LE Enable Encryption";
    LE_LONG_TERM_KEY_REQUEST_REPLY = 0x201a, "LE Long Term Key Request Reply";
    LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY = 0x201b, "LE Long Term Key Request Negative Reply";
    LE_READ_SUPPORTED_STATES = 0x201c, "LE Read Supported States";
    LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY = 0x2020, "LE Remote Connection Parameter Request Reply";
    LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY = 0x2021, "LE Remote Connection Parameter Request Negative Reply";
    LE_SET_DATA_LENGTH = 0x2022, "LE Set Data Length";
    LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH = 0x2023, "LE Read Suggested Default Data Length";
    LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH = 0x2024, "LE Write Suggested Default Data Length";
    LE_READ_LOCAL_P256_PUBLIC_KEY = 0x2025, "LE Read Local P-256 Public Key";
    LE_GENERATE_DHKEY = 0x2026, "LE Generate DHKey";
    LE_READ_MAXIMUM_DATA_LENGTH = 0x202f, "LE Read Maximum Data Length";
    LE_READ_PHY = 0x2030, "LE Read PHY";
    LE_SET_DEFAULT_PHY = 0x2031, "LE Set Default PHY";
    LE_SET_PHY = 0x2032, "LE Set PHY";
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name().unwrap_or("Unknown command");
        write!(f, "{name} ({:#04x}|{:#06x})", self.group(), self.command())
    }
}
