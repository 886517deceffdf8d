//! Several events become one; what is another thing, or another connection's, goes its own way.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::Completed;
use jelling_host::wire::{Packet, PacketKind};

fn event(octets: &[u8]) -> Packet<'_> {
    Packet::new(PacketKind::Event, octets)
}

#[test]
fn events_of_one_connection_are_one() {
    let completed = Completed::default();
    assert_eq!(completed.take(), None);
    for _ in 0..3 {
        assert!(completed.add(event(&[0x13, 5, 1, 0x40, 0x01, 100, 0])));
    }
    assert_eq!(completed.take(), Some([0x13, 5, 1, 0x40, 0x01, 44, 1]));
    assert_eq!(completed.take(), None);
}

#[test]
fn nothing_else_is_taken() {
    let completed = Completed::default();
    assert!(completed.add(event(&[0x13, 5, 1, 0x40, 0, 1, 0])));
    for other in [
        &[0x13, 5, 1, 0x41, 0, 1, 0][..],
        &[0x13, 5, 1, 0x40, 0, 0xff, 0xff],
        &[0x13, 5, 2, 0x40, 0, 1, 0],
        &[0x13, 9, 2, 0x40, 0, 1, 0, 0x41, 0, 1, 0],
        &[0x05, 4, 0, 0x40, 0, 0x13],
        &[],
    ] {
        assert!(!completed.add(event(other)), "{other:02x?}");
    }
    assert!(!completed.add(Packet::new(PacketKind::Acl, &[0x13, 5, 1, 0x40, 0, 1, 0])));
    assert_eq!(completed.take(), Some([0x13, 5, 1, 0x40, 0, 1, 0]));
}
