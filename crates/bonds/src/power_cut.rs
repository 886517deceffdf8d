//! The power is cut at each step of each write, on a disk that keeps no more than what was flushed.
#![allow(clippy::arithmetic_side_effects, reason = "tests")]

use crate::{
    Contents, Error,
    disk::{self, Disk},
    file::Store,
    format,
};
use jelling::{Address, AddressKind, Bond};
use std::{
    cell::RefCell,
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    rc::Rc,
};

/// What a file has, and what of it has reached the medium.
#[derive(Clone, Default)]
struct Node {
    octets: Vec<u8>,
    flushed: bool,
}

/// Names as the medium has them, and what was done to them since.
#[derive(Clone, Default)]
struct State {
    nodes: Vec<Node>,
    medium: BTreeMap<PathBuf, usize>,
    since: Vec<Names>,
    steps: usize,
}

/// A change of names.
#[derive(Clone)]
enum Names {
    Made(PathBuf, usize),
    Renamed(PathBuf, PathBuf),
    Removed(PathBuf),
}

impl Names {
    fn apply(&self, names: &mut BTreeMap<PathBuf, usize>) {
        match self {
            Names::Made(path, node) => _ = names.insert(path.clone(), *node),
            Names::Renamed(from, to) => {
                if let Some(node) = names.remove(from) {
                    names.insert(to.clone(), node);
                }
            }
            Names::Removed(path) => _ = names.remove(path),
        }
    }
}

impl State {
    fn names(&self) -> BTreeMap<PathBuf, usize> {
        let mut names = self.medium.clone();
        self.since.iter().for_each(|change| change.apply(&mut names));
        names
    }
}

/// A disk whose power fails, or which refuses, at a step.
#[derive(Clone, Default)]
struct Model {
    state: Rc<RefCell<State>>,
    fails_at: Option<usize>,
    /// With this it goes on after the step that it refused.
    recovers: bool,
    /// It takes no notice of what is to be flushed.
    careless: bool,
}

impl Model {
    /// Counts a step: true where it is done.
    fn step(&self) -> io::Result<()> {
        let mut state = self.state.borrow_mut();
        let step = state.steps;
        state.steps += 1;
        match self.fails_at {
            Some(at) if step == at || (step > at && !self.recovers) => Err(io::Error::other("no power")),
            _ => Ok(()),
        }
    }

    /// All that may be found when the power is back.
    fn survivors(&self) -> Vec<Model> {
        let state = self.state.borrow();
        let mut all = vec![];
        // What was done to names is found up to some change.
        for done in 0..=state.since.len() {
            let mut names = state.medium.clone();
            state.since[..done].iter().for_each(|change| change.apply(&mut names));
            // What was not flushed is found up to some octet, or is zeros.
            for part in [0, 1, 2, 3, 4] {
                let nodes = state.nodes.iter().map(|node| match (node.flushed, part) {
                    (true, _) => node.clone(),
                    (false, 4) => Node { octets: vec![0; node.octets.len()], flushed: true },
                    (false, part) => {
                        Node { octets: node.octets[..node.octets.len() * part / 3].to_vec(), flushed: true }
                    }
                });
                let state = State { nodes: nodes.collect(), medium: names.clone(), ..State::default() };
                all.push(Model { state: Rc::new(RefCell::new(state)), ..Model::default() });
            }
        }
        all
    }
}

impl Disk for Model {
    type File = usize;

    fn read(&mut self, path: &Path) -> io::Result<Vec<u8>> {
        let state = self.state.borrow();
        let node = state.names().get(path).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok(state.nodes[node].octets.clone())
    }

    fn create(&mut self, path: &Path) -> io::Result<usize> {
        self.step()?;
        let mut state = self.state.borrow_mut();
        if state.names().contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let node = state.nodes.len();
        state.nodes.push(Node::default());
        state.since.push(Names::Made(path.into(), node));
        Ok(node)
    }

    fn write(&mut self, file: &mut usize, octets: &[u8]) -> io::Result<()> {
        let done = self.step();
        let mut state = self.state.borrow_mut();
        let part = if done.is_ok() { octets } else { &octets[..octets.len() / 2] };
        state.nodes[*file].octets.extend(part);
        state.nodes[*file].flushed = false;
        done
    }

    fn flush(&mut self, file: &mut usize) -> io::Result<()> {
        self.step()?;
        self.state.borrow_mut().nodes[*file].flushed = !self.careless;
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.borrow_mut();
        if !state.names().contains_key(from) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.since.push(Names::Renamed(from.into(), to.into()));
        Ok(())
    }

    fn flush_folder(&mut self, _: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.borrow_mut();
        state.medium = state.names();
        state.since.clear();
        Ok(())
    }

    fn remove(&mut self, path: &Path) -> io::Result<()> {
        self.step()?;
        let mut state = self.state.borrow_mut();
        if !state.names().contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.since.push(Names::Removed(path.into()));
        Ok(())
    }
}

const FILE: &str = "/folder/bonds.json";

fn bond(number: u8) -> Bond {
    Bond::new(Address::new(AddressKind::Public, [number, 1, 2, 3, 4, 5]))
}

/// A disk with a file that has one bond, whose power fails at a step from now on.
fn disk(fails_at: Option<usize>) -> Model {
    let mut store = Store::open(Model::default(), FILE.into()).unwrap();
    store.change(|contents| contents.put(&bond(1))).unwrap();
    let disk = Model { fails_at, ..store.disk };
    disk.state.borrow_mut().steps = 0;
    disk
}

/// What is found on a disk.
fn found(disk: &Model) -> Contents {
    Store::open(disk.clone(), FILE.into()).unwrap().contents
}

fn both() -> [Contents; 2] {
    let old = Contents { identity: None, bonds: vec![bond(1)] };
    let new = Contents { identity: None, bonds: vec![bond(1), bond(2)] };
    [old, new]
}

#[test]
fn the_old_or_the_new_file_is_found_wherever_the_power_is_cut() {
    let [old, new] = both();
    let mut seen = [0, 0];
    let mut steps = 0;
    for step in 0.. {
        let disk = disk(Some(step));
        let mut store = Store::open(disk.clone(), FILE.into()).unwrap();
        let done = store.change(|contents| contents.put(&bond(2)));
        for survivor in disk.survivors() {
            let contents = found(&survivor);
            assert!(contents == old || contents == new, "cut at step {step}");
            seen[usize::from(contents == new)] += 1;
            // What has returned is kept.
            assert!(done.is_err() || contents == new, "cut at step {step}");
            // And the next save works, over whatever lies about.
            let mut store = Store::open(survivor, FILE.into()).unwrap();
            store.change(|contents| contents.put(&bond(3))).unwrap();
            assert!(found(&store.disk).bonds.contains(&bond(3)));
        }
        if done.is_ok() {
            steps = step;
            break;
        }
    }
    // Remove, create, write, flush, rename, flush the folder.
    assert_eq!(steps, 6);
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
}

/// The disk above finds what is wrong: without the flush there is half a file.
#[test]
fn a_file_that_is_not_flushed_is_found_in_halves() {
    let disk = Model { careless: true, ..disk(Some(5)) };
    let mut store = Store::open(disk.clone(), FILE.into()).unwrap();
    assert!(store.change(|contents| contents.put(&bond(2))).is_err());
    let damaged = |disk: Model| matches!(Store::open(disk, FILE.into()), Err(Error::Damaged { .. }));
    assert!(disk.survivors().into_iter().any(damaged));
}

#[test]
fn a_step_that_is_refused_loses_nothing_and_the_next_save_has_it() {
    let [old, new] = both();
    for step in 0..6 {
        let disk = Model { recovers: true, ..disk(Some(step)) };
        let mut store = Store::open(disk.clone(), FILE.into()).unwrap();
        store.change(|contents| contents.put(&bond(2))).unwrap_err();
        let after = found(&disk);
        assert_eq!(after, if step == 5 { new.clone() } else { old.clone() }, "refused at step {step}");
        assert_eq!(store.contents, after, "what is kept is what is there");
        let names = disk.state.borrow().names();
        assert_eq!(names.len(), 1, "no keys lie about: {:?}", names.keys());
        // The same once more, though the file has it already in the last case: it may not have reached the medium.
        store.change(|contents| contents.put(&bond(2))).unwrap();
        assert!(disk.survivors().iter().all(|survivor| found(survivor) == new), "refused at step {step}");
    }
}

#[test]
fn what_stays_as_it_is_is_not_written() {
    let disk = disk(None);
    let mut store = Store::open(disk.clone(), FILE.into()).unwrap();
    store.change(|contents| contents.put(&bond(1))).unwrap();
    store.change(|contents| contents.remove(bond(9).peer)).unwrap();
    assert_eq!(disk.state.borrow().steps, 0);
}

#[test]
fn a_damaged_file_is_found_under_one_of_its_names_wherever_the_power_is_cut() {
    let text = format::write(&both()[0]).unwrap();
    let half = &text[..text.len() / 2];
    let mut cuts = 0;
    for step in 0.. {
        let mut disk = Model::default();
        assert!(disk::replace(&mut disk, Path::new(FILE), half).result.is_ok());
        disk.state.borrow_mut().steps = 0;
        disk.fails_at = Some(step);
        let error = Store::open(disk.clone(), FILE.into()).map(|_| ()).unwrap_err();
        for mut survivor in disk.survivors() {
            let names = [FILE, "/folder/bonds.json.damaged"];
            assert!(names.iter().any(|name| survivor.read(Path::new(name)).is_ok_and(|found| found == half)));
        }
        if matches!(error, Error::Damaged { .. }) {
            break;
        }
        assert!(matches!(error, Error::Io { .. }), "{error}");
        cuts += 1;
    }
    assert_eq!(cuts, 3);
}
