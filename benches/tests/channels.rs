//! Channels of both stacks, in small: of jelling's SDUs none is lost, damaged or out of order, and its links and channels share evenly.

use jelling_benches::{Buffers, Goal, Shape, Stack, transfer};

const LENGTHS: [u16; 2] = [251, 27];
const SDUS: u32 = 1_920;

#[test]
fn jelling_loses_nothing_and_shares_evenly() {
    for shape in Shape::ALL {
        for length in LENGTHS {
            let t = transfer(Stack::Jelling, shape, Buffers { length, count: 8 }, Goal::Count(SDUS));
            assert!(!t.stalled, "{shape:?} {length}: {t:?}");
            assert_eq!((t.sent, t.received, t.lost()), (SDUS, SDUS, 0), "{shape:?} {length}");
            assert_eq!((t.damaged, t.disordered), (0, 0), "{shape:?} {length}");
            assert!(t.spread_of_links() <= 1.1, "{shape:?} {length}: {:?}", t.shares);
            assert!(t.spread_of_channels() <= 1.1, "{shape:?} {length}: {:?}", t.shares);
        }
    }
}

#[test]
fn trouble_does_the_same_work() {
    for shape in Shape::ALL {
        for length in LENGTHS {
            let t = transfer(Stack::Trouble, shape, Buffers { length, count: 8 }, Goal::Count(SDUS));
            // A channel whose task is never woken again keeps its SDU, and what the others have sent is there.
            assert!(t.sent <= SDUS && t.sent + 32 > SDUS, "{shape:?} {length}: {t:?}");
            assert_eq!((t.received, t.damaged, t.disordered), (t.sent, 0, 0), "{shape:?} {length}");
        }
    }
}

#[test]
fn the_link_tells_what_it_has_copied() {
    let shape = Shape::new(242, 1, 1);
    let moved = |count| transfer(Stack::Jelling, shape, Buffers { length: 251, count: 8 }, Goal::Count(count)).moved;
    let each = (moved(1_064) - moved(64)) / 1_000;
    // The SDU with its 10 octets of headers out of one host and into the other, and events; 17 octets of credits now and then.
    assert!((2 * 252..2 * 252 + 40).contains(&each), "{each}");
}
