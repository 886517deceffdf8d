//! ACL packets as a table of (name, octets, value), checked both ways.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

#[macro_use]
mod common;

use common::check;
use jelling_wire::{
    Malformed, Writer,
    hci::{
        ConnectionHandle,
        acl::{AclPacket, Boundary},
    },
};

const HANDLE: ConnectionHandle = ConnectionHandle(0x0040);

table!(
    acl,
    AclPacket,
    [
        (
            "from the controller",
            [0x40, 0x20, 2, 0, 1, 2],
            AclPacket { handle: HANDLE, boundary: Boundary::FirstFlushable, broadcast: 0, data: &[1, 2] }
        ),
        (
            "continued",
            [0x40, 0x10, 1, 0, 1],
            AclPacket { handle: HANDLE, boundary: Boundary::Continuing, broadcast: 0, data: &[1] }
        ),
    ]
);
