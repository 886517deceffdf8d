//! AES-CMAC and what is made of it, against vectors of the specification and of other hosts.
#![cfg(feature = "security")]
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "tests"
)]

use jelling_host::Core;
use serde_json::Value;

fn vectors(function: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(include_str!("vectors/crypto.json")).expect("JSON");
    let all = file["vectors"].as_array().expect("a list");
    let found: Vec<Value> = all.iter().filter(|v| v["function"] == function).cloned().collect();
    assert!(!found.is_empty(), "no vector for {function}");
    found
}

fn octets(value: &Value) -> Vec<u8> {
    let digits = value.as_str().expect("a string");
    (0..digits.len()).step_by(2).map(|i| u8::from_str_radix(&digits[i..i + 2], 16).expect("hexadecimal")).collect()
}

fn key(value: &Value) -> [u8; 16] {
    octets(value).try_into().expect("16 octets")
}

#[test]
fn aes_cmac_is_that_of_rfc_4493() {
    for vector in vectors("aes_cmac") {
        let (input, output) = (&vector["input"], &vector["output"]);
        let mac = Core::aes_cmac(&key(&input["key"]), &octets(&input["message"]));
        assert_eq!(mac[..], octets(&output["mac"]), "{}", vector["id"]);
    }
}

#[test]
fn the_sample_of_the_database_hash_is_an_aes_cmac_with_key_zero() {
    for vector in vectors("gatt_db_hash") {
        let mac = Core::aes_cmac(&[0; 16], &octets(&vector["input"]["m"]));
        assert_eq!(mac[..], octets(&vector["output"]["hash"]), "{}", vector["id"]);
    }
}

#[test]
fn signatures_of_other_hosts_are_aes_cmac_over_the_octets_turned_round() {
    for vector in vectors("att_signature") {
        let (input, output) = (&vector["input"], &vector["output"]);
        let counter = u32::try_from(input["sign_counter"].as_u64().expect("a number")).expect("32 bits");
        let mut message = [octets(&input["pdu"]), counter.to_le_bytes().to_vec()].concat();
        message.reverse();
        let code = Core::aes_cmac(&key(&input["csrk"]), &message);
        let signature: Vec<u8> = counter.to_le_bytes().into_iter().chain(code[..8].iter().rev().copied()).collect();
        assert_eq!(signature, octets(&output["signature_wire"]), "{}", vector["id"]);
    }
}
