//! An image for a Cortex-M that was linked with `--emit-relocs`: its functions, and what each of them refers to.

use super::place::Place;
use anyhow::{Context, Result, ensure};
use object::{
    Object, ObjectSection, ObjectSymbol, RelocationFlags, SectionFlags, SymbolKind,
    elf::{
        R_ARM_ABS32, R_ARM_THM_JUMP19, R_ARM_THM_JUMP24, R_ARM_THM_MOVT_ABS, R_ARM_THM_MOVW_ABS_NC, R_ARM_THM_PC22,
        SHF_ALLOC, SHF_EXECINSTR,
    },
};
use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
};

/// An image.
pub(super) struct Image {
    /// By address, with their ends: names as a person reads them.
    functions: BTreeMap<u64, (u64, String)>,
    /// Octets of each section that is there when the image runs.
    memory: Vec<(u64, Vec<u8>)>,
    /// From where to where.
    references: Vec<(u64, u64)>,
    places: HashMap<u64, Place>,
}

impl Image {
    /// Reads an image.
    pub(super) fn read(file: &Path) -> Result<Self> {
        let data = std::fs::read(file).with_context(|| format!("no image {}", file.display()))?;
        let elf = object::File::parse(&*data)?;
        let mut image =
            Image { functions: BTreeMap::new(), memory: vec![], references: vec![], places: HashMap::new() };
        for symbol in elf.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text && symbol.size() > 0) {
            let name = format!("{:#}", rustc_demangle::demangle(symbol.name()?));
            // Bit 0 says that it is in Thumb.
            let address = symbol.address() & !1;
            image.functions.insert(address, (address + symbol.size(), name));
        }
        let mut relocations = vec![];
        for section in elf.sections() {
            let SectionFlags::Elf { sh_flags } = section.flags() else { continue };
            if sh_flags & u64::from(SHF_ALLOC) == 0 || section.name()?.starts_with(".ARM.ex") {
                continue;
            }
            image.memory.push((section.address(), section.data()?.to_vec()));
            let mut here: Vec<_> = section.relocations().map(|(at, relocation)| (at, relocation.flags())).collect();
            here.sort_by_key(|(at, _)| *at);
            relocations.push((sh_flags & u64::from(SHF_EXECINSTR) != 0, here));
        }
        let count: usize = relocations.iter().map(|(_, here)| here.len()).sum();
        ensure!(count > 0, "{} was not linked with --emit-relocs", file.display());
        for (is_code, here) in relocations {
            image.follow(is_code, &here)?;
        }
        image.find_places();
        Ok(image)
    }

    fn octets(&self, at: u64, length: usize) -> Option<&[u8]> {
        let section = |(base, octets): &(u64, Vec<u8>)| (*base..*base + octets.len() as u64).contains(&at);
        let (base, octets) = self.memory.iter().find(|one| section(one))?;
        let from = usize::try_from(at - base).ok()?;
        octets.get(from..from + length)
    }

    fn word(&self, at: u64) -> Option<u32> {
        Some(u32::from_le_bytes(self.octets(at, 4)?.try_into().ok()?))
    }

    /// What a section refers to. The octets hold the final values, so nothing is asked of symbols.
    fn follow(&mut self, is_code: bool, relocations: &[(u64, RelocationFlags)]) -> Result<()> {
        let mut low = HashMap::new();
        for (at, flags) in relocations {
            let RelocationFlags::Elf { r_type } = *flags else { continue };
            let at = *at;
            let word = self.word(at).with_context(|| format!("a relocation at {at:#x}, where nothing is"))?;
            // The first halfword of an instruction stands first.
            let (first, second) = (word & 0xffff, word >> 16);
            let target = match r_type {
                R_ARM_ABS32 => Some(u64::from(word)),
                R_ARM_THM_PC22 | R_ARM_THM_JUMP24 => Some(branch(at, first, second)),
                R_ARM_THM_JUMP19 => Some(conditional(at, first, second)),
                // The two halves of an address go to one register, in this order.
                R_ARM_THM_MOVW_ABS_NC => {
                    low.insert((second >> 8) & 15, immediate(first, second));
                    None
                }
                R_ARM_THM_MOVT_ABS => {
                    low.get(&((second >> 8) & 15)).map(|low| u64::from(immediate(first, second) << 16 | low))
                }
                _ => None,
            };
            if let Some(target) = target {
                // Whatever points to a function says with bit 0 that it is in Thumb.
                let target = if is_code || self.functions.contains_key(&(target & !1)) { target & !1 } else { target };
                self.references.push((at, target));
            }
        }
        Ok(())
    }

    /// A `core::panic::Location`: address and length of a file's name, line, column. Its first word is relocated.
    fn find_places(&mut self) {
        for (at, name) in &self.references {
            let number = |n: u64| self.word(at + 4 * n);
            let (Some(length), Some(line), Some(column)) = (number(1), number(2), number(3)) else { continue };
            if !(4..400).contains(&length) {
                continue;
            }
            let file = self.octets(*name, length as usize).and_then(|octets| std::str::from_utf8(octets).ok());
            if let Some(file) = file.filter(|file| file.ends_with(".rs") && (1..100_000).contains(&line)) {
                self.places.insert(*at, Place { file: file.to_owned(), line, column });
            }
        }
    }

    /// The function in which an address is.
    pub(super) fn function(&self, at: u64) -> Option<&str> {
        let (_, (end, name)) = self.functions.range(..=at).next_back()?;
        (at < *end).then_some(name)
    }

    /// From which function, if it is one, to which address.
    pub(super) fn references(&self) -> impl Iterator<Item = (Option<&str>, u64)> {
        self.references.iter().map(|(from, to)| (self.function(*from), *to))
    }

    /// The place in the source that stands at an address.
    pub(super) fn place(&self, at: u64) -> Option<&Place> {
        self.places.get(&at)
    }
}

/// ARMv7-M Architecture Reference Manual, A5.3.1: the immediate of MOVW and MOVT.
fn immediate(first: u32, second: u32) -> u32 {
    (first & 15) << 12 | (first >> 10 & 1) << 11 | (second >> 12 & 7) << 8 | second & 0xff
}

/// A7.7.18: BL, and B.W in its encoding T4.
fn branch(at: u64, first: u32, second: u32) -> u64 {
    let sign = first >> 10 & 1;
    let bit = |n: u32| !(second >> n ^ sign) & 1;
    let offset = sign << 24 | bit(13) << 23 | bit(11) << 22 | (first & 0x3ff) << 12 | (second & 0x7ff) << 1;
    from(at, offset, 25)
}

/// A7.7.12: B in its encoding T3.
fn conditional(at: u64, first: u32, second: u32) -> u64 {
    let bit = |n: u32| second >> n & 1;
    let offset = (first >> 10 & 1) << 20 | bit(11) << 19 | bit(13) << 18 | (first & 0x3f) << 12 | (second & 0x7ff) << 1;
    from(at, offset, 21)
}

/// The program counter is four octets ahead, and the offset has so many bits, the highest of which is its sign.
fn from(at: u64, offset: u32, bits: u32) -> u64 {
    let signed = (offset << (32 - bits)).cast_signed() >> (32 - bits);
    at.wrapping_add(4).wrapping_add_signed(i64::from(signed)) & 0xffff_ffff
}

#[cfg(test)]
mod tests {
    use super::{branch, conditional, immediate};

    /// Octets as an assembler makes them.
    fn halves(octets: [u8; 4]) -> (u32, u32) {
        let [a, b, c, d] = octets.map(u32::from);
        (b << 8 | a, d << 8 | c)
    }

    #[test]
    fn instructions_lead_where_an_assembler_says() {
        // bl .+0x1238, bl .-0x100, b.w .-0x2000, beq.w .+0x2468, movw r3, #0xabcd; by llvm-mc.
        let play = |octets, f: fn(u64, u32, u32) -> u64| f(0x10000, halves(octets).0, halves(octets).1);
        assert_eq!(play([0x01, 0xf0, 0x1a, 0xf9], branch), 0x11238);
        assert_eq!(play([0xff, 0xf7, 0x7e, 0xff], branch), 0xff00);
        assert_eq!(play([0xfd, 0xf7, 0xfe, 0xbf], branch), 0xe000);
        assert_eq!(play([0x02, 0xf0, 0x32, 0x82], conditional), 0x12468);
        let (first, second) = halves([0x4a, 0xf6, 0xcd, 0x33]);
        assert_eq!(immediate(first, second), 0xabcd);
    }
}
