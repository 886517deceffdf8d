//! A peer that does what it must not, on one channel: that one is closed, and its neighbour and the link are none the worse.

use crate::{
    octets::{Stream, Sum, sdu},
    refusals::{COMMAND_REJECT, CONNECTION_RESPONSE, DISCONNECTION_REQUEST, words},
    scene::{Ends, Flow, Numbers, SIDES, Scene, Side},
    talk::{Cids, Command, Event, Options},
};
use anyhow::{Context, Result, ensure};

const PSM: u16 = 0x88;
const MPS: u16 = 60;
const MTU: u16 = 200;
const CREDITS: u16 = 4;
const OPTIONS: Options = Options::new(MTU).mps(MPS).credits(CREDITS);
/// Frames that a flood has.
const FLOOD: usize = 2_000;

const DISCONNECTION_RESPONSE: u8 = 0x07;
const FLOW_CONTROL_CREDIT: u8 = 0x16;

/// What is sent on the channel that must not survive it.
struct Violation {
    what: &'static str,
    /// Frames, each so many times.
    frames: Vec<(Vec<u8>, usize)>,
    /// Credits that are given.
    credits: Option<u16>,
    /// SDUs that came before it, and are received.
    whole: usize,
}

/// An SDU of one octet.
const SMALL: [u8; 3] = [1, 0, 0xaa];

/// A frame that says that its SDU has so many octets, and carries some.
fn frame(says: u16, carries: usize) -> Vec<u8> {
    let mut octets = says.to_le_bytes().to_vec();
    octets.extend_from_slice(sdu(9, 0, carries));
    octets
}

fn violations() -> Vec<Violation> {
    let frames = |what, frames: Vec<Vec<u8>>, whole| {
        let frames = frames.into_iter().map(|frame| (frame, 1)).collect();
        Violation { what, frames, credits: None, whole }
    };
    let credits = usize::from(CREDITS);
    let small = SMALL.to_vec();
    vec![
        Violation {
            what: "a frame without credit",
            frames: vec![(small.clone(), credits + 1)],
            credits: None,
            whole: credits,
        },
        Violation { what: "a flood", frames: vec![(small.clone(), FLOOD)], credits: None, whole: credits },
        frames("an SDU above the MTU", vec![small.clone(), frame(MTU + 1, 40)], 1),
        frames("a segment above the MPS", vec![small.clone(), frame(150, usize::from(MPS) - 1)], 1),
        frames("more than its SDU", vec![frame(5, 6)], 0),
        frames("more than its SDU, later", vec![small.clone(), frame(50, 40), sdu(9, 1, 11).to_vec()], 1),
        frames("no length", vec![small, vec![7]], 1),
        Violation { what: "65,536 credits", frames: vec![], credits: Some(65_535), whole: 0 },
    ]
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

impl Scene {
    /// Both ways on this channel.
    async fn goes_on(&mut self, ends: &Ends) -> Result<()> {
        let flows = SIDES.map(|side| Flow::new(side, ends, Stream::random(81, 6, 200)));
        self.transfer(&flows).await
    }

    async fn send_frame(&mut self, cid: u16, octets: &[u8], times: usize) -> Result<()> {
        self.bumble(Command::Frame { cid, data: hex(octets), times }).await
    }
}

fn cids(ends: &Ends) -> Result<Cids> {
    ends.of(Side::Two).cids.context("no ends of the channel")
}

async fn violate(scene: &mut Scene, opener: Side, violation: &Violation) -> Result<String> {
    let neighbour = scene.open(opener, PSM, [OPTIONS; 2]).await?;
    let victim = scene.connect_channel(opener, PSM, OPTIONS).await?;
    let Cids { ours, peers } = cids(&victim)?;
    for (octets, times) in &violation.frames {
        scene.send_frame(peers, octets, *times).await?;
    }
    if let Some(credits) = violation.credits {
        let data = words(&[ours, credits]);
        scene.bumble(Command::Signal { code: FLOW_CONTROL_CREDIT, identifier: 0, data }).await?;
    }
    let (_, ends) = scene.signalled(DISCONNECTION_REQUEST).await.context("the channel is not closed")?;
    ensure!(ends == words(&[ours, peers]), "{ends} is closed");
    scene.closed(&victim).await?;
    let channel = victim.of(Side::One).channel;
    let sdus = violation.whole + 1;
    scene.one.tell(Command::Receive { channel, sdus, octets: 0 })?;
    let got = scene.one.until(|event| match event {
        Event::Received { channel: c, sdus } if *c == channel => Some(sdus.clone()),
        _ => None,
    });
    let got = got.await?;
    ensure!(got == vec![Sum::of(&SMALL[2..]); violation.whole], "received before it: {got:?}");
    scene.goes_on(&neighbour).await.context("the neighbour")?;
    let another = scene.connect_channel(opener, PSM, OPTIONS).await?;
    scene.goes_on(&another).await?;
    scene.close(opener, &another).await?;
    scene.close(opener.other(), &neighbour).await?;
    Ok(format!("closed, {} SDUs received before it", violation.whole))
}

/// What is for no channel, or answers nothing, changes nothing.
async fn stray(scene: &mut Scene, opener: Side) -> Result<String> {
    let ends = scene.open(opener, PSM, [OPTIONS; 2]).await?;
    let Cids { ours, peers } = cids(&ends)?;
    let nobody = if peers == 0x70 { 0x71 } else { 0x70 };
    scene.send_frame(nobody, &SMALL, 3).await?;
    let signals = [
        (FLOW_CONTROL_CREDIT, words(&[nobody, 9])),
        (CONNECTION_RESPONSE, words(&[nobody, 100, 50, 1, 0])),
        (DISCONNECTION_RESPONSE, words(&[ours, peers])),
        (COMMAND_REJECT, words(&[0])),
        // Vol 3, Part A, 4.6: where only the source is wrong, the request is discarded.
        (DISCONNECTION_REQUEST, words(&[peers, nobody])),
    ];
    for (code, data) in signals {
        scene.bumble(Command::Signal { code, identifier: 0xb0, data }).await?;
    }
    // Of a channel that is not there it is rejected: Invalid CID (4.1).
    let data = words(&[nobody, ours]);
    scene.bumble(Command::Signal { code: DISCONNECTION_REQUEST, identifier: 0xb1, data }).await?;
    let (identifier, data) = scene.signalled(COMMAND_REJECT).await?;
    ensure!((identifier, data.as_str()) == (0xb1, words(&[2, nobody, ours]).as_str()), "rejected with {data}");
    scene.goes_on(&ends).await?;
    scene.close(opener, &ends).await?;
    Ok("goes on".into())
}

pub(crate) async fn play(scene: &mut Scene) {
    for central in SIDES {
        // Who opened makes no difference to them, so each is played with another one as central.
        let opener = central.other();
        for violation in violations() {
            scene
                .case(violation.what, central, opener, async |s: &mut Scene| violate(s, opener, &violation).await)
                .await;
        }
        for opener in SIDES {
            scene.case("strays", central, opener, async |s: &mut Scene| stray(s, opener).await).await;
        }
    }
}
