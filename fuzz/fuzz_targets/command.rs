//! HCI commands.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jelling_scenarios::fuzz::command(data));
