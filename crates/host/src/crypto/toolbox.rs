//! The cryptographic toolbox (Vol 3, Part H, 2.2). Every value stands as it goes over the air, its least significant octet first; the
//! specification prints them the other way round.

use super::{Wiped, encrypt, mac};
use jelling_wire::{Address, AddressKind};
use subtle::ConstantTimeEq;
use zeroize::Zeroize;

/// The salt of f5 (Vol 3, Part H, 2.2.7).
const SALT: [u8; 16] = [0xbe, 0x83, 0x60, 0x5a, 0xdb, 0x0b, 0x37, 0x60, 0x38, 0xa5, 0xf5, 0xaa, 0x91, 0x83, 0x88, 0x6c];

/// True when both are the same. How long that takes tells of their lengths alone.
#[inline(never)]
pub fn equal(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

/// Overwrites octets that are done with, by writes that no compiler leaves out.
#[inline(never)]
pub fn wipe(octets: &mut [u8]) {
    octets.zeroize();
}

/// The security function e (2.2.1): one block of AES-128.
pub fn aes_128(key: &[u8; 16], block: &[u8; 16]) -> [u8; 16] {
    let mut block = *block;
    encrypt(key, &mut block);
    block
}

/// The hash of a resolvable private address, ah (2.2.2): `prand` is its upper half, and the hash must be its lower.
pub fn ah(irk: &[u8; 16], prand: &[u8; 3]) -> [u8; 3] {
    let mut block = [0; 16];
    block.iter_mut().zip(prand).for_each(|(to, from)| *to = *from);
    let [a, b, c, ..] = aes_128(irk, &block);
    [a, b, c]
}

/// The confirm value of legacy pairing, c1 (2.2.3). Request and response as they went over the air, opcodes included; the addresses
/// with which the link was made.
#[cfg(any(feature = "legacy-pairing", feature = "seams"))]
pub fn c1(
    k: &[u8; 16],
    r: &[u8; 16],
    request: &[u8; 7],
    response: &[u8; 7],
    initiator: Address,
    responder: Address,
) -> [u8; 16] {
    let mut block = *r;
    // p1 = pres || preq || rat' || iat', and p2 = padding || ia || ra.
    let kinds = [kind_of(initiator), kind_of(responder)];
    xor(&mut block, kinds.iter().chain(request).chain(response));
    let mut block = aes_128(k, &block);
    xor(&mut block, responder.octets.iter().chain(&initiator.octets));
    aes_128(k, &block)
}

/// The short term key of legacy pairing, s1 (2.2.4): `r1` is the responder's random value, `r2` the initiator's.
#[cfg(any(feature = "legacy-pairing", feature = "seams"))]
pub fn s1(k: &[u8; 16], r1: &[u8; 16], r2: &[u8; 16]) -> [u8; 16] {
    // r' = the lower half of r1 || the lower half of r2.
    let mut block = [0; 16];
    block.iter_mut().zip(r2.iter().take(8).chain(r1)).for_each(|(to, from)| *to = *from);
    aes_128(k, &block)
}

/// The confirm value f4 (2.2.6): `u` and `v` are the X coordinates of two public keys, `z` is 0, or 0x80 and a bit of the passkey.
pub fn f4(u: &[u8; 32], v: &[u8; 32], x: &[u8; 16], z: u8) -> [u8; 16] {
    mac(x, &[u, v, &[z]])
}

/// The key generation f5 (2.2.7): MacKey, and the long term key. `w` is the DHKey, `n1` and `a1` are the initiator's.
pub fn f5(w: &[u8; 32], n1: &[u8; 16], n2: &[u8; 16], a1: &Address, a2: &Address) -> ([u8; 16], [u8; 16]) {
    let key = Wiped(mac(&SALT, &[w]));
    let (a1, a2) = (octets(a1), octets(a2));
    // Counter || keyID "btle" || N1 || N2 || A1 || A2 || Length, which is 256.
    let [mut mac_key, mut long_term_key] = [[0; 16]; 2];
    for (counter, half) in [(0, &mut mac_key), (1, &mut long_term_key)] {
        *half = mac(&key.0, &[&[counter], b"eltb", n1, n2, &a1, &a2, &[0, 1]]);
    }
    (mac_key, long_term_key)
}

/// The check value f6 (2.2.8) of who has the nonce `n1` and the address `a1`. `w` is the MacKey; `io` its IO capability, OOB data flag
/// and authentication requirements, in the order of the Pairing Request and Response.
pub fn f6(
    w: &[u8; 16],
    n1: &[u8; 16],
    n2: &[u8; 16],
    r: &[u8; 16],
    io: [u8; 3],
    a1: &Address,
    a2: &Address,
) -> [u8; 16] {
    mac(w, &[n1, n2, r, &io, &octets(a1), &octets(a2)])
}

/// What both displays show at Numeric Comparison, g2 (2.2.9): six digits, 0 to 999,999. `u` and `x` are the initiator's.
pub fn g2(u: &[u8; 32], v: &[u8; 32], x: &[u8; 16], y: &[u8; 16]) -> u32 {
    let [a, b, c, d, ..] = mac(x, &[u, v, y]);
    u32::from_le_bytes([a, b, c, d]) % 1_000_000
}

/// 56 bits: 0 for public or 1 for random, above the address.
fn octets(address: &Address) -> [u8; 7] {
    let [a, b, c, d, e, f] = address.octets;
    [a, b, c, d, e, f, kind_of(*address)]
}

fn kind_of(address: Address) -> u8 {
    match address.kind {
        AddressKind::Public => 0,
        AddressKind::Random => 1,
    }
}

#[cfg(any(feature = "legacy-pairing", feature = "seams"))]
fn xor<'a>(block: &mut [u8; 16], with: impl Iterator<Item = &'a u8>) {
    block.iter_mut().zip(with).for_each(|(to, from)| *to ^= *from);
}
