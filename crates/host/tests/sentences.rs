//! Errors are sentences: no two say the same, and a table that is full says what to raise.
#![allow(missing_docs, reason = "tests")]

use jelling_host::{
    Argument, Error, Fault, Resource,
    wire::{
        ad::AdType,
        att::ErrorCode,
        hci::{Opcode, Status},
        smp::Reason,
    },
};
use std::collections::BTreeSet;

#[test]
fn no_two_errors_say_the_same() {
    use Argument::{
        AdvertisingInterval, Bond, ConnectionInterval, ConnectionParameters, DataLength, Handle, HandleCount, Mtu,
        Order, Passkey, ScanInterval,
    };
    use Resource::{AdvertisingData, Attributes, Blocks, Bonds, Handles, Links, Queues, Values};
    let full = [Links, Attributes, Values, Blocks, Queues, Handles, Bonds, AdvertisingData].map(Error::Full);
    let wrong = [
        ScanInterval,
        AdvertisingInterval,
        ConnectionInterval,
        ConnectionParameters,
        DataLength,
        Mtu,
        Handle,
        HandleCount,
        Order,
        Bond,
        Passkey,
    ];
    let wrong = wrong.map(Error::InvalidArgument);
    let status = Status::MEMORY_CAPACITY_EXCEEDED;
    let faults = [
        Fault::Silent(Opcode::RESET),
        Fault::BringUp(Opcode::RESET, status),
        Fault::Nonsense(Opcode::RESET),
        Fault::NoBuffers,
        Fault::Hardware(0x17),
        Fault::TransportClosed,
        Fault::Noise,
        Fault::Restarted,
    ];
    let others = [
        Error::Timeout,
        Error::Disconnected,
        Error::NotFound,
        Error::Stale,
        Error::Busy,
        Error::DoesNotFit(AdType::COMPLETE_NAME),
        Error::Gatt(ErrorCode::READ_NOT_PERMITTED),
        Error::Protocol,
        Error::Refused(Opcode::LE_CREATE_CONNECTION, status),
        Error::ParametersRefused(status),
        Error::ConnectionFailed(status),
        Error::Stopped,
        Error::NotSupported,
        Error::NotSubscribed,
        Error::NoCccd,
        Error::NoSigningKey,
        Error::NotBonded,
        Error::BondLost,
        Error::PairingFailed(Reason::CONFIRM_VALUE_FAILED),
        Error::PairingRejected(Reason::CONFIRM_VALUE_FAILED),
        Error::EncryptionFailed(status),
        Error::InvalidValue,
        Error::TooLong,
    ];
    let errors: Vec<Error> = full.into_iter().chain(wrong).chain(faults.map(Error::Down)).chain(others).collect();
    let said: BTreeSet<String> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(said.len(), errors.len(), "{said:#?}");
    // They go on behind a colon, and something may follow them.
    assert!(said.iter().all(|s| !s.is_empty() && !s.ends_with('.') && !s.contains('\n')), "{said:#?}");
    for resource in [Links, Attributes, Values, Blocks, Queues, Bonds] {
        assert!(Error::Full(resource).to_string().contains("raise "), "{resource:?}");
    }
    for (error, names) in [
        (Error::Down(Fault::Silent(Opcode::RESET)), "Reset"),
        (Error::Down(Fault::Hardware(0x17)), "0x17"),
        (Error::Refused(Opcode::LE_CREATE_CONNECTION, status), "LE Create Connection"),
        (Error::DoesNotFit(AdType::COMPLETE_NAME), "Complete Local Name"),
        (Error::ParametersRefused(status), "Memory Capacity Exceeded"),
        (Error::ConnectionFailed(status), "Memory Capacity Exceeded"),
        // Of a question that is over, of a pairing that offers no keypresses, of a record that was overwritten.
        (Error::Stale, "pairing"),
        (Error::Stale, "answered"),
        (Error::NotSupported, "pairing"),
        (Error::InvalidArgument(Bond), "zero"),
        (Error::PairingFailed(Reason::REPEATED_ATTEMPTS), "Repeated Attempts"),
        (Error::PairingRejected(Reason::AUTHENTICATION_REQUIREMENTS), "Authentication Requirements"),
        (Error::EncryptionFailed(status), "Memory Capacity Exceeded"),
        (Error::BondLost, "remove"),
    ] {
        assert!(error.to_string().contains(names), "{error} does not name {names}");
    }
}
