//! Two hosts that pair: their users, peers and controllers, and who does their arithmetic, do as they like.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jelling_scenarios::fuzz::pairing(data));
