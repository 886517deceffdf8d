//! What the user does to a passkey, told to the other side (Vol 3, Part H, 3.5.8).

use crate::support::{beside, pair_of};
use core::future::pending;
use embassy_futures::join::join;
use jelling::{ConnectionEvent, Error, IoCapability, Keypress, Pair, PasskeyAction};

const SHOWS: Pair = Pair::new().mitm().io(IoCapability::DISPLAY_ONLY);
const TYPES: Pair = Pair::new().mitm().io(IoCapability::KEYBOARD_ONLY);

#[test]
fn each_press_is_told_whichever_side_types() {
    for typist in 0..2 {
        pair_of(async |hosts, sides, _| {
            let pairs = if typist == 0 { [TYPES, SHOWS] } else { [SHOWS, TYPES] }.map(Pair::keypress);
            sides[1].allow_pairing(Some(pairs[1])).unwrap();
            let user = async {
                let (shown, typed) = join(hosts[1 - typist].passkey_action(), hosts[typist].passkey_action()).await;
                let PasskeyAction::Display(digits) = shown.action() else { panic!("{shown:?}") };
                // Who shows the digits has nothing to type.
                assert_eq!(shown.keypress(Keypress::DIGIT_ENTERED), Err(Error::NotSupported));
                for press in [Keypress::ENTRY_STARTED, Keypress::DIGIT_ENTERED, Keypress::ENTRY_COMPLETED] {
                    typed.keypress(press).unwrap();
                    assert_eq!(sides[1 - typist].event().await, Ok(ConnectionEvent::Keypress(press)));
                }
                typed.input(digits).unwrap();
                pending().await
            };
            assert!(beside(sides[0].pair(pairs[0]), user).await.unwrap().authenticated);
        });
    }
}

#[test]
fn nothing_is_told_where_one_does_not_want_it() {
    pair_of(async |hosts, sides, _| {
        sides[1].allow_pairing(Some(SHOWS)).unwrap();
        let user = async {
            let (shown, typed) = join(hosts[1].passkey_action(), hosts[0].passkey_action()).await;
            let PasskeyAction::Display(digits) = shown.action() else { panic!("{shown:?}") };
            assert_eq!(typed.keypress(Keypress::DIGIT_ENTERED), Err(Error::NotSupported));
            typed.input(digits).unwrap();
            pending().await
        };
        assert!(beside(sides[0].pair(TYPES.keypress()), user).await.unwrap().authenticated);
    });
}

#[test]
fn more_than_six_digits_are_a_no() {
    pair_of(async |hosts, sides, _| {
        sides[1].allow_pairing(Some(SHOWS)).unwrap();
        let user = async {
            let typed = hosts[0].passkey_action().await;
            assert!(matches!(typed.input(1_000_000), Err(Error::InvalidArgument(_))));
            pending().await
        };
        let result = beside(sides[0].pair(TYPES), user).await;
        assert_eq!(result, Err(Error::PairingFailed(jelling::Reason::PASSKEY_ENTRY_FAILED)));
    });
}
