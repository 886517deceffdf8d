//! Lines for whoever wonders: `info!`, `warn!`, `debug!` of the feature `log` or `defmt`; without either nothing is left of them.
//! Never a key: what is logged is addresses, statuses, opcodes and the names of packets.

#[cfg(all(feature = "defmt", feature = "log"))]
compile_error!("the features `defmt` and `log` of jelling exclude each other: switch one of them on");

macro_rules! line {
    ($level:ident, $($part:tt)+) => {{
        #[cfg(all(feature = "log", not(feature = "defmt")))]
        log::$level!($($part)+);
        #[cfg(all(feature = "defmt", not(feature = "log")))]
        defmt::$level!($($part)+);
        #[cfg(not(any(feature = "defmt", feature = "log")))]
        $crate::fmt::nothing!($($part)+);
    }};
}

/// The arguments count as used, and nothing works them out.
#[cfg(not(any(feature = "defmt", feature = "log")))]
macro_rules! nothing {
    ($text:literal $(, $argument:expr)* $(,)?) => {{
        if false {
            $(let _ = &$argument;)*
        }
    }};
}

macro_rules! info {
    ($($part:tt)+) => { $crate::fmt::line!(info, $($part)+) };
}

macro_rules! warning {
    ($($part:tt)+) => { $crate::fmt::line!(warn, $($part)+) };
}

macro_rules! debug {
    ($($part:tt)+) => { $crate::fmt::line!(debug, $($part)+) };
}

#[cfg(not(any(feature = "defmt", feature = "log")))]
pub(crate) use nothing;
pub(crate) use {debug, info, line, warning};
