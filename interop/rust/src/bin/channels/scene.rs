//! Two hosts with a link, and what is common to all that is played on it.

use crate::{
    octets::Stream,
    talk::{Command, Event, Opened, Options, Player, Traffic},
};
use anyhow::{Context, Result, bail, ensure};

/// One of the two: ours is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    One,
    Two,
}

pub(crate) const SIDES: [Side; 2] = [Side::One, Side::Two];

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Side::One => Side::Two,
            Side::Two => Side::One,
        }
    }
}

/// What goes one way on a channel.
pub(crate) struct Flow {
    pub(crate) from: Side,
    /// The numbers of the channel, ours first.
    pub(crate) channels: [u32; 2],
    pub(crate) stream: Stream,
}

impl Flow {
    pub(crate) fn new(from: Side, ends: &Ends, stream: Stream) -> Self {
        Flow { from, channels: ends.numbers(), stream }
    }
}

/// An open channel as each of the two knows it.
pub(crate) type Ends = [Opened; 2];

pub(crate) trait Numbers {
    fn numbers(&self) -> [u32; 2];
    fn of(&self, side: Side) -> &Opened;
}

impl Numbers for Ends {
    fn numbers(&self) -> [u32; 2] {
        self.map(|end| end.channel)
    }

    fn of(&self, side: Side) -> &Opened {
        &self[side as usize]
    }
}

pub(crate) struct Scene {
    pub(crate) one: Player,
    pub(crate) two: Player,
    cases: u8,
    /// What did not happen as it should.
    pub(crate) failed: Vec<String>,
    /// What alone is played: what has this in its name.
    pub(crate) only: String,
}

impl Scene {
    pub(crate) const fn new(one: Player, two: Player) -> Self {
        Scene { one, two, cases: 0, failed: vec![], only: String::new() }
    }

    pub(crate) const fn player(&mut self, side: Side) -> &mut Player {
        match side {
            Side::One => &mut self.one,
            Side::Two => &mut self.two,
        }
    }

    /// Plays a case on a link of its own, and prints its row: what, in which role of the first, who opened, and how it ended.
    pub(crate) async fn case(
        &mut self,
        what: &str,
        central: Side,
        opener: Side,
        play: impl AsyncFnOnce(&mut Scene) -> Result<String>,
    ) {
        if !what.contains(&self.only) {
            return;
        }
        let role = if central == Side::One { "central" } else { "peripheral" };
        let opens = if opener == Side::One { "we" } else { "the peer" };
        let row = format!("| {what} | {role} | {opens} | {} |", self.two.name);
        match self.played(central, play).await {
            Ok(end) => println!("{row} {end} |"),
            Err(error) => {
                println!("{row} FAILED: {error:#} |");
                self.failed.push(format!("{row} {error:#}"));
            }
        }
    }

    async fn played(&mut self, central: Side, play: impl AsyncFnOnce(&mut Scene) -> Result<String>) -> Result<String> {
        self.begin().await?;
        self.connect(central).await?;
        let end = play(self).await?;
        self.part(central).await?;
        Ok(end)
    }

    /// Both as hosts that nobody knows.
    async fn begin(&mut self) -> Result<()> {
        self.cases = self.cases.wrapping_add(1);
        let mut wrong = 0;
        for side in SIDES {
            let address = format!("f0:f1:f2:f4:{:02x}:{:02x}", side as u8, self.cases);
            self.player(side).tell(Command::Begin { address })?;
            // What happened before is of the case before, and so is what went wrong in it.
            loop {
                match self.player(side).next().await {
                    Ok(Event::Ready) => break,
                    Ok(_) => {}
                    Err(error) => {
                        self.failed.push(format!("after the case before: {error:#}"));
                        wrong += 1;
                        ensure!(wrong < 3, "{error:#}");
                    }
                }
            }
        }
        Ok(())
    }

    /// This one connects to the other.
    pub(crate) async fn connect(&mut self, central: Side) -> Result<()> {
        let advertise = Command::Advertise { name: "channels".into() };
        let (address, kind) = self
            .player(central.other())
            .ask(advertise, |event| match event {
                Event::Advertising { address, kind } => Some((address.clone(), kind.clone())),
                _ => None,
            })
            .await?;
        self.player(central).tell(Command::Connect { address, kind })?;
        self.one.wait(&Event::Connected).await?;
        self.two.wait(&Event::Connected).await
    }

    /// The central ends the link, and whatever is wrong until then is told.
    pub(crate) async fn part(&mut self, central: Side) -> Result<()> {
        self.player(central).tell(Command::Disconnect)?;
        for side in SIDES {
            let gone = |event: &Event| matches!(event, Event::Disconnected { .. }).then_some(());
            self.player(side).until(gone).await.context("still connected")?;
        }
        Ok(())
    }

    pub(crate) async fn listen(&mut self, side: Side, psm: u16, options: Options) -> Result<()> {
        let listening = |event: &Event| (*event == Event::Listening { psm }).then_some(());
        self.player(side).ask(Command::Listen { psm, options }, listening).await
    }

    /// This one opens a channel where the other listens.
    pub(crate) async fn connect_channel(&mut self, opener: Side, psm: u16, options: Options) -> Result<Ends> {
        self.player(opener).tell(Command::Open { psm, options })?;
        let mut ends = vec![];
        // Who opens is told what is wrong.
        for side in [opener, opener.other()] {
            let opened = |event: &Event| match event {
                Event::Opened(opened) => Some(Ok(*opened)),
                Event::Refused { result } => Some(Err(format!("refused with {result:#06x}"))),
                Event::Failed { text } => Some(Err(text.clone())),
                _ => None,
            };
            match self.player(side).until(opened).await.context("no channel")? {
                Ok(opened) => ends.push(opened),
                Err(text) => bail!("no channel: {text}"),
            }
        }
        ends.rotate_left(opener as usize);
        let [one, two] = ends[..] else { bail!("not two ends") };
        ensure!(one.psm == psm && two.psm == psm, "opened {one:?} and {two:?}");
        ensure!(one.our_mtu == two.peer_mtu && two.our_mtu == one.peer_mtu, "opened {one:?} and {two:?}");
        Ok([one, two])
    }

    /// A channel with what each of the two offers, ours first.
    pub(crate) async fn open(&mut self, opener: Side, psm: u16, options: [Options; 2]) -> Result<Ends> {
        let [ours, theirs] = [options[opener as usize], options[opener.other() as usize]];
        self.listen(opener.other(), psm, theirs).await?;
        self.connect_channel(opener, psm, ours).await
    }

    /// Sends all of these at once; what was received must be what was sent.
    pub(crate) async fn transfer(&mut self, flows: &[Flow]) -> Result<()> {
        for Flow { from, channels, stream } in flows {
            let (channel, sdus) = (channels[from.other() as usize], stream.lengths.len());
            let octets = if stream.merges { stream.octets() } else { 0 };
            self.player(from.other()).tell(Command::Receive { channel, sdus, octets })?;
            self.player(*from).tell(Command::Send { channel: channels[*from as usize], stream: stream.clone() })?;
        }
        for flow in flows {
            self.arrives(flow).await?;
            let channel = flow.channels[flow.from as usize];
            self.player(flow.from).wait(&Event::Sent { channel }).await.context("not sent")?;
        }
        Ok(())
    }

    /// What was sent is received.
    pub(crate) async fn arrives(&mut self, Flow { from, channels, stream }: &Flow) -> Result<()> {
        let channel = channels[from.other() as usize];
        let receiver = self.player(from.other());
        let got = receiver.until(|event| match event {
            Event::Received { channel: c, sdus } if *c == channel => Some(Ok(sdus.clone())),
            Event::Failed { text } => Some(Err(text.clone())),
            _ => None,
        });
        let got = got.await.context("nothing received")?.map_err(anyhow::Error::msg)?;
        let wanted = stream.sums();
        if let Some(at) = (0..wanted.len().max(got.len())).find(|at| got.get(*at) != wanted.get(*at)) {
            let receiver = &receiver.name;
            bail!("{receiver}: SDU {at} is {:x?} in place of {:x?}, of {}", got.get(at), wanted.get(at), wanted.len());
        }
        Ok(())
    }

    /// Has Bumble do what it has no word for.
    pub(crate) async fn bumble(&mut self, command: Command) -> Result<()> {
        self.two.ask(command, |event| (*event == Event::Done).then_some(())).await
    }

    /// What a Bumble has counted at its end.
    pub(crate) async fn traffic(&mut self, side: Side, ends: &Ends) -> Result<Option<Traffic>> {
        let channel = ends.of(side).channel;
        if !self.player(side).is_bumble {
            return Ok(None);
        }
        let traffic = |event: &Event| match event {
            Event::Traffic(traffic) => Some(*traffic),
            _ => None,
        };
        self.player(side).ask(Command::Traffic { channel }, traffic).await.map(Some)
    }

    /// This one closes the channel, and both know.
    pub(crate) async fn close(&mut self, side: Side, ends: &Ends) -> Result<()> {
        self.player(side).tell(Command::Close { channel: ends.of(side).channel })?;
        self.closed(ends).await
    }

    /// Both know that the channel has ended.
    pub(crate) async fn closed(&mut self, ends: &Ends) -> Result<()> {
        for side in SIDES {
            self.player(side).wait(&Event::Closed { channel: ends.of(side).channel }).await?;
        }
        Ok(())
    }
}
