//! Pairings in which nothing happens any more: after 30 s the Security Manager gives up by itself, and says nothing more on the
//! link (Vol 3, Part H, 3.4).

use crate::{
    scene::{End, Scene, Side, User},
    talk::{Command, Door, Event, Io, Settings},
};
use anyhow::{Context, Result, ensure};
use core::time::Duration;

/// Longer than the Security Manager's time.
const PATIENCE: Duration = Duration::from_secs(45);

const PAIRING_RANDOM: u8 = 0x04;
const DHKEY_CHECK: u8 = 0x0d;

/// A row for each in each role.
pub(crate) async fn play(scene: &mut Scene) -> Result<()> {
    (scene.one.patience, scene.two.patience) = (PATIENCE, PATIENCE);
    for central in [Side::One, Side::Two] {
        if scene.two.is_bumble {
            for (name, secure, opcode) in [("", true, DHKEY_CHECK), (", legacy", false, PAIRING_RANDOM)] {
                let end = silent(scene, central, secure, opcode).await.map(|()| "timeout, then paired anew".into());
                scene.row(&format!("the peer is silent for 30 s{name}"), central, end);
            }
        } else {
            let end = unanswered(scene, central).await.map(|()| "timeout on both sides, then paired anew".into());
            scene.row("nobody answers for 30 s", central, end);
        }
    }
    Ok(())
}

/// The user answers neither host.
async fn unanswered(scene: &mut Scene, central: Side) -> Result<()> {
    let settings = Settings { secure: true, io: Io::YesNo, mitm: true, ..Settings::default() };
    scene.begin(&settings, &settings).await?;
    scene.connect(central).await?;
    let ends = scene.pair(central, User::Absent).await?;
    ensure!(ends == [End::TimedOut, End::TimedOut], "{ends:?}");
    anew(scene, central).await
}

async fn silent(scene: &mut Scene, central: Side, secure: bool, opcode: u8) -> Result<()> {
    let settings = Settings { secure, ..Settings::default() };
    scene.begin(&settings, &Settings { silent_from: Some(opcode), ..settings.clone() }).await?;
    scene.connect(central).await?;
    scene.player(central).tell(Command::Pair)?;
    scene.one.wait(&Event::TimedOut).await?;
    let rest = scene.two.rest();
    ensure!(rest.contains(&Event::Kept { opcode }), "the peer was not silent: {rest:?}");
    ensure!(!rest.iter().any(|event| matches!(event, Event::Failed { .. })), "the peer was told: {rest:?}");
    scene.settle(Side::Two, &settings).await?;
    anew(scene, central).await
}

/// The link works, and opens nothing; on the next one everything is as it was.
async fn anew(scene: &mut Scene, central: Side) -> Result<()> {
    let read = scene.read(Side::One, Door::Encrypted).await?;
    ensure!(matches!(read, Err(0x05 | 0x0f)), "{read:?} without security");
    scene.disconnect().await?;
    scene.connect(central).await?;
    let ends = scene.pair(central, User::Honest).await.context("anew")?;
    ensure!(ends.iter().all(|end| matches!(end, End::Paired { .. })), "{ends:?}");
    scene.disconnect().await?;
    Ok(())
}
