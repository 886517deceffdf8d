//! Behind UARTs of 1 Mbaud, both hosts leave nothing of the lines unused. Time is virtual, so this says nothing of the machine.

use jelling_scenarios::uart::{LEAST, Row, measure};

/// Of 1 MiB, so that a test without optimisation takes seconds: `cargo xtask bench` carries all of it.
const OCTETS: usize = 64 * 1024;

#[test]
fn the_lines_are_the_limit() {
    for row in Row::ALL {
        let outcome = measure(row, OCTETS).expect("it arrives");
        let share = outcome.share();
        assert!((LEAST..=1.0).contains(&share), "{}: {:.1} % of the line", row.name(), share * 100.0);
    }
}
