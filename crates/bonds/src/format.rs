//! The text of the file, version 1: a JSON object. Octets are hex in the order of the air; addresses are as they are written.
//!
//! A checksum over what is meant makes sure that what is read is what was written: a single wrong digit is half a key. A field that
//! version 1 does not have is refused: whoever wrote it meant something by it, and it would be gone with the next save.

use crate::{Contents, checksum::crc32, hex::Hex};
use jelling::{Address, AddressKind, Bond, Device, Identity, LongTermKey, Secret, SigningKey, Subscriptions, Updates};
use serde::{Deserialize, Serialize};

const FORMAT: &str = "jelling-bonds";
const VERSION: u32 = 1;

/// The whole file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    /// CRC-32 of `records` as compact JSON.
    checksum: Hex<4>,
    records: Records,
}

/// What any version begins with.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Records {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity: Option<Own>,
    bonds: Vec<Peer>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    address: Option<String>,
    identity_key: Hex<16>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Peer {
    peer: String,
    authenticated: bool,
    secure_connections: bool,
    key_size: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    central_key: Option<Long>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peripheral_key: Option<Long>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    identity_key: Option<Hex<16>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own_signing: Option<Signing>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    peer_signing: Option<Signing>,
    client_features: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    database_hash: Option<Hex<16>>,
    subscriptions: Vec<Subscription>,
    last_use: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Long {
    key: Hex<16>,
    diversifier: u16,
    random: Hex<8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signing {
    key: Hex<16>,
    counter: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subscription {
    handle: u16,
    notify: bool,
    indicate: bool,
}

/// The text of a file with these contents.
pub(crate) fn write(contents: &Contents) -> Result<Vec<u8>, String> {
    let records = Records::of(contents);
    let checksum = Hex(crc32(&compact(&records)?).to_be_bytes());
    let file = File { format: FORMAT.into(), version: VERSION, checksum, records };
    let mut text = serde_json::to_vec_pretty(&file).map_err(|error| error.to_string())?;
    text.push(b'\n');
    Ok(text)
}

/// The contents of a file, or what is wrong with it.
pub(crate) fn read(text: &[u8]) -> Result<Contents, String> {
    if text.is_empty() {
        return Err("the file is empty, and no file of bonds is".into());
    }
    let broken = |error: serde_json::Error| format!("the file is damaged, or none of bonds: {}", Told(&error));
    let head: Head = serde_json::from_slice(text).map_err(broken)?;
    if head.format != FORMAT {
        return Err(format!("the file is not one of bonds: its format is not {FORMAT:?}"));
    }
    if head.version != u64::from(VERSION) {
        return Err(format!("the file is of version {}, and this program knows version {VERSION}", head.version));
    }
    let file: File = serde_json::from_slice(text).map_err(broken)?;
    if crc32(&compact(&file.records)?).to_be_bytes() != file.checksum.0 {
        return Err("the file is damaged: its checksum is of something else".into());
    }
    file.records.contents()
}

fn compact(records: &Records) -> Result<Vec<u8>, String> {
    serde_json::to_vec(records).map_err(|error| error.to_string())
}

/// An error of JSON without what stood there: it may be most of a key.
struct Told<'a>(&'a serde_json::Error);

impl core::fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (line, column) = (self.0.line(), self.0.column());
        let what = match self.0.classify() {
            serde_json::error::Category::Syntax => "no JSON",
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Data => {
                "a field that is missing, unknown, twice there, or has another value than it can"
            }
            serde_json::error::Category::Io => "it could not be read",
        };
        write!(f, "line {line}, column {column}: {what}")
    }
}

fn device(address: Address) -> String {
    let kind = match address.kind {
        AddressKind::Public => "public",
        AddressKind::Random => "random",
    };
    format!("{}/{kind}", Device::from(address))
}

fn address(text: &str) -> Result<Address, String> {
    let device = text.parse::<Device>().map_err(|error| format!("the file is damaged: {error}"))?;
    if text.contains('/') { Ok(device.into()) } else { Err("the file is damaged: an address without its kind".into()) }
}

/// Public or random static: what an identity can be.
fn identity(text: &str) -> Result<Address, String> {
    let address = address(text)?;
    if address.kind == AddressKind::Public || address.is_static_random() {
        Ok(address)
    } else {
        Err(format!("the file is damaged: {text} is no identity: neither public nor random static"))
    }
}

impl Records {
    fn of(contents: &Contents) -> Self {
        let own = |own: Identity| Own { address: own.address.map(device), identity_key: Hex(own.identity_key.0) };
        Records { identity: contents.identity.map(own), bonds: contents.bonds.iter().map(Peer::of).collect() }
    }

    fn contents(&self) -> Result<Contents, String> {
        let mut contents = Contents::default();
        if let Some(own) = &self.identity {
            let address = own.address.as_deref().map(identity).transpose()?;
            if address.is_some_and(|address| !address.is_static_random()) {
                return Err("the file is damaged: our own address is not a random static one".into());
            }
            contents.identity = Some(Identity { address, identity_key: Secret(own.identity_key.0) });
        }
        for peer in &self.bonds {
            let bond = peer.bond()?;
            if contents.bonds.iter().any(|known| known.peer == bond.peer) {
                return Err(format!("the file is damaged: it has two bonds with {}", peer.peer));
            }
            contents.bonds.push(bond);
        }
        Ok(contents)
    }
}

impl Peer {
    fn of(bond: &Bond) -> Self {
        let long =
            |key: LongTermKey| Long { key: Hex(key.key.0), diversifier: key.diversifier, random: Hex(key.random) };
        let signing = |key: SigningKey| Signing { key: Hex(key.key.0), counter: key.counter };
        let subscription = |(handle, updates): (u16, Updates)| Subscription {
            handle,
            notify: updates.contains(Updates::NOTIFY),
            indicate: updates.contains(Updates::INDICATE),
        };
        Peer {
            peer: device(bond.peer),
            authenticated: bond.authenticated,
            secure_connections: bond.secure_connections,
            key_size: bond.key_size,
            central_key: bond.central_key.map(long),
            peripheral_key: bond.peripheral_key.map(long),
            identity_key: bond.identity_key.map(|key| Hex(key.0)),
            own_signing: bond.own_signing.map(signing),
            peer_signing: bond.peer_signing.map(signing),
            client_features: bond.client_features,
            database_hash: bond.database_hash.map(Hex),
            subscriptions: bond.subscriptions.iter().map(subscription).collect(),
            last_use: bond.last_use,
        }
    }

    fn bond(&self) -> Result<Bond, String> {
        let long =
            |key: &Long| LongTermKey { key: Secret(key.key.0), diversifier: key.diversifier, random: key.random.0 };
        let signing = |key: &Signing| SigningKey { key: Secret(key.key.0), counter: key.counter };
        let mut bond = Bond::new(identity(&self.peer)?);
        if !(7..=16).contains(&self.key_size) {
            return Err(format!(
                "the file is damaged: {} has keys of {} octets, and 7 to 16 are",
                self.peer, self.key_size
            ));
        }
        (bond.authenticated, bond.secure_connections) = (self.authenticated, self.secure_connections);
        (bond.key_size, bond.last_use) = (self.key_size, self.last_use);
        (bond.central_key, bond.peripheral_key) =
            (self.central_key.as_ref().map(long), self.peripheral_key.as_ref().map(long));
        (bond.own_signing, bond.peer_signing) =
            (self.own_signing.as_ref().map(signing), self.peer_signing.as_ref().map(signing));
        bond.identity_key = self.identity_key.map(|key| Secret(key.0));
        (bond.client_features, bond.database_hash) = (self.client_features, self.database_hash.map(|hash| hash.0));
        bond.subscriptions = subscriptions(&self.subscriptions)?;
        Ok(bond)
    }
}

fn subscriptions(listed: &[Subscription]) -> Result<Subscriptions, String> {
    let mut all = Subscriptions::NONE;
    for one in listed {
        let mut updates = Updates::empty();
        updates.set(Updates::NOTIFY, one.notify);
        updates.set(Updates::INDICATE, one.indicate);
        if updates.is_empty() || !all.get(one.handle).is_empty() || !all.set(one.handle, updates) {
            return Err(format!("the file is damaged: a subscription by handle {} that cannot be", one.handle));
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::{read, write};
    use crate::Contents;
    use jelling::{Address, AddressKind, Bond, Identity, LongTermKey, Secret, SigningKey, Updates};

    /// One of everything.
    fn contents() -> Contents {
        let peer = Address::new(AddressKind::Random, [1, 2, 3, 4, 5, 0xc6]);
        let key = Secret([0xa5; 16]);
        let mut bond = Bond::new(peer);
        (bond.authenticated, bond.key_size, bond.client_features, bond.last_use) = (true, 9, 1, 1_000);
        bond.central_key = Some(LongTermKey { key, diversifier: 0x1234, random: [7; 8] });
        bond.peripheral_key = bond.central_key;
        bond.own_signing = Some(SigningKey { key, counter: 10 });
        bond.peer_signing = bond.own_signing;
        (bond.identity_key, bond.database_hash) = (Some(key), Some([0x5a; 16]));
        assert!(bond.subscriptions.set(19, Updates::NOTIFY) && bond.subscriptions.set(22, Updates::INDICATE));
        let other = Bond::new(Address::new(AddressKind::Public, [9; 6]));
        Contents { identity: Some(Identity { address: Some(peer), identity_key: key }), bonds: vec![bond, other] }
    }

    #[test]
    fn what_is_written_is_read() {
        for contents in [contents(), Contents::default()] {
            assert_eq!(read(&write(&contents).unwrap()), Ok(contents));
        }
    }

    #[test]
    fn a_file_that_ends_anywhere_is_refused() {
        let text = write(&contents()).unwrap();
        for length in 0..text.len() {
            // The end of the last line alone means nothing.
            assert_eq!(read(&text[..length]).is_ok(), length.saturating_add(1) == text.len(), "{length} octets");
        }
    }

    #[test]
    fn a_bit_that_is_another_anywhere_is_noticed_or_means_nothing() {
        let (all, text) = (contents(), write(&contents()).unwrap());
        let mut same = 0usize;
        for at in 0..text.len() {
            for bit in 0..8 {
                let mut text = text.clone();
                text[at] ^= 1 << bit;
                // Blanks, and the case of digits.
                if let Ok(contents) = read(&text) {
                    assert_eq!(contents, all, "bit {bit} of octet {at}");
                    same = same.saturating_add(1);
                }
            }
        }
        assert!(same < text.len().saturating_mul(2), "{same}");
    }
}
