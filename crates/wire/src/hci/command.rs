//! Commands and what answers them (Vol 4, Part E, 7). A command is a struct of its parameters in the specification's units.

mod packet;

pub use packet::header;

use super::{
    AdvertisingKind, ConnectionHandle, LeFeatures, LocalVersion, Opcode, ScanKind, Secret, Status, Switch,
    field::{Field, hex, show},
};
use crate::{Address, Malformed, Reader, Writer, copy};
use core::fmt;

/// A command: its opcode, its parameters, and what follows the status in its answer.
pub trait Command: Sized {
    /// The opcode.
    const OPCODE: Opcode;
    /// What Command Complete returns after the status; nothing for commands answered by Command Status.
    type Return;
    /// Writes the parameters.
    fn emit_parameters(&self, w: &mut Writer<'_>);
    /// Takes the octets after the status apart.
    fn parse_return(parameters: &[u8]) -> Result<Self::Return, Malformed>;
}

/// Writes a whole command packet: opcode, length, parameters.
pub fn emit<C: Command>(command: &C, w: &mut Writer<'_>) {
    let start = w.len();
    w.u16(C::OPCODE.0);
    w.u8(0);
    command.emit_parameters(w);
    let length = w.len().saturating_sub(start).saturating_sub(3);
    w.patch_u8(start.saturating_add(2), u8::try_from(length).unwrap_or(u8::MAX));
}

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident = $opcode:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty),* $(,)? } -> $return:ty;)+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq)]
            pub struct $name {
                $($(#[$field_doc])* pub $field: $type,)*
            }

            impl Command for $name {
                const OPCODE: Opcode = Opcode::$opcode;
                type Return = $return;

                fn emit_parameters(&self, _w: &mut Writer<'_>) {
                    $(self.$field.emit(_w);)*
                }

                fn parse_return(parameters: &[u8]) -> Result<$return, Malformed> {
                    <$return>::take(&mut Reader::new(parameters))
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    $(show(_f, stringify!($field), &self.$field)?;)*
                    Ok(())
                }
            }

            impl $name {
                /// Takes the parameters apart; their length must be exact.
                pub fn parse_parameters(parameters: &[u8]) -> Result<Self, Malformed> {
                    let mut r = Reader::new(parameters);
                    let _ = &mut r;
                    let command = $name { $($field: <$type>::take(&mut r)?,)* };
                    r.finish()?;
                    Ok(command)
                }
            }
        )+

        packet::command_packet! { $($name = $opcode;)+ }
    };
}

commands! {
    /// Ends a link (7.1.6).
    Disconnect = DISCONNECT {
        /// The link.
        handle: ConnectionHandle,
        /// What the peer is told.
        reason: Status,
    } -> ();
    /// Asks for the peer's version (7.1.23).
    ReadRemoteVersionInformation = READ_REMOTE_VERSION_INFORMATION {
        /// The link.
        handle: ConnectionHandle,
    } -> ();
    /// Chooses the events the controller sends (7.3.1).
    SetEventMask = SET_EVENT_MASK {
        /// Event n has bit n - 1.
        mask: u64,
    } -> ();
    /// Puts the controller back to its start (7.3.2).
    Reset = RESET {} -> ();
    /// Switches flow control from controller to host (7.3.38).
    SetControllerToHostFlowControl = SET_CONTROLLER_TO_HOST_FLOW_CONTROL {
        /// 0 off, 1 ACL, 2 synchronous, 3 both.
        mode: u8,
    } -> ();
    /// Tells the host's buffers (7.3.39).
    HostBufferSize = HOST_BUFFER_SIZE {
        /// Octets of data in an ACL packet.
        acl_length: u16,
        /// Octets of data in a synchronous packet.
        sco_length: u8,
        /// ACL packets the host holds.
        acl_packets: u16,
        /// Synchronous packets the host holds.
        sco_packets: u16,
    } -> ();
    /// Chooses more events (7.3.69).
    SetEventMaskPage2 = SET_EVENT_MASK_PAGE_2 {
        /// Bit by bit.
        mask: u64,
    } -> ();
    /// Asks for the controller's version (7.4.1).
    ReadLocalVersionInformation = READ_LOCAL_VERSION_INFORMATION {} -> LocalVersion;
    /// Asks for the commands it has (7.4.2).
    ReadLocalSupportedCommands = READ_LOCAL_SUPPORTED_COMMANDS {} -> [u8; 64];
    /// Asks for the features of BR/EDR and the host (7.4.3).
    ReadLocalSupportedFeatures = READ_LOCAL_SUPPORTED_FEATURES {} -> u64;
    /// Asks for the buffers of BR/EDR (7.4.5).
    ReadBufferSize = READ_BUFFER_SIZE {} -> BufferSize;
    /// Asks for the public address (7.4.6).
    ReadBdAddr = READ_BD_ADDR {} -> [u8; 6];
    /// Asks for a link's signal strength (7.5.4).
    ReadRssi = READ_RSSI {
        /// The link.
        handle: ConnectionHandle,
    } -> Rssi;
    /// Chooses the LE events (7.8.1).
    LeSetEventMask = LE_SET_EVENT_MASK {
        /// Subevent n has bit n - 1.
        mask: u64,
    } -> ();
    /// Asks for the LE buffers; zero means those of BR/EDR (7.8.2).
    LeReadBufferSize = LE_READ_BUFFER_SIZE {} -> LeBufferSize;
    /// Asks for the LE features (7.8.3).
    LeReadLocalSupportedFeatures = LE_READ_LOCAL_SUPPORTED_FEATURES {} -> LeFeatures;
    /// Sets the random address (7.8.4).
    LeSetRandomAddress = LE_SET_RANDOM_ADDRESS {
        /// Least significant octet first.
        address: [u8; 6],
    } -> ();
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
    /// How to scan (7.8.10).
    LeSetScanParameters = LE_SET_SCAN_PARAMETERS {
        /// Whether to ask for scan responses.
        kind: ScanKind,
        /// 625 us each.
        interval: u16,
        /// 625 us each.
        window: u16,
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// Whether the accept list decides.
        filter_policy: u8,
    } -> ();
    /// Switches scanning (7.8.11).
    LeSetScanEnable = LE_SET_SCAN_ENABLE {
        /// On or off.
        enable: Switch,
        /// Whether each device is reported once.
        filter_duplicates: Switch,
    } -> ();
    /// Initiates a connection (7.8.12).
    LeCreateConnection = LE_CREATE_CONNECTION {
        /// 625 us each.
        scan_interval: u16,
        /// 625 us each.
        scan_window: u16,
        /// Whether the accept list decides.
        filter_policy: u8,
        /// To whom.
        peer: Address,
        /// 0 public, 1 random, 2 and 3 resolvable.
        own_address_kind: u8,
        /// 1.25 ms each.
        interval_min: u16,
        /// 1.25 ms each.
        interval_max: u16,
        /// Connection events.
        latency: u16,
        /// 10 ms each.
        supervision_timeout: u16,
        /// 625 us each.
        ce_length_min: u16,
        /// 625 us each.
        ce_length_max: u16,
    } -> ();
    /// Gives it up (7.8.13).
    LeCreateConnectionCancel = LE_CREATE_CONNECTION_CANCEL {} -> ();
    /// Asks for the size of the accept list (7.8.14).
    LeReadFilterAcceptListSize = LE_READ_FILTER_ACCEPT_LIST_SIZE {} -> u8;
    /// Empties the accept list (7.8.15).
    LeClearFilterAcceptList = LE_CLEAR_FILTER_ACCEPT_LIST {} -> ();
    /// Adds to the accept list (7.8.16).
    LeAddDeviceToFilterAcceptList = LE_ADD_DEVICE_TO_FILTER_ACCEPT_LIST {
        /// Whom.
        address: Address,
    } -> ();
    /// Takes from the accept list (7.8.17).
    LeRemoveDeviceFromFilterAcceptList = LE_REMOVE_DEVICE_FROM_FILTER_ACCEPT_LIST {
        /// Whom.
        address: Address,
    } -> ();
    /// Changes a link's parameters (7.8.18).
    LeConnectionUpdate = LE_CONNECTION_UPDATE {
        /// The link.
        handle: ConnectionHandle,
        /// 1.25 ms each.
        interval_min: u16,
        /// 1.25 ms each.
        interval_max: u16,
        /// Connection events.
        latency: u16,
        /// 10 ms each.
        supervision_timeout: u16,
        /// 625 us each.
        ce_length_min: u16,
        /// 625 us each.
        ce_length_max: u16,
    } -> ();
    /// Tells which channels are of no use (7.8.19).
    LeSetHostChannelClassification = LE_SET_HOST_CHANNEL_CLASSIFICATION {
        /// Channel n has bit n, from 0 to 36; 0 is bad.
        map: [u8; 5],
    } -> ();
    /// Asks for the channels of a link (7.8.20).
    LeReadChannelMap = LE_READ_CHANNEL_MAP {
        /// The link.
        handle: ConnectionHandle,
    } -> ChannelMap;
    /// Asks for the peer's features (7.8.21).
    LeReadRemoteFeatures = LE_READ_REMOTE_FEATURES {
        /// The link.
        handle: ConnectionHandle,
    } -> ();
    /// Encrypts a block with AES-128 (7.8.22).
    LeEncrypt = LE_ENCRYPT {
        /// Least significant octet first.
        key: Secret<16>,
        /// Least significant octet first.
        plaintext: Secret<16>,
    } -> Secret<16>;
    /// Asks for eight random octets (7.8.23).
    LeRand = LE_RAND {} -> [u8; 8];
    /// Encrypts a link, as its central (7.8.24).
    LeEnableEncryption = LE_ENABLE_ENCRYPTION {
        /// The link.
        handle: ConnectionHandle,
        /// Names the key to the peer; zero with LE Secure Connections.
        random: [u8; 8],
        /// Names the key to the peer; zero with LE Secure Connections.
        diversifier: u16,
        /// Least significant octet first.
        key: Secret<16>,
    } -> ();
    /// Gives the key that was asked for (7.8.25).
    LeLongTermKeyRequestReply = LE_LONG_TERM_KEY_REQUEST_REPLY {
        /// The link.
        handle: ConnectionHandle,
        /// Least significant octet first.
        key: Secret<16>,
    } -> ConnectionHandle;
    /// Refuses a key (7.8.26).
    LeLongTermKeyRequestNegativeReply = LE_LONG_TERM_KEY_REQUEST_NEGATIVE_REPLY {
        /// The link.
        handle: ConnectionHandle,
    } -> ConnectionHandle;
    /// Asks for the states that go together (7.8.27).
    LeReadSupportedStates = LE_READ_SUPPORTED_STATES {} -> u64;
    /// Accepts what the peer asked for (7.8.31).
    LeRemoteConnectionParameterRequestReply = LE_REMOTE_CONNECTION_PARAMETER_REQUEST_REPLY {
        /// The link.
        handle: ConnectionHandle,
        /// 1.25 ms each.
        interval_min: u16,
        /// 1.25 ms each.
        interval_max: u16,
        /// Connection events.
        latency: u16,
        /// 10 ms each.
        supervision_timeout: u16,
        /// 625 us each.
        ce_length_min: u16,
        /// 625 us each.
        ce_length_max: u16,
    } -> ConnectionHandle;
    /// Refuses it (7.8.32).
    LeRemoteConnectionParameterRequestNegativeReply = LE_REMOTE_CONNECTION_PARAMETER_REQUEST_NEGATIVE_REPLY {
        /// The link.
        handle: ConnectionHandle,
        /// Why.
        reason: Status,
    } -> ConnectionHandle;
    /// Sets a link's largest packets (7.8.33).
    LeSetDataLength = LE_SET_DATA_LENGTH {
        /// The link.
        handle: ConnectionHandle,
        /// Octets of payload.
        tx_octets: u16,
        /// Microseconds.
        tx_time: u16,
    } -> ConnectionHandle;
    /// Asks for the largest packets of new links (7.8.34).
    LeReadSuggestedDefaultDataLength = LE_READ_SUGGESTED_DEFAULT_DATA_LENGTH {} -> DataLength;
    /// Sets the largest packets of new links (7.8.35).
    LeWriteSuggestedDefaultDataLength = LE_WRITE_SUGGESTED_DEFAULT_DATA_LENGTH {
        /// Octets of payload.
        tx_octets: u16,
        /// Microseconds.
        tx_time: u16,
    } -> ();
    /// Makes a new P-256 key pair and asks for its public half (7.8.36).
    LeReadLocalP256PublicKey = LE_READ_LOCAL_P256_PUBLIC_KEY {} -> ();
    /// Multiplies the peer's public key with our private one (7.8.37).
    LeGenerateDhKey = LE_GENERATE_DHKEY {
        /// Least significant octet first.
        key_x: [u8; 32],
        /// Least significant octet first.
        key_y: [u8; 32],
    } -> ();
    /// Asks for the largest packets there can be (7.8.46).
    LeReadMaximumDataLength = LE_READ_MAXIMUM_DATA_LENGTH {} -> MaximumDataLength;
    /// Asks for a link's PHYs (7.8.47).
    LeReadPhy = LE_READ_PHY {
        /// The link.
        handle: ConnectionHandle,
    } -> LinkPhys;
    /// Chooses the PHYs of new links (7.8.48).
    LeSetDefaultPhy = LE_SET_DEFAULT_PHY {
        /// Bit 0: no preference to send; bit 1: none to receive.
        all_phys: u8,
        /// 1M, 2M, Coded from bit 0.
        tx_phys: u8,
        /// 1M, 2M, Coded from bit 0.
        rx_phys: u8,
    } -> ();
    /// Chooses a link's PHYs (7.8.49).
    LeSetPhy = LE_SET_PHY {
        /// The link.
        handle: ConnectionHandle,
        /// Bit 0: no preference to send; bit 1: none to receive.
        all_phys: u8,
        /// 1M, 2M, Coded from bit 0.
        tx_phys: u8,
        /// 1M, 2M, Coded from bit 0.
        rx_phys: u8,
        /// 0 no preference, 1 S=2, 2 S=8 on the Coded PHY.
        options: u16,
    } -> ();
}

/// Tells the controller that the host has room again (7.3.40), for one link. It has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostNumberOfCompletedPackets {
    /// The link.
    pub handle: ConnectionHandle,
    /// Packets taken.
    pub count: u16,
}

impl Command for HostNumberOfCompletedPackets {
    const OPCODE: Opcode = Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS;
    type Return = ();

    fn emit_parameters(&self, w: &mut Writer<'_>) {
        w.u8(1);
        self.handle.emit(w);
        w.u16(self.count);
    }

    fn parse_return(_: &[u8]) -> Result<(), Malformed> {
        Ok(())
    }
}

/// Host Number Of Completed Packets with as many links as it can name, none of which completed anything: octets without a
/// meaning, with which a UART is filled up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NothingCompleted {}

impl Command for NothingCompleted {
    const OPCODE: Opcode = Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS;
    type Return = ();

    fn emit_parameters(&self, w: &mut Writer<'_>) {
        const LINKS: u8 = 63;
        w.u8(LINKS);
        for _ in 0..LINKS {
            w.u32(0);
        }
    }

    fn parse_return(_: &[u8]) -> Result<(), Malformed> {
        Ok(())
    }
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
                    let mut octets = [0; 31];
                    let length = copy(&mut octets, self.data);
                    w.u8(u8::try_from(length).unwrap_or(0));
                    w.bytes(&octets);
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

/// Answer of Read Buffer Size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BufferSize {
    /// Octets of data in an ACL packet.
    pub acl_length: u16,
    /// Octets of data in a synchronous packet.
    pub sco_length: u8,
    /// ACL packets the controller holds.
    pub acl_packets: u16,
    /// Synchronous packets the controller holds.
    pub sco_packets: u16,
}

/// Answer of LE Read Buffer Size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeBufferSize {
    /// Octets of data in an ACL packet; 0: ask Read Buffer Size.
    pub acl_length: u16,
    /// ACL packets the controller holds; 0: ask Read Buffer Size.
    pub acl_packets: u8,
}

/// Answer of Read RSSI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rssi {
    /// The link.
    pub handle: ConnectionHandle,
    /// dBm; 127: not known.
    pub rssi: i8,
}

/// Answer of LE Read Channel Map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChannelMap {
    /// The link.
    pub handle: ConnectionHandle,
    /// Channel n has bit n, from 0 to 36; 1 is in use.
    pub map: [u8; 5],
}

/// Answer of LE Read PHY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LinkPhys {
    /// The link.
    pub handle: ConnectionHandle,
    /// 1 is 1M, 2 is 2M, 3 is Coded.
    pub tx_phy: u8,
    /// 1 is 1M, 2 is 2M, 3 is Coded.
    pub rx_phy: u8,
}

/// Answer of LE Read Suggested Default Data Length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataLength {
    /// Octets of payload.
    pub tx_octets: u16,
    /// Microseconds.
    pub tx_time: u16,
}

/// Answer of LE Read Maximum Data Length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MaximumDataLength {
    /// Octets of payload, sent.
    pub tx_octets: u16,
    /// Microseconds, sent.
    pub tx_time: u16,
    /// Octets of payload, received.
    pub rx_octets: u16,
    /// Microseconds, received.
    pub rx_time: u16,
}
