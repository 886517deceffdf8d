//! Channels that are not opened: every result on either side, and answers that are none.

use crate::{
    octets::Stream,
    scene::{Flow, SIDES, Scene, Side},
    talk::{Command, Demand, Event, Options},
};
use anyhow::{Context, Result, bail, ensure};

const PSM: u16 = 0x85;
const OPTIONS: Options = Options::new(200).mps(64).credits(4);

pub(crate) const CONNECTION_REQUEST: u8 = 0x14;
pub(crate) const CONNECTION_RESPONSE: u8 = 0x15;
pub(crate) const COMMAND_REJECT: u8 = 0x01;
pub(crate) const DISCONNECTION_REQUEST: u8 = 0x06;

const NO_SPSM: u16 = 0x0002;
const NO_RESOURCES: u16 = 0x0004;
const AUTHENTICATION: u16 = 0x0005;
const AUTHORISATION: u16 = 0x0006;
const KEY_SIZE: u16 = 0x0007;
const ENCRYPTION: u16 = 0x0008;
const INVALID_SOURCE: u16 = 0x0009;
const ALREADY_ALLOCATED: u16 = 0x000a;
const UNACCEPTABLE: u16 = 0x000b;
const RESULTS: [u16; 9] = [
    NO_SPSM,
    NO_RESOURCES,
    AUTHENTICATION,
    AUTHORISATION,
    KEY_SIZE,
    ENCRYPTION,
    INVALID_SOURCE,
    ALREADY_ALLOCATED,
    UNACCEPTABLE,
];

/// Words of a command, in hexadecimal as they are on air.
pub(crate) fn words(words: &[u16]) -> String {
    words.iter().flat_map(|word| word.to_le_bytes()).map(|octet| format!("{octet:02x}")).collect()
}

/// What became of an attempt to open a channel.
#[derive(Debug, PartialEq, Eq)]
enum Attempt {
    Open(u32),
    Refused(u16),
    Failed(String),
}

impl Scene {
    async fn attempt(&mut self, side: Side, psm: u16, options: Options) -> Result<Attempt> {
        self.player(side).tell(Command::Open { psm, options })?;
        self.attempted(side).await
    }

    async fn attempted(&mut self, side: Side) -> Result<Attempt> {
        let end = self.player(side).until(|event| match event {
            Event::Opened(opened) => Some(Attempt::Open(opened.channel)),
            Event::Refused { result } => Some(Attempt::Refused(*result)),
            Event::Failed { text } => Some(Attempt::Failed(text.clone())),
            _ => None,
        });
        end.await
    }

    async fn refused(&mut self, side: Side, psm: u16, result: u16) -> Result<()> {
        let attempt = self.attempt(side, psm, OPTIONS).await?;
        ensure!(attempt == Attempt::Refused(result), "{attempt:x?} where {result:#06x} was due");
        Ok(())
    }

    /// A command that Bumble gets: its identifier and its data.
    pub(crate) async fn signalled(&mut self, code: u8) -> Result<(u8, String)> {
        let signal = |event: &Event| match event {
            Event::Signal { code: c, identifier, data } if *c == code => Some((*identifier, data.clone())),
            _ => None,
        };
        self.two.until(signal).await.with_context(|| format!("no command {code:#04x}"))
    }

    /// A command with this identifier.
    async fn answered(&mut self, code: u8, identifier: u8) -> Result<String> {
        loop {
            let (found, data) = self.signalled(code).await?;
            if found == identifier {
                return Ok(data);
            }
        }
    }

    /// Works as if nothing had happened.
    pub(crate) async fn works(&mut self, opener: Side, psm: u16) -> Result<()> {
        let ends = self.open(opener, psm, [OPTIONS; 2]).await.context("afterwards")?;
        let flows = SIDES.map(|side| Flow::new(side, &ends, Stream::random(51, 5, 200)));
        self.transfer(&flows).await.context("afterwards")?;
        self.close(Side::One, &ends).await.context("afterwards")
    }
}

/// Our client is told every result that there is.
async fn told_each(scene: &mut Scene) -> Result<String> {
    scene.refused(Side::One, 0x86, NO_SPSM).await.context("nobody listens")?;
    for result in RESULTS {
        let data = words(&[0, 0, 0, 0, result]);
        scene.bumble(Command::Answer { code: Some(CONNECTION_RESPONSE), data }).await?;
        scene.refused(Side::One, PSM, result).await?;
    }
    // Not Understood (Vol 3, Part A, 4.1): there are no channels at all.
    scene.bumble(Command::Answer { code: Some(COMMAND_REJECT), data: words(&[0]) }).await?;
    scene.refused(Side::One, PSM, NO_SPSM).await.context("rejected")?;
    // An end of the channel outside of the range for those (2.1).
    for cid in [0x3f, 0x80] {
        let data = words(&[cid, 100, 50, 1, 0]);
        scene.bumble(Command::Answer { code: Some(CONNECTION_RESPONSE), data }).await?;
        scene.refused(Side::One, PSM, INVALID_SOURCE).await.with_context(|| format!("a channel {cid:#06x}"))?;
    }
    scene.works(Side::One, PSM).await?;
    Ok(format!("{} results", RESULTS.len()))
}

/// No answer, the answer to another request, an answer that comes late.
async fn unanswered(scene: &mut Scene) -> Result<String> {
    scene.bumble(Command::Answer { code: None, data: String::new() }).await?;
    scene.one.tell(Command::Open { psm: PSM, options: OPTIONS })?;
    let (identifier, data) = scene.signalled(CONNECTION_REQUEST).await?;
    let accepted = words(&[0x50, 100, 50, 1, 0]);
    let another = if identifier == 1 { 2 } else { identifier - 1 };
    let answer = |identifier| Command::Signal { code: CONNECTION_RESPONSE, identifier, data: accepted.clone() };
    scene.bumble(answer(another)).await?;
    let end = scene.attempted(Side::One).await?;
    ensure!(end == Attempt::Failed("Timeout".into()), "{end:?} in place of a timeout");
    // Vol 3, Part A, 4.6: a channel that nobody wants any more is closed.
    scene.bumble(answer(identifier)).await?;
    let (_, ends) = scene.signalled(DISCONNECTION_REQUEST).await.context("a late answer")?;
    let local = data.get(4..8).context("no Source CID")?;
    ensure!(ends == format!("5000{local}"), "{ends} is closed");
    scene.works(Side::One, PSM).await?;
    Ok("a timeout, and a late answer is undone".into())
}

/// What a peer offers must be what the specification allows.
async fn bad_answers(scene: &mut Scene) -> Result<String> {
    // Vol 3, Part A, 4.23: an MTU and an MPS of 23 at least.
    for [cid, mtu, mps] in [[0x51, 22, 50], [0x52, 100, 22]] {
        let data = words(&[cid, mtu, mps, 1, 0]);
        scene.bumble(Command::Answer { code: Some(CONNECTION_RESPONSE), data }).await?;
        scene.refused(Side::One, PSM, UNACCEPTABLE).await?;
        // For the peer it is open. Bumble, who knows nothing of it, does not answer as it should (4.6: Invalid CID).
        let (_, ends) = scene.signalled(DISCONNECTION_REQUEST).await?;
        ensure!(ends.starts_with(&words(&[cid])), "{ends} is closed");
    }
    scene.works(Side::One, PSM).await?;
    Ok("closed at once".into())
}

/// Requests that our server refuses for what they are.
async fn bad_requests(scene: &mut Scene) -> Result<String> {
    scene.refused(Side::Two, 0x86, NO_SPSM).await.context("nobody listens")?;
    let ends = scene.open(Side::Two, PSM, [OPTIONS; 2]).await?;
    let taken = ends[1].cids.context("no ends of the channel")?.ours;
    let cases = [
        ("PSM", [0x86, 0x60, 100, 50, 1], NO_SPSM),
        ("PSM", [0, 0x60, 100, 50, 1], NO_SPSM),
        ("Source CID", [PSM, 0, 100, 50, 1], INVALID_SOURCE),
        ("Source CID", [PSM, 0x3f, 100, 50, 1], INVALID_SOURCE),
        ("Source CID", [PSM, 0x80, 100, 50, 1], INVALID_SOURCE),
        ("Source CID", [PSM, taken, 100, 50, 1], ALREADY_ALLOCATED),
        ("MTU", [PSM, 0x60, 22, 50, 1], UNACCEPTABLE),
        ("MPS", [PSM, 0x60, 100, 22, 1], UNACCEPTABLE),
    ];
    for (at, (what, request, result)) in cases.into_iter().enumerate() {
        let identifier = 0xa0 + u8::try_from(at)?;
        scene.bumble(Command::Signal { code: CONNECTION_REQUEST, identifier, data: words(&request) }).await?;
        let data = scene.answered(CONNECTION_RESPONSE, identifier).await?;
        // Whoever is refused learns nothing else (4.23).
        let due = words(&[0, 0, 0, 0, result]);
        ensure!(data == due, "{what} {request:x?}: {data} and not {due}");
    }
    let flows = SIDES.map(|side| Flow::new(side, &ends, Stream::random(52, 5, 200)));
    scene.transfer(&flows).await?;
    scene.close(Side::Two, &ends).await?;
    Ok(format!("{} requests", cases.len()))
}

/// Channels until our server has no room for another, and again when one of them is gone.
async fn crowded(scene: &mut Scene) -> Result<String> {
    let mut open = vec![scene.open(Side::Two, PSM, [OPTIONS; 2]).await?];
    loop {
        ensure!(open.len() < 60, "there is no end of channels");
        scene.two.tell(Command::Open { psm: PSM, options: OPTIONS })?;
        match scene.attempted(Side::Two).await? {
            Attempt::Open(_) => {
                let opened = scene.one.until(|event| match event {
                    Event::Opened(opened) => Some(*opened),
                    _ => None,
                });
                opened.await?;
                open.push(open[0]);
            }
            Attempt::Refused(NO_RESOURCES) => break,
            end => bail!("{end:?} where {NO_RESOURCES:#06x} was due"),
        }
    }
    let first = open[0];
    let flows = SIDES.map(|side| Flow::new(side, &first, Stream::random(53, 5, 200)));
    scene.transfer(&flows).await?;
    // Its slot is free when our application has let it go.
    scene.close(Side::One, &first).await?;
    let end = scene.attempt(Side::Two, PSM, OPTIONS).await?;
    ensure!(matches!(end, Attempt::Open(_)), "{end:x?} where a channel is gone");
    Ok(format!("{} channels", open.len()))
}

/// What our server wants of a link.
async fn demands(scene: &mut Scene, central: Side) -> Result<String> {
    const DEMANDS: [(u16, Demand); 4] =
        [(0x90, Demand::Nothing), (0x91, Demand::Encrypted), (0x92, Demand::Authenticated), (0x93, Demand::Authorised)];
    for (psm, demand) in DEMANDS {
        scene.listen(Side::One, psm, OPTIONS.demand(demand)).await?;
    }
    scene.listen(Side::One, 0x94, OPTIONS.demand(Demand::Encrypted).key_size(16)).await?;
    scene.refused(Side::Two, 0x91, AUTHENTICATION).await.context("without a key")?;
    scene.refused(Side::Two, 0x92, AUTHENTICATION).await.context("without a key")?;
    scene.refused(Side::Two, 0x93, AUTHORISATION).await?;
    scene.connect_and_close(0x90).await?;
    scene.one.tell(Command::Authorise)?;
    scene.one.wait(&Event::Authorised).await?;
    scene.connect_and_close(0x93).await?;
    for side in SIDES {
        scene.player(side).tell(Command::Agree { key_size: 7 })?;
        scene.player(side).wait(&Event::Agreed).await?;
    }
    scene.player(central).tell(Command::Pair)?;
    scene.player(central).wait(&Event::Paired).await?;
    scene.connect_and_close(0x91).await?;
    scene.refused(Side::Two, 0x92, AUTHENTICATION).await.context("with a key of Just Works")?;
    scene.refused(Side::Two, 0x94, KEY_SIZE).await?;
    // Vol 3, Part C, 10.3.1: there is a key, and it has not been used on this link.
    scene.part(central).await?;
    scene.connect(central).await?;
    scene.refused(Side::Two, 0x91, ENCRYPTION).await.context("with a key that is not used")?;
    scene.connect_and_close(0x90).await?;
    Ok("0x0005, 0x0006, 0x0007, 0x0008".into())
}

impl Scene {
    async fn connect_and_close(&mut self, psm: u16) -> Result<()> {
        let ends = self.connect_channel(Side::Two, psm, OPTIONS).await?;
        self.close(Side::Two, &ends).await
    }
}

pub(crate) async fn play(scene: &mut Scene) {
    for central in SIDES {
        scene.case("each result", central, Side::One, async |s: &mut Scene| told_each(s).await).await;
        scene.case("no answer, or too late", central, Side::One, async |s: &mut Scene| unanswered(s).await).await;
        scene.case("impossible answers", central, Side::One, async |s: &mut Scene| bad_answers(s).await).await;
        scene.case("impossible requests", central, Side::Two, async |s: &mut Scene| bad_requests(s).await).await;
        scene.case("as many as there are", central, Side::Two, async |s: &mut Scene| crowded(s).await).await;
        scene.case("what we demand", central, Side::Two, async |s: &mut Scene| demands(s, central).await).await;
    }
}
