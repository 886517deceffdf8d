//! Symbols of an image, and whose they are.

use std::fmt;

pub(super) struct Symbol {
    pub(super) name: String,
    pub(super) octets: u64,
    is_code: bool,
}

/// Crates whose generic code is made for others.
const LENT: [&str; 2] = ["core", "compiler_builtins"];

impl Symbol {
    pub(super) fn new(mangled: &str, octets: u64, is_code: bool) -> Self {
        Symbol { name: format!("{:#}", rustc_demangle::demangle(mangled)), octets, is_code }
    }

    /// The first crate that the name has, other than `core`.
    fn owner(&self) -> &str {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let mut rest = &*self.name;
        let mut first = None;
        while let Some(start) = rest.find(is_part) {
            let part = &rest[start..];
            let end = part.find(|c| !is_part(c)).unwrap_or(part.len());
            let (word, tail) = part.split_at(end);
            // A path begins with its crate: what stands before it is no `::`.
            if tail.starts_with("::") && !rest[..start].ends_with("::") {
                if !LENT.contains(&word) {
                    return word;
                }
                first = first.or(Some(word));
            }
            rest = tail;
        }
        first.unwrap_or("compiler_builtins")
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = if self.is_code { "code" } else { "data" };
        write!(f, "{:>7} {kind} {:<20} {:.150}", self.octets, self.owner(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::Symbol;

    fn owner(name: &str) -> String {
        Symbol { name: name.into(), octets: 1, is_code: true }.owner().into()
    }

    #[test]
    fn a_symbol_is_of_the_first_crate_that_is_not_core() {
        assert_eq!(owner("jelling_host::core::Core::handle_packet"), "jelling_host");
        assert_eq!(owner("<core::option::Option<jelling::Error> as core::fmt::Debug>::fmt"), "jelling");
        assert_eq!(owner("core::slice::index::fail"), "core");
        assert_eq!(owner("memcpy"), "compiler_builtins");
    }
}
