//! The power stays on: a future is dropped anywhere, or the driver refuses once. The same store goes on.

use crate::{
    nor::{CUTS, Nor, Random},
    support::{Action, Held, Store, bond, load, open, peer},
};
use core::{
    future::Future,
    task::{Context, Waker},
};
use embassy_futures::block_on;
use jelling::security::BondStore;

type Small = Nor<8, 640>;
const PAGES: usize = 3;

/// What is there is the old state or the new one, and the action can be done.
fn check(store: &mut Store<8, 640>, action: Action, held: &mut Held, what: usize) {
    let old = held.clone();
    action.model(held);
    let found = load(store).unwrap();
    assert!(found == old || found == *held, "{action:?}, {what}: {found:?}");
    action.run(store).unwrap();
    assert_eq!(load(store).as_ref(), Ok(&*held), "{action:?}, {what}");
}

#[test]
fn a_future_that_is_dropped_anywhere_leaves_the_old_or_the_new() {
    let (mut store, mut held, mut random) =
        (open(Small { yields: true, ..Small::new(PAGES) }), Held::default(), Random(9));
    let mut dropped = 0;
    for _ in 0..600 {
        let action = Action::random(&mut random, jelling_bonds::Flash::<Small>::capacity(PAGES));
        let polls = random.below(150);
        let gives_up = |future: core::pin::Pin<&mut dyn Future<Output = bool>>| {
            let mut future = future;
            (0..polls).any(|_| future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready())
        };
        let done = match action {
            Action::Save(number, variant) => {
                let bond = bond(number, variant);
                let save = async { store.save(&bond).await.is_ok() };
                gives_up(core::pin::pin!(save))
            }
            Action::Remove(number) => gives_up(core::pin::pin!(async { store.remove(peer(number)).await.is_ok() })),
            Action::Erase => gives_up(core::pin::pin!(async { store.erase().await.is_ok() })),
            Action::Identity(_) => false,
        };
        dropped += usize::from(!done);
        check(&mut store, action, &mut held, polls);
    }
    assert!(dropped > 200, "{dropped}");
}

#[test]
fn a_step_that_is_refused_once_is_done_by_the_next_call() {
    let (mut flash, mut held, mut random) =
        (Small { recovers: true, ..Small::new(PAGES) }, Held::default(), Random(10));
    let mut refused = 0;
    for _ in 0..600 {
        let action = Action::random(&mut random, jelling_bonds::Flash::<Small>::capacity(PAGES));
        let step = random.below(60);
        let mut store = open(flash.on(Some((step, CUTS[random.below(CUTS.len())]))));
        if action.run(&mut store).is_ok() {
            store = open(store.release().on(None));
        } else {
            refused += 1;
        }
        check(&mut store, action, &mut held, step);
        flash = store.release();
    }
    assert!(refused > 100, "{refused}");
    assert_eq!(block_on(open(flash).erase()), Ok(()));
}
