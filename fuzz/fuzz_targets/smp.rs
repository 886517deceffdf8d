//! SMP PDUs.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jelling_scenarios::fuzz::smp(data));
