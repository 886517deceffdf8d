//! Two programs that keep their bonds in files are started again, and know each other; so do the addresses that they drew.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    missing_docs,
    reason = "tests"
)]

mod support;

use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either3, select3},
};
use embassy_time::Timer;
use jelling::{
    Config, Connection, Device, Error, Host, OwnAddress, Pair, Security,
    security::{keep, load},
    sim::{self, Simulation},
};
use jelling_bonds::JsonFile;
use std::{fs, path::Path};
use support::folder;

/// Two programs with random static addresses, whose controllers draw as `seed` says, run until the application is done. Gives the
/// addresses of both.
fn run(seed: u64, folder: &Path, application: impl AsyncFnOnce([Host<'_>; 2], Device)) -> [Device; 2] {
    let mut stores = ["central.json", "peripheral.json"].map(|name| JsonFile::open(folder.join(name)).unwrap());
    let simulation = Simulation::new(seed);
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    let config = Config { address: OwnAddress::RandomStatic, ..Config::default() };
    let programs = async |hosts: [Host<'_>; 2]| {
        let [one, two] = &mut stores;
        load(hosts[0], one).await.unwrap();
        load(hosts[1], two).await.unwrap();
        let work = async {
            let (one, two) = join(hosts[0].start(), hosts[1].start()).await;
            let addresses = [one.unwrap().address.into(), two.unwrap().address.into()];
            application(hosts, addresses[1]).await;
            Timer::after_millis(200).await;
            addresses
        };
        match select3(keep(hosts[0], one), keep(hosts[1], two), work).await {
            Either3::First(error) | Either3::Second(error) => panic!("{error}"),
            Either3::Third(addresses) => addresses,
        }
    };
    let hosts = sim::hosts(&controllers, [config; 2], programs);
    simulation.try_block_on(hosts, sim::LIMIT).unwrap()
}

async fn connected<'d>(hosts: [Host<'d>; 2], peer: Device) -> [Connection<'d>; 2] {
    let advertise = hosts[1].advertise(Duration::from_millis(50));
    let (ours, theirs) = join(hosts[0].connect(peer), advertise).await;
    [ours.unwrap(), theirs.unwrap()]
}

#[test]
fn programs_that_are_started_again_know_each_other() {
    let folder = folder();
    let mut made = Security::default();
    let first = run(1, folder.path(), async |hosts, peer| {
        let [ours, _theirs] = connected(hosts, peer).await;
        made = ours.pair(Pair::new()).await.unwrap();
        Timer::after_millis(200).await;
    });
    let files = ["central.json", "peripheral.json"].map(|name| folder.path().join(name));
    let texts = files.each_ref().map(|file| fs::read(file).unwrap());
    let again = run(2, folder.path(), async |hosts, peer| {
        let [ours, theirs] = connected(hosts, peer).await;
        assert!(ours.security().unwrap().bonded && theirs.security().unwrap().bonded);
        assert_eq!(ours.encrypt().await, Ok(made));
        assert_eq!(theirs.security(), Ok(made));
        // Nothing is new, and nothing is written.
        Timer::after_millis(200).await;
    });
    assert_eq!(again, first);
    assert_eq!(files.each_ref().map(|file| fs::read(file).unwrap()), texts);
    // One of them has lost its file: it is somebody else, and bonded with nobody.
    fs::remove_file(&files[1]).unwrap();
    let lost = run(3, folder.path(), async |hosts, peer| {
        let [ours, _theirs] = connected(hosts, peer).await;
        assert_eq!(ours.encrypt().await, Err(Error::NotBonded));
    });
    assert_eq!(lost[0], first[0]);
    assert_ne!(lost[1], first[1]);
    assert_eq!(JsonFile::peek(&files[0]).unwrap().bonds.len(), 1);
}

#[test]
fn a_file_has_more_bonds_than_there_are_slots() {
    let folder = folder();
    let path = folder.path().join("central.json");
    // The simulator's hosts have 16 slots.
    let mut all: Vec<_> = (0..40).map(support::whole).collect();
    for (number, bond) in (0..).zip(&mut all) {
        bond.last_use = (number * 7) % 40;
    }
    let mut store = JsonFile::open(&path).unwrap();
    for bond in &all {
        embassy_futures::block_on(jelling_bonds::BondStore::save(&mut store, bond)).unwrap();
    }
    drop(store);
    run(1, folder.path(), async |hosts, peer| {
        let mut uses: Vec<_> = hosts[0].bonds().map(|bond| bond.last_use).collect();
        uses.sort_unstable();
        assert_eq!(uses, (24..40).collect::<Vec<_>>());
        // One that is in a slot is removed, and another takes its place; the rest of the file stays.
        hosts[0].remove_bond(all[0].peer.into()).unwrap_err();
        let last = all.iter().find(|bond| bond.last_use == 39).unwrap();
        hosts[0].remove_bond(last.peer.into()).unwrap();
        let [ours, _theirs] = connected(hosts, peer).await;
        ours.pair(Pair::new()).await.unwrap();
    });
    let kept = JsonFile::peek(&path).unwrap().bonds;
    assert_eq!(kept.len(), 40);
    let unchanged = all.iter().filter(|bond| bond.last_use != 39);
    assert!(unchanged.clone().count() == 39 && unchanged.clone().all(|bond| kept.contains(bond)));
}
