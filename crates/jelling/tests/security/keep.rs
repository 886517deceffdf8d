//! Bonds that outlive the program: what a store is given, and what a host has of it.

use crate::support::{ENCRYPTED, connected, found, play, serve};
use core::time::Duration;
use embassy_futures::select::{Either, Either3, select, select3};
use embassy_time::Timer;
use jelling::{
    Address, Bond, Config, Error, Host, Identity, OwnAddress, Pair, Updates,
    security::{BondStore, Each, Record, keep, load},
    sim::{self, Simulation},
};

/// A store in RAM that may take its time, and refuse.
#[derive(Clone, Default)]
struct Shelf {
    identity: Option<Identity>,
    bonds: Vec<Bond>,
    /// How often it was written to.
    writes: usize,
    takes: Duration,
    refuses: bool,
}

impl Shelf {
    async fn write(&mut self) -> Result<(), &'static str> {
        Timer::after_micros(u64::try_from(self.takes.as_micros()).unwrap()).await;
        self.writes += 1;
        if self.refuses { Err("the shelf is full") } else { Ok(()) }
    }

    fn forget(&mut self, peer: Address) {
        self.bonds.retain(|bond| bond.peer != peer);
    }
}

impl BondStore for Shelf {
    type Error = &'static str;

    async fn load(&mut self, each: &mut Each<'_>) -> Result<(), &'static str> {
        Timer::after_micros(u64::try_from(self.takes.as_micros()).unwrap()).await;
        self.identity.into_iter().map(Record::Identity).for_each(&mut *each);
        self.bonds.iter().cloned().map(Record::Bond).for_each(each);
        Ok(())
    }

    async fn save(&mut self, bond: &Bond) -> Result<(), &'static str> {
        self.write().await?;
        self.forget(bond.peer);
        self.bonds.push(bond.clone());
        Ok(())
    }

    async fn remove(&mut self, peer: Address) -> Result<(), &'static str> {
        self.write().await?;
        self.forget(peer);
        Ok(())
    }

    async fn save_identity(&mut self, identity: &Identity) -> Result<(), &'static str> {
        self.write().await?;
        self.identity = Some(*identity);
        Ok(())
    }
}

/// What an application gives while the stores of both hosts are kept, with a moment for what it leaves behind.
async fn kept<T>(hosts: [Host<'_>; 2], shelves: &mut [Shelf; 2], application: impl Future<Output = T>) -> T {
    let [one, two] = shelves;
    let application = async {
        let result = application.await;
        Timer::after_millis(1).await;
        result
    };
    match select3(keep(hosts[0], one), keep(hosts[1], two), application).await {
        Either3::First(error) | Either3::Second(error) => panic!("{error}"),
        Either3::Third(result) => result,
    }
}

/// The bonds of two hosts that have paired.
fn paired() -> [Shelf; 2] {
    let mut shelves = [Shelf::default(), Shelf::default()];
    play(async |[central, peripheral], _, _| {
        kept([central, peripheral], &mut shelves, async {
            let (ours, _theirs) = connected(central, peripheral, 1).await;
            ours.pair(Pair::new()).await.unwrap();
            // The last key of ours is under way.
            Timer::after_millis(200).await;
        })
        .await;
    });
    shelves
}

#[test]
fn two_programs_that_are_started_again_know_each_other() {
    let mut shelves = [Shelf::default(), Shelf::default()];
    play(async |[central, peripheral], _, _| {
        serve(peripheral);
        kept([central, peripheral], &mut shelves, async {
            let (ours, theirs) = connected(central, peripheral, 1).await;
            ours.pair(Pair::new()).await.unwrap();
            let updates = found(&ours, ENCRYPTED).await.subscribe(Updates::NOTIFY).await.unwrap();
            Timer::after_millis(1).await;
            ours.disconnect().await.unwrap();
            theirs.disconnected().await.unwrap();
            drop(updates);
        })
        .await;
    });
    let [central, peripheral] = shelves.each_ref().map(|shelf| shelf.bonds[0].clone());
    assert_eq!((central.central_key, central.peripheral_key), (peripheral.central_key, peripheral.peripheral_key));
    assert_eq!((central.subscriptions.iter().count(), peripheral.subscriptions.iter().count()), (0, 1));
    play(async |[central, peripheral], _, _| {
        let served = serve(peripheral);
        kept([central, peripheral], &mut shelves, async {
            let (ours, theirs) = connected(central, peripheral, 1).await;
            assert!(ours.security().unwrap().bonded && theirs.security().unwrap().bonded);
            assert_eq!(served.encrypted.subscribed(&theirs), Ok(Updates::empty()));
            ours.encrypt().await.unwrap();
            Timer::after_millis(100).await;
            assert_eq!(served.encrypted.subscribed(&theirs), Ok(Updates::NOTIFY));
        })
        .await;
    });
}

#[test]
fn what_did_not_change_is_not_saved() {
    let mut shelves = paired();
    let writes = shelves.each_ref().map(|shelf| shelf.writes);
    // The bond, and the IRK that was drawn for it.
    assert_eq!(writes, [2, 2]);
    play(async |[central, peripheral], _, _| {
        kept([central, peripheral], &mut shelves, async {
            for _ in 0..5 {
                let (ours, theirs) = connected(central, peripheral, 1).await;
                ours.encrypt().await.unwrap();
                ours.disconnect().await.unwrap();
                theirs.disconnected().await.unwrap();
            }
        })
        .await;
    });
    assert_eq!(shelves.map(|shelf| shelf.writes), writes);
}

#[test]
fn what_is_removed_is_gone_after_a_start() {
    let mut shelves = paired();
    let peer = shelves[0].bonds[0].peer;
    play(async |[central, peripheral], _, _| {
        kept([central, peripheral], &mut shelves, async {
            Timer::after_millis(1).await;
            central.remove_bond(peer.into()).unwrap();
        })
        .await;
        assert_eq!(shelves[0].bonds, []);
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        assert_eq!(ours.encrypt().await, Err(Error::NotBonded));
    });
}

#[test]
fn what_is_removed_while_nobody_keeps_the_store_does_not_come_back() {
    let mut shelves = paired();
    let peer = shelves[0].bonds[0].peer;
    play(async |[central], _, _| {
        let shelf = &mut shelves[0];
        load(central, shelf).await.unwrap();
        central.remove_bond(peer.into()).unwrap();
        // The store is read once more before it is told.
        let kept = select(keep(central, shelf), Timer::after_millis(1)).await;
        assert!(matches!(kept, Either::Second(())));
        assert_eq!((central.bonds().count(), shelf.bonds.len()), (0, 0));
    });
}

#[test]
fn a_store_that_refuses_ends_it_and_the_next_call_has_what_was_missed() {
    play(async |[central, peripheral], _, _| {
        let mut shelf = Shelf { refuses: true, ..Shelf::default() };
        let (ours, _theirs) = connected(central, peripheral, 1).await;
        let pair = async {
            ours.pair(Pair::new()).await.unwrap();
            Timer::after_millis(10).await;
        };
        let ended = select(keep(central, &mut shelf), pair).await;
        assert!(matches!(ended, Either::First("the shelf is full")));
        // The host goes on without it.
        ours.pair(Pair::new()).await.unwrap();
        Timer::after_millis(200).await;
        shelf.refuses = false;
        let kept = select(keep(central, &mut shelf), Timer::after_millis(1)).await;
        assert!(matches!(kept, Either::Second(())));
        assert_eq!(shelf.bonds, central.bonds().collect::<Vec<_>>());
        assert_eq!(shelf.bonds.len(), 1);
    });
}

#[test]
fn saving_that_is_given_up_is_begun_again() {
    for takes in [1, 4, 7, 10] {
        play(async |[central, peripheral], _, _| {
            let (ours, _theirs) = connected(central, peripheral, 1).await;
            ours.pair(Pair::new()).await.unwrap();
            // Dropped while it loads, while it saves the identity, while it saves the bond, and when all is done.
            let mut shelf = Shelf { takes: Duration::from_millis(3), ..Shelf::default() };
            let given_up = select(keep(central, &mut shelf), Timer::after_millis(takes)).await;
            assert!(matches!(given_up, Either::Second(())));
            assert_eq!((shelf.identity.is_some(), shelf.bonds.len()), (takes > 6, usize::from(takes > 9)));
            let kept = select(keep(central, &mut shelf), Timer::after_millis(20)).await;
            assert!(matches!(kept, Either::Second(())));
            assert_eq!((shelf.identity.is_some(), shelf.bonds.len(), shelf.writes), (true, 1, 2));
        });
    }
}

/// The address of a host whose controller draws as `seed` says, with what the shelf has loaded first if that is wanted.
fn address(seed: u64, shelf: &mut Shelf, loads: impl AsyncFnOnce(Host<'_>, &mut Shelf)) -> Address {
    let simulation = Simulation::new(seed);
    let controllers = [simulation.air().controller()];
    let config = Config { address: OwnAddress::RandomStatic, ..Config::default() };
    let application = async |[host]: [Host<'_>; 1]| {
        loads(host, shelf).await;
        let work = async {
            let address = host.start().await.unwrap().address;
            Timer::after_millis(1).await;
            address
        };
        match select(keep(host, shelf), work).await {
            Either::First(error) => panic!("{error}"),
            Either::Second(address) => address,
        }
    };
    let hosts = sim::hosts(&controllers, [config], application);
    simulation.try_block_on(hosts, sim::LIMIT).unwrap()
}

#[test]
fn the_address_that_was_drawn_is_that_of_the_next_start() {
    let mut shelf = Shelf::default();
    let never = async |_: Host<'_>, _: &mut Shelf| {};
    let drawn = address(1, &mut shelf, never);
    assert_eq!(shelf.identity.unwrap().address, Some(drawn));
    // Another controller draws another.
    assert_ne!(address(2, &mut Shelf::default(), never), drawn);
    // Polled first, a store that gives what it has at once is loaded before the radio is on.
    assert_eq!(address(2, &mut shelf.clone(), never), drawn);
    // One that takes its time is awaited.
    let mut slow = Shelf { takes: Duration::from_millis(50), ..shelf.clone() };
    let awaited = address(2, &mut slow, async |host, shelf| load(host, shelf).await.unwrap());
    assert_eq!(awaited, drawn);
    assert_eq!(slow.writes, shelf.writes, "nothing is new");
}

/// A task that keeps a store is one of many that wait, and leaves its place when it is dropped.
#[test]
fn who_keeps_a_store_waits_for_bonds_alone() {
    play(async |[central, peripheral], _, _| {
        let mut shelf = Shelf::default();
        let work = async {
            let (ours, theirs) = connected(central, peripheral, 1).await;
            assert_eq!(central.waiting(), 1);
            ours.disconnect().await.unwrap();
            theirs.disconnected().await.unwrap();
        };
        let done: Either<&str, ()> = select(keep(central, &mut shelf), work).await;
        assert!(matches!(done, Either::Second(())));
        assert_eq!((central.waiting(), shelf.writes), (0, 0));
    });
}
