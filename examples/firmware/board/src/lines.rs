//! What a host says of itself: lines of `log` on the console, or frames of `defmt` by semihosting.

#[cfg(feature = "defmt")]
use defmt_semihosting as _;

/// From now on lines are printed.
#[cfg(feature = "log")]
pub(crate) fn start() {
    // Once: there is no other logger.
    let _ = log::set_logger(&Lines);
    log::set_max_level(log::LevelFilter::Debug);
}

#[cfg(feature = "log")]
struct Lines;

#[cfg(feature = "log")]
impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        crate::println!("[{}] {}", record.level(), record.args());
    }
    fn flush(&self) {}
}
