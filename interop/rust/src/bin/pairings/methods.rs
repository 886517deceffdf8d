//! Each method once: paired, the same keys on both sides, then encrypted with them in either role.

use crate::{
    scene::{End, Ready, Scene, Side, User},
    talk::{Bond, Door, Io, Key, Oob, Settings},
};
use anyhow::{Context, Result, ensure};

/// Whose out-of-band data the other has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OutOfBand {
    None,
    /// Each has the other's; in legacy pairing both have one key.
    Both,
    OfCentral,
    OfPeripheral,
}

/// Who begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Begins {
    Central,
    /// The peripheral, with a Security Request.
    Peripheral,
}

/// A way to pair.
struct Method {
    name: &'static str,
    secure: bool,
    /// Of the central and of the peripheral.
    io: [Io; 2],
    oob: OutOfBand,
    begins: Begins,
    /// Octets of the keys.
    size: u8,
}

const fn method(name: &'static str, secure: bool, io: [Io; 2]) -> Method {
    Method { name, secure, io, oob: OutOfBand::None, begins: Begins::Central, size: 16 }
}

const fn oob(name: &'static str, secure: bool, oob: OutOfBand) -> Method {
    Method { name, secure, io: [Io::None; 2], oob, begins: Begins::Central, size: 16 }
}

const fn asked(name: &'static str, secure: bool, io: [Io; 2]) -> Method {
    Method { name, secure, io, oob: OutOfBand::None, begins: Begins::Peripheral, size: 16 }
}

const fn short(name: &'static str, secure: bool, size: u8) -> Method {
    Method { size, ..method(name, secure, [Io::None; 2]) }
}

const METHODS: [Method; 20] = [
    method("Just Works", true, [Io::None, Io::None]),
    asked("Just Works, the peripheral asks", true, [Io::None, Io::None]),
    method("Numeric Comparison", true, [Io::YesNo, Io::YesNo]),
    asked("Numeric Comparison, the peripheral asks", true, [Io::KeyboardDisplay, Io::KeyboardDisplay]),
    method("Passkey, the central shows", true, [Io::Display, Io::Keyboard]),
    method("Passkey, the central types", true, [Io::Keyboard, Io::Display]),
    method("Passkey, both type", true, [Io::Keyboard, Io::Keyboard]),
    oob("OOB, both ways", true, OutOfBand::Both),
    oob("OOB, of the central", true, OutOfBand::OfCentral),
    oob("OOB, of the peripheral", true, OutOfBand::OfPeripheral),
    method("legacy Just Works", false, [Io::None, Io::None]),
    asked("legacy Just Works, the peripheral asks", false, [Io::None, Io::None]),
    method("legacy Passkey, the central shows", false, [Io::Display, Io::Keyboard]),
    method("legacy Passkey, the central types", false, [Io::Keyboard, Io::Display]),
    method("legacy Passkey, both type", false, [Io::Keyboard, Io::Keyboard]),
    oob("legacy OOB", false, OutOfBand::Both),
    short("Just Works, 7 octets", true, 7),
    short("Just Works, 15 octets", true, 15),
    short("legacy Just Works, 7 octets", false, 7),
    short("legacy Just Works, 15 octets", false, 15),
];

impl Method {
    const fn authenticated(&self) -> bool {
        !matches!((self.io, self.oob), ([Io::None, Io::None], OutOfBand::None))
    }

    fn settings(&self, io: Io) -> Settings {
        let (key_size, floor) = (Some(self.size), Some(self.size));
        Settings { io, mitm: self.authenticated(), secure: self.secure, key_size, floor, ..Settings::default() }
    }
}

/// A row of the table for each method with the first side in each role.
pub(crate) async fn play(scene: &mut Scene) -> Result<()> {
    for central in [Side::One, Side::Two] {
        for method in &METHODS {
            if !scene.plays(method.name) || (method.size < 16 && !scene.two.is_bumble) {
                continue;
            }
            let kind = if method.authenticated() { "authenticated" } else { "unauthenticated" };
            let secure = if method.secure { "Secure Connections" } else { "legacy" };
            let end = pair(scene, method, central).await;
            let end = end.map(|()| format!("keys equal, {} octets, {kind}, {secure}", method.size));
            scene.row(method.name, central, end);
        }
    }
    Ok(())
}

async fn pair(scene: &mut Scene, method: &Method, central: Side) -> Result<()> {
    let [ours, theirs] = method.io.map(|io| method.settings(io));
    let (one, two) = if central == Side::One { (&ours, &theirs) } else { (&theirs, &ours) };
    let ready = scene.begin(one, two).await?;
    tell_out_of_band(scene, method, central, &ready)?;

    scene.connect(central).await?;
    for side in [Side::One, Side::Two] {
        let read = scene.read(side, Door::Encrypted).await?;
        ensure!(matches!(read, Err(0x05 | 0x0f)), "{side:?} reads {read:?} of a link without security");
    }
    let begins = if method.begins == Begins::Central { central } else { central.other() };
    let ends = scene.pair(begins, User::Honest).await?;
    let wanted =
        End::Paired { key_size: method.size, secure_connections: method.secure, authenticated: method.authenticated() };
    ensure!(ends.iter().all(|end| *end == wanted), "{ends:?} in place of {wanted:?}");
    secured(scene, method).await.context("after the pairing")?;

    let bonds = [scene.bonds(Side::One).await?, scene.bonds(Side::Two).await?];
    let [[one], [two]] = [&bonds[0][..], &bonds[1][..]] else { anyhow::bail!("bonds {bonds:x?}") };
    compare(one, two, method).with_context(|| format!("{one:x?} beside {two:x?}"))?;
    for (bond, ready) in [(one, &ready[1]), (two, &ready[0])] {
        let same = ready.identity_key.is_none() || bond.identity_key == ready.identity_key;
        ensure!(same && bond.identity_key.is_some(), "another identity key in {bond:x?}");
        ensure!(bond.peer == ready.identity, "{} is bonded as {}", ready.identity, bond.peer);
    }

    scene.disconnect().await?;
    for central in [central, central.other()] {
        scene.connect(central).await?;
        scene.encrypt().await.context("once more")?;
        secured(scene, method).await.context("once more")?;
        scene.disconnect().await?;
    }
    Ok(())
}

/// Each reads what the pairing opens; of ours, which asks for it, nothing more.
async fn secured(scene: &mut Scene, method: &Method) -> Result<()> {
    scene.read_both().await?;
    let read = scene.read(Side::Two, Door::Authenticated).await?;
    ensure!(read.is_ok() == method.authenticated(), "the peer reads {read:?} where authentication is asked for");
    Ok(())
}

fn tell_out_of_band(scene: &mut Scene, method: &Method, central: Side, ready: &[Ready; 2]) -> Result<()> {
    const KEY: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f0";
    if method.oob == OutOfBand::None {
        return Ok(());
    }
    for side in [Side::One, Side::Two] {
        let theirs = &ready[side.other() as usize];
        let has = match method.oob {
            OutOfBand::None => false,
            OutOfBand::Both => true,
            OutOfBand::OfCentral => side != central,
            OutOfBand::OfPeripheral => side == central,
        };
        let (confirm, random) = (Some(theirs.confirm.clone()), Some(theirs.random.clone()));
        let oob = match (method.secure, has) {
            (false, _) => Oob { temporary_key: Some(KEY.into()), ..Oob::default() },
            (true, true) => Oob { confirm, random, temporary_key: None },
            (true, false) => Oob::default(),
        };
        scene.oob(side, oob)?;
    }
    Ok(())
}

/// What one encrypts with the other answers with, and both know how good it is.
fn compare(one: &Bond, two: &Bond, method: &Method) -> Result<()> {
    let mut keys: Vec<&Key> = vec![];
    for (encrypts, answers) in [(one, two), (two, one)] {
        let (key, same) = (encrypts.central_key.as_ref(), answers.peripheral_key.as_ref());
        let (key, same) = key.zip(same).context("a key is missing")?;
        ensure!(key == same, "keys differ");
        ensure!(key.value.len() == 32 && key.authenticated == method.authenticated());
        let (_, beyond) = key.value.split_at(2 * usize::from(method.size));
        ensure!(beyond.bytes().all(|digit| digit == b'0'), "a key of more than {} octets", method.size);
        keys.push(key);
    }
    // Secure Connections has one key for both roles (Vol 3, Part H, 2.4.4), legacy pairing one for each.
    ensure!((keys[0] == keys[1]) == method.secure, "keys of the two roles");
    Ok(())
}
