//! Two hosts and the user of both: how they connect, pair, encrypt and part.

use crate::talk::{Bond, By, Command, Door, Event, Io, Oob, Player, Settings};
use anyhow::{Context, Result, bail, ensure};
use embassy_futures::select::{Either, select};
use std::collections::BTreeSet;

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    One,
    Two,
}

impl Side {
    pub(crate) const fn other(self) -> Self {
        match self {
            Side::One => Side::Two,
            Side::Two => Side::One,
        }
    }
}

/// What the user of both does when a host asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum User {
    /// Types what is shown, and compares.
    Honest,
    /// Types another passkey than is shown.
    Mistyping,
    /// Says no, or gives no passkey, on this side.
    Rejecting(Side),
    /// Gives up on this side.
    Cancelling(Side),
    /// Ends the link on this side.
    Leaving(Side),
    /// Does nothing.
    Absent,
}

/// How a pairing ends for a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Paired { key_size: u8, secure_connections: bool, authenticated: bool },
    Failed { reason: u8, by: By },
    Broken,
    TimedOut,
    GivenUp,
}

/// The two hosts.
pub(crate) struct Scene {
    pub(crate) one: Player,
    pub(crate) two: Player,
    /// Which of them was the central last.
    central: Side,
    io: [Io; 2],
    /// The address on air of each, as the other saw it last.
    pub(crate) seen: [String; 2],
    cases: u8,
    /// What did not happen as it should.
    pub(crate) failed: Vec<String>,
    /// Keys that a capture must not hold, hexadecimal.
    pub(crate) secrets: BTreeSet<String>,
    /// What alone is played: what has this in its name.
    pub(crate) only: String,
}

/// What a host is ready with.
#[derive(Clone, Debug)]
pub(crate) struct Ready {
    pub(crate) identity: String,
    pub(crate) identity_key: Option<String>,
    pub(crate) confirm: String,
    pub(crate) random: String,
}

fn ready(event: &Event) -> Option<Ready> {
    let Event::Ready { identity, identity_key, confirm, random } = event.clone() else { return None };
    Some(Ready { identity, identity_key, confirm, random })
}

impl Scene {
    pub(crate) const fn new(one: Player, two: Player) -> Self {
        Scene {
            one,
            two,
            central: Side::One,
            io: [Io::None; 2],
            seen: [const { String::new() }; 2],
            cases: 0,
            failed: vec![],
            secrets: BTreeSet::new(),
            only: String::new(),
        }
    }

    /// Prints a row of the table: what, in which role of the first, with whom, and how it ended.
    pub(crate) fn row(&mut self, what: &str, central: Side, end: Result<String>) {
        let role = if central == Side::One { "central" } else { "peripheral" };
        let row = format!("| {what} | {role} | {} |", self.two.name);
        match end {
            Ok(end) => println!("{row} {end} |"),
            Err(error) => {
                println!("{row} FAILED: {error:#} |");
                self.failed.push(format!("{row} {error:#}"));
            }
        }
    }

    /// Whether this is played.
    pub(crate) fn plays(&self, what: &str) -> bool {
        what.contains(&self.only)
    }

    pub(crate) const fn player(&mut self, side: Side) -> &mut Player {
        match side {
            Side::One => &mut self.one,
            Side::Two => &mut self.two,
        }
    }

    /// Both as hosts that nobody knows.
    pub(crate) async fn begin(&mut self, one: &Settings, two: &Settings) -> Result<[Ready; 2]> {
        self.cases += 1;
        self.io = [one.io, two.io];
        let address = |side: u8| format!("f0:f1:f2:f3:{side:02x}:{:02x}", self.cases);
        let [one, two] = [(one, 1), (two, 2)]
            .map(|(settings, side)| Settings { address: address(side), only_legacy: side == 2, ..settings.clone() })
            .map(Command::Begin);
        let ready = [self.one.ask(one, ready).await?, self.two.ask(two, ready).await?];
        // What happened before is of the case before.
        self.one.rest();
        self.two.rest();
        Ok(ready)
    }

    /// Another way to pair, without forgetting.
    pub(crate) async fn settle(&mut self, side: Side, settings: &Settings) -> Result<Ready> {
        self.player(side).ask(Command::Settle(settings.clone()), ready).await
    }

    pub(crate) fn oob(&mut self, side: Side, oob: Oob) -> Result<()> {
        self.player(side).tell(Command::Oob(oob))
    }

    /// This one connects to the other.
    pub(crate) async fn connect(&mut self, central: Side) -> Result<()> {
        let (address, kind) = self.advertise(central.other()).await?;
        self.connect_to(central, address, kind).await
    }

    /// This one can be connected to, at this address of this kind.
    pub(crate) async fn advertise(&mut self, peripheral: Side) -> Result<(String, String)> {
        let advertising = |event: &Event| match event {
            Event::Advertising { address, kind } => Some((address.clone(), kind.clone())),
            _ => None,
        };
        let advertise = Command::Advertise { name: "pairing".into() };
        self.player(peripheral).ask(advertise, advertising).await
    }

    pub(crate) async fn connect_to(&mut self, central: Side, address: String, kind: String) -> Result<()> {
        self.central = central;
        self.player(central).tell(Command::Connect { address, kind })?;
        let peer = |event: &Event| match event {
            Event::Connected { peer } => Some(peer.clone()),
            _ => None,
        };
        let seen_by_one = self.one.until(peer).await.context("not connected")?;
        let seen_by_two = self.two.until(peer).await.context("not connected")?;
        self.seen = [seen_by_two, seen_by_one];
        Ok(())
    }

    /// The central ends the link; gives what nobody has asked for.
    pub(crate) async fn disconnect(&mut self) -> Result<[Vec<Event>; 2]> {
        let central = self.central;
        self.player(central).tell(Command::Disconnect)?;
        self.gone().await?;
        Ok([self.one.rest(), self.two.rest()])
    }

    /// Waits until both know that the link has ended.
    pub(crate) async fn gone(&mut self) -> Result<()> {
        let gone = |event: &Event| matches!(event, Event::Disconnected { .. }).then_some(());
        self.one.until(gone).await.context("still connected")?;
        self.two.until(gone).await.context("still connected")
    }

    /// Pairs as this one begins, to the end that each of them sees.
    pub(crate) async fn pair(&mut self, begins: Side, user: User) -> Result<[End; 2]> {
        let (shown, asked) = ([None; 2], [false; 2]);
        let mut pairing =
            Pairing { scene: self, user, shown, asked, ends: [const { None }; 2], kept: [const { vec![] }; 2] };
        pairing.scene.player(begins).tell(Command::Pair)?;
        loop {
            if let [Some(one), Some(two)] = &pairing.ends {
                let (ends, [first, second]) = ([one.clone(), two.clone()], pairing.kept);
                self.one.give_back(first);
                self.two.give_back(second);
                return Ok(ends);
            }
            let (side, event) = match select(pairing.scene.one.next(), pairing.scene.two.next()).await {
                Either::First(event) => (Side::One, event),
                Either::Second(event) => (Side::Two, event),
            };
            let ends = format!("{:?}", pairing.ends);
            pairing.on(side, event.with_context(|| format!("a pairing that ended so far as {ends}"))?)?;
        }
    }

    /// The central encrypts with what both have; each of them knows.
    pub(crate) async fn encrypt(&mut self) -> Result<()> {
        let central = self.central;
        self.player(central).tell(Command::Encrypt)?;
        self.one.wait(&Event::Encrypted).await?;
        self.two.wait(&Event::Encrypted).await
    }

    /// What this one reads of the other.
    pub(crate) async fn read(&mut self, side: Side, door: Door) -> Result<Result<String, u8>> {
        let read = |event: &Event| match event {
            Event::Read { value } => Some(Ok(value.clone())),
            Event::Refused { code } => Some(Err(*code)),
            _ => None,
        };
        self.player(side).ask(Command::Read { door }, read).await
    }

    /// Each reads of the other what wants an encrypted link.
    pub(crate) async fn read_both(&mut self) -> Result<()> {
        for side in [Side::One, Side::Two] {
            let value = self.read(side, Door::Encrypted).await?;
            ensure!(value.is_ok(), "{} is refused with {value:?}", self.player(side).name);
        }
        Ok(())
    }

    /// The bonds of this one.
    pub(crate) async fn bonds(&mut self, side: Side) -> Result<Vec<Bond>> {
        let bonds = |event: &Event| match event {
            Event::Bonds { bonds } => Some(bonds.clone()),
            _ => None,
        };
        let bonds = self.player(side).ask(Command::Bonds, bonds).await?;
        for bond in &bonds {
            let keys = [&bond.central_key, &bond.peripheral_key].into_iter().flatten().map(|key| &key.value);
            self.secrets.extend(keys.chain(&bond.identity_key).cloned());
        }
        Ok(bonds)
    }

    /// This one goes by another address from now on.
    pub(crate) async fn rotate(&mut self, side: Side) -> Result<()> {
        self.player(side).ask(Command::Rotate, |event| (*event == Event::Rotated).then_some(())).await
    }

    /// This one forgets the other.
    pub(crate) async fn forget(&mut self, side: Side) -> Result<()> {
        self.player(side).ask(Command::Forget, |event| (*event == Event::Forgotten).then_some(())).await
    }
}

/// A pairing in progress.
struct Pairing<'s> {
    scene: &'s mut Scene,
    user: User,
    /// What each shows.
    shown: [Option<u32>; 2],
    /// Which asks.
    asked: [bool; 2],
    ends: [Option<End>; 2],
    /// What others will ask for.
    kept: [Vec<Event>; 2],
}

impl Pairing<'_> {
    fn on(&mut self, side: Side, event: Event) -> Result<()> {
        let place = side as usize;
        let end = match event {
            Event::Paired { key_size, secure_connections, authenticated } => {
                End::Paired { key_size, secure_connections, authenticated }
            }
            Event::Failed { reason, by } => End::Failed { reason, by },
            Event::Disconnected { .. } => {
                self.kept[place].push(event);
                self.ends[place].get_or_insert(End::Broken);
                return Ok(());
            }
            Event::TimedOut => End::TimedOut,
            Event::GivenUp => End::GivenUp,
            Event::Display { passkey } => {
                self.shown[place] = Some(passkey);
                return self.type_in();
            }
            Event::Input => {
                self.asked[place] = true;
                return self.type_in();
            }
            Event::Compare { passkey } => {
                self.shown[place] = Some(passkey);
                return self.compare();
            }
            Event::SecurityRequested => return self.scene.player(side).tell(Command::Pair),
            Event::Refused { .. } | Event::Read { .. } | Event::Bonds { .. } => bail!("{side:?}: {event:?}"),
            later => {
                self.kept[place].push(later);
                return Ok(());
            }
        };
        ensure!(self.ends[place].is_none(), "{side:?} ends as {:?} and as {end:?}", self.ends[place]);
        self.ends[place] = Some(end);
        Ok(())
    }

    /// What is shown on one is typed in on the other; what both ask for is thought up.
    fn type_in(&mut self) -> Result<()> {
        for side in [Side::One, Side::Two] {
            let thought_up = (self.scene.io == [Io::Keyboard; 2]).then_some(271_828);
            let Some(passkey) = self.shown[side.other() as usize].or(thought_up) else { continue };
            if core::mem::take(&mut self.asked[side as usize]) {
                // One bit is another one, in the first of the twenty rounds.
                self.answer(side, if self.user == User::Mistyping { passkey ^ 1 } else { passkey })?;
            }
        }
        Ok(())
    }

    fn compare(&mut self) -> Result<()> {
        let [Some(one), Some(two)] = self.shown else { return Ok(()) };
        ensure!(one == two, "{one:06} is shown beside {two:06}");
        self.answer(Side::One, one)?;
        self.answer(Side::Two, two)
    }

    /// Answers as the user would.
    fn answer(&mut self, side: Side, passkey: u32) -> Result<()> {
        let command = match self.user {
            User::Rejecting(who) if who == side => Command::Answer { passkey: None },
            User::Cancelling(who) if who == side => Command::Cancel,
            User::Leaving(who) if who == side => Command::Disconnect,
            // The other is about to say no.
            User::Rejecting(_) | User::Cancelling(_) | User::Leaving(_) | User::Absent => return Ok(()),
            User::Honest | User::Mistyping => Command::Answer { passkey: Some(passkey) },
        };
        self.scene.player(side).tell(command)
    }
}
