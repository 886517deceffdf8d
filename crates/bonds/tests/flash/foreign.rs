//! Flash in which something else is, or what was there has changed by itself: never a panic, and nothing of others is touched.

use crate::{
    nor::{Nor, Random},
    support::{bond, identity, load, open},
};
use embassy_futures::block_on;
use jelling::security::BondStore;
use jelling_bonds::{Flash, FlashError};

type Small = Nor<4, 1024>;
/// The heads of two pages.
const READY: [[u8; 8]; 2] = [[b'j', 0xb1, 2, 0, !b'j', 0x4e, !2, 0xff], [b'j', 0xb1, 2, 1, !b'j', 0x4e, !2, !1]];
/// Where the map begins in a page.
const MAP: usize = 16;

/// Two pages with two bonds and an identity.
fn kept() -> Small {
    let mut store = open(Small::new(2));
    block_on(store.save_identity(&identity(1))).unwrap();
    for number in 0..2 {
        block_on(store.save(&bond(number, 1))).unwrap();
    }
    store.release()
}

/// Everything that can be asked of a store, whatever it says; then it is erased, and works.
fn use_it(flash: Small) {
    let mut store = open(flash.on(None));
    let _ = load(&mut store);
    let _ = block_on(store.save_identity(&identity(2)));
    for number in 0..4 {
        let _ = block_on(store.save(&bond(number, 2)));
        let _ = block_on(store.remove(bond(number, 2).peer));
    }
    let mut store = open(store.release());
    block_on(store.erase()).unwrap();
    block_on(store.save(&bond(1, 3))).unwrap();
    let held = load(&mut store).unwrap();
    assert_eq!((held.identity, held.bonds.into_values().collect::<Vec<_>>()), (None, vec![bond(1, 3)]));
}

#[test]
fn what_is_no_store_is_left_alone_until_it_is_erased() {
    let mut random = Random(11);
    for round in 0..200 {
        let mut flash = Small::new(2);
        let noise: Vec<u8> = (0..if round < 100 { 1 } else { 2048 }).map(|_| random.next() as u8 & 0x7f).collect();
        let at = random.below(2048 - noise.len() + 1);
        flash.put(at, &noise);
        let mut store = open(flash.on(None));
        let result = load(&mut store).map(|_| ());
        // Less of it than READY would clear is our own first start, cut off.
        let is_ours = noise.len() == 1 && at < 8 && READY[0][at] & noise[0] == READY[0][at];
        assert_eq!(result, if is_ours { Ok(()) } else { Err(FlashError::Foreign) }, "{noise:?} at {at}");
        if !is_ours {
            assert_eq!(block_on(store.save(&bond(1, 1))), Err(FlashError::Foreign));
            assert_eq!(block_on(store.remove(bond(1, 1).peer)), Err(FlashError::Foreign));
            assert_eq!(block_on(store.save_identity(&identity(1))), Err(FlashError::Foreign));
        }
        let after = store.release();
        assert!(is_ours || (after.octets == flash.octets && after.steps.is_empty()));
        use_it(flash);
    }
}

#[test]
fn a_store_of_another_range_is_foreign() {
    let mut flash = Small::new(4);
    flash.put(1024, &kept().octets);
    for range in [0..2048, 0..3072, 2048..4096, 1024..4096, 0..4096] {
        let mut store = Flash::new(flash.on(None), range.clone()).unwrap();
        assert_eq!(load(&mut store).map(|_| ()), Err(FlashError::Foreign), "{range:?}");
    }
    // Which page a page is, is in its head, not where it is.
    let mut store = Flash::new(flash, 1024..3072).unwrap();
    assert_eq!(load(&mut store).unwrap().bonds.len(), 2);
}

#[test]
fn octets_that_change_by_themselves_cost_no_more_than_what_they_are_of() {
    let (mut random, mut whole, mut fewer, mut refused) = (Random(12), 0, 0, 0);
    for round in 0..3_000 {
        let mut flash = kept();
        for _ in 0..=round % 3 {
            let at = random.below(2048);
            let octet =
                if round % 2 == 0 { random.next() as u8 } else { flash.octets[at] ^ (1 << (random.next() % 8)) };
            flash.put(at, &[octet]);
        }
        match load(&mut open(flash.on(None))) {
            Ok(held) => {
                assert!(held.identity.is_none_or(|own| own == identity(1)));
                assert!(held.bonds.values().all(|found| *found == bond(0, 1) || *found == bond(1, 1)));
                if held.bonds.len() == 2 { whole += 1 } else { fewer += 1 }
            }
            Err(_) => refused += 1,
        }
        flash.is_strict = false;
        use_it(flash);
    }
    assert!(whole > 0 && fewer > 0, "{whole} whole, {fewer} fewer, {refused} refused");
}

/// Pages that say they are ours, and are not.
#[test]
fn anything_behind_a_good_head_is_no_panic() {
    let mut random = Random(13);
    for round in 0..3_000 {
        let mut flash = Small::new(2);
        for (page, ready) in READY.iter().enumerate() {
            let mut body: Vec<u8> = vec![0xff; 1024 - MAP];
            match round % 3 {
                0 => body.fill_with(|| random.next() as u8),
                1 => body.fill_with(|| random.next() as u8 | random.next() as u8 | random.next() as u8),
                // Items of any length that the map holds for its own.
                _ => {
                    let mut at = 4;
                    while at < body.len() {
                        let length = [0, 1, 2, 3, 7, 32, 192, 193, 300][random.below(9)];
                        let data: Vec<u8> = (0..length).map(|_| random.next() as u8 & 3).collect();
                        let item = item(&data);
                        if at + item.len() > body.len() - 4 {
                            break;
                        }
                        body[at..at + item.len()].copy_from_slice(&item);
                        at += item.len();
                    }
                }
            }
            // The map's marks, in each combination.
            body[0] = if random.below(4) == 0 { 0xff } else { 0 };
            *body.last_mut().unwrap() = if random.below(2) == 0 { 0xff } else { 0 };
            flash.put(page * 1024, ready);
            flash.put(page * 1024 + MAP, &body);
        }
        flash.is_strict = false;
        use_it(flash);
    }
}

/// Where its keys are octets before the value, the map panics at an item that is shorter than a key.
#[test]
fn an_item_of_no_octets_is_no_panic() {
    let mut flash = kept();
    let first = flash.octets[..1024].iter().rposition(|octet| *octet != 0xff).unwrap() + 1;
    flash.put(first.next_multiple_of(4), &item(&[]));
    let held = load(&mut open(flash.on(None))).unwrap();
    assert!(held.bonds.values().all(|found| *found == bond(0, 1) || *found == bond(1, 1)));
    use_it(flash);
}

#[test]
fn what_a_newer_program_wrote_stays() {
    let mut flash = kept();
    let first = flash.octets[..1024].iter().rposition(|octet| *octet != 0xff).unwrap() + 1;
    let mut record = vec![3, 9];
    record.resize(64, 0x55);
    flash.put(first.next_multiple_of(4), &item(&record));
    let mut store = open(flash.on(None));
    let newer = Err(FlashError::Newer { version: 9 });
    assert_eq!(load(&mut store).map(|_| ()), newer);
    assert_eq!(block_on(store.save(&bond(7, 1))), newer);
    assert_eq!(block_on(store.remove(bond(1, 1).peer)), newer);
    assert_eq!(block_on(store.save_identity(&identity(2))), newer);
    let after = store.release();
    assert!(after.octets == flash.octets && after.steps.is_empty());
    use_it(flash);
}

/// An item as the map of sequential-storage 8 writes it.
fn item(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u16).to_le_bytes();
    let mut crc = length.iter().fold(0xffff_u16, |crc, octet| {
        (0..8).fold(crc ^ u16::from(*octet), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x1a2e } else { crc >> 1 })
    });
    crc ^= 0xffff;
    let castagnoli = data.iter().fold(0xeeee_eeee_u32, |crc, octet| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 })
    });
    let checksum = match !castagnoli {
        0 => 1,
        value if [0, 0xff].contains(&(value as u8)) => value ^ 1,
        value => value,
    };
    let mut item = checksum.to_le_bytes().to_vec();
    item.extend(length);
    item.extend(if crc == 0xffff { 0xfffe } else { crc }.to_le_bytes());
    item.extend(data);
    item.resize(item.len().next_multiple_of(4), 0);
    item
}
