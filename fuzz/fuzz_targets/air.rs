//! Two hosts on the air: operations, faults, hostile packets of a controller and of a peer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jelling_scenarios::fuzz::air(data));
