//! What is written, and how often a page is erased.

use crate::{
    nor::{Nor, Step},
    support::{bond, identity, load, open, peer},
};
use embassy_futures::block_on;
use jelling::security::BondStore;
use jelling_bonds::Flash;

type Small = Nor<4, 1024>;

#[test]
fn what_is_as_it_was_is_not_written() {
    let mut store = open(Small::new(2));
    for number in 0..3 {
        block_on(store.save(&bond(number, number.into()))).unwrap();
    }
    block_on(store.save_identity(&identity(1))).unwrap();
    block_on(store.remove(peer(2))).unwrap();
    let flash = store.release();
    let mut store = open(flash.on(None));
    load(&mut store).unwrap();
    for number in 0..2 {
        block_on(store.save(&bond(number, number.into()))).unwrap();
    }
    block_on(store.save_identity(&identity(1))).unwrap();
    block_on(store.remove(peer(2))).unwrap();
    block_on(store.remove(peer(9))).unwrap();
    let flash = store.release();
    assert_eq!(flash.steps, []);
    // One field of it is enough.
    let mut other = bond(1, 1);
    other.last_use = other.last_use.wrapping_add(1);
    let mut store = open(flash);
    block_on(store.save(&other)).unwrap();
    let steps = store.release().steps;
    assert_eq!(steps.len(), 2 + 48, "a record and its head, in words: {steps:?}");
}

#[test]
fn erased_flash_is_begun_without_an_erasure() {
    let mut store = open(Small::new(3));
    load(&mut store).unwrap();
    let flash = store.release();
    // READY of each page, of two words.
    assert_eq!((flash.erases, flash.steps), (vec![0; 3], vec![Step::Edge; 6]));
}

/// Octets that are used up in erased flash are passed over: what has returned is kept.
#[test]
fn a_word_that_does_not_take_what_is_written_is_passed_over() {
    let mut store = open(Small { is_strict: false, ..Small::new(2) });
    block_on(store.save(&bond(1, 1))).unwrap();
    let mut flash = store.release();
    let used = flash.octets[..1024].iter().rposition(|octet| *octet != 0xff).unwrap() + 1;
    flash.put(used + 100, &[0x7f, 0]);
    let mut store = open(flash);
    block_on(store.save(&bond(1, 2))).unwrap();
    block_on(store.save(&bond(2, 2))).unwrap();
    let held = load(&mut store).unwrap();
    assert_eq!(held.bonds.into_values().collect::<Vec<_>>(), [bond(1, 2), bond(2, 2)]);
}

/// As the documentation says: with `n` bonds in two pages, once in `capacity(2) + 1 - n` changes, and each page as often as the others.
#[test]
fn pages_are_erased_in_turns_and_as_rarely_as_it_says() {
    for bonds in [1, 2, 9, 17] {
        let mut store = open(Nor::<4, 4096>::new(2));
        block_on(store.save_identity(&identity(1))).unwrap();
        for number in 0..bonds {
            block_on(store.save(&bond(number, 0))).unwrap();
        }
        let changes = 1_000;
        for turn in 0..changes {
            block_on(store.save(&bond(turn as u8 % bonds, 1 + turn))).unwrap();
        }
        let erases = store.release().erases;
        let (total, every) = (erases.iter().sum::<usize>(), 19 - usize::from(bonds));
        assert_eq!(Flash::<Nor<4, 4096>>::capacity(2), 18);
        // Our identity is short, so it may be one change better.
        let expected = changes as usize / (every + 1) - 2..=changes as usize / every;
        assert!(expected.contains(&total), "{bonds} bonds: {total} erasures, {expected:?}");
        assert!(erases[0].abs_diff(erases[1]) <= 1, "{erases:?}");
    }
}
