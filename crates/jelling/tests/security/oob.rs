//! Pairing with data that came another way than by radio (Vol 3, Part H, 2.3.5.6.4).

use crate::support::{agreed, beside, follows, pair_of, pairs};
use jelling::{Error, OwnOob, Pair, PeerOob, Reason};

fn given(oob: OwnOob) -> PeerOob {
    PeerOob::SecureConnections { confirm: oob.confirm, random: oob.random }
}

#[test]
fn either_side_or_both_may_have_the_other_ones() {
    for [central, peripheral] in [[true, false], [false, true], [true, true]] {
        for begins in 0..2 {
            pair_of(async |hosts, sides, _| {
                let (one, two) = (hosts[0].oob().await.unwrap(), hosts[1].oob().await.unwrap());
                let pair = Pair::new().mitm();
                let has = [
                    if central { pair.oob(given(two)) } else { pair },
                    if peripheral { pair.oob(given(one)) } else { pair },
                ];
                sides.iter().zip(has).for_each(|(side, pair)| side.allow_pairing(Some(pair)).unwrap());
                let pairing = beside(sides[begins].pair(has[begins]), follows(&sides[0], has[0]));
                let (result, did) = pairs(hosts, pairing).await;
                let security = result.unwrap();
                assert!(security.authenticated && security.secure_connections && did.is_empty());
                assert_eq!(agreed(&sides).await, security);
            });
        }
    }
}

#[test]
fn data_that_are_wrong_in_one_bit_do_not_fit() {
    pair_of(async |hosts, sides, _| {
        let mut oob = hosts[1].oob().await.unwrap();
        oob.random[7] ^= 0x10;
        let result = sides[0].pair(Pair::new().mitm().oob(given(oob))).await;
        assert_eq!(result, Err(Error::PairingFailed(Reason::CONFIRM_VALUE_FAILED)));
    });
}

#[test]
fn data_are_good_for_one_pairing() {
    pair_of(async |hosts, sides, _| {
        let oob = hosts[1].oob().await.unwrap();
        assert_eq!(hosts[1].oob().await, Ok(oob), "the same until it is used");
        let pair = Pair::new().mitm().oob(given(oob));
        assert!(sides[0].pair(pair).await.is_ok());
        agreed(&sides).await;
        assert_ne!(hosts[1].oob().await, Ok(oob));
        for (host, side) in hosts.iter().zip(&sides) {
            host.remove_bond(side.identity().unwrap()).unwrap();
        }
        let result = sides[0].pair(pair).await;
        assert_eq!(result, Err(Error::PairingFailed(Reason::CONFIRM_VALUE_FAILED)));
    });
}

#[test]
fn nothing_of_it_is_shown() {
    let peer = PeerOob::SecureConnections { confirm: [0xab; 16], random: [0xcd; 16] };
    let shown = format!("{:?} {peer:?}", Pair::new().oob(peer)).to_lowercase();
    assert!(!shown.contains("ab, ab") && !shown.contains("171") && !shown.contains("205"), "{shown}");
}
