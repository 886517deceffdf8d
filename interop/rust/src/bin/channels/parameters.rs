//! Connection parameters that a peripheral asks its central for by L2CAP (Vol 3, Part A, 4.20 and 4.21), while a channel is in use.

use crate::{
    octets::Stream,
    scene::{Ends, Flow, SIDES, Scene, Side},
    talk::{Command, Event, Options},
};
use anyhow::{Context, Result, ensure};

const PSM: u16 = 0x8a;
const OPTIONS: Options = Options::new(500);
const REQUEST: u8 = 0x12;
const RESPONSE: u8 = 0x13;

impl Scene {
    async fn transfer_both(&mut self, ends: &Ends, seed: u32) -> Result<()> {
        let flows = SIDES.map(|side| Flow::new(side, ends, Stream::random(seed, 5, 500)));
        self.transfer(&flows).await
    }

    /// The peripheral asks for an interval, in microseconds; both have it then.
    async fn updates(&mut self, peripheral: Side, micros: u64) -> Result<()> {
        self.player(peripheral).tell(Command::Update { micros })?;
        for side in SIDES {
            self.player(side).wait(&Event::Interval { micros }).await.context("not updated")?;
        }
        Ok(())
    }
}

/// Bumble asks, and our central gives what it likes.
async fn asked(scene: &mut Scene) -> Result<String> {
    let ends = scene.open(Side::One, PSM, [OPTIONS; 2]).await?;
    for micros in [15_000, 30_000, 7_500] {
        scene.updates(Side::Two, micros).await?;
        let (_, result) = scene.signalled(RESPONSE).await?;
        ensure!(result == "0000", "{result} and not accepted");
        scene.transfer_both(&ends, 101).await?;
    }
    scene.one.tell(Command::Refuse)?;
    scene.two.tell(Command::Update { micros: 20_000 })?;
    let (_, result) = scene.signalled(RESPONSE).await?;
    ensure!(result == "0100", "{result} and not rejected");
    let refused = |event: &Event| matches!(event, Event::Failed { .. }).then_some(());
    scene.two.until(refused).await?;
    scene.transfer_both(&ends, 102).await?;
    scene.close(Side::Two, &ends).await?;
    Ok("three given, one refused".into())
}

/// We ask, by L2CAP since our controller has no other way, and Bumble gives.
async fn asks(scene: &mut Scene) -> Result<String> {
    let ends = scene.open(Side::Two, PSM, [OPTIONS; 2]).await?;
    for micros in [15_000, 30_000, 7_500] {
        scene.updates(Side::One, micros).await?;
        scene.signalled(REQUEST).await.context("not by L2CAP")?;
        scene.transfer_both(&ends, 103).await?;
    }
    scene.close(Side::One, &ends).await?;
    Ok("three given".into())
}

pub(crate) async fn play(scene: &mut Scene) {
    scene.case("Bumble asks for parameters", Side::One, Side::One, async |s: &mut Scene| asked(s).await).await;
    scene.case("we ask for parameters", Side::Two, Side::Two, async |s: &mut Scene| asks(s).await).await;
}
