//! A server a second time, over a list, with nothing in mind but the rules: what it answers is what ours has to answer.

use super::door::{Demand, State};
use std::collections::{BTreeMap, VecDeque};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    Service,
    Characteristic,
    /// What else never changes.
    Constant,
    Fixed,
    Variable(usize),
    /// The bits that it may have.
    Cccd(u16),
}

/// An attribute.
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    pub(crate) handle: u16,
    /// Two octets or sixteen.
    pub(crate) kind: Vec<u8>,
    pub(crate) sort: Sort,
    pub(crate) value: Vec<u8>,
    /// Where the group ends that it begins.
    pub(crate) end: u16,
    pub(crate) read: Demand,
    pub(crate) write: Demand,
    pub(crate) append: bool,
    /// What a function says to reads and writes: 0 for yes.
    pub(crate) words: [Option<u8>; 2],
    /// Captured writes, and how many there may be.
    pub(crate) captured: Option<(VecDeque<Vec<u8>>, usize)>,
}

impl Attribute {
    /// True when somebody may be let in to write it.
    pub(crate) fn is_stored(&self) -> bool {
        !matches!(self.sort, Sort::Service | Sort::Characteristic | Sort::Constant)
    }
}

#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) mtu: usize,
    pub(crate) state: State,
    queue: Vec<(u16, usize, Vec<u8>)>,
    lost: bool,
    subscriptions: BTreeMap<u16, u16>,
}

impl Peer {
    pub(crate) fn new() -> Self {
        Peer { mtu: 23, state: State::default(), queue: vec![], lost: false, subscriptions: BTreeMap::new() }
    }
}

pub(crate) struct Oracle {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) peers: Vec<Peer>,
    pub(crate) mtu: usize,
    pub(crate) prepare_queue: usize,
}

type Refusal = (u16, u8);

fn number(octets: &[u8]) -> u16 {
    u16::from_le_bytes([octets[0], octets[1]])
}

/// A UUID in its shortest form.
pub(crate) fn short(uuid: &[u8]) -> Vec<u8> {
    const BASE: [u8; 12] = [0xfb, 0x34, 0x9b, 0x5f, 0x80, 0, 0, 0x80, 0, 0x10, 0, 0];
    match uuid {
        [head @ .., a, b, 0, 0] if *head == BASE => vec![*a, *b],
        _ => uuid.to_vec(),
    }
}

impl Oracle {
    /// The table is another one.
    pub(crate) fn register(&mut self, attributes: Vec<Attribute>) {
        self.attributes = attributes;
        for peer in &mut self.peers {
            peer.lost |= !peer.queue.is_empty();
            peer.queue.clear();
            peer.subscriptions.clear();
        }
    }

    /// What a PDU is answered, if it is.
    pub(crate) fn answer(&mut self, peer: usize, pdu: &[u8]) -> Option<Vec<u8>> {
        let (&opcode, rest) = pdu.split_first()?;
        const ANSWERS: [u8; 13] = [0x01, 0x03, 0x05, 0x07, 0x09, 0x0b, 0x0d, 0x0f, 0x11, 0x13, 0x17, 0x19, 0x21];
        const REQUESTS: [u8; 12] = [0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c, 0x0e, 0x10, 0x12, 0x16, 0x18, 0x20];
        let fits = pdu.len() <= self.peers[peer].mtu;
        let is_whole = fits && well_formed(opcode, rest);
        if opcode & 0x40 != 0 {
            if opcode == 0x52 && is_whole {
                let _ = self.write(peer, number(rest), &rest[2..]);
            }
            return None;
        }
        match opcode {
            0x1d => return is_whole.then(|| vec![0x1e]),
            0x1b | 0x1e | 0x23 => return None,
            _ if ANSWERS.contains(&opcode) => return None,
            _ => {}
        }
        let result = if !REQUESTS.contains(&opcode) {
            Err((0, 0x06))
        } else if !is_whole {
            if opcode == 0x18 {
                self.empty(peer);
            }
            Err((0, 0x04))
        } else {
            self.serve(peer, opcode, rest)
        };
        Some(match result {
            Ok(answer) => [&[opcode + 1][..], &answer].concat(),
            Err((handle, code)) => [&[0x01, opcode][..], &handle.to_le_bytes(), &[code]].concat(),
        })
    }

    fn serve(&mut self, peer: usize, opcode: u8, rest: &[u8]) -> Result<Vec<u8>, Refusal> {
        let room = self.peers[peer].mtu - 1;
        if matches!(opcode, 0x04 | 0x06 | 0x08 | 0x10) {
            let (start, end) = (number(rest), number(&rest[2..]));
            if start == 0 || start > end {
                return Err((start, 0x01));
            }
            let among: Vec<&Attribute> = self.attributes.iter().filter(|a| (start..=end).contains(&a.handle)).collect();
            let found = match opcode {
                0x04 => find_types(&among, room),
                0x06 => self.find_values(peer, &among, &rest[4..6], &rest[6..], room),
                0x08 => self.read_by_type(peer, &among, &short(&rest[4..]), room)?,
                _ => read_groups(&among, &short(&rest[4..]), room).ok_or((start, 0x10))?,
            };
            return if found.is_empty() { Err((start, 0x0a)) } else { Ok(found) };
        }
        match opcode {
            0x02 => {
                self.peers[peer].mtu = self.mtu.min(usize::from(number(rest))).max(23);
                Ok((self.mtu as u16).to_le_bytes().to_vec())
            }
            0x0a => self.read(peer, number(rest), 0).map(|value| cut(value, room)),
            0x0c => self.read(peer, number(rest), number(&rest[2..]).into()).map(|value| cut(value, room)),
            0x0e | 0x20 => {
                let mut all = vec![];
                for handle in rest.chunks(2).map(number) {
                    let value = self.read(peer, handle, 0)?;
                    if opcode == 0x0e {
                        all.extend(value);
                    } else if all.len() + 2 <= room {
                        all.extend((value.len() as u16).to_le_bytes());
                        all.extend(value);
                        all.truncate(room);
                    }
                }
                Ok(cut(all, room))
            }
            0x12 => self.write(peer, number(rest), &rest[2..]).map(|()| vec![]),
            0x16 => {
                let handle = number(rest);
                self.may_write(peer, handle)?;
                let queue = &mut self.peers[peer].queue;
                let used: usize = queue.iter().map(|(_, _, octets)| octets.len() + 6).sum();
                if used + 6 + rest.len() - 4 > self.prepare_queue {
                    return Err((handle, 0x09));
                }
                queue.push((handle, number(&rest[2..]).into(), rest[4..].to_vec()));
                Ok(rest.to_vec())
            }
            _ => {
                let lost = self.peers[peer].lost;
                let queue = self.empty(peer);
                if rest == [1] { self.execute(peer, lost, &queue).map(|()| vec![]) } else { Ok(vec![]) }
            }
        }
    }

    fn empty(&mut self, peer: usize) -> Vec<(u16, usize, Vec<u8>)> {
        self.peers[peer].lost = false;
        core::mem::take(&mut self.peers[peer].queue)
    }

    fn value(&self, peer: usize, attribute: &Attribute) -> Vec<u8> {
        if !matches!(attribute.sort, Sort::Cccd(_)) {
            return attribute.value.clone();
        }
        let subscription = self.peers[peer].subscriptions.get(&attribute.handle).copied().unwrap_or(0);
        subscription.to_le_bytes().to_vec()
    }

    fn may_read(&self, peer: usize, attribute: &Attribute) -> Result<(), u8> {
        attribute.read.judge(&self.peers[peer].state, 0x02)?;
        attribute.words[0].filter(|code| *code != 0).map_or(Ok(()), Err)
    }

    fn read(&self, peer: usize, handle: u16, offset: usize) -> Result<Vec<u8>, Refusal> {
        let attribute = self.attributes.iter().find(|a| a.handle == handle).ok_or((handle, 0x01))?;
        self.may_read(peer, attribute).map_err(|code| (handle, code))?;
        self.value(peer, attribute).get(offset..).map(<[u8]>::to_vec).ok_or((handle, 0x07))
    }

    fn find_values(&self, peer: usize, among: &[&Attribute], kind: &[u8], value: &[u8], room: usize) -> Vec<u8> {
        let equal = |a: &Attribute| {
            let own = self.value(peer, a);
            own == value || (a.sort == Sort::Service && !value.is_empty() && short(value) == own)
        };
        let known = |a: &Attribute| self.may_read(peer, a).is_ok() && a.words[0].is_none();
        let found = among.iter().filter(|a| a.kind == kind && known(a) && equal(a));
        found.take(room / 4).flat_map(|a| [a.handle.to_le_bytes(), a.end.to_le_bytes()].concat()).collect()
    }

    fn read_by_type(&self, peer: usize, among: &[&Attribute], kind: &[u8], room: usize) -> Result<Vec<u8>, Refusal> {
        let mut answer: Vec<u8> = vec![];
        let mut length = None;
        for attribute in among.iter().filter(|a| a.kind == kind) {
            let value = self.value(peer, attribute);
            match (self.may_read(peer, attribute), length) {
                (Err(code), None) => return Err((attribute.handle, code)),
                (Ok(()), None) => {
                    let part = cut(value.clone(), 253.min(room - 3));
                    answer.push(part.len() as u8 + 2);
                    answer.extend(attribute.handle.to_le_bytes());
                    answer.extend(&part);
                    length = Some(part.len());
                }
                (Ok(()), Some(length)) if length == value.len() && answer.len() + 2 + length <= room => {
                    answer.extend(attribute.handle.to_le_bytes());
                    answer.extend(value);
                }
                _ => break,
            }
        }
        Ok(answer)
    }

    fn may_write(&self, peer: usize, handle: u16) -> Result<&Attribute, Refusal> {
        let attribute = self.attributes.iter().find(|a| a.handle == handle).ok_or((handle, 0x01))?;
        if !attribute.is_stored() {
            return Err((handle, 0x03));
        }
        attribute.write.judge(&self.peers[peer].state, 0x03).map_err(|code| (handle, code))?;
        Ok(attribute)
    }

    /// The value that there would be, of an attribute that has `value`, if so many octets were put at `offset`.
    fn put(attribute: &Attribute, value: &[u8], offset: usize, octets: &[u8]) -> Result<Vec<u8>, u8> {
        match attribute.sort {
            Sort::Cccd(_) if offset != 0 => Err(0x07),
            Sort::Cccd(_) if octets.len() != 2 => Err(0x0d),
            Sort::Cccd(offered) if number(octets) & 3 & !offered != 0 => Err(0x13),
            Sort::Cccd(_) => Ok((number(octets) & 3).to_le_bytes().to_vec()),
            _ if offset > value.len() => Err(0x07),
            Sort::Variable(most) if offset + octets.len() > most => Err(0x0d),
            Sort::Variable(_) => Ok([&value[..offset], octets].concat()),
            _ if offset + octets.len() > value.len() => Err(0x0d),
            _ => Ok([&value[..offset], octets, &value[offset + octets.len()..]].concat()),
        }
    }

    fn has_room(attribute: &Attribute) -> Result<(), u8> {
        match &attribute.captured {
            Some((queue, depth)) if queue.len() >= *depth => Err(0x11),
            _ => Ok(()),
        }
    }

    fn asked(attribute: &Attribute) -> Result<(), u8> {
        attribute.words[1].filter(|code| *code != 0).map_or(Ok(()), Err)
    }

    fn store(&mut self, peer: usize, handle: u16, value: Vec<u8>, captured: Vec<u8>) {
        let Some(attribute) = self.attributes.iter_mut().find(|a| a.handle == handle) else { return };
        if matches!(attribute.sort, Sort::Cccd(_)) {
            self.peers[peer].subscriptions.insert(handle, number(&value));
            return;
        }
        attribute.value = value;
        if let Some((queue, _)) = &mut attribute.captured {
            queue.push_back(captured);
        }
    }

    fn write(&mut self, peer: usize, handle: u16, octets: &[u8]) -> Result<(), Refusal> {
        let attribute = self.may_write(peer, handle)?;
        let value = if attribute.append {
            Self::put(attribute, &attribute.value, attribute.value.len(), octets)
        } else if attribute.sort == Sort::Fixed && octets.len() != attribute.value.len() {
            Err(0x0d)
        } else {
            Self::put(attribute, &attribute.value, 0, octets)
        };
        let may = value.and_then(|value| Self::has_room(attribute).and(Self::asked(attribute)).map(|()| value));
        let value = may.map_err(|code| (handle, code))?;
        self.store(peer, handle, value, octets.to_vec());
        Ok(())
    }

    fn execute(&mut self, peer: usize, lost: bool, queue: &[(u16, usize, Vec<u8>)]) -> Result<(), Refusal> {
        if lost {
            return Err((0, 0x0e));
        }
        let mut values: Vec<(u16, Vec<u8>)> = vec![];
        for (handle, offset, octets) in queue {
            let attribute = self.may_write(peer, *handle)?;
            let at = values.iter().position(|(other, _)| other == handle).unwrap_or_else(|| {
                values.push((*handle, attribute.value.clone()));
                values.len() - 1
            });
            // Parts of a value that writes add to begin behind what was there.
            let behind = if attribute.append { attribute.value.len() } else { 0 };
            let value = Self::put(attribute, &values[at].1, behind + offset, octets);
            values[at].1 = value.and_then(|v| Self::has_room(attribute).map(|()| v)).map_err(|code| (*handle, code))?;
        }
        for (handle, _) in &values {
            self.may_write(peer, *handle).and_then(|a| Self::asked(a).map_err(|code| (*handle, code)))?;
        }
        for (handle, value) in values {
            let attribute = self.attributes.iter().find(|a| a.handle == handle);
            let behind = attribute.filter(|a| a.append).map_or(0, |a| a.value.len());
            self.store(peer, handle, value.clone(), value[behind..].to_vec());
        }
        Ok(())
    }
}

/// Whether the octets behind an opcode are as many as it has.
fn well_formed(opcode: u8, rest: &[u8]) -> bool {
    match opcode {
        0x02 | 0x0a => rest.len() == 2,
        0x04 | 0x0c => rest.len() == 4,
        0x06 => rest.len() >= 6,
        0x08 | 0x10 => matches!(rest.len(), 6 | 20),
        0x0e | 0x20 => rest.len() >= 4 && rest.len().is_multiple_of(2),
        0x12 | 0x52 | 0x1d => rest.len() >= 2,
        0x16 => rest.len() >= 4,
        0x18 => matches!(rest, [0 | 1]),
        _ => true,
    }
}

fn cut(mut octets: Vec<u8>, room: usize) -> Vec<u8> {
    octets.truncate(room);
    octets
}

fn find_types(among: &[&Attribute], room: usize) -> Vec<u8> {
    let Some(first) = among.first() else { return vec![] };
    let width = first.kind.len();
    let same = among.iter().take_while(|a| a.kind.len() == width).take((room - 1) / (width + 2));
    let entries = same.flat_map(|a| [&a.handle.to_le_bytes()[..], &a.kind].concat());
    [if width == 2 { 1 } else { 2 }].into_iter().chain(entries).collect()
}

fn read_groups(among: &[&Attribute], kind: &[u8], room: usize) -> Option<Vec<u8>> {
    if kind != [0x00, 0x28] && kind != [0x01, 0x28] {
        return None;
    }
    let groups: Vec<_> = among.iter().filter(|a| a.sort == Sort::Service && a.kind == kind).collect();
    let Some(first) = groups.first() else { return Some(vec![]) };
    let width = first.value.len();
    let same = groups.iter().take_while(|a| a.value.len() == width).take((room - 1) / (width + 4));
    let entry = |a: &&Attribute| [&a.handle.to_le_bytes()[..], &a.end.to_le_bytes(), &a.value].concat();
    Some([width as u8 + 4].into_iter().chain(same.flat_map(|a| entry(a))).collect())
}
