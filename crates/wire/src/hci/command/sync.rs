//! Receiving periodic advertising (Vol 4, Part E, 7.8.67 to 7.8.73, 7.8.88, 7.8.127) and handing it over (7.8.89 to 7.8.92).

use super::macros::commands;
use crate::{
    Address,
    hci::{ConnectionHandle, Data},
};

commands! {
    /// Synchronises to periodic advertising (7.8.67).
    LePeriodicAdvertisingCreateSync = LE_PERIODIC_ADVERTISING_CREATE_SYNC {
        /// Bit 0: the list decides whose; bit 1: without reports; bit 2: without duplicates.
        options: u8,
        /// The advertising SID, 0 to 15.
        sid: u8,
        /// Whose.
        advertiser: Address,
        /// Periodic events that may be skipped.
        skip: u16,
        /// 10 ms each.
        sync_timeout: u16,
        /// Bit by bit what not to synchronise to: AoA, AoD of 1 us, AoD of 2 us, type 3; bit 4: without CTE.
        cte_kind: u8,
    } -> ();
    /// Gives it up (7.8.68).
    LePeriodicAdvertisingCreateSyncCancel = LE_PERIODIC_ADVERTISING_CREATE_SYNC_CANCEL {} -> ();
    /// Ends a synchronisation (7.8.69).
    LePeriodicAdvertisingTerminateSync = LE_PERIODIC_ADVERTISING_TERMINATE_SYNC {
        /// The periodic advertising train.
        sync_handle: u16,
    } -> ();
    /// Adds to the periodic advertiser list (7.8.70).
    LeAddDeviceToPeriodicAdvertiserList = LE_ADD_DEVICE_TO_PERIODIC_ADVERTISER_LIST {
        /// Whom.
        advertiser: Address,
        /// The advertising SID, 0 to 15.
        sid: u8,
    } -> ();
    /// Takes from the periodic advertiser list (7.8.71).
    LeRemoveDeviceFromPeriodicAdvertiserList = LE_REMOVE_DEVICE_FROM_PERIODIC_ADVERTISER_LIST {
        /// Whom.
        advertiser: Address,
        /// The advertising SID, 0 to 15.
        sid: u8,
    } -> ();
    /// Empties the periodic advertiser list (7.8.72).
    LeClearPeriodicAdvertiserList = LE_CLEAR_PERIODIC_ADVERTISER_LIST {} -> ();
    /// Asks for the size of the periodic advertiser list (7.8.73).
    LeReadPeriodicAdvertiserListSize = LE_READ_PERIODIC_ADVERTISER_LIST_SIZE {} -> u8;
    /// Chooses the reports of a synchronisation (7.8.88).
    LeSetPeriodicAdvertisingReceiveEnable = LE_SET_PERIODIC_ADVERTISING_RECEIVE_ENABLE {
        /// The periodic advertising train.
        sync_handle: u16,
        /// Bit 0: with reports; bit 1: without duplicates.
        enable: u8,
    } -> ();
    /// Hands a synchronisation to the peer of a link (7.8.89).
    LePeriodicAdvertisingSyncTransfer = LE_PERIODIC_ADVERTISING_SYNC_TRANSFER {
        /// The link.
        handle: ConnectionHandle,
        /// For the peer's host.
        service_data: u16,
        /// The periodic advertising train.
        sync_handle: u16,
    } -> ConnectionHandle;
    /// Tells the peer of a link how to synchronise to a set of ours (7.8.90).
    LePeriodicAdvertisingSetInfoTransfer = LE_PERIODIC_ADVERTISING_SET_INFO_TRANSFER {
        /// The link.
        handle: ConnectionHandle,
        /// For the peer's host.
        service_data: u16,
        /// The set.
        advertising_handle: u8,
    } -> ConnectionHandle;
    /// What to do with what the peer of a link hands over (7.8.91).
    LeSetPeriodicAdvertisingSyncTransferParameters = LE_SET_PERIODIC_ADVERTISING_SYNC_TRANSFER_PARAMETERS {
        /// The link.
        handle: ConnectionHandle,
        /// 0 nothing, 1 synchronise without reports, 2 with reports, 3 with reports and without duplicates.
        mode: u8,
        /// Periodic events that may be skipped.
        skip: u16,
        /// 10 ms each.
        sync_timeout: u16,
        /// Bit by bit what not to synchronise to: AoA, AoD of 1 us, AoD of 2 us; bit 4: without CTE.
        cte_kind: u8,
    } -> ConnectionHandle;
    /// What to do with what the peers of new links hand over (7.8.92).
    LeSetDefaultPeriodicAdvertisingSyncTransferParameters = LE_SET_DEFAULT_PERIODIC_ADVERTISING_SYNC_TRANSFER_PARAMETERS {
        /// 0 nothing, 1 synchronise without reports, 2 with reports, 3 with reports and without duplicates.
        mode: u8,
        /// Periodic events that may be skipped.
        skip: u16,
        /// 10 ms each.
        sync_timeout: u16,
        /// Bit by bit what not to synchronise to: AoA, AoD of 1 us, AoD of 2 us; bit 4: without CTE.
        cte_kind: u8,
    } -> ();
    /// Chooses the subevents to listen to (7.8.127).
    LeSetPeriodicSyncSubevent<'a> = LE_SET_PERIODIC_SYNC_SUBEVENT {
        /// The periodic advertising train.
        sync_handle: u16,
        /// Bit 6: answers hold the transmit power.
        properties: u16,
        /// Their numbers, at most 128.
        subevents: Data<'a>,
    } -> u16;
}
