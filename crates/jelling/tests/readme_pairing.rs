//! The pairing of README, by two hosts.
#![cfg(all(feature = "central", feature = "peripheral", feature = "security"))]
#![cfg(all(feature = "sim", not(feature = "sync")))]
#![allow(missing_docs, clippy::unwrap_used, reason = "README's own text")]

// README from here
use embassy_futures::join::join;
use jelling::{Connection, Error, Host, IoCapability, Pair, PasskeyAction};

async fn secure(host: Host<'_>, connection: &Connection<'_>, same: impl Fn(u32) -> bool) -> Result<(), Error> {
    let pair = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);
    let user = async {
        let request = host.passkey_action().await; // for either role; dropped, it is a no
        match request.action() {
            PasskeyAction::Compare(digits) if same(digits) => request.confirm(),
            _ => request.reject(),
        }
    };
    let (security, _) = join(connection.pair(pair), user).await;
    assert!(security?.authenticated);
    Ok(())
}
// README to here

use core::time::Duration;
use embassy_futures::select::{Either, select};

/// What README shows is what stands here.
#[test]
fn readme_shows_this_pairing() {
    let (_, example) = include_str!("readme_pairing.rs").split_once("// README from here\n").unwrap();
    let (example, _) = example.split_once("// README to here\n").unwrap();
    assert!(include_str!("../../../README.md").contains(example));
}

#[test]
fn it_pairs_where_both_users_see_the_same_and_not_else() {
    for agrees in [true, false] {
        jelling::sim::run(1, async |[peripheral, central]| {
            let compares = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);
            let serve = async {
                let connection = peripheral.advertise(Duration::from_millis(100)).await.unwrap();
                connection.allow_pairing(Some(compares)).unwrap();
                peripheral.passkey_action().await.confirm().unwrap();
                connection.disconnected().await
            };
            let ask = async {
                let connection = central.connect(jelling::sim::device(0)).await.unwrap();
                secure(central, &connection, |digits| agrees && digits < 1_000_000).await
            };
            let Either::Second(end) = select(serve, ask).await else { panic!("the link ended") };
            assert_eq!(end.is_ok(), agrees);
        });
    }
}
