//! How much has gone over a channel, and the bar that shows it where a person looks.

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::{
    cell::Cell,
    fmt,
    io::{self, IsTerminal},
    time::{Duration, Instant},
};

/// Redrawn so often, at most: more cannot be read.
const A_SECOND: u8 = 10;

const KNOWN: &str = "{bar:30} {percent:>3} % {decimal_bytes} of {decimal_total_bytes} {decimal_bytes_per_sec} {msg}";
const ENDLESS: &str = "{spinner} {decimal_bytes} {decimal_bytes_per_sec} {msg}";

/// What the bar shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shown {
    /// No bar.
    Nothing,
    /// What is sent, of so much.
    Of(u64),
    /// What goes either way, however much.
    Endless,
}

/// Octets that have gone over a channel.
pub(super) struct Tally {
    sent: Cell<u64>,
    received: Cell<u64>,
    begin: Instant,
    /// When the last octets went.
    last: Cell<Instant>,
    bar: Option<(ProgressBar, Shown)>,
}

fn style(template: &str) -> ProgressStyle {
    // A template that is wrong is seen by the test.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl Tally {
    pub(super) fn new(shown: Shown) -> Tally {
        let new = |length, template| {
            let target = ProgressDrawTarget::stderr_with_hz(A_SECOND);
            Some((ProgressBar::with_draw_target(length, target).with_style(style(template)), shown))
        };
        let bar = match shown {
            Shown::Nothing => None,
            Shown::Of(length) => new(Some(length), KNOWN),
            Shown::Endless => new(None, ENDLESS),
        };
        let begin = Instant::now();
        Tally { sent: Cell::new(0), received: Cell::new(0), begin, last: Cell::new(begin), bar }
    }

    pub(super) fn sent(&self, octets: usize) {
        self.sent.set(self.sent.get() + octets as u64);
        self.show();
    }

    pub(super) fn received(&self, octets: usize) {
        self.received.set(self.received.get() + octets as u64);
        self.show();
    }

    pub(super) fn octets_sent(&self) -> u64 {
        self.sent.get()
    }

    pub(super) fn octets_received(&self) -> u64 {
        self.received.get()
    }

    fn show(&self) {
        self.last.set(Instant::now());
        let (sent, received) = (self.sent.get(), self.received.get());
        match &self.bar {
            Some((bar, Shown::Of(_))) => {
                if received > 0 {
                    bar.set_message(format!("{} received", DecimalBytes(received)));
                }
                bar.set_position(sent);
            }
            Some((bar, _)) => bar.set_position(sent + received),
            None => {}
        }
    }

    /// Takes the bar away: other lines come.
    pub(super) fn finish(&self) -> Summary {
        if let Some((bar, _)) = &self.bar {
            bar.finish_and_clear();
        }
        Summary { sent: self.sent.get(), received: self.received.get(), time: self.last.get() - self.begin }
    }
}

/// What went over a channel, for people.
#[derive(Clone, Copy, Debug)]
pub(super) struct Summary {
    sent: u64,
    received: u64,
    time: Duration,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Summary { sent, received, time } = *self;
        let seconds = time.as_secs_f64();
        write!(f, "{sent} octets sent, {received} received in {seconds:.1} s")?;
        match seconds > 0.0 {
            true => write!(f, ", {:.1} kB/s", (sent + received) as f64 / seconds / 1e3),
            false => Ok(()),
        }
    }
}

/// What to show: nothing where no person looks, and nothing where the data itself goes to their terminal.
pub(super) fn shown(json: bool, data: Data, length: Option<u64>) -> Shown {
    let is_seen = !json && io::stderr().is_terminal();
    let is_mixed = data == Data::Standard && io::stdout().is_terminal();
    match length {
        _ if !is_seen || is_mixed => Shown::Nothing,
        Some(length) => Shown::Of(length),
        None => Shown::Endless,
    }
}

/// Where the data goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Data {
    /// To standard output.
    Standard,
    /// To a file, back, or nowhere.
    Elsewhere,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_right() {
        for template in [KNOWN, ENDLESS] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn a_transfer_is_summed_up() {
        let summary = |sent, received, time| Summary { sent, received, time }.to_string();
        assert_eq!(summary(3_000, 500, Duration::from_secs(2)), "3000 octets sent, 500 received in 2.0 s, 1.8 kB/s");
        assert_eq!(summary(0, 0, Duration::ZERO), "0 octets sent, 0 received in 0.0 s");
    }
}
