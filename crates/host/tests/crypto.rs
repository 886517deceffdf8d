//! The toolbox of pairing and what is made of AES-CMAC, against vectors of the specification and of other hosts. They have the most
//! significant octet first, as the specification prints them; the toolbox has the order of the air.
#![cfg(feature = "security")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

use jelling_host::{
    Core, Crypto, PublicKey, Software, toolbox,
    wire::{Address, AddressKind, Secret},
};
use proptest::prelude::*;
use serde_json::Value;

/// Octets as they are printed.
fn octets(value: &Value) -> Vec<u8> {
    let digits = value.as_str().expect("a string");
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).expect("hexadecimal")).collect()
}

/// Octets as they are printed, `N` of them.
fn printed<const N: usize>(value: &Value) -> [u8; N] {
    octets(value).try_into().expect("as many octets as the type has")
}

/// Octets in the order of the air.
fn air<const N: usize>(value: &Value) -> [u8; N] {
    let mut octets: [u8; N] = printed(value);
    octets.reverse();
    octets
}

fn turned<const N: usize>(mut octets: [u8; N]) -> [u8; N] {
    octets.reverse();
    octets
}

/// A type, 0 or 1, and an address.
fn address(value: &Value) -> Address {
    let [a, b, c, d, e, f, kind]: [u8; 7] = air(value);
    Address::new(AddressKind::from_octet(kind).expect("0 or 1"), [a, b, c, d, e, f])
}

fn address_apart(kind: &Value, octets: &Value) -> Address {
    let kind = u8::try_from(kind.as_u64().expect("a number")).expect("an octet");
    Address::new(AddressKind::from_octet(kind).expect("0 or 1"), air(octets))
}

fn aes_cmac(key: &[u8], message: &[u8]) -> [u8; 16] {
    Core::aes_cmac(key.try_into().expect("16 octets"), message)
}

/// The functions of BR/EDR that derive one transport's key from the other's (Vol 3, Part H, 2.2.10, 2.2.11 and 2.4.2.4, .5): this
/// host has no use for them, their vectors are some more of AES-CMAC's.
fn derived(key: &[u8], salts: [&[u8]; 2], ct2: &Value) -> [u8; 16] {
    let [tmp, last] = salts;
    let intermediate = if ct2 == true {
        let salt = [vec![0; 12], tmp.to_vec()].concat();
        aes_cmac(&salt, key)
    } else {
        aes_cmac(key, tmp)
    };
    aes_cmac(&intermediate, last)
}

/// Encrypted Advertising Data (Supplement, Part A, 1.23): AES-CCM in RFC 3610's words, of the toolbox's e. Not the host's either.
fn sealed(input: &Value) -> Vec<u8> {
    let e = |block: [u8; 16]| turned(toolbox::aes_128(&air(&input["session_key"]), &turned(block)));
    let (randomizer, vector, data) = (octets(&input["randomizer"]), octets(&input["iv"]), octets(&input["ad_data"]));
    let nonce = [randomizer.clone(), vector].concat();
    let block = |flags: u8, last: usize| -> [u8; 16] {
        let last = u16::try_from(last).expect("short").to_be_bytes();
        [&[flags], &nonce[..], &last].concat().try_into().expect("16 octets")
    };
    let xor = |a: [u8; 16], b: &[u8]| core::array::from_fn(|i| a[i] ^ b.get(i).copied().unwrap_or(0));
    // Four octets of code, two of length; one octet of additional data, 0xea.
    let mut code = e(block(0x49, data.len()));
    code = e(xor(code, &[0x00, 0x01, 0xea]));
    for part in data.chunks(16) {
        code = e(xor(code, part));
    }
    let sealed = data.chunks(16).enumerate().flat_map(|(i, part)| {
        let stream = e(block(1, i + 1));
        part.iter().zip(stream).map(|(a, b)| a ^ b).collect::<Vec<u8>>()
    });
    let code: [u8; 16] = xor(code, &e(block(1, 0)));
    randomizer.into_iter().chain(sealed).chain(code[..4].to_vec()).collect()
}

/// A signature (Vol 3, Part H, 2.4.5) over octets that stand as they go over the air.
fn signature(key: &Value, pdu: &[u8], counter: u32) -> Vec<u8> {
    let mut message = [pdu.to_vec(), counter.to_le_bytes().to_vec()].concat();
    message.reverse();
    let code = aes_cmac(&octets(key), &message);
    counter.to_le_bytes().into_iter().chain(code[..8].iter().rev().copied()).collect()
}

/// What the function of a vector makes of its input, under the name of each of its outputs.
fn outputs(function: &str, input: &Value) -> Vec<(&'static str, Value)> {
    let hex = |octets: &[u8]| Value::from(octets.iter().map(|o| format!("{o:02x}")).collect::<String>());
    let key = |name: &str| air::<16>(&input[name]);
    match function {
        "aes_cmac" => vec![("mac", hex(&aes_cmac(&octets(&input["key"]), &octets(&input["message"]))))],
        "aes128" => vec![("out", hex(&turned(toolbox::aes_128(&key("key"), &key("plaintext")))))],
        "c1" => {
            let initiator = address_apart(&input["iat"], &input["ia"]);
            let responder = address_apart(&input["rat"], &input["ra"]);
            let (request, response) = (air(&input["preq"]), air(&input["pres"]));
            let confirm = toolbox::c1(&key("k"), &key("r"), &request, &response, initiator, responder);
            vec![("out", hex(&turned(confirm)))]
        }
        "s1" => vec![("out", hex(&turned(toolbox::s1(&key("k"), &key("r1"), &key("r2")))))],
        "f4" => {
            let [z] = air(&input["z"]);
            vec![("out", hex(&turned(toolbox::f4(&air(&input["u"]), &air(&input["v"]), &key("x"), z))))]
        }
        "f5" => {
            let (a1, a2) = (address(&input["a1"]), address(&input["a2"]));
            let (mac_key, long_term_key) = toolbox::f5(&air(&input["w"]), &key("n1"), &key("n2"), &a1, &a2);
            // T, which the function keeps to itself.
            let salt = octets(&Value::from("6c888391aaf5a53860370bdb5a6083be"));
            let t = hex(&aes_cmac(&salt, &octets(&input["w"])));
            vec![("t", t), ("mackey", hex(&turned(mac_key))), ("ltk", hex(&turned(long_term_key)))]
        }
        "f6" => {
            let (a1, a2) = (address(&input["a1"]), address(&input["a2"]));
            let check = toolbox::f6(&key("w"), &key("n1"), &key("n2"), &key("r"), air(&input["iocap"]), &a1, &a2);
            vec![("out", hex(&turned(check)))]
        }
        "g2" => {
            let digits = toolbox::g2(&air(&input["u"]), &air(&input["v"]), &key("x"), &key("y"));
            let message = [octets(&input["u"]), octets(&input["v"]), octets(&input["y"])].concat();
            vec![("out32", hex(&aes_cmac(&octets(&input["x"]), &message)[12..])), ("display", Value::from(digits))]
        }
        "ah" => vec![("out", hex(&turned(toolbox::ah(&key("k"), &air(&input["r"])))))],
        "h6" => vec![("out", hex(&aes_cmac(&octets(&input["w"]), &octets(&input["keyid"]))))],
        "h7" => vec![("out", hex(&aes_cmac(&octets(&input["salt"]), &octets(&input["w"]))))],
        "h8" => {
            let intermediate = aes_cmac(&octets(&input["s"]), &octets(&input["k"]));
            vec![("out", hex(&aes_cmac(&intermediate, &octets(&input["keyid"]))))]
        }
        "ltk_to_linkkey" => vec![("out", hex(&derived(&octets(&input["ltk"]), [b"tmp1", b"lebr"], &input["ct2"])))],
        "linkkey_to_ltk" => {
            vec![("out", hex(&derived(&octets(&input["linkkey"]), [b"tmp2", b"brle"], &input["ct2"])))]
        }
        "p256_ecdh" => {
            let private = air(&input["private"]);
            let peer = PublicKey { x: air(&input["peer_x"]), y: air(&input["peer_y"]) };
            let public = Software.public_key(&private).expect("a private key");
            let Secret(shared) = Software.shared_secret(&private, &peer).expect("a point");
            let (x, y) = (hex(&turned(public.x)), hex(&turned(public.y)));
            vec![("public_x", x), ("public_y", y), ("dhkey", hex(&turned(shared)))]
        }
        "p256_point_valid" => {
            let point = PublicKey { x: air(&input["x"]), y: air(&input["y"]) };
            let valid = Software.is_on_curve(&point);
            assert_eq!(Software.shared_secret(&[1; 32], &point).is_some(), valid, "both look at the point");
            vec![("valid", Value::from(valid))]
        }
        "gatt_db_hash" => vec![("hash", hex(&aes_cmac(&[0; 16], &octets(&input["m"]))))],
        "att_signature" => {
            let counter = u32::try_from(input["sign_counter"].as_u64().expect("a number")).expect("32 bits");
            vec![("signature_wire", hex(&signature(&input["csrk"], &octets(&input["pdu"]), counter)))]
        }
        "att_signature_verify" => {
            let pdu = octets(&input["pdu"]);
            let valid = pdu.split_last_chunk::<12>().is_some_and(|(pdu, signed)| {
                let &[c0, c1, c2, c3, ..] = signed;
                let expected = signature(&input["csrk"], pdu, u32::from_le_bytes([c0, c1, c2, c3]));
                toolbox::equal(&expected, signed)
            });
            vec![("valid", Value::from(valid))]
        }
        "ead_encrypt" => vec![("payload", hex(&sealed(input)))],
        _ => panic!("{function} is a function that this test does not know"),
    }
}

#[test]
fn every_vector_comes_out_as_it_is_printed() {
    let file: Value = serde_json::from_str(include_str!("vectors/crypto.json")).expect("JSON");
    let vectors = file["vectors"].as_array().expect("a list");
    assert_eq!(vectors.len(), 48);
    for vector in vectors {
        let (id, function) = (&vector["id"], vector["function"].as_str().expect("a name"));
        let made = outputs(function, &vector["input"]);
        let wanted = vector["output"].as_object().expect("named outputs");
        assert!(!wanted.is_empty(), "{id} wants nothing");
        for (name, wanted) in wanted {
            let (_, made) = made.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{id} has no {name}"));
            assert_eq!(made, wanted, "{id}: {name}");
        }
    }
}

/// The order of the curve's group, most significant octet first.
const ORDER: &str = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

#[test]
fn a_private_key_is_one_to_the_order_less_one() {
    let order = air::<32>(&Value::from(ORDER));
    let mut one = [0; 32];
    one[0] = 1;
    let (mut less, mut more) = (order, order);
    less[0] -= 1;
    more[0] += 1;
    for private in [[0; 32], order, more, [0xff; 32]] {
        assert_eq!(Software.public_key(&private), None, "{private:x?}");
        assert_eq!(Software.shared_secret(&private, &PublicKey::DEBUG), None, "{private:x?}");
    }
    let (first, last) = (Software.public_key(&one), Software.public_key(&less));
    // The last one is the first, negated.
    assert!(first.is_some() && first.map(|p| p.x) == last.map(|p| p.x) && first != last);
    assert_eq!(Software.shared_secret(&one, &PublicKey::DEBUG), Some(Secret(PublicKey::DEBUG.x)));
}

#[test]
fn the_debug_key_is_that_of_the_debug_private_key() {
    let private = air(&Value::from("3f49f6d4a3c55f3874c9b3e3d2103f504aff607beb40b7995899b8a6cd3c1abd"));
    assert_eq!(Software.public_key(&private), Some(PublicKey::DEBUG));
}

#[test]
fn octets_are_equal_when_each_of_them_is() {
    assert!(toolbox::equal(&[], &[]) && toolbox::equal(&[1, 2, 3], &[1, 2, 3]));
    for other in [&[1, 2][..], &[1, 2, 3, 0], &[0, 2, 3], &[1, 2, 0x83], &[]] {
        assert!(!toolbox::equal(&[1, 2, 3], other), "{other:?}");
    }
}

#[test]
fn what_is_wiped_is_zero() {
    let mut octets = [7; 33];
    toolbox::wipe(&mut octets);
    assert_eq!(octets, [0; 33]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn two_sides_agree_on_a_secret(a: [u8; 32], b: [u8; 32]) {
        // Private keys that are out of range are one in 2^32.
        let (Some(public_a), Some(public_b)) = (Software.public_key(&a), Software.public_key(&b)) else {
            return Ok(());
        };
        prop_assert!(Software.is_on_curve(&public_a) && Software.is_on_curve(&public_b));
        let ours = Software.shared_secret(&a, &public_b);
        prop_assert!(ours.is_some());
        prop_assert_eq!(ours, Software.shared_secret(&b, &public_a));
    }

    #[test]
    fn a_point_with_another_bit_is_none(private: [u8; 32], bit in 0_usize..256) {
        let Some(mut point) = Software.public_key(&private) else { return Ok(()) };
        // Another Y for the same X is on the curve only when it is the negative, which differs in more than a bit.
        point.y[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!Software.is_on_curve(&point));
        prop_assert_eq!(Software.shared_secret(&private, &point), None);
    }
}
