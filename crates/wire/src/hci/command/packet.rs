//! A command packet as a controller or a capture sees it, and what Command Complete returns for it.

use super::{macros::packets, *};
use crate::hci::{
    ConnectionHandle, LeFeatures, LocalVersion, Opcode, Secret, Status,
    field::{Field, hex, show},
};
use crate::{Malformed, Reader, Writer};
use core::fmt;

/// Opcode and parameters of a command packet; its length must be exact.
pub fn header(octets: &[u8]) -> Result<(Opcode, &[u8]), Malformed> {
    let mut r = Reader::new(octets);
    let opcode = Opcode(r.u16()?);
    let length = r.u8()?;
    let parameters = r.bytes(usize::from(length))?;
    r.finish()?;
    Ok((opcode, parameters))
}

packets! {
    Disconnect;
    ReadRemoteVersionInformation;
    SetEventMask;
    Reset;
    SetControllerToHostFlowControl;
    HostBufferSize;
    SetEventMaskPage2;
    ReadLocalVersionInformation -> LocalVersion;
    ReadLocalSupportedCommands -> [u8; 64] as commands;
    ReadLocalSupportedFeatures -> u64 as features;
    ReadBufferSize -> BufferSize;
    ReadBdAddr -> [u8; 6] as address;
    ReadRssi -> Rssi;
    HostCompletedPackets<'a>;
    ReadTransmitPowerLevel -> TransmitPowerLevel;
    ReadLeHostSupport -> LeHostSupport;
    WriteLeHostSupport;
    ReadAuthenticatedPayloadTimeout -> AuthenticatedPayloadTimeout;
    WriteAuthenticatedPayloadTimeout -> ConnectionHandle as handle;
    ReadLocalSupportedCommandsV2 -> [u8; 251] as commands;
    LeSetEventMask;
    LeReadBufferSize -> LeBufferSize;
    LeReadLocalSupportedFeatures -> LeFeatures as features;
    LeSetRandomAddress;
    LeReadSupportedStates -> u64 as states;
    LeReadBufferSizeV2 -> LeBufferSizes;
    LeSetHostFeature;
    LeSetHostFeatureV2;
    LeReadAllLocalSupportedFeatures -> AllFeatures;
    LeReadAllRemoteFeatures;
    LeSetAdvertisingParameters;
    LeReadAdvertisingPhysicalChannelTxPower -> i8 as level;
    LeSetAdvertisingEnable;
    LeSetAdvertisingData<'a>;
    LeSetScanResponseData<'a>;
    LeSetScanParameters;
    LeSetScanEnable;
    LeReadFilterAcceptListSize -> u8 as size;
    LeClearFilterAcceptList;
    LeAddDeviceToFilterAcceptList;
    LeRemoveDeviceFromFilterAcceptList;
    LeSetExtendedScanParameters;
    LeSetExtendedScanEnable;
    LeSetDecisionInstructions<'a>;
    LeAddDeviceToMonitoredAdvertisersList;
    LeRemoveDeviceFromMonitoredAdvertisersList;
    LeClearMonitoredAdvertisersList;
    LeReadMonitoredAdvertisersListSize -> u8 as size;
    LeEnableMonitoringAdvertisers;
    LeCreateConnection;
    LeCreateConnectionCancel;
    LeConnectionUpdate;
    LeSetHostChannelClassification;
    LeReadChannelMap -> ChannelMap;
    LeReadRemoteFeatures;
    LeRemoteConnectionParameterRequestReply -> ConnectionHandle as handle;
    LeRemoteConnectionParameterRequestNegativeReply -> ConnectionHandle as handle;
    LeExtendedCreateConnection;
    LeExtendedCreateConnectionV2;
    LeModifySleepClockAccuracy;
    LeRequestPeerSca;
    LeSetDefaultSubrate;
    LeSubrateRequest;
    LeFrameSpaceUpdate;
    LeEncrypt -> Secret<16> as ciphertext;
    LeRand -> [u8; 8] as random;
    LeEnableEncryption;
    LeLongTermKeyRequestReply -> ConnectionHandle as handle;
    LeLongTermKeyRequestNegativeReply -> ConnectionHandle as handle;
    LeReadLocalP256PublicKey;
    LeGenerateDhKey;
    LeGenerateDhKeyV2;
    LeAddDeviceToResolvingList;
    LeRemoveDeviceFromResolvingList;
    LeClearResolvingList;
    LeReadResolvingListSize -> u8 as size;
    LeReadPeerResolvableAddress -> [u8; 6] as address;
    LeReadLocalResolvableAddress -> [u8; 6] as address;
    LeSetAddressResolutionEnable;
    LeSetResolvablePrivateAddressTimeout;
    LeSetPrivacyMode;
    LeSetDataLength -> ConnectionHandle as handle;
    LeReadSuggestedDefaultDataLength -> DataLength;
    LeWriteSuggestedDefaultDataLength;
    LeReadMaximumDataLength -> MaximumDataLength;
    LeReadPhy -> LinkPhys;
    LeSetDefaultPhy;
    LeSetPhy;
    LeSetAdvertisingSetRandomAddress;
    LeSetExtendedAdvertisingParameters -> i8 as tx_power;
    LeSetExtendedAdvertisingParametersV2 -> i8 as tx_power;
    LeSetExtendedAdvertisingData<'a>;
    LeSetExtendedScanResponseData<'a>;
    LeSetExtendedAdvertisingEnable<'a>;
    LeReadMaximumAdvertisingDataLength -> u16 as length;
    LeReadNumberOfSupportedAdvertisingSets -> u8 as count;
    LeRemoveAdvertisingSet;
    LeClearAdvertisingSets;
    LeSetDataRelatedAddressChanges;
    LeSetDecisionData<'a>;
    LeSetPeriodicAdvertisingParameters;
    LeSetPeriodicAdvertisingParametersV2 -> u8 as advertising_handle;
    LeSetPeriodicAdvertisingData<'a>;
    LeSetPeriodicAdvertisingEnable;
    LeSetPeriodicAdvertisingSubeventData<'a> -> u8 as advertising_handle;
    LeSetPeriodicAdvertisingResponseData<'a> -> u16 as sync_handle;
    LePeriodicAdvertisingCreateSync;
    LePeriodicAdvertisingCreateSyncCancel;
    LePeriodicAdvertisingTerminateSync;
    LeAddDeviceToPeriodicAdvertiserList;
    LeRemoveDeviceFromPeriodicAdvertiserList;
    LeClearPeriodicAdvertiserList;
    LeReadPeriodicAdvertiserListSize -> u8 as size;
    LeSetPeriodicAdvertisingReceiveEnable;
    LePeriodicAdvertisingSyncTransfer -> ConnectionHandle as handle;
    LePeriodicAdvertisingSetInfoTransfer -> ConnectionHandle as handle;
    LeSetPeriodicAdvertisingSyncTransferParameters -> ConnectionHandle as handle;
    LeSetDefaultPeriodicAdvertisingSyncTransferParameters;
    LeSetPeriodicSyncSubevent<'a> -> u16 as sync_handle;
    LeSetConnectionlessCteTransmitParameters<'a>;
    LeSetConnectionlessCteTransmitEnable;
    LeSetConnectionlessIqSamplingEnable<'a> -> u16 as sync_handle;
    LeSetConnectionCteReceiveParameters<'a> -> ConnectionHandle as handle;
    LeSetConnectionCteTransmitParameters<'a> -> ConnectionHandle as handle;
    LeConnectionCteRequestEnable -> ConnectionHandle as handle;
    LeConnectionCteResponseEnable -> ConnectionHandle as handle;
    LeReadAntennaInformation -> AntennaInformation;
    LeReadTransmitPower -> TransmitPowerRange;
    LeReadRfPathCompensation -> PathCompensation;
    LeWriteRfPathCompensation;
    LeEnhancedReadTransmitPowerLevel -> EnhancedTransmitPowerLevel;
    LeReadRemoteTransmitPowerLevel;
    LeSetPathLossReportingParameters -> ConnectionHandle as handle;
    LeSetPathLossReportingEnable -> ConnectionHandle as handle;
    LeSetTransmitPowerReportingEnable -> ConnectionHandle as handle;
}

impl fmt::Display for CommandPacket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; 258];
        let mut w = Writer::new(&mut buffer);
        self.emit(&mut w);
        write!(f, "HCI Command: {} plen {}", self.opcode(), w.len().saturating_sub(3))?;
        self.show(f)
    }
}
