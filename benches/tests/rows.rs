//! Every row of both stacks, in small: what is counted adds up, and of jelling's values none is lost.

use jelling_benches::{Buffers, Goal, Row, Stack, measure, multiplications};

const LENGTHS: [u16; 2] = [251, 27];

fn operations(row: Row) -> u32 {
    if row == Row::Pair { 5 } else { 500 }
}

#[test]
fn jelling_loses_nothing() {
    for row in Row::ALL {
        for length in LENGTHS {
            let outcome = measure(Stack::Jelling, row, Buffers { length, count: 8 }, Goal::Count(operations(row)));
            assert_eq!((outcome.sent, outcome.received), (operations(row), operations(row)), "{row:?} {length}");
            assert_eq!((outcome.out_of_order, outcome.duplicated), (0, 0), "{row:?} {length}");
        }
    }
}

#[test]
fn trouble_does_the_same_work() {
    for row in Row::ALL {
        for length in LENGTHS {
            let outcome = measure(Stack::Trouble, row, Buffers { length, count: 8 }, Goal::Count(operations(row)));
            assert_eq!(outcome.sent, operations(row), "{row:?} {length}");
            assert!((1..=outcome.sent).contains(&outcome.received), "{row:?} {length}: {} received", outcome.received);
            assert_eq!((outcome.out_of_order, outcome.duplicated), (0, 0), "{row:?} {length}");
            assert!(outcome.received == outcome.sent || !row.is_round_trip(), "{row:?} {length}: each is answered");
        }
    }
}

#[test]
fn round_trips_are_timed() {
    let outcome = measure(Stack::Jelling, Row::Read, Buffers { length: 251, count: 8 }, Goal::Latency(100));
    assert_eq!(outcome.trips.len(), 100);
    assert!(outcome.trips.is_sorted());
}

#[test]
fn each_host_makes_a_key_pair_and_a_secret_for_each_pairing() {
    assert_eq!(multiplications(3), 3 * 2 * 2);
}
