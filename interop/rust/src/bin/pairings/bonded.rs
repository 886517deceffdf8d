//! What becomes of bonds: forgotten by one of the two, found again behind a resolvable address, replaced.

use crate::{
    scene::{End, Ready, Scene, Side, User},
    talk::{By, Command, Door, Event, Io, Settings},
};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeSet;

/// What a peripheral says of a key that it does not have (Vol 1, Part F, 2.6).
const KEY_MISSING: u8 = 0x06;
const AUTHENTICATION_REQUIREMENTS: u8 = 0x03;

fn just_works() -> Settings {
    Settings { secure: true, ..Settings::default() }
}

fn compared() -> Settings {
    Settings { secure: true, io: Io::YesNo, mitm: true, ..Settings::default() }
}

/// Each, with its row.
pub(crate) async fn play(scene: &mut Scene) -> Result<()> {
    for (kind, secure) in [("", true), (", legacy", false)] {
        let settings = Settings { secure, ..Settings::default() };
        let end = peer_forgets_as_peripheral(scene, &settings).await.map(|()| "bond lost, then paired anew".into());
        scene.row(&format!("the peer forgets{kind}"), Side::One, end);
        let end = peer_forgets_as_central(scene, &settings).await;
        scene.row(&format!("the peer forgets{kind}"), Side::Two, end.map(|()| "bond lost, then paired anew".into()));
        let end = we_forget_as_central(scene, &settings).await.map(|()| "not bonded, then paired anew".into());
        scene.row(&format!("we forget{kind}"), Side::One, end);
        let end = we_forget_as_peripheral(scene, &settings).await;
        let end = end.map(|()| "the peer saw PIN or Key Missing, then paired anew".into());
        scene.row(&format!("we forget{kind}"), Side::Two, end);
    }
    let end = weaker_is_refused(scene).await.map(|()| "the peer saw 0x03".into());
    scene.row("a weaker pairing than the bond", Side::Two, end);
    let end = weaker_is_agreed(scene).await.map(|()| "paired anew".into());
    scene.row("a weaker pairing than the bond, our user agrees", Side::Two, end);
    for central in [Side::One, Side::Two] {
        let end = asked(scene, central).await.map(|()| "encrypted".into());
        scene.row("the peripheral asks a bonded central", central, end);
    }
    for central in [Side::One, Side::Two] {
        let end = raised(scene, central).await.map(|()| "encrypted, and read".into());
        scene.row("our read is refused, and we are bonded", central, end);
    }
    if scene.two.is_bumble {
        for central in [Side::One, Side::Two] {
            let end = subscribed(scene, central).await.map(|()| "told when encrypted, and not before".into());
            scene.row("the peer subscribed on an earlier link", central, end);
        }
    }
    for (hidden, name) in
        [(Side::One, "we go by resolvable addresses"), (Side::Two, "the peer goes by resolvable addresses")]
    {
        for central in [Side::One, Side::Two] {
            let end = resolvable(scene, hidden, central).await.map(|()| "encrypted from each with one bond".into());
            scene.row(name, central, end);
        }
    }
    Ok(())
}

/// Bonded in this role of ours, and parted again.
async fn bond(scene: &mut Scene, central: Side, settings: &Settings) -> Result<[Ready; 2]> {
    let ready = scene.begin(settings, settings).await?;
    scene.connect(central).await?;
    paired(scene, central).await.context("the first time")?;
    scene.disconnect().await?;
    Ok(ready)
}

async fn paired(scene: &mut Scene, begins: Side) -> Result<()> {
    let ends = scene.pair(begins, User::Honest).await?;
    ensure!(ends.iter().all(|end| matches!(end, End::Paired { .. })), "{ends:?}");
    scene.read_both().await
}

/// The link opens nothing, and nobody has begun a pairing.
async fn not_paired(scene: &mut Scene) -> Result<()> {
    for side in [Side::One, Side::Two] {
        let read = scene.read(side, Door::Encrypted).await?;
        ensure!(matches!(read, Err(0x05 | 0x0f)), "{side:?} reads {read:?} without security");
    }
    for side in [Side::One, Side::Two] {
        let rest = scene.player(side).rest();
        let wrong = |event: &Event| matches!(event, Event::Pairing | Event::Paired { .. } | Event::Told { .. });
        ensure!(!rest.iter().any(wrong), "{side:?} pairs, or is told something: {rest:?}");
    }
    Ok(())
}

async fn peer_forgets_as_peripheral(scene: &mut Scene, settings: &Settings) -> Result<()> {
    bond(scene, Side::One, settings).await?;
    scene.forget(Side::Two).await?;
    scene.connect(Side::One).await?;
    for command in [Command::Encrypt, Command::Pair] {
        scene.one.tell(command)?;
        scene.one.wait(&Event::BondLost).await?;
        not_paired(scene).await?;
    }
    // Our user agrees to begin anew.
    scene.forget(Side::One).await?;
    paired(scene, Side::One).await.context("anew")?;
    again(scene, Side::One).await?;
    Ok(())
}

async fn peer_forgets_as_central(scene: &mut Scene, settings: &Settings) -> Result<()> {
    bond(scene, Side::Two, settings).await?;
    scene.forget(Side::Two).await?;
    scene.connect(Side::Two).await?;
    not_paired(scene).await?;
    paired(scene, Side::Two).await.context("anew")?;
    scene.one.wait(&Event::BondLost).await?;
    again(scene, Side::Two).await?;
    Ok(())
}

async fn we_forget_as_central(scene: &mut Scene, settings: &Settings) -> Result<()> {
    bond(scene, Side::One, settings).await?;
    scene.forget(Side::One).await?;
    scene.connect(Side::One).await?;
    scene.one.tell(Command::Encrypt)?;
    scene.one.wait(&Event::NotBonded).await?;
    not_paired(scene).await?;
    paired(scene, Side::One).await.context("anew")?;
    again(scene, Side::One).await?;
    Ok(())
}

async fn we_forget_as_peripheral(scene: &mut Scene, settings: &Settings) -> Result<()> {
    bond(scene, Side::Two, settings).await?;
    scene.forget(Side::One).await?;
    scene.connect(Side::Two).await?;
    scene.two.tell(Command::Encrypt)?;
    let missing = |event: &Event| matches!(event, Event::NotEncrypted { status: KEY_MISSING } | Event::BondLost);
    scene.two.until(|event| missing(event).then_some(())).await?;
    not_paired(scene).await?;
    if !scene.two.is_bumble {
        // Its user agrees to begin anew.
        scene.forget(Side::Two).await?;
    }
    paired(scene, Side::Two).await.context("anew")?;
    again(scene, Side::Two).await?;
    Ok(())
}

/// Parts, and encrypts with the new bond.
async fn again(scene: &mut Scene, central: Side) -> Result<()> {
    scene.disconnect().await?;
    scene.connect(central).await?;
    scene.encrypt().await.context("with the new bond")?;
    scene.read_both().await?;
    scene.disconnect().await?;
    Ok(())
}

/// A bond that keeps a man in the middle out is not replaced by one that does not, unless our user agrees.
async fn weaker_is_refused(scene: &mut Scene) -> Result<()> {
    bond(scene, Side::Two, &compared()).await?;
    let before = scene.bonds(Side::One).await?;
    scene.forget(Side::Two).await?;
    for side in [Side::One, Side::Two] {
        scene.settle(side, &just_works()).await?;
    }
    scene.connect(Side::Two).await?;
    let ends = scene.pair(Side::Two, User::Honest).await?;
    let reason = AUTHENTICATION_REQUIREMENTS;
    ensure!(ends == [By::Itself, By::Peer].map(|by| End::Failed { reason, by }), "{ends:?}");
    ensure!(scene.bonds(Side::One).await? == before, "another bond");
    scene.disconnect().await?;
    Ok(())
}

/// With the user's consent it is.
async fn weaker_is_agreed(scene: &mut Scene) -> Result<()> {
    bond(scene, Side::Two, &compared()).await?;
    scene.forget(Side::Two).await?;
    scene.settle(Side::One, &Settings { replaces: true, ..just_works() }).await?;
    scene.settle(Side::Two, &just_works()).await?;
    scene.connect(Side::Two).await?;
    paired(scene, Side::Two).await?;
    let bonds = scene.bonds(Side::One).await?;
    let keys = bonds.iter().filter_map(|bond| bond.central_key.as_ref());
    ensure!(keys.map(|key| key.authenticated).eq([false]), "the stronger bond is still there: {bonds:?}");
    again(scene, Side::Two).await
}

/// The peripheral's Security Request makes a bonded central encrypt: ours by itself.
async fn asked(scene: &mut Scene, central: Side) -> Result<()> {
    bond(scene, central, &just_works()).await?;
    scene.connect(central).await?;
    scene.player(central.other()).tell(Command::Encrypt)?;
    if central == Side::Two && scene.two.is_bumble {
        scene.two.wait(&Event::SecurityRequested).await?;
        scene.two.tell(Command::Encrypt)?;
    }
    scene.one.wait(&Event::Encrypted).await?;
    scene.two.wait(&Event::Encrypted).await?;
    scene.read_both().await?;
    scene.disconnect().await?;
    Ok(())
}

/// A read that is refused encrypts the link with the bond; a peripheral asks its central to.
async fn raised(scene: &mut Scene, central: Side) -> Result<()> {
    bond(scene, central, &Settings { raises: true, ..just_works() }).await?;
    scene.connect(central).await?;
    scene.one.tell(Command::Read { door: Door::Encrypted })?;
    if central == Side::Two && scene.two.is_bumble {
        scene.two.wait(&Event::SecurityRequested).await?;
        scene.two.tell(Command::Encrypt)?;
    }
    scene.one.until(|event| matches!(event, Event::Read { .. }).then_some(())).await?;
    scene.two.wait(&Event::Encrypted).await?;
    scene.disconnect().await?;
    Ok(())
}

/// What the peer has subscribed to is so again when the link is encrypted with the bond, and not before.
async fn subscribed(scene: &mut Scene, central: Side) -> Result<()> {
    scene.begin(&just_works(), &just_works()).await?;
    scene.connect(central).await?;
    paired(scene, central).await?;
    scene.two.ask(Command::Subscribe, |event| (*event == Event::Subscribed).then_some(())).await?;
    scene.one.tell(Command::Update { value: 1 })?;
    scene.two.wait(&Event::Told { value: "01".into() }).await?;
    scene.disconnect().await?;

    scene.connect(central).await?;
    scene.one.tell(Command::Update { value: 2 })?;
    not_paired(scene).await?;
    scene.encrypt().await?;
    scene.one.tell(Command::Update { value: 3 })?;
    scene.two.wait(&Event::Told { value: "03".into() }).await.context("without another subscription")?;
    scene.disconnect().await?;
    Ok(())
}

/// The address of one is another one each time; its bond is the same.
async fn resolvable(scene: &mut Scene, hidden: Side, central: Side) -> Result<()> {
    let private = Settings { privacy: true, ..just_works() };
    let (one, two) = if hidden == Side::One { (private, just_works()) } else { (just_works(), private) };
    let ready = scene.begin(&one, &two).await?;
    let identity = &ready[hidden as usize].identity;
    if central == hidden {
        scene.connect(central).await?;
    } else {
        scene.advertise(hidden).await?;
        scene.connect_to(central, "pairing".into(), "name".into()).await?;
    }
    let mut addresses = BTreeSet::from([identity.clone(), scene.seen[hidden as usize].clone()]);
    paired(scene, central).await?;
    let bonds = scene.bonds(hidden.other()).await?;
    ensure!(bonds.iter().map(|bond| &bond.peer).eq([identity]), "{bonds:x?} is not of {identity}");
    scene.disconnect().await?;
    // Bumble's identity is random static, ours public.
    let kind = if identity.starts_with("f0") { "random" } else { "public" };
    for _ in 0..2 {
        scene.rotate(hidden).await?;
        if central == hidden {
            scene.connect(central).await?;
        } else {
            // By its identity, which it does not show.
            scene.advertise(hidden).await?;
            scene.connect_to(central, identity.clone(), kind.into()).await?;
        }
        addresses.insert(scene.seen[hidden as usize].clone());
        scene.encrypt().await.context("from another address")?;
        scene.read_both().await?;
        scene.disconnect().await?;
    }
    ensure!(addresses.len() == 4, "not another one each time: {addresses:?}");
    Ok(())
}
