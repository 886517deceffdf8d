//! The power is cut in each word that is written and each page that is erased, in each manner; and once more while that is put right.

use crate::{
    nor::{CUTS, Cut, Nor, Random, Step},
    support::{Action, Held, load, open},
};

/// A moment of a history: what there is, what is about to be done, and what there is to be then.
struct Moment<const WORD: usize, const PAGE: usize> {
    flash: Nor<WORD, PAGE>,
    action: Action,
    old: Held,
    new: Held,
}

/// Actions from an erased flash on, with as many peers as there is room for.
fn history<const WORD: usize, const PAGE: usize>(pages: usize, length: usize, seed: u64) -> Vec<Moment<WORD, PAGE>> {
    let room = jelling_bonds::Flash::<Nor<WORD, PAGE>>::capacity(pages);
    assert!(room >= 2, "{room}");
    let (mut flash, mut held, mut random) = (Nor::new(pages), Held::default(), Random(seed));
    let mut history = Vec::new();
    for _ in 0..length {
        let (action, old) = (Action::random(&mut random, room), held.clone());
        action.model(&mut held);
        history.push(Moment { flash: flash.on(None), action, old, new: held.clone() });
        let mut store = open(flash.on(None));
        action.run(&mut store).unwrap();
        flash = store.release();
        assert_eq!(load(&mut open(flash.on(None))), Ok(held.clone()), "after {action:?}");
    }
    assert!(flash.erases.iter().all(|erases| *erases > 0), "{:?}", flash.erases);
    history
}

/// The manners in which a step is cut: all at the edges of a write, one of them in the middle of a long one.
fn manners(step: Step, number: usize) -> Vec<Cut> {
    if step == Step::Word { vec![CUTS[number % CUTS.len()]] } else { CUTS.to_vec() }
}

impl<const WORD: usize, const PAGE: usize> Moment<WORD, PAGE> {
    /// The steps of a start on this flash and of the action.
    fn steps(&self, flash: &Nor<WORD, PAGE>) -> Vec<Step> {
        let mut store = open(flash.on(None));
        load(&mut store).unwrap();
        self.action.run(&mut store).unwrap();
        store.release().steps
    }

    /// The same, when the power fails.
    fn cut(&self, flash: &Nor<WORD, PAGE>, step: usize, cut: Cut) -> Nor<WORD, PAGE> {
        let mut store = open(flash.on(Some((step, cut))));
        assert!(load(&mut store).and_then(|_| self.action.run(&mut store)).is_err());
        store.release()
    }

    /// The old state or the new one is found, and with it one can go on.
    fn check(&self, flash: &Nor<WORD, PAGE>, what: &dyn core::fmt::Debug) {
        let mut store = open(flash.on(None));
        let found = load(&mut store).unwrap_or_else(|error| panic!("{what:?}: {error}"));
        assert!(found == self.old || found == self.new, "{:?}, cut at {what:?}: {found:#?}", self.action);
        self.action.run(&mut store).unwrap_or_else(|error| panic!("{what:?}: {error}"));
        assert_eq!(load(&mut store).as_ref(), Ok(&self.new), "{what:?}");
    }
}

fn cut_everywhere<const WORD: usize, const PAGE: usize>(pages: usize, length: usize, seed: u64) -> usize {
    let mut cuts = 0;
    for moment in history::<WORD, PAGE>(pages, length, seed) {
        for (number, step) in moment.steps(&moment.flash).into_iter().enumerate() {
            for manner in manners(step, number) {
                let flash = moment.cut(&moment.flash, number, manner);
                moment.check(&flash, &(number, manner));
                cuts += 1;
            }
        }
    }
    cuts
}

#[test]
fn words_of_4_octets_in_two_pages() {
    let cuts = cut_everywhere::<4, 1024>(2, 30, 1);
    assert!(cuts > 3_000, "{cuts}");
}

#[test]
fn words_of_8_octets_in_three_pages() {
    let cuts = cut_everywhere::<8, 640>(3, 45, 2);
    assert!(cuts > 3_000, "{cuts}");
}

#[test]
fn single_octets() {
    let cuts = cut_everywhere::<1, 640>(3, 24, 3);
    assert!(cuts > 3_000, "{cuts}");
}

#[test]
fn words_of_32_octets() {
    let cuts = cut_everywhere::<32, 1024>(3, 90, 4);
    assert!(cuts > 3_000, "{cuts}");
}

/// The power fails again while what the first cut has left is put right, or the action is done over.
#[test]
fn twice() {
    let mut cuts = 0;
    let mut random = Random(5);
    for moment in history::<8, 640>(3, 24, 6) {
        let steps = moment.steps(&moment.flash);
        for (number, step) in steps.into_iter().enumerate() {
            // Of the middle of a long write, one is like another.
            if step == Step::Word && number % 4 != 0 {
                continue;
            }
            let first = CUTS[random.below(CUTS.len())];
            let flash = moment.cut(&moment.flash, number, first);
            for (again, step) in moment.steps(&flash).into_iter().enumerate() {
                if step == Step::Word && again % 4 != 0 {
                    continue;
                }
                let second = CUTS[random.below(CUTS.len())];
                let twice = moment.cut(&flash, again, second);
                moment.check(&twice, &(number, first, again, second));
                cuts += 1;
            }
        }
    }
    assert!(cuts > 3_000, "{cuts}");
}
