//! A host behind a stream may not have what it was handed yet; and how a breach is told.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod common;

use common::Bench;
use core::time::Duration;
use jelling_sim::{Air, Breach, ControllerConfig, Violation};
use jelling_wire::hci::{
    Opcode, Status,
    acl::Boundary,
    command::{Disconnect, LeReadPhy, ReadBdAddr},
};

/// Two hosts behind streams, connected and then not any more; both were handed the news.
fn parted() -> Bench {
    let config = ControllerConfig { grace: Duration::from_secs(1), ..ControllerConfig::default() };
    let mut bench = Bench::on(Air::new(1), &[config, config]);
    bench.connect(0, 1);
    bench.run(2_000_000);
    bench.collect();
    bench.hosts[0].controller.lose_links();
    bench.collect();
    bench
}

#[test]
fn a_command_that_crosses_on_a_stream_is_nobodys_fault_for_a_while() {
    let mut bench = parted();
    let handle = bench.hosts[0].handle;
    let disconnect = Disconnect { handle, reason: Status::REMOTE_USER_TERMINATED_CONNECTION };
    assert_eq!(bench.call(0, &disconnect), Status::UNKNOWN_CONNECTION_IDENTIFIER);
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    assert_eq!(bench.breaches(), []);
    bench.air.advance_to(bench.air.now() + 1_000_000);
    bench.call(0, &LeReadPhy { handle });
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    let state = Breach::WrongState { opcode: Opcode::LE_READ_PHY, status: 0x02 };
    assert_eq!(bench.breaches(), [state, Breach::DeadHandle { handle: handle.0 }]);
}

#[test]
fn what_is_in_favour_of_a_host_counts_at_once() {
    let mut bench = parted();
    // The link is known as soon as it was handed over, and is not gone with the one of the same handle before.
    bench.connect(0, 1);
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    bench.run(2_000_000);
    bench.data(0, Boundary::FirstNonFlushable, &[0; 9]);
    assert_eq!(bench.breaches(), []);
    bench.send(0, &ReadBdAddr {});
    bench.send(0, &ReadBdAddr {});
    assert_eq!(bench.breaches(), [Breach::NoCommandCredit { opcode: Opcode::READ_BD_ADDR }]);
}

#[test]
fn a_breach_is_a_sentence() {
    let told = |breach| Violation { controller: 3, micros: 1_250_000, breach }.to_string();
    let at = "controller 3 after 1.250000 s: ";
    for (breach, text) in [
        (Breach::Overdrawn, "ACL data without a free buffer of the controller"),
        (Breach::TooLong { length: 300 }, "ACL data of 300 octets, more than the controller said it takes"),
        (Breach::DeadHandle { handle: 0x40 }, "ACL data on handle 0x0040, which is not connected"),
        (
            Breach::NoCommandCredit { opcode: Opcode::LE_RAND },
            "LE Rand (0x08|0x0018) before the last command was answered",
        ),
        (
            Breach::WrongState { opcode: Opcode::DISCONNECT, status: 0x02 },
            "Disconnect (0x01|0x0006) in a state that forbids it, answered with Unknown Connection Identifier (0x02)",
        ),
        (
            Breach::NotClaimed { opcode: Opcode::LE_SET_EXTENDED_ADVERTISING_PARAMETERS },
            "LE Set Extended Advertising Parameters (0x08|0x0036), which the controller does not claim",
        ),
        (
            Breach::InvalidParameters { opcode: Opcode::LE_RAND },
            "LE Rand (0x08|0x0018) with parameters that are forbidden",
        ),
        (
            Breach::FlowControl { handle: 0x40 },
            "Host Number Of Completed Packets gives more back on handle 0x0040 than was received",
        ),
        (Breach::Malformed, "a packet that no host sends"),
    ] {
        assert_eq!(told(breach), format!("{at}{text}"));
    }
}
