//! Our host: obeys commands by the face, and tells what happens.

use crate::{
    octets::{Stream, Sum, sdu},
    talk::{Command, Demand, Event, HostEnds, Opened, Options},
};
use anyhow::{Context, Result, bail, ensure};
use core::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};
use embassy_futures::{
    select::{Either, select},
    yield_now,
};
use embassy_time::Instant;
use embedded_io_async::{Read, Write};
use jelling::{
    AddressKind, Authorisation, ChannelDemands, ChannelOptions, Config, Connection, ConnectionEvent,
    ConnectionParameters, Device, Error, Host, L2capChannel, Pair, ParameterPolicy,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};
use tokio::sync::{
    Notify,
    mpsc::{UnboundedSender, unbounded_channel},
};

/// Octets that are written at a time where SDUs do not matter, and read; and of a part of an SDU.
const WRITTEN: usize = 500;
const READ: usize = 300;
const PART: usize = 1_000;

type Channel<'d> = Rc<L2capChannel<'d>>;

/// What tasks of a host have in common.
struct Ours<'d> {
    host: Host<'d>,
    events: UnboundedSender<Event>,
    connection: RefCell<Option<Connection<'d>>>,
    channels: RefCell<BTreeMap<u32, Channel<'d>>>,
    numbers: Cell<u32>,
    opened: UnboundedSender<(u32, Channel<'d>)>,
    /// PSMs on which it listens no more.
    deaf: RefCell<BTreeSet<u16>>,
    deafened: Notify,
}

/// Obeys until nobody commands any more.
pub(crate) async fn play(host: Host<'_>, (mut commands, events): HostEnds) -> Result<()> {
    let (opened, mut channels) = unbounded_channel();
    let ours = Ours {
        host,
        events,
        connection: RefCell::default(),
        channels: RefCell::default(),
        numbers: Cell::new(0),
        opened,
        deaf: RefCell::default(),
        deafened: Notify::new(),
    };
    let mut tasks: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = vec![];
    poll_fn(|context| {
        loop {
            let before = tasks.len();
            while let Poll::Ready(command) = commands.poll_recv(context) {
                let Some(command) = command else { return Poll::Ready(()) };
                tasks.push(Box::pin(ours.obey(command)));
            }
            while let Poll::Ready(Some((number, channel))) = channels.poll_recv(context) {
                tasks.push(Box::pin(ours.watch_channel(number, channel)));
            }
            tasks.retain_mut(|task| task.as_mut().poll(context).is_pending());
            if tasks.len() <= before && channels.is_empty() {
                return Poll::Pending;
            }
        }
    })
    .await;
    Ok(())
}

fn octets(text: &str) -> Result<[u8; 6]> {
    let octet = |i: usize| u8::from_str_radix(text.get(3 * i..3 * i + 2).unwrap_or_default(), 16);
    let octets = (0..6).map(octet).collect::<Result<Vec<u8>, _>>()?;
    octets.try_into().ok().context("no address")
}

impl<'d> Ours<'d> {
    fn tell(&self, event: Event) {
        // Who does not listen any more has seen enough.
        let _ = self.events.send(event);
    }

    async fn obey(&self, command: Command) {
        let text = format!("{command:?}");
        if let Err(error) = self.try_to_obey(command).await {
            let text = text.get(..200).unwrap_or(&text);
            self.tell(Event::Error { text: format!("{text}: {error:#}") });
        }
    }

    /// What a scenario may want to fail.
    fn failed(&self, error: Error) {
        self.tell(match error {
            Error::ChannelRefused(result) => Event::Refused { result: result.0 },
            error => Event::Failed { text: format!("{error:?}") },
        });
    }

    fn connected(&self) -> Result<Connection<'d>> {
        self.connection.borrow().clone().context("not connected")
    }

    fn channel(&self, number: u32) -> Result<Channel<'d>> {
        self.channels.borrow().get(&number).cloned().context("no such channel")
    }

    async fn try_to_obey(&self, command: Command) -> Result<()> {
        match command {
            Command::Begin { .. } => self.begin().await?,
            Command::Advertise { name } => self.advertise(&name).await?,
            Command::Connect { address, kind } => {
                let kind = if kind == "public" { AddressKind::Public } else { AddressKind::Random };
                // The shortest interval: an air that takes its time gives a PDU each way in it.
                let interval = Duration::from_micros(7_500);
                let connect = self.host.connect(Device::new(kind, octets(&address)?)).interval(interval, interval);
                self.watch(connect.await?).await;
            }
            Command::Disconnect => self.connected()?.disconnect().await?,
            Command::Agree { .. } => {
                let pair = Pair { key_size: 7, ..Pair::new() };
                self.host.configure(Config { pairing: Some(pair), ..self.host.config() });
                self.tell(Event::Agreed);
            }
            Command::Pair => {
                self.connected()?.pair(Pair { key_size: 7, ..Pair::new() }).await?;
                self.tell(Event::Paired);
            }
            Command::Update { micros } => {
                let interval = Duration::from_micros(micros);
                let update = self.connected()?.update_parameters(ConnectionParameters::new(interval, interval));
                if let Err(error) = update.await {
                    self.failed(error);
                }
            }
            Command::Refuse => self.connected()?.on_parameter_request(Some(ParameterPolicy::Reject))?,
            Command::Authorise => {
                self.connected()?.authorise(Authorisation::Granted)?;
                self.tell(Event::Authorised);
            }
            Command::Listen { psm, options } => self.listen(psm, options).await?,
            Command::Unlisten { psm } => {
                self.deaf.borrow_mut().insert(psm);
                self.deafened.notify_waiters();
            }
            Command::Accept { psm, options } => {
                let accept = self.connected()?.l2cap_accept(psm, options.mtu).mps(options.mps).credits(options.credits);
                let told = async {
                    self.tell(Event::Listening { psm });
                    core::future::pending().await
                };
                let (Either::First(accepted) | Either::Second(accepted)) = select(accept, told).await;
                accepted.map_or_else(|error| self.failed(error), |channel| self.add(channel));
            }
            Command::Open { psm, options } => {
                let connect = self.connected()?.l2cap_connect(psm, options.mtu);
                match connect.mps(options.mps).credits(options.credits).await {
                    Ok(channel) => self.add(channel),
                    Err(error) => self.failed(error),
                }
            }
            Command::Send { channel, stream } => match self.send(&*self.channel(channel)?, &stream).await {
                Ok(()) => self.tell(Event::Sent { channel }),
                Err(error) => self.failed(error),
            },
            Command::Receive { channel, sdus, octets } => {
                let open = self.channel(channel)?;
                let received = match octets {
                    0 => self.receive(channel, &open, sdus).await,
                    octets => self.read(&open, octets).await,
                };
                match received {
                    Ok(sdus) => self.tell(Event::Received { channel, sdus }),
                    Err(error) => self.failed(error),
                }
            }
            Command::Close { channel } => {
                let open = self.channel(channel)?;
                let end = open.disconnect().await;
                ensure!(end.is_err() || !open.is_connected(), "disconnected, and still connected");
                self.channels.borrow_mut().remove(&channel);
                if let Err(error) = end {
                    self.failed(error);
                }
            }
            Command::Echo { channel, count } => {
                let (channel, mut buffer) = (self.channel(channel)?, [0; PART]);
                self.tell(Event::Echoes);
                for _ in 0..count {
                    let length = channel.recvinto(&mut buffer).await?;
                    channel.send(&buffer[..length]).await?;
                }
            }
            Command::Ping { channel, count, length } => {
                let (channel, mut buffer, mut times) = (self.channel(channel)?, [0; PART], vec![]);
                for index in 0..count {
                    let start = Instant::now();
                    channel.send(sdu(0, index, length)).await?;
                    let back = channel.recvinto(&mut buffer).await?;
                    times.push(start.elapsed());
                    ensure!(buffer[..back] == *sdu(0, index, length), "something else came back");
                }
                times.sort();
                self.tell(Event::Pinged { micros: times[times.len() / 2].as_micros() });
            }
            command => bail!("ours does not {command:?}"),
        }
        Ok(())
    }

    /// A host that nobody knows: whatever was used is free again.
    async fn begin(&self) -> Result<()> {
        let connection = self.connection.take();
        if let Some(connection) = connection {
            let _ = connection.disconnect().await;
        }
        self.channels.take();
        self.deaf.borrow_mut().extend(0..=255);
        self.deafened.notify_waiters();
        yield_now().await;
        self.deaf.take();
        for bond in self.host.bonds().collect::<Vec<_>>() {
            self.host.remove_bond(bond.peer.into())?;
        }
        self.host.start().await?;
        let pools = self.host.pools();
        ensure!(pools.blocks.used == 0 && pools.channels.used == 0, "leaked: {pools:?}");
        self.tell(Event::Ready);
        Ok(())
    }

    async fn advertise(&self, name: &str) -> Result<()> {
        let address = self.host.start().await?.address;
        let kind = if address.kind == AddressKind::Public { "public" } else { "random" };
        let advertise = self.host.advertise(Duration::from_millis(30)).name(name);
        let tell = async {
            self.host.advertising().await?;
            self.tell(Event::Advertising { address: address.to_string(), kind: kind.into() });
            core::future::pending::<Result<Connection<'d>, Error>>().await
        };
        let (Either::First(connection) | Either::Second(connection)) =
            select(advertise.timeout(Duration::from_secs(10)), tell).await;
        self.watch(connection?).await;
        Ok(())
    }

    /// Keeps a connection, to its end.
    async fn watch(&self, connection: Connection<'d>) {
        *self.connection.borrow_mut() = Some(connection.clone());
        self.tell(Event::Connected);
        loop {
            match connection.timeout(None, connection.event()).await {
                Ok(Ok(ConnectionEvent::PairingFailed(error))) if error != Error::Disconnected => self.failed(error),
                Ok(Ok(ConnectionEvent::ParametersChanged { interval, .. })) => {
                    let micros = u64::try_from(interval.as_micros()).unwrap_or_default();
                    self.tell(Event::Interval { micros });
                }
                Ok(Ok(_)) => {}
                Ok(Err(_)) | Err(_) => break,
            }
        }
        self.connection.take();
        self.tell(Event::Disconnected { reason: connection.reason().map_or(0, |reason| reason.0) });
    }

    async fn listen(&self, psm: u16, options: Options) -> Result<()> {
        let demands = match options.demand {
            Demand::Nothing => ChannelDemands::empty(),
            Demand::Encrypted => ChannelDemands::ENCRYPTED,
            Demand::Authenticated => ChannelDemands::AUTHENTICATED,
            Demand::Authorised => ChannelDemands::AUTHORISED,
        };
        let offered = ChannelOptions::new(options.mtu).mps(options.mps).credits(options.credits);
        let offered = offered.demands(demands).key_size(options.key_size);
        self.deaf.borrow_mut().remove(&psm);
        let listener = self.host.l2cap_listen(psm, &offered)?;
        self.tell(Event::Listening { psm });
        loop {
            let deafened = self.deafened.notified();
            if self.deaf.borrow().contains(&psm) {
                break;
            }
            if let Either::First(channel) = select(listener.accept(), deafened).await {
                self.add(channel?);
            }
        }
        drop(listener);
        self.tell(Event::Deaf { psm });
        Ok(())
    }

    fn add(&self, channel: L2capChannel<'d>) {
        let (number, channel) = (self.numbers.get() + 1, Rc::new(channel));
        self.numbers.set(number);
        self.channels.borrow_mut().insert(number, channel.clone());
        self.tell(Event::Opened(Opened {
            channel: number,
            psm: channel.psm(),
            our_mtu: channel.our_mtu(),
            peer_mtu: channel.peer_mtu(),
            cids: None,
            peer_mps: None,
        }));
        let _ = self.opened.send((number, channel));
    }

    async fn watch_channel(&self, number: u32, channel: Channel<'d>) {
        let end = channel.disconnected().await;
        if end.is_err() || channel.is_connected() {
            let text = format!("channel {number} ended with {end:?}");
            return self.tell(Event::Error { text });
        }
        self.tell(Event::Closed { channel: number });
    }

    async fn send(&self, channel: &L2capChannel<'d>, stream: &Stream) -> Result<(), Error> {
        if !stream.merges {
            for sdu in stream.sdus() {
                channel.send(sdu).await?;
            }
            return channel.flush().await;
        }
        let (octets, mut channel) = (stream.sdus().collect::<Vec<_>>().concat(), channel);
        for part in octets.chunks(WRITTEN) {
            channel.write_all(part).await?;
        }
        Write::flush(&mut channel).await
    }

    /// So many SDUs, or those that came before the end: on every other channel as wholes, on the others in parts.
    async fn receive(&self, number: u32, channel: &L2capChannel<'d>, sdus: usize) -> Result<Vec<Sum>, Error> {
        let (mut sums, mut buffer, mut sdu) = (vec![], vec![0; channel.our_mtu().into()], vec![]);
        let in_parts = number.is_multiple_of(2);
        while sums.len() < sdus {
            let received = if in_parts {
                let room = buffer.len().min(PART);
                channel.receive(&mut buffer[..room]).await.map(|received| (received.length, received.ends))
            } else {
                channel.recvinto(&mut buffer).await.map(|length| (length, true))
            };
            match received {
                Ok((length, ends)) => {
                    sdu.extend(&buffer[..length]);
                    if ends {
                        sums.push(Sum::of(&sdu));
                        sdu.clear();
                    }
                }
                Err(Error::ChannelClosed | Error::Disconnected) if sdu.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        Ok(sums)
    }

    /// So many octets, whatever SDUs they are in.
    async fn read(&self, mut channel: &L2capChannel<'d>, octets: usize) -> Result<Vec<Sum>, Error> {
        let mut all = vec![];
        let mut buffer = [0; READ];
        while all.len() < octets {
            match channel.read(&mut buffer).await? {
                0 => break,
                length => all.extend(&buffer[..length]),
            }
        }
        Ok(vec![Sum::of(&all)])
    }
}
