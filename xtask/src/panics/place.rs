//! Whose code it is where a panic would be: by the file that its `Location` names, or by the name of its function.

use anyhow::{Context, Result};
use std::{
    collections::HashSet,
    path::{Component, Path, PathBuf},
};

/// A `core::panic::Location`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) column: u32,
}

/// Whose code something is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    /// This repository's: a file of it, from its root on.
    Ours(String),
    /// A crate's of somebody else, `core` among them.
    Other(String),
}

/// A workspace in which an image was built.
pub(super) struct Source {
    /// The repository, or a copy of it.
    root: PathBuf,
    /// Where files of the image's own package are sought.
    workspace: PathBuf,
    /// Names of crates that come from elsewhere, as symbols write them.
    others: HashSet<String>,
}

impl Source {
    /// `workspace` has the `Cargo.lock` of the image.
    pub(super) fn new(root: &Path, workspace: &Path) -> Result<Self> {
        let lock = workspace.join("Cargo.lock");
        let lock = std::fs::read_to_string(&lock).with_context(|| lock.display().to_string())?;
        let lock: toml::Table = toml::from_str(&lock)?;
        let packages = lock.get("package").and_then(|packages| packages.as_array());
        let others = packages
            .into_iter()
            .flatten()
            .filter(|package| package.get("source").is_some())
            .filter_map(|package| Some(package.get("name")?.as_str()?.replace('-', "_")))
            .chain(["core", "alloc", "std", "compiler_builtins"].map(String::from))
            .collect();
        let (root, workspace) = (root.canonicalize()?, workspace.canonicalize()?);
        Ok(Source { root, workspace, others })
    }

    /// Whose a place is.
    pub(super) fn owner(&self, place: &Place) -> Owner {
        let file = clean(&self.workspace.join(&place.file));
        let parts: Vec<_> = file.components().map(|part| part.as_os_str().to_string_lossy()).collect();
        let after = |name: &str| parts.iter().rposition(|part| part == name).and_then(|at| parts.get(at + 1));
        if let Some(library) = after("library").filter(|_| file.starts_with("/rustc") || !file.starts_with(&self.root))
        {
            return Owner::Other(library.to_string());
        }
        if let Ok(ours) = file.strip_prefix(&self.root)
            && !ours.starts_with("target")
        {
            return Owner::Ours(ours.display().to_string());
        }
        // registry/src/index.crates.io-.../NAME-1.2.3/src/lib.rs
        let package = parts.iter().position(|part| part == "src").and_then(|at| parts.get(at + 2));
        let name = package.and_then(|package| package.rsplit_once('-')).map(|(name, _)| name.to_owned());
        Owner::Other(name.unwrap_or_else(|| place.file.clone()))
    }

    /// Whose a function is. One without a path is a symbol that assembly or C may name: ours, but for what compilers call.
    pub(super) fn owner_of(&self, function: &str) -> Owner {
        let name = function.trim_start_matches(['<', '&', '[', '(', '*']);
        let name = ["mut ", "const ", "dyn ", "impl "].iter().fold(name, |name, word| name.trim_start_matches(word));
        let name = name.trim_start_matches(['<', '&', '[', '(', '*']);
        match name.split_once("::") {
            Some((name, _)) if self.others.contains(name) => Owner::Other(name.replace('_', "-")),
            Some((name, _)) if !name.contains(|c: char| !c.is_alphanumeric() && c != '_') => {
                Owner::Ours(name.to_owned())
            }
            // A generic one of the standard library for a type that has no path: `<[u8]>::copy_within`.
            Some(_) => Owner::Other("core".into()),
            None if name.starts_with("__aeabi") || name.starts_with("mem") => Owner::Other("compiler-builtins".into()),
            None => Owner::Ours(name.to_owned()),
        }
    }

    /// Where the body of an `async fn` or block begins, the place is what the compiler puts there for who polls it after its end.
    pub(super) fn is_async_body(&self, place: &Place) -> bool {
        let Ok(text) = std::fs::read_to_string(self.workspace.join(&place.file)) else { return false };
        let line = text.lines().nth(place.line as usize - 1).unwrap_or_default();
        let rest: String = line.chars().skip(place.column as usize - 1).collect();
        rest.starts_with('{') || rest.starts_with("async ")
    }
}

/// Without `..` and `.`.
fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                clean.pop();
            }
            Component::CurDir => {}
            part => clean.push(part),
        }
    }
    clean
}
