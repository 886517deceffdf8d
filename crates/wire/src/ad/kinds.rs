//! Types of AD structures, and their names (Assigned Numbers, 2.3).

use crate::hci::names;
use core::fmt;

/// The type of an AD structure (Assigned Numbers, 2.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct AdType(pub u8);

names! { AdType;
    FLAGS = 0x01, "Flags";
    INCOMPLETE_UUIDS_16 = 0x02, "Incomplete List of 16-bit Service UUIDs";
    COMPLETE_UUIDS_16 = 0x03, "Complete List of 16-bit Service UUIDs";
    INCOMPLETE_UUIDS_32 = 0x04, "Incomplete List of 32-bit Service UUIDs";
    COMPLETE_UUIDS_32 = 0x05, "Complete List of 32-bit Service UUIDs";
    INCOMPLETE_UUIDS_128 = 0x06, "Incomplete List of 128-bit Service UUIDs";
    COMPLETE_UUIDS_128 = 0x07, "Complete List of 128-bit Service UUIDs";
    SHORTENED_NAME = 0x08, "Shortened Local Name";
    COMPLETE_NAME = 0x09, "Complete Local Name";
    TX_POWER = 0x0a, "Tx Power Level";
    CLASS_OF_DEVICE = 0x0d, "Class of Device";
    SIMPLE_PAIRING_HASH_192 = 0x0e, "Simple Pairing Hash C-192";
    SIMPLE_PAIRING_RANDOMIZER_192 = 0x0f, "Simple Pairing Randomizer R-192";
    SECURITY_MANAGER_TK_VALUE = 0x10, "Security Manager TK Value";
    SECURITY_MANAGER_OOB_FLAGS = 0x11, "Security Manager Out of Band Flags";
    PERIPHERAL_CONNECTION_INTERVAL_RANGE = 0x12, "Peripheral Connection Interval Range";
    SOLICITED_UUIDS_16 = 0x14, "List of 16-bit Service Solicitation UUIDs";
    SOLICITED_UUIDS_128 = 0x15, "List of 128-bit Service Solicitation UUIDs";
    SERVICE_DATA_16 = 0x16, "Service Data - 16-bit UUID";
    PUBLIC_TARGET_ADDRESS = 0x17, "Public Target Address";
    RANDOM_TARGET_ADDRESS = 0x18, "Random Target Address";
    APPEARANCE = 0x19, "Appearance";
    ADVERTISING_INTERVAL = 0x1a, "Advertising Interval";
    LE_DEVICE_ADDRESS = 0x1b, "LE Bluetooth Device Address";
    LE_ROLE = 0x1c, "LE Role";
    SIMPLE_PAIRING_HASH_256 = 0x1d, "Simple Pairing Hash C-256";
    SIMPLE_PAIRING_RANDOMIZER_256 = 0x1e, "Simple Pairing Randomizer R-256";
    SOLICITED_UUIDS_32 = 0x1f, "List of 32-bit Service Solicitation UUIDs";
    SERVICE_DATA_32 = 0x20, "Service Data - 32-bit UUID";
    SERVICE_DATA_128 = 0x21, "Service Data - 128-bit UUID";
    SECURE_CONNECTIONS_CONFIRMATION = 0x22, "LE Secure Connections Confirmation Value";
    SECURE_CONNECTIONS_RANDOM = 0x23, "LE Secure Connections Random Value";
    URI = 0x24, "URI";
    INDOOR_POSITIONING = 0x25, "Indoor Positioning";
    TRANSPORT_DISCOVERY_DATA = 0x26, "Transport Discovery Data";
    LE_SUPPORTED_FEATURES = 0x27, "LE Supported Features";
    CHANNEL_MAP_UPDATE = 0x28, "Channel Map Update Indication";
    PB_ADV = 0x29, "PB-ADV";
    MESH_MESSAGE = 0x2a, "Mesh Message";
    MESH_BEACON = 0x2b, "Mesh Beacon";
    BIG_INFO = 0x2c, "BIGInfo";
    BROADCAST_CODE = 0x2d, "Broadcast_Code";
    RESOLVABLE_SET_IDENTIFIER = 0x2e, "Resolvable Set Identifier";
    ADVERTISING_INTERVAL_LONG = 0x2f, "Advertising Interval - long";
    BROADCAST_NAME = 0x30, "Broadcast_Name";
    ENCRYPTED_DATA = 0x31, "Encrypted Advertising Data";
    PERIODIC_ADVERTISING_RESPONSE_TIMING = 0x32, "Periodic Advertising Response Timing Information";
    ELECTRONIC_SHELF_LABEL = 0x34, "Electronic Shelf Label";
    THREE_D_INFORMATION = 0x3d, "3D Information Data";
    MANUFACTURER = 0xff, "Manufacturer Specific Data";
}

impl fmt::Display for AdType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:#04x})", self.name().unwrap_or("Unknown"), self.0)
    }
}
