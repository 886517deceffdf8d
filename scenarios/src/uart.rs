//! Two hosts behind slow UARTs: how near they come to what the framing leaves of the lines.
//!
//! Each host has a controller of its own behind H4, on a line that carries one octet each 10 us in each direction (1 Mbaud) and refuses
//! more. The air takes no time, so that the lines alone are the limit. Time is virtual: the figures are exact.

mod bound;
mod line;

pub use bound::Bound;

use crate::scenario::{SERVICE, VALUE};
use core::time::Duration;
use embassy_futures::{
    join::join,
    select::{Either, select},
};
use embassy_time::Instant;
use jelling::{
    ChannelOptions, CharacteristicOptions, Connection, Error, Gatt, Host, L2capChannel, Links, Pool, Properties,
    Resources, Updates, sim,
};
use jelling_h4::{H4Reader, H4Writer};
use jelling_sim::{Air, Simulation, apart};
use line::line;

/// Room for the credits of a channel; all else as it is by default.
type Memory = Resources<Links, Gatt, Pool<160>>;

/// The PSM of the channel.
const PSM: u16 = 0x80;
/// The longest SDU: eight segments of 247 octets, its length among them.
const MTU: u16 = 8 * MPS - 2;
/// The longest segment: what a packet holds.
const MPS: u16 = 247;
/// Segments that the peer may send before some are taken: what is on its way while credits come back, through both lines.
const CREDITS: u16 = 16;

/// Octets of an update's value: what the MTU leaves.
const VALUE_LENGTH: usize = 244;

/// The share of what the framing leaves that each row carries at least.
pub const LEAST: f64 = 0.97;

/// Between advertisements.
const INTERVAL: Duration = Duration::from_millis(20);

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A channel, one way.
    OneWay,
    /// A channel, both ways at once.
    BothWays,
    /// Notifications, one way.
    Notifications,
}

impl Row {
    /// All of them.
    pub const ALL: [Row; 3] = [Row::OneWay, Row::BothWays, Row::Notifications];

    /// Its name for readers.
    pub const fn name(self) -> &'static str {
        match self {
            Row::OneWay => "channel, one way",
            Row::BothWays => "channel, both ways at once",
            Row::Notifications => "notifications, one way",
        }
    }
}

/// What a measurement gave.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Octets that the receiving application had, in the direction of the line.
    pub octets: usize,
    /// From the first call to the last octet.
    pub took: embassy_time::Duration,
    /// What the framing leaves.
    pub bound: Bound,
}

impl Outcome {
    /// Octets a second.
    pub fn rate(&self) -> f64 {
        self.octets as f64 / (self.took.as_micros() as f64 / 1e6)
    }

    /// Of what the framing leaves, so much.
    pub fn share(&self) -> f64 {
        self.rate() / self.bound.rate()
    }
}

/// Prints what each row carries of 1 MiB, and what the framing leaves.
///
/// # Errors
/// Those of [`measure`], and a row with less than 97 % of what the framing leaves.
pub fn run() -> anyhow::Result<()> {
    println!("behind UARTs of 1 Mbaud, 1 MiB, octets a second of virtual time:");
    for row in Row::ALL {
        let outcome = measure(row, 1 << 20)?;
        let (rate, bound, share) = (outcome.rate(), outcome.bound.rate(), outcome.share() * 100.0);
        println!("{}: {rate:.0} of the {bound:.0} that the framing leaves ({share:.1} %)", row.name());
        anyhow::ensure!(outcome.share() >= LEAST, "{}: less than {:.0} %", row.name(), LEAST * 100.0);
    }
    Ok(())
}

/// Sends so many octets, and compares what comes.
///
/// # Errors
/// Where the hosts fail, or something comes otherwise than it was sent.
pub fn measure(row: Row, octets: usize) -> Result<Outcome, Error> {
    let simulation = Simulation::on(Air::instant(1));
    let controllers = [simulation.air().controller(), simulation.air().controller()];
    let mut memory: [Box<Memory>; 2] = Default::default();
    let [one, two] = memory.each_mut().map(|memory| jelling::new(&mut **memory, Default::default()));
    let hosts = [one.0, two.0];
    let runners = [one.1, two.1].into_iter().zip(&controllers).map(|(mut runner, controller)| {
        let (reader, writer) = line(controller);
        apart(async move { runner.run(H4Reader::new(reader), H4Writer::new(writer)).await })
    });
    let [one, two] = <[_; 2]>::try_from(runners.collect::<Vec<_>>()).unwrap_or_else(|_| unreachable!());
    let work = async {
        match row {
            Row::OneWay => channel(hosts, octets, Ways::One).await,
            Row::BothWays => channel(hosts, octets, Ways::Both).await,
            Row::Notifications => notifications(hosts, octets).await,
        }
    };
    simulation.block_on(async {
        match select(work, join(one, two)).await {
            Either::First(result) => result,
            Either::Second(ends) => panic!("a host ended: {ends:?}"),
        }
    })
}

/// The stream's octet at this place: a pattern that is longer than any packet.
fn octet(place: usize) -> u8 {
    (place ^ place >> 8 ^ place >> 16).wrapping_mul(167) as u8
}

/// What is sent at this place.
fn fill(place: usize, octets: &mut [u8]) {
    octets.iter_mut().enumerate().for_each(|(at, target)| *target = octet(place + at));
}

/// What came at this place is what was sent.
fn check(place: usize, octets: &[u8]) {
    let wrong = octets.iter().enumerate().position(|(at, o)| *o != octet(place + at));
    assert_eq!(wrong, None, "octets that came at {place} are others than were sent");
}

/// Connects the second host to the first.
async fn connect<'d>(hosts: [Host<'d>; 2]) -> Result<[Connection<'d>; 2], Error> {
    let (one, two) = join(hosts[0].advertise(INTERVAL), hosts[1].connect(sim::device(0))).await;
    Ok([one?, two?])
}

/// Which way octets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ways {
    One,
    Both,
}

/// Sends the whole stream.
async fn pour(channel: &L2capChannel<'_>, octets: usize) -> Result<(), Error> {
    let mut sdu = [0; MTU as usize];
    for place in (0..octets).step_by(sdu.len()) {
        let part = &mut sdu[..usize::from(MTU).min(octets - place)];
        fill(place, part);
        channel.send(part).await?;
    }
    Ok(())
}

/// Receives the whole stream.
async fn drain(channel: &L2capChannel<'_>, octets: usize) -> Result<(), Error> {
    let (mut sdu, mut came) = ([0; MTU as usize], 0);
    while came < octets {
        let length = channel.recvinto(&mut sdu).await?;
        check(came, &sdu[..length]);
        came += length;
    }
    Ok(())
}

/// Sends so many octets over a channel.
async fn channel(hosts: [Host<'_>; 2], octets: usize, ways: Ways) -> Result<Outcome, Error> {
    let listener = hosts[0].l2cap_listen(PSM, &ChannelOptions::new(MTU).credits(CREDITS))?;
    let [_server, client] = connect(hosts).await?;
    let (one, two) = join(listener.accept(), client.l2cap_connect(PSM, MTU).credits(CREDITS)).await;
    let (one, two) = (one?, two?);
    let begun = Instant::now();
    let there = join(apart(pour(&one, octets)), apart(drain(&two, octets)));
    let back = async {
        if ways == Ways::Both {
            let (sent, received) = join(apart(pour(&two, octets)), apart(drain(&one, octets))).await;
            sent.and(received)?;
        }
        Ok(())
    };
    let ((sent, received), back) = join(there, back).await;
    sent.and(received).and(back)?;
    let bound = Bound::channel(octets, MTU.into(), MPS.into(), ways == Ways::Both);
    Ok(Outcome { octets, took: begun.elapsed(), bound })
}

/// Notifies of so many octets.
async fn notifications(hosts: [Host<'_>; 2], octets: usize) -> Result<Outcome, Error> {
    let options = CharacteristicOptions::new(Properties::NOTIFY).max_len(VALUE_LENGTH);
    let mut db = hosts[0].services()?;
    let service = db.service(SERVICE)?;
    let value = db.characteristic_with(service, VALUE, &options)?;
    db.register()?;
    let [server, client] = connect(hosts).await?;
    client.exchange_mtu().await?;
    let remote = client.service(SERVICE).await?.characteristic(VALUE).await?;
    let mut updates = remote.subscribe(Updates::NOTIFY).depth(2).max_len(VALUE_LENGTH).await?;
    let begun = Instant::now();
    let send = async {
        let mut packet = [0; VALUE_LENGTH];
        for place in (0..octets).step_by(VALUE_LENGTH) {
            let part = &mut packet[..VALUE_LENGTH.min(octets - place)];
            fill(place, part);
            value.notify(&server, &*part).await?;
        }
        Ok(())
    };
    let receive = async {
        let (mut buffer, mut came) = ([0; VALUE_LENGTH], 0);
        while came < octets {
            let length = updates.notified_into(&mut buffer).await?;
            check(came, &buffer[..length]);
            came += length;
        }
        Ok(())
    };
    let (sent, received) = join(apart(send), apart(receive)).await;
    sent.and(received)?;
    Ok(Outcome { octets, took: begun.elapsed(), bound: Bound::notifications(octets, VALUE_LENGTH) })
}
