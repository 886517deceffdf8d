//! Where in an image a panic can begin, told by whose code it is.

use super::{
    elf::Image,
    place::{Owner, Place, Source},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// What begins a panic and does nothing else: functions of `core` and `alloc`, and the handler.
fn begins_panic(function: &str) -> bool {
    let within = |path: &str| function.starts_with(path);
    let last = function.rsplit("::").find(|part| !part.starts_with('<')).unwrap_or(function);
    let diverges = last.ends_with("_fail") || last.ends_with("_failed") || last.ends_with("_fail_rt");
    within("core::panicking::")
        || (within("core::") || within("alloc::"))
            && (diverges || last.starts_with("panic_") || function.contains("::do_panic"))
        || within("alloc::alloc::handle_alloc_error")
        || within("alloc::raw_vec::handle_error")
        || within("alloc::raw_vec::capacity_overflow")
        || function.ends_with("rust_begin_unwind")
        || function == "_defmt_panic"
        || within("defmt::export::panic")
}

/// What the compiler puts into each `async fn` for who polls it after its end, which no `.await` and no executor does.
const RESUMED: &str = "panic_const_async_fn_resumed";

/// Where a panic can begin: a place in the source, or where the compiler left none, what is called; and the function of the image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Site {
    pub(super) place: String,
    pub(super) function: String,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Sites {
    /// In our code: there must be none.
    pub(super) ours: BTreeSet<Site>,
    /// By crate.
    pub(super) others: BTreeMap<String, BTreeSet<Site>>,
    /// Bodies of `async fn` and blocks, whoever wrote them.
    pub(super) resumed: BTreeSet<Place>,
}

#[derive(Default)]
struct Refers {
    places: BTreeSet<Place>,
    calls: BTreeSet<String>,
}

impl Sites {
    pub(super) fn find(image: &Image, source: &Source) -> Self {
        let mut functions: BTreeMap<&str, Refers> = BTreeMap::new();
        for (function, to) in image.references() {
            let function = function.unwrap_or("a constant");
            if let Some(place) = image.place(to) {
                functions.entry(function).or_default().places.insert(place.clone());
            } else if let Some(called) = image.function(to).filter(|called| begins_panic(called)) {
                functions.entry(function).or_default().calls.insert(called.to_owned());
            }
        }
        // What is called from one place only has that place compiled into it.
        let (begin, others): (BTreeMap<_, _>, BTreeMap<_, _>) =
            functions.into_iter().partition(|(function, _)| begins_panic(function));
        let mut sites = Sites::default();
        for (function, mut refers) in others {
            let mut calls: Vec<_> = refers.calls.iter().cloned().collect();
            while let Some(called) = calls.pop() {
                let Some(within) = begin.get(called.as_str()) else { continue };
                let places = within.places.iter().filter(|place| source.owner(place) != Owner::Other("core".into()));
                refers.places.extend(places.cloned());
                calls.extend(within.calls.iter().filter(|next| **next != called).cloned());
            }
            sites.take(source, function, &refers);
        }
        sites
    }

    fn take(&mut self, source: &Source, function: &str, refers: &Refers) {
        let resumes = refers.calls.iter().any(|called| called.contains(RESUMED));
        let mut located = false;
        for place in &refers.places {
            if resumes && source.is_async_body(place) {
                self.resumed.insert(place.clone());
                continue;
            }
            located = true;
            let (owner, file) = match source.owner(place) {
                // `core` has been compiled into whoever called it.
                Owner::Other(library) if library == "core" => {
                    (source.owner_of(function), format!("core's {}", place.file))
                }
                Owner::Ours(file) => (Owner::Ours(file.clone()), file),
                Owner::Other(name) => (Owner::Other(name), place.file.clone()),
            };
            self.add(owner, format!("{}:{}:{}", short(&file), place.line, place.column), function);
        }
        let calls: Vec<_> =
            refers.calls.iter().filter(|called| !called.contains(RESUMED)).map(|c| c.as_str()).collect();
        if !located && !calls.is_empty() {
            self.add(source.owner_of(function), calls.join(", "), function);
        }
    }

    fn add(&mut self, owner: Owner, place: String, function: &str) {
        let site = Site { place, function: cut(function) };
        match owner {
            Owner::Ours(_) => self.ours.insert(site),
            Owner::Other(name) => self.others.entry(name).or_default().insert(site),
        };
    }

    /// How many places there are in each crate of others.
    pub(super) fn counts(&self) -> BTreeMap<String, usize> {
        let places = |sites: &BTreeSet<Site>| sites.iter().map(|site| &site.place).collect::<BTreeSet<_>>().len();
        self.others.iter().map(|(name, sites)| (name.clone(), places(sites))).collect()
    }

    /// The sites, a line each.
    pub(super) fn lines(sites: &BTreeSet<Site>) -> String {
        let mut lines = String::new();
        for Site { place, function } in sites {
            let _ = writeln!(lines, "    {place} in {function}");
        }
        lines
    }
}

/// A file of the registry or of the compiler, without the folders that a machine keeps them in.
fn short(file: &str) -> &str {
    let after = |file: &'_ str, folder: &str| file.find(folder).map(|at| at + folder.len());
    let registry = after(file, "/registry/src/").and_then(|at| file.get(at..)?.split_once('/')).map(|(_, rest)| rest);
    let library = after(file, "/library/").and_then(|at| file.get(at..));
    registry.or(library).unwrap_or(file)
}

/// Names of futures go on for pages.
fn cut(function: &str) -> String {
    let mut cut: String = function.chars().take(120).collect();
    if cut.len() < function.len() {
        cut.push_str("...");
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::{begins_panic, short};

    #[test]
    fn what_begins_a_panic_is_known_by_its_name() {
        for function in [
            "core::panicking::panic_fmt",
            "core::option::expect_failed",
            "core::result::unwrap_failed",
            "core::slice::index::slice_index_fail",
            "core::slice::index::slice_index_fail::do_panic::runtime",
            "core::cell::panic_already_borrowed",
            "core::str::slice_error_fail_rt",
            "core::panicking::panic_display::<&str>",
        ] {
            assert!(begins_panic(function), "{function}");
        }
        for function in ["<[u8]>::copy_within::<core::ops::range::Range<usize>>", "jelling::fail", "core::fmt::write"] {
            assert!(!begins_panic(function), "{function}");
        }
    }

    #[test]
    fn files_are_named_without_the_folders_of_a_machine() {
        assert_eq!(short("/h/.cargo/registry/src/index.crates.io-19/p256-0.14.0/src/lib.rs"), "p256-0.14.0/src/lib.rs");
        assert_eq!(short("/usr/src/rustc-1.96.0/library/core/src/option.rs"), "core/src/option.rs");
        assert_eq!(short("crates/host/src/core.rs"), "crates/host/src/core.rs");
    }
}
