//! A bond, our identity or a free place as octets, version 1. Numbers are little endian; keys and addresses stand as on the air.
//!
//! ```text
//! 0        place                       190 octets of a bond, or 26 of an identity, padded with zeros to
//! 1        version                     a length that is a multiple of every word a flash can have (32)
//! 2        kind: 0 free, 1 identity, 2 bond
//! 3..      the body                    the last 4: CRC-32 of everything before
//! ```
//!
//! That place and version stand where they do is for every version: so an older program knows what it must leave alone.

use crate::checksum::crc32;
use jelling::{Address, AddressKind, Bond, Identity, LongTermKey, Secret, SigningKey, Subscriptions, Updates};
use zeroize::Zeroize;

/// What this program writes, and the newest that it reads.
pub(super) const VERSION: u8 = 1;
/// Octets of a bond, the longest record.
pub(super) const LENGTH: usize = 192;
const SHORT: usize = 32;
const CHECKSUM: usize = 4;

const _: () = assert!(Subscriptions::MOST == 16, "another number of them is another version");

/// The bits of a bond's flags.
mod flag {
    pub(super) const AUTHENTICATED: u8 = 1;
    pub(super) const SECURE_CONNECTIONS: u8 = 1 << 1;
    pub(super) const CENTRAL_KEY: u8 = 1 << 2;
    pub(super) const PERIPHERAL_KEY: u8 = 1 << 3;
    pub(super) const IDENTITY_KEY: u8 = 1 << 4;
    pub(super) const OWN_SIGNING: u8 = 1 << 5;
    pub(super) const PEER_SIGNING: u8 = 1 << 6;
    pub(super) const DATABASE_HASH: u8 = 1 << 7;
}
/// Beside the size of the keys: the peer's identity is a random static address.
const RANDOM: u8 = 0x80;

/// Octets that may be a key: wiped when they are dropped, also where a future is dropped in the middle. Aligned as drivers with DMA
/// want it.
#[repr(align(4))]
pub(super) struct Scratch(pub(super) [u8; LENGTH]);

impl Scratch {
    pub(super) const fn new() -> Self {
        Scratch([0; LENGTH])
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// What is kept in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Free,
    Identity,
    /// With whom.
    Bond(Address),
}

/// A record that a newer program has written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Newer(pub(super) u8);

/// The place and the kind of a record, or `None` where it is none.
pub(super) fn look(octets: &[u8]) -> Result<Option<(u8, Kind)>, Newer> {
    let [place, version, kind, ..] = *octets else { return Ok(None) };
    if version > VERSION {
        return Err(Newer(version));
    }
    let Some(body) = body(octets) else { return Ok(None) };
    let kind = match kind {
        0 => Kind::Free,
        1 => Kind::Identity,
        2 => match (Reader { rest: body }).peer() {
            Some((peer, _)) => Kind::Bond(peer),
            None => return Ok(None),
        },
        _ => return Ok(None),
    };
    Ok(Some((place, kind)))
}

/// What stands between a record's head and its checksum, which is right.
fn body(octets: &[u8]) -> Option<&[u8]> {
    let (covered, checksum) = octets.split_last_chunk::<CHECKSUM>()?;
    let [_, VERSION, _, body @ ..] = covered else { return None };
    (crc32(covered).to_le_bytes() == *checksum).then_some(body)
}

/// What two records say, whatever their places are, is the same. In a time that does not tell where they differ.
pub(super) fn is_same(one: &[u8], other: &[u8]) -> bool {
    let (Some((_, one)), Some((_, other))) = (said(one), said(other)) else { return false };
    one.len() == other.len() && one.iter().zip(other).fold(0, |differ, (a, b)| differ | (a ^ b)) == 0
}

fn said(octets: &[u8]) -> Option<(&u8, &[u8])> {
    octets.split_last_chunk::<CHECKSUM>()?.0.split_first()
}

/// That a place is free.
pub(super) fn free(place: u8, octets: &mut Scratch) -> &[u8] {
    Writer::begin(octets, 0).end(place, SHORT)
}

/// Our own identity.
pub(super) fn identity<'a>(place: u8, own: &Identity, octets: &'a mut Scratch) -> &'a [u8] {
    let mut writer = Writer::begin(octets, 1);
    let address = own.address.map_or([0; 6], |address| address.octets);
    writer.put(&[u8::from(own.address.is_some())]);
    writer.put(&address);
    writer.put(&own.identity_key.0);
    writer.end(place, SHORT)
}

/// A bond.
pub(super) fn bond<'a>(place: u8, bond: &Bond, octets: &'a mut Scratch) -> &'a [u8] {
    let mut writer = Writer::begin(octets, 2);
    let random = if bond.peer.kind == AddressKind::Random { RANDOM } else { 0 };
    writer.put(&[bond.key_size | random]);
    writer.put(&bond.peer.octets);
    let mut flags = 0;
    for (is_set, bit) in [
        (bond.authenticated, flag::AUTHENTICATED),
        (bond.secure_connections, flag::SECURE_CONNECTIONS),
        (bond.central_key.is_some(), flag::CENTRAL_KEY),
        (bond.peripheral_key.is_some(), flag::PERIPHERAL_KEY),
        (bond.identity_key.is_some(), flag::IDENTITY_KEY),
        (bond.own_signing.is_some(), flag::OWN_SIGNING),
        (bond.peer_signing.is_some(), flag::PEER_SIGNING),
        (bond.database_hash.is_some(), flag::DATABASE_HASH),
    ] {
        flags |= if is_set { bit } else { 0 };
    }
    writer.put(&[flags, bond.client_features]);
    writer.put(&bond.last_use.to_le_bytes());
    let none = LongTermKey { key: Secret([0; 16]), diversifier: 0, random: [0; 8] };
    for key in [&bond.central_key, &bond.peripheral_key] {
        let key = key.as_ref().unwrap_or(&none);
        writer.put(&key.key.0);
        writer.put(&key.diversifier.to_le_bytes());
        writer.put(&key.random);
    }
    writer.put(bond.identity_key.as_ref().map_or(&[0; 16], |key| &key.0));
    for key in [&bond.own_signing, &bond.peer_signing] {
        writer.put(key.as_ref().map_or(&[0; 16], |key| &key.key.0));
        writer.put(&key.as_ref().map_or(0, |key| key.counter).to_le_bytes());
    }
    writer.put(bond.database_hash.as_ref().unwrap_or(&[0; 16]));
    for (handle, updates) in bond.subscriptions.iter() {
        writer.put(&handle.to_le_bytes());
        writer.put(&[updates.bits()]);
    }
    writer.end(place, LENGTH)
}

/// Our own identity, as it was written.
pub(super) fn read_identity(octets: &[u8]) -> Option<Identity> {
    let mut reader = Reader { rest: body(octets)? };
    let ([is_random], address, key) = (reader.take()?, reader.take()?, reader.take()?);
    let address = (is_random == 1).then(|| Address::new(AddressKind::Random, address));
    Some(Identity { address, identity_key: Secret(key) })
}

/// A bond, as it was written.
pub(super) fn read_bond(octets: &[u8]) -> Option<Bond> {
    let mut reader = Reader { rest: body(octets)? };
    let (peer, key_size) = reader.peer()?;
    let [flags, client_features] = reader.take()?;
    let is = |bit: u8| flags & bit != 0;
    let mut bond = Bond::new(peer);
    (bond.key_size, bond.client_features) = (key_size, client_features);
    (bond.authenticated, bond.secure_connections) = (is(flag::AUTHENTICATED), is(flag::SECURE_CONNECTIONS));
    bond.last_use = u32::from_le_bytes(reader.take()?);
    let (central, peripheral) = (reader.long()?, reader.long()?);
    bond.central_key = is(flag::CENTRAL_KEY).then_some(central);
    bond.peripheral_key = is(flag::PERIPHERAL_KEY).then_some(peripheral);
    let key = reader.take()?;
    bond.identity_key = is(flag::IDENTITY_KEY).then_some(Secret(key));
    let (own, peer) = (reader.signing()?, reader.signing()?);
    bond.own_signing = is(flag::OWN_SIGNING).then_some(own);
    bond.peer_signing = is(flag::PEER_SIGNING).then_some(peer);
    let hash = reader.take()?;
    bond.database_hash = is(flag::DATABASE_HASH).then_some(hash);
    while let (Some(handle), Some([kinds])) = (reader.take(), reader.take()) {
        // Zeros are behind the last one.
        let handle = u16::from_le_bytes(handle);
        if handle != 0 && !bond.subscriptions.set(handle, Updates::from_bits_truncate(kinds)) {
            return None;
        }
    }
    Some(bond)
}

/// Octets that are written one behind the other.
struct Writer<'a> {
    octets: &'a mut Scratch,
    at: usize,
}

impl<'a> Writer<'a> {
    fn begin(octets: &'a mut Scratch, kind: u8) -> Self {
        octets.0.fill(0);
        let mut writer = Writer { octets, at: 1 };
        writer.put(&[VERSION, kind]);
        writer
    }

    fn put(&mut self, octets: &[u8]) {
        let end = self.at.saturating_add(octets.len());
        if let Some(room) = self.octets.0.get_mut(self.at..end) {
            room.iter_mut().zip(octets).for_each(|(to, from)| *to = *from);
        }
        self.at = end;
    }

    fn end(self, place: u8, length: usize) -> &'a [u8] {
        let octets = self.octets.0.get_mut(..length).unwrap_or_default();
        if let Some(first) = octets.first_mut() {
            *first = place;
        }
        if let Some((covered, checksum)) = octets.split_last_chunk_mut::<CHECKSUM>() {
            *checksum = crc32(covered).to_le_bytes();
        }
        octets
    }
}

/// Octets that are read one behind the other.
struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(*taken)
    }

    /// An identity, and the size of the keys.
    fn peer(&mut self) -> Option<(Address, u8)> {
        let ([first], octets) = (self.take()?, self.take()?);
        let kind = if first & RANDOM != 0 { AddressKind::Random } else { AddressKind::Public };
        Some((Address::new(kind, octets), first & !RANDOM))
    }

    fn long(&mut self) -> Option<LongTermKey> {
        let (key, diversifier, random) = (Secret(self.take()?), u16::from_le_bytes(self.take()?), self.take()?);
        Some(LongTermKey { key, diversifier, random })
    }

    fn signing(&mut self) -> Option<SigningKey> {
        Some(SigningKey { key: Secret(self.take()?), counter: u32::from_le_bytes(self.take()?) })
    }
}
