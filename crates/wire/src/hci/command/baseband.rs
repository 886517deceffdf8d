//! Link control, controller and baseband, information and status (Vol 4, Part E, 7.1, 7.3, 7.4, 7.5).

use super::{
    Command,
    macros::{commands, returns},
    parameter::List,
    returns::{AuthenticatedPayloadTimeout, BufferSize, LeHostSupport, Rssi, TransmitPowerLevel},
};
use crate::{
    Malformed, Writer,
    hci::{ConnectionHandle, LocalVersion, Opcode, Status, Switch, field::Field},
};

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
    /// Tells the controller that the host has room again (7.3.40), for any number of links. It has no answer.
    HostCompletedPackets<'a> = HOST_NUMBER_OF_COMPLETED_PACKETS {
        /// Link by link.
        links: List<'a, CompletedOnLink>,
    } -> ();
    /// Asks for a link's transmit power (7.3.35).
    ReadTransmitPowerLevel = READ_TRANSMIT_POWER_LEVEL {
        /// The link.
        handle: ConnectionHandle,
        /// 0 as it is, 1 the largest.
        kind: u8,
    } -> TransmitPowerLevel;
    /// Asks whether the host supports LE (7.3.78).
    ReadLeHostSupport = READ_LE_HOST_SUPPORT {} -> LeHostSupport;
    /// Tells whether the host supports LE (7.3.79).
    WriteLeHostSupport = WRITE_LE_HOST_SUPPORT {
        /// On or off.
        le_supported_host: Switch,
        /// Zero; it had a meaning before Core 5.0.
        unused: u8,
    } -> ();
    /// Asks how long a link may be without an authenticated packet (7.3.93).
    ReadAuthenticatedPayloadTimeout = READ_AUTHENTICATED_PAYLOAD_TIMEOUT {
        /// The link.
        handle: ConnectionHandle,
    } -> AuthenticatedPayloadTimeout;
    /// Sets how long a link may be without an authenticated packet (7.3.94).
    WriteAuthenticatedPayloadTimeout = WRITE_AUTHENTICATED_PAYLOAD_TIMEOUT {
        /// The link.
        handle: ConnectionHandle,
        /// 10 ms each.
        timeout: u16,
    } -> ConnectionHandle;
    /// Asks for the commands it has, with room for more of them (7.4.2).
    ReadLocalSupportedCommandsV2 = READ_LOCAL_SUPPORTED_COMMANDS_V2 {} -> [u8; 251];
}

returns! {
    /// What a host has taken of one link.
    CompletedOnLink {
        /// The link.
        handle: ConnectionHandle,
        /// Packets taken.
        count: u16,
    }
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

/// As [`HostCompletedPackets`], for links that stand in no list: 63 at most.
#[derive(Clone, Copy, Debug)]
pub struct HostCompleted<I>(pub I);

impl<I: Iterator<Item = CompletedOnLink> + Clone> Command for HostCompleted<I> {
    const OPCODE: Opcode = Opcode::HOST_NUMBER_OF_COMPLETED_PACKETS;
    type Return = ();

    fn emit_parameters(&self, w: &mut Writer<'_>) {
        w.u8(u8::try_from(self.0.clone().count()).unwrap_or(u8::MAX));
        for CompletedOnLink { handle, count } in self.0.clone() {
            handle.emit(w);
            w.u16(count);
        }
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
