//! ACL data packets and L2CAP frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| jelling_scenarios::fuzz::acl(data));
