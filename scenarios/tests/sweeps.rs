//! Every sweep over every scenario. The long sweeps take some of their points here; `cargo xtask sweeps` takes them all.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use jelling_scenarios::{
    scenario,
    stage::{Trouble, play},
    sweep::{self, Sweep, Swept},
};

/// Points that are skipped between two of the long sweeps: primes, so that each kind of packet has its turn.
const FAULTS: usize = 7;
const OCTETS: usize = 43;

/// As [`swept`], with fewer points of a pairing, which has more of them and takes longer.
fn sampled(sweep: Sweep, scenario: &scenario::Scenario, stride: usize) -> Swept {
    swept(sweep, scenario, if scenario.pairs.is_some() { stride * 3 } else { stride })
}

fn swept(sweep: Sweep, scenario: &scenario::Scenario, stride: usize) -> Swept {
    match sweep(scenario, stride) {
        Ok(swept) => {
            assert!(swept.points > 0, "{} had no points", scenario.name);
            swept
        }
        Err(error) => panic!("{error}"),
    }
}

macro_rules! sweeps {
    ($($name:ident = $scenario:ident;)+) => {
        $(mod $name {
            use super::*;

            #[test]
            fn disconnect() {
                sampled(sweep::disconnect, &scenario::$scenario, 1);
            }

            #[test]
            fn cancel() {
                let swept = swept(sweep::cancel, &scenario::$scenario, 1);
                assert_eq!(swept.unharmed, swept.points);
            }

            #[test]
            fn cancel_at_once() {
                let swept = swept(sweep::at_once, &scenario::$scenario, 1);
                assert_eq!(swept.unharmed, swept.points);
            }

            #[test]
            fn cancel_later() {
                let swept = sampled(sweep::later, &scenario::$scenario, 3);
                assert_eq!(swept.unharmed, swept.points);
            }

            #[test]
            fn rerun() {
                sampled(sweep::rerun, &scenario::$scenario, FAULTS);
            }

            #[test]
            fn silence() {
                sampled(sweep::silence, &scenario::$scenario, 1);
            }

            #[test]
            fn fault() {
                sampled(sweep::fault, &scenario::$scenario, FAULTS);
            }

            #[test]
            fn noise() {
                sampled(sweep::noise, &scenario::$scenario, FAULTS);
            }

            #[test]
            fn byte() {
                swept(sweep::byte, &scenario::$scenario, OCTETS);
            }
        })+

        /// A scenario that has no line above is not swept.
        #[test]
        fn every_scenario_is_swept() {
            let swept = [$(scenario::$scenario.name),+];
            assert_eq!(swept.len(), scenario::ALL.len());
            assert!(scenario::ALL.iter().all(|s| swept.contains(&s.name)));
        }
    };
}

sweeps! {
    connect = CONNECT;
    scan = SCAN;
    read = READ;
    write = WRITE;
    notify = NOTIFY;
    indicate = INDICATE;
    bulk = BULK;
    left = LEFT;
    restart = RESTART;
    typed = TYPED;
    shown = SHOWN;
    beside = BESIDE;
    resubscribe = RESUBSCRIBE;
    crowd = CROWD;
    asked = ASKED;
    changed = CHANGED;
    pair = PAIR;
    compare = COMPARE;
    type_in = TYPE_IN;
    show = SHOW;
    again = AGAIN;
    request = REQUEST;
    forget = FORGET;
    hidden = HIDES;
    stream = STREAM;
    duplex = DUPLEX;
    four = FOUR;
    mixed = MIXED;
    listener = LISTENER;
    unread = UNREAD;
}

#[test]
fn a_slot_leaked_on_purpose_is_found() {
    for scenario in scenario::ALL {
        let trouble = Trouble { leak: true, ..Trouble::default() };
        let error = play(scenario, 3, &trouble).expect_err("the leak was not noticed");
        assert!(error.starts_with("not as before"), "{}: {error}", scenario.name);
    }
}
