use crate::octets;
use jelling_wire::{Malformed, hci::event::Event};

#[test]
fn what_is_malformed() {
    let events = [
        ("no length", "10"),
        ("the length lies", "100207"),
        ("an octet too much", "10010700"),
        ("no subevent", "3e00"),
        ("a handle out of range", "050400000f13"),
        ("a handle out of range, though the link stays", "05040c000f13"),
        ("a handle out of range, encrypted", "080400000f01"),
        ("more links than there are", "13050240000100"),
        ("fewer links than there are", "13050040000100"),
        ("a handle out of range, completed", "130501000f0100"),
        ("a connection with a handle out of range", "3e130100ffff0101f5f4f3f2f1f0180001002a0005"),
        ("a connection with a third role", "3e13010040000201f5f4f3f2f1f0180001002a0005"),
        ("a connection with another address type", "3e13010040000104f5f4f3f2f1f0180001002a0005"),
        ("no report", "3e020200"),
        ("more reports than there are", "3e0c02020000f5f4f3f2f1f000c8"),
        ("a report of 32 octets", &format!("3e2c02010000f5f4f3f2f1f020{}c8", "00".repeat(32))),
        ("a report whose data run over", "3e0c02010000f5f4f3f2f1f001c8"),
        ("a report of another address type", "3e0c02010009f5f4f3f2f1f000c8"),
        ("a legacy report that is anonymous", "3e0c020100ffffffffffffff00c8"),
        ("a report of another type", "3e0c02010500f5f4f3f2f1f000c8"),
        ("no directed report", "3e020b00"),
        ("a directed report of another type", "3e120b010001f5f4f3f2f1f0fe050403020141c8"),
        ("a directed report of another address type", "3e120b010101f5f4f3f2f1f0fd050403020141c8"),
        ("no extended report", "3e020d00"),
        ("an extended report whose data run over", "3e1a0d010000ff0000000000000101077fc80000fe05040302014101"),
        ("an extended report of another address type", "3e1a0d01000004000000000000 0101077fc80000fe05040302014100"),
        ("more extended reports than there are", "3e1a0d020000ff0000000000000101077fc80000fe05040302014100"),
        ("a synchronization with another address type", "3e100e0012000409f5f4f3f2f1f002a00005"),
        ("periodic data that run over", "3e0c0f1200f9c8ff010503ff5900"),
        ("periodic data that end early", "3e0c0f1200f9c8ff010303ff5900"),
        ("a set that ended with a handle out of range", "3e061200 03000f09"),
        ("a timeout with a parameter", "3e021100"),
        ("83 samples", &format!("3eb315120025 40fe00010201341253{}", "00".repeat(166))),
        ("more samples than there are", "3e0d1512002540fe00010201341201"),
        ("more responses than there are", "3e132803010003f9c8ff040002aabb7f7fff05ff00"),
        ("fewer responses than there are", "3e132803010001f9c8ff040002aabb7f7fff05ff00"),
        ("too few features", "3e0c2b0040000000ff59010000000080"),
    ];
    for (name, hex) in events {
        let mut octets = octets(&hex.replace(' ', ""));
        // What is wrong is what the name says.
        if !name.contains("length") && !name.contains("octet too much") {
            octets[1] = (octets.len() - 2) as u8;
        }
        assert_eq!(Event::parse(&octets), Err(Malformed), "{name}");
    }
}
