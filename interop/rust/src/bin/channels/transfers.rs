//! SDUs of each length, and what of them a channel may be: one credit at a time, none at first, the smallest MPS and MTU.

use crate::{
    octets::Stream,
    scene::{Ends, Flow, Numbers, SIDES, Scene, Side},
    talk::Options,
};
use anyhow::{Result, ensure};

const PSM: u16 = 0x81;
/// Bumble's frames: another length than ours.
const THEIR_MPS: u16 = 100;

/// The lengths at which something changes, for frames of so many octets: the first holds the length of the SDU too.
fn edges(mps: usize) -> Vec<usize> {
    vec![0, 1, mps - 3, mps - 2, mps - 1, mps, mps + 1, 0, 2 * mps - 2, 2 * mps - 1, 2_048]
}

/// How many frames carry a stream, when each but an SDU's last is full.
fn frames(stream: &Stream, mps: usize) -> usize {
    stream.lengths.iter().map(|length| (length + 2).div_ceil(mps)).sum()
}

async fn both_ways(scene: &mut Scene, ends: &Ends, streams: [Stream; 2]) -> Result<()> {
    let [ours, theirs] = streams;
    scene.transfer(&[Flow::new(Side::One, ends, ours), Flow::new(Side::Two, ends, theirs)]).await
}

/// Frames that came to Bumble, who must have got them all, and full.
async fn count(scene: &mut Scene, ends: &Ends, sent: [&[Stream]; 2], options: [Options; 2]) -> Result<String> {
    let mut told = String::new();
    for side in SIDES {
        let Some(traffic) = scene.traffic(side, ends).await? else { continue };
        let mps = usize::from(options[side as usize].mps);
        let least: usize = sent[side.other() as usize].iter().map(|stream| frames(stream, mps)).sum();
        ensure!(traffic.frames == least, "{} frames came for SDUs that {least} hold", traffic.frames);
        told = format!("{least} frames came");
        let offered = options[side.other() as usize].credits;
        ensure!(traffic.credits_at_first == u32::from(offered), "{} credits at first", traffic.credits_at_first);
        if offered < 2 {
            ensure!(traffic.largest <= 1, "{} credits at a time", traffic.largest);
            told += &format!(", {} times a credit", traffic.grants);
        }
    }
    Ok(told)
}

async fn each_length(scene: &mut Scene, opener: Side) -> Result<String> {
    let options = [Options::new(u16::MAX), Options::new(u16::MAX).mps(THEIR_MPS)];
    let ends = scene.open(opener, PSM, options).await?;
    let theirs = edges(options[0].mps.into());
    let first = [Stream::of(1, edges(THEIR_MPS.into())), Stream::of(2, theirs)];
    both_ways(scene, &ends, first.clone()).await?;
    let random = [Stream::random(3, 12, 2_000), Stream::random(4, 12, 2_000)];
    both_ways(scene, &ends, random.clone()).await?;
    let longest = [Stream::of(5, [65_535]), Stream::of(6, [65_535])];
    both_ways(scene, &ends, longest.clone()).await?;
    let [a, b] = [first, random, longest].map(|[a, b]| (a, b)).into_iter().unzip::<_, _, Vec<_>, Vec<_>>().into();
    let told = count(scene, &ends, [&a, &b], options).await?;
    scene.close(opener, &ends).await?;
    let octets: usize = a.iter().chain(&b).map(Stream::octets).sum();
    Ok(format!("{octets} octets, {told}"))
}

/// A channel on which the whole of one stream goes each way.
async fn one_stream(scene: &mut Scene, opener: Side, options: [Options; 2]) -> Result<String> {
    let ends = scene.open(opener, PSM, options).await?;
    let stream = |seed: u32, to: Options| {
        let mut lengths = edges(to.mps.into());
        lengths.extend(Stream::random(seed, 4, 400).lengths);
        // Credits one by one take a round trip for each frame.
        let longest = usize::from(to.mtu).min(if to.credits < 2 { 20 * usize::from(to.mps) } else { 2_048 });
        lengths.iter_mut().for_each(|length| *length = (*length).min(longest));
        Stream::of(seed, lengths)
    };
    let [ours, theirs] = [stream(11, options[1]), stream(12, options[0])];
    both_ways(scene, &ends, [ours.clone(), theirs.clone()]).await?;
    let told = count(scene, &ends, [&[ours], &[theirs]], options).await?;
    scene.close(opener.other(), &ends).await?;
    Ok(told)
}

/// Octets whose SDUs do not matter: Bumble joins what it is given, and ours cuts it into frames.
async fn octets(scene: &mut Scene, opener: Side) -> Result<String> {
    let options = [Options::new(512), Options::new(300).mps(64)];
    let ends = scene.open(opener, PSM, options).await?;
    let streams = [21, 22].map(|seed| Stream { merges: true, ..Stream::random(seed, 30, 400) });
    let sent: usize = streams.iter().map(Stream::octets).sum();
    both_ways(scene, &ends, streams).await?;
    scene.close(opener, &ends).await?;
    Ok(format!("{sent} octets"))
}

/// Four channels of one link, with a stream each way on each.
async fn several(scene: &mut Scene, opener: Side, psms: [u16; 4]) -> Result<String> {
    let options = [Options::new(1_000).credits(4), Options::new(700).mps(80).credits(6)];
    let mut all: Vec<Ends> = vec![];
    for (at, psm) in psms.into_iter().enumerate() {
        let ends = if psms[..at].contains(&psm) {
            scene.connect_channel(opener, psm, options[opener as usize]).await?
        } else {
            scene.open(opener, psm, options).await?
        };
        all.push(ends);
    }
    let mut flows = vec![];
    for (seed, ends) in (0u32..).zip(&all) {
        for side in SIDES {
            let seed = 31 + 2 * seed + side as u32;
            flows.push(Flow::new(side, ends, Stream::random(seed, 20, ends.of(side).peer_mtu.into())));
        }
    }
    scene.transfer(&flows).await?;
    // One that ends is no other's end.
    let (first, rest) = (all.remove(0), all);
    scene.close(opener.other(), &first).await?;
    let flows = rest.iter().flat_map(|ends| SIDES.map(|side| Flow::new(side, ends, Stream::random(41, 4, 700))));
    scene.transfer(&flows.collect::<Vec<_>>()).await?;
    for ends in &rest {
        scene.close(opener, ends).await?;
    }
    Ok("each its own".into())
}

pub(crate) async fn play(scene: &mut Scene) {
    let wide = Options::new(2_048);
    let least = Options::new(23).mps(23);
    let options: [(&str, [Options; 2]); 5] = [
        ("one credit at a time", [wide.credits(1), wide.credits(1).mps(THEIR_MPS)]),
        ("no credits at first", [wide.credits(0), wide.credits(0).mps(THEIR_MPS)]),
        ("MPS 23", [wide.mps(23), wide.mps(23)]),
        ("MPS 23, MTU 23", [least; 2]),
        ("MPS 23, a credit at a time", [wide.mps(23).credits(1), least.credits(0)]),
    ];
    for central in SIDES {
        for opener in SIDES {
            scene
                .case("SDUs of each length", central, opener, async |s: &mut Scene| each_length(s, opener).await)
                .await;
            for (what, options) in options {
                scene.case(what, central, opener, async |s: &mut Scene| one_stream(s, opener, options).await).await;
            }
        }
    }
}

pub(crate) async fn play_at_once(scene: &mut Scene) {
    for central in SIDES {
        for opener in SIDES {
            scene.case("a stream of octets", central, opener, async |s: &mut Scene| octets(s, opener).await).await;
            for (what, psms) in [
                ("four channels", [0x81, 0x82, 0xfe, 0xff]),
                ("four channels of one PSM", [0x80; 4]),
                ("two channels of each of two PSMs", [0x25, 0x26, 0x25, 0x26]),
            ] {
                scene.case(what, central, opener, async |s: &mut Scene| several(s, opener, psms).await).await;
            }
        }
    }
}
