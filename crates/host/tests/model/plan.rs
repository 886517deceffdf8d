//! Random tables, for the server and for the oracle.

use super::{
    door::Demand,
    oracle::{Attribute, Sort},
};
use crate::support::numbers::Numbers;
use core::iter::once;
use jelling_host::{
    wire::{Uuid, att::ErrorCode},
    *,
};
use std::collections::VecDeque;

const DEMANDS: [Demand; 12] = [
    Demand::Open,
    Demand::Open,
    Demand::Open,
    Demand::Open,
    Demand::Open,
    Demand::Open,
    Demand::Open,
    Demand::Closed,
    Demand::Encrypted,
    Demand::Authenticated,
    Demand::Authorised,
    Demand::Key16,
];

/// Types that occur more than once.
const TYPES: [u16; 3] = [0x2a6e, 0x2a6f, 0x2901];
const CONSTANTS: [&[u8]; 3] = [b"", b"constant", b"a constant longer than the default MTU allows"];

/// An attribute to be, whose handle is settled.
#[derive(Clone, Debug)]
enum Item {
    Service {
        uuid: Uuid,
        primary: bool,
        end: Option<u16>,
    },
    Include {
        service: u16,
    },
    /// Its declaration, its value behind it, and a CCCD.
    Characteristic {
        value: u16,
        what: Value,
        properties: Properties,
        cccd: bool,
    },
    Descriptor {
        what: Value,
    },
}

/// A value to be.
#[derive(Clone, Debug)]
struct Value {
    uuid: Uuid,
    sort: Sort,
    octets: Vec<u8>,
    read: Demand,
    write: Demand,
    hooks: [bool; 2],
    append: bool,
    captured: usize,
}

/// A table to be.
pub(crate) struct Plan {
    items: Vec<(u16, Item)>,
}

/// What a function says about an attribute: 0 for yes.
pub(crate) fn word(handle: u16, kind: AccessKind) -> u8 {
    match (handle ^ kind as u16) % 3 {
        0 => 0x80 + (handle % 8) as u8,
        _ => 0,
    }
}

fn function(_: &Access<'_>) -> Result<(), ErrorCode> {
    panic!("the core calls nothing by itself");
}

fn octets_of(uuid: Uuid) -> Vec<u8> {
    uuid.with_le_bytes(<[u8]>::to_vec)
}

fn uuid(numbers: &mut Numbers, types: &[u16]) -> Uuid {
    if numbers.once_in(3) {
        Uuid::new128(u128::from_le_bytes([numbers.below(4) as u8 + 1; 16]))
    } else {
        Uuid::new16(numbers.pick(types))
    }
}

impl Value {
    fn new(numbers: &mut Numbers, is_descriptor: bool) -> Self {
        let length = numbers.pick(&[0, 1, 3, 3, 3, 8, 22, 60]);
        let octets = if numbers.once_in(2) { vec![b'v'; length] } else { numbers.octets(length) };
        let (sort, octets) = match numbers.below(6) {
            0 => (Sort::Constant, numbers.pick(&CONSTANTS).to_vec()),
            1 => (Sort::Fixed, octets),
            2 if !is_descriptor => (Sort::Variable(512), numbers.octets(512)),
            _ => (Sort::Variable(octets.len() + numbers.below(20)), octets),
        };
        let hooked = [numbers.once_in(8), numbers.once_in(8)];
        let sort = if sort == Sort::Constant && hooked != [false; 2] { Sort::Fixed } else { sort };
        let [read, write] = match [numbers.pick(&DEMANDS), numbers.pick(&DEMANDS)] {
            // The size of a key is of the attribute: with it the other direction would demand both.
            [Demand::Key16, Demand::Authenticated] | [Demand::Authenticated, Demand::Key16] => [Demand::Key16; 2],
            demands => demands,
        };
        Value {
            uuid: uuid(numbers, &TYPES),
            sort,
            octets,
            read,
            write,
            hooks: hooked,
            append: !is_descriptor && matches!(sort, Sort::Variable(_)) && numbers.once_in(6),
            captured: if !is_descriptor && numbers.once_in(8) { 2 } else { 0 },
        }
    }

    fn protection(&self) -> Protection {
        let of = |demand, open, flags: [Permissions; 3]| match demand {
            Demand::Closed => Permissions::empty(),
            Demand::Open => open,
            Demand::Encrypted | Demand::Key16 => flags[0],
            Demand::Authenticated => flags[1],
            Demand::Authorised => flags[2],
        };
        use Permissions as P;
        let read = of(self.read, P::READ, [P::READ_ENCRYPTED, P::READ_AUTHENTICATED, P::READ_AUTHORISED]);
        let write = of(self.write, P::WRITE, [P::WRITE_ENCRYPTED, P::WRITE_AUTHENTICATED, P::WRITE_AUTHORISED]);
        let key_size = if self.needs_key() { 16 } else { 0 };
        Protection { permissions: Some(read | write), key_size }
    }

    fn needs_key(&self) -> bool {
        self.read == Demand::Key16 || self.write == Demand::Key16
    }

    /// A size of key counts in each direction that demands encryption at all.
    fn demand(&self, demand: Demand) -> Demand {
        if self.needs_key() && demand == Demand::Encrypted { Demand::Key16 } else { demand }
    }

    fn hooks(&self) -> Hooks {
        let hook = |on| if on { Hook::call(function) } else { Hook::DOOR };
        Hooks { read: hook(self.hooks[0]), write: hook(self.hooks[1]) }
    }

    fn storage(&self) -> Storage<'_> {
        match self.sort {
            Sort::Variable(most) => Storage::Variable(most, &self.octets),
            Sort::Constant => {
                Storage::Constant(CONSTANTS.into_iter().find(|c| *c == self.octets).expect("one of them"))
            }
            _ => Storage::Fixed(&self.octets),
        }
    }

    fn attribute(&self, handle: u16) -> Attribute {
        let words = [(0, AccessKind::Read), (1, AccessKind::Write)];
        Attribute {
            kind: octets_of(self.uuid),
            sort: self.sort,
            value: self.octets.clone(),
            read: self.demand(self.read),
            write: self.demand(self.write),
            append: self.append,
            words: words.map(|(at, kind)| self.hooks[at].then(|| word(handle, kind))),
            captured: (self.captured != 0).then(|| (VecDeque::new(), self.captured)),
            ..declaration(handle, 0, Sort::Constant, vec![])
        }
    }
}

fn declaration(handle: u16, kind: u16, sort: Sort, value: Vec<u8>) -> Attribute {
    Attribute {
        handle,
        kind: kind.to_le_bytes().to_vec(),
        sort,
        value,
        end: handle,
        read: Demand::Open,
        write: Demand::Closed,
        append: false,
        words: [None; 2],
        captured: None,
    }
}

impl Plan {
    pub(crate) fn new(numbers: &mut Numbers) -> Self {
        let mut items: Vec<(u16, Item)> = vec![];
        let mut services = vec![];
        let mut last = 0u16;
        let count = numbers.below(4) + 1;
        let up_to_the_end = numbers.once_in(3);
        for number in 0..count {
            let gap = |numbers: &mut Numbers| if numbers.once_in(4) { numbers.below(5) as u16 } else { 0 };
            // A service of seven characteristics at most fits behind 0xff80.
            let is_last = number + 1 == count;
            let start = if up_to_the_end && is_last { 0xff80 } else { last + 1 + gap(numbers) };
            let at = items.len();
            let primary = !numbers.once_in(4);
            items.push((start, Item::Service { uuid: uuid(numbers, &[0x180a, 0x1812]), primary, end: None }));
            last = start;
            while !services.is_empty() && numbers.once_in(3) {
                last += 1 + gap(numbers);
                items.push((last, Item::Include { service: numbers.pick(&services) }));
            }
            services.push(start);
            for _ in 0..numbers.below(5) {
                let handle = last + 1 + gap(numbers);
                let value = handle + 1 + gap(numbers);
                let cccd = numbers.once_in(3);
                let properties = if numbers.once_in(2) { Properties::NOTIFY } else { Properties::INDICATE };
                items
                    .push((handle, Item::Characteristic { value, what: Value::new(numbers, false), properties, cccd }));
                last = value + u16::from(cccd);
                while numbers.once_in(4) {
                    last += 1 + gap(numbers);
                    items.push((last, Item::Descriptor { what: Value::new(numbers, true) }));
                }
            }
            let stated = numbers.once_in(2).then(|| if start == 0xff80 { 0xffff } else { last + gap(numbers) });
            if let (Some(stated), Item::Service { end, .. }) = (stated, &mut items[at].1) {
                *end = Some(stated);
                last = stated;
            }
        }
        Plan { items }
    }

    /// Puts the table in force, and gives those of its attributes that have a value of their own.
    pub(crate) fn register(&self, core: &mut Core<'_>) -> Vec<AttributeId> {
        core.begin_registration().unwrap();
        let (mut ids, mut captured) = (vec![], vec![]);
        for (handle, item) in &self.items {
            let handle = Some(*handle);
            match item {
                Item::Service { uuid, primary, end } => {
                    let settings = ServiceSettings { uuid: *uuid, primary: *primary, handle, end_handle: *end };
                    core.add_service(&settings).unwrap();
                }
                Item::Include { service } => {
                    core.add_include(handle, *service).unwrap();
                }
                Item::Characteristic { value, what, properties, cccd } => {
                    let settings = CharacteristicSettings {
                        protection: what.protection(),
                        hooks: what.hooks(),
                        handle,
                        value_handle: Some(*value),
                        append: what.append,
                        cccd: *cccd,
                        ..CharacteristicSettings::new(what.uuid, *properties, what.storage())
                    };
                    ids.push(core.add_characteristic(&settings).unwrap());
                    if what.captured != 0 {
                        captured.push((ids[ids.len() - 1], what.captured));
                    }
                }
                Item::Descriptor { what } => {
                    let (uuid, protection, hooks) = (what.uuid, what.protection(), what.hooks());
                    let settings = DescriptorSettings { uuid, protection, hooks, handle, storage: what.storage() };
                    ids.push(core.add_descriptor(&settings).unwrap());
                }
            }
        }
        core.commit_registration().unwrap();
        for (id, depth) in captured {
            core.open_capture(id, depth, 512).unwrap();
        }
        ids
    }

    /// The same, for the oracle.
    pub(crate) fn attributes(&self) -> Vec<Attribute> {
        let mut all: Vec<Attribute> = self.items.iter().flat_map(|(handle, item)| self.of(*handle, item)).collect();
        // Where groups end is found from the end.
        let (mut service_end, mut characteristic_end) = (0, 0);
        for at in (0..all.len()).rev() {
            let handle = all[at].handle;
            service_end = service_end.max(handle);
            characteristic_end = characteristic_end.max(handle);
            match all[at].sort {
                Sort::Service => {
                    all[at].end = all[at].end.max(service_end);
                    (service_end, characteristic_end) = (0, 0);
                }
                Sort::Characteristic => {
                    all[at].end = characteristic_end;
                    characteristic_end = 0;
                }
                _ => {}
            }
        }
        // What is included is known by now.
        let services: Vec<Attribute> = all.iter().filter(|a| a.sort == Sort::Service).cloned().collect();
        for include in all.iter_mut().filter(|a| a.kind == [0x02, 0x28]) {
            let wanted = u16::from_le_bytes([include.value[0], include.value[1]]);
            let service = services.iter().find(|s| s.handle == wanted).expect("there is one");
            include.value.extend(service.end.to_le_bytes());
            include.value.extend(service.value.iter().filter(|_| service.value.len() == 2));
        }
        all
    }

    fn of(&self, handle: u16, item: &Item) -> Vec<Attribute> {
        match item {
            Item::Service { uuid, primary, end } => {
                let kind = if *primary { 0x2800 } else { 0x2801 };
                let end = end.unwrap_or(0);
                vec![Attribute { end, ..declaration(handle, kind, Sort::Service, octets_of(*uuid)) }]
            }
            Item::Include { service } => {
                vec![declaration(handle, 0x2802, Sort::Constant, service.to_le_bytes().to_vec())]
            }
            Item::Characteristic { value, what, properties, cccd } => {
                let octets = [&[properties.bits()][..], &value.to_le_bytes(), &octets_of(what.uuid)].concat();
                let declared = declaration(handle, 0x2803, Sort::Characteristic, octets);
                let own = what.attribute(*value);
                let offered = if *properties == Properties::NOTIFY { 1 } else { 2 };
                // Who may not read the value may not subscribe to it; one that nobody can read anybody may.
                let write = if own.read == Demand::Closed { Demand::Open } else { own.read };
                let cccd = cccd.then(|| {
                    let cccd = declaration(value + 1, 0x2902, Sort::Cccd(offered), vec![0, 0]);
                    Attribute { write, ..cccd }
                });
                once(declared).chain(once(own)).chain(cccd).collect()
            }
            Item::Descriptor { what } => vec![what.attribute(handle)],
        }
    }
}
