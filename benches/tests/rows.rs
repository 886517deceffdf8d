//! Every row of both stacks, in small: what is counted adds up, and of jelling's values none is lost.

use jelling_benches::{Buffers, Goal, Row, Stack, measure};

const LENGTHS: [u16; 2] = [251, 27];

#[test]
fn jelling_loses_nothing() {
    for row in Row::ALL {
        for length in LENGTHS {
            let outcome = measure(Stack::Jelling, row, Buffers { length, count: 8 }, Goal::Count(500));
            assert_eq!((outcome.sent, outcome.received), (500, 500), "{row:?} {length}");
            assert_eq!((outcome.out_of_order, outcome.duplicated), (0, 0), "{row:?} {length}");
        }
    }
}

#[test]
fn trouble_does_the_same_work() {
    for row in Row::ALL {
        for length in LENGTHS {
            let outcome = measure(Stack::Trouble, row, Buffers { length, count: 8 }, Goal::Count(500));
            assert_eq!(outcome.sent, 500, "{row:?} {length}");
            assert!((1..=500).contains(&outcome.received), "{row:?} {length}: {} received", outcome.received);
            assert_eq!((outcome.out_of_order, outcome.duplicated), (0, 0), "{row:?} {length}");
            assert!(outcome.received == 500 || !row.is_round_trip(), "{row:?} {length}: each is answered");
        }
    }
}

#[test]
fn round_trips_are_timed() {
    let outcome = measure(Stack::Jelling, Row::Read, Buffers { length: 251, count: 8 }, Goal::Latency(100));
    assert_eq!(outcome.trips.len(), 100);
    assert!(outcome.trips.is_sorted());
}
