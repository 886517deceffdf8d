use crate::{HANDLE, common::check};
use jelling_wire::{
    Malformed, Writer,
    hci::{
        Opcode, Status,
        event::{CompletedPackets, Event},
    },
};

rows! {
    [
        "Disconnect Complete", "050400400013",
        Event::DisconnectionComplete {
            status: Status::SUCCESS,
            handle: HANDLE,
            reason: Status::REMOTE_USER_TERMINATED_CONNECTION
        }
    ],
    [
        "Encryption Change", "080400400001",
        Event::EncryptionChange { status: Status::SUCCESS, handle: HANDLE, enabled: 1 }
    ],
    [
        "Read Remote Version Complete", "0c080040000ce0003412",
        Event::ReadRemoteVersionInformationComplete {
            status: Status::SUCCESS,
            handle: HANDLE,
            version: 12,
            manufacturer: 0xe0,
            subversion: 0x1234
        }
    ],
    [
        "Command Complete", "0e0401030c00",
        Event::CommandComplete { credits: 1, opcode: Opcode::RESET, return_parameters: &[0] }
    ],
    ["credits alone", "0e03010000", Event::CommandComplete { credits: 1, opcode: Opcode::NOP, return_parameters: &[] }],
    [
        "Command Status", "0f0400010604",
        Event::CommandStatus { status: Status::SUCCESS, credits: 1, opcode: Opcode::DISCONNECT }
    ],
    ["Hardware Error", "100107", Event::HardwareError { code: 7 }],
    [
        "Number of Completed Packets", "1309024000020041000301",
        Event::NumberOfCompletedPackets(
            CompletedPackets::parse(&[2, 0x40, 0, 2, 0, 0x41, 0, 3, 1]).unwrap()
        )
    ],
    ["nothing completed", "130100", Event::NumberOfCompletedPackets(CompletedPackets::parse(&[0]).unwrap())],
    ["Data Buffer Overflow", "1a0101", Event::DataBufferOverflow { link_type: 1 }],
    [
        "Encryption Key Refresh Complete", "3003004000",
        Event::EncryptionKeyRefreshComplete { status: Status::SUCCESS, handle: HANDLE }
    ],
    [
        "Authenticated Payload Timeout Expired", "57024000",
        Event::AuthenticatedPayloadTimeoutExpired { handle: HANDLE }
    ],
    [
        "Encryption Change v2", "59050040000110",
        Event::EncryptionChangeV2 { status: Status::SUCCESS, handle: HANDLE, enabled: 1, key_size: 16 }
    ],
    ["Flush Occurred", "11024000", Event::Unknown { code: 0x11, parameters: &[0x40, 0] }],
    ["Vendor", "ff020102", Event::Unknown { code: 0xff, parameters: &[1, 2] }],
    ["unnamed", "7e00", Event::Unknown { code: 0x7e, parameters: &[] }],
    ["an LE event that is left raw", "3e031e0113", Event::LeUnknown { subevent: 0x1e, parameters: &[1, 0x13] }],
    ["an unnamed LE event", "3e027e09", Event::LeUnknown { subevent: 0x7e, parameters: &[9] }],
}

#[test]
fn completed_packets_are_told_link_by_link() {
    let octets = crate::octets("1309024000020041000301");
    let Ok(Event::NumberOfCompletedPackets(packets)) = Event::parse(&octets) else { panic!() };
    let told: Vec<_> = packets.iter().map(|(handle, count)| (handle.0, count)).collect();
    assert_eq!(told, [(0x40, 2), (0x41, 0x103)]);
}
