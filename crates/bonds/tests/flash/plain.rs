//! The flash of the tests finds what is wrong: the map alone loses records on it.

use crate::nor::{CUTS, Nor};
use embassy_futures::block_on;
use sequential_storage::{
    cache::Cache,
    map::{MapConfig, MapStorage},
};

type Flash = Nor<4, 1024>;

/// Changes the value of a key in a map that has three of them.
fn change(flash: &mut Flash, turn: u8) -> bool {
    let config = MapConfig::new(0..2048);
    let mut map = MapStorage::<u8, _, _>::new(flash, config, Cache::new_uncached());
    block_on(map.store_item(&mut [0; 256], &(turn % 3), &[turn; 192].as_slice())).is_ok()
}

/// Every key has its old value or its new one.
fn is_whole(flash: &mut Flash, turn: u8) -> bool {
    let config = MapConfig::new(0..2048);
    let mut map = MapStorage::<u8, _, _>::new(flash, config, Cache::new_uncached());
    (0..3).all(|key| {
        let mut buffer = [0; 256];
        let found = block_on(map.fetch_item::<&[u8]>(&mut buffer, &key));
        let newest = (0..=turn).rev().filter(|turn| turn % 3 == key);
        let Ok(Some(found)) = found else { return false };
        newest.take(2).any(|turn| found == [turn; 192])
    })
}

#[test]
fn the_map_alone_loses_records_when_an_erasure_is_cut_off() {
    let mut flash = Flash { is_strict: false, ..Flash::new(2) };
    let mut lost = Vec::new();
    for turn in 0..20 {
        let before = flash.on(None);
        assert!(change(&mut flash, turn));
        assert!(turn < 3 || is_whole(&mut flash, turn));
        let steps = core::mem::take(&mut flash.steps).len();
        for step in 0..if turn < 3 { 0 } else { steps } {
            for cut in CUTS {
                let mut cut_off = before.on(Some((step, cut)));
                assert!(!change(&mut cut_off, turn));
                // The next start does it again.
                let mut next = cut_off.on(None);
                if !change(&mut next, turn) || !is_whole(&mut next, turn) {
                    lost.push((turn, step, cut));
                }
            }
        }
    }
    assert!(!lost.is_empty());
}
