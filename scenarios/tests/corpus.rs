//! Every target over its corpus and over random octets, without a fuzzer: what one has found stays found.

#![allow(clippy::expect_used, clippy::panic, reason = "tests")]

use jelling_scenarios::fuzz::TARGETS;
use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng};
use std::{fs, path::PathBuf};

/// Where the corpora are.
fn corpora() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../fuzz/corpus"))
}

fn inputs(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut inputs: Vec<_> = fs::read_dir(corpora().join(target))
        .unwrap_or_else(|error| panic!("{target} has no corpus: {error}"))
        .map(|entry| entry.expect("an entry").path())
        .map(|path| (path.clone(), fs::read(path).expect("a seed")))
        .collect();
    inputs.sort();
    inputs
}

#[test]
fn every_seed_is_in_order() {
    for (target, play) in TARGETS {
        let seeds = inputs(target);
        assert!(!seeds.is_empty(), "{target} has no seeds");
        for (path, octets) in seeds {
            println!("{}", path.display());
            play(&octets);
        }
    }
}

#[test]
fn every_target_has_a_corpus_and_a_program_and_nothing_else_has() {
    let named = |folder: &str| {
        let mut names: Vec<String> = fs::read_dir(corpora().join("..").join(folder))
            .expect("a folder")
            .filter_map(|entry| Some(entry.expect("an entry").path().file_stem()?.to_string_lossy().into_owned()))
            .collect();
        names.sort();
        names
    };
    let targets: Vec<&str> = TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(named("corpus"), targets);
    assert_eq!(named("fuzz_targets"), targets);
}

#[test]
fn the_corpora_are_small() {
    let octets: usize = TARGETS.iter().flat_map(|(target, _)| inputs(target)).map(|(_, octets)| octets.len()).sum();
    assert!(octets < 300_000, "{octets} octets");
}

#[test]
fn seeds_that_are_cut_mutated_or_random_are_in_order() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    for (target, play) in TARGETS {
        let seeds = inputs(target);
        // Sessions take their time.
        let count = match target {
            "air" => 20,
            "pairing" => 100,
            "connected" => 300,
            _ => 2_000,
        };
        for number in 0..count {
            let mut octets = seeds[number % seeds.len()].1.clone();
            for _ in 0..=random.next_u32() % 4 {
                let at = random.next_u32() as usize % octets.len().max(1);
                match random.next_u32() % 4 {
                    0 => octets.truncate(at),
                    1 => octets.insert(at.min(octets.len()), random.next_u32() as u8),
                    2 => octets.iter_mut().skip(at).take(1).for_each(|octet| *octet ^= 1 << (number % 8)),
                    _ => octets.iter_mut().skip(at).take(1).for_each(|octet| *octet = random.next_u32() as u8),
                }
            }
            play(&octets);
            if number % 4 == 0 {
                let mut octets = vec![0; random.next_u32() as usize % 200];
                random.fill_bytes(&mut octets);
                play(&octets);
            }
        }
    }
}
