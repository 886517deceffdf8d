//! Pairings one after the other; `cargo xtask soak pairings 1000` takes more of them.

use jelling_scenarios::pairings;

#[test]
fn fifty_pairings_leave_nothing_behind() {
    let done = pairings::run(1, 50).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((done.count, done.authenticated), (50, 37));
}
