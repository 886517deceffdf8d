//! How far a file is, on a terminal.

use embassy_time::Instant;
use std::{
    fmt::Write as _,
    io::{self, IsTerminal, Write},
    time,
};

/// Columns of the bar.
const WIDTH: u64 = 30;
/// How often it is drawn.
const PAUSE: time::Duration = time::Duration::from_millis(100);

/// A line on stderr that shows how far a file is and how fast it goes. Where stderr is no terminal, nothing is shown.
#[derive(Debug)]
pub struct Progress {
    /// By the clock of the host, which may be a simulated one.
    start: Instant,
    /// By the clock of who looks at it.
    drawn: Option<time::Instant>,
    terminal: Option<io::Stderr>,
}

impl Progress {
    /// Of a file that begins now.
    #[must_use]
    pub fn new() -> Self {
        let terminal = Some(io::stderr()).filter(IsTerminal::is_terminal);
        Progress { start: Instant::now(), drawn: None, terminal }
    }

    /// So many octets of so many are there.
    pub fn show(&mut self, done: u32, size: u32) {
        let is_due = done == size || self.drawn.is_none_or(|drawn| drawn.elapsed() >= PAUSE);
        if let Some(terminal) = &mut self.terminal
            && is_due
        {
            self.drawn = Some(time::Instant::now());
            // Nobody is there any more to be told of a failure.
            let _ = write!(terminal, "\r{}\x1b[K", line(done, size, self.start.elapsed().as_micros()));
            let _ = terminal.flush();
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Progress {
    /// What comes next begins a line of its own.
    fn drop(&mut self) {
        if let (Some(terminal), Some(_)) = (&mut self.terminal, self.drawn) {
            let _ = writeln!(terminal);
        }
    }
}

/// The line.
fn line(done: u32, size: u32, micros: u64) -> String {
    let part = |whole: u64| u64::from(done).saturating_mul(whole).checked_div(size.into()).unwrap_or(whole);
    let mut line = String::from("[");
    line.extend((0..WIDTH).map(|column| if column < part(WIDTH) { '#' } else { '.' }));
    let _ = write!(line, "] {:3} % {}", part(100), octets(done.into()));
    if let Some(rate) = u64::from(done).saturating_mul(1_000_000).checked_div(micros).filter(|rate| *rate > 0) {
        let _ = write!(line, " {}/s", octets(rate));
    }
    line
}

/// So many octets.
fn octets(number: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "a digit behind the point is shown")]
    match number {
        0..1_024 => format!("{number} B"),
        1_024..1_048_576 => format!("{:.1} KiB", number as f64 / 1_024.0),
        _ => format!("{:.1} MiB", number as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    use super::line;

    #[test]
    fn a_line_shows_part_amount_and_rate() {
        assert_eq!(line(0, 1000, 0), "[..............................]   0 % 0 B");
        assert_eq!(line(500, 1000, 1_000_000), "[###############...............]  50 % 500 B 500 B/s");
        assert_eq!(line(1_048_576, 1_048_576, 8_000_000), "[##############################] 100 % 1.0 MiB 128.0 KiB/s");
        assert_eq!(line(0, 0, 10), "[##############################] 100 % 0 B");
        assert!(line(u32::MAX, u32::MAX, 1).contains("100 % 4096.0 MiB"));
    }
}
