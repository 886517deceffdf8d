//! Command opcodes (Vol 4, Part E, 5.4.1): those that a host on LE may use, and all of the LE controller's that are assigned.

use super::names;
use core::fmt;

/// An opcode: six bits of group, ten of command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
// Packed, so that an error with an opcode in it has four octets, and is handed back in a register on small machines. Outside nobody
// sees it: the field, to which nothing could refer, is not public.
#[repr(Rust, packed)]
pub struct Opcode(pub(crate) u16);

/// What is derived would refer to a field that is not aligned.
#[cfg(feature = "defmt")]
impl defmt::Format for Opcode {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Opcode({=u16})", self.number());
    }
}

impl Opcode {
    /// The opcode with this number.
    pub const fn new(number: u16) -> Self {
        Opcode(number)
    }

    /// All its 16 bits.
    pub const fn number(self) -> u16 {
        self.0
    }

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
    READ_TRANSMIT_POWER_LEVEL = 0x0c2d, "Read Transmit Power Level";
    SET_CONTROLLER_TO_HOST_FLOW_CONTROL = 0x0c31, "Set Controller To Host Flow Control";
    HOST_BUFFER_SIZE = 0x0c33, "Host Buffer Size";
    HOST_NUMBER_OF_COMPLETED_PACKETS = 0x0c35, "Host Number Of Completed Packets";
    SET_EVENT_MASK_PAGE_2 = 0x0c63, "Set Event Mask Page 2";
    READ_LE_HOST_SUPPORT = 0x0c6c, "Read LE Host Support";
    WRITE_LE_HOST_SUPPORT = 0x0c6d, "Write LE Host Support";
    READ_AUTHENTICATED_PAYLOAD_TIMEOUT = 0x0c7b, "Read Authenticated Payload Timeout";
    WRITE_AUTHENTICATED_PAYLOAD_TIMEOUT = 0x0c7c, "Write Authenticated Payload Timeout";
    CONFIGURE_DATA_PATH = 0x0c83, "Configure Data Path";
    READ_LOCAL_VERSION_INFORMATION = 0x1001, "Read Local Version Information";
    READ_LOCAL_SUPPORTED_COMMANDS = 0x1002, "Read Local Supported Commands";
    READ_LOCAL_SUPPORTED_FEATURES = 0x1003, "Read Local Supported Features";
    READ_BUFFER_SIZE = 0x1005, "Read Buffer Size";
    READ_BD_ADDR = 0x1009, "Read BD_ADDR";
    READ_LOCAL_SUPPORTED_CODECS = 0x100b, "Read Local Supported Codecs";
    READ_LOCAL_SUPPORTED_CODECS_V2 = 0x100d, "Read Local Supported Codecs [v2]";
    READ_LOCAL_SUPPORTED_CODEC_CAPABILITIES = 0x100e, "Read Local Supported Codec Capabilities";
    READ_LOCAL_SUPPORTED_CONTROLLER_DELAY = 0x100f, "Read Local Supported Controller Delay";
    READ_LOCAL_SUPPORTED_COMMANDS_V2 = 0x1010, "Read Local Supported Commands [v2]";
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
    LE_RECEIVER_TEST = 0x201d, "LE Receiver Test";
    LE_TRANSMITTER_TEST = 0x201e, "LE Transmitter Test";
    LE_TEST_END = 0x201f, "LE Test End";
    LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY = 0x2020, "LE Remote Connection Parameter Request Reply";
    LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY = 0x2021, "LE Remote Connection Parameter Request Negative Reply";
    LE_SET_DATA_LENGTH = 0x2022, "LE Set Data Length";
    LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH = 0x2023, "LE Read Suggested Default Data Length";
    LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH = 0x2024, "LE Write Suggested Default Data Length";
    LE_READ_LOCAL_P256_PUBLIC_KEY = 0x2025, "LE Read Local P-256 Public Key";
    LE_GENERATE_DHKEY = 0x2026, "LE Generate DHKey";
    LE_ADD_DEVICE_TO_RESOLVING_LIST = 0x2027, "LE Add Device To Resolving List";
    LE_REMOVE_DEVICE_FROM_RESOLVING_LIST = 0x2028, "LE Remove Device From Resolving List";
    LE_CLEAR_RESOLVING_LIST = 0x2029, "LE Clear Resolving List";
    LE_READ_RESOLVING_LIST_SIZE = 0x202a, "LE Read Resolving List Size";
    LE_READ_PEER_RESOLVABLE_ADDRESS = 0x202b, "LE Read Peer Resolvable Address";
    LE_READ_LOCAL_RESOLVABLE_ADDRESS = 0x202c, "LE Read Local Resolvable Address";
    LE_SET_ADDRESS_RESOLUTION_ENABLE = 0x202d, "LE Set Address Resolution Enable";
    LE_SET_RESOLVABLE_PRIVATE_ADDRESS_TIMEOUT = 0x202e, "LE Set Resolvable Private Address Timeout";
    LE_READ_MAXIMUM_DATA_LENGTH = 0x202f, "LE Read Maximum Data Length";
    LE_READ_PHY = 0x2030, "LE Read PHY";
    LE_SET_DEFAULT_PHY = 0x2031, "LE Set Default PHY";
    LE_SET_PHY = 0x2032, "LE Set PHY";
    LE_RECEIVER_TEST_V2 = 0x2033, "LE Receiver Test [v2]";
    LE_TRANSMITTER_TEST_V2 = 0x2034, "LE Transmitter Test [v2]";
    LE_SET_ADVERTISING_SET_RANDOM_ADDRESS = 0x2035, "LE Set Advertising Set Random Address";
    LE_SET_EXTENDED_ADVERTISING_PARAMETERS = 0x2036, "LE Set Extended Advertising Parameters";
    LE_SET_EXTENDED_ADVERTISING_DATA = 0x2037, "LE Set Extended Advertising Data";
    LE_SET_EXTENDED_SCAN_RESPONSE_DATA = 0x2038, "LE Set Extended Scan Response Data";
    LE_SET_EXTENDED_ADVERTISING_ENABLE = 0x2039, "LE Set Extended Advertising Enable";
    LE_READ_MAXIMUM_ADVERTISING_DATA_LENGTH = 0x203a, "LE Read Maximum Advertising Data Length";
    LE_READ_NUMBER_OF_SUPPORTED_ADVERTISING_SETS = 0x203b, "LE Read Number Of Supported Advertising Sets";
    LE_REMOVE_ADVERTISING_SET = 0x203c, "LE Remove Advertising Set";
    LE_CLEAR_ADVERTISING_SETS = 0x203d, "LE Clear Advertising Sets";
    LE_SET_PERIODIC_ADVERTISING_PARAMETERS = 0x203e, "LE Set Periodic Advertising Parameters";
    LE_SET_PERIODIC_ADVERTISING_DATA = 0x203f, "LE Set Periodic Advertising Data";
    LE_SET_PERIODIC_ADVERTISING_ENABLE = 0x2040, "LE Set Periodic Advertising Enable";
    LE_SET_EXTENDED_SCAN_PARAMETERS = 0x2041, "LE Set Extended Scan Parameters";
    LE_SET_EXTENDED_SCAN_ENABLE = 0x2042, "LE Set Extended Scan Enable";
    LE_EXTENDED_CREATE_CONNECTION = 0x2043, "LE Extended Create Connection";
    LE_PERIODIC_ADVERTISING_CREATE_SYNC = 0x2044, "LE Periodic Advertising Create Sync";
    LE_PERIODIC_ADVERTISING_CREATE_SYNC_CANCEL = 0x2045, "LE Periodic Advertising Create Sync Cancel";
    LE_PERIODIC_ADVERTISING_TERMINATE_SYNC = 0x2046, "LE Periodic Advertising Terminate Sync";
    LE_ADD_DEVICE_TO_PERIODIC_ADVERTISER_LIST = 0x2047, "LE Add Device To Periodic Advertiser List";
    LE_REMOVE_DEVICE_FROM_PERIODIC_ADVERTISER_LIST = 0x2048, "LE Remove Device From Periodic Advertiser List";
    LE_CLEAR_PERIODIC_ADVERTISER_LIST = 0x2049, "LE Clear Periodic Advertiser List";
    LE_READ_PERIODIC_ADVERTISER_LIST_SIZE = 0x204a, "LE Read Periodic Advertiser List Size";
    LE_READ_TRANSMIT_POWER = 0x204b, "LE Read Transmit Power";
    LE_READ_RF_PATH_COMPENSATION = 0x204c, "LE Read RF Path Compensation";
    LE_WRITE_RF_PATH_COMPENSATION = 0x204d, "LE Write RF Path Compensation";
    LE_SET_PRIVACY_MODE = 0x204e, "LE Set Privacy Mode";
    LE_RECEIVER_TEST_V3 = 0x204f, "LE Receiver Test [v3]";
    LE_TRANSMITTER_TEST_V3 = 0x2050, "LE Transmitter Test [v3]";
    LE_SET_CONNECTIONLESS_CTE_TRANSMIT_PARAMETERS = 0x2051, "LE Set Connectionless CTE Transmit Parameters";
    LE_SET_CONNECTIONLESS_CTE_TRANSMIT_ENABLE = 0x2052, "LE Set Connectionless CTE Transmit Enable";
    LE_SET_CONNECTIONLESS_IQ_SAMPLING_ENABLE = 0x2053, "LE Set Connectionless IQ Sampling Enable";
    LE_SET_CONNECTION_CTE_RECEIVE_PARAMETERS = 0x2054, "LE Set Connection CTE Receive Parameters";
    LE_SET_CONNECTION_CTE_TRANSMIT_PARAMETERS = 0x2055, "LE Set Connection CTE Transmit Parameters";
    LE_CONNECTION_CTE_REQUEST_ENABLE = 0x2056, "LE Connection CTE Request Enable";
    LE_CONNECTION_CTE_RESPONSE_ENABLE = 0x2057, "LE Connection CTE Response Enable";
    LE_READ_ANTENNA_INFORMATION = 0x2058, "LE Read Antenna Information";
    LE_SET_PERIODIC_ADVERTISING_RECEIVE_ENABLE = 0x2059, "LE Set Periodic Advertising Receive Enable";
    LE_PERIODIC_ADVERTISING_SYNC_TRANSFER = 0x205a, "LE Periodic Advertising Sync Transfer";
    LE_PERIODIC_ADVERTISING_SET_INFO_TRANSFER = 0x205b, "LE Periodic Advertising Set Info Transfer";
    LE_SET_PERIODIC_ADVERTISING_SYNC_TRANSFER_PARAMETERS = 0x205c, "LE Set Periodic Advertising Sync Transfer Parameters";
    LE_SET_DEFAULT_PERIODIC_ADVERTISING_SYNC_TRANSFER_PARAMETERS = 0x205d, "LE Set Default Periodic Advertising Sync Transfer Parameters";
    LE_GENERATE_DHKEY_V2 = 0x205e, "LE Generate DHKey [v2]";
    LE_MODIFY_SLEEP_CLOCK_ACCURACY = 0x205f, "LE Modify Sleep Clock Accuracy";
    LE_READ_BUFFER_SIZE_V2 = 0x2060, "LE Read Buffer Size [v2]";
    LE_READ_ISO_TX_SYNC = 0x2061, "LE Read ISO Tx Sync";
    LE_SET_CIG_PARAMETERS = 0x2062, "LE Set CIG Parameters";
    LE_SET_CIG_PARAMETERS_TEST = 0x2063, "LE Set CIG Parameters Test";
    LE_CREATE_CIS = 0x2064, "LE Create CIS";
    LE_REMOVE_CIG = 0x2065, "LE Remove CIG";
    LE_ACCEPT_CIS_REQUEST = 0x2066, "LE Accept CIS Request";
    LE_REJECT_CIS_REQUEST = 0x2067, "LE Reject CIS Request";
    LE_CREATE_BIG = 0x2068, "LE Create BIG";
    LE_CREATE_BIG_TEST = 0x2069, "LE Create BIG Test";
    LE_TERMINATE_BIG = 0x206a, "LE Terminate BIG";
    LE_BIG_CREATE_SYNC = 0x206b, "LE BIG Create Sync";
    LE_BIG_TERMINATE_SYNC = 0x206c, "LE BIG Terminate Sync";
    LE_REQUEST_PEER_SCA = 0x206d, "LE Request Peer SCA";
    LE_SETUP_ISO_DATA_PATH = 0x206e, "LE Setup ISO Data Path";
    LE_REMOVE_ISO_DATA_PATH = 0x206f, "LE Remove ISO Data Path";
    LE_ISO_TRANSMIT_TEST = 0x2070, "LE ISO Transmit Test";
    LE_ISO_RECEIVE_TEST = 0x2071, "LE ISO Receive Test";
    LE_ISO_READ_TEST_COUNTERS = 0x2072, "LE ISO Read Test Counters";
    LE_ISO_TEST_END = 0x2073, "LE ISO Test End";
    LE_SET_HOST_FEATURE = 0x2074, "LE Set Host Feature";
    LE_READ_ISO_LINK_QUALITY = 0x2075, "LE Read ISO Link Quality";
    LE_ENHANCED_READ_TRANSMIT_POWER_LEVEL = 0x2076, "LE Enhanced Read Transmit Power Level";
    LE_READ_REMOTE_TRANSMIT_POWER_LEVEL = 0x2077, "LE Read Remote Transmit Power Level";
    LE_SET_PATH_LOSS_REPORTING_PARAMETERS = 0x2078, "LE Set Path Loss Reporting Parameters";
    LE_SET_PATH_LOSS_REPORTING_ENABLE = 0x2079, "LE Set Path Loss Reporting Enable";
    LE_SET_TRANSMIT_POWER_REPORTING_ENABLE = 0x207a, "LE Set Transmit Power Reporting Enable";
    LE_TRANSMITTER_TEST_V4 = 0x207b, "LE Transmitter Test [v4]";
    LE_SET_DATA_RELATED_ADDRESS_CHANGES = 0x207c, "LE Set Data Related Address Changes";
    LE_SET_DEFAULT_SUBRATE = 0x207d, "LE Set Default Subrate";
    LE_SUBRATE_REQUEST = 0x207e, "LE Subrate Request";
    LE_SET_EXTENDED_ADVERTISING_PARAMETERS_V2 = 0x207f, "LE Set Extended Advertising Parameters [v2]";
    LE_SET_DECISION_DATA = 0x2080, "LE Set Decision Data";
    LE_SET_DECISION_INSTRUCTIONS = 0x2081, "LE Set Decision Instructions";
    LE_SET_PERIODIC_ADVERTISING_SUBEVENT_DATA = 0x2082, "LE Set Periodic Advertising Subevent Data";
    LE_SET_PERIODIC_ADVERTISING_RESPONSE_DATA = 0x2083, "LE Set Periodic Advertising Response Data";
    LE_SET_PERIODIC_SYNC_SUBEVENT = 0x2084, "LE Set Periodic Sync Subevent";
    LE_EXTENDED_CREATE_CONNECTION_V2 = 0x2085, "LE Extended Create Connection [v2]";
    LE_SET_PERIODIC_ADVERTISING_PARAMETERS_V2 = 0x2086, "LE Set Periodic Advertising Parameters [v2]";
    LE_READ_ALL_LOCAL_SUPPORTED_FEATURES = 0x2087, "LE Read All Local Supported Features";
    LE_READ_ALL_REMOTE_FEATURES = 0x2088, "LE Read All Remote Features";
    LE_CS_READ_LOCAL_SUPPORTED_CAPABILITIES = 0x2089, "LE CS Read Local Supported Capabilities";
    LE_CS_READ_REMOTE_SUPPORTED_CAPABILITIES = 0x208a, "LE CS Read Remote Supported Capabilities";
    LE_CS_WRITE_CACHED_REMOTE_SUPPORTED_CAPABILITIES = 0x208b, "LE CS Write Cached Remote Supported Capabilities";
    LE_CS_SECURITY_ENABLE = 0x208c, "LE CS Security Enable";
    LE_CS_SET_DEFAULT_SETTINGS = 0x208d, "LE CS Set Default Settings";
    LE_CS_READ_REMOTE_FAE_TABLE = 0x208e, "LE CS Read Remote FAE Table";
    LE_CS_WRITE_CACHED_REMOTE_FAE_TABLE = 0x208f, "LE CS Write Cached Remote FAE Table";
    LE_CS_CREATE_CONFIG = 0x2090, "LE CS Create Config";
    LE_CS_REMOVE_CONFIG = 0x2091, "LE CS Remove Config";
    LE_CS_SET_CHANNEL_CLASSIFICATION = 0x2092, "LE CS Set Channel Classification";
    LE_CS_SET_PROCEDURE_PARAMETERS = 0x2093, "LE CS Set Procedure Parameters";
    LE_CS_PROCEDURE_ENABLE = 0x2094, "LE CS Procedure Enable";
    LE_CS_TEST = 0x2095, "LE CS Test";
    LE_CS_TEST_END = 0x2096, "LE CS Test End";
    LE_SET_HOST_FEATURE_V2 = 0x2097, "LE Set Host Feature [v2]";
    LE_ADD_DEVICE_TO_MONITORED_ADVERTISERS_LIST = 0x2098, "LE Add Device To Monitored Advertisers List";
    LE_REMOVE_DEVICE_FROM_MONITORED_ADVERTISERS_LIST = 0x2099, "LE Remove Device From Monitored Advertisers List";
    LE_CLEAR_MONITORED_ADVERTISERS_LIST = 0x209a, "LE Clear Monitored Advertisers List";
    LE_READ_MONITORED_ADVERTISERS_LIST_SIZE = 0x209b, "LE Read Monitored Advertisers List Size";
    LE_ENABLE_MONITORING_ADVERTISERS = 0x209c, "LE Enable Monitoring Advertisers";
    LE_FRAME_SPACE_UPDATE = 0x209d, "LE Frame Space Update";
    LE_SET_RESOLVABLE_PRIVATE_ADDRESS_TIMEOUT_V2 = 0x209e, "LE Set Resolvable Private Address Timeout [v2]";
    LE_ENABLE_UTP_OTA_MODE = 0x209f, "LE Enable UTP OTA Mode";
    LE_UTP_SEND = 0x20a0, "LE UTP Send";
    LE_CONNECTION_RATE_REQUEST = 0x20a1, "LE Connection Rate Request";
    LE_SET_DEFAULT_RATE_PARAMETERS = 0x20a2, "LE Set Default Rate Parameters";
    LE_READ_MINIMUM_SUPPORTED_CONNECTION_INTERVAL = 0x20a3, "LE Read Minimum Supported Connection Interval";
    LE_CS_READ_LOCAL_SUPPORTED_CAPABILITIES_V2 = 0x20a5, "LE CS Read Local Supported Capabilities [v2]";
    LE_CS_WRITE_CACHED_REMOTE_SUPPORTED_CAPABILITIES_V2 = 0x20a6, "LE CS Write Cached Remote Supported Capabilities [v2]";
}

impl fmt::Display for Opcode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name().unwrap_or("Unknown command");
        write!(f, "{name} ({:#04x}|{:#06x})", self.group(), self.command())
    }
}
