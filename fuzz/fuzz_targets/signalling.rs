//! Commands of the signalling channel.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jelling_scenarios::fuzz::signalling(data));
