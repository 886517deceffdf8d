//! P-256, of which pairing makes its shared secret (Vol 3, Part H, 2.3.5.6.1), behind a trait: an accelerator does it as well.

use core::ops::Mul;
use jelling_wire::Secret;
use p256::{AffinePoint, FieldBytes, NonZeroScalar, ProjectivePoint, elliptic_curve::point::AffineCoordinates};
use zeroize::Zeroizing;

/// A public key: a point of P-256. Each coordinate is as it goes over the air, its least significant octet first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PublicKey {
    /// The X coordinate.
    pub x: [u8; 32],
    /// The Y coordinate.
    pub y: [u8; 32],
}

impl PublicKey {
    /// The debug key, whose private key is printed in the specification (Vol 3, Part H, 2.3.5.6.1): who pairs with it keeps no secret.
    pub const DEBUG: PublicKey = PublicKey {
        x: [
            0xe6, 0x9d, 0x35, 0x0e, 0x48, 0x01, 0x03, 0xcc, 0xdb, 0xfd, 0xf4, 0xac, 0x11, 0x91, 0xf4, 0xef, 0xb9, 0xa5,
            0xf9, 0xe9, 0xa7, 0x83, 0x2c, 0x5e, 0x2c, 0xbe, 0x97, 0xf2, 0xd2, 0x03, 0xb0, 0x20,
        ],
        y: [
            0x8b, 0xd2, 0x89, 0x15, 0xd0, 0x8e, 0x1c, 0x74, 0x24, 0x30, 0xed, 0x8f, 0xc2, 0x45, 0x63, 0x76, 0x5c, 0x15,
            0x52, 0x5a, 0xbf, 0x9a, 0x32, 0x63, 0x6d, 0xeb, 0x2a, 0x65, 0x49, 0x9c, 0x80, 0xdc,
        ],
    };
}

/// What computes on P-256 for pairing: [`Software`], or an accelerator of the microcontroller.
///
/// Octets are in the order of the air, least significant first. A private key is 32 random octets as the controller drew them; nothing of
/// it, or of a shared secret, may stay behind in memory, and no time may depend on one. Each point of a peer must be looked at: one
/// that is off the curve would give the private key away (CVE-2018-5383).
pub trait Crypto {
    /// The public key of a private key. None when that is 0, or not below the order of the curve: another is drawn.
    fn public_key(&mut self, private: &[u8; 32]) -> Option<PublicKey>;

    /// The DHKey of our private key and a peer's public key. None when that is not a point of the curve, or ours is out of range.
    fn shared_secret(&mut self, private: &[u8; 32], peer: &PublicKey) -> Option<Secret<32>>;

    /// True for a point of the curve: both coordinates are below the prime, and fit its equation. Infinity has no coordinates.
    fn is_on_curve(&mut self, peer: &PublicKey) -> bool;
}

/// P-256 in software, in constant time. On a microcontroller it takes long, so the core never calls it: it hands out jobs. It is not
/// part of the image that has no panic in it: its inversion (`crypto-bigint`'s safegcd) has a bounds check and an `expect` that are never
/// met, which a compiler cannot prove.
#[derive(Clone, Copy, Debug, Default)]
pub struct Software;

impl Crypto for Software {
    fn public_key(&mut self, private: &[u8; 32]) -> Option<PublicKey> {
        let point = multiple(ProjectivePoint::GENERATOR, private)?;
        Some(PublicKey { x: turned(&point.x().into()), y: turned(&point.y().into()) })
    }

    fn shared_secret(&mut self, private: &[u8; 32], peer: &PublicKey) -> Option<Secret<32>> {
        let point = Zeroizing::new(multiple(point(peer)?.into(), private)?);
        let x = Zeroizing::new(point.x().into());
        Some(Secret(turned(&x)))
    }

    fn is_on_curve(&mut self, peer: &PublicKey) -> bool {
        point(peer).is_some()
    }
}

/// A key that is 1 to n - 1, times a point. Never infinity, as the order of the curve is prime.
fn multiple(point: ProjectivePoint, private: &[u8; 32]) -> Option<AffinePoint> {
    let octets = Zeroizing::new(FieldBytes::from(turned(private)));
    let scalar: Option<NonZeroScalar> = NonZeroScalar::from_repr(*octets).into();
    let scalar = Zeroizing::new(scalar?);
    let product = Zeroizing::new(point.mul(**scalar));
    Some(product.to_affine())
}

/// The point, if it is one.
fn point(key: &PublicKey) -> Option<AffinePoint> {
    AffinePoint::from_coordinates(&turned(&key.x).into(), &turned(&key.y).into()).into()
}

fn turned(octets: &[u8; 32]) -> [u8; 32] {
    let mut octets = *octets;
    octets.reverse();
    octets
}
