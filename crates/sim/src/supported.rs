//! The commands a controller has, each with its bit of Read Local Supported Commands (Vol 4, Part E, 6.27).

use crate::controller::ControllerConfig;
use jelling_wire::hci::Opcode;

/// How a command is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answered {
    /// By Command Complete.
    Complete,
    /// By Command Status; its outcome is an event.
    Status,
    /// Not at all.
    Never,
}

/// Opcode, octet and bit, and how it is answered.
type Supported = (Opcode, Option<(usize, u8)>, Answered);

/// Read Local Supported Commands itself has no bit.
const COMMANDS: [Supported; 52] = {
    use Answered::{Complete, Never, Status};
    [
        (Opcode::DISCONNECT, Some((0, 5)), Status),
        (Opcode::READ_REMOTE_VERSION_INFORMATION, Some((2, 7)), Status),
        (Opcode::SET_EVENT_MASK, Some((5, 6)), Complete),
        (Opcode::RESET, Some((5, 7)), Complete),
        (Opcode::SET_CONTROLLER_TO_HOST_FLOW_CONTROL, Some((10, 5)), Complete),
        (Opcode::HOST_BUFFER_SIZE, Some((10, 6)), Complete),
        (Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS, Some((10, 7)), Never),
        (Opcode::READ_LOCAL_VERSION_INFORMATION, Some((14, 3)), Complete),
        (Opcode::READ_LOCAL_SUPPORTED_COMMANDS, None, Complete),
        (Opcode::READ_LOCAL_SUPPORTED_FEATURES, Some((14, 5)), Complete),
        (Opcode::READ_BUFFER_SIZE, Some((14, 7)), Complete),
        (Opcode::READ_BD_ADDR, Some((15, 1)), Complete),
        (Opcode::READ_RSSI, Some((15, 5)), Complete),
        (Opcode::SET_EVENT_MASK_PAGE_2, Some((22, 2)), Complete),
        (Opcode::LE_SET_EVENT_MASK, Some((25, 0)), Complete),
        (Opcode::LE_READ_BUFFER_SIZE, Some((25, 1)), Complete),
        (Opcode::LE_READ_LOCAL_SUPPORTED_FEATURES, Some((25, 2)), Complete),
        (Opcode::LE_SET_RANDOM_ADDRESS, Some((25, 4)), Complete),
        (Opcode::LE_SET_ADVERTISING_PARAMETERS, Some((25, 5)), Complete),
        (Opcode::LE_READ_ADVERTISING_PHYSICAL_CHANNEL_TX_POWER, Some((25, 6)), Complete),
        (Opcode::LE_SET_ADVERTISING_DATA, Some((25, 7)), Complete),
        (Opcode::LE_SET_SCAN_RESPONSE_DATA, Some((26, 0)), Complete),
        (Opcode::LE_SET_ADVERTISING_ENABLE, Some((26, 1)), Complete),
        (Opcode::LE_SET_SCAN_PARAMETERS, Some((26, 2)), Complete),
        (Opcode::LE_SET_SCAN_ENABLE, Some((26, 3)), Complete),
        (Opcode::LE_CREATE_CONNECTION, Some((26, 4)), Status),
        (Opcode::LE_CREATE_CONNECTION_CANCEL, Some((26, 5)), Complete),
        (Opcode::LE_READ_FILTER_ACCEPT_LIST_SIZE, Some((26, 6)), Complete),
        (Opcode::LE_CLEAR_FILTER_ACCEPT_LIST, Some((26, 7)), Complete),
        (Opcode::LE_ADD_DEVICE_TO_FILTER_ACCEPT_LIST, Some((27, 0)), Complete),
        (Opcode::LE_REMOVE_DEVICE_FROM_FILTER_ACCEPT_LIST, Some((27, 1)), Complete),
        (Opcode::LE_CONNECTION_UPDATE, Some((27, 2)), Status),
        (Opcode::LE_SET_HOST_CHANNEL_CLASSIFICATION, Some((27, 3)), Complete),
        (Opcode::LE_READ_CHANNEL_MAP, Some((27, 4)), Complete),
        (Opcode::LE_READ_REMOTE_FEATURES, Some((27, 5)), Status),
        (Opcode::LE_ENCRYPT, Some((27, 6)), Complete),
        (Opcode::LE_RAND, Some((27, 7)), Complete),
        (Opcode::LE_ENABLE_ENCRYPTION, Some((28, 0)), Status),
        (Opcode::LE_LONG_TERM_KEY_REQUEST_REPLY, Some((28, 1)), Complete),
        (Opcode::LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY, Some((28, 2)), Complete),
        (Opcode::LE_READ_SUPPORTED_STATES, Some((28, 3)), Complete),
        (Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY, Some((33, 4)), Complete),
        (Opcode::LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY, Some((33, 5)), Complete),
        (Opcode::LE_SET_DATA_LENGTH, Some((33, 6)), Complete),
        (Opcode::LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH, Some((33, 7)), Complete),
        (Opcode::LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH, Some((34, 0)), Complete),
        (Opcode::LE_READ_LOCAL_P256_PUBLIC_KEY, Some((34, 1)), Status),
        (Opcode::LE_GENERATE_DHKEY, Some((34, 2)), Status),
        (Opcode::LE_READ_MAXIMUM_DATA_LENGTH, Some((35, 3)), Complete),
        (Opcode::LE_READ_PHY, Some((35, 4)), Complete),
        (Opcode::LE_SET_DEFAULT_PHY, Some((35, 5)), Complete),
        (Opcode::LE_SET_PHY, Some((35, 6)), Status),
    ]
};

/// The features of BR/EDR that matter to an LE host: no BR/EDR, LE (Vol 2, Part C, 3.3).
pub(crate) const FEATURES: u64 = 1 << 37 | 1 << 38;

/// Encryption, parameter requests, extended reject, features of the peripheral, data length, 2M PHY, Coded PHY
/// (Vol 6, Part B, 4.6).
pub(crate) const LE_FEATURES: u64 = 1 | 1 << 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 8 | 1 << 11;

/// Bits of features that a controller may lack.
pub(crate) const PARAMETERS_REQUEST: u64 = 1 << 1;
pub(crate) const DATA_LENGTH: u64 = 1 << 5;
pub(crate) const LE_2M: u64 = 1 << 8;
pub(crate) const LE_CODED: u64 = 1 << 11;

/// Every combination of states of Vol 4, Part E, 7.8.27.
pub(crate) const LE_STATES: u64 = 0x0000_03ff_ffff_ffff;

/// The commands of one controller.
fn has(config: &ControllerConfig) -> impl Iterator<Item = &'static Supported> {
    let missing = config.commands_missing;
    COMMANDS.iter().filter(move |(opcode, ..)| !missing.contains(opcode))
}

/// How a command is answered; `None` when the controller does not have it.
pub(crate) fn answered(opcode: Opcode, config: &ControllerConfig) -> Option<Answered> {
    has(config).find(|(o, ..)| *o == opcode).map(|(.., answered)| *answered)
}

/// The answer to Read Local Supported Commands.
pub(crate) fn bits(config: &ControllerConfig) -> [u8; 64] {
    let mut bits = [0; 64];
    for (octet, bit) in has(config).filter_map(|(_, place, _)| *place) {
        bits[octet] |= 1 << bit;
    }
    bits
}
