//! Our host: obeys commands by the face, and tells what happens.

use crate::talk::{self, By, Command, Door, Event, HostEnds, Io, Oob, Settings};
use anyhow::{Context, Result, bail};
use core::{
    cell::{Cell, RefCell},
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};
use embassy_futures::select::{Either, select};
use jelling::{
    AddressKind, Bond, Characteristic, CharacteristicOptions, Config, Connection, ConnectionEvent, Device, Error, Host,
    IoCapability, LeSecure, LongTermKey, Overwrite, OwnAddress, Pair, PasskeyAction, PasskeyRequest, PeerOob,
    Permissions, Properties, Raise, Uuid,
};
use tokio::sync::{Notify, mpsc::UnboundedSender};

const SERVICE: Uuid = Uuid::new128(0x7d2e_4000_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const ENCRYPTED: Uuid = Uuid::new128(0x7d2e_4001_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const AUTHENTICATED: Uuid = Uuid::new128(0x7d2e_4002_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const TOLD: Uuid = Uuid::new128(0x7d2e_4003_5c0b_4f5a_9a3e_6b1f_0c2d_4e01);
const VALUE: &[u8] = b"told in secret";

/// What a pairing may take where the peer is silent: shorter than anybody waits.
const SHORT: Duration = Duration::from_millis(700);

/// What tasks of a host have in common.
struct Ours<'d> {
    host: Host<'d>,
    /// What our server tells.
    told: Characteristic<'d>,
    events: UnboundedSender<Event>,
    pair: Cell<Pair>,
    settings: RefCell<Settings>,
    connection: RefCell<Option<Connection<'d>>>,
    /// What the user is asked.
    question: RefCell<Option<PasskeyRequest<'d>>>,
    /// A pairing that we have begun goes on.
    pairs: Cell<bool>,
    given_up: Notify,
}

/// Obeys until nobody commands any more.
pub(crate) async fn play(host: Host<'_>, (mut commands, events): HostEnds) -> Result<()> {
    let ours = Ours {
        told: serve(host)?,
        host,
        events,
        pair: Cell::new(Pair::new()),
        settings: RefCell::default(),
        connection: RefCell::default(),
        question: RefCell::default(),
        pairs: Cell::new(false),
        given_up: Notify::new(),
    };
    let mut tasks: Vec<Pin<Box<dyn Future<Output = ()> + '_>>> = vec![Box::pin(ours.ask())];
    poll_fn(|context| {
        while let Poll::Ready(command) = commands.poll_recv(context) {
            let Some(command) = command else { return Poll::Ready(()) };
            tasks.push(Box::pin(ours.obey(command)));
        }
        tasks.retain_mut(|task| task.as_mut().poll(context).is_pending());
        Poll::Pending
    })
    .await;
    Ok(())
}

fn serve(host: Host<'_>) -> Result<Characteristic<'_>> {
    let mut db = host.services()?;
    let service = db.service(SERVICE)?;
    for (uuid, permissions) in
        [(ENCRYPTED, Permissions::READ_ENCRYPTED), (AUTHENTICATED, Permissions::READ_AUTHENTICATED)]
    {
        let options = CharacteristicOptions::new(Properties::READ).permissions(permissions).initial(VALUE);
        db.characteristic_with(service, uuid, &options)?;
    }
    let told = db.characteristic(service, TOLD, Properties::NOTIFY)?;
    db.register()?;
    Ok(told)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

pub(crate) fn octets<const N: usize>(text: &str) -> Result<[u8; N]> {
    let octet = |i: usize| u8::from_str_radix(text.get(2 * i..2 * i + 2).unwrap_or_default(), 16);
    let octets = (0..N).map(octet).collect::<Result<Vec<u8>, _>>()?;
    octets.try_into().ok().context("another length")
}

/// What a key of a bond is, in words that Bumble's side has too.
fn key(bond: &Bond, key: &LongTermKey) -> talk::Key {
    let (value, random) = (hex(&key.key.0), hex(&key.random));
    talk::Key { value, diversifier: key.diversifier, random, authenticated: bond.authenticated }
}

fn told(bond: &Bond) -> talk::Bond {
    talk::Bond {
        peer: bond.peer.to_string(),
        identity_key: bond.identity_key.as_ref().map(|key| hex(&key.0)),
        central_key: bond.central_key.as_ref().map(|k| key(bond, k)),
        peripheral_key: bond.peripheral_key.as_ref().map(|k| key(bond, k)),
    }
}

/// What became of something that was to secure the link.
fn failed(error: Error) -> Event {
    match error {
        Error::PairingFailed(reason) => Event::Failed { reason: reason.0, by: By::Itself },
        Error::PairingRejected(reason) => Event::Failed { reason: reason.0, by: By::Peer },
        Error::BondLost => Event::BondLost,
        Error::NotBonded => Event::NotBonded,
        Error::EncryptionFailed(status) => Event::NotEncrypted { status: status.0 },
        Error::Timeout => Event::TimedOut,
        error => Event::Error { text: error.to_string() },
    }
}

impl<'d> Ours<'d> {
    fn tell(&self, event: Event) {
        // Who does not listen any more has seen enough.
        let _ = self.events.send(event);
    }

    async fn obey(&self, command: Command) {
        let text = format!("{command:?}");
        if let Err(error) = self.try_to_obey(command).await {
            self.tell(Event::Error { text: format!("{text}: {error:#}") });
        }
    }

    fn connected(&self) -> Result<Connection<'d>> {
        self.connection.borrow().clone().context("not connected")
    }

    async fn try_to_obey(&self, command: Command) -> Result<()> {
        match command {
            Command::Begin(settings) => {
                let connection = self.connection.take();
                if let Some(connection) = connection {
                    let _ = connection.disconnect().await;
                }
                self.forget()?;
                self.settle(settings).await?;
            }
            Command::Settle(settings) => self.settle(settings).await?,
            Command::Oob(oob) => self.out_of_band(&oob)?,
            Command::Rotate => {
                // Each time that it comes up it has another.
                self.host.stop().await;
                self.host.start().await?;
                self.tell(Event::Rotated);
            }
            Command::Advertise { name } => self.advertise(&name).await?,
            Command::Connect { address, kind } => {
                let device = match kind.as_str() {
                    "name" => self.find(&address).await?,
                    "public" => Device::new(AddressKind::Public, octets(&address.replace(':', ""))?),
                    _ => Device::new(AddressKind::Random, octets(&address.replace(':', ""))?),
                };
                // The shortest interval: an air that takes its time gives a PDU each way in it.
                let interval = Duration::from_micros(7_500);
                let connection = self.host.connect(device).interval(interval, interval).await?;
                self.watch(connection).await;
            }
            Command::Pair => self.begin_pairing().await?,
            Command::Encrypt => match self.connected()?.encrypt().await {
                // The connection tells of it.
                Ok(_) => {}
                Err(Error::BondLost) => {}
                Err(error) => self.tell(failed(error)),
            },
            Command::Answer { passkey } => {
                let question = self.question.take().context("nothing was asked")?;
                match (passkey, question.action()) {
                    (None, _) => question.reject()?,
                    (Some(passkey), PasskeyAction::Input) => question.input(passkey)?,
                    (Some(_), _) => question.confirm()?,
                }
            }
            Command::Cancel => self.given_up.notify_one(),
            Command::Read { door } => self.read(door).await?,
            Command::Subscribe => bail!("our client does not subscribe"),
            Command::Update { value } => self.told.update(&value)?,
            Command::Disconnect => self.connected()?.disconnect().await?,
            Command::Forget => {
                self.forget()?;
                self.tell(Event::Forgotten);
            }
            Command::Bonds => self.tell(Event::Bonds { bonds: self.host.bonds().map(|bond| told(&bond)).collect() }),
        }
        Ok(())
    }

    async fn find(&self, name: &str) -> Result<Device> {
        let step = Duration::from_millis(30);
        let mut scanner = self.host.scan(Duration::from_secs(10)).active().interval(step).window(step).await?;
        while let Some(result) = scanner.try_next().await? {
            if result.name() == Some(name) && result.connectable() {
                return Ok(result.device());
            }
        }
        bail!("{name} was not found")
    }

    fn forget(&self) -> Result<()> {
        for bond in self.host.bonds().collect::<Vec<_>>() {
            self.host.remove_bond(bond.peer.into())?;
        }
        Ok(())
    }

    async fn settle(&self, settings: Settings) -> Result<()> {
        let pair = Pair {
            io: match settings.io {
                Io::None => IoCapability::NO_INPUT_NO_OUTPUT,
                Io::Display => IoCapability::DISPLAY_ONLY,
                Io::YesNo => IoCapability::DISPLAY_YES_NO,
                Io::Keyboard => IoCapability::KEYBOARD_ONLY,
                Io::KeyboardDisplay => IoCapability::KEYBOARD_DISPLAY,
            },
            mitm: settings.mitm,
            le_secure: match (settings.secure, settings.only_legacy) {
                (true, _) => LeSecure::Required,
                (false, false) => LeSecure::Preferred,
                (false, true) => LeSecure::Off,
            },
            key_size: settings.floor.unwrap_or(16),
            overwrite: if settings.replaces { Overwrite::Always } else { Overwrite::EqualOrStronger },
            ..Pair::new()
        };
        let address = if settings.privacy { OwnAddress::Resolvable } else { OwnAddress::Automatic };
        *self.settings.borrow_mut() = settings;
        self.agree(pair);
        if self.host.config().address != address {
            self.host.stop().await;
            self.host.configure(Config { address, ..self.host.config() });
        }
        let info = self.host.start().await?;
        let own = self.host.oob().await?;
        self.tell(Event::Ready {
            identity: info.address.to_string(),
            identity_key: None,
            confirm: hex(&own.confirm),
            random: hex(&own.random),
        });
        Ok(())
    }

    /// How we pair, whoever begins.
    fn agree(&self, pair: Pair) {
        self.pair.set(pair);
        let pairing = (self.settings.borrow().accepts != Some(false)).then_some(pair);
        let raise = if self.settings.borrow().raises { Raise::Encrypt } else { Raise::Never };
        self.host.configure(Config { pairing, raise, ..self.host.config() });
    }

    fn out_of_band(&self, oob: &Oob) -> Result<()> {
        let oob = match oob {
            Oob { temporary_key: Some(key), .. } => Some(PeerOob::Legacy { key: octets(key)? }),
            Oob { confirm: Some(confirm), random: Some(random), .. } => {
                Some(PeerOob::SecureConnections { confirm: octets(confirm)?, random: octets(random)? })
            }
            _ => None,
        };
        self.agree(Pair { oob, ..self.pair.get() });
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

    /// Tells what happens to a connection, to its end.
    async fn watch(&self, connection: Connection<'d>) {
        *self.connection.borrow_mut() = Some(connection.clone());
        let mut before = connection.security().unwrap_or_default();
        let mut keys = self.keys(&connection);
        let peer = connection
            .device()
            .map_or_else(|error| error.to_string(), |device| device.octets().map(|o| format!("{o:02x}")).join(":"));
        self.tell(Event::Connected { peer });
        loop {
            let step = Duration::from_millis(10);
            match connection.timeout(Some(step), connection.event()).await {
                Ok(Ok(ConnectionEvent::SecurityChanged(security))) => {
                    if security.encrypted != before.encrypted {
                        self.tell(if security.encrypted { Event::Encrypted } else { Event::Plain });
                    }
                    before = security;
                }
                // Of a link that ends more is told.
                Ok(Ok(ConnectionEvent::PairingFailed(Error::Disconnected))) => {}
                Ok(Ok(ConnectionEvent::PairingFailed(error))) => self.tell(failed(error)),
                Ok(Ok(ConnectionEvent::BondLost)) => self.tell(Event::BondLost),
                Ok(Ok(ConnectionEvent::SecurityRequested)) => self.tell(Event::SecurityRequested),
                Ok(Ok(_)) | Err(Error::Timeout) => {}
                Ok(Err(_)) | Err(_) => break,
            }
            // A pairing that the peer has begun is over when it has left its keys.
            let now = self.keys(&connection);
            if now != keys && now.is_some() && !self.pairs.get() {
                self.paired(&connection);
            }
            keys = now;
        }
        self.question.take();
        self.connection.take();
        self.tell(Event::Disconnected { reason: connection.reason().map_or(0, |reason| reason.0) });
    }

    fn keys(&self, connection: &Connection<'d>) -> Option<[Option<LongTermKey>; 2]> {
        connection.bond().map(|bond| [bond.central_key, bond.peripheral_key])
    }

    fn paired(&self, connection: &Connection<'d>) {
        let Ok(security) = connection.security() else { return };
        self.tell(Event::Paired {
            key_size: security.key_size,
            secure_connections: security.secure_connections,
            authenticated: security.authenticated,
        });
    }

    async fn begin_pairing(&self) -> Result<()> {
        let connection = self.connected()?;
        let pairing = connection.pair(self.pair.get());
        // The Security Manager's own time is longer than a call's.
        let hurries = self.settings.borrow().hurries;
        let pairing = if hurries { pairing.timeout(SHORT) } else { pairing.no_timeout() };
        self.pairs.set(true);
        let end = select(pairing, self.given_up.notified()).await;
        self.pairs.set(false);
        match end {
            Either::First(Ok(_)) => self.paired(&connection),
            // The connection tells of these.
            Either::First(Err(Error::Disconnected | Error::BondLost)) => {}
            Either::First(Err(error)) => self.tell(failed(error)),
            Either::Second(()) => self.tell(Event::GivenUp),
        }
        Ok(())
    }

    /// Tells what the user is asked.
    async fn ask(&self) {
        loop {
            let request = self.host.passkey_action().await;
            let event = match request.action() {
                PasskeyAction::Display(passkey) => Event::Display { passkey },
                PasskeyAction::Input => Event::Input,
                PasskeyAction::Compare(passkey) => Event::Compare { passkey },
            };
            self.question.replace(Some(request));
            self.tell(event);
        }
    }

    async fn read(&self, door: Door) -> Result<()> {
        let uuid = if door == Door::Encrypted { ENCRYPTED } else { AUTHENTICATED };
        let mut buffer = [0; 64];
        match self.connected()?.read_by_uuid(uuid).next_into(&mut buffer).await {
            Ok(Some((_, length))) => self.tell(Event::Read { value: hex(&buffer[..length.min(64)]) }),
            Ok(None) => bail!("the characteristic is not there"),
            Err(Error::Gatt(code)) => self.tell(Event::Refused { code: code.0 }),
            // The link was to be encrypted for it.
            Err(Error::BondLost) => self.tell(Event::Refused { code: jelling::ErrorCode::INSUFFICIENT_ENCRYPTION.0 }),
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}
