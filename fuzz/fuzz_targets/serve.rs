//! The file of `jelling serve`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jelling_scenarios::fuzz::serve(data));
