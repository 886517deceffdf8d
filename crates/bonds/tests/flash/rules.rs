//! What a store keeps, how much of it, and in which octets.

use crate::{
    nor::{Nor, Off, Random},
    support::{Action, Held, bond, identity, load, open, peer},
};
use embassy_futures::block_on;
use jelling::{Bond, security::BondStore};
use jelling_bonds::{Flash, FlashError};

type Small = Nor<4, 1024>;

#[test]
fn what_is_kept_is_there_at_the_next_start() {
    let (mut flash, mut held, mut random) = (Small::new(4), Held::default(), Random(7));
    let room = Flash::<Small>::capacity(4);
    for _ in 0..400 {
        let action = Action::random(&mut random, room);
        let mut store = open(flash);
        action.run(&mut store).unwrap();
        action.model(&mut held);
        assert_eq!(load(&mut store).as_ref(), Ok(&held));
        flash = store.release();
    }
}

/// As many as `capacity` says fit beside the identity, whatever their order, and each can still be changed; not one more.
fn fills<const WORD: usize, const PAGE: usize>(pages: usize) {
    let room = Flash::<Nor<WORD, PAGE>>::capacity(pages) as u8;
    let (mut store, mut held, mut random) = (open(Nor::<WORD, PAGE>::new(pages)), Held::default(), Random(8));
    let change = |store: &mut Flash<Nor<WORD, PAGE>>, held: &mut Held, action: Action| {
        action.run(store).unwrap();
        action.model(held);
    };
    for number in 0..room {
        change(&mut store, &mut held, Action::Save(number, 1));
    }
    change(&mut store, &mut held, Action::Identity(1));
    assert_eq!(block_on(store.save(&bond(room, 1))), Err(FlashError::Full));
    for turn in 0..6 * u64::from(room) {
        change(&mut store, &mut held, Action::Save(random.below(room.into()) as u8, turn));
        change(&mut store, &mut held, Action::Identity(turn as u8));
    }
    assert_eq!(load(&mut store).as_ref(), Ok(&held));
    assert_eq!(block_on(store.save(&bond(room, 1))), Err(FlashError::Full));
    // One goes, another one comes.
    change(&mut store, &mut held, Action::Remove(0));
    change(&mut store, &mut held, Action::Save(room, 1));
    assert_eq!(load(&mut store), Ok(held));
}

#[test]
fn as_many_fit_as_it_says() {
    fills::<4, 1024>(2);
    fills::<4, 1024>(5);
    fills::<1, 640>(3);
    fills::<8, 2048>(2);
    fills::<32, 1024>(4);
    fills::<4, 4096>(2);
}

#[test]
fn how_many_fit() {
    let of_4k = [0, 1, 2, 3, 4, 64].map(Flash::<Nor<4, 4096>>::capacity);
    assert_eq!(of_4k, [0, 0, 18, 38, 58, 250]);
    assert_eq!(Flash::<Nor<8, 2048>>::capacity(2), 8);
    assert_eq!(Flash::<Nor<32, 131_072>>::capacity(2), 250);
    assert_eq!(Flash::<Nor<4, 256>>::capacity(2), 0);
}

/// Peers come and go for ever: none leaves anything.
#[test]
fn a_store_does_not_fill_up_with_who_was_there() {
    let mut store = open(Small::new(2));
    for number in 0..=255 {
        block_on(store.save(&bond(number, 1))).unwrap();
        if number >= 2 {
            block_on(store.remove(peer(number - 2))).unwrap();
        }
    }
    let held = load(&mut store).unwrap();
    assert_eq!(held.bonds.into_values().collect::<Vec<_>>(), [bond(254, 1), bond(255, 1)]);
}

#[test]
fn a_range_that_is_none_for_bonds_is_refused() {
    let open = |range| Flash::new(Small::new(4), range).map(|_| ());
    assert_eq!(open(1024..3072), Ok(()));
    for range in [0..0, 0..1024, 0..1025, 512..2560, 0..5120, 2048..6144, 0..u32::MAX] {
        assert_eq!(open(range.clone()), Err(FlashError::Geometry), "{range:?}");
    }
    let refused = |error: Result<(), FlashError<Off>>| assert_eq!(error, Err(FlashError::Geometry));
    refused(Flash::new(Nor::<4, 256>::new(2), 0..512).map(|_| ()));
    refused(Flash::new(Nor::<64, 4096>::new(4), 0..16_384).map(|_| ()));
    refused(Flash::new(Nor::<4, 1024>::new(256), 0..262_144).map(|_| ()));
}

/// What stands in flash is read by the programs that come after this one.
#[test]
fn the_octets_are_those_of_version_1() {
    let mut whole = bond(1, 0x71);
    whole.subscriptions = bond(1, 3).subscriptions;
    let mut store = open(Small::new(2));
    block_on(store.save_identity(&identity(4))).unwrap();
    block_on(store.save(&whole)).unwrap();
    block_on(store.remove(whole.peer)).unwrap();
    let octets = store.release().octets;
    let hex: String = octets[..320].iter().map(|octet| format!("{octet:02x}")).collect();
    let lines: Vec<_> = hex.as_bytes().chunks(64).map(|line| core::str::from_utf8(line).unwrap()).collect();
    assert_eq!(lines.join("\n"), include_str!("version-1.hex").trim_end());
    assert!(octets[320..1024].iter().all(|octet| *octet == 0xff));
}

#[test]
fn debug_shows_no_key() {
    let mut store = open(Small::new(2));
    block_on(store.save(&bond(1, 1))).unwrap();
    assert_eq!(format!("{store:?}"), "Flash { pages: 2, .. }");
}

/// For a task of an executor of threads.
#[test]
fn futures_are_send() {
    fn is_send(_: impl Send) {}
    let mut store = open(Small::new(2));
    is_send(store.save(&Bond::new(peer(1))));
    is_send(store.remove(peer(1)));
    is_send(store.save_identity(&identity(1)));
    is_send(store.erase());
}

#[test]
fn errors_are_sentences() {
    let newer = FlashError::<Off>::Newer { version: 2 }.to_string();
    assert!(newer.contains("version 2") && newer.contains("Flash::erase"), "{newer}");
    assert_eq!(FlashError::Driver(Off).to_string(), "the driver of the flash refused: Off");
}
