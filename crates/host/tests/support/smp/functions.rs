//! The functions of Vol 3, Part H, 2.2, as they are printed: most significant octet first, messages put together whole.

use aes::{
    Aes128,
    cipher::{BlockCipherEncrypt, KeyInit},
};
use cmac::{Cmac, Mac};
use p256::elliptic_curve::{
    point::AffineCoordinates,
    sec1::{FromSec1Point, ToSec1Point},
};
use std::{cell::RefCell, collections::HashMap};

pub(crate) type Octets16 = [u8; 16];
pub(crate) type Octets32 = [u8; 32];

/// Turns the order of the air into that of the specification, and back.
pub(crate) fn turn<const N: usize>(octets: &[u8; N]) -> [u8; N] {
    let mut octets = *octets;
    octets.reverse();
    octets
}

pub(crate) fn e(key: &Octets16, block: &[u8]) -> Octets16 {
    let mut block: aes::Block = <Octets16>::try_from(block).unwrap().into();
    Aes128::new(key.into()).encrypt_block(&mut block);
    block.into()
}

pub(crate) fn cmac(key: &Octets16, message: &[u8]) -> Octets16 {
    let mut mac = <Cmac<Aes128> as cmac::KeyInit>::new(key.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

pub(crate) fn f4(u: &Octets32, v: &Octets32, x: &Octets16, z: u8) -> Octets16 {
    cmac(x, &[&u[..], v, &[z]].concat())
}

/// MacKey and LTK. Addresses are seven octets.
pub(crate) fn f5(w: &Octets32, n1: &Octets16, n2: &Octets16, a1: &[u8; 7], a2: &[u8; 7]) -> (Octets16, Octets16) {
    let salt = 0x6c88_8391_aaf5_a538_6037_0bdb_5a60_83be_u128.to_be_bytes();
    let t = cmac(&salt, w);
    let half = |counter: u8| cmac(&t, &[&[counter][..], b"btle", n1, n2, a1, a2, &[0x01, 0x00]].concat());
    (half(0), half(1))
}

pub(crate) fn f6(
    w: &Octets16,
    n1: &Octets16,
    n2: &Octets16,
    r: &Octets16,
    io: &[u8; 3],
    a1: &[u8; 7],
    a2: &[u8; 7],
) -> Octets16 {
    cmac(w, &[&n1[..], n2, r, io, a1, a2].concat())
}

pub(crate) fn g2(u: &Octets32, v: &Octets32, x: &Octets16, y: &Octets16) -> u32 {
    let number = u128::from_be_bytes(cmac(x, &[&u[..], v, y].concat()));
    (number % (1 << 32)) as u32 % 1_000_000
}

/// `preq` and `pres` most significant octet first, so the code of the PDU last.
pub(crate) fn c1(
    k: &Octets16,
    r: &Octets16,
    preq: &[u8; 7],
    pres: &[u8; 7],
    initiator: &[u8; 7],
    responder: &[u8; 7],
) -> Octets16 {
    let (iat, ia) = (initiator[0], &initiator[1..]);
    let (rat, ra) = (responder[0], &responder[1..]);
    let p1 = [&pres[..], preq, &[rat], &[iat]].concat();
    let p2 = [&[0; 4][..], ia, ra].concat();
    let xor = |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| a ^ b).collect::<Vec<u8>>();
    e(k, &xor(&e(k, &xor(r, &p1)), &p2))
}

pub(crate) fn s1(k: &Octets16, r1: &Octets16, r2: &Octets16) -> Octets16 {
    e(k, &[&r1[8..], &r2[8..]].concat())
}

/// What a product is of, and the product.
type Products = HashMap<(Octets32, Option<Point>), Option<Point>>;

thread_local! {
    /// A product is worked out once a thread: tests play the same keys again and again, and no optimiser helps them.
    static PRODUCTS: RefCell<Products> = RefCell::default();
}

/// A point's X and Y.
pub(crate) type Point = (Octets32, Octets32);

/// A private key times a point, or the base point; none where the one is no key or the other no point.
pub(crate) fn product(private: &Octets32, point: Option<&Point>) -> Option<Point> {
    let key = (*private, point.copied());
    if let Some(known) = PRODUCTS.with_borrow(|all| all.get(&key).copied()) {
        return known;
    }
    let made = multiply(private, point);
    PRODUCTS.with_borrow_mut(|all| all.insert(key, made));
    made
}

fn multiply(private: &Octets32, point: Option<&Point>) -> Option<Point> {
    let scalar = p256::SecretKey::from_slice(private).ok()?.to_nonzero_scalar();
    let made = match point {
        None => p256::PublicKey::from_secret_scalar(&scalar),
        Some(point) => {
            let point = p256::AffinePoint::from_sec1_point(&sec1(point)).into_option()?;
            p256::PublicKey::from_affine((p256::ProjectivePoint::from(point) * *scalar).to_affine()).ok()?
        }
    };
    let point = made.to_sec1_point(false);
    Some(((*point.x()?).into(), (*point.y()?).into()))
}

fn sec1((x, y): &Point) -> p256::Sec1Point {
    p256::Sec1Point::from_affine_coordinates(x.into(), y.into(), false)
}

/// Whether there is such a point, and the other one with the same X.
pub(crate) fn negative((x, y): &Point) -> Option<Point> {
    let point = p256::AffinePoint::from_sec1_point(&sec1(&(*x, *y))).into_option()?;
    let negative = -point;
    Some((negative.x().into(), negative.y().into()))
}
