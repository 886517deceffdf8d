//! How fast channels are: octets one way, and SDUs there and back.

use crate::{
    octets::Stream,
    scene::{Flow, Numbers, Scene, Side},
    talk::{Command, Event, Options},
};
use anyhow::{Context, Result};
use std::time::Instant;

const PSM: u16 = 0x89;
/// SDUs of 2,048 octets in segments of 247.
const LENGTH: u16 = 2_048;
const OPTIONS: Options = Options::new(LENGTH).mps(247).credits(32);
const ROUND_TRIPS: usize = 200;
const SMALL: usize = 20;

async fn rate(scene: &mut Scene, from: Side, sdus: usize) -> Result<String> {
    let ends = scene.open(Side::One, PSM, [OPTIONS; 2]).await?;
    let stream = Stream::of(91, vec![usize::from(LENGTH); sdus]);
    let octets = stream.octets();
    let start = Instant::now();
    scene.transfer(&[Flow::new(from, &ends, stream)]).await?;
    let time = start.elapsed();
    scene.close(Side::One, &ends).await?;
    Ok(format!("{:.0} kB/s", octets as f64 / time.as_secs_f64() / 1e3))
}

async fn round_trip(scene: &mut Scene) -> Result<String> {
    let ends = scene.open(Side::One, PSM, [OPTIONS; 2]).await?;
    let [one, two] = ends.numbers();
    let echo = Command::Echo { channel: two, count: ROUND_TRIPS };
    scene.two.ask(echo, |event| (*event == Event::Echoes).then_some(())).await?;
    scene.one.tell(Command::Ping { channel: one, count: ROUND_TRIPS, length: SMALL })?;
    let micros = scene.one.until(|event| match event {
        Event::Pinged { micros } => Some(*micros),
        _ => None,
    });
    let micros = micros.await.context("no round trips")?;
    scene.close(Side::One, &ends).await?;
    Ok(format!("{:.1} ms", micros as f64 / 1e3))
}

pub(crate) async fn play(scene: &mut Scene, sdus: usize) {
    let central = Side::One;
    for (what, from) in [("sends", Side::One), ("receives", Side::Two)] {
        scene.case(what, central, Side::One, async |s: &mut Scene| rate(s, from, sdus).await).await;
    }
    scene.case("there and back", central, Side::One, async |s: &mut Scene| round_trip(s).await).await;
}
