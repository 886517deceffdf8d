//! A row of `bench`.

use crate::output::Output;
use serde_json::{Value, json};
use std::time::Duration;

/// What one test has measured.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) test: &'static str,
    /// Octets that arrived, in their order and as they were sent.
    pub(super) octets: u64,
    /// Octets that did not.
    pub(super) lost: u64,
    pub(super) time: Duration,
    /// Of single exchanges, in any order.
    pub(super) latencies: Vec<Duration>,
}

impl Row {
    /// Octets a second.
    fn rate(&self) -> f64 {
        let seconds = self.time.as_secs_f64();
        if seconds > 0.0 { self.octets as f64 / seconds } else { 0.0 }
    }

    pub(super) fn print(mut self, output: Output) {
        self.latencies.sort_unstable();
        let at = |part: u32| percentile(&self.latencies, part).as_secs_f64();
        let latency = json!({
            "count": self.latencies.len(), "min": at(0), "p50": at(50), "p90": at(90), "p99": at(99), "max": at(100),
        });
        let json: Value = json!({
            "test": self.test, "octets": self.octets, "lost": self.lost, "seconds": self.time.as_secs_f64(),
            "rate": self.rate(), "latency": latency,
        });
        output.print(&json, || {
            let ms = |part| at(part) * 1e3;
            format!(
                "{:15} {:9.1} kB/s {:9} octets {:6} lost   min {:8.3} p50 {:8.3} p90 {:8.3} p99 {:8.3} max {:8.3} ms",
                self.test,
                self.rate() / 1e3,
                self.octets,
                self.lost,
                ms(0),
                ms(50),
                ms(90),
                ms(99),
                ms(100),
            )
        });
    }
}

/// The least value that so many parts of a hundred do not exceed; `sorted` is. Of nothing it is zero.
fn percentile(sorted: &[Duration], part: u32) -> Duration {
    let rank = (sorted.len() * part as usize).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let all = |n: u64| (1..=n).map(Duration::from_millis).collect::<Vec<_>>();
        let of = |n, part| percentile(&all(n), part).as_millis();
        assert_eq!([0, 50, 90, 99, 100].map(|part| of(100, part)), [1, 50, 90, 99, 100]);
        assert_eq!([0, 50, 90, 99, 100].map(|part| of(10, part)), [1, 5, 9, 10, 10]);
        assert_eq!([0, 50, 100].map(|part| of(1, part)), [1, 1, 1]);
        assert_eq!([0, 50, 100].map(|part| of(0, part)), [0, 0, 0]);
    }
}
