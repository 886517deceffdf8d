//! Measures each row of a stack: `jelling-benches STACK MILLISECONDS`. A line for each, with tabs between: stack, row, octets of
//! ACL data, operations, values received, out of order, duplicated, nanoseconds, reads of the clock; and for round trips the
//! median and the 99th percentile, in nanoseconds. With a row, octets and a number of operations it runs only those, for profilers.

use jelling_benches::{Buffers, Goal, Row, Stack, measure};
use std::{process::ExitCode, time::Duration};

/// Octets of ACL data.
const LENGTHS: [u16; 2] = [251, 27];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let of = |name| Stack::ALL.into_iter().find(|stack| stack.name() == name);
    match *arguments {
        [stack, milliseconds] => {
            if let (Some(stack), Ok(milliseconds)) = (of(stack), milliseconds.parse()) {
                all(stack, Duration::from_millis(milliseconds));
                return ExitCode::SUCCESS;
            }
        }
        [stack, row, length, count] => {
            let row = Row::ALL.into_iter().find(|r| r.name() == row);
            if let (Some(stack), Some(row), Ok(length), Ok(count)) = (of(stack), row, length.parse(), count.parse()) {
                let outcome = measure(stack, row, Buffers { length, count: 8 }, Goal::Count(count));
                println!("{} of {} in {:?}", outcome.received, outcome.sent, outcome.time);
                return ExitCode::SUCCESS;
            }
        }
        _ => {}
    }
    eprintln!(
        "jelling-benches {} MILLISECONDS | STACK ROW ACL-OCTETS OPERATIONS",
        Stack::ALL.map(Stack::name).join("|")
    );
    ExitCode::FAILURE
}

fn all(stack: Stack, time: Duration) {
    for row in Row::ALL {
        for length in LENGTHS {
            let buffers = Buffers { length, count: 8 };
            // What runs first pays for caches.
            measure(stack, row, buffers, Goal::Time(time / 8));
            let o = measure(stack, row, buffers, Goal::Time(time));
            let mut line = format!("{}\t{}\t{length}\t{}\t{}", stack.name(), row.name(), o.sent, o.received);
            for number in [o.out_of_order.into(), o.duplicated.into(), o.time.as_nanos(), o.clock_reads.into()] {
                line.push_str(&format!("\t{number}"));
            }
            if row.is_round_trip() {
                let trips = measure(stack, row, buffers, Goal::Latency(row.trips())).trips;
                for percent in [50, 99] {
                    line.push_str(&format!("\t{}", trips[trips.len() * percent / 100]));
                }
            }
            println!("{line}");
        }
    }
}
