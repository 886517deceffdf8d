//! A central that pairs with several peripherals at once.

use crate::support::{INTERVAL, User, beside, connected, play};
use embassy_futures::join::{join, join_array};
use jelling::{Host, IoCapability, Pair, PasskeyAction, Role};

const COMPARES: Pair = Pair::new().mitm().io(IoCapability::DISPLAY_YES_NO);

#[test]
fn each_link_has_its_own_pairing_and_its_own_questions() {
    play(async |[central, one, two, three]: [Host<'_>; 4], _, _| {
        let mut ours = vec![];
        let mut theirs = vec![];
        for (number, peripheral) in [(1, one), (2, two), (3, three)] {
            let (our, their) = connected(central, peripheral, number).await;
            their.allow_pairing(Some(COMPARES)).unwrap();
            ours.push(our);
            theirs.push(their);
        }
        // Six questions at once. Each side of a link is asked for the same digits.
        let questions = async {
            let mut asked = vec![];
            for host in [central, central, central, one, two, three] {
                let request = host.passkey_action().await;
                let connection = request.connection();
                let peer = match connection.role() {
                    Ok(Role::Central) => ours.iter().position(|our| *our == connection).unwrap(),
                    _ => theirs.iter().position(|their| *their == connection).unwrap(),
                };
                let PasskeyAction::Compare(digits) = request.action() else { panic!("{request:?}") };
                asked.push((peer, digits));
                request.confirm().unwrap();
            }
            asked.sort_unstable();
            for pair in asked.chunks(2) {
                assert_eq!(pair[0], pair[1]);
            }
            asked.dedup();
            assert_eq!(asked.len(), 3, "{asked:?}");
        };
        let [a, b, c] = &ours[..] else { unreachable!() };
        let (all, ()) = join(join_array([a, b, c].map(|our| our.pair(COMPARES))), questions).await;
        all.into_iter().for_each(|security| assert!(security.unwrap().authenticated));
        assert_eq!(central.bonds().count(), 3);
    });
}

#[test]
fn one_that_fails_leaves_the_others_alone() {
    play(async |[central, one, two]: [Host<'_>; 3], _, _| {
        let (first, _theirs) = connected(central, one, 1).await;
        let (second, refuses) = connected(central, two, 2).await;
        refuses.allow_pairing(None).unwrap();
        let (first, second) = join(first.pair(Pair::new()), second.pair(Pair::new())).await;
        assert!(first.is_ok() && second.is_err(), "{first:?} {second:?}");
    });
}

#[test]
fn a_host_is_central_and_peripheral_at_once() {
    play(async |[left, middle, right]: [Host<'_>; 3], _, _| {
        let (up, down) = connected(left, middle, 1).await;
        let (ours, theirs) = join(middle.connect(jelling::sim::device(2)), right.advertise(INTERVAL)).await;
        let (ours, theirs) = (ours.unwrap(), theirs.unwrap());
        [&up, &down, &ours, &theirs].iter().for_each(|side| side.allow_pairing(Some(COMPARES)).unwrap());
        let user = User::default();
        let digits = User::default();
        let both = join(
            // Two users, for each pairing has digits of its own.
            beside(up.pair(COMPARES), user.obey([left])),
            beside(ours.pair(COMPARES.no_bond()), digits.obey([right])),
        );
        let confirm = async {
            loop {
                middle.passkey_action().await.confirm().unwrap();
            }
        };
        let (one, two) = beside(both, confirm).await;
        assert!(one.unwrap().authenticated && two.is_ok(), "{two:?}");
    });
}
