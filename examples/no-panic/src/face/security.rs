//! Pairing, its users, its arithmetic, and bonds in a store that gives anything.

use crate::{
    device, duration, fails,
    input::{out, word},
    used,
};
use embassy_futures::join::join4;
use jelling::{
    Address, AddressKind, Bond, Config, Connection, Crypto, Curve, Error, Host, Identity, IoCapability, Keypress,
    LeSecure, LongTermKey, OwnAddress, Pair, PasskeyAction, PeerOob, PublicKey, Secret, SigningKey, Updates,
    security::{BondStore, Each, Record, keep, load},
};

pub(crate) fn config() -> Config {
    Config {
        address: OwnAddress::Resolvable,
        pairing: (word() & 1 == 1).then(pair),
        secure_connections_only: word() & 1 == 1,
        signed_writes: word() & 1 == 1,
        curve: if word() & 1 == 1 { Curve::Controller } else { Curve::Host },
        private_address_timeout: duration(),
        command_timeout: duration(),
        ..Config::new()
    }
}

fn pair() -> Pair {
    let pair = Pair::new().io(IoCapability(word() as u8)).key_size(word() as u8);
    let pair = match word() {
        0 => pair.no_bond().le_secure(LeSecure::Preferred),
        1 => pair.mitm().keypress().replace_bond(),
        _ => pair.le_secure(LeSecure::Off),
    };
    match word() {
        0 => pair.oob(PeerOob::Legacy { key: [word() as u8; 16] }),
        1 => pair.oob(PeerOob::SecureConnections { confirm: [word() as u8; 16], random: [word() as u8; 16] }),
        _ => pair,
    }
}

pub(crate) async fn run(host: Host<'_>) {
    let bonds = async {
        loop {
            let _ = load(host, &mut Flash).await;
            let _ = keep(host, &mut Flash).await;
        }
    };
    let arithmetic = async { match host.run_jobs(&mut Anything).await {} };
    join4(bonds, arithmetic, user(host), secure(host)).await;
}

async fn user(host: Host<'_>) {
    loop {
        let request = host.passkey_action().await;
        used((request.connection(), request.is_open(), request.keypress(Keypress(word() as u8))));
        match (request.action(), word()) {
            (PasskeyAction::Display(digits), _) => {
                out(digits);
                request.closed().await;
            }
            (PasskeyAction::Input, 0) => drop(request.input(word())),
            (PasskeyAction::Compare(_), 0) => drop(request.confirm()),
            (_, 1) => drop(request.reject()),
            _ => {}
        }
    }
}

async fn secure(host: Host<'_>) {
    loop {
        if let Ok(oob) = host.oob().timeout(duration()).await {
            out(u32::from(oob.confirm[0]));
        }
        for connection in host.connections() {
            if let Err(error) = one(&connection).await {
                fails(error);
            }
        }
        used(host.bonds().count());
        used(host.remove_bond(device()));
        embassy_futures::yield_now().await;
    }
}

async fn one(connection: &Connection<'_>) -> Result<(), Error> {
    connection.allow_pairing((word() & 1 == 1).then(pair))?;
    used(connection.pair(pair()).timeout(duration()).await?);
    used(connection.encrypt().await?);
    used((connection.bond(), connection.identity()));
    Ok(())
}

/// P-256 that says anything.
struct Anything;

fn key() -> PublicKey {
    PublicKey { x: [word() as u8; 32], y: [word() as u8; 32] }
}

impl Crypto for Anything {
    fn public_key(&mut self, private: &[u8; 32]) -> Option<PublicKey> {
        out(u32::from(private[0]));
        (word() & 1 == 1).then(key)
    }
    fn shared_secret(&mut self, private: &[u8; 32], peer: &PublicKey) -> Option<Secret<32>> {
        out(u32::from(private[0] ^ peer.x[0]));
        (word() & 1 == 1).then_some(Secret([word() as u8; 32]))
    }
    fn is_on_curve(&mut self, peer: &PublicKey) -> bool {
        out(u32::from(peer.y[0]));
        word() & 1 == 1
    }
}

/// A store that gives anything, and takes everything or nothing.
struct Flash;

fn address() -> Address {
    let kind = if word() & 1 == 1 { AddressKind::Random } else { AddressKind::Public };
    Address::new(kind, [word() as u8; 6])
}

fn bond() -> Bond {
    let key = Secret([word() as u8; 16]);
    let long = LongTermKey { key, diversifier: word() as u16, random: [word() as u8; 8] };
    let mut bond = Bond::new(address());
    (bond.key_size, bond.last_use, bond.client_features) = (word() as u8, word(), word() as u8);
    (bond.central_key, bond.peripheral_key) = (Some(long), (word() & 1 == 1).then_some(long));
    bond.own_signing = Some(SigningKey { key, counter: word() });
    (bond.identity_key, bond.database_hash) = (Some(key), (word() & 1 == 1).then_some([word() as u8; 16]));
    used(bond.subscriptions.set(word() as u16, Updates::from_bits_truncate(word() as u8)));
    bond
}

fn done() -> Result<(), u32> {
    if word() & 1 == 1 { Ok(()) } else { Err(word()) }
}

impl BondStore for Flash {
    type Error = u32;
    async fn load(&mut self, each: &mut Each<'_>) -> Result<(), u32> {
        let identity = Identity { address: Some(address()), identity_key: Secret([word() as u8; 16]) };
        each(Record::Identity(identity));
        while word() & 1 == 1 {
            each(Record::Bond(bond()));
        }
        done()
    }
    async fn save(&mut self, bond: &Bond) -> Result<(), u32> {
        out(bond.last_use);
        done()
    }
    async fn remove(&mut self, peer: Address) -> Result<(), u32> {
        out(u32::from(peer.octets[0]));
        done()
    }
    async fn save_identity(&mut self, identity: &Identity) -> Result<(), u32> {
        out(u32::from(identity.address.is_some()));
        done()
    }
}
