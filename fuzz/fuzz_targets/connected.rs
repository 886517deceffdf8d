//! A host with a link: its peer, its controller and its application do as they like.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jelling_scenarios::fuzz::connected(data));
