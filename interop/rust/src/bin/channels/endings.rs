//! How channels end: by one side, by both at once, with data that nobody has read, in the middle of a send, without an answer.

use crate::{
    octets::Stream,
    scene::{Ends, Flow, Numbers, SIDES, Scene, Side},
    talk::{Command, Event, How, Options},
};
use anyhow::{Context, Result, ensure};

const PSM: u16 = 0x87;
const OPTIONS: Options = Options::new(700).mps(128).credits(8);
/// More than the ends of channels that a link has; and how often it is enough where nothing else is new.
const MANY_TIMES: usize = 70;
const TIMES: usize = 7;

impl Scene {
    /// This one closes the channel; nothing is waited for.
    fn begin_to_close(&mut self, side: Side, ends: &Ends) -> Result<()> {
        self.player(side).tell(Command::Close { channel: ends.of(side).channel })
    }

    async fn fails(&mut self, side: Side, wanted: &str) -> Result<()> {
        let failed = |event: &Event| match event {
            Event::Failed { text } => Some(text.clone()),
            Event::Sent { .. } => Some("success".into()),
            _ => None,
        };
        let text = self.player(side).until(failed).await?;
        ensure!(text == wanted, "{text} in place of {wanted}");
        Ok(())
    }
}

/// Opened and closed, by each in turn, or by both, oftener than a link has ends of channels.
async fn again_and_again(scene: &mut Scene, opener: Side, central: Side) -> Result<String> {
    let times = if opener == central { MANY_TIMES } else { TIMES };
    scene.listen(opener.other(), PSM, OPTIONS).await?;
    for time in 0..times {
        let ends = scene.connect_channel(opener, PSM, OPTIONS).await.with_context(|| format!("time {time}"))?;
        if time % 10 == 0 {
            let flows = SIDES.map(|side| Flow::new(side, &ends, Stream::random(61, 3, 300)));
            scene.transfer(&flows).await?;
        }
        if time % 3 != 0 {
            scene.begin_to_close(Side::One, &ends)?;
        }
        if time % 3 != 1 {
            scene.begin_to_close(Side::Two, &ends)?;
        }
        scene.closed(&ends).await.with_context(|| format!("time {time}"))?;
        if time % 3 == 0 {
            // It is gone on our side too.
            scene.begin_to_close(Side::One, &ends)?;
        }
    }
    Ok(format!("{times} times"))
}

/// Bumble asks for the end when ours asks for it: on our side both requests are on their way.
async fn crossing(scene: &mut Scene, opener: Side) -> Result<String> {
    for _ in 0..5 {
        let ends = scene.open(opener, PSM, [OPTIONS; 2]).await?;
        scene.bumble(Command::Misbehave { channel: ends[1].channel, how: How::Crosses }).await?;
        scene.close(Side::One, &ends).await?;
        scene.unlisten(opener.other()).await?;
    }
    Ok("closed".into())
}

impl Scene {
    async fn unlisten(&mut self, side: Side) -> Result<()> {
        let deaf = |event: &Event| (*event == Event::Deaf { psm: PSM }).then_some(());
        self.player(side).ask(Command::Unlisten { psm: PSM }, deaf).await
    }
}

/// What came before the end is read behind it.
async fn unread(scene: &mut Scene, opener: Side, central: Side, link_ends: bool) -> Result<String> {
    // A link that ends takes its channels with it.
    for from in SIDES {
        let ends = scene.open(opener, PSM, [OPTIONS; 2]).await?;
        let flow = Flow::new(from, &ends, Stream::of(62, [100, 0, 500, 1]));
        let channel = ends.of(from).channel;
        scene.player(from).tell(Command::Send { channel, stream: flow.stream.clone() })?;
        scene.player(from).wait(&Event::Sent { channel }).await?;
        if link_ends {
            // What comes on another channel came behind it.
            let second = scene.connect_channel(opener, PSM, OPTIONS).await?;
            scene.transfer(&[Flow::new(from, &second, Stream::of(63, [10]))]).await?;
            scene.part(central).await?;
        } else {
            scene.begin_to_close(from, &ends)?;
        }
        scene.closed(&ends).await?;
        let channel = ends.of(from.other()).channel;
        let sdus = flow.stream.lengths.len() + 1;
        scene.player(from.other()).tell(Command::Receive { channel, sdus, octets: 0 })?;
        scene.arrives(&flow).await?;
        scene.unlisten(opener.other()).await?;
        if link_ends {
            scene.connect(central).await?;
        }
    }
    Ok("all was read".into())
}

/// Our send waits for credits that do not come, and hinders nobody; it ends with its channel.
async fn hungry(scene: &mut Scene, opener: Side, central: Side) -> Result<String> {
    let options = [OPTIONS, OPTIONS.credits(0)];
    let by_whom: [Option<Side>; 3] = [Some(Side::One), Some(Side::Two), None];
    for closes in by_whom {
        let ends = scene.open(opener, PSM, options).await?;
        let channel = ends[0].channel;
        scene.one.tell(Command::Send { channel, stream: Stream::of(64, [100, 600]) })?;
        // The other way, and beside it.
        scene.transfer(&[Flow::new(Side::Two, &ends, Stream::random(65, 9, 600))]).await?;
        let beside = scene.connect_channel(opener, PSM, options[opener as usize]).await?;
        let flows = SIDES.map(|side| Flow::new(side, &beside, Stream::random(66, 9, 600)));
        scene.transfer(&flows).await?;
        let traffic = scene.traffic(Side::Two, &ends).await?.context("no Bumble")?;
        ensure!(traffic.frames == 0, "{} frames without credit", traffic.frames);
        if let Some(side) = closes {
            scene.begin_to_close(side, &ends)?;
            scene.fails(Side::One, "ChannelClosed").await?;
            scene.closed(&ends).await?;
            scene.close(Side::One, &beside).await?;
        } else {
            scene.part(central).await?;
            scene.fails(Side::One, "Disconnected").await?;
            scene.connect(central).await?;
        }
        scene.unlisten(opener.other()).await?;
    }
    Ok("ended with the channel, or the link".into())
}

/// In the middle of an SDU there are no credits any more, and then there are.
async fn starved(scene: &mut Scene, opener: Side) -> Result<String> {
    let options = [OPTIONS, OPTIONS.mps(23).credits(0)];
    let ends = scene.open(opener, PSM, options).await?;
    let flow = Flow::new(Side::One, &ends, Stream::of(67, [400, 0, 300]));
    let channel = ends[1].channel;
    scene.one.tell(Command::Send { channel: ends[0].channel, stream: flow.stream.clone() })?;
    let mut given = 0;
    while given < 18 + 1 + 14 {
        let credits = 1 + given % 5;
        scene.bumble(Command::Credit { channel, credits }).await?;
        given += credits;
        // The other way goes on.
        scene.transfer(&[Flow::new(Side::Two, &ends, Stream::of(68, [50]))]).await?;
    }
    scene.two.tell(Command::Receive { channel, sdus: 3, octets: 0 })?;
    scene.arrives(&flow).await?;
    scene.one.wait(&Event::Sent { channel: ends[0].channel }).await?;
    let traffic = scene.traffic(Side::Two, &ends).await?.context("no Bumble")?;
    ensure!(traffic.frames == 33, "{} frames", traffic.frames);
    scene.close(opener, &ends).await?;
    Ok("33 frames as credits came".into())
}

/// Nobody answers our Disconnection Request: the call ends in time, and the slot is used again.
async fn silent(scene: &mut Scene, opener: Side) -> Result<String> {
    let ends = scene.open(opener, PSM, [OPTIONS; 2]).await?;
    scene.bumble(Command::Misbehave { channel: ends[1].channel, how: How::Silent }).await?;
    scene.begin_to_close(Side::One, &ends)?;
    scene.fails(Side::One, "Timeout").await?;
    scene.one.wait(&Event::Closed { channel: ends[0].channel }).await?;
    scene.unlisten(opener.other()).await?;
    let next = scene.open(opener, PSM, [OPTIONS; 2]).await?;
    let flows = SIDES.map(|side| Flow::new(side, &next, Stream::random(69, 5, 300)));
    scene.transfer(&flows).await?;
    scene.close(Side::One, &next).await?;
    Ok("given up".into())
}

/// Who listens no more refuses, and what is open stays; who accepts one takes no second.
async fn listens_no_more(scene: &mut Scene) -> Result<String> {
    let ends = scene.open(Side::Two, PSM, [OPTIONS; 2]).await?;
    scene.unlisten(Side::One).await?;
    let refused = |event: &Event| match event {
        Event::Refused { result } => Some(*result),
        _ => None,
    };
    let open = Command::Open { psm: PSM, options: OPTIONS };
    ensure!(scene.two.ask(open.clone(), refused).await? == 2, "it listens still");
    scene.one.tell(Command::Accept { psm: PSM, options: OPTIONS })?;
    scene.one.wait(&Event::Listening { psm: PSM }).await?;
    let once = scene.connect_channel(Side::Two, PSM, OPTIONS).await?;
    ensure!(scene.two.ask(open, refused).await? == 2, "it accepts a second");
    let flows =
        [ends, once].into_iter().flat_map(|e| SIDES.map(|side| Flow::new(side, &e, Stream::random(70, 5, 300))));
    scene.transfer(&flows.collect::<Vec<_>>()).await?;
    scene.close(Side::Two, &ends).await?;
    scene.close(Side::One, &once).await?;
    Ok("refused, and the open ones stay".into())
}

pub(crate) async fn play(scene: &mut Scene) {
    for central in SIDES {
        for opener in SIDES {
            let mut case = async |what: &str, play: fn(&mut Scene, Side, Side) -> Boxed<'_>| {
                scene.case(what, central, opener, async |s: &mut Scene| play(s, opener, central).await).await;
            };
            case("again and again", |s, opener, central| Box::pin(again_and_again(s, opener, central))).await;
            case("both close at once", |s, opener, _| Box::pin(crossing(s, opener))).await;
            case("closed, and not read", |s, opener, central| Box::pin(unread(s, opener, central, false))).await;
            case("link lost, and not read", |s, opener, central| Box::pin(unread(s, opener, central, true))).await;
            case("never a credit", |s, opener, central| Box::pin(hungry(s, opener, central))).await;
            case("credits by and by", |s, opener, _| Box::pin(starved(s, opener))).await;
        }
        let opener = central;
        scene.case("nobody answers who closes", central, opener, async |s: &mut Scene| silent(s, opener).await).await;
        scene.case("no more listening", central, Side::Two, async |s: &mut Scene| listens_no_more(s).await).await;
    }
}

type Boxed<'s> = core::pin::Pin<Box<dyn Future<Output = Result<String>> + 's>>;
