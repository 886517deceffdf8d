//! Measures each row of a stack: `jelling-benches STACK MILLISECONDS`. A line for each, with tabs between: stack, row, octets of
//! ACL data, operations, values received, out of order, duplicated, nanoseconds, reads of the clock; and for round trips the
//! median and the 99th percentile, in nanoseconds. Of channels: stack, row, octets of ACL data, octets of an SDU, SDUs sent,
//! received, damaged, out of order, nanoseconds, octets that the link copied, 1 where nothing came any more, the spread of links
//! and that of channels. With a row, octets and a number of operations it runs only those, for profilers.

use jelling_benches::{Buffers, Goal, Row, Shape, Stack, measure, transfer};
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
            let shape = Shape::ALL.into_iter().find(|shape| shape.name() == row);
            if let (Some(stack), Some(shape), Ok(length), Ok(count)) = (of(stack), shape, length.parse(), count.parse())
            {
                channels(stack, shape, length, Goal::Count(count));
                return ExitCode::SUCCESS;
            }
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
    for shape in Shape::ALL {
        for length in LENGTHS {
            transfer(stack, shape, Buffers { length, count: 8 }, Goal::Time(time / 8));
            channels(stack, shape, length, Goal::Time(time));
        }
    }
}

fn channels(stack: Stack, shape: Shape, length: u16, goal: Goal) {
    let t = transfer(stack, shape, Buffers { length, count: 8 }, goal);
    let mut line = format!("{}\t{}\t{length}\t{}", stack.name(), shape.name(), shape.sdu);
    let stalled = u64::from(t.stalled);
    let counts = [t.sent, t.received, t.damaged, t.disordered].map(u64::from);
    for number in counts.into_iter().chain([t.time.as_nanos() as u64, t.moved, stalled]) {
        line.push_str(&format!("\t{number}"));
    }
    println!("{line}\t{:.3}\t{:.3}", t.spread_of_links(), t.spread_of_channels());
}
