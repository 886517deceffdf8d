//! The Database Hash (Vol 3, Part G, 7.3): what a client keeps beside its cache, and compares.

use super::attribute::{Backing, Kind};
use crate::{Core, crypto::AesCmac};
use jelling_wire::{Writer, copy};

/// 0x2900, Characteristic Extended Properties: of the descriptors only its value counts.
const EXTENDED_PROPERTIES: u8 = 0x00;
/// The descriptors that count without their value: 0x2901, User Description, to 0x2905, Aggregate Format.
const COUNTED: core::ops::RangeInclusive<u8> = 0x01..=0x05;

impl Core<'_> {
    /// The table in force has changed: its hash is kept for bonds, and goes to where it is read, if the table has such a
    /// characteristic with room for it.
    pub(crate) fn hash_table(&mut self) {
        let mut hash = self.table_hash();
        // It is a number of 128 bits, and those go least significant octet first (Vol 3, Part G, 2.4 and 7.3).
        hash.reverse();
        self.state.table.hash = hash;
        let table = self.in_force();
        let Some(at) = table.iter().position(|a| a.is_value_of(super::defaults::DATABASE_HASH)) else { return };
        if let Some(attribute) = self.attributes.get_mut(at)
            && !matches!(attribute.backing, Backing::Constant(_))
            && usize::from(attribute.capacity) >= hash.len()
        {
            attribute.length = 16;
            let start = usize::from(attribute.offset);
            copy(self.values.get_mut(start..start.saturating_add(hash.len())).unwrap_or_default(), &hash);
        }
    }

    /// AES-CMAC with key 0 over handles, types and the values of declarations, in the order of handles.
    fn table_hash(&self) -> [u8; 16] {
        let mut cmac = AesCmac::new(&[0; 16]);
        for at in 0..usize::from(self.state.table.length) {
            let Some(attribute) = self.attributes.get(at) else { break };
            let kind = self.type_of(at);
            let has_value = match attribute.kind {
                Kind::PrimaryService | Kind::SecondaryService | Kind::Include | Kind::Characteristic => true,
                Kind::Cccd => false,
                Kind::Descriptor => match *kind {
                    [EXTENDED_PROPERTIES, 0x29] => true,
                    [number, 0x29] if COUNTED.contains(&number) => false,
                    _ => continue,
                },
                _ => continue,
            };
            // The longest is the declaration of a characteristic with a UUID of 128 bits: 19 octets.
            let mut octets = [0; 24];
            let mut w = Writer::new(&mut octets);
            w.u16(attribute.handle);
            w.bytes(kind);
            if has_value {
                self.write_value(0, at, &mut w);
            }
            cmac.update(w.written());
        }
        cmac.finish()
    }
}
